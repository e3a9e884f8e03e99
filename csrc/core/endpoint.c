/* An endpoint: a bound address that accepts connections, or a connecting one that makes a connection and makes it again.
 *
 * A connecting endpoint is always in one of these states:
 *
 *     LOOKUP --addresses--> TRYING --connected--> UP --lost--> WAITING --timer--> (LOOKUP or TRYING)
 *                            |  \--SOCKS_PROXY--> PROXY --connected--> UP
 *                             \--all refused--------------------/
 *
 * and OVER once it was closed, after a breach of protocol by the peer, or when RECONNECT_STOP says so. Its pipe lives from
 * connect() to OVER; with IMMEDIATE only while UP. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/rand.h"
#include "../net/fd.h"
#include "../net/socks.h"
#include "endpoint.h"
#include "security.h"
#include "socket.h"

enum { ACCEPT_BURST = 64, ACCEPT_PAUSE_MS = 100 };

enum state { LISTENING, LOOKUP, TRYING, PROXY, UP, WAITING, OVER };

/* RECONNECT_STOP */
enum { STOP_REFUSED = 1, STOP_HANDSHAKE_FAILED = 2, STOP_AFTER_DISCONNECT = 4 };

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
    zl_alarm retry, linger, timeout; /* timeout: of CONNECT_TIMEOUT */
    int wait; /* ms, the newest reconnect interval */
    zl_pipe *pipe;
    zl_hostport proxy;
    zl_socks *socks; /* PROXY: the talk with it */
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

zl_pipe *zl_endpoint_new_pipe (zl_endpoint *e)
{
    zl_pipe *pipe = zl_pipe_new (e->sock, &zl_stream_pipe_ops, e->opt.conflate && e->sock->type->conflates);
    const zl_blob *id = e->opt.bytes[ZL_BYTES_CONNECT_ROUTING_ID];
    if (!pipe)
        return NULL;
    if (!zl_endpoint_is_raw (e))
        pipe->overhead = (uint8_t) zl_security_mech (&e->opt)->overhead;
    if (e->state == LISTENING)
        return pipe;
    pipe->outgoing = true;
    pipe->named = id != NULL;
    if (id && zl_pipe_set_id (pipe, id->data, id->size) < 0) {
        zl_pipe_close (pipe, ZL_DROP_MEMORY, false);
        return NULL;
    }
    return pipe;
}

void zl_endpoint_report (const zl_endpoint *e, unsigned event, uint64_t value, int fd)
{
    zl_monitor_report (e->sock, event, value, e->text, e->state == LISTENING, fd);
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

bool zl_endpoint_is_raw (const zl_endpoint *e)
{
    return e->sock->type->raw || e->opt.router_raw;
}

const zl_transport *zl_endpoint_transport (const zl_endpoint *e)
{
    return e->transport;
}

static void retry_now (zl_socket *s, zl_alarm *a);
static void linger_over (zl_socket *s, zl_alarm *a);
static void accept_again (zl_socket *s, zl_alarm *a);
static void too_late (zl_socket *s, zl_alarm *a);

static zl_endpoint *endpoint_new (zl_socket *s, const zl_transport *t, const zl_options *opt, const char *text,
                                  enum state state)
{
    zl_endpoint *e = calloc (1, sizeof *e);
    if (!e)
        return NULL;
    e->sock = s;
    e->transport = t;
    e->state = state;
    e->id = ++s->next_id;
    zl_options_copy (&e->opt, opt);
    zl_options_net (&e->opt, &e->net);
    snprintf (e->text, sizeof e->text, "%s", text);
    e->source.fd = e->listener.fd = -1;
    e->retry.fire = state == LISTENING ? accept_again : retry_now;
    e->linger.fire = linger_over;
    e->timeout.fire = too_late;
    zl_timer_init (&e->retry.timer);
    zl_timer_init (&e->linger.timer);
    zl_timer_init (&e->timeout.timer);
    zl_list_append (&s->endpoints, &e->node);
    return e;
}

/* ---- listening ---- */

/* The system has no room for another connection: asking again at once would not help, and the event stays. */
static void pause_accepting (zl_socket *s, zl_endpoint *e)
{
    zl_poller_del (&s->client.set, e->source.fd);
    zl_socket_alarm (s, &e->retry, zl_deadline (ACCEPT_PAUSE_MS));
}

static void accept_again (zl_socket *s, zl_alarm *a)
{
    zl_endpoint *e = ZL_CONTAINER (a, zl_endpoint, retry);
    if (e->source.fd >= 0 && zl_socket_watch (s, &e->source, ZL_READ) < 0)
        zl_socket_alarm (s, &e->retry, zl_deadline (ACCEPT_PAUSE_MS));
}

static void accept_one (zl_socket *s, zl_endpoint *e, int fd)
{
    int rc = e->transport->accepted (fd, &e->net);
    if (rc < 0) {
        s->stats.closed[ZL_CLOSE_NOT_ALLOWED]++;
        zl_endpoint_report (e, ZL_EVENT_ACCEPT_FAILED, (uint64_t) -rc, fd);
        zl_fd_close (fd);
        return;
    }
    s->stats.accepted++;
    zl_endpoint_report (e, ZL_EVENT_ACCEPTED, (uint64_t) fd, fd);
    zl_peer_open (s, e, fd);
}

static void on_accept (zl_socket *s, zl_source *src, unsigned events)
{
    zl_endpoint *e = ZL_CONTAINER (src, zl_endpoint, source);
    (void) events;
    for (int i = 0; i < ACCEPT_BURST && src->fd >= 0; i++) {
        int fd = zl_fd_accept (src->fd);
        if (fd == -EAGAIN)
            return;
        if (fd < 0) {
            zl_endpoint_report (e, ZL_EVENT_ACCEPT_FAILED, (uint64_t) -fd, -1);
            pause_accepting (s, e);
            return;
        }
        accept_one (s, e, fd);
    }
}

/* A failed bind, in libzmq's words: the descriptor that was tried is closed (tcp does not say where), and the address is named
 * without its scheme. */
static void report_bind_failed (zl_socket *s, const zl_transport *t, const char *address, int rc)
{
    char endpoint[ZL_ENDPOINT_MAX] = "";
    if (t != &zl_tcp)
        snprintf (endpoint, sizeof endpoint, "%s://%s", t->scheme, address);
    bool tried = rc != -EINVAL && rc != -ENODEV && rc != -ENAMETOOLONG;
    zl_socket_lock (s);
    if (tried)
        zl_monitor_report (s, ZL_EVENT_CLOSED, UINT32_MAX, endpoint, true, -1);
    zl_monitor_report (s, ZL_EVENT_BIND_FAILED, (uint64_t) -rc, address, true, -1);
    zl_socket_unlock (s);
}

/* The options are those of the moment of the call, which may last as long as a lookup. */
static int start_listening (zl_socket *s, const zl_transport *t, const zl_options *opt, zl_listener *l)
{
    int rc = zl_socket_check (s);
    zl_endpoint *e = rc == 0 ? endpoint_new (s, t, opt, l->endpoint, LISTENING) : NULL;
    if (!e)
        return rc < 0 ? rc : -ENOMEM;
    e->source = (zl_source){.fd = l->fd, .ready = on_accept};
    rc = zl_socket_watch (s, &e->source, ZL_READ);
    if (rc < 0) {
        e->closing = true;
        e->source.fd = -1;
        return rc;
    }
    e->listener = *l;
    snprintf (s->last_endpoint, sizeof s->last_endpoint, "%s", e->text);
    zl_endpoint_report (e, ZL_EVENT_LISTENING, (uint64_t) l->fd, -1);
    return 0;
}

int zl_endpoint_bind (zl_socket *s, const zl_transport *t, const char *address)
{
    zl_options opt;
    zl_net_options net;
    zl_listener l;
    zl_socket_lock (s);
    int rc = zl_socket_check (s);
    if (rc == 0)
        rc = zl_socket_place (s);
    zl_options_copy (&opt, &s->opt);
    zl_socket_unlock (s);
    zl_options_net (&opt, &net);
    if (rc == 0) {
        rc = t->listen (address, &net, &l);
        if (rc < 0)
            report_bind_failed (s, t, address, rc);
    }
    if (rc == 0) {
        zl_socket_lock (s);
        rc = start_listening (s, t, &opt, &l);
        zl_socket_unlock (s);
        if (rc < 0)
            zl_listener_close (&l);
    }
    zl_options_fini (&opt);
    return rc;
}

static void stop_listening (zl_socket *s, zl_endpoint *e)
{
    if (e->listener.fd < 0)
        return;
    int fd = e->listener.fd;
    zl_socket_alarm (s, &e->retry, ZL_NEVER);
    zl_socket_unwatch (s, &e->source);
    zl_listener_close (&e->listener);
    zl_endpoint_report (e, ZL_EVENT_CLOSED, (uint64_t) fd, -1);
    e->closing = true;
}

void zl_endpoints_stop_listening (zl_socket *s)
{
    ZL_LIST_EACH (&s->endpoints, zl_endpoint, node, e)
        if (e->state == LISTENING)
            stop_listening (s, e);
}

/* ---- connecting ---- */

/* Whether a connecting endpoint has found this to be one of its addresses. */
static bool has_address (const zl_endpoint *e, const char *text)
{
    char known[ZL_ENDPOINT_MAX];
    for (int i = 0; i < e->addr_count; i++) {
        zl_addr_text (&e->addrs[i], known, sizeof known);
        if (strcmp (known, text) == 0)
            return true;
    }
    return false;
}

/* By its text, or `resolved` by what that stands for. */
static zl_endpoint *find (zl_socket *s, const char *text, bool resolved)
{
    ZL_LIST_EACH (&s->endpoints, zl_endpoint, node, e)
        if (!e->closing && e->state != OVER && (resolved ? has_address (e, text) : strcmp (e->text, text) == 0))
            return e;
    return NULL;
}

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

/* Stops the attempt to connect that is under way. */
static void stop_trying (zl_endpoint *e)
{
    int fd = e->source.fd;
    zl_socket_alarm (e->sock, &e->timeout, ZL_NEVER);
    free (e->socks);
    e->socks = NULL;
    if (fd < 0)
        return;
    zl_socket_unwatch (e->sock, &e->source);
    zl_fd_close (fd);
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
    stop_trying (e);
    if (pipe)
        zl_pipe_close (pipe, why, keep_inbound);
    if (e->connections)
        end_connections (s, e);
}

zl_endpoint *zl_endpoint_of_pipe (zl_socket *s, const zl_pipe *pipe)
{
    ZL_LIST_EACH (&s->endpoints, zl_endpoint, node, e)
        if (e->pipe == pipe && e->state != OVER)
            return e;
    return NULL;
}

void zl_endpoint_give_up (zl_socket *s, zl_endpoint *e, zl_close_reason why)
{
    e->state = OVER; /* not to be tried again */
    if (e->pipe && e->pipe->peer)
        zl_peer_end (s, e->pipe->peer, why);
    end (e, ZL_DROP_CLOSED, false);
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
    zl_endpoint_report (e, ZL_EVENT_CONNECT_RETRIED, (uint64_t) wait, -1);
}

/* Whether RECONNECT_STOP forbids another attempt. */
static bool has_to_stop (const zl_endpoint *e, bool refused, bool in_handshake)
{
    int stop = e->opt.reconnect_stop;
    return (refused && stop & STOP_REFUSED) || (in_handshake && stop & STOP_HANDSHAKE_FAILED) ||
           (e->closing && stop & STOP_AFTER_DISCONNECT);
}

/* The attempt to reach one address, or to find addresses, has failed. */
static void failed (zl_endpoint *e, int error)
{
    stop_trying (e);
    e->sock->stats.connect_failures++;
    e->sock->stats.last_connect_error = -error;
    if (e->addr_next < e->addr_count)
        connect_next (e);
    else if (has_to_stop (e, error == -ECONNREFUSED, false))
        end (e, ZL_DROP_NO_PEER, true);
    else
        wait_and_retry (e);
}

static void failed_descriptor (zl_endpoint *e, int fd, int error)
{
    zl_endpoint_report (e, ZL_EVENT_CLOSED, fd < 0 ? UINT32_MAX : (uint64_t) fd, -1);
    failed (e, error);
}

static void too_late (zl_socket *s, zl_alarm *a)
{
    zl_endpoint *e = ZL_CONTAINER (a, zl_endpoint, timeout);
    (void) s;
    failed_descriptor (e, e->source.fd, -ETIMEDOUT);
}

static void connected (zl_endpoint *e, int fd)
{
    e->state = UP;
    e->wait = 0;
    e->sock->stats.connected++;
    zl_socket_alarm (e->sock, &e->timeout, ZL_NEVER);
    zl_endpoint_report (e, ZL_EVENT_CONNECTED, (uint64_t) fd, fd);
    int rc = zl_peer_open (e->sock, e, fd);
    if (rc < 0)
        failed (e, rc);
}

/* ---- through a proxy ---- */

/* What is said to a proxy fits any buffer of the system's. */
static int say_to_proxy (zl_socks *p, int fd)
{
    struct iovec iov = {p->out, p->out_len};
    ssize_t put = p->out_len ? zl_fd_write (fd, &iov, 1) : 0;
    bool all = put == (ssize_t) p->out_len;
    p->out_len = 0;
    return put < 0 ? (int) put : all ? 0 : -EPROTO;
}

/* Reads no further than the proxy's own words go. 1 it has connected, -EAGAIN, or what went wrong. */
static int hear_from_proxy (zl_socks *p, int fd)
{
    int rc = 0;
    while (rc == 0) {
        struct iovec iov = {p->in + p->got, p->want - p->got};
        ssize_t got = zl_fd_read (fd, &iov, 1);
        if (got <= 0)
            return got < 0 ? (int) got : -ECONNRESET;
        p->got += (size_t) got;
        if (p->got < p->want)
            continue;
        rc = zl_socks_step (p);
        if (rc == 0)
            rc = say_to_proxy (p, fd);
    }
    return rc;
}

static void on_proxy (zl_socket *s, zl_source *src, unsigned events)
{
    zl_endpoint *e = ZL_CONTAINER (src, zl_endpoint, source);
    int fd = src->fd;
    (void) events;
    int rc = hear_from_proxy (e->socks, fd);
    if (rc == -EAGAIN)
        return;
    if (rc < 0) {
        failed_descriptor (e, fd, rc);
        return;
    }
    zl_socket_unwatch (s, src);
    free (e->socks);
    e->socks = NULL;
    connected (e, fd);
}

/* The descriptor leads to the proxy. */
static void ask_proxy (zl_endpoint *e, int fd)
{
    const zl_blob *user = e->opt.bytes[ZL_BYTES_SOCKS_USERNAME], *password = e->opt.bytes[ZL_BYTES_SOCKS_PASSWORD];
    e->state = PROXY;
    e->source = (zl_source){.fd = fd, .ready = on_proxy};
    e->socks = calloc (1, sizeof *e->socks);
    int rc = e->socks ? zl_socket_watch (e->sock, &e->source, ZL_READ) : -ENOMEM;
    if (rc == 0) {
        *e->socks = (zl_socks){.target = &e->target.name};
        if (user) {
            e->socks->user = user->data;
            e->socks->user_len = user->size;
        }
        if (password) {
            e->socks->password = password->data;
            e->socks->password_len = password->size;
        }
        zl_socks_begin (e->socks);
        rc = say_to_proxy (e->socks, fd);
    }
    if (rc < 0)
        failed_descriptor (e, fd, rc);
}

static bool has_proxy (const zl_endpoint *e)
{
    return e->transport->proxied && e->opt.bytes[ZL_BYTES_SOCKS_PROXY];
}

/* ---- attempts ---- */

static void reached (zl_endpoint *e, int fd)
{
    if (has_proxy (e))
        ask_proxy (e, fd);
    else
        connected (e, fd);
}

static void on_connect (zl_socket *s, zl_source *src, unsigned events)
{
    zl_endpoint *e = ZL_CONTAINER (src, zl_endpoint, source);
    int fd = src->fd;
    (void) events;
    if (fd < 0)
        return;
    int rc = zl_fd_connect_result (fd);
    if (rc < 0) {
        failed_descriptor (e, fd, rc);
        return;
    }
    zl_socket_unwatch (s, src);
    reached (e, fd);
}

static void connect_next (zl_endpoint *e)
{
    int fd, rc;
    e->state = TRYING;
    rc = e->transport->connect (&e->addrs[e->addr_next++], &e->target, &e->net, &fd);
    if (rc < 0 && rc != -EINPROGRESS) {
        failed_descriptor (e, -1, rc);
        return;
    }
    if (e->opt.connect_timeout && e->transport->proxied) /* tcp alone can hang */
        zl_socket_alarm (e->sock, &e->timeout, zl_deadline (e->opt.connect_timeout));
    if (rc == 0) {
        reached (e, fd);
        return;
    }
    zl_endpoint_report (e, ZL_EVENT_CONNECT_DELAYED, EINPROGRESS, -1);
    e->source = (zl_source){.fd = fd, .ready = on_connect};
    rc = zl_socket_watch (e->sock, &e->source, ZL_WRITE);
    if (rc < 0)
        failed_descriptor (e, fd, rc);
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
            zl_flush_later (s);
            break;
        }
    zl_socket_unlock (s);
    zl_socket_drop (s);
    free (l);
}

static int look_up (zl_endpoint *e, const zl_hostport *name)
{
    zl_lookup *l = calloc (1, sizeof *l);
    if (!l)
        return -ENOMEM;
    *l = (zl_lookup){.name = *name, .ipv6 = e->net.ipv6, .done = looked_up, .owner = e->sock, .id = e->id};
    zl_hold (&e->sock->refs);
    int rc = zl_lookup_start (l);
    if (rc < 0) {
        zl_socket_drop (e->sock);
        free (l);
    }
    return rc;
}

static void start (zl_endpoint *e)
{
    e->addr_next = e->addr_count = 0;
    if (!has_proxy (e) && !e->target.lookup) {
        e->addrs[0] = e->target.addr;
        e->addr_count = 1;
        connect_next (e);
        return;
    }
    e->state = LOOKUP;
    int rc = look_up (e, has_proxy (e) ? &e->proxy : &e->target.name);
    if (rc < 0)
        failed (e, rc);
}

static void retry_now (zl_socket *s, zl_alarm *a)
{
    (void) s;
    start (ZL_CONTAINER (a, zl_endpoint, retry));
}

/* "host:port" of SOCKS_PROXY: 0 or -EINVAL. */
static int parse_proxy (const zl_options *o, zl_hostport *out)
{
    char text[ZL_ENDPOINT_MAX];
    const zl_blob *proxy = o->bytes[ZL_BYTES_SOCKS_PROXY];
    if (!proxy)
        return 0;
    snprintf (text, sizeof text, "%.*s", (int) proxy->size, (const char *) proxy->data);
    return zl_hostport_parse (text, false, out);
}

/* Everything that can be wrong with a connect() before anything is made. */
static int check_connect (zl_socket *s, const zl_transport *t, const char *address, zl_target *target, zl_hostport *proxy)
{
    zl_net_options net;
    int rc = zl_socket_check (s);
    if (rc == 0)
        rc = zl_socket_place (s);
    zl_options_net (&s->opt, &net);
    if (rc == 0)
        rc = t->target (address, &net, target);
    if (rc == 0 && t->proxied)
        rc = parse_proxy (&s->opt, proxy);
    if (rc == 0 && s->type->may_connect)
        rc = s->type->may_connect (s);
    return rc;
}

int zl_endpoint_connect (zl_socket *s, const zl_transport *t, const char *text, const char *address)
{
    zl_target target;
    zl_hostport proxy;
    zl_socket_lock (s);
    int rc = check_connect (s, t, address, &target, &proxy);
    zl_endpoint *twin = rc == 0 && s->type->one_connection_per_endpoint ? find (s, text, false) : NULL;
    if (rc < 0 || (twin && twin->state != LISTENING)) {
        zl_socket_unlock (s);
        return rc;
    }
    zl_endpoint *e = endpoint_new (s, t, &s->opt, text, TRYING);
    if (e && !e->opt.immediate) {
        e->pipe = zl_endpoint_new_pipe (e);
        if (e->pipe)
            zl_pipe_attach (e->pipe);
        else {
            end (e, ZL_DROP_MEMORY, false);
            e = NULL;
        }
    }
    if (e) {
        zl_blob_drop (s->opt.bytes[ZL_BYTES_CONNECT_ROUTING_ID]); /* for one connect only */
        s->opt.bytes[ZL_BYTES_CONNECT_ROUTING_ID] = NULL;
        e->target = target;
        e->proxy = proxy;
        snprintf (s->last_endpoint, sizeof s->last_endpoint, "%s", text);
        start (e);
        zl_flush_later (s);
    }
    zl_socket_unlock (s);
    return e ? 0 : -ENOMEM;
}

/* ---- ups and downs ---- */

void zl_endpoint_gained (zl_endpoint *e)
{
    e->connections++;
}

void zl_endpoint_up (zl_endpoint *e)
{
    e->wait = 0;
}

static bool is_final (zl_close_reason why)
{
    static const bool final[] = {
#define X(id, name, f, event) f,
        ZL_CLOSE_REASONS (X)
#undef X
    };
    return final[why];
}

void zl_endpoint_lost (zl_socket *s, zl_endpoint *e, zl_pipe *pipe, zl_close_reason why)
{
    e->connections--;
    if (pipe && !s->closed)
        zl_pipe_lost (pipe);
    if (e->state == LISTENING) {
        if (pipe)
            zl_pipe_close (pipe, ZL_DROP_CONNECTION_LOST, true);
        return;
    }
    if (e->state == OVER)
        return;
    bool in_handshake = why == ZL_CLOSE_HANDSHAKE_CLOSED || why == ZL_CLOSE_HANDSHAKE_TIMEOUT;
    if (is_final (why) || has_to_stop (e, false, in_handshake) || (e->opt.reconnect_ivl <= 0 && why != ZL_CLOSE_HANDSHAKE_CLOSED)) {
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
    zl_endpoint *e = find (s, text, false);
    return e ? e : find (s, text, true);
}

void zl_endpoints_sweep (zl_socket *s)
{
    ZL_LIST_EACH (&s->endpoints, zl_endpoint, node, e)
        if ((e->state == OVER || (e->state == LISTENING && e->closing)) && e->connections == 0) {
            zl_list_remove (&e->node);
            zl_options_fini (&e->opt);
            free (e);
        }
}
