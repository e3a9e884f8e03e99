/* A socket without its type: who waits, who writes, how it closes. The header tells the rules. */
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "ctx.h"
#include "inproc.h"
#include "into.h"
#include "peer.h"
#include "socket.h"

/* When the reactor looks again at a socket that application threads wait on: soon at first, less often while they keep
 * coming back. Output that is stuck does not wait for that (give_turn). */
#define LOOK_FIRST ZL_MS
#define LOOK_LAST (8 * ZL_MS)
#define TIDY (1000 * ZL_MS)
enum { EVENT_BATCH = 64, REACTOR_ROUNDS = 16 };

typedef struct {
    zl_node node; /* in socket->waiters */
    zl_wake wake;
} waiter;

/* ---- telling ---- */

void zl_socket_unlock_and_tell (zl_socket *s)
{
    while (s->news) {
        s->news = false;
        for (zl_node *n; (n = zl_list_pop (&s->touches));) {
            zl_unlock (&s->mu);
            zl_link_touch (n);
            zl_lock (&s->mu);
        }
        for (zl_node *n; (n = zl_list_pop (&s->questions));) {
            zl_unlock (&s->mu);
            zl_inproc_ask_now (n);
            zl_lock (&s->mu);
        }
        zl_monitor_send (s);
    }
    zl_unlock (&s->mu);
}

static void wake_waiters (zl_socket *s)
{
    ZL_LIST_EACH (&s->waiters, waiter, node, w)
        zl_wake_set (&w->wake);
}

static void raise_fd (zl_socket *s)
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

void zl_socket_changed (zl_socket *s)
{
    s->stuck = false;
    if (s->asleep && !s->woken) {
        s->woken = true;
        zl_wake_set (&s->wake);
    }
    if (!zl_list_empty (&s->waiters))
        wake_waiters (s);
    ZL_LIST_EACH (&s->watchers, zl_watcher, node, w)
        w->changed (w);
    raise_fd (s);
}

static void on_wake (zl_socket *s, zl_source *src, unsigned events)
{
    (void) src;
    (void) events;
    s->woken = false;
    zl_wake_clear (&s->wake);
}

/* ---- timers ---- */

static void tell_deadline (zl_socket *s)
{
    zl_time min = zl_heap_min (&s->timers);
    if (min != s->timers_told && !s->reaped) {
        s->timers_told = min;
        zl_loop_deadline (&s->client, min);
    }
}

void zl_socket_alarm (zl_socket *s, zl_alarm *a, zl_time at)
{
    zl_timer_start (&s->timers, &a->timer, at);
    if (at == ZL_NEVER)
        zl_timer_stop (&s->timers, &a->timer);
    tell_deadline (s);
}

static void run_alarms (zl_socket *s)
{
    zl_time now = zl_now ();
    s->timers_told = ZL_NEVER;
    while (s->timers.root && s->timers.root->at <= now) {
        zl_alarm *a = ZL_CONTAINER (s->timers.root, zl_alarm, timer);
        zl_timer_stop (&s->timers, &a->timer);
        a->fire (s, a);
    }
    tell_deadline (s);
}

/* ---- I/O: the turn is held ---- */

int zl_socket_watch (zl_socket *s, zl_source *src, unsigned events)
{
    return zl_poller_add (&s->client.set, src->fd, events, ZL_LEVEL, src);
}

void zl_socket_unwatch (zl_socket *s, zl_source *src)
{
    if (src->fd >= 0)
        zl_poller_del (&s->client.set, src->fd);
    src->fd = -1;
}

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
        while ((n = zl_poller_wait (&s->client.set, ready, EVENT_BATCH, 0)) == 0 && zl_now () < until)
            sched_yield ();
        zl_spin_done (&s->spin, n == 0);
        if (n != 0)
            return n;
    }
    return zl_poller_wait (&s->client.set, ready, EVENT_BATCH, timeout);
}

/* Waits for events up to timeout ms, handles them, reads and writes. How many events there were, or -EINTR. */
static int io_step (zl_socket *s, zl_time timeout)
{
    zl_ready ready[EVENT_BATCH];
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

static void sweep (zl_socket *s)
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

static void give_turn (zl_socket *s)
{
    s->turn = false;
    sweep (s);
    if (s->closed)
        zl_loop_post (&s->client);
    else if (!zl_list_empty (&s->readable) && s->arm != ZL_WATCHED)
        zl_loop_post (&s->client); /* no edge will tell of what was left unread: the reactor has to look */
    else if (s->arm == ZL_PARKED || (s->blocked && s->arm == ZL_WATCHED)) {
        s->arm = ZL_ARMED;
        zl_loop_arm (&s->client);
    }
    if (!zl_list_empty (&s->waiters))
        wake_waiters (s);
}

/* ---- the reactor's side ---- */

static void watch (zl_socket *s)
{
    s->look_in = s->arm == ZL_WATCHED ? ZL_MIN (2 * s->look_in, LOOK_LAST) : LOOK_FIRST;
    s->arm = ZL_WATCHED;
    s->seen_epoch = s->epoch;
    zl_socket_alarm (s, &s->look, zl_now () + s->look_in);
}

static void reactor_io (zl_socket *s)
{
    s->turn = true;
    int rounds = 0;
    while ((io_step (s, 0) == EVENT_BATCH || !zl_list_empty (&s->readable)) && ++rounds < REACTOR_ROUNDS)
        ; /* arming it tells of whatever else has come meanwhile */
    s->turn = false;
    sweep (s);
    if (!zl_list_empty (&s->waiters))
        wake_waiters (s);
    if (!zl_list_empty (&s->readable)) {
        watch (s);
        zl_loop_post (&s->client);
        return;
    }
    s->arm = ZL_ARMED;
    zl_loop_arm (&s->client);
}

static void look_again (zl_socket *s, zl_alarm *a)
{
    (void) a;
    if (s->arm != ZL_WATCHED)
        return;
    if (s->epoch != s->seen_epoch)
        watch (s);
    else if (s->turn)
        s->arm = ZL_PARKED;
    else
        reactor_io (s);
}

void zl_socket_tidy_later (zl_socket *s)
{
    zl_socket_alarm (s, &s->tidy, zl_now () + TIDY);
}

static void tidy_up (zl_socket *s, zl_alarm *a)
{
    (void) a;
    if (zl_pool_tidy (&s->pool))
        zl_socket_tidy_later (s);
}

static void linger_passed (zl_socket *s, zl_alarm *a)
{
    (void) a;
    s->linger_over = true;
}

static void close_outer (zl_socket *s)
{
    if (s->outer < 0)
        return;
    zl_poller outer = {s->outer};
    zl_poller_fini (&outer);
    s->outer = -1;
    zl_wake_fini (&s->fd_wake);
}

/* The outer descriptor stays, and stays readable, while a poll set has it: closing it would take the news away from whoever
 * waits there. */
static void close_descriptors (zl_socket *s)
{
    if (!s->outer_users)
        close_outer (s);
    zl_wake_fini (&s->wake);
    zl_poller_fini (&s->client.set);
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
        close_outer (s);
}

/* One attempt to get a closed socket further on its way; runs after everything the reactor does to it. True once it is off
 * the loop, and the caller drops the reference of the context. */
static bool closing_step (zl_socket *s)
{
    zl_endpoints_finish (s, s->linger_over);
    for (zl_node *n = s->peers.next, *next; n != &s->peers; n = next) {
        zl_peer *p = zl_peer_of_node (n);
        next = n->next;
        if (zl_endpoint_is_listener (zl_peer_endpoint (p)) && (s->linger_over || zl_peer_flushed (p)))
            zl_peer_end (s, p, ZL_CLOSE_LOCAL);
    }
    if (s->turn)
        return false; /* give_turn() posts us again */
    sweep (s);
    if (!zl_list_empty (&s->peers) || !zl_list_empty (&s->endpoints) || !zl_list_empty (&s->waiters) ||
        s->flush.busy)
        return false;
    ZL_ASSERT (zl_list_empty (&s->pipes));
    s->reaped = true;
    zl_loop_remove (&s->client);
    close_descriptors (s);
    return true;
}

/* On the thread of the reactor that is left. False: the other one could not take it, and it stays. */
static bool change_reactor (zl_socket *s)
{
    zl_loop *to = s->move_to;
    s->move_to = NULL;
    if (zl_loop_move (&s->client, to) < 0)
        return false;
    s->arm = ZL_ARMED;
    s->timers_told = ZL_NEVER;
    tell_deadline (s);
    zl_loop_post (&s->client); /* whatever the old one was told of */
    return true;
}

static void service (zl_client *c, unsigned why)
{
    zl_socket *s = ZL_CONTAINER (c, zl_socket, client);
    zl_socket_lock (s);
    if (s->move_to && change_reactor (s)) {
        zl_socket_unlock (s);
        return;
    }
    if (why & ZL_WHY_TIMER) {
        run_alarms (s);
        if (!s->flush.streaming)
            zl_flush_later (s); /* a connection made anew has its greeting to send */
    }
    if (why & ZL_WHY_POSTED)
        zl_flush_posted (s);
    if (why & ZL_WHY_READY) {
        if (s->turn || s->epoch != s->seen_epoch)
            watch (s);
        else
            reactor_io (s);
    } else if (!zl_list_empty (&s->readable) && s->arm != ZL_WATCHED)
        watch (s);
    bool done = s->closed && closing_step (s);
    zl_socket_unlock (s);
    if (done) {
        zl_ctx_reaped (s);
        zl_socket_drop (s);
    }
}

/* ---- life ---- */

int zl_socket_open (zl_ctx *ctx, zl_loop *loop, const zl_type *type, zl_socket **out)
{
    zl_socket *s = calloc (1, sizeof *s);
    if (!s)
        return -ENOMEM;
    s->ctx = ctx;
    s->type = type;
    atomic_init (&s->refs, 2); /* the handle's and the context's */
    s->outer = s->wake.fd = s->wake.write = s->fd_wake.fd = s->fd_wake.write = -1;
    zl_node *const lists[] = {&s->waiters, &s->endpoints, &s->peers, &s->pipes,   &s->readable,
                              &s->dirty,   &s->graves,    &s->touches, &s->ctx_node, &s->monitor.queue,
                              &s->returned, &s->questions, &s->watchers};
    for (unsigned i = 0; i < ZL_LEN (lists); i++)
        zl_list_init (lists[i]);
    zl_options_init (&s->opt);
    s->opt.linger = type->default_linger;
    s->max_frame = SIZE_MAX;
    s->timers_told = ZL_NEVER;
    s->look.fire = look_again;
    s->tidy.fire = tidy_up;
    s->linger.fire = linger_passed;
    zl_timer_init (&s->look.timer);
    zl_timer_init (&s->tidy.timer);
    zl_timer_init (&s->linger.timer);
    zl_flush_init (&s->flush);
    s->client.service = service;
    s->client.set.fd = -1;

    int rc = 0;
    if (type->size && !(s->priv = calloc (1, type->size)))
        rc = -ENOMEM;
    if (rc == 0)
        rc = zl_poller_init (&s->client.set);
    if (rc == 0)
        rc = zl_wake_init (&s->wake);
    s->wake_source = (zl_source){.fd = s->wake.fd, .ready = on_wake};
    if (rc == 0)
        rc = zl_socket_watch (s, &s->wake_source, ZL_READ);
    if (rc == 0 && type->init)
        rc = type->init (s);
    if (rc == 0) {
        zl_mutex_init (&s->mu);
        s->arm = ZL_ARMED;
        rc = zl_loop_add (loop, &s->client);
        if (rc == 0) {
            *out = s;
            return 0;
        }
        zl_mutex_fini (&s->mu);
        if (type->fini)
            type->fini (s);
    }
    zl_wake_fini (&s->wake);
    zl_poller_fini (&s->client.set);
    free (s->priv);
    free (s);
    return rc;
}

static void drop_returned (zl_socket *s)
{
    ZL_LIST_EACH (&s->returned, zl_returned, node, r) {
        zl_list_remove (&r->node);
        zl_blob_drop (r->blob);
        free (r);
    }
}

static void drop_parts (zl_socket *s)
{
    for (unsigned i = 0; i < s->part_count; i++)
        zl_blob_drop (s->parts[i].blob);
    s->part_count = 0;
}

void zl_socket_drop (zl_socket *s)
{
    if (!zl_drop (&s->refs))
        return;
    zl_ctx *ctx = s->ctx;
    if (s->type->fini)
        s->type->fini (s);
    zl_options_fini (&s->opt);
    free (s->parts);
    zl_blob_drop (s->spare);
    zl_blob_drop (s->sealed);
    zl_pool_fini (&s->pool);
    close_descriptors (s);
    zl_mutex_fini (&s->mu);
    free (s->priv);
    free (s);
    zl_ctx_drop (ctx);
}

int zl_socket_close (zl_socket *s, int linger_ms, bool set_linger)
{
    zl_socket_lock (s);
    if (s->closed) {
        zl_socket_unlock (s);
        return -ENOTSOCK;
    }
    s->closed = true;
    if (set_linger)
        s->opt.linger = linger_ms;
    s->rx_pipe = NULL;
    drop_parts (s);
    drop_returned (s);
    zl_endpoints_stop_listening (s);
    zl_inproc_close (s);
    for (zl_node *n = s->pipes.next, *next; n != &s->pipes; n = next) {
        next = n->next;
        zl_pipe_leave (ZL_CONTAINER (n, zl_pipe, node));
    }
    zl_monitor_stop (s);
    if (s->opt.linger == 0)
        s->linger_over = true;
    else if (s->opt.linger > 0)
        zl_socket_alarm (s, &s->linger, zl_deadline (s->opt.linger));
    zl_endpoints_finish (s, s->linger_over); /* what has nothing to send makes no new connection from now on */
    zl_socket_changed (s);
    zl_loop_post (&s->client);
    zl_socket_unlock (s);
    zl_ctx_forget_names (s); /* no bind can add one any more */
    return 0;
}

void zl_socket_terminate (zl_socket *s)
{
    zl_socket_lock (s);
    s->terminated = true;
    zl_socket_changed (s);
    zl_socket_unlock (s);
}

int zl_socket_check (const zl_socket *s)
{
    if (ZL_UNLIKELY (s->closed))
        return -ENOTSOCK;
    if (ZL_UNLIKELY (s->terminated))
        return -ZL_ETERM;
    return 0;
}

/* ---- endpoints ---- */

int zl_socket_place (zl_socket *s)
{
    zl_loop *loop = zl_ctx_loop (s->ctx, (uint64_t) s->opt.affinity, s->client.loop);
    if (!loop)
        return -ZL_EMTHREAD;
    if (!s->placed && loop != s->client.loop) {
        s->move_to = loop;
        zl_loop_post (&s->client);
    }
    s->placed = true;
    return 0;
}

/* The transport of an endpoint that is not inproc, and what follows its scheme; NULL and why. */
static const zl_transport *transport_for (const char *endpoint, const char **address, int *rc)
{
    *rc = -EINVAL;
    return strlen (endpoint) < ZL_ENDPOINT_MAX ? zl_transport_of (endpoint, address, rc) : NULL;
}

int zl_socket_bind (zl_socket *s, const char *endpoint)
{
    const char *address;
    int rc;
    if (zl_is_inproc (endpoint))
        return zl_inproc_bind (s, endpoint);
    const zl_transport *t = transport_for (endpoint, &address, &rc);
    return t ? zl_endpoint_bind (s, t, address) : rc;
}

int zl_socket_connect (zl_socket *s, const char *endpoint)
{
    const char *address;
    int rc;
    if (zl_is_inproc (endpoint))
        return zl_inproc_connect (s, endpoint);
    const zl_transport *t = transport_for (endpoint, &address, &rc);
    return t ? zl_endpoint_connect (s, t, endpoint, address) : rc;
}

/* Ends every endpoint of that name: 0 or -ENOENT. */
static int close_endpoints (zl_socket *s, const char *text)
{
    int rc = -ENOENT;
    for (zl_endpoint *e; (e = zl_endpoint_find (s, text)); rc = 0)
        zl_endpoint_close (s, e, s->opt.linger);
    if (!s->turn)
        sweep (s);
    return rc;
}

/* The same for whatever a name stands for; the mutex is not held, as this may look it up. */
static int close_aliases (zl_socket *s, const zl_transport *t, const char *address)
{
    zl_addr addrs[ZL_LOOKUP_MAX];
    zl_net_options net = {.ipv6 = false};
    zl_socket_lock (s);
    net.ipv6 = s->opt.ipv6;
    zl_socket_unlock (s);
    int n = t->aliases (address, &net, addrs, ZL_LOOKUP_MAX), rc = -ENOENT;
    zl_socket_lock (s);
    for (int i = 0; i < n && rc == -ENOENT; i++) {
        char text[ZL_ENDPOINT_MAX];
        zl_addr_text (&addrs[i], text, sizeof text);
        rc = close_endpoints (s, text);
    }
    zl_socket_unlock (s);
    return rc;
}

int zl_socket_unbind (zl_socket *s, const char *endpoint)
{
    const char *address;
    int rc = -ENOENT;
    if (zl_is_inproc (endpoint))
        return zl_inproc_unbind (s, endpoint);
    const zl_transport *t = zl_transport_of (endpoint, &address, &rc);
    zl_socket_lock (s);
    int state = zl_socket_check (s);
    if (state < 0)
        rc = state;
    else if (t)
        rc = close_endpoints (s, endpoint);
    zl_socket_unlock (s);
    return rc == -ENOENT && t && t->aliases ? close_aliases (s, t, address) : rc;
}

/* ---- sending ---- */

void zl_socket_flush_now (zl_socket *s)
{
    zl_socket_lock (s);
    zl_flush_now (s);
    if (s->closed && !s->reaped)
        zl_loop_post (&s->client);
    zl_socket_unlock (s);
}

void zl_socket_flush_idle (zl_socket *s)
{
    zl_socket_lock (s);
    if (zl_flush_is_due (s))
        zl_flush_now (s);
    zl_socket_unlock (s);
}

/* Keeps frames that more will follow. */
static int stash (zl_socket *s, const zl_msg *frames, unsigned n)
{
    int rc = s->part_count ? 0 : s->type->can_send (s);
    if (rc == 0 && !s->part_count && s->type->check_first)
        rc = s->type->check_first (s, frames);
    if (rc < 0)
        return rc;
    if (s->part_count + n > s->part_cap) {
        unsigned cap = ZL_MAX (s->part_cap * 2, s->part_count + n + 8);
        zl_msg *grown = realloc (s->parts, cap * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        s->parts = grown;
        s->part_cap = cap;
    }
    for (unsigned i = 0; i < n; i++) {
        zl_blob *b = zl_msg_blob (&frames[i]);
        if (!b) {
            while (i--)
                zl_blob_drop (s->parts[--s->part_count].blob);
            return -ENOMEM;
        }
        s->parts[s->part_count++] = (zl_msg){frames[i].blob ? frames[i].data : b->data, frames[i].size, b};
    }
    return 0;
}

/* The frames kept so far and these, as one message. */
static int send_with_parts (zl_socket *s, const zl_msg *frames, unsigned n)
{
    unsigned before = s->part_count;
    int rc = stash (s, frames, n);
    if (rc < 0)
        return rc;
    rc = s->type->send (s, s->parts, s->part_count);
    if (rc == -EAGAIN || rc == -ENOMEM) /* may be tried again with the same frames */
        while (s->part_count > before)
            zl_blob_drop (s->parts[--s->part_count].blob);
    else
        drop_parts (s);
    return rc;
}

/* Whether the socket can send at all. */
static int check_sender (const zl_socket *s)
{
    int rc = zl_socket_check (s);
    return ZL_UNLIKELY (rc == 0 && !s->type->send) ? -ENOTSUP : rc;
}

/* 0 when the message, or with SNDMORE a part of it, has been taken. */
static int send_one (zl_socket *s, const zl_msg *frames, unsigned n, int flags)
{
    for (unsigned i = 0; i < n; i++)
        if (ZL_UNLIKELY (frames[i].size > s->max_frame))
            return -EMSGSIZE;
    unsigned whole = s->type->frames_per_message;
    if (ZL_UNLIKELY (flags & ZL_SNDMORE) && !(whole && s->part_count + n >= whole))
        return stash (s, frames, n);
    int rc = ZL_LIKELY (!s->part_count) ? s->type->send (s, frames, n) : send_with_parts (s, frames, n);
    if (ZL_LIKELY (rc == 0))
        s->stats.sent++;
    return rc;
}

int zl_socket_send (zl_socket *s, const zl_msg *frames, unsigned n, int flags)
{
    zl_socket_lock (s);
    uint64_t before = s->stats.sent;
    int rc = check_sender (s);
    if (ZL_LIKELY (rc == 0))
        rc = send_one (s, frames, n, flags);
    if (ZL_LIKELY (rc == 0 && s->stats.sent != before))
        rc = zl_flush_choose (s);
    if (ZL_UNLIKELY (rc == -EAGAIN))
        s->stuck = true;
    zl_socket_unlock (s);
    return rc;
}

int zl_socket_send_many (zl_socket *s, const zl_msg *frames, const unsigned *counts, unsigned n, unsigned *sent)
{
    zl_socket_lock (s);
    int rc = check_sender (s);
    unsigned i = 0;
    for (; i < n && rc == 0; i += rc == 0) {
        rc = send_one (s, frames, counts[i], 0);
        frames += counts[i];
    }
    *sent = i;
    if (rc == -EAGAIN)
        s->stuck = true;
    int writer = i ? zl_flush_choose (s) : 0;
    zl_socket_unlock (s);
    return i ? writer : rc;
}

/* ---- receiving ---- */

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

/* What the owner of the FD shall see after a receive. */
static void update_fd (zl_socket *s)
{
    if (s->outer < 0)
        return;
    s->epoch++;
    if (s->rx_pipe || !zl_list_empty (&s->readable) || zl_socket_events (s) & ZL_POLLIN)
        raise_fd (s);
    else
        lower_fd (s);
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
    if (s->outer >= 0)
        update_fd (s);
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
    if (s->outer >= 0)
        update_fd (s);
    zl_socket_unlock (s);
    return n ? (int) n : rc;
}

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

/* ---- waiting ---- */

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
        io_step (s, 0);
        give_turn (s);
    }
    if (!zl_list_empty (&s->readable))
        raise_fd (s);
    return zl_socket_events (s);
}

/* Sleeps beside the thread that has the turn: 0, or -EINTR. */
static int wait_aside (zl_socket *s, int timeout)
{
    waiter w;
    if (zl_wake_init (&w.wake) < 0)
        return poll (NULL, 0, ZL_MIN ((unsigned) timeout, 10u)) < 0 ? -EINTR : 0;
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

/* Waits as zl_socket_wait() does. `mine`: the caller has the turn, or has got it here. With `into`, what is read meanwhile may
 * be read into the caller's memory. */
static int wait_for (zl_socket *s, int events, zl_time deadline, bool *mine, zl_into *into)
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
        rc = *mine ? io_step (s, zl_until (deadline, now)) : wait_aside (s, zl_ms_until (deadline, now));
        if (rc == -EINTR)
            break;
    }
    return rc;
}

int zl_socket_wait (zl_socket *s, int events, zl_time deadline)
{
    bool mine = false;
    zl_socket_lock (s);
    int rc = wait_for (s, events, deadline, &mine, NULL);
    if (mine)
        give_turn (s);
    zl_socket_unlock (s);
    return rc;
}

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
        rc = wait_for (s, ZL_POLLIN, deadline, &mine, &into);
        if (rc == 0)
            rc = -EAGAIN;
        if (rc < 0)
            break;
        rc = receive_into (s, &into, whole);
    }
    if (mine) {
        zl_into_end (&into);
        s->into = NULL;
        give_turn (s);
    }
    if (s->outer >= 0)
        update_fd (s);
    zl_socket_unlock (s);
    return rc < 0 ? rc : (int) into.got;
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
        raise_fd (s);
    return s->outer;
}

void zl_socket_hwm_changed (zl_socket *s)
{
    ZL_LIST_EACH (&s->pipes, zl_pipe, node, p)
        if (!p->dead)
            p->ops->recheck (p);
}
