/* PAIR (RFC 31): one peer, both ways. Further connections are let in and left alone, as in libzmq; the next one after the
 * peer has gone is taken. */
#include "types.h"

typedef struct {
    zl_pipe *peer; /* takes what is sent */
    zl_fq fq;      /* the peer's pipe, and before it what a former peer left unread */
} pair;

static int pair_init (zl_socket *s)
{
    zl_fq_init (&((pair *) s->priv)->fq);
    return 0;
}

static bool pair_attach (zl_socket *s, zl_pipe *p)
{
    pair *d = s->priv;
    if (d->peer)
        return false;
    d->peer = p;
    zl_fq_activate (&d->fq, p);
    return true;
}

static void pair_detach (zl_socket *s, zl_pipe *p)
{
    pair *d = s->priv;
    if (d->peer == p)
        d->peer = NULL;
}

static void pair_drained (zl_socket *s, zl_pipe *p)
{
    (void) s;
    zl_fq_remove (p);
}

static void pair_readable (zl_socket *s, zl_pipe *p)
{
    zl_fq_activate (&((pair *) s->priv)->fq, p);
}

static int pair_can_send (zl_socket *s)
{
    const pair *d = s->priv;
    return d->peer && d->peer->writable ? 0 : -EAGAIN;
}

static int pair_send (zl_socket *s, const zl_msg *frames, unsigned n)
{
    pair *d = s->priv;
    int rc = pair_can_send (s);
    return rc < 0 ? rc : d->peer->ops->push (d->peer, frames, n);
}

static int pair_select (zl_socket *s, zl_pipe **out)
{
    *out = zl_fq_head (&((pair *) s->priv)->fq);
    return *out ? 0 : -EAGAIN;
}

static void pair_end (zl_socket *s, zl_pipe *p)
{
    (void) s;
    (void) p; /* what the former peer left comes first: no rotation */
}

const zl_type zl_type_pair = {
    .id = ZL_PAIR,
    .size = sizeof (pair),
    .default_linger = -1,
    .init = pair_init,
    .attach = pair_attach,
    .detach = pair_detach,
    .drained = pair_drained,
    .readable = pair_readable,
    .can_send = pair_can_send,
    .send = pair_send,
    .select = pair_select,
    .end = pair_end,
};
