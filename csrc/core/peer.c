/* A peer: the life of a stream connection, what its descriptor reports, and how its pipe sees it. */
#include <errno.h>
#include <stdlib.h>

#include "../net/fd.h"
#include "peer_state.h"
#include "security.h"
#include "zap.h"

/* Octets that are sealed and written at once: the far end opens one portion while the next is being sealed. */
#define SEALED_PORTION (256u * 1024)

zl_peer *zl_peer_of_readable (zl_node *n)
{
    return ZL_CONTAINER (n, zl_peer, readable);
}

zl_peer *zl_peer_of_dirty (zl_node *n)
{
    return ZL_CONTAINER (n, zl_peer, dirty);
}

zl_peer *zl_peer_of_node (zl_node *n)
{
    return ZL_CONTAINER (n, zl_peer, node);
}

zl_endpoint *zl_peer_endpoint (const zl_peer *p)
{
    return p->endpoint;
}

size_t zl_peer_unsent (const zl_peer *p)
{
    return p->tx.msgs;
}

size_t zl_peer_portion (const zl_peer *p)
{
    size_t portion = zl_endpoint_transport (p->endpoint)->portion;
    return zl_wire_overhead (&p->wire) ? ZL_MIN (portion, SEALED_PORTION) : portion;
}

bool zl_peer_is_paused (const zl_peer *p)
{
    return p->rd_paused || p->rd_ready || p->rd_owned;
}

bool zl_peer_flushed (const zl_peer *p)
{
    return p->wr_broken || (!p->tx.msgs && !(p->pipe && p->pipe->out.msgs));
}

bool zl_peer_has_written_all (const zl_peer *p)
{
    return p->wr_broken || (!p->tx.head && !p->ctl.head && !(p->pipe && p->pipe->out.head));
}

void zl_peer_make_readable (zl_peer *p)
{
    if (!p->rd_paused && !p->rd_owned && !zl_linked (&p->readable))
        zl_list_append (&p->sock->readable, &p->readable);
}

void zl_peer_make_dirty (zl_peer *p)
{
    if (!p->wr_owned && !p->wr_blocked && !p->dead && !zl_linked (&p->dirty))
        zl_list_append (&p->sock->dirty, &p->dirty);
}

/* ---- life ---- */

static void on_ready (zl_socket *s, zl_source *src, unsigned events)
{
    zl_peer *p = ZL_CONTAINER (src, zl_peer, source);
    if (p->dead)
        return;
    if (events & ZL_HANGUP)
        p->rd_hangup = true;
    if (events & ZL_READ) {
        p->rd_ready = true;
        zl_peer_make_readable (p);
    }
    if (events & ZL_WRITE) {
        p->wr_event = true;
        if (p->wr_blocked && !p->wr_broken) {
            p->wr_blocked = false;
            s->blocked--;
            zl_peer_watch_writable (s, p, false);
            zl_peer_make_dirty (p);
        }
    }
}

int zl_peer_open (zl_socket *s, zl_endpoint *e, int fd)
{
    zl_peer *p = calloc (1, sizeof *p);
    if (!p) {
        zl_fd_close (fd);
        return -ENOMEM;
    }
    const zl_options *o = zl_endpoint_options (e);
    p->source = (zl_source){.fd = fd, .ready = on_ready};
    p->sock = s;
    p->endpoint = e;
    zl_timer_init (&p->handshake.timer);
    zl_list_init (&p->readable);
    zl_list_init (&p->dirty);
    const zl_blob *properties = o->bytes[ZL_BYTES_METADATA];
    const zl_wire_config config = {.mech = zl_security_mech (o),
                                   .security = zl_security_of (o),
                                   .own_type = s->type->id,
                                   .raw = zl_endpoint_is_raw (e),
                                   .own_id = {o->routing_id, o->routing_id_len},
                                   .properties = {properties ? properties->data : NULL, properties ? properties->size : 0},
                                   .max_size = o->maxmsgsize};
    int rc = zl_wire_open (&p->wire, &config, &p->ctl, &s->pool);
    if (rc == 0)
        rc = zl_poller_add (&s->client.set, fd, ZL_READ | (zl_endpoint_transport (e)->chatty_writable ? 0 : ZL_WRITE), ZL_EDGE, &p->source);
    if (rc < 0) {
        zl_frameq_clear (&p->ctl, &s->pool);
        zl_fd_close (fd);
        free (p);
        return rc;
    }
    zl_list_append (&s->peers, &p->node);
    zl_endpoint_gained (e);
    zl_peer_start (s, p);
    return 0;
}

void zl_peer_ping (zl_socket *s, zl_peer *p, int ttl)
{
    if (zl_wire_ping (&p->wire, ttl) < 0)
        zl_peer_end (s, p, ZL_CLOSE_MEMORY);
    else
        zl_peer_make_dirty (p);
}

/* ---- ending ---- */

/* The pipe and the connection part; the connection keeps its slab, the pipe a copy of what is complete in it. */
static void part_from_pipe (zl_peer *p)
{
    if (!p->pipe)
        return;
    zl_frameq_seal (&p->pipe->in, &p->sock->pool);
    p->linked = p->big_linked = false;
    zl_frameq_rollback (&p->pipe->in, &p->sock->pool);
    p->pipe->takes_encoded = false;
    p->pipe->peer = NULL;
    p->pipe = NULL;
}

void zl_peer_bury (zl_socket *s, zl_peer *p)
{
    if (!p->dead || p->buried || p->rd_owned || p->wr_owned)
        return;
    p->buried = true;
    if (p->why == ZL_CLOSE_LOCAL || p->finishing)
        zl_fd_finish (p->source.fd);
    zl_fd_close (p->source.fd);
    p->source.fd = -1;
    zl_pipe *pipe = p->pipe;
    part_from_pipe (p);
    s->stats.dropped[ZL_DROP_MEMORY] += zl_frameq_own (&p->tx, &s->pool);
    s->stats.dropped[ZL_DROP_CONNECTION_LOST] += zl_frameq_recover (&p->tx, &s->pool, p->tx_off);
    if (pipe) { /* whole messages that were not begun go out on the next connection, if there will be one */
        s->stats.dropped[ZL_DROP_MEMORY] += zl_frameq_own (&pipe->out, &s->pool);
        zl_frameq_splice (&p->tx, &pipe->out);
        pipe->out = p->tx;
        p->tx = (zl_frameq){0};
    }
    zl_frameq_clear (&p->tx, &s->pool);
    zl_frameq_clear (&p->ctl, &s->pool);
    if (p->slab)
        zl_chunk_put (&s->pool, p->slab);
    if (p->big_chunk)
        zl_chunk_put (&s->pool, p->big_chunk);
    zl_blob_drop (p->big);
    zl_blob_drop (p->big_plain);
    zl_wire_fini (&p->wire);
    zl_blob_drop (p->granted);
    zl_heartbeat_free (p->heart);
    p->heart = NULL;
    zl_list_remove (&p->node);
    zl_list_append (&s->graves, &p->node);
    zl_endpoint_lost (s, p->endpoint, pipe, p->why);
    zl_socket_changed (s);
}

void zl_peer_free (zl_peer *p)
{
    free (p);
}

/* Tells the monitor that, and how, it ends; not if it is we who end it. */
static void report_end (const zl_peer *p, zl_close_reason why)
{
    static const unsigned failures[] = {
#define X(id, name, final, event) event,
        ZL_CLOSE_REASONS (X)
#undef X
    };
    unsigned failure = failures[why];
    int fd = p->source.fd;
    bool raw = p->wire.codec == &zl_codec_raw;
    if (why == ZL_CLOSE_LOCAL || why == ZL_CLOSE_TAKEN_OVER)
        return;
    if (raw || failure == ZL_FAILS_PLAINLY)
        zl_endpoint_report (p->endpoint, ZL_EVENT_HANDSHAKE_FAILED, (uint64_t) p->error, fd);
    else if (!p->ready && failure == ZL_FAILS_REFUSED && p->wire.refusal)
        zl_endpoint_report (p->endpoint, ZL_EVENT_HANDSHAKE_FAILED_AUTH, p->wire.refusal, fd);
    else if ((!p->ready || p->wire.sealed) && failure >= ZL_PROTOCOL_UNSPECIFIED)
        zl_endpoint_report (p->endpoint, ZL_EVENT_HANDSHAKE_FAILED_PROTOCOL, failure, fd);
    zl_endpoint_report (p->endpoint, ZL_EVENT_DISCONNECTED, (uint64_t) fd, fd);
}

void zl_peer_end (zl_socket *s, zl_peer *p, zl_close_reason why)
{
    if (p->dead)
        return;
    p->dead = true;
    p->why = why;
    report_end (p, why);
    if (p->wr_blocked) {
        p->wr_blocked = false;
        s->blocked--;
    }
    s->stats.closed[why]++;
    zl_socket_alarm (s, &p->handshake, ZL_NEVER);
    zl_zap_forget (p->question);
    p->question = NULL;
    zl_poller_del (&s->client.set, p->source.fd);
    zl_list_remove (&p->readable);
    zl_list_remove (&p->dirty);
    zl_peer_bury (s, p);
}

void zl_peer_disconnected (zl_socket *s, zl_peer *p, int rc)
{
    p->error = rc ? -rc : EPIPE;
    zl_peer_end (s, p, !p->ready ? ZL_CLOSE_HANDSHAKE_CLOSED : rc ? ZL_CLOSE_RESET : ZL_CLOSE_PEER_CLOSED);
}

static void finish_late (zl_socket *s, zl_alarm *a)
{
    zl_peer *p = ZL_CONTAINER (a, zl_peer, handshake);
    zl_peer_end (s, p, p->finishing);
}

void zl_peer_finish (zl_socket *s, zl_peer *p, zl_close_reason why, int within_ms)
{
    p->finishing = (uint8_t) why;
    p->handshake.fire = finish_late; /* its own time is over */
    zl_socket_alarm (s, &p->handshake, zl_deadline (within_ms));
}

/* ---- the pipe's view ---- */

/* The queue has got one more message. */
static void stream_pushed (zl_pipe *pipe, size_t bytes_before)
{
    zl_socket *s = pipe->sock;
    s->flush.bytes += pipe->out.bytes - bytes_before;
    int hwm = s->opt.sndhwm;
    if (hwm && !pipe->conflate && pipe->out.msgs >= (size_t) hwm)
        pipe->writable = false;
    if (pipe->peer)
        zl_peer_make_dirty (pipe->peer);
}

static int stream_push (zl_pipe *pipe, const zl_msg *frames, unsigned n)
{
    zl_socket *s = pipe->sock;
    if (ZL_UNLIKELY (pipe->conflate)) {
        s->stats.dropped[ZL_DROP_CONFLATED] += pipe->out.msgs;
        zl_frameq_clear (&pipe->out, &s->pool);
        frames += n - 1; /* of a multipart message the last frame is what stays, as in libzmq */
        n = 1;
    }
    size_t before = pipe->out.bytes;
    int rc = ZL_UNLIKELY (pipe->overhead) ? zl_frameq_push_spaced (&pipe->out, &s->pool, frames, n, pipe->overhead)
                                          : zl_frameq_push (&pipe->out, &s->pool, frames, n);
    if (rc == 0)
        stream_pushed (pipe, before);
    return rc;
}

static int stream_push_encoded (zl_pipe *pipe, const zl_encoded *message)
{
    size_t before = pipe->out.bytes;
    int rc = zl_frameq_push_encoded (&pipe->out, &pipe->sock->pool, message);
    if (rc == 0)
        stream_pushed (pipe, before);
    return rc;
}

static void stream_consumed (zl_pipe *pipe)
{
    zl_peer *p = pipe->peer;
    if (!p)
        return;
    if (pipe->in.msgs == 0)
        zl_peer_spare_slab (p);
    if (p->rd_paused && pipe->in.msgs <= (size_t) pipe->sock->opt.rcvhwm / 2)
        zl_peer_unpause (p);
}

static void stream_recheck (zl_pipe *pipe)
{
    zl_socket *s = pipe->sock;
    int hwm = s->opt.sndhwm;
    if (hwm == 0 || pipe->out.msgs < (size_t) hwm)
        zl_pipe_set_writable (pipe);
    zl_peer *p = pipe->peer;
    if (p && p->rd_paused && !zl_peer_is_full (p))
        zl_peer_read_on (p);
}

static int stream_subscribe (zl_pipe *pipe, bool subscribe, const uint8_t *topic, size_t n)
{
    zl_peer *p = pipe->peer;
    if (!p || !p->ready)
        return 0; /* all subscriptions are sent when the connection comes up */
    int rc = zl_wire_send_subscription (&p->wire, subscribe, topic, n);
    zl_peer_make_dirty (p);
    return rc;
}

static void stream_hangup (zl_pipe *pipe, zl_close_reason why)
{
    zl_socket *s = pipe->sock;
    zl_endpoint *e = zl_endpoint_of_pipe (s, pipe);
    if (e)
        zl_endpoint_give_up (s, e, why);
    else if (pipe->peer)
        zl_peer_end (s, pipe->peer, why);
}

static void stream_finish (zl_pipe *pipe)
{
    zl_socket *s = pipe->sock;
    zl_endpoint *e = zl_endpoint_of_pipe (s, pipe);
    zl_peer *p = pipe->peer;
    int linger = s->opt.linger;
    if (e)
        zl_endpoint_close (s, e, linger);
    else if (p && (linger == 0 || zl_peer_has_written_all (p)))
        zl_peer_end (s, p, ZL_CLOSE_LOCAL);
    else if (p)
        zl_peer_finish (s, p, ZL_CLOSE_LOCAL, linger);
}

static void stream_close (zl_pipe *pipe)
{
    zl_peer *p = pipe->peer;
    if (!p)
        return;
    part_from_pipe (p);
    zl_peer_end (pipe->sock, p, ZL_CLOSE_LOCAL);
}

const zl_pipe_ops zl_stream_pipe_ops = {
    .push = stream_push,
    .push_encoded = stream_push_encoded,
    .consumed = stream_consumed,
    .recheck = stream_recheck,
    .subscribe = stream_subscribe,
    .hangup = stream_hangup,
    .finish = stream_finish,
    .close = stream_close,
};
