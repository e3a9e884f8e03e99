/* Input that ends where memory ends: reading one octet too far is a crash, not luck.
 * AddressSanitizer sees that by itself of any block, and faster. */
#ifndef EDGE_H
#define EDGE_H

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/defs.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EDGE_IS_GUARDED 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define EDGE_IS_GUARDED 1
#endif

typedef struct {
    uint8_t *base;
    size_t mapped; /* 0: a block of the heap */
    uint8_t *p;    /* the copy */
} edge;

static inline edge edge_of_room (size_t n)
{
#ifdef EDGE_IS_GUARDED
    edge e = {.base = malloc (n + 1)};
    ZL_ASSERT (e.base);
    e.p = e.base + 1; /* an empty input ends there too */
#else
    size_t page = (size_t) sysconf (_SC_PAGESIZE), room = (n + page) / page * page;
    edge e = {.mapped = room + page};
    void *base = mmap (NULL, e.mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    ZL_ASSERT (base != MAP_FAILED);
    e.base = base;
    ZL_ASSERT (mprotect (e.base + room, page, PROT_NONE) == 0);
    e.p = e.base + room - n;
#endif
    return e;
}

static inline edge at_edge (const void *bytes, size_t n)
{
    edge e = edge_of_room (n);
    if (n)
        memcpy (e.p, bytes, n);
    return e;
}

static inline void end_edge (edge e)
{
    if (e.mapped)
        ZL_ASSERT (munmap (e.base, e.mapped) == 0);
    else
        free (e.base);
}

#endif
