/* Mutexes and counts shared between threads. Thin names over pthreads and C11 atomics, so that ThreadSanitizer sees
 * every lock.
 *
 * Lock order, outermost first; a thread that holds one may take only those to its right:
 *     socket  ->  channel (inproc)  ->  context  ->  loop, poll set
 * Two socket mutexes are never held together, and no lock is held while waiting for the GIL. */
#ifndef ZL_BASE_SYNC_H
#define ZL_BASE_SYNC_H

#include <pthread.h>
#include <stdatomic.h>

#include "defs.h"

typedef pthread_mutex_t zl_mutex;
typedef pthread_cond_t zl_cond;

static inline void zl_mutex_init (zl_mutex *m)
{
    ZL_ASSERT (pthread_mutex_init (m, NULL) == 0);
}

static inline void zl_mutex_fini (zl_mutex *m)
{
    pthread_mutex_destroy (m);
}

static inline void zl_lock (zl_mutex *m)
{
    pthread_mutex_lock (m);
}

static inline void zl_unlock (zl_mutex *m)
{
    pthread_mutex_unlock (m);
}

/* A reference count. drop() is true for the caller who must free. */
typedef atomic_int zl_count;

static inline void zl_hold (zl_count *c)
{
    atomic_fetch_add_explicit (c, 1, memory_order_relaxed);
}

static inline bool zl_drop (zl_count *c)
{
    return atomic_fetch_sub_explicit (c, 1, memory_order_acq_rel) == 1;
}

#endif
