/* STREAM: bare TCP connections behind ROUTER's way of addressing. What was read arrives as [routing id][octets]; an empty
 * second frame tells that a connection has come or gone, and sent, closes it. */
#include <string.h>

#include "routed.h"

static bool stream_attach (zl_socket *s, zl_pipe *p)
{
    if (zl_routed_enter (s, p) < 0)
        return false;
    if (!p->named) { /* ROUTING_ID tells the newest one: after connect(), where that leads to */
        memcpy (s->opt.routing_id, p->id, p->id_len);
        s->opt.routing_id_len = p->id_len;
    }
    return true;
}

static void notify (zl_socket *s, zl_pipe *p)
{
    if (s->opt.stream_notify && !p->link) /* inproc has no connections to speak of */
        zl_pipe_inject (p, NULL, 0);
}

static int stream_can_send (zl_socket *s)
{
    (void) s;
    return 0;
}

static int stream_check_first (zl_socket *s, const zl_msg *first)
{
    zl_pipe *p;
    return zl_routed_find (s, first, &p);
}

/* Pairs of id and data. Pairs that went out before one that cannot go stay sent. */
static int stream_send (zl_socket *s, const zl_msg *frames, unsigned n)
{
    int rc = n % 2 ? -EINVAL : 0;
    for (unsigned i = 0; rc == 0 && i < n; i += 2) {
        zl_pipe *p;
        rc = zl_routed_find (s, &frames[i], &p);
        if (rc == 0)
            rc = zl_routed_send_raw (p, &frames[i + 1]);
    }
    return rc;
}

const zl_type zl_type_stream = {
    .id = ZL_STREAM,
    .size = sizeof (zl_routed),
    .default_linger = -1,
    .raw = true,
    .frames_per_message = 2,
    .init = zl_routed_init,
    .fini = zl_routed_fini,
    .may_connect = zl_routed_may_connect,
    .attach = stream_attach,
    .connected = notify,
    .lost = notify,
    .detach = zl_routed_detach,
    .drained = zl_fair_drained,
    .readable = zl_fair_readable,
    .can_send = stream_can_send,
    .check_first = stream_check_first,
    .send = stream_send,
    .select = zl_fair_select,
    .begin = zl_routed_begin,
    .end = zl_fair_end,
};
