/* A peer: one live stream connection; it joins a descriptor, a wire and a pipe. Guarded by the mutex of its socket, but for
 * the read end and the write end while they are owned (see peer_state.h). */
#ifndef ZL_CORE_PEER_H
#define ZL_CORE_PEER_H

#include "pipe.h"

typedef struct zl_endpoint zl_endpoint;

extern const zl_pipe_ops zl_stream_pipe_ops;

/* Takes over a connected descriptor and begins the handshake. 0, or -errno and the descriptor is closed. */
int zl_peer_open (zl_socket *s, zl_endpoint *e, int fd);
/* Ends the connection for a reason and counts it; the endpoint is told. Idempotent. */
void zl_peer_end (zl_socket *s, zl_peer *p, zl_close_reason why);

/* Reads once, and cuts what came into frames. Releases the mutex meanwhile. */
void zl_peer_read (zl_socket *s, zl_peer *p);
/* Writes until nothing is left or the kernel takes no more. Releases the mutex meanwhile. */
void zl_peer_write (zl_socket *s, zl_peer *p);

typedef struct zl_zap_reply zl_zap_reply;
/* The authenticator has answered the question of p, or never will. */
void zl_peer_judge (zl_socket *s, zl_peer *p, const zl_zap_reply *reply);

/* Sends a PING. */
void zl_peer_ping (zl_socket *s, zl_peer *p, int ttl);
/* There may be something from it that was not read yet, since the application does not take what has come or nobody has got
 * round to it. */
bool zl_peer_is_paused (const zl_peer *p);

/* Of the lists in the socket. */
zl_peer *zl_peer_of_readable (zl_node *n);
zl_peer *zl_peer_of_dirty (zl_node *n);
zl_peer *zl_peer_of_node (zl_node *n);

/* Octets that are taken from the pipe for a write, on top of SNDHWM. */
size_t zl_peer_portion (const zl_peer *p);
/* Messages taken from the pipe and not yet with the kernel. */
size_t zl_peer_unsent (const zl_peer *p);
/* Nothing that was sent on this connection is still here, or it can go no further. */
bool zl_peer_flushed (const zl_peer *p);
zl_endpoint *zl_peer_endpoint (const zl_peer *p);
void zl_peer_free (zl_peer *p);

#endif
