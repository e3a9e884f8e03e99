/* REP (RFC 28): receive, send, receive ... The frames of a request up to the first empty one are its envelope: kept here, and put
 * in front of the reply, which goes back to the same peer. */
#include <stdlib.h>

#include "types.h"

enum { ENVELOPE_MAX = 64 }; /* a request through more routers than this is not believed */

typedef struct {
    zl_fq fq; /* first: zl_fair_* */
    zl_pipe *asker;    /* of the request being answered, or next to be delivered; NULL if it is gone */
    bool prepared;     /* asker's envelope is off; its body is at the head of asker->in */
    bool answering;    /* the request has been delivered, a reply is owed */
    zl_msg envelope[ENVELOPE_MAX]; /* with the delimiter; each holds a block */
    unsigned depth;
} rep;

static void forget_envelope (rep *r)
{
    while (r->depth)
        zl_blob_drop (r->envelope[--r->depth].blob);
}

static void rep_fini (zl_socket *s)
{
    forget_envelope (s->priv);
}

static bool rep_attach (zl_socket *s, zl_pipe *p)
{
    zl_fq_activate (&((rep *) s->priv)->fq, p);
    return true;
}

static void rep_detach (zl_socket *s, zl_pipe *p)
{
    rep *r = s->priv;
    if (r->answering && r->asker == p)
        r->asker = NULL;
}

static void rep_drained (zl_socket *s, zl_pipe *p)
{
    rep *r = s->priv;
    zl_fq_remove (p);
    if (r->asker == p) {
        r->asker = NULL;
        r->prepared = false;
    }
}

static int rep_can_send (zl_socket *s)
{
    return ((rep *) s->priv)->answering ? 0 : -ZL_EFSM;
}

static int rep_send (zl_socket *s, const zl_msg *frames, unsigned n)
{
    rep *r = s->priv;
    if (!r->answering)
        return -ZL_EFSM;
    int rc = 0;
    if (!r->asker)
        s->stats.dropped[ZL_DROP_NO_PEER]++;
    else if (!r->asker->writable)
        s->stats.dropped[ZL_DROP_HWM]++;
    else
        rc = zl_send_enveloped (r->asker, r->envelope, r->depth, frames, n);
    if (rc < 0)
        return rc;
    forget_envelope (r);
    r->asker = NULL;
    r->answering = false;
    return 0;
}

/* Takes the envelope off the first message of p: false if the message has none and was dropped. */
static bool open_envelope (zl_socket *s, zl_pipe *p)
{
    rep *r = s->priv;
    zl_view v;
    forget_envelope (r);
    while (zl_frameq_peek (&p->in, &s->pool, &v)) {
        zl_msg m = {v.data, v.size, v.blob};
        zl_blob *b = v.more && r->depth < ENVELOPE_MAX ? zl_msg_blob (&m) : NULL;
        if (!b)
            break;
        r->envelope[r->depth++] = (zl_msg){v.blob ? v.data : b->data, v.size, b};
        zl_frameq_next (&p->in, &s->pool, &v);
        if (v.size == 0)
            return true;
    }
    forget_envelope (r);
    zl_pipe_drop_head (p, ZL_DROP_UNEXPECTED);
    return false;
}

static int rep_select (zl_socket *s, zl_pipe **out)
{
    rep *r = s->priv;
    if (r->answering)
        return -ZL_EFSM;
    while (!r->prepared) {
        zl_pipe *p = zl_fq_head (&r->fq);
        if (!p)
            return -EAGAIN;
        r->prepared = open_envelope (s, p);
        r->asker = r->prepared ? p : NULL;
    }
    *out = r->asker;
    return 0;
}

static void rep_end (zl_socket *s, zl_pipe *p)
{
    rep *r = s->priv;
    r->prepared = false;
    r->answering = true;
    if (p->dead || p->leaving)
        r->asker = NULL;
    zl_fq_rotate (&r->fq, p);
}

const zl_type zl_type_rep = {
    .id = ZL_REP,
    .size = sizeof (rep),
    .keeps_frames = true,
    .default_linger = -1,
    .init = zl_fair_init,
    .fini = rep_fini,
    .attach = rep_attach,
    .detach = rep_detach,
    .drained = rep_drained,
    .readable = zl_fair_readable,
    .can_send = rep_can_send,
    .send = rep_send,
    .select = rep_select,
    .end = rep_end,
};
