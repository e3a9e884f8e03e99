/* Moves messages between two sockets without coming back to the application. A message is taken only when the other side can
 * be sent to, so that the senders feel its back pressure. */
#include <stdlib.h>
#include <string.h>

#include "pollset.h"
#include "proxy.h"

enum { BURST = 1000 };

/* ---- one message ---- */

/* Gathers the frames of one message; bodies in blocks are referenced, others copied into `bytes`. */
typedef struct {
    zl_sink sink;
    zl_msg *frames; /* the first is kept free for the mark of a copy */
    unsigned count, cap;
    uint8_t *bytes;
    size_t used, room;
} gathered;

static int gather (zl_sink *sink, const zl_view *v)
{
    gathered *g = ZL_CONTAINER (sink, gathered, sink);
    if (g->count == g->cap) {
        unsigned cap = g->cap ? g->cap * 2 : 8;
        zl_msg *grown = realloc (g->frames, cap * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        g->frames = grown;
        g->cap = cap;
    }
    zl_msg *m = &g->frames[g->count];
    if (v->blob)
        *m = (zl_msg){v->data, v->size, zl_blob_hold (v->blob)};
    else {
        if (g->used + v->size > g->room) {
            size_t room = (g->used + v->size) * 2;
            uint8_t *grown = realloc (g->bytes, room);
            if (!grown)
                return -ENOMEM;
            g->bytes = grown;
            g->room = room;
        }
        if (v->size)
            memcpy (g->bytes + g->used, v->data, v->size);
        *m = (zl_msg){NULL, v->size, NULL}; /* where it lies is known once the buffer has stopped moving */
        g->used += v->size;
    }
    g->count++;
    return 0;
}

static int gather_message (gathered *g, zl_socket *from)
{
    static const zl_view mark = {0};
    int rc = gather (&g->sink, &mark);
    return rc < 0 ? rc : zl_socket_recv (from, &g->sink, true);
}

static void place (gathered *g)
{
    uint8_t *at = g->bytes;
    for (unsigned i = 1; i < g->count; i++)
        if (!g->frames[i].blob) {
            g->frames[i].data = at;
            at += g->frames[i].size;
        }
}

static void forget (gathered *g)
{
    for (unsigned i = 1; i < g->count; i++)
        zl_blob_drop (g->frames[i].blob);
    g->count = 0;
    g->used = 0;
}

static size_t octets (const gathered *g)
{
    size_t sum = 0;
    for (unsigned i = 1; i < g->count; i++)
        sum += g->frames[i].size;
    return sum;
}

/* Sends frames as one message; waits if the other side has no room after all. */
static int deliver (const zl_msg *frames, unsigned n, zl_socket *to)
{
    for (;;) {
        int rc = zl_socket_send (to, frames, n, 0);
        if (rc == 1)
            zl_socket_flush_now (to);
        if (rc != -EAGAIN)
            return rc < 0 ? rc : 0;
        rc = zl_socket_wait (to, ZL_ROOM, ZL_NEVER);
        if (rc < 0)
            return rc;
    }
}

/* ---- both ways ---- */

/* What has passed one socket. */
typedef struct {
    uint64_t received, received_octets, sent, sent_octets; /* frames, not messages: as libzmq counts */
} traffic;

typedef struct {
    const zl_proxy_config *config;
    gathered message;
    zl_pollset *set;
    traffic front, back;
    int front_wait, back_wait; /* events that the set waits for */
    bool paused, done;
} proxy;

/* What holds of s, without any I/O. */
static int events_of (zl_socket *s, int *events)
{
    zl_socket_lock (s);
    int rc = zl_socket_check (s);
    *events = rc == 0 ? zl_socket_events (s) : 0;
    zl_socket_unlock (s);
    return rc;
}

static int copy_to_capture (gathered *g, zl_socket *capture, zl_slice mark)
{
    if (!capture)
        return 0;
    if (!mark.p)
        return deliver (g->frames + 1, g->count - 1, capture);
    g->frames[0] = (zl_msg){mark.p, mark.n, NULL};
    return deliver (g->frames, g->count, capture);
}

static void swap_ids (gathered *g)
{
    if (g->count < 3)
        return;
    zl_msg first = g->frames[1];
    g->frames[1] = g->frames[2];
    g->frames[2] = first;
}

/* Moves messages one way while both sides are ready, up to a burst: how many, or a negative code. */
static int move (proxy *p, bool forth)
{
    const zl_proxy_config *c = p->config;
    gathered *g = &p->message;
    zl_socket *from = forth ? c->front : c->back, *to = forth ? c->back : c->front;
    traffic *in = forth ? &p->front : &p->back, *out = forth ? &p->back : &p->front;
    int moved = 0, events;
    while (moved < BURST) {
        int rc = events_of (to, &events);
        if (rc < 0)
            return rc;
        if (!(events & ZL_POLLOUT) && from != to) /* one that answers itself can send when it has received */
            break;
        rc = gather_message (g, from);
        place (g);
        if (rc == 0) {
            in->received += g->count - 1;
            in->received_octets += octets (g);
            if (c->swap_ids)
                swap_ids (g);
            rc = copy_to_capture (g, c->capture, forth ? c->front_mark : c->back_mark);
        }
        if (rc == 0)
            rc = deliver (g->frames + 1, g->count - 1, to);
        if (rc == 0) {
            out->sent += g->count - 1;
            out->sent_octets += octets (g);
        }
        forget (g);
        if (rc == -EAGAIN || rc == -ZL_EFSM)
            break;
        if (rc < 0)
            return rc;
        moved++;
    }
    return moved;
}

static int move_both_ways (proxy *p)
{
    int there = move (p, true);
    int back = there < 0 || p->config->front == p->config->back ? 0 : move (p, false);
    return there < 0 ? there : back < 0 ? back : there + back;
}

/* ---- steering ---- */

static bool is_command (const gathered *g, const char *command)
{
    return g->count == 2 && g->frames[1].size == strlen (command) &&
           memcmp (g->frames[1].data, command, g->frames[1].size) == 0;
}

/* Without waiting: who asks and does not listen, or cannot be answered, shall not hold up the proxy. */
static int answer (zl_socket *control, const zl_msg *frames, unsigned n)
{
    int rc = zl_socket_send (control, frames, n, 0);
    if (rc == 1)
        zl_socket_flush_now (control);
    return rc > 0 || rc == -EAGAIN || rc == -ENOTSUP ? 0 : rc;
}

static int send_statistics (proxy *p)
{
    const traffic all[] = {p->front, p->back};
    zl_msg frames[sizeof all / (sizeof (uint64_t))];
    for (unsigned i = 0; i < ZL_LEN (frames); i++)
        frames[i] = (zl_msg){(const uint8_t *) all + i * sizeof (uint64_t), sizeof (uint64_t), NULL};
    return answer (p->config->control, frames, ZL_LEN (frames));
}

/* One command, if one is there: 0 or a negative code. What is no command changes nothing, but a REP answers it. */
static int obey (proxy *p)
{
    static const zl_msg empty = {0};
    zl_socket *control = p->config->control;
    gathered *g = &p->message;
    if (!control)
        return 0;
    int rc = gather_message (g, control);
    place (g);
    bool wants_statistics = false;
    if (rc == 0) {
        wants_statistics = is_command (g, "STATISTICS");
        if (is_command (g, "PAUSE"))
            p->paused = true;
        else if (is_command (g, "RESUME"))
            p->paused = false;
        else if (is_command (g, "TERMINATE"))
            p->done = true;
    }
    forget (g);
    if (rc < 0)
        return rc == -EAGAIN ? 0 : rc;
    if (wants_statistics)
        rc = send_statistics (p);
    else if (control->type->id == ZL_REP)
        rc = answer (control, &empty, 1);
    return rc;
}

static int wait_for (proxy *p, zl_socket *s, int *now, int events)
{
    if (*now == events)
        return 0;
    *now = events;
    zl_pollset_remove (p->set, s, -1);
    return events ? zl_pollset_add (p->set, s, -1, events, s) : 0;
}

/* Nothing could be moved: waits for input where there is none, and where there is, for room on the other side. */
static int watch_sides (proxy *p)
{
    const zl_proxy_config *c = p->config;
    int front = 0, back = 0;
    int rc = events_of (c->front, &front);
    if (rc == 0)
        rc = events_of (c->back, &back);
    if (rc < 0)
        return rc;
    if (c->front == c->back)
        return wait_for (p, c->front, &p->front_wait, ZL_POLLIN);
    rc = wait_for (p, c->front, &p->front_wait, (front & ZL_POLLIN ? 0 : ZL_POLLIN) | (back & ZL_POLLIN ? ZL_POLLOUT : 0));
    if (rc == 0)
        rc = wait_for (p, c->back, &p->back_wait, (back & ZL_POLLIN ? 0 : ZL_POLLIN) | (front & ZL_POLLIN ? ZL_POLLOUT : 0));
    return rc;
}

/* Waits until there is something to do: 0 or a negative code. */
static int wait_for_work (proxy *p)
{
    const zl_proxy_config *c = p->config;
    zl_polled ready[3];
    if (p->paused) {
        int rc = zl_socket_wait (c->control, ZL_POLLIN, ZL_NEVER);
        return ZL_MIN (rc, 0);
    }
    int rc = watch_sides (p);
    if (rc < 0)
        return rc;
    zl_socket_flush_idle (c->front);
    zl_socket_flush_idle (c->back);
    rc = zl_pollset_wait (p->set, ready, ZL_LEN (ready), ZL_NEVER);
    return ZL_MIN (rc, 0);
}

static int open_set (proxy *p)
{
    const zl_proxy_config *c = p->config;
    int events, rc = c->capture ? events_of (c->capture, &events) : 0;
    if (rc == 0)
        rc = zl_pollset_open (&p->set);
    if (rc == 0 && c->control)
        rc = zl_pollset_add (p->set, c->control, -1, ZL_POLLIN, c->control);
    return rc;
}

int zl_proxy (const zl_proxy_config *config)
{
    proxy p = {.config = config, .message.sink.take = gather};
    int rc = open_set (&p);
    while (rc >= 0 && !p.done) {
        int moved = p.paused ? 0 : move_both_ways (&p);
        rc = moved < 0 ? moved : obey (&p);
        if (rc >= 0 && !moved && !p.done)
            rc = wait_for_work (&p);
        if (rc == -EINTR && !config->interrupted ())
            rc = 0;
    }
    free (p.message.frames);
    free (p.message.bytes);
    if (p.set)
        zl_pollset_free (p.set);
    return ZL_MIN (rc, 0);
}
