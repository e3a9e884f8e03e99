/* Input that ends where memory ends: reading one octet too far is a crash, not luck. */
#ifndef EDGE_H
#define EDGE_H

#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

typedef struct {
    uint8_t *base;
    size_t mapped;
    uint8_t *p; /* the copy */
} edge;

static inline edge at_edge (const void *bytes, size_t n)
{
    size_t page = (size_t) sysconf (_SC_PAGESIZE), room = (n + page) / page * page;
    edge e = {.mapped = room + page};
    void *base = mmap (NULL, e.mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    CHECK (base != MAP_FAILED);
    e.base = base;
    CHECK_EQ (mprotect (e.base + room, page, PROT_NONE), 0);
    e.p = e.base + room - n;
    if (n)
        memcpy (e.p, bytes, n);
    return e;
}

static inline void end_edge (edge e)
{
    CHECK_EQ (munmap (e.base, e.mapped), 0);
}

#endif
