/* Whether to look again and again for a while before going to sleep. It is worth it if what is waited for comes within less time than
 * it takes the system to put a thread to sleep and to wake it; who has waited in vain tries again ever more rarely. */
#ifndef ZL_BASE_SPIN_H
#define ZL_BASE_SPIN_H

#include "defs.h"

/* About twice what a wake-up on an idle processor costs in a virtual machine. */
#define ZL_SPIN_NS 50000u

typedef struct {
    uint8_t rest;    /* so many waits without, now */
    uint8_t penalty; /* and so many after the next that is in vain */
} zl_spin;

static inline bool zl_spin_may (zl_spin *s)
{
    if (s->rest == 0)
        return true;
    s->rest--;
    return false;
}

static inline void zl_spin_done (zl_spin *s, bool in_vain)
{
    s->penalty = in_vain ? (uint8_t) (2 * s->penalty | 1) : 0;
    s->rest = s->penalty;
}

#endif
