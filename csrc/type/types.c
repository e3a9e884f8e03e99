/* What several socket types share. */
#include <stdlib.h>
#include <string.h>

#include "types.h"

static zl_fq *fq_of (zl_socket *s)
{
    return s->priv;
}

int zl_fair_init (zl_socket *s)
{
    zl_fq_init (fq_of (s));
    return 0;
}

void zl_fair_readable (zl_socket *s, zl_pipe *p)
{
    zl_fq_activate (fq_of (s), p);
}

int zl_fair_select (zl_socket *s, zl_pipe **out)
{
    *out = zl_fq_head (fq_of (s));
    return *out ? 0 : -EAGAIN;
}

void zl_fair_end (zl_socket *s, zl_pipe *p)
{
    zl_fq_rotate (fq_of (s), p);
}

void zl_fair_drained (zl_socket *s, zl_pipe *p)
{
    (void) s;
    zl_fq_remove (p);
}

void zl_type_nothing (zl_socket *s, zl_pipe *p)
{
    (void) s;
    (void) p;
}

void zl_probe (zl_socket *s, zl_pipe *p)
{
    static const zl_msg empty = {0};
    if (s->opt.probe_router && p->ops->push (p, &empty, 1) < 0)
        s->stats.dropped[ZL_DROP_MEMORY]++;
}

int zl_send_enveloped (zl_pipe *p, const zl_msg *head, unsigned head_count, const zl_msg *frames, unsigned n)
{
    zl_msg few[16], *all = head_count + n <= ZL_LEN (few) ? few : malloc ((head_count + n) * sizeof *all);
    if (!all)
        return -ENOMEM;
    if (head_count)
        memcpy (all, head, head_count * sizeof *all);
    memcpy (all + head_count, frames, n * sizeof *all);
    int rc = p->ops->push (p, all, head_count + n);
    if (all != few)
        free (all);
    return rc;
}
