/* The protocol of one connection, without its I/O: bytes in, frames and answers out. Knows no fd and no clock.
 *
 *     GREETING --64 octets--> HANDSHAKE --mechanism done--> TRAFFIC
 *         |                     |  ^ admitted                /
 *         |                     v  |                        /
 *         |                    ASKING                      /
 *         \--2.0, or 1.0------> IDENTITY --first frame-----/
 *
 * A raw connection (STREAM) is in TRAFFIC from the beginning. In ASKING somebody else decides whether the client is let in, and
 * nothing of what it sends is looked at.
 *
 * zl_wire_input() carries a connection up to TRAFFIC; what it has to say goes to the control queue given at open.
 * zl_wire_cut() then finds the frames in a read buffer, without moving them. Frames that travel sealed are opened and sealed where
 * they lie: what is in the buffer then, or in the queue, is in the form of the queues, with a gap where the overhead was or will be.
 * With a peer whose framing is another one (foreign) zl_wire_cut_one() finds one frame at a time, which is copied.
 *
 * A wire lies in a connection and is guarded by its socket's mutex. But zl_wire_cut() and zl_wire_open_body() belong to
 * whoever owns the connection's read end, zl_wire_seal() to who owns its write end: arithmetic that takes long needs no mutex. */
#ifndef ZL_WIRE_WIRE_H
#define ZL_WIRE_WIRE_H

#include "codec.h"
#include "compat.h"
#include "frameq.h"
#include "greeting.h"
#include "mech.h"

/* The longest command accepted before a peer is known; a READY is some dozens of octets. */
#define ZL_HANDSHAKE_COMMAND_MAX 8192u
#define ZL_ROUTING_ID_MAX 255u

typedef enum { ZL_WIRE_GREETING, ZL_WIRE_HANDSHAKE, ZL_WIRE_ASKING, ZL_WIRE_IDENTITY, ZL_WIRE_TRAFFIC } zl_wire_state;

struct zl_wire {
    const zl_mech *mech;
    const zl_codec *codec; /* NULL: ZMTP 2.0's framing, as in the queues */
    zl_security security;  /* what it refers to belongs to the options */
    void *secrets;         /* of the mechanism */
    zl_frameq *out;        /* control queue of the connection */
    zl_pool *pool;
    const uint8_t *own_id; /* ours, announced; belongs to the options */
    zl_slice own_properties; /* announced besides; likewise */
    uint8_t *peer_id;      /* the peer's, announced; malloc'ed, NULL if empty */
    zl_blob *peer_properties; /* all that the peer announced, as a property list; NULL if nothing */
    int64_t max_size;      /* MAXMSGSIZE; negative: no limit */
    uint8_t greeted;       /* how many octets of our greeting are out */
    uint8_t own_id_len, peer_id_len;
    uint8_t own_type;
    uint8_t peer_minor;    /* 0: subscriptions travel as messages, 1: as commands */
    bool legacy;           /* ZMTP 2.0 or 1.0: no commands at all */
    bool peer_ready;
    bool sealed;      /* traffic goes through the mechanism */
    uint16_t refusal; /* the code in an ERROR of the peer's or of our own authenticator: 300, 400, 500, or 0 */
    uint8_t step;     /* of the mechanism */
    uint8_t state;    /* zl_wire_state */
    zl_close_reason reason;
};

/* What a connection brings with it; own_id, properties and what security refers to must outlive the wire. */
typedef struct {
    const zl_mech *mech;
    zl_security security;
    int own_type;
    bool raw; /* no ZMTP */
    zl_slice own_id, properties;
    int64_t max_size;
} zl_wire_config;

/* Begins: the signature goes out. 0 or -ENOMEM. */
int zl_wire_open (zl_wire *w, const zl_wire_config *config, zl_frameq *out, zl_pool *pool);
void zl_wire_fini (zl_wire *w);

/* Feeds bytes before TRAFFIC. Returns how many were used (the caller offers the rest again with what follows), or -1 and
 * w->reason says why the connection must be closed. */
ssize_t zl_wire_input (zl_wire *w, const uint8_t *p, size_t n);

/* What zl_wire_cut() found in a buffer, up to the first thing that needs a decision. */
typedef struct {
    size_t taken;  /* octets of complete message frames */
    unsigned msgs; /* messages that end in them */
    bool inside;   /* in/out: the last frame had MORE */
    enum { ZL_CUT_MORE, ZL_CUT_COMMAND, ZL_CUT_BAD } stop;
    zl_header next; /* ZL_CUT_COMMAND: its header; ZL_CUT_MORE: of the incomplete frame, len 0 if not even that is there */
} zl_cut;

/* Opens what is sealed. */
void zl_wire_cut (zl_wire *w, uint8_t *p, size_t n, zl_cut *cut);

/* ASKING is over. ZL_CLOSE_NONE, or the reason to close. */
zl_close_reason zl_wire_admit (zl_wire *w);
/* The same for a client that is not let in: tells it the status, 400 or 500; with 300 it is told nothing. */
zl_close_reason zl_wire_deny (zl_wire *w, unsigned status);

/* Octets that the body of a frame is longer by while it travels. */
static inline unsigned zl_wire_overhead (const zl_wire *w)
{
    return w->sealed ? w->mech->overhead : 0;
}

/* Opens the body of a frame that was read into a block of its own; *h then tells of what lies behind the overhead. ZL_CLOSE_NONE, or
 * the reason to close. */
zl_close_reason zl_wire_open_body (zl_wire *w, zl_header *h, uint8_t *body);

/* Seals those frames of q that are spaced for it. 0 or -ENOMEM. */
int zl_wire_seal (zl_wire *w, const zl_frameq *q);

/* Whether frames travel with other headers than they have in the queues. */
static inline bool zl_wire_is_foreign (const zl_wire *w)
{
    return w->codec;
}

/* The header of the foreign frame at p. 1 done, 0 more octets are needed, -1 and w->reason. */
int zl_wire_cut_one (zl_wire *w, const uint8_t *p, size_t n, zl_header *h);
/* Appends a frame in its foreign form to q. 0, or -ENOMEM and q is as before. */
int zl_wire_put_frame (zl_wire *w, zl_frameq *q, const zl_msg *frame, bool more);

/* Everything below goes onto the control queue. */

/* A message of one frame, ahead of all others: 0 or -ENOMEM. */
int zl_wire_send_first (zl_wire *w, const void *body, size_t n);

/* A subscription or its end, in the form that this peer understands: 0 or -ENOMEM. */
int zl_wire_send_subscription (zl_wire *w, bool subscribe, const uint8_t *topic, size_t n);
/* A PING that gives the peer so many tenths of a second to live without another (0: no matter): 0 or -ENOMEM. */
int zl_wire_ping (zl_wire *w, int ttl);
/* The answer to a PING, and the time in tenths of a second that its sender may be silent from now on (0: no matter).
 * ZL_CLOSE_NONE, or the reason to close if the PING was malformed. */
zl_close_reason zl_wire_pong (zl_wire *w, zl_slice ping, int *ttl);

#endif
