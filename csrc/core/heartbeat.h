/* Signs of life of one connection (RFC 37 PING and PONG; HEARTBEAT_IVL, HEARTBEAT_TIMEOUT, HEARTBEAT_TTL): asks for them at
 * intervals, and ends the connection when none has come in time. Guarded by the mutex of the socket. */
#ifndef ZL_CORE_HEARTBEAT_H
#define ZL_CORE_HEARTBEAT_H

#include "peer.h"
#include "socket.h"

typedef struct {
    zl_socket *sock;
    zl_peer *peer;
    zl_alarm beat;    /* time for the next PING */
    zl_alarm verdict; /* the answer to one is due */
    zl_alarm expiry;  /* of the time that the peer has allowed itself in a PING of its own */
    bool awaiting;    /* verdict is set */
    bool heard;       /* something has come since it was set */
    bool heard_later; /* something has come since expiry was set */
} zl_heartbeat;

/* NULL without memory. Sends nothing until it is started. */
zl_heartbeat *zl_heartbeat_new (zl_socket *s, zl_peer *p);
void zl_heartbeat_free (zl_heartbeat *h);
/* From the end of the handshake on, if HEARTBEAT_IVL says so. */
void zl_heartbeat_start (zl_heartbeat *h);
/* The peer's PING allows it so many tenths of a second of silence. */
void zl_heartbeat_expire (zl_heartbeat *h, int ttl);

/* Something has come in. */
static inline void zl_heartbeat_heard (zl_heartbeat *h)
{
    h->heard = h->heard_later = true;
}

#endif
