/* Timers: a pairing heap of intrusive nodes ordered by deadline. Insert is O(1), remove is O(log n) amortised, and no
 * operation allocates. The owner of the heap names the lock that guards it. */
#ifndef ZL_BASE_HEAP_H
#define ZL_BASE_HEAP_H

#include "defs.h"

typedef struct zl_timer {
    struct zl_timer *child, *next; /* first child; next sibling */
    struct zl_timer *prev;         /* previous sibling, or the parent of a first child; NULL at the root */
    zl_time at;                    /* ZL_NEVER while not in a heap */
} zl_timer;

typedef struct {
    zl_timer *root;
} zl_heap;

static inline void zl_timer_init (zl_timer *t)
{
    *t = (zl_timer){.at = ZL_NEVER};
}

static inline zl_time zl_heap_min (const zl_heap *h)
{
    return h->root ? h->root->at : ZL_NEVER;
}

/* Joins two detached trees; either may be NULL. */
static inline zl_timer *zl_heap_meld (zl_timer *a, zl_timer *b)
{
    if (!a || !b)
        return a ? a : b;
    if (b->at < a->at) {
        zl_timer *t = a;
        a = b;
        b = t;
    }
    b->prev = a;
    b->next = a->child;
    if (a->child)
        a->child->prev = b;
    a->child = b;
    return a;
}

static inline zl_timer *zl_heap_merge_children (zl_timer *first)
{
    zl_timer *pairs = NULL, *root = NULL;
    while (first) {
        zl_timer *a = first, *b = a->next;
        first = b ? b->next : NULL;
        a->next = a->prev = NULL;
        if (b)
            b->next = b->prev = NULL;
        a = zl_heap_meld (a, b);
        a->next = pairs;
        pairs = a;
    }
    while (pairs) {
        zl_timer *a = pairs;
        pairs = a->next;
        a->next = NULL;
        root = zl_heap_meld (root, a);
    }
    return root;
}

/* Takes the timer out, if it is in. */
static inline void zl_timer_stop (zl_heap *h, zl_timer *t)
{
    if (t->at == ZL_NEVER)
        return;
    zl_timer *rest = zl_heap_merge_children (t->child);
    if (h->root == t) {
        h->root = rest;
        if (rest)
            rest->prev = NULL;
    } else {
        if (t->prev->child == t)
            t->prev->child = t->next;
        else
            t->prev->next = t->next;
        if (t->next)
            t->next->prev = t->prev;
        h->root = zl_heap_meld (h->root, rest);
        h->root->prev = NULL;
    }
    zl_timer_init (t);
}

/* (Re)starts the timer; ZL_NEVER stops it. */
static inline void zl_timer_start (zl_heap *h, zl_timer *t, zl_time at)
{
    zl_timer_stop (h, t);
    if (at == ZL_NEVER)
        return;
    t->at = at;
    h->root = zl_heap_meld (h->root, t);
    h->root->prev = h->root->next = NULL;
}

#endif
