/* inproc: joins two sockets of a context by name. No stream and no wire: each pipe's messages wait in a channel, from which
 * the other side takes all that is there at once. */
#ifndef ZL_CORE_INPROC_H
#define ZL_CORE_INPROC_H

#include "pipe.h"

bool zl_is_inproc (const char *endpoint);

/* The mutex is not held. */
int zl_inproc_bind (zl_socket *s, const char *name);
int zl_inproc_connect (zl_socket *s, const char *name);
/* Unbinds the name, or ends all connections made under it. -ENOENT. */
int zl_inproc_unbind (zl_socket *s, const char *name);

/* The mutex is held: ends all connections. */
void zl_inproc_close (zl_socket *s);

/* The mutex is held. Sends a message over a new connection to the REP or ROUTER that has bound a name, once the mutex is
 * released; *question, with `asker`, is our pipe of it. -ECONNREFUSED if there is none, -ENOMEM. */
int zl_inproc_ask (zl_socket *s, const char *name, zl_peer *asker, const zl_msg *frames, unsigned n, zl_pipe **question);

/* Joins what zl_inproc_ask() has begun, off s->questions. No mutex is held. */
void zl_inproc_ask_now (zl_node *n);

/* Something has changed in a channel: the socket at the other end looks. Drops the reference that came with the node.
 * No mutex is held. */
void zl_link_touch (zl_node *n);

/* A connection waiting for its name to be bound; owned by the context. */
typedef struct {
    zl_node node;
    char *name;
    zl_link *link;
} zl_pending;

/* A name that is bound. */
typedef struct {
    zl_node node;
    char *name;
    zl_socket *sock; /* a reference */
} zl_name;

void zl_pending_free (zl_pending *p);

#endif
