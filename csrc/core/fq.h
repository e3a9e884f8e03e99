/* Fair queue: takes one whole message from each readable pipe in turn. Header-only: it is on the path of every receive. */
#ifndef ZL_CORE_FQ_H
#define ZL_CORE_FQ_H

#include "pipe.h"

typedef struct {
    zl_node ring; /* of zl_pipe.fq: the pipes that have a message, the next in turn first */
} zl_fq;

static inline void zl_fq_init (zl_fq *f)
{
    zl_list_init (&f->ring);
}

static inline void zl_fq_activate (zl_fq *f, zl_pipe *p)
{
    if (!zl_linked (&p->fq))
        zl_list_append (&f->ring, &p->fq);
}

static inline void zl_fq_remove (zl_pipe *p)
{
    zl_list_remove (&p->fq);
}

/* The pipe in turn, or NULL. A pipe that has run dry leaves the ring here, after its other side was asked for more. */
static inline zl_pipe *zl_fq_head (zl_fq *f)
{
    while (!zl_list_empty (&f->ring)) {
        zl_pipe *p = ZL_LIST_FIRST (&f->ring, zl_pipe, fq);
        if (ZL_UNLIKELY (p->conflate) && p->ops->pull && !p->dead)
            p->ops->pull (p); /* something newer may have come */
        if (ZL_LIKELY (zl_pipe_readable (p)))
            return p;
        if (p->ops->pull && !p->dead)
            p->ops->pull (p);
        if (zl_pipe_readable (p))
            return p;
        zl_list_remove (&p->fq);
        zl_pipe_read_done (p);
    }
    return NULL;
}

/* A message of p has been taken: the next pipe's turn. */
static inline void zl_fq_rotate (zl_fq *f, zl_pipe *p)
{
    if (p->fq.next != p->fq.prev) { /* not alone */
        zl_list_remove (&p->fq);
        zl_list_append (&f->ring, &p->fq);
    }
}

#endif
