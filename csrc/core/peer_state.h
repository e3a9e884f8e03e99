/* What a peer is made of, for the files that make it: peer.c its life, peer_handshake.c how it comes to traffic, peer_read.c and
 * peer_write.c its two ends.
 *
 * Who may touch a descriptor. rd_owned and wr_owned are taken under the mutex; their owner then reads or writes without it, and has
 * the fields of that end to itself, and commits under it. zl_peer_end() may come at any time: it marks the peer dead and silent, and
 * the last owner to return (or zl_peer_end itself) buries it: only then is the descriptor closed and are buffers given back.
 *
 * Edges. An event that arrives while a read or write is in the kernel must not be lost: rd_ready and wr_event are cleared
 * before the call, set by the event, and looked at after it. */
#ifndef ZL_CORE_PEER_STATE_H
#define ZL_CORE_PEER_STATE_H

#include "heartbeat.h"
#include "peer.h"
#include "socket.h"

struct zl_peer {
    zl_source source;
    zl_socket *sock;
    zl_endpoint *endpoint;
    zl_pipe *pipe; /* from the end of the handshake; NULL if the socket type has no use for this connection */
    zl_node node, readable, dirty;
    zl_alarm handshake; /* its end is due; later, that of a finishing one */
    zl_pipe *question;  /* whether its client may come in; until that is answered nothing is read */
    zl_blob *granted;   /* what the authenticator said of it, as a property list; NULL if nothing */
    zl_heartbeat *heart; /* made when it is needed */

    /* the read end */
    bool rd_owned;
    bool rd_ready;  /* the kernel may have something */
    bool rd_hangup; /* the end of the stream is behind what can be read: no edge will tell of it again */
    bool rd_paused; /* the pipe is full */
    bool rd_large;  /* which size of slab is worth having */
    bool linked;    /* the slab is in pipe->in */
    bool hearing;   /* the slab is being looked at */
    bool inside;    /* the last complete frame had MORE */
    uint32_t cut, fill;
    size_t need; /* of the incomplete frame, header included; 0 unknown */
    zl_chunk *slab;
    bool big_due; /* the incomplete frame needs a block; its header is big_header */
    zl_blob *big;
    size_t big_got;
    zl_chunk *big_chunk;
    zl_header big_header;
    bool big_linked;
    zl_blob *big_plain; /* sealed: where what is in it shall lie; NULL: it stays in big */

    /* the write end */
    bool wr_owned;
    bool wr_event;   /* the kernel has said "writable" since the last attempt */
    bool wr_blocked; /* it took no more; wait for the event */
    bool wr_broken;  /* it takes no more ever: what the peer said before is still to be read */
    bool wr_watched; /* chatty transports: writability is asked for only while blocked */
    uint8_t finishing; /* not ZL_CLOSE_NONE: why it ends when nothing is left to write */
    bool ready;      /* handshake done: messages may go */
    bool dead, buried;
    zl_close_reason why;
    int error; /* errno of the read or write that failed, 0 if none has */
    size_t tx_off;
    zl_frameq ctl; /* greeting, commands */
    zl_frameq tx;  /* being written */

    zl_wire wire;
};

/* ---- life ---- */

/* Something may be there to be read: it is, in the next turn, unless somebody is at it or the pipe is full. */
void zl_peer_make_readable (zl_peer *p);
/* Something is to be written and nobody is at it. */
void zl_peer_make_dirty (zl_peer *p);
/* All that there was to write has been written, to the last octet. */
bool zl_peer_has_written_all (const zl_peer *p);
/* It ends when all is written, or after so many milliseconds (-1: never for that). */
void zl_peer_finish (zl_socket *s, zl_peer *p, zl_close_reason why, int within_ms);
/* The system says that it has ended: 0 at the end of the stream, or -errno. */
void zl_peer_disconnected (zl_socket *s, zl_peer *p, int rc);
/* Frees what a dead peer has, once nobody owns an end of it any more. */
void zl_peer_bury (zl_socket *s, zl_peer *p);

/* ---- the handshake ---- */

/* The connection has begun. */
void zl_peer_start (zl_socket *s, zl_peer *p);
/* Takes what has been read, up to the first message; true once that may come. */
bool zl_peer_shake_hands (zl_socket *s, zl_peer *p);
/* The heartbeat of p, made now if need be; NULL without memory: then its peer's word has to do. */
zl_heartbeat *zl_peer_heart (zl_socket *s, zl_peer *p);

/* ---- the read end ---- */

/* Looks at what is in the slab. */
void zl_peer_hear (zl_socket *s, zl_peer *p);
/* The pipe holds as much as it may. */
bool zl_peer_is_full (const zl_peer *p);
/* It no longer does: what the kernel has is read in the turn that is going on; */
void zl_peer_unpause (zl_peer *p);
/* or by whoever has to be called for it. */
void zl_peer_read_on (zl_peer *p);
/* An idle connection holds no slab: what it has read was received, and nothing is known to come. Messages may be received while
 * those behind them are still being looked for. */
void zl_peer_spare_slab (zl_peer *p);

/* ---- the write end ---- */

/* Has the kernel say when it takes more, or no longer, with a transport where it says that too often. */
void zl_peer_watch_writable (zl_socket *s, zl_peer *p, bool on);

#endif
