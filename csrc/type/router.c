/* ROUTER (RFC 28): every message it receives begins with the routing id of its sender, and the first frame of every message
 * it sends says to whom. With ROUTER_RAW its connections carry bare octets, as those of STREAM do. */
#include "routed.h"

enum { NOTIFY_CONNECT = 1, NOTIFY_DISCONNECT = 2 }; /* ROUTER_NOTIFY */

static bool router_attach (zl_socket *s, zl_pipe *p)
{
    zl_probe (s, p);
    if (p->named || s->opt.router_raw)
        return zl_routed_enter (s, p) == 0;
    return true; /* it gets its id, and is heard, once the peer has said who it is */
}

/* The peer's id belongs to another one: with ROUTER_HANDOVER that one goes. */
static void make_way (zl_socket *s, const zl_pipe *p)
{
    zl_pipe *holder = zl_idmap_find (&((zl_routed *) s->priv)->ids, p->id, p->id_len);
    if (holder && s->opt.router_handover)
        zl_pipe_expel (holder, ZL_CLOSE_TAKEN_OVER);
}

/* Tells the application, in the form of STREAM's notifications; not of peers in this process, as in libzmq. */
static void notify (zl_socket *s, zl_pipe *p, int occasion)
{
    if (!p->link && (s->opt.router_raw || s->opt.router_notify & occasion))
        zl_pipe_inject (p, NULL, 0);
}

static void router_connected (zl_socket *s, zl_pipe *p)
{
    if (!zl_routed_knows (p)) { /* an id is for the life of the pipe */
        make_way (s, p);
        if (zl_routed_enter (s, p) < 0) {
            p->discard = true; /* the first holder of an id keeps it, and the newcomer is never heard */
            s->stats.dropped[ZL_DROP_DUPLICATE_ID] += p->in.msgs;
            return;
        }
    }
    notify (s, p, NOTIFY_CONNECT);
}

static void router_lost (zl_socket *s, zl_pipe *p)
{
    const zl_blob *farewell = s->opt.bytes[ZL_BYTES_DISCONNECT_MSG];
    if (farewell && !p->outgoing)
        zl_pipe_inject (p, farewell->data, farewell->size);
    notify (s, p, NOTIFY_DISCONNECT);
}

static int router_can_send (zl_socket *s)
{
    if (!s->opt.router_mandatory)
        return 0;
    ZL_LIST_EACH (&s->pipes, zl_pipe, node, p)
        if (zl_routed_knows (p) && p->writable)
            return 0;
    return -EAGAIN;
}

static int router_check_first (zl_socket *s, const zl_msg *first)
{
    zl_pipe *p;
    return s->opt.router_mandatory ? zl_routed_find (s, first, &p) : 0;
}

static int router_send (zl_socket *s, const zl_msg *frames, unsigned n)
{
    zl_pipe *p;
    int rc = zl_routed_find (s, frames, &p);
    if (rc == 0 && n > 1)
        return s->opt.router_raw ? zl_routed_send_raw (p, frames + 1) : p->ops->push (p, frames + 1, n - 1);
    if (s->opt.router_mandatory && n > 1)
        return rc;
    s->stats.dropped[rc == -EAGAIN ? ZL_DROP_HWM : ZL_DROP_UNROUTABLE]++;
    return 0;
}

const zl_type zl_type_router = {
    .id = ZL_ROUTER,
    .size = sizeof (zl_routed),
    .default_linger = -1,
    .init = zl_routed_init,
    .fini = zl_routed_fini,
    .may_connect = zl_routed_may_connect,
    .attach = router_attach,
    .connected = router_connected,
    .lost = router_lost,
    .detach = zl_routed_detach,
    .drained = zl_fair_drained,
    .readable = zl_fair_readable,
    .can_send = router_can_send,
    .check_first = router_check_first,
    .send = router_send,
    .select = zl_fair_select,
    .begin = zl_routed_begin,
    .end = zl_fair_end,
};
