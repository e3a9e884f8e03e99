/* REQ (RFC 28): send, receive, send ... A request goes to the next peer, behind an empty delimiter frame; only that peer's
 * reply counts, unless its pipe is gone. With REQ_CORRELATE a number is in front of the delimiter, and in front of the reply
 * to that request; with REQ_RELAXED a new request may be sent before the reply to the last one. */
#include <string.h>

#include "../base/rand.h"
#include "types.h"

typedef struct {
    zl_fq fq; /* first: zl_fair_* */
    zl_lb lb;
    bool waiting;       /* a request is out */
    zl_pipe *asked;     /* to whom; NULL if that one is gone: then anyone's reply will do */
    zl_pipe *stripped;  /* the envelope of its first message has been taken off */
    uint32_t number;    /* of the newest request */
} req;

static int req_init (zl_socket *s)
{
    req *r = s->priv;
    zl_fq_init (&r->fq);
    zl_lb_init (&r->lb);
    r->number = zl_random ();
    return 0;
}

static bool req_attach (zl_socket *s, zl_pipe *p)
{
    req *r = s->priv;
    zl_probe (s, p);
    zl_fq_activate (&r->fq, p);
    if (p->writable)
        zl_lb_activate (&r->lb, p);
    return true;
}

static void req_detach (zl_socket *s, zl_pipe *p)
{
    (void) s;
    zl_lb_remove (p);
}

static void req_drained (zl_socket *s, zl_pipe *p)
{
    req *r = s->priv;
    zl_fq_remove (p);
    if (r->asked == p)
        r->asked = NULL;
    if (r->stripped == p)
        r->stripped = NULL;
}

static void req_writable (zl_socket *s, zl_pipe *p)
{
    zl_lb_activate (&((req *) s->priv)->lb, p);
}

static int req_can_send (zl_socket *s)
{
    const req *r = s->priv;
    if (r->waiting && !s->opt.req_relaxed)
        return -ZL_EFSM;
    return zl_lb_writable (&r->lb) ? 0 : -EAGAIN;
}

/* Replies to earlier requests: the one that is half read, and those that came too late. */
static void drop_late_replies (zl_socket *s)
{
    req *r = s->priv;
    zl_socket_abandon_message (s);
    for (zl_pipe *p; (p = zl_fq_head (&r->fq));)
        zl_pipe_drop_head (p, ZL_DROP_UNEXPECTED);
    r->stripped = NULL;
}

static int req_send (zl_socket *s, const zl_msg *frames, unsigned n)
{
    req *r = s->priv;
    uint32_t number = r->number + 1;
    const zl_msg envelope[] = {{(const uint8_t *) &number, sizeof number, NULL}, {0}};
    unsigned skip = s->opt.req_correlate ? 0 : 1;
    int rc = req_can_send (s);
    if (rc < 0)
        return rc;
    drop_late_replies (s);
    zl_pipe *p = zl_lb_head (&r->lb);
    rc = p ? zl_send_enveloped (p, envelope + skip, ZL_LEN (envelope) - skip, frames, n) : -EAGAIN;
    if (rc < 0)
        return rc;
    zl_lb_sent (&r->lb, p);
    r->number = number;
    r->asked = p;
    r->waiting = true;
    return 0;
}

/* Takes the envelope off the message at the head of p: 1 it is a reply to the newest request, 0 it is not, -1 the peer has
 * broken the pattern. Where it is no reply, what is left of it is still there. */
static int take_envelope (zl_socket *s, zl_pipe *p)
{
    const req *r = s->priv;
    zl_view v;
    bool numbered = false, ours = false;
    if (!zl_frameq_peek (&p->in, &s->pool, &v) || !v.more)
        return -1;
    if (v.size == sizeof r->number) {
        numbered = true;
        ours = memcmp (v.data, &r->number, sizeof r->number) == 0;
        zl_frameq_next (&p->in, &s->pool, &v);
        if (!zl_frameq_peek (&p->in, &s->pool, &v) || !v.more)
            return -1;
    }
    if (v.size != 0)
        return -1;
    if (s->opt.req_correlate ? !ours : numbered)
        return 0;
    zl_frameq_next (&p->in, &s->pool, &v);
    return 1;
}

/* Makes the first reply of p the first message of p. False if there is none, or the peer has broken the pattern, and p may be
 * gone. */
static bool strip (zl_socket *s, zl_pipe *p)
{
    req *r = s->priv;
    while (r->stripped != p && zl_pipe_readable (p)) {
        int rc = take_envelope (s, p);
        if (rc > 0)
            r->stripped = p;
        else
            zl_pipe_drop_head (p, ZL_DROP_UNEXPECTED);
        if (rc < 0) {
            if (p->peer) /* an inproc peer is forgiven, as in libzmq */
                p->ops->hangup (p, ZL_CLOSE_MESSAGE);
            return false;
        }
    }
    return r->stripped == p;
}

/* A reply is looked at when it comes, not when it is asked for: a peer that breaks the pattern is let go at once. */
static void req_readable (zl_socket *s, zl_pipe *p)
{
    req *r = s->priv;
    zl_fq_activate (&r->fq, p);
    if (r->waiting && r->asked == p)
        strip (s, p);
}

/* Whether the peer that was asked has replied: fetches and looks until it has, or has nothing more, or is gone. */
static bool find_reply (zl_socket *s, zl_pipe *p)
{
    const req *r = s->priv;
    do {
        if (!zl_pipe_readable (p) && p->ops->pull && !p->dead)
            p->ops->pull (p);
        if (!zl_pipe_readable (p))
            return false;
    } while (!strip (s, p) && r->asked == p);
    return r->asked == p;
}

static int req_select (zl_socket *s, zl_pipe **out)
{
    req *r = s->priv;
    if (!r->waiting || s->part_count)
        return -ZL_EFSM;
    zl_pipe *p = r->asked;
    if (p) {
        *out = p;
        return find_reply (s, p) ? 0 : -EAGAIN;
    }
    while ((p = zl_fq_head (&r->fq)))
        if (strip (s, p)) {
            *out = p;
            return 0;
        }
    return -EAGAIN;
}

static void req_end (zl_socket *s, zl_pipe *p)
{
    req *r = s->priv;
    r->waiting = false;
    r->asked = r->stripped = NULL;
    zl_fq_rotate (&r->fq, p);
}

const zl_type zl_type_req = {
    .id = ZL_REQ,
    .size = sizeof (req),
    .default_linger = -1,
    .one_connection_per_endpoint = true,
    .init = req_init,
    .attach = req_attach,
    .detach = req_detach,
    .drained = req_drained,
    .readable = req_readable,
    .writable = req_writable,
    .can_send = req_can_send,
    .send = req_send,
    .select = req_select,
    .end = req_end,
};
