/* Intrusive doubly linked list: a node lies inside the thing it links, and a list is a node that starts a ring. A node
 * that is on no list points to itself, so unlinking twice is harmless. */
#ifndef ZL_BASE_LIST_H
#define ZL_BASE_LIST_H

#include "defs.h"

typedef struct zl_node {
    struct zl_node *prev, *next;
} zl_node;

static inline void zl_list_init (zl_node *n)
{
    n->prev = n->next = n;
}

static inline bool zl_list_empty (const zl_node *n)
{
    return n->next == n;
}

static inline bool zl_linked (const zl_node *n)
{
    return n->next != n;
}

static inline void zl_list_append (zl_node *list, zl_node *n)
{
    n->prev = list->prev;
    n->next = list;
    list->prev->next = n;
    list->prev = n;
}

static inline void zl_list_remove (zl_node *n)
{
    n->prev->next = n->next;
    n->next->prev = n->prev;
    zl_list_init (n);
}

static inline zl_node *zl_list_pop (zl_node *list)
{
    zl_node *n = list->next;
    if (n == list)
        return NULL;
    zl_list_remove (n);
    return n;
}

#define ZL_LIST_FIRST(list, type, member) ZL_CONTAINER ((list)->next, type, member)

/* Walks a list; the current element may be unlinked or freed in the body. */
#define ZL_LIST_EACH(list, type, member, var)                                                                          \
    for (type *var = ZL_LIST_FIRST (list, type, member), *var##_next = ZL_CONTAINER (var->member.next, type, member);  \
         &var->member != (list); var = var##_next, var##_next = ZL_CONTAINER (var->member.next, type, member))

#endif
