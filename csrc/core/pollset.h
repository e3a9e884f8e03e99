/* Waits for many sockets and descriptors at once. The set is kept from one wait to the next: waiting costs what is ready,
 * not what is registered. Used by one thread at a time. */
#ifndef ZL_CORE_POLLSET_H
#define ZL_CORE_POLLSET_H

#include "socket.h"

typedef struct zl_pollset zl_pollset;

typedef struct {
    void *tag;
    int events;
} zl_polled;

enum { ZL_POLLERR = 4 };

int zl_pollset_open (zl_pollset **out);
void zl_pollset_free (zl_pollset *p);
/* See zmqlite.h. */
int zl_pollset_add (zl_pollset *p, zl_socket *s, int fd, int events, void *tag);
void zl_pollset_remove (zl_pollset *p, zl_socket *s, int fd);
int zl_pollset_wait (zl_pollset *p, zl_polled *out, int max, zl_time deadline);

#endif
