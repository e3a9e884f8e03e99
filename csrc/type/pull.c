/* PULL (RFC 30): receives from its peers in turn, never sends. */
#include "types.h"

typedef struct {
    zl_fq fq;
} pull;

static zl_fq *fq_of (zl_socket *s)
{
    return &((pull *) s->priv)->fq;
}

static int pull_init (zl_socket *s)
{
    zl_fq_init (fq_of (s));
    return 0;
}

static bool pull_attach (zl_socket *s, zl_pipe *p)
{
    zl_fq_activate (fq_of (s), p);
    return true;
}

static void pull_detach (zl_socket *s, zl_pipe *p)
{
    (void) s;
    (void) p;
}

static void pull_drained (zl_socket *s, zl_pipe *p)
{
    (void) s;
    zl_fq_remove (p);
}

static void pull_readable (zl_socket *s, zl_pipe *p)
{
    zl_fq_activate (fq_of (s), p);
}

static int pull_select (zl_socket *s, zl_pipe **out)
{
    *out = zl_fq_head (fq_of (s));
    return *out ? 0 : -EAGAIN;
}

static void pull_end (zl_socket *s, zl_pipe *p)
{
    zl_fq_rotate (fq_of (s), p);
}

const zl_type zl_type_pull = {
    .id = ZL_PULL,
    .size = sizeof (pull),
    .default_linger = -1,
    .init = pull_init,
    .attach = pull_attach,
    .detach = pull_detach,
    .drained = pull_drained,
    .readable = pull_readable,
    .select = pull_select,
    .end = pull_end,
};
