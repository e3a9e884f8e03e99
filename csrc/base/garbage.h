/* Blocks that hold foreign memory (a Python object) and have lost their last reference. The thread that drops it may be a
 * reactor, which cannot give the memory back itself; it puts the block here, and the owner takes all of them when it can. */
#ifndef ZL_BASE_GARBAGE_H
#define ZL_BASE_GARBAGE_H

#include "msg.h"

typedef struct {
    _Atomic (zl_blob *) head;
} zl_garbage;

/* Adds a block; true if there was none before. Lock-free, from any thread. */
static inline bool zl_garbage_put (zl_garbage *g, zl_blob *b)
{
    zl_blob *head = atomic_load_explicit (&g->head, memory_order_relaxed);
    do
        b->next = head;
    while (!atomic_compare_exchange_weak_explicit (&g->head, &head, b, memory_order_release, memory_order_relaxed));
    return head == NULL;
}

/* Takes them all, linked by `next`. */
static inline zl_blob *zl_garbage_take (zl_garbage *g)
{
    if (!atomic_load_explicit (&g->head, memory_order_relaxed))
        return NULL;
    return atomic_exchange_explicit (&g->head, NULL, memory_order_acquire);
}

#endif
