/* Forgetting secrets: a memset that no compiler leaves out. */
#ifndef ZL_BASE_WIPE_H
#define ZL_BASE_WIPE_H

#include <stddef.h>
#include <string.h>

static inline void zl_wipe (void *p, size_t n)
{
    if (n)
        memset (p, 0, n);
    __asm__ __volatile__ ("" : : "r"(p) : "memory");
}

#endif
