/* An endpoint: a bound address that accepts connections, or a connecting one that makes a connection and makes it again.
 *
 * A connecting endpoint is always in one of these states:
 *
 *     LOOKUP --addresses--> TRYING --connected--> UP --lost--> WAITING --timer--> (LOOKUP or TRYING)
 *                             \--all refused--------------------/
 *
 * and OVER once it was closed, or after a breach of protocol by the peer. Its pipe lives from connect() to OVER; with
 * IMMEDIATE only while UP. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/rand.h"
#include "../net/fd.h"
#include "endpoint.h"
#include "socket.h"

enum { ACCEPT_BURST = 64 };

enum state { LISTENING, LOOKUP, TRYING, UP, WAITING, OVER };

struct zl_endpoint {
    zl_node node;
    zl_socket *sock;
    const zl_transport *transport;
    enum state state;
    bool closing;         /* flush, then OVER */
    unsigned connections; /* peers not buried yet */
    uint64_t id;          /* tells a late lookup whether the endpoint still is the one that asked */
    char text[ZL_ENDPOINT_MAX]; /* as bound (resolved) or as given to connect() */
    zl_options opt;       /* as they were at bind() or connect() */
    zl_net_options net;

    zl_listener listener;
    zl_target target;
    zl_addr addrs[ZL_LOOKUP_MAX];
    int addr_count, addr_next;
    zl_source source; /* the listening descriptor, or the one that is being connected */
    zl_alarm retry, linger;
    int wait; /* ms, the newest reconnect interval */
    zl_pipe *pipe;
};

static const zl_transport *const transports[] = {&zl_tcp, &zl_ipc};

const zl_transport *zl_transport_of (const char *endpoint, const char **address, int *rc)
{
    const char *sep = strstr (endpoint, "://");
    if (!sep || sep == endpoint || !sep[3]) {
        *rc = -EINVAL;
        return NULL;
    }
    size_t n = (size_t) (sep - endpoint);
    for (unsigned i = 0; i < ZL_LEN (transports); i++)
        if (strlen (transports[i]->scheme) == n && memcmp (transports[i]->scheme, endpoint, n) == 0) {
            *address = sep + 3;
            return transports[i];
        }
    /* libzmq knows udp, for socket types that are not here. */
    *rc = n == 3 && memcmp (endpoint, "udp", n) == 0 ? -ZL_ENOCOMPATPROTO : -EPROTONOSUPPORT;
    return NULL;
}

const zl_options *zl_endpoint_options (const zl_endpoint *e)
{
    return &e->opt;
}

zl_pipe *zl_endpoint_pipe (const zl_endpoint *e)
{
    return e->pipe;
}

void zl_endpoint_set_pipe (zl_endpoint *e, zl_pipe *pipe)
{
    if (e->state != LISTENING)
        e->pipe = pipe;
}

bool zl_endpoint_is_listener (const zl_endpoint *e)
{
    return e->state == LISTENING;
}

bool zl_endpoint_chatty (const zl_endpoint *e)
{
    return e->transport->chatty_writable;
}

static void retry_now (zl_socket *s, zl_alarm *a);
static void linger_over (zl_socket *s, zl_alarm *a);

/* The options are those of the socket at this moment. */
static zl_endpoint *endpoint_new (zl_socket *s, const zl_transport *t, const char *text, enum state state)
{
    zl_endpoint *e = calloc (1, sizeof *e);
    if (!e)
        return NULL;
    e->sock = s;
    e->transport = t;
    e->state = state;
    e->id = ++s->next_id;
    e->opt = s->opt;
    zl_options_net (&e->opt, &e->net);
    snprintf (e->text, sizeof e->text, "%s", text);
    e->source.fd = e->listener.fd = -1;
    e->retry.fire = retry_now;
    e->linger.fire = linger_over;
    zl_timer_init (&e->retry.timer);
    zl_timer_init (&e->linger.timer);
    zl_list_append (&s->endpoints, &e->node);
    return e;
}

/* ---- listening ---- */

static void on_accept (zl_socket *s, zl_source *src, unsigned events)
{
    zl_endpoint *e = ZL_CONTAINER (src, zl_endpoint, source);
    (void) events;
    for (int i = 0; i < ACCEPT_BURST && src->fd >= 0; i++) {
        int fd = zl_fd_accept (src->fd);
        if (fd < 0) /* nobody there; or out of descriptors: the level-triggered event tries again */
            return;
        e->transport->accepted (fd, &e->net);
        s->stats.accepted++;
        if (zl_peer_open (s, e, fd) == 0)
            e->connections++;
    }
}

int zl_endpoint_bind (zl_socket *s, const zl_transport *t, const char *address)
{
    zl_net_options net;
    zl_listener l;
    zl_socket_lock (s);
    int rc = zl_socket_check (s);
    zl_options_net (&s->opt, &net);
    zl_socket_unlock (s);
    if (rc == 0)
        rc = t->listen (address, &net, &l);
    if (rc < 0)
        return rc;

    zl_socket_lock (s);
    zl_endpoint *e = NULL;
    rc = zl_socket_check (s);
    if (rc == 0 && !(e = endpoint_new (s, t, l.endpoint, LISTENING)))
        rc = -ENOMEM;
    if (rc < 0) {
        zl_socket_unlock (s);
        zl_listener_close (&l);
        return rc;
    }
    e->listener = l;
    e->source = (zl_source){.fd = l.fd, .ready = on_accept};
    rc = zl_socket_watch (s, &e->source, ZL_READ);
    if (rc < 0) {
        zl_listener_close (&e->listener);
        e->closing = true;
        e->source.fd = -1;
    } else
        snprintf (s->last_endpoint, sizeof s->last_endpoint, "%s", e->text);
    zl_socket_unlock (s);
    return rc;
}

static void stop_listening (zl_socket *s, zl_endpoint *e)
{
    if (e->listener.fd < 0)
        return;
    zl_socket_unwatch (s, &e->source);
    zl_listener_close (&e->listener);
    e->closing = true;
}

void zl_endpoints_stop_listening (zl_socket *s)
{
    ZL_LIST_EACH (&s->endpoints, zl_endpoint, node, e)
        if (e->state == LISTENING)
            stop_listening (s, e);
}

/* ---- connecting ---- */

static void connect_next (zl_endpoint *e);

/* Ends every connection that came from this endpoint. */
static void end_connections (zl_socket *s, zl_endpoint *e)
{
    for (zl_node *n = s->peers.next, *next; n != &s->peers; n = next) {
        next = n->next;
        zl_peer *p = zl_peer_of_node (n);
        if (zl_peer_endpoint (p) == e)
            zl_peer_end (s, p, ZL_CLOSE_LOCAL);
    }
}

/* The endpoint is done with, and so is its pipe. */
static void end (zl_endpoint *e, zl_drop_reason why, bool keep_inbound)
{
    zl_socket *s = e->sock;
    zl_pipe *pipe = e->pipe;
    e->state = OVER;
    e->pipe = NULL;
    zl_socket_alarm (s, &e->retry, ZL_NEVER);
    zl_socket_alarm (s, &e->linger, ZL_NEVER);
    if (e->source.fd >= 0) {
        int fd = e->source.fd;
        zl_socket_unwatch (s, &e->source);
        zl_fd_close (fd);
    }
    if (pipe)
        zl_pipe_close (pipe, why, keep_inbound);
    if (e->connections)
        end_connections (s, e);
}

static void wait_and_retry (zl_endpoint *e)
{
    int ivl = e->opt.reconnect_ivl, max = e->opt.reconnect_ivl_max;
    e->state = WAITING;
    if (ivl <= 0)
        return; /* asked never to try again: the pipe stays and keeps what is sent */
    int wait = ivl + (int) (zl_random () % (unsigned) ivl);
    if (max > 0) {
        wait = e->wait ? ZL_MIN (e->wait, max / 2 + 1) * 2 : ivl;
        wait = ZL_MIN (wait, max);
    }
    e->wait = wait;
    zl_socket_alarm (e->sock, &e->retry, zl_now () + (zl_time) wait * ZL_MS);
}

static void failed (zl_endpoint *e, int error)
{
    e->sock->stats.connect_failures++;
    e->sock->stats.last_connect_error = -error;
    if (e->addr_next < e->addr_count)
        connect_next (e);
    else
        wait_and_retry (e);
}

static void connected (zl_endpoint *e, int fd)
{
    e->state = UP;
    e->wait = 0;
    e->sock->stats.connected++;
    int rc = zl_peer_open (e->sock, e, fd);
    if (rc < 0)
        failed (e, rc);
    else
        e->connections++;
}

static void on_connect (zl_socket *s, zl_source *src, unsigned events)
{
    zl_endpoint *e = ZL_CONTAINER (src, zl_endpoint, source);
    int fd = src->fd;
    (void) events;
    if (fd < 0)
        return;
    int rc = zl_fd_connect_result (fd);
    zl_socket_unwatch (s, src);
    if (rc == 0)
        connected (e, fd);
    else {
        zl_fd_close (fd);
        failed (e, rc);
    }
}

static void connect_next (zl_endpoint *e)
{
    int fd, rc;
    e->state = TRYING;
    rc = e->transport->connect (&e->addrs[e->addr_next++], &e->net, &fd);
    if (rc == 0)
        connected (e, fd);
    else if (rc != -EINPROGRESS)
        failed (e, rc);
    else {
        e->source = (zl_source){.fd = fd, .ready = on_connect};
        rc = zl_socket_watch (e->sock, &e->source, ZL_WRITE);
        if (rc < 0) {
            e->source.fd = -1;
            zl_fd_close (fd);
            failed (e, rc);
        }
    }
}

/* On the lookup's own thread. */
static void looked_up (zl_lookup *l, const zl_addr *addrs, int n)
{
    zl_socket *s = l->owner;
    zl_socket_lock (s);
    ZL_LIST_EACH (&s->endpoints, zl_endpoint, node, e)
        if (e->id == l->id && e->state == LOOKUP) {
            e->addr_next = 0;
            e->addr_count = n < 0 ? 0 : n;
            if (n > 0) {
                memcpy (e->addrs, addrs, (size_t) n * sizeof *addrs);
                connect_next (e);
            } else
                failed (e, n);
            zl_socket_flush_later (s);
            break;
        }
    zl_socket_unlock (s);
    zl_socket_drop (s);
    free (l);
}

static void start (zl_endpoint *e)
{
    if (!e->target.lookup) {
        e->addrs[0] = e->target.addr;
        e->addr_count = 1;
        e->addr_next = 0;
        connect_next (e);
        return;
    }
    e->state = LOOKUP;
    e->addr_next = e->addr_count = 0;
    zl_lookup *l = calloc (1, sizeof *l);
    int rc = -ENOMEM;
    if (l) {
        *l = (zl_lookup){.name = e->target.name, .ipv6 = e->net.ipv6, .done = looked_up, .owner = e->sock, .id = e->id};
        zl_hold (&e->sock->refs);
        rc = zl_lookup_start (l);
    }
    if (rc < 0) {
        if (l)
            zl_socket_drop (e->sock);
        free (l);
        failed (e, rc);
    }
}

static void retry_now (zl_socket *s, zl_alarm *a)
{
    (void) s;
    start (ZL_CONTAINER (a, zl_endpoint, retry));
}

int zl_endpoint_connect (zl_socket *s, const zl_transport *t, const char *text, const char *address)
{
    zl_net_options net;
    zl_target target;
    zl_socket_lock (s);
    int rc = zl_socket_check (s);
    zl_options_net (&s->opt, &net);
    if (rc == 0)
        rc = t->target (address, &net, &target);
    zl_endpoint *twin = rc == 0 && s->type->one_connection_per_endpoint ? zl_endpoint_find (s, text) : NULL;
    if (rc < 0 || (twin && twin->state != LISTENING)) {
        zl_socket_unlock (s);
        return rc;
    }
    zl_endpoint *e = endpoint_new (s, t, text, TRYING);
    rc = e ? 0 : -ENOMEM;
    if (e && !e->opt.immediate) {
        e->pipe = zl_pipe_new (s, &zl_stream_pipe_ops);
        if (!e->pipe) {
            end (e, ZL_DROP_MEMORY, false);
            rc = -ENOMEM;
        } else
            zl_pipe_attach (e->pipe);
    }
    if (rc == 0) {
        e->target = target;
        snprintf (s->last_endpoint, sizeof s->last_endpoint, "%s", text);
        start (e);
        zl_socket_flush_later (s);
    }
    zl_socket_unlock (s);
    return rc;
}

/* ---- ups and downs ---- */

void zl_endpoint_up (zl_endpoint *e)
{
    e->wait = 0;
}

static bool is_final (zl_close_reason why)
{
    static const bool final[] = {
#define X(id, name, f) f,
        ZL_CLOSE_REASONS (X)
#undef X
    };
    return final[why];
}

void zl_endpoint_lost (zl_socket *s, zl_endpoint *e, zl_pipe *pipe, zl_close_reason why)
{
    e->connections--;
    if (e->state == LISTENING) {
        if (pipe)
            zl_pipe_close (pipe, ZL_DROP_CONNECTION_LOST, true);
        return;
    }
    if (e->state == OVER)
        return;
    if (is_final (why) || (e->opt.reconnect_ivl <= 0 && why != ZL_CLOSE_HANDSHAKE_CLOSED)) {
        end (e, ZL_DROP_CONNECTION_LOST, true);
        return;
    }
    if (e->opt.immediate && pipe) {
        e->pipe = NULL;
        zl_pipe_close (pipe, ZL_DROP_CONNECTION_LOST, true);
    }
    wait_and_retry (e);
    zl_endpoint_flushed (s, e);
}

/* ---- closing ---- */

static bool has_unsent (const zl_endpoint *e)
{
    return e->pipe && (e->pipe->out.msgs || (e->pipe->peer && !zl_peer_flushed (e->pipe->peer)));
}

void zl_endpoint_flushed (zl_socket *s, zl_endpoint *e)
{
    (void) s;
    if (e->closing && e->state != LISTENING && e->state != OVER && !has_unsent (e))
        end (e, ZL_DROP_CLOSED, false);
}

static void linger_over (zl_socket *s, zl_alarm *a)
{
    (void) s;
    end (ZL_CONTAINER (a, zl_endpoint, linger), ZL_DROP_CLOSED, false);
}

void zl_endpoint_close (zl_socket *s, zl_endpoint *e, int linger_ms)
{
    if (e->state == LISTENING) {
        stop_listening (s, e);
        end_connections (s, e);
        return;
    }
    e->closing = true;
    if (e->pipe)
        zl_pipe_leave (e->pipe);
    if (linger_ms == 0 || !has_unsent (e))
        end (e, ZL_DROP_CLOSED, false);
    else if (linger_ms > 0)
        zl_socket_alarm (s, &e->linger, zl_deadline (linger_ms));
}

void zl_endpoints_finish (zl_socket *s, bool all)
{
    ZL_LIST_EACH (&s->endpoints, zl_endpoint, node, e)
        if (e->state != LISTENING && e->state != OVER) {
            e->closing = true;
            if (all || !has_unsent (e))
                end (e, ZL_DROP_CLOSED, false);
        }
}

zl_endpoint *zl_endpoint_find (zl_socket *s, const char *text)
{
    ZL_LIST_EACH (&s->endpoints, zl_endpoint, node, e)
        if (!e->closing && e->state != OVER && strcmp (e->text, text) == 0)
            return e;
    return NULL;
}

void zl_endpoints_sweep (zl_socket *s)
{
    ZL_LIST_EACH (&s->endpoints, zl_endpoint, node, e)
        if ((e->state == OVER || (e->state == LISTENING && e->closing)) && e->connections == 0) {
            zl_list_remove (&e->node);
            free (e);
        }
}
