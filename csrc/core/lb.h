/* Load balancer: one whole message to each writable pipe in turn. Header-only: it is on the path of every send. */
#ifndef ZL_CORE_LB_H
#define ZL_CORE_LB_H

#include <errno.h>

#include "pipe.h"

typedef struct {
    zl_node ring; /* of zl_pipe.lb: the pipes with room, the next in turn first */
} zl_lb;

static inline void zl_lb_init (zl_lb *l)
{
    zl_list_init (&l->ring);
}

static inline void zl_lb_activate (zl_lb *l, zl_pipe *p)
{
    if (!zl_linked (&p->lb))
        zl_list_append (&l->ring, &p->lb);
}

static inline void zl_lb_remove (zl_pipe *p)
{
    zl_list_remove (&p->lb);
}

static inline bool zl_lb_writable (const zl_lb *l)
{
    return !zl_list_empty (&l->ring);
}

/* The pipe in turn, or NULL. */
static inline zl_pipe *zl_lb_head (zl_lb *l)
{
    return zl_lb_writable (l) ? ZL_LIST_FIRST (&l->ring, zl_pipe, lb) : NULL;
}

/* A message has gone to p, the pipe in turn: the next one's turn. */
static inline void zl_lb_sent (zl_lb *l, zl_pipe *p)
{
    if (!p->writable)
        zl_list_remove (&p->lb);
    else if (p->lb.next != p->lb.prev) { /* not alone */
        zl_list_remove (&p->lb);
        zl_list_append (&l->ring, &p->lb);
    }
}

/* Sends to the pipe in turn: 0, -EAGAIN if there is none, -ENOMEM. */
static inline int zl_lb_send (zl_lb *l, const zl_msg *frames, unsigned n)
{
    zl_pipe *p = zl_lb_head (l);
    if (!p)
        return -EAGAIN;
    int rc = p->ops->push (p, frames, n);
    if (rc == 0)
        zl_lb_sent (l, p);
    return rc;
}

#endif
