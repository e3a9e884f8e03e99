/* A pipe: the two queues between a socket and one peer. */
#include <stdlib.h>
#include <string.h>

#include "fq.h"
#include "pipe.h"
#include "socket.h"
#include "zap.h"

zl_pipe *zl_pipe_new (zl_socket *s, const zl_pipe_ops *ops, bool conflate)
{
    zl_pipe *p = calloc (1, sizeof *p);
    if (!p)
        return NULL;
    p->ops = ops;
    p->sock = s;
    p->conflate = conflate;
    p->writable = true;
    zl_list_init (&p->fq);
    zl_list_init (&p->lb);
    zl_list_init (&p->node);
    zl_list_append (&s->pipes, &p->node);
    return p;
}

int zl_pipe_set_id (zl_pipe *p, const uint8_t *id, size_t n)
{
    uint8_t *copy = n ? malloc (n) : NULL;
    if (n && !copy)
        return -ENOMEM;
    if (n)
        memcpy (copy, id, n);
    free (p->id);
    p->id = copy;
    p->id_len = (uint8_t) n;
    return 0;
}

void zl_pipe_attach (zl_pipe *p)
{
    p->attached = p->sock->type->attach (p->sock, p);
    if (!p->attached)
        p->discard = true;
    zl_socket_changed (p->sock);
}

void zl_pipe_inject (zl_pipe *p, const void *body, size_t n)
{
    zl_msg m = {body, n, NULL};
    if (p->discard)
        return;
    if (zl_frameq_push (&p->in, &p->sock->pool, &m, 1) < 0)
        p->sock->stats.dropped[ZL_DROP_MEMORY]++;
    else
        zl_pipe_arrived (p, 1);
}

void zl_pipe_lost (zl_pipe *p)
{
    if (p->asker)
        zl_zap_deserted (p);
    else if (p->attached && !p->leaving && p->sock->type->lost)
        p->sock->type->lost (p->sock, p);
}

static void pipe_free (zl_pipe *p)
{
    zl_socket *s = p->sock;
    if (p->attached)
        s->type->drained (s, p);
    zl_frameq_clear (&p->in, &s->pool);
    zl_list_remove (&p->node);
    zl_blob_drop (p->properties);
    free (p->id);
    free (p->name);
    free (p);
}

/* Throws away unread messages, but for the rest of one that is being read. */
static void drop_inbound (zl_pipe *p)
{
    zl_socket *s = p->sock;
    size_t keep = s->rx_pipe == p;
    if (p->in.msgs <= keep)
        return;
    s->stats.dropped[ZL_DROP_CLOSED] += p->in.msgs - keep;
    p->in.msgs = keep;
    zl_frameq_rollback (&p->in, &s->pool);
}

void zl_pipe_leave (zl_pipe *p)
{
    zl_fq_remove (p);
    if (p->dead) {
        drop_inbound (p);
        zl_pipe_read_done (p);
        return;
    }
    if (p->leaving)
        return;
    p->leaving = p->discard = true;
    p->writable = false;
    if (p->attached)
        p->sock->type->detach (p->sock, p);
    p->ops->recheck (p); /* what comes is thrown away, so it may come: the end is behind it */
    zl_socket_changed (p->sock);
}

void zl_pipe_expel (zl_pipe *p, zl_close_reason why)
{
    zl_pipe_leave (p);
    p->ops->hangup (p, why);
}

void zl_pipe_finish (zl_pipe *p)
{
    zl_pipe_leave (p);
    p->ops->finish (p);
}

void zl_pipe_close (zl_pipe *p, zl_drop_reason why, bool keep_inbound)
{
    zl_socket *s = p->sock;
    if (p->dead)
        return;
    p->dead = true;
    p->writable = false;
    p->ops->close (p);
    s->stats.dropped[why] += p->out.msgs;
    zl_frameq_clear (&p->out, &s->pool);
    if (p->attached && !p->leaving)
        s->type->detach (s, p);
    if (!keep_inbound || s->closed || p->leaving)
        drop_inbound (p);
    zl_socket_changed (s);
    zl_pipe_read_done (p);
}

void zl_pipe_drop_head (zl_pipe *p, zl_drop_reason why)
{
    zl_frameq_skip_message (&p->in, &p->sock->pool);
    p->sock->stats.dropped[why]++;
    p->ops->consumed (p);
}

/* Leaves the newest frame alone. */
static void conflate (zl_pipe *p)
{
    zl_view v;
    while (p->in.msgs > 1)
        zl_pipe_drop_head (p, ZL_DROP_CONFLATED);
    while (zl_frameq_peek (&p->in, &p->sock->pool, &v) && v.more)
        zl_frameq_next (&p->in, &p->sock->pool, &v);
}

void zl_pipe_arrived (zl_pipe *p, size_t msgs)
{
    zl_socket *s = p->sock;
    bool was_empty = p->in.msgs == msgs;
    if (ZL_UNLIKELY (p->asker)) {
        zl_zap_answered (p);
        return;
    }
    if (p->discard) {
        if (s->rx_pipe == p)
            return; /* the message being read is among them */
        s->stats.dropped[s->closed ? ZL_DROP_CLOSED : ZL_DROP_NO_PEER] += p->in.msgs;
        while (p->in.msgs) {
            zl_frameq_skip_message (&p->in, &s->pool);
            p->ops->consumed (p);
        }
        return;
    }
    if (p->conflate && !s->type->arrived)
        conflate (p);
    if (s->type->arrived)
        s->type->arrived (s, p);
    else if (was_empty) {
        s->type->readable (s, p);
        zl_socket_changed (s);
    }
}

void zl_pipe_set_writable (zl_pipe *p)
{
    if (p->writable || p->dead || p->leaving)
        return;
    p->writable = true;
    if (p->attached && p->sock->type->writable)
        p->sock->type->writable (p->sock, p);
    zl_socket_changed (p->sock);
}

void zl_pipe_read_done (zl_pipe *p)
{
    if (p->dead && !zl_pipe_readable (p) && p->sock->rx_pipe != p)
        pipe_free (p);
}
