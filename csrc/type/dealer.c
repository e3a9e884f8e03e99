/* DEALER (RFC 28): PUSH's way out and PULL's way in, over the same peers and without an envelope. */
#include "types.h"

typedef struct {
    zl_fq fq; /* first: zl_fair_* */
    zl_lb lb;
} dealer;

static int dealer_init (zl_socket *s)
{
    dealer *d = s->priv;
    zl_fq_init (&d->fq);
    zl_lb_init (&d->lb);
    return 0;
}

static bool dealer_attach (zl_socket *s, zl_pipe *p)
{
    dealer *d = s->priv;
    zl_probe (s, p);
    zl_fq_activate (&d->fq, p);
    if (p->writable)
        zl_lb_activate (&d->lb, p);
    return true;
}

/* HICCUP_MSG: the connection that we made is gone for now. */
static void dealer_lost (zl_socket *s, zl_pipe *p)
{
    const zl_blob *hiccup = s->opt.bytes[ZL_BYTES_HICCUP_MSG];
    if (hiccup && p->outgoing)
        zl_pipe_inject (p, hiccup->data, hiccup->size);
}

static void dealer_detach (zl_socket *s, zl_pipe *p)
{
    (void) s;
    zl_lb_remove (p);
}

static void dealer_writable (zl_socket *s, zl_pipe *p)
{
    zl_lb_activate (&((dealer *) s->priv)->lb, p);
}

static int dealer_can_send (zl_socket *s)
{
    return zl_lb_writable (&((dealer *) s->priv)->lb) ? 0 : -EAGAIN;
}

static int dealer_send (zl_socket *s, const zl_msg *frames, unsigned n)
{
    return zl_lb_send (&((dealer *) s->priv)->lb, frames, n);
}

const zl_type zl_type_dealer = {
    .id = ZL_DEALER,
    .size = sizeof (dealer),
    .default_linger = -1,
    .one_connection_per_endpoint = true,
    .conflates = true,
    .init = dealer_init,
    .attach = dealer_attach,
    .lost = dealer_lost,
    .detach = dealer_detach,
    .drained = zl_fair_drained,
    .readable = zl_fair_readable,
    .writable = dealer_writable,
    .can_send = dealer_can_send,
    .send = dealer_send,
    .select = zl_fair_select,
    .end = zl_fair_end,
};
