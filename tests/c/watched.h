/* An allocator for a file of the core that is compiled into a test: include this, then the file.
 * Each block is shown to the test when it is given back. */
#ifndef WATCHED_H
#define WATCHED_H

#include <stdlib.h>

#include "check.h"

enum { WATCHED_MAX = 64 };

static struct {
    void *p;
    size_t size;
} watched[WATCHED_MAX];
static unsigned watched_alive;

/* By the test: what it expects of a block that is about to go. */
static void check_forgotten (const uint8_t *octets, size_t n);

static inline void *watched_calloc (size_t n, size_t size)
{
    unsigned i = 0;
    while (i < WATCHED_MAX && watched[i].p)
        i++;
    CHECK (i < WATCHED_MAX);
    watched[i].p = calloc (n, size);
    watched[i].size = n * size;
    CHECK (watched[i].p);
    watched_alive++;
    return watched[i].p;
}

static inline void *watched_malloc (size_t size)
{
    return watched_calloc (1, size);
}

static inline void watched_free (void *p)
{
    for (unsigned i = 0; p && i < WATCHED_MAX; i++)
        if (watched[i].p == p) {
            check_forgotten (p, watched[i].size);
            watched[i].p = NULL;
            watched_alive--;
        }
    free (p);
}

#define malloc watched_malloc
#define calloc watched_calloc
#define free watched_free

#endif
