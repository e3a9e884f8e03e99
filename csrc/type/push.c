/* PUSH (RFC 30): sends to its peers in turn, blocks when none has room, never receives. */
#include "types.h"

typedef struct {
    zl_lb lb;
} push;

static int push_init (zl_socket *s)
{
    zl_lb_init (&((push *) s->priv)->lb);
    return 0;
}

static bool push_attach (zl_socket *s, zl_pipe *p)
{
    p->discard = true; /* whatever a PULL might send is nobody's */
    zl_lb_activate (&((push *) s->priv)->lb, p);
    return true;
}

static void push_detach (zl_socket *s, zl_pipe *p)
{
    (void) s;
    zl_lb_remove (p);
}

static void push_writable (zl_socket *s, zl_pipe *p)
{
    zl_lb_activate (&((push *) s->priv)->lb, p);
}

static int push_can_send (zl_socket *s)
{
    return zl_lb_writable (&((push *) s->priv)->lb) ? 0 : -EAGAIN;
}

static int push_send (zl_socket *s, const zl_msg *frames, unsigned n)
{
    return zl_lb_send (&((push *) s->priv)->lb, frames, n);
}

const zl_type zl_type_push = {
    .id = ZL_PUSH,
    .size = sizeof (push),
    .default_linger = -1,
    .conflates = true,
    .init = push_init,
    .attach = push_attach,
    .detach = push_detach,
    .drained = zl_type_nothing,
    .writable = push_writable,
    .can_send = push_can_send,
    .send = push_send,
};
