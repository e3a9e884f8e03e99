/* A set of file descriptors to wait on: epoll or kqueue behind six calls; one backend is compiled in. A set has a
 * descriptor of its own (`fd`), readable while something in it is ready, so sets can be nested in each other and handed to
 * any other event loop.
 *
 * Calls may come from any thread; the kernel is the lock. */
#ifndef ZL_LOOP_POLLER_H
#define ZL_LOOP_POLLER_H

#include "../base/defs.h"
#include "../base/err.h"

/* ZL_HANGUP is only reported: the other side will write no more, and no further edge says so once what is left was read. */
enum { ZL_READ = 1, ZL_WRITE = 2, ZL_HANGUP = 4 };

typedef enum {
    ZL_LEVEL,   /* reported as long as it is so */
    ZL_EDGE,    /* reported once for each change */
    ZL_ONESHOT, /* reported once, then silent until zl_poller_mod() */
} zl_poll_mode;

typedef struct {
    int fd;
} zl_poller;

typedef struct {
    void *data;
    unsigned events;
} zl_ready;

/* All return 0 or -errno. */
int zl_poller_init (zl_poller *p);
void zl_poller_fini (zl_poller *p);
int zl_poller_add (zl_poller *p, int fd, unsigned events, zl_poll_mode mode, void *data);
int zl_poller_mod (zl_poller *p, int fd, unsigned events, zl_poll_mode mode, void *data);
void zl_poller_del (zl_poller *p, int fd);
/* Waits up to timeout ns (ZL_NEVER: for ever) and returns the number of entries filled, 0 at the timeout, -EINTR after a
 * signal. A timeout may be rounded up to a millisecond where the system knows nothing finer.
 * A hang-up or an error on a descriptor is reported as everything that was asked for. */
int zl_poller_wait (zl_poller *p, zl_ready *ready, int max, zl_time timeout);

#endif
