/* inproc: joins two sockets of a context by name.
 *
 * A link is what two pipes share: a channel in each direction, under a lock of its own, so that no thread ever holds the
 * mutexes of both sockets. The sender appends to the channel; the receiver, when its pipe has run dry, takes everything
 * at once. Only when the receiver has found the channel empty (`idle`), or the sender has found it full (`muted`), does the
 * other side have to be told: that is a touch, delivered after the own mutex has been released.
 *
 * Side 0 connects, side 1 binds. */
#include <stdlib.h>
#include <string.h>

#include "ctx.h"
#include "fq.h"
#include "inproc.h"
#include "zap.h"

typedef struct {
    zl_frameq q;
    size_t outstanding; /* messages sent and not yet reported read */
    int hwm;            /* 0: unlimited */
    bool idle;          /* the reader has found nothing: touch it */
    bool muted;         /* the writer has found it full: touch it */
    bool closed;        /* its writer is gone */
    bool deserted;      /* its reader is gone */
} channel;

typedef struct {
    zl_node node; /* in the touches of the other side's socket; guarded by that socket's mutex */
    zl_link *link;
    zl_socket *sock; /* a reference, set when the side is joined */
    zl_pipe *pipe;   /* guarded by sock->mu; NULL before the side has joined and after it has left */
    int sndhwm, rcvhwm;
    uint8_t id[ZL_ROUTING_ID_MAX];
    uint8_t id_len;
    uint8_t index;
} side;

struct zl_link {
    zl_count refs; /* each pipe, a pending entry, each touch under way */
    zl_mutex mu;   /* guards the channels, joined, and side.sock, sndhwm, rcvhwm, id */
    channel to[2]; /* towards side i */
    side sides[2];
    bool joined;   /* both sides are there */
    bool conflate; /* constant: the connecting socket had CONFLATE */
};

bool zl_is_inproc (const char *endpoint)
{
    return strncmp (endpoint, "inproc://", 9) == 0 && endpoint[9];
}

/* ---- links ---- */

static void link_drop (zl_link *l, zl_pool *pool)
{
    if (!zl_drop (&l->refs))
        return;
    zl_pool none = {0};
    for (int i = 0; i < 2; i++) {
        zl_frameq_clear (&l->to[i].q, pool ? pool : &none);
        if (l->sides[i].sock)
            zl_socket_drop (l->sides[i].sock);
    }
    zl_pool_fini (&none);
    zl_mutex_fini (&l->mu);
    free (l);
}

static zl_link *link_new (void)
{
    zl_link *l = calloc (1, sizeof *l);
    if (!l)
        return NULL;
    atomic_init (&l->refs, 1);
    zl_mutex_init (&l->mu);
    for (int i = 0; i < 2; i++) {
        l->sides[i].link = l;
        l->sides[i].index = (uint8_t) i;
        l->to[i].idle = true;
        zl_list_init (&l->sides[i].node);
    }
    return l;
}

/* Both high-water marks count together once both sides are known; none means unlimited. l->mu held. */
static void compute_hwm (zl_link *l)
{
    for (int to = 0; to < 2; to++) {
        int snd = l->sides[!to].sndhwm, rcv = l->sides[to].rcvhwm;
        l->to[to].hwm = l->conflate ? 0 : !l->joined ? snd : snd && rcv ? snd + rcv : 0;
    }
}

static bool is_full (const channel *c)
{
    return c->hwm && c->outstanding >= (size_t) c->hwm;
}

/* Has the other side looked at, once our mutex is released. Our mutex is held. */
static void touch_other (zl_socket *own, zl_link *l, int other)
{
    side *o = &l->sides[other];
    if (!zl_linked (&o->node)) {
        zl_hold (&l->refs);
        zl_list_append (&own->touches, &o->node);
        own->news = true;
    }
}

/* ---- the pipe's view ---- */

static int put (zl_pipe *p, const zl_msg *frames, unsigned n, bool conflate)
{
    zl_link *l = p->link;
    channel *c = &l->to[!p->side];
    zl_lock (&l->mu);
    if (c->deserted) {
        zl_unlock (&l->mu);
        p->sock->stats.dropped[ZL_DROP_NO_PEER]++;
        return 0;
    }
    if (ZL_UNLIKELY (conflate)) {
        p->sock->stats.dropped[ZL_DROP_CONFLATED] += c->q.msgs;
        zl_frameq_clear (&c->q, &p->sock->pool);
        frames += n - 1;
        n = 1;
    }
    int rc = zl_frameq_push (&c->q, &p->sock->pool, frames, n);
    bool touch = false;
    if (rc == 0) {
        c->outstanding++;
        touch = c->idle && l->joined;
        if (touch)
            c->idle = false;
        if (is_full (c)) {
            c->muted = true;
            p->writable = false;
        }
    }
    zl_unlock (&l->mu);
    if (touch)
        touch_other (p->sock, l, !p->side);
    return rc;
}

static int inproc_push (zl_pipe *p, const zl_msg *frames, unsigned n)
{
    return put (p, frames, n, p->conflate);
}

/* l->mu held. Reports what has been read; true if the writer waits for that. */
static bool report (zl_pipe *p, channel *c)
{
    c->outstanding -= p->unreported;
    p->unreported = 0;
    if (!c->muted || is_full (c))
        return false;
    c->muted = false;
    return true;
}

static void inproc_pull (zl_pipe *p)
{
    zl_link *l = p->link;
    channel *c = &l->to[p->side];
    zl_lock (&l->mu);
    size_t more = c->q.msgs;
    if (p->conflate && more && p->in.msgs) {
        p->sock->stats.dropped[ZL_DROP_CONFLATED] += p->in.msgs;
        zl_frameq_clear (&p->in, &p->sock->pool);
    }
    if (more)
        zl_frameq_splice (&p->in, &c->q);
    else
        c->idle = true;
    zl_unlock (&l->mu);
    zl_socket_mind_pool (p->sock);
}

static void inproc_consumed (zl_pipe *p)
{
    zl_link *l = p->link;
    if (!l || ++p->unreported < p->report_at)
        return;
    channel *c = &l->to[p->side];
    zl_lock (&l->mu);
    bool touch = report (p, c);
    zl_unlock (&l->mu);
    if (touch)
        touch_other (p->sock, l, !p->side);
}

/* Our own part of the high-water marks, and what follows from it. */
static void refresh (zl_pipe *p)
{
    zl_link *l = p->link;
    zl_lock (&l->mu);
    l->sides[p->side].sndhwm = p->sock->opt.sndhwm;
    l->sides[p->side].rcvhwm = p->sock->opt.rcvhwm;
    compute_hwm (l);
    int in = l->to[p->side].hwm;
    channel *out = &l->to[!p->side];
    bool full = is_full (out), joined = l->joined;
    out->muted = full;
    p->report_at = in ? (unsigned) zl_low_water (in) : UINT32_MAX;
    zl_unlock (&l->mu);
    if (!full)
        zl_pipe_set_writable (p);
    else
        p->writable = false;
    if (joined)
        touch_other (p->sock, l, !p->side);
}

static int inproc_subscribe (zl_pipe *p, bool subscribe, const uint8_t *topic, size_t n)
{
    zl_blob *b;
    if (!p->joined)
        return 0; /* all subscriptions are said when somebody is there to hear them */
    b = zl_blob_alloc (n + 1);
    if (!b)
        return -ENOMEM;
    zl_blob_bytes (b)[0] = subscribe;
    if (n)
        memcpy (zl_blob_bytes (b) + 1, topic, n);
    zl_msg m = {b->data, b->size, b};
    int rc = put (p, &m, 1, false);
    zl_blob_drop (b);
    return rc;
}

static void inproc_hangup (zl_pipe *p, zl_close_reason why)
{
    (void) why;
    zl_pipe_close (p, ZL_DROP_CLOSED, false);
}

static void inproc_finish (zl_pipe *p)
{
    inproc_hangup (p, ZL_CLOSE_LOCAL);
}

static void inproc_leave (zl_pipe *p)
{
    zl_link *l = p->link;
    zl_lock (&l->mu);
    l->to[!p->side].closed = true;
    channel *in = &l->to[p->side];
    in->deserted = true;
    p->sock->stats.dropped[ZL_DROP_CLOSED] += in->q.msgs;
    zl_frameq_clear (&in->q, &p->sock->pool);
    bool joined = l->joined;
    l->sides[p->side].pipe = NULL;
    zl_unlock (&l->mu);
    if (joined)
        touch_other (p->sock, l, !p->side);
    p->link = NULL;
    link_drop (l, &p->sock->pool);
}

static const zl_pipe_ops inproc_pipe_ops = {
    .push = inproc_push,
    .pull = inproc_pull,
    .consumed = inproc_consumed,
    .recheck = refresh,
    .subscribe = inproc_subscribe,
    .hangup = inproc_hangup,
    .finish = inproc_finish,
    .close = inproc_leave,
};

void zl_link_touch (zl_node *n)
{
    side *me = ZL_CONTAINER (n, side, node);
    zl_link *l = me->link;
    zl_socket *s = me->sock;
    zl_socket_lock (s);
    zl_pipe *p = me->pipe;
    if (p) {
        zl_lock (&l->mu);
        channel *in = &l->to[me->index], *out = &l->to[!me->index];
        bool room = !is_full (out), gone = in->closed;
        unsigned report_at = in->hwm ? (unsigned) zl_low_water (in->hwm) : UINT32_MAX;
        if (!room)
            out->muted = true;
        zl_unlock (&l->mu);
        p->report_at = report_at;
        if (room)
            zl_pipe_set_writable (p);
        if (!zl_pipe_readable (p)) {
            inproc_pull (p);
            if (zl_pipe_readable (p))
                zl_pipe_arrived (p, p->in.msgs);
        }
        p = me->pipe; /* it may have ended */
        if (p && gone) {
            zl_frameq rest = {0};
            zl_lock (&l->mu);
            zl_frameq_splice (&rest, &l->to[me->index].q);
            zl_unlock (&l->mu);
            size_t more = rest.msgs;
            zl_frameq_splice (&p->in, &rest);
            if (more)
                zl_pipe_arrived (p, more);
            p = me->pipe;
            if (p && (p->asker || !s->closed))
                zl_pipe_lost (p);
            if (p)
                zl_pipe_close (p, ZL_DROP_NO_PEER, true);
        }
    }
    zl_socket_unlock (s);
    link_drop (l, NULL);
}

/* ---- joining ---- */

/* Remembers a side's socket in the link; before the other side can see the link, or under l->mu. */
static void set_side (zl_link *l, int index, zl_socket *s)
{
    side *me = &l->sides[index];
    zl_hold (&s->refs);
    me->sock = s;
    me->sndhwm = s->opt.sndhwm;
    me->rcvhwm = s->opt.rcvhwm;
    me->id_len = s->opt.routing_id_len;
    memcpy (me->id, s->opt.routing_id, me->id_len);
}

/* Makes the pipe of one side. The mutex of its socket is held. The pipe takes a reference to the link. */
static int attach_side (zl_link *l, int index)
{
    side *me = &l->sides[index];
    zl_socket *s = me->sock;
    zl_pipe *p = zl_pipe_new (s, &inproc_pipe_ops, l->conflate);
    if (!p)
        return -ENOMEM;
    zl_hold (&l->refs);
    p->link = l;
    p->side = (uint8_t) index;
    me->pipe = p;
    refresh (p);
    return 0;
}

/* HELLO_MSG comes before all others. */
static int say_hello (zl_pipe *p)
{
    const zl_blob *hello = p->sock->opt.bytes[ZL_BYTES_HELLO_MSG];
    return hello ? put (p, &(zl_msg){hello->data, hello->size, NULL}, 1, false) : 0;
}

/* The other side is known: its id is, and messages flow. The mutex of p's socket is held. */
static int side_up (zl_pipe *p)
{
    zl_socket *s = p->sock;
    side *other = &p->link->sides[!p->side];
    if (p->asker)
        return 0;
    if (zl_pipe_takes_id (p) && zl_pipe_set_id (p, other->id, other->id_len) < 0)
        return -ENOMEM;
    if (!p->attached && !p->discard)
        zl_pipe_attach (p);
    if (!p->attached) { /* the type has no use for it: a PAIR that has its peer */
        zl_pipe_close (p, ZL_DROP_NO_PEER, false);
        return 0;
    }
    p->joined = true;
    if (s->type->connected)
        s->type->connected (s, p);
    return 0;
}

/* Joins the binding side to a link that a connect has made. No mutex is held; the caller gives a reference to the link. */
static int join (zl_link *l, zl_socket *binder)
{
    zl_socket_lock (binder);
    int rc = binder->closed ? -ENOTSOCK : 0;
    if (rc == 0) {
        zl_lock (&l->mu);
        set_side (l, 1, binder);
        l->joined = true;
        compute_hwm (l);
        zl_unlock (&l->mu);
        rc = attach_side (l, 1);
        if (rc == 0)
            rc = say_hello (l->sides[1].pipe);
        if (rc == 0)
            rc = side_up (l->sides[1].pipe);
        touch_other (binder, l, 0);
    }
    zl_socket_unlock (binder);
    if (rc == 0) { /* the connector may have sent and gone before there was anybody to tell */
        zl_hold (&l->refs);
        zl_link_touch (&l->sides[1].node);
    }

    zl_socket *connector = l->sides[0].sock;
    zl_socket_lock (connector);
    zl_pipe *p = l->sides[0].pipe;
    if (p && rc == 0)
        rc = side_up (p);
    if (p && rc < 0 && p->asker)
        zl_zap_deserted (p);
    if (p && rc < 0)
        zl_pipe_close (p, ZL_DROP_NO_PEER, true);
    zl_socket_unlock (connector);
    link_drop (l, NULL);
    return rc;
}

void zl_pending_free (zl_pending *p)
{
    link_drop (p->link, NULL);
    free (p->name);
    free (p);
}

static zl_name *find_name (zl_ctx *ctx, const char *name)
{
    ZL_LIST_EACH (&ctx->names, zl_name, node, n)
        if (strcmp (n->name, name) == 0)
            return n;
    return NULL;
}

int zl_inproc_bind (zl_socket *s, const char *name)
{
    zl_ctx *ctx = s->ctx;
    zl_node found;
    zl_list_init (&found);
    zl_socket_lock (s);
    int rc = zl_socket_check (s);
    zl_name *n = calloc (1, sizeof *n);
    if (rc == 0 && (!n || !(n->name = strdup (name))))
        rc = -ENOMEM;
    if (rc == 0) {
        zl_lock (&ctx->mu);
        if (find_name (ctx, name))
            rc = -EADDRINUSE;
        else {
            zl_hold (&s->refs);
            n->sock = s;
            zl_list_append (&ctx->names, &n->node);
            ZL_LIST_EACH (&ctx->pending, zl_pending, node, p)
                if (strcmp (p->name, name) == 0) {
                    zl_list_remove (&p->node);
                    zl_list_append (&found, &p->node);
                }
        }
        zl_unlock (&ctx->mu);
    }
    if (rc == 0)
        strncpy (s->last_endpoint, name, sizeof s->last_endpoint - 1);
    zl_socket_unlock (s);
    if (rc < 0) {
        if (n)
            free (n->name);
        free (n);
        return rc;
    }
    for (zl_node *i; (i = zl_list_pop (&found));) {
        zl_pending *p = ZL_CONTAINER (i, zl_pending, node);
        zl_hold (&p->link->refs);
        join (p->link, s);
        zl_pending_free (p);
    }
    return 0;
}

/* The connecting side of a new link: a pipe that can be sent to. The mutex of s is held. */
static int make_connector (zl_link *l, zl_socket *s, const char *name)
{
    const zl_blob *id = s->opt.bytes[ZL_BYTES_CONNECT_ROUTING_ID];
    l->conflate = s->opt.conflate && s->type->conflates;
    set_side (l, 0, s);
    int rc = attach_side (l, 0);
    if (rc < 0)
        return rc;
    zl_pipe *p = l->sides[0].pipe;
    p->name = strdup (name);
    p->outgoing = true;
    p->named = id != NULL;
    rc = id ? zl_pipe_set_id (p, id->data, id->size) : 0;
    if (rc == 0)
        rc = say_hello (p);
    if (rc < 0 || !p->name) {
        zl_pipe_close (p, ZL_DROP_MEMORY, false);
        return -ENOMEM;
    }
    zl_blob_drop (s->opt.bytes[ZL_BYTES_CONNECT_ROUTING_ID]); /* for one connect only */
    s->opt.bytes[ZL_BYTES_CONNECT_ROUTING_ID] = NULL;
    strncpy (s->last_endpoint, name, sizeof s->last_endpoint - 1);
    zl_pipe_attach (p);
    if (!p->attached)
        zl_pipe_close (p, ZL_DROP_NO_PEER, false);
    return 0;
}

int zl_inproc_connect (zl_socket *s, const char *name)
{
    zl_ctx *ctx = s->ctx;
    zl_link *l = link_new ();
    zl_pending *wait = calloc (1, sizeof *wait);
    int rc = -ENOMEM;
    if (!l || !wait || !(wait->name = strdup (name)))
        goto fail;
    zl_socket_lock (s);
    rc = zl_socket_check (s);
    if (rc == 0 && s->type->may_connect)
        rc = s->type->may_connect (s);
    if (rc == 0)
        rc = make_connector (l, s, name);
    if (rc < 0) {
        zl_socket_unlock (s);
        goto fail;
    }
    zl_lock (&ctx->mu);
    zl_name *n = find_name (ctx, name);
    zl_socket *binder = n ? n->sock : NULL;
    if (binder)
        zl_hold (&binder->refs);
    else {
        wait->link = l;
        zl_list_append (&ctx->pending, &wait->node);
    }
    zl_unlock (&ctx->mu);
    zl_socket_unlock (s);
    if (!binder)
        return 0;
    free (wait->name);
    free (wait);
    rc = join (l, binder);
    zl_socket_drop (binder);
    return rc == -ENOTSOCK ? 0 : rc; /* the binder was closing: as if it had closed just after */
fail:
    if (wait)
        free (wait->name);
    free (wait);
    if (l)
        link_drop (l, NULL);
    return rc;
}

/* ---- questions ---- */

typedef struct {
    zl_node node; /* in s->questions */
    zl_link *link;
    zl_socket *binder; /* a reference */
} joining;

static zl_socket *find_answerer (zl_ctx *ctx, const char *name)
{
    zl_lock (&ctx->mu);
    zl_name *n = find_name (ctx, name);
    zl_socket *binder = n && (n->sock->type->id == ZL_REP || n->sock->type->id == ZL_ROUTER) ? n->sock : NULL;
    if (binder)
        zl_hold (&binder->refs);
    zl_unlock (&ctx->mu);
    return binder;
}

int zl_inproc_ask (zl_socket *s, const char *name, zl_peer *asker, const zl_msg *frames, unsigned n, zl_pipe **question)
{
    zl_socket *binder = find_answerer (s->ctx, name);
    if (!binder)
        return -ECONNREFUSED;
    zl_link *l = link_new ();
    joining *j = malloc (sizeof *j);
    int rc = -ENOMEM;
    if (!l || !j)
        goto fail;
    set_side (l, 0, s);
    l->sides[0].id_len = 0; /* or a ROUTER would take two questions for one connection */
    rc = attach_side (l, 0);
    if (rc < 0)
        goto fail;
    zl_pipe *p = l->sides[0].pipe;
    p->asker = asker;
    rc = put (p, frames, n, false);
    if (rc < 0) {
        p->asker = NULL;
        zl_pipe_close (p, ZL_DROP_MEMORY, false);
        goto fail;
    }
    *j = (joining){.link = l, .binder = binder};
    zl_list_init (&j->node);
    zl_list_append (&s->questions, &j->node);
    s->news = true;
    *question = p;
    return 0;
fail:
    free (j);
    if (l)
        link_drop (l, NULL);
    zl_socket_drop (binder);
    return rc;
}

void zl_inproc_ask_now (zl_node *n)
{
    joining *j = ZL_CONTAINER (n, joining, node);
    join (j->link, j->binder);
    zl_socket_drop (j->binder);
    free (j);
}

/* ---- ending ---- */

/* Takes a bound name, or all of a socket's, out of the registry. */
static bool forget (zl_ctx *ctx, zl_socket *s, const char *name)
{
    zl_node found;
    zl_list_init (&found);
    zl_lock (&ctx->mu);
    ZL_LIST_EACH (&ctx->names, zl_name, node, n)
        if (n->sock == s && (!name || strcmp (n->name, name) == 0)) {
            zl_list_remove (&n->node);
            zl_list_append (&found, &n->node);
        }
    zl_unlock (&ctx->mu);
    bool any = !zl_list_empty (&found);
    for (zl_node *i; (i = zl_list_pop (&found));) {
        zl_name *n = ZL_CONTAINER (i, zl_name, node);
        zl_socket_drop (n->sock);
        free (n->name);
        free (n);
    }
    return any;
}

void zl_ctx_forget_names (zl_socket *s)
{
    forget (s->ctx, s, NULL);
}

int zl_inproc_unbind (zl_socket *s, const char *name)
{
    zl_socket_lock (s);
    int rc = zl_socket_check (s);
    zl_socket_unlock (s);
    if (rc < 0)
        return rc;
    bool any = forget (s->ctx, s, name);
    zl_socket_lock (s);
    ZL_LIST_EACH (&s->pipes, zl_pipe, node, p)
        if (p->name && strcmp (p->name, name) == 0) {
            any = true;
            if (p->dead) { /* the peer is gone, what it sent stays readable */
                free (p->name);
                p->name = NULL;
            } else {
                zl_fq_remove (p);
                zl_pipe_close (p, ZL_DROP_CLOSED, false);
            }
        }
    zl_socket_unlock (s);
    return any ? 0 : -ENOENT;
}

void zl_inproc_close (zl_socket *s)
{
    ZL_LIST_EACH (&s->pipes, zl_pipe, node, p)
        if (p->link && !p->asker)
            zl_pipe_close (p, ZL_DROP_CLOSED, false);
}
