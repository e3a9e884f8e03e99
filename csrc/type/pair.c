/* PAIR (RFC 31): one peer, both ways. Further connections are let in and left alone, as in libzmq; the next one after the
 * peer has gone is taken. */
#include "types.h"

typedef struct {
    zl_fq fq;      /* the peer's pipe, and before it what a former peer left unread: no rotation */
    zl_pipe *peer; /* takes what is sent */
} pair;

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

const zl_type zl_type_pair = {
    .id = ZL_PAIR,
    .size = sizeof (pair),
    .default_linger = -1,
    .init = zl_fair_init,
    .attach = pair_attach,
    .detach = pair_detach,
    .drained = zl_fair_drained,
    .readable = zl_fair_readable,
    .can_send = pair_can_send,
    .send = pair_send,
    .select = zl_fair_select,
    .end = zl_type_nothing,
};
