/* The way of a message out of the socket's type to the application: what is given back comes first. */
#include <stdlib.h>

#include "ctx.h"
#include "into.h"
#include "socket_state.h"

/* ---- frames ---- */

static int take_frame (zl_socket *s, zl_sink *sink)
{
    zl_pipe *p = s->rx_pipe;
    zl_view v;
    if (s->rx_has_prefix) {
        v = (zl_view){.data = s->rx_prefix.data, .size = s->rx_prefix.size, .more = true, .properties = p->properties};
        int rc = sink->take (sink, &v);
        if (rc < 0)
            return rc;
        s->rx_has_prefix = false;
        s->rx_more = true;
        return 1;
    }
    ZL_ASSERT (zl_frameq_peek (&p->in, &s->pool, &v));
    if (ZL_UNLIKELY (s->into && v.blob && sink != &s->into->sink)) {
        zl_into_withdraw (s->into, v.blob); /* from a thread that is still waiting */
        ZL_ASSERT (zl_frameq_peek (&p->in, &s->pool, &v));
    }
    v.properties = p->properties;
    int rc = sink->take (sink, &v);
    if (ZL_UNLIKELY (rc < 0))
        return rc;
    zl_frameq_next (&p->in, &s->pool, &v);
    s->rx_more = v.more;
    if (v.more)
        return 1;
    s->rx_pipe = NULL;
    s->stats.received++;
    s->type->end (s, p);
    p->ops->consumed (p);
    if (ZL_UNLIKELY (p->dead))
        zl_pipe_read_done (p);
    return 0;
}

static int take_returned (zl_socket *s, zl_sink *sink)
{
    zl_returned *r = ZL_LIST_FIRST (&s->returned, zl_returned, node);
    bool more = r->more && (r->node.next != &s->returned || s->rx_pipe);
    zl_view v = {.data = r->blob->data, .size = r->blob->size, .blob = r->blob, .more = more};
    int rc = sink->take (sink, &v);
    if (rc < 0)
        return rc;
    s->rx_more = more;
    zl_list_remove (&r->node);
    zl_blob_drop (r->blob);
    free (r);
    return more;
}

void zl_socket_abandon_message (zl_socket *s)
{
    zl_pipe *p = s->rx_pipe;
    if (!p)
        return;
    s->rx_pipe = NULL;
    s->rx_has_prefix = s->rx_more = false;
    zl_pipe_drop_head (p, ZL_DROP_UNEXPECTED);
    s->type->end (s, p);
    zl_pipe_read_done (p);
}

/* Whether the socket can receive at all. */
static int check_receiver (const zl_socket *s)
{
    int rc = zl_socket_check (s);
    return ZL_UNLIKELY (rc == 0 && !s->type->select) ? -ENOTSUP : rc;
}

/* Makes sure that a message is being received, or has been given back: 0 or a negative code. */
static int begin_message (zl_socket *s)
{
    if (s->rx_pipe || !zl_list_empty (&s->returned))
        return 0;
    zl_pipe *p;
    int rc = s->type->select (s, &p);
    if (rc == 0 && s->type->begin)
        rc = s->type->begin (s, p);
    if (rc == 0)
        s->rx_pipe = p;
    return rc;
}

/* The next frame, or the rest of the message: 1 if more frames follow, 0 if not. */
static int take_frames (zl_socket *s, zl_sink *sink, bool whole)
{
    int rc;
    do
        rc = ZL_LIKELY (zl_list_empty (&s->returned)) ? take_frame (s, sink) : take_returned (s, sink);
    while (whole && rc == 1);
    return rc;
}

static int receive_one (zl_socket *s, zl_sink *sink, bool whole)
{
    int rc = begin_message (s);
    return ZL_LIKELY (rc == 0) ? take_frames (s, sink, whole) : rc;
}

int zl_socket_recv (zl_socket *s, zl_sink *sink, bool whole)
{
    zl_socket_lock (s);
    int rc = check_receiver (s);
    if (ZL_LIKELY (rc == 0))
        rc = receive_one (s, sink, whole);
    zl_socket_fd_after_receive (s);
    zl_socket_unlock (s);
    return rc;
}

int zl_socket_recv_many (zl_socket *s, zl_sink *sink, unsigned max)
{
    zl_socket_lock (s);
    int rc = check_receiver (s);
    unsigned n = 0;
    for (; n < max && rc == 0; n += rc == 0)
        rc = receive_one (s, sink, true);
    zl_socket_fd_after_receive (s);
    zl_socket_unlock (s);
    return n ? (int) n : rc;
}

/* ---- into memory of the application ---- */

/* What is there. A message that does not fit stays whole. */
static int receive_into (zl_socket *s, zl_into *into, bool whole)
{
    int rc = check_receiver (s);
    if (rc == 0)
        rc = begin_message (s);
    if (rc == 0 && !zl_into_fits (into))
        return -EMSGSIZE;
    return rc < 0 ? rc : take_frames (s, &into->sink, whole);
}

int zl_socket_recv_into (zl_socket *s, zl_loan *loans, unsigned n, bool whole, zl_time deadline)
{
    zl_into into;
    bool mine = false;
    zl_socket_lock (s);
    zl_into_init (&into, s, loans, n, !whole);
    int rc = receive_into (s, &into, whole);
    while (rc == -EAGAIN && deadline) {
        rc = zl_socket_wait_for (s, ZL_POLLIN, deadline, &mine, &into);
        if (rc == 0)
            rc = -EAGAIN;
        if (rc < 0)
            break;
        rc = receive_into (s, &into, whole);
    }
    if (mine) {
        zl_into_end (&into);
        s->into = NULL;
        zl_socket_give_turn (s);
    }
    zl_socket_fd_after_receive (s);
    zl_socket_unlock (s);
    return rc < 0 ? rc : (int) into.got;
}

/* ---- memory for large bodies ---- */

size_t zl_socket_wants_spare (zl_socket *s)
{
    zl_socket_lock (s);
    size_t size = s->spare && s->spare->size == s->big_size ? 0 : s->big_size;
    zl_socket_unlock (s);
    return size;
}

void zl_socket_give_spare (zl_socket *s, zl_blob *b)
{
    zl_socket_lock (s);
    zl_blob *before = s->spare;
    s->spare = b;
    zl_socket_unlock (s);
    zl_blob_drop (before);
}

/* Takes *kept if it has this size, and else drops it. */
static zl_blob *take_kept (zl_blob **kept, size_t size)
{
    zl_blob *b = *kept;
    *kept = NULL;
    if (b && b->size == size)
        return b;
    zl_blob_drop (b);
    return NULL;
}

zl_blob *zl_socket_take_spare (zl_socket *s, size_t size)
{
    return take_kept (&s->spare, size);
}

zl_blob *zl_socket_take_sealed (zl_socket *s, size_t size)
{
    return take_kept (&s->sealed, size);
}

void zl_socket_give_sealed (zl_socket *s, zl_blob *b)
{
    zl_blob_drop (s->sealed);
    s->sealed = b;
}

/* ---- given back ---- */

/* A place behind all that were received before. */
static zl_node *place_of (zl_socket *s, uint64_t order)
{
    ZL_LIST_EACH (&s->returned, zl_returned, node, r)
        if (r->order > order)
            return &r->node;
    return &s->returned;
}

int zl_socket_put_back (zl_socket *s, const zl_msg *frames, unsigned n, bool more, uint64_t order)
{
    int rc = 0;
    zl_socket_lock (s);
    zl_node *place = place_of (s, order);
    for (unsigned i = 0; i < n && !s->closed && rc == 0; i++) {
        zl_returned *r = malloc (sizeof *r);
        zl_blob *b = r ? zl_msg_blob (&frames[i]) : NULL;
        if (!b) {
            free (r);
            rc = -ENOMEM;
            break;
        }
        *r = (zl_returned){.order = order, .blob = b, .more = i + 1 < n || more};
        zl_list_append (place, &r->node);
    }
    zl_socket_changed (s);
    zl_socket_unlock (s);
    return rc;
}

void zl_socket_drop_returned (zl_socket *s)
{
    ZL_LIST_EACH (&s->returned, zl_returned, node, r) {
        zl_list_remove (&r->node);
        zl_blob_drop (r->blob);
        free (r);
    }
}
