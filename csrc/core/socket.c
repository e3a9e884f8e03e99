/* A socket without its type: its life, what the reactor does for it, its endpoints. The header tells the rules. */
#include <stdlib.h>
#include <string.h>

#include "ctx.h"
#include "inproc.h"
#include "peer.h"
#include "socket_state.h"

/* When the reactor looks again at a socket that application threads wait on: soon at first, less often while they keep
 * coming back. Output that is stuck does not wait for that (zl_socket_give_turn). */
#define LOOK_FIRST ZL_MS
#define LOOK_LAST (8 * ZL_MS)
#define TIDY (1000 * ZL_MS)
enum { REACTOR_ROUNDS = 16 };

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

void zl_socket_changed (zl_socket *s)
{
    s->stuck = false;
    if (s->asleep && !s->woken) {
        s->woken = true;
        zl_wake_set (&s->wake);
    }
    if (!zl_list_empty (&s->waiters))
        zl_socket_wake_waiters (s);
    ZL_LIST_EACH (&s->watchers, zl_watcher, node, w)
        w->changed (w);
    zl_socket_raise_fd (s);
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

/* ---- sources ---- */

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
    while ((zl_socket_io_step (s, 0) == ZL_EVENT_BATCH || !zl_list_empty (&s->readable)) && ++rounds < REACTOR_ROUNDS)
        ; /* arming it tells of whatever else has come meanwhile */
    s->turn = false;
    zl_socket_sweep (s);
    if (!zl_list_empty (&s->waiters))
        zl_socket_wake_waiters (s);
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

/* The outer descriptor stays, and stays readable, while a poll set has it: closing it would take the news away from whoever
 * waits there. */
static void close_descriptors (zl_socket *s)
{
    if (!s->outer_users)
        zl_socket_close_fd (s);
    zl_wake_fini (&s->wake);
    zl_poller_fini (&s->client.set);
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
        return false; /* zl_socket_give_turn() posts us again */
    zl_socket_sweep (s);
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
    zl_socket_drop_parts (s);
    zl_socket_drop_returned (s);
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
        zl_socket_sweep (s);
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

void zl_socket_hwm_changed (zl_socket *s)
{
    ZL_LIST_EACH (&s->pipes, zl_pipe, node, p)
        if (!p->dead)
            p->ops->recheck (p);
}
