/* Who waits for a socket: the turn to wait on its poll set, the threads beside it, and the descriptor for those who wait elsewhere. */
#include <poll.h>
#include <sched.h>

#include "ctx.h"
#include "peer.h"
#include "socket_state.h"

typedef struct {
    zl_node node; /* in socket->waiters */
    zl_wake wake;
} waiter;

/* ---- the descriptor for those who wait elsewhere ---- */

void zl_socket_raise_fd (zl_socket *s)
{
    if (s->outer >= 0 && !s->fd_set) {
        s->fd_set = true;
        zl_wake_set (&s->fd_wake);
    }
}

static void lower_fd (zl_socket *s)
{
    if (s->fd_set) {
        s->fd_set = false;
        zl_wake_clear (&s->fd_wake);
    }
}

int zl_socket_fd (zl_socket *s)
{
    if (s->outer >= 0)
        return s->outer;
    zl_poller outer;
    int rc = zl_poller_init (&outer);
    if (rc < 0)
        return rc;
    rc = zl_wake_init (&s->fd_wake);
    if (rc == 0)
        rc = zl_poller_add (&outer, s->fd_wake.fd, ZL_READ, ZL_LEVEL, NULL);
    if (rc == 0)
        rc = zl_poller_add (&outer, s->client.set.fd, ZL_READ, ZL_LEVEL, NULL);
    if (rc < 0) {
        zl_wake_fini (&s->fd_wake);
        zl_poller_fini (&outer);
        return rc;
    }
    s->outer = outer.fd;
    if (zl_socket_events (s) || !zl_list_empty (&s->readable))
        zl_socket_raise_fd (s);
    return s->outer;
}

int zl_socket_fd_hold (zl_socket *s)
{
    int fd = zl_socket_fd (s);
    s->outer_users += fd >= 0;
    return fd;
}

void zl_socket_fd_drop (zl_socket *s)
{
    if (--s->outer_users == 0 && s->reaped)
        zl_socket_close_fd (s);
}

void zl_socket_close_fd (zl_socket *s)
{
    if (s->outer < 0)
        return;
    zl_poller outer = {s->outer};
    zl_poller_fini (&outer);
    s->outer = -1;
    zl_wake_fini (&s->fd_wake);
}

void zl_socket_update_fd (zl_socket *s)
{
    s->epoch++;
    if (s->rx_pipe || !zl_list_empty (&s->readable) || zl_socket_events (s) & ZL_POLLIN)
        zl_socket_raise_fd (s);
    else
        lower_fd (s);
}

/* ---- I/O: the turn is held ---- */

/* Reads once from each connection that may have something. */
static void read_readable (zl_socket *s)
{
    zl_node round;
    zl_list_init (&round);
    for (zl_node *n; (n = zl_list_pop (&s->readable));)
        zl_list_append (&round, n);
    while (!zl_list_empty (&round))
        zl_peer_read (s, zl_peer_of_readable (round.next));
    zl_socket_mind_pool (s);
}

/* Waits for events on the poll set. What is likely to come soon, an answer or more of a stream, is looked for without going to
 * sleep; whoever has to produce it may need this processor, and gets it. */
static int wait_on_set (zl_socket *s, zl_ready *ready, zl_time timeout, bool soon)
{
    if (timeout > ZL_SPIN_NS && soon && zl_spin_may (&s->spin)) {
        int n;
        zl_time until = zl_now () + ZL_SPIN_NS;
        while ((n = zl_poller_wait (&s->client.set, ready, ZL_EVENT_BATCH, 0)) == 0 && zl_now () < until)
            sched_yield ();
        zl_spin_done (&s->spin, n == 0);
        if (n != 0)
            return n;
    }
    return zl_poller_wait (&s->client.set, ready, ZL_EVENT_BATCH, timeout);
}

int zl_socket_io_step (zl_socket *s, zl_time timeout)
{
    zl_ready ready[ZL_EVENT_BATCH];
    if (!zl_list_empty (&s->readable))
        timeout = 0;
    s->asleep = timeout != 0;
    bool soon = s->answer_due || s->bulk;
    zl_socket_unlock (s);
    int n = wait_on_set (s, ready, timeout, soon);
    zl_socket_lock (s);
    s->asleep = false;
    for (int i = 0; i < n; i++) {
        zl_source *src = ready[i].data;
        if (src->fd >= 0)
            src->ready (s, src, ready[i].events);
    }
    read_readable (s);
    if (zl_flush_is_due (s))
        zl_flush_now (s);
    return n;
}

void zl_socket_sweep (zl_socket *s)
{
    for (zl_node *n; (n = zl_list_pop (&s->graves));)
        zl_peer_free (zl_peer_of_node (n));
    zl_endpoints_sweep (s);
}

static void take_turn (zl_socket *s)
{
    s->turn = true;
    s->epoch++;
    s->answer_due = !s->waited;
    s->waited = true;
}

void zl_socket_give_turn (zl_socket *s)
{
    s->turn = false;
    zl_socket_sweep (s);
    if (s->closed)
        zl_loop_post (&s->client);
    else if (!zl_list_empty (&s->readable) && s->arm != ZL_WATCHED)
        zl_loop_post (&s->client); /* no edge will tell of what was left unread: the reactor has to look */
    else if (s->arm == ZL_PARKED || (s->blocked && s->arm == ZL_WATCHED)) {
        s->arm = ZL_ARMED;
        zl_loop_arm (&s->client);
    }
    if (!zl_list_empty (&s->waiters))
        zl_socket_wake_waiters (s);
}

void zl_socket_wake_waiters (zl_socket *s)
{
    ZL_LIST_EACH (&s->waiters, waiter, node, w)
        zl_wake_set (&w->wake);
}

/* ---- what there is ---- */

int zl_socket_events (zl_socket *s)
{
    zl_pipe *p;
    int events = 0;
    if (!zl_list_empty (&s->returned) || (s->type->select && (s->rx_pipe || s->type->select (s, &p) == 0)))
        events |= ZL_POLLIN;
    if (s->type->can_send && (s->part_count || s->type->can_send (s) == 0))
        events |= ZL_POLLOUT;
    if (!s->stuck)
        events |= ZL_ROOM;
    return events;
}

int zl_socket_events_now (zl_socket *s)
{
    lower_fd (s);
    if (!s->turn) {
        take_turn (s);
        zl_socket_io_step (s, 0);
        zl_socket_give_turn (s);
    }
    if (!zl_list_empty (&s->readable))
        zl_socket_raise_fd (s);
    return zl_socket_events (s);
}

/* ---- blocking ---- */

static int doze (zl_socket *s, int timeout)
{
    zl_socket_unlock (s);
    int rc = poll (NULL, 0, timeout) < 0 ? -EINTR : 0;
    zl_socket_lock (s);
    return rc;
}

/* Sleeps beside the thread that has the turn: 0, or -EINTR. */
static int wait_aside (zl_socket *s, int timeout)
{
    waiter w;
    if (zl_wake_init (&w.wake) < 0) /* without a descriptor to sleep on it looks now and then */
        return doze (s, (int) ZL_MIN ((unsigned) timeout, 10u));
    zl_list_append (&s->waiters, &w.node);
    zl_socket_unlock (s);
    struct pollfd fd = {.fd = w.wake.fd, .events = POLLIN};
    int n = poll (&fd, 1, timeout);
    int rc = n < 0 ? -errno : 0;
    zl_socket_lock (s);
    zl_list_remove (&w.node);
    zl_wake_fini (&w.wake);
    if (s->closed && zl_list_empty (&s->waiters))
        zl_loop_post (&s->client);
    return rc;
}

int zl_socket_wait_for (zl_socket *s, int events, zl_time deadline, bool *mine, zl_into *into)
{
    bool looked = false;
    int rc;
    for (;;) {
        rc = zl_socket_check (s);
        if (rc == 0)
            rc = zl_socket_events (s) & events;
        if (rc != 0)
            break;
        zl_time now = deadline == ZL_NEVER ? 0 : zl_now ();
        if (looked && now >= deadline)
            break;
        looked = true;
        if (zl_flush_is_due (s)) {
            zl_flush_now (s); /* and look again: the mutex was released */
            continue;
        }
        if (!*mine && !s->turn) {
            take_turn (s);
            *mine = true;
            s->into = into;
        }
        rc = *mine ? zl_socket_io_step (s, zl_until (deadline, now)) : wait_aside (s, zl_ms_until (deadline, now));
        if (rc == -EINTR)
            break;
    }
    return rc;
}

int zl_socket_wait (zl_socket *s, int events, zl_time deadline)
{
    bool mine = false;
    zl_socket_lock (s);
    int rc = zl_socket_wait_for (s, events, deadline, &mine, NULL);
    if (mine)
        zl_socket_give_turn (s);
    zl_socket_unlock (s);
    return rc;
}

static int64_t unsent (zl_socket *s)
{
    int64_t n = 0;
    ZL_LIST_EACH (&s->pipes, zl_pipe, node, p)
        n += (int64_t) p->out.msgs;
    for (zl_node *i = s->peers.next; i != &s->peers; i = i->next)
        n += (int64_t) zl_peer_unsent (zl_peer_of_node (i));
    return n;
}

int64_t zl_socket_drain (zl_socket *s, zl_time deadline)
{
    zl_socket_lock (s);
    int64_t rc;
    s->draining++;
    for (;;) {
        rc = zl_socket_check (s);
        if (rc == 0)
            rc = unsent (s);
        zl_time now = zl_now ();
        if (rc <= 0 || now >= deadline)
            break;
        rc = wait_aside (s, zl_ms_until (deadline, now));
        if (rc < 0)
            break;
    }
    s->draining--;
    zl_socket_unlock (s);
    return rc;
}
