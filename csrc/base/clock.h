/* Monotonic time. */
#ifndef ZL_BASE_CLOCK_H
#define ZL_BASE_CLOCK_H

#include <time.h>

#include "defs.h"

static inline zl_time zl_now (void)
{
    struct timespec ts;
    clock_gettime (CLOCK_MONOTONIC, &ts);
    return (zl_time) ts.tv_sec * 1000000000u + (zl_time) ts.tv_nsec;
}

/* The deadline ms from now; a negative ms means never. */
static inline zl_time zl_deadline (int64_t ms)
{
    return ms < 0 || (zl_time) ms > ZL_NEVER / 2 / ZL_MS ? ZL_NEVER : zl_now () + (zl_time) ms * ZL_MS;
}

/* Nanoseconds until the deadline; ZL_NEVER for never. */
static inline zl_time zl_until (zl_time deadline, zl_time now)
{
    return deadline == ZL_NEVER ? ZL_NEVER : deadline <= now ? 0 : deadline - now;
}

/* Milliseconds until the deadline, rounded up so that a wait never ends early and spins; -1 for never. */
static inline int zl_ms_until (zl_time deadline, zl_time now)
{
    if (deadline == ZL_NEVER)
        return -1;
    if (deadline <= now)
        return 0;
    zl_time left = ZL_MIN (deadline - now, 1000000000 * ZL_MS);
    return (int) ((left + ZL_MS - 1) / ZL_MS);
}

#endif
