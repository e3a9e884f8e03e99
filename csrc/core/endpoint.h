/* An endpoint: a bound address that accepts connections, or a connecting one that makes a connection, and makes it again
 * when it is lost. Guarded by the mutex of its socket. */
#ifndef ZL_CORE_ENDPOINT_H
#define ZL_CORE_ENDPOINT_H

#include "../net/resolver.h"
#include "../net/transport.h"
#include "options.h"
#include "peer.h"

typedef struct zl_endpoint zl_endpoint;

/* The transport whose scheme begins the endpoint, with *address behind "://". NULL and *rc: -EINVAL, -EPROTONOSUPPORT, -ENOCOMPATPROTO. */
const zl_transport *zl_transport_of (const char *endpoint, const char **address, int *rc);

/* The mutex is not held (listening may look names up). */
int zl_endpoint_bind (zl_socket *s, const zl_transport *t, const char *address);
int zl_endpoint_connect (zl_socket *s, const zl_transport *t, const char *endpoint, const char *address);

/* The mutex is held from here on. */
zl_endpoint *zl_endpoint_find (zl_socket *s, const char *endpoint);
/* Unbind or disconnect: listeners close at once; a connecting one flushes within LINGER. */
void zl_endpoint_close (zl_socket *s, zl_endpoint *e, int linger_ms);
/* A connection of it has ended and has parted from its pipe (NULL if it had none). */
void zl_endpoint_lost (zl_socket *s, zl_endpoint *e, zl_pipe *pipe, zl_close_reason why);
/* A connection of it has nothing left to write. */
void zl_endpoint_flushed (zl_socket *s, zl_endpoint *e);
/* A connection of it has been opened; has completed its handshake. */
void zl_endpoint_gained (zl_endpoint *e);
void zl_endpoint_up (zl_endpoint *e);
/* A pipe for a connection of it, not attached yet; NULL without memory. */
zl_pipe *zl_endpoint_new_pipe (zl_endpoint *e);
/* The connecting endpoint that keeps this pipe, or NULL. */
zl_endpoint *zl_endpoint_of_pipe (zl_socket *s, const zl_pipe *pipe);
/* A connecting endpoint ends for this reason, and its pipe with it. */
void zl_endpoint_give_up (zl_socket *s, zl_endpoint *e, zl_close_reason why);
const zl_options *zl_endpoint_options (const zl_endpoint *e);
/* Tells the monitor of something that happened to a connection of it. */
void zl_endpoint_report (const zl_endpoint *e, unsigned event, uint64_t value, int fd);
/* The pipe that a connecting endpoint keeps from one connection to the next, or NULL. */
zl_pipe *zl_endpoint_pipe (const zl_endpoint *e);
void zl_endpoint_set_pipe (zl_endpoint *e, zl_pipe *pipe);
bool zl_endpoint_is_listener (const zl_endpoint *e);
/* Its connections speak no ZMTP. */
bool zl_endpoint_is_raw (const zl_endpoint *e);
const zl_transport *zl_endpoint_transport (const zl_endpoint *e);
/* Closing sockets: closes the listeners. */
void zl_endpoints_stop_listening (zl_socket *s);
/* Ends every endpoint that has nothing left to write, or every one if `all`. */
void zl_endpoints_finish (zl_socket *s, bool all);
/* Frees those that are over. Nobody may have the turn. */
void zl_endpoints_sweep (zl_socket *s);

#endif
