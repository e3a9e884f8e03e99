/* Wakes a thread that waits on a poller: an eventfd, or a pipe where there is none. */
#ifndef ZL_LOOP_WAKE_H
#define ZL_LOOP_WAKE_H

#include "poller.h"

typedef struct {
    int fd;    /* readable while set */
    int write; /* the other end; the same descriptor for an eventfd */
} zl_wake;

int zl_wake_init (zl_wake *w);
void zl_wake_fini (zl_wake *w);
/* Both may be called from any thread and never block; callers keep a flag of their own to spare needless calls. */
void zl_wake_set (zl_wake *w);
void zl_wake_clear (zl_wake *w);

#endif
