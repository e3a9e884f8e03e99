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
