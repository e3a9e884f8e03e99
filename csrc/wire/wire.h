/* The protocol of one connection, without its I/O: bytes in, frames and answers out. Knows no fd and no clock.
 *
 *     GREETING --64 octets--> HANDSHAKE --mechanism done--> TRAFFIC
 *         \--revision 1: 2.0--> IDENTITY --first frame------/
 *
 * zl_wire_input() carries a connection up to TRAFFIC; what it has to say goes to the control queue given at open.
 * zl_wire_cut() then finds the frames in a read buffer, without moving them.
 *
 * A wire lies in a connection and is guarded by its socket's mutex. */
#ifndef ZL_WIRE_WIRE_H
#define ZL_WIRE_WIRE_H

#include "compat.h"
#include "frameq.h"
#include "greeting.h"
#include "mech.h"

/* The longest command accepted before a peer is known; a READY is some dozens of octets. */
#define ZL_HANDSHAKE_COMMAND_MAX 8192u
/* Most octets of frames that may gather as one unfinished multipart message before the peer is taken for broken. */
#define ZL_ROUTING_ID_MAX 255u

typedef enum { ZL_WIRE_GREETING, ZL_WIRE_HANDSHAKE, ZL_WIRE_IDENTITY, ZL_WIRE_TRAFFIC } zl_wire_state;

struct zl_wire {
    const zl_mech *mech;
    zl_frameq *out; /* control queue of the connection */
    zl_pool *pool;
    const uint8_t *own_id; /* ours, announced; belongs to the options */
    uint8_t *peer_id;      /* the peer's, announced; malloc'ed, NULL if empty */
    int64_t max_size;      /* MAXMSGSIZE; negative: no limit */
    uint8_t greeted;       /* how many octets of our greeting are out */
    uint8_t own_id_len, peer_id_len;
    uint8_t own_type;
    uint8_t peer_minor;    /* 0: subscriptions travel as messages, 1: as commands */
    bool peer_v2;          /* ZMTP 2.0: no commands at all */
    bool peer_ready;
    bool as_server;
    uint8_t state; /* zl_wire_state */
    zl_close_reason reason;
};

/* Begins: the signature goes out. own_id must outlive the wire. */
int zl_wire_open (zl_wire *w, const zl_mech *mech, int own_type, const uint8_t *own_id, size_t own_id_len,
                  int64_t max_size, zl_frameq *out, zl_pool *pool);
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

void zl_wire_cut (zl_wire *w, const uint8_t *p, size_t n, zl_cut *cut);

/* A subscription or its end, in the form that this peer understands, onto the control queue: 0 or -ENOMEM. */
int zl_wire_send_subscription (zl_wire *w, bool subscribe, const uint8_t *topic, size_t n);
/* The answer to a PING: ZL_CLOSE_NONE, or the reason to close if the PING was malformed. */
zl_close_reason zl_wire_pong (zl_wire *w, zl_slice ping);

#endif
