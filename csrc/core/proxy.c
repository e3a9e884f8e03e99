/* Moves messages between two sockets without coming back to the application. A message is taken only when the other side can
 * be sent to, so that the senders feel its back pressure. */
#include <stdlib.h>
#include <string.h>

#include "pollset.h"
#include "proxy.h"

enum { BURST = 1000 };

/* Gathers the frames of one message; bodies in blocks are referenced, others copied into `bytes`. */
typedef struct {
    zl_sink sink;
    zl_msg *frames;
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

static void place (gathered *g)
{
    uint8_t *at = g->bytes;
    for (unsigned i = 0; i < g->count; i++)
        if (!g->frames[i].blob) {
            g->frames[i].data = at;
            at += g->frames[i].size;
        }
}

static void forget (gathered *g)
{
    for (unsigned i = 0; i < g->count; i++)
        zl_blob_drop (g->frames[i].blob);
    g->count = 0;
    g->used = 0;
}

/* Sends what was gathered; waits if the other side has no room after all. */
static int deliver (gathered *g, zl_socket *to)
{
    for (;;) {
        int rc = zl_socket_send (to, g->frames, g->count, 0);
        if (rc == 1)
            zl_socket_flush_now (to);
        if (rc != -EAGAIN)
            return rc < 0 ? rc : 0;
        rc = zl_socket_wait (to, ZL_POLLOUT, ZL_NEVER);
        if (rc < 0)
            return rc;
    }
}

/* What holds of s, without any I/O. */
static int events_of (zl_socket *s, int *events)
{
    zl_socket_lock (s);
    int rc = zl_socket_check (s);
    *events = rc == 0 ? zl_socket_events (s) : 0;
    zl_socket_unlock (s);
    return rc;
}

/* Moves messages one way while both sides are ready, up to a burst: how many, or a negative code. */
static int move (gathered *g, zl_socket *from, zl_socket *to, zl_socket *capture)
{
    int moved = 0, events;
    while (moved < BURST) {
        int rc = events_of (to, &events);
        if (rc < 0)
            return rc;
        if (!(events & ZL_POLLOUT))
            break;
        rc = zl_socket_recv (from, &g->sink, true);
        place (g);
        if (rc == 0 && capture)
            rc = deliver (g, capture);
        if (rc == 0)
            rc = deliver (g, to);
        forget (g);
        if (rc == -EAGAIN || rc == -ZL_EFSM)
            break;
        if (rc < 0)
            return rc;
        moved++;
    }
    return moved;
}

int zl_proxy (zl_socket *front, zl_socket *back, zl_socket *capture)
{
    gathered g = {.sink.take = gather};
    zl_pollset *set;
    int rc = zl_pollset_open (&set);
    if (rc < 0)
        return rc;
    rc = zl_pollset_add (set, front, -1, ZL_POLLIN, front);
    if (rc == 0 && back != front)
        rc = zl_pollset_add (set, back, -1, ZL_POLLIN, back);
    while (rc >= 0) {
        int there = move (&g, front, back, capture);
        int back_again = there < 0 || front == back ? 0 : move (&g, back, front, capture);
        rc = there < 0 ? there : back_again;
        if (rc < 0 || there || back_again)
            continue;
        zl_socket_flush_idle (front);
        zl_socket_flush_idle (back);
        zl_polled ready[2];
        rc = zl_pollset_wait (set, ready, 2, ZL_NEVER);
        if (rc <= 0)
            continue;
        /* Input that cannot be passed on: wait for room on the other side, not for input again. */
        int events;
        zl_socket *from = ready[0].tag, *to = from == front ? back : front;
        rc = events_of (to, &events);
        if (rc == 0 && !(events & ZL_POLLOUT))
            rc = zl_socket_wait (to, ZL_POLLOUT, zl_deadline (100));
    }
    free (g.frames);
    free (g.bytes);
    zl_pollset_free (set);
    return rc;
}
