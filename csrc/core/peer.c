/* A peer: one live stream connection.
 *
 * Reading. read() goes into the slab, a chunk that the peer shares with the in-queue of its pipe: the queue shows
 * data[begin..end), whole frames; the peer alone knows what lies behind.
 *
 *     slab  [ consumed | frames shown to the pipe | incomplete frame | free ]
 *                      ^begin                     ^end = cut         ^fill  ^cap
 *
 * A frame that does not fit goes into a block of its exact size (`big`), made when more of it is read; its header waits in the
 * chunk where it was found.
 *
 * Who may touch a descriptor. rd_owned and wr_owned are taken under the mutex; their owner then reads or writes without it
 * and commits under it. zl_peer_end() may come at any time: it marks the peer dead and silent, and the last owner to
 * return (or zl_peer_end itself) buries it: only then is the descriptor closed and are buffers given back.
 *
 * Edges. An event that arrives while a read or write is in the kernel must not be lost: rd_ready and wr_event are cleared
 * before the call, set by the event, and looked at after it. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../net/fd.h"
#include "heartbeat.h"
#include "into.h"
#include "peer.h"
#include "security.h"
#include "socket.h"
#include "zap.h"

enum {
    IOV_MAX_USED = 64,
    READ_MIN = 1024,          /* less room than this in a slab is not worth a system call */
    BULK = 16384,             /* so much at once is part of a stream that will go on */
    TIME_TO_TELL = 1000,      /* ms that a peer whose handshake has failed may take to be told why */
};

/* Reading stops when a pipe holds this much, whatever RCVHWM says. */
#define INBOUND_BYTES_MAX ((size_t) 256 << 20)

struct zl_peer {
    zl_source source;
    zl_socket *sock;
    zl_endpoint *endpoint;
    zl_pipe *pipe; /* from the end of the handshake; NULL if the socket type has no use for this connection */
    zl_node node, readable, dirty;
    zl_alarm handshake; /* its end is due; later, that of a finishing one */
    zl_pipe *question;  /* whether its client may come in; until that is answered nothing is read */
    zl_blob *granted;   /* what the authenticator said of it, as a property list; NULL if nothing */
    zl_heartbeat *heart; /* made when it is needed */

    /* the read end */
    bool rd_owned;
    bool rd_ready;  /* the kernel may have something */
    bool rd_hangup; /* the end of the stream is behind what can be read: no edge will tell of it again */
    bool rd_paused; /* the pipe is full */
    bool rd_large;  /* which size of slab is worth having */
    bool linked;    /* the slab is in pipe->in */
    bool hearing;   /* the slab is being looked at */
    bool inside;    /* the last complete frame had MORE */
    uint32_t cut, fill;
    size_t need; /* of the incomplete frame, header included; 0 unknown */
    zl_chunk *slab;
    bool big_due; /* the incomplete frame needs a block; its header is big_header */
    zl_blob *big;
    size_t big_got;
    zl_chunk *big_chunk;
    zl_header big_header;
    bool big_linked;
    zl_blob *big_plain; /* sealed: where what is in it shall lie; NULL: it stays in big */

    /* the write end */
    bool wr_owned;
    bool wr_event;   /* the kernel has said "writable" since the last attempt */
    bool wr_blocked; /* it took no more; wait for the event */
    bool wr_broken;  /* it takes no more ever: what the peer said before is still to be read */
    bool wr_watched; /* chatty transports: writability is asked for only while blocked */
    uint8_t finishing; /* not ZL_CLOSE_NONE: why it ends when nothing is left to write */
    bool ready;      /* handshake done: messages may go */
    bool dead, buried;
    zl_close_reason why;
    int error; /* errno of the read or write that failed, 0 if none has */
    size_t tx_off;
    zl_frameq ctl; /* greeting, commands */
    zl_frameq tx;  /* being written */

    zl_wire wire;
};

/* ---- small things ---- */

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
    return zl_endpoint_transport (p->endpoint)->portion;
}

bool zl_peer_is_paused (const zl_peer *p)
{
    return p->rd_paused || p->rd_ready || p->rd_owned;
}

bool zl_peer_flushed (const zl_peer *p)
{
    return p->wr_broken || (!p->tx.msgs && !(p->pipe && p->pipe->out.msgs));
}

/* To the last octet. */
static bool is_flushed (const zl_peer *p)
{
    return p->wr_broken || (!p->tx.head && !p->ctl.head && !(p->pipe && p->pipe->out.head));
}

/* Something is to be written and nobody is at it. */
static void make_dirty (zl_peer *p)
{
    if (!p->wr_owned && !p->wr_blocked && !p->dead && !zl_linked (&p->dirty))
        zl_list_append (&p->sock->dirty, &p->dirty);
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

static void bury (zl_socket *s, zl_peer *p)
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
    bury (s, p);
}

/* ---- the handshake's end ---- */

static void handshake_late (zl_socket *s, zl_alarm *a)
{
    zl_peer *p = ZL_CONTAINER (a, zl_peer, handshake);
    p->error = ETIMEDOUT;
    zl_peer_end (s, p, ZL_CLOSE_HANDSHAKE_TIMEOUT);
}

/* The heartbeat of p, made now if need be; NULL without memory: then its peer's word has to do. */
static zl_heartbeat *heart_of (zl_socket *s, zl_peer *p)
{
    if (!p->heart)
        p->heart = zl_heartbeat_new (s, p);
    return p->heart;
}

static bool is_name (zl_slice name, const char *due)
{
    return name.n == strlen (due) && strncasecmp ((const char *) name.p, due, name.n) == 0;
}

/* Copies a property list but for what no peer may say of itself. */
static uint8_t *put_announced (uint8_t *at, const zl_blob *announced)
{
    zl_slice list = {announced->data, announced->size}, name, value;
    const uint8_t *from = list.p;
    while (zl_property_get (&list, &name, &value) == 1) {
        if (!is_name (name, "User-Id") && !is_name (name, "Peer-Address")) {
            memcpy (at, from, (size_t) (list.p - from));
            at += list.p - from;
        }
        from = list.p;
    }
    return at;
}

/* What the application may ask about the connection: where it is, what the authenticator said of it, and what the peer
 * announced. In this order, as the first of a name is what counts. */
static zl_blob *describe (const zl_peer *p)
{
    char address[64];
    zl_fd_peer_address (p->source.fd, address, sizeof address);
    const zl_blob *granted = p->granted, *announced = p->wire.peer_properties;
    zl_blob *all = zl_blob_alloc (1 + strlen ("Peer-Address") + 4 + strlen (address) + (granted ? granted->size : 0) +
                                  (announced ? announced->size : 0));
    if (!all)
        return NULL;
    uint8_t *at = zl_property_put (zl_blob_bytes (all), "Peer-Address", address, strlen (address));
    if (granted) {
        memcpy (at, granted->data, granted->size);
        at += granted->size;
    }
    if (announced)
        at = put_announced (at, announced);
    all->size = (size_t) (at - zl_blob_bytes (all));
    return all;
}

/* The pipe that this connection is to serve: the endpoint's, or a new one. NULL without memory. */
static zl_pipe *pipe_for (zl_peer *p)
{
    zl_pipe *pipe = zl_endpoint_pipe (p->endpoint);
    if (!pipe)
        pipe = zl_endpoint_new_pipe (p->endpoint);
    if (!pipe)
        return NULL;
    if (zl_pipe_takes_id (pipe) && zl_pipe_set_id (pipe, p->wire.peer_id, p->wire.peer_id_len) < 0)
        return NULL;
    zl_blob_drop (pipe->properties);
    pipe->properties = describe (p);
    return pipe;
}

/* Messages may flow. */
static void become_ready (zl_socket *s, zl_peer *p)
{
    const zl_options *o = zl_endpoint_options (p->endpoint);
    p->ready = true;
    zl_socket_alarm (s, &p->handshake, ZL_NEVER);
    s->stats.handshakes++;
    zl_endpoint_up (p->endpoint);
    if (!p->wire.legacy)
        zl_endpoint_report (p->endpoint, ZL_EVENT_HANDSHAKE_SUCCEEDED, 0, p->source.fd);
    if (s->closed && zl_endpoint_is_listener (p->endpoint)) {
        zl_peer_end (s, p, ZL_CLOSE_LOCAL);
        return;
    }
    zl_pipe *pipe = pipe_for (p);
    const zl_blob *hello = o->bytes[ZL_BYTES_HELLO_MSG];
    if (!pipe || (hello && zl_wire_send_first (&p->wire, hello->data, hello->size) < 0)) {
        zl_peer_end (s, p, ZL_CLOSE_MEMORY);
        return;
    }
    p->pipe = pipe;
    pipe->peer = p;
    pipe->takes_encoded = !pipe->conflate && !pipe->overhead && !zl_wire_is_foreign (&p->wire);
    zl_endpoint_set_pipe (p->endpoint, pipe);
    if (o->heartbeat_ivl && !p->wire.legacy && heart_of (s, p))
        zl_heartbeat_start (p->heart);
    if (!pipe->attached && !pipe->discard)
        zl_pipe_attach (pipe);
    if (pipe->attached && s->type->connected)
        s->type->connected (s, pipe);
    if (!p->dead && p->wire.codec == &zl_codec_v1 && s->type->subscription)
        s->type->subscription (s, pipe, true, NULL, 0); /* such a subscriber cannot say what it wants, and filters itself */
    make_dirty (p);
}

/* ---- reading ---- */

static bool inbound_full (const zl_peer *p)
{
    const zl_pipe *pipe = p->pipe;
    if (!pipe || pipe->in.msgs == 0 || pipe->discard || pipe->conflate)
        return false;
    int hwm = p->sock->opt.rcvhwm;
    return (hwm && pipe->in.msgs >= (size_t) hwm) || pipe->in.bytes >= INBOUND_BYTES_MAX;
}

static void unpause (zl_peer *p)
{
    p->rd_paused = false;
    if (p->rd_ready && !zl_linked (&p->readable))
        zl_list_append (&p->sock->readable, &p->readable);
}

/* The same from outside of the turn: somebody has to come and read. */
static void read_on (zl_peer *p)
{
    unpause (p);
    if (!p->sock->turn)
        zl_loop_post (&p->sock->client);
}

/* Nothing is read: whether the client may come in is being decided, or was, or it is being told that its handshake failed. */
static bool is_deaf (const zl_peer *p)
{
    return p->wire.state == ZL_WIRE_ASKING || (p->finishing && p->finishing != ZL_CLOSE_LOCAL);
}

/* Gives the slab up: what of it the pipe has shown stays with the pipe. */
static void retire_slab (zl_peer *p)
{
    if (p->linked)
        p->slab->open = false;
    else
        zl_chunk_put (&p->sock->pool, p->slab);
    p->slab = NULL;
    p->linked = false;
}

/* An idle connection holds no slab: what it has read was received, and nothing is known to come. Messages may be received while
 * those behind them are still being looked for. */
static void spare_slab (zl_peer *p)
{
    zl_chunk *c = p->slab;
    if (!c || c->begin != c->end || p->cut != p->fill || p->rd_owned || p->rd_ready || p->hearing)
        return;
    if (p->linked) {
        if (p->pipe->in.head != c)
            return;
        p->pipe->in = (zl_frameq){0};
        p->linked = false;
    }
    zl_chunk_put (&p->sock->pool, c);
    p->slab = NULL;
    p->cut = p->fill = 0;
}

/* Makes room to read into. False without memory. */
static bool prepare_slab (zl_peer *p)
{
    zl_pool *pool = &p->sock->pool;
    zl_chunk *c = p->slab;
    uint32_t partial = 0;
    if (c) {
        if (c->begin == c->end && p->cut == p->fill)
            c->begin = c->end = p->cut = p->fill = 0;
        bool too_small = p->rd_large && c->size == ZL_SMALL && p->fill == 0;
        if (!too_small && c->cap - p->fill >= READ_MIN && p->need <= c->cap - p->cut)
            return true;
        partial = p->fill - p->cut;
    }
    bool large = p->rd_large || p->need > ZL_CHUNK_SMALL || partial > ZL_CHUNK_SMALL - READ_MIN;
    zl_chunk *fresh = zl_chunk_get (pool, large ? ZL_LARGE : ZL_SMALL);
    if (!fresh)
        return false;
    fresh->open = true;
    if (c) {
        memcpy (fresh->data, c->data + p->cut, partial);
        retire_slab (p);
    }
    p->slab = fresh;
    p->cut = 0;
    p->fill = partial;
    return true;
}

/* n octets of complete frames at the cut, with msgs ends of messages in them: the pipe may have them. */
static void show (zl_peer *p, size_t n, unsigned msgs)
{
    zl_chunk *c = p->slab;
    zl_pipe *pipe = p->pipe;
    p->cut += (uint32_t) n;
    if (p->heart)
        zl_heartbeat_heard (p->heart); /* also behind a PING in the same buffer */
    if (!pipe) {
        c->begin = c->end = p->cut;
        p->sock->stats.dropped[ZL_DROP_NO_PEER] += msgs;
        return;
    }
    c->end = p->cut;
    if (!p->linked) {
        zl_frameq_link (&pipe->in, c);
        p->linked = true;
    }
    pipe->in.bytes += n;
    pipe->in.msgs += msgs;
    if (msgs)
        zl_pipe_arrived (pipe, msgs);
}

static void handle_command (zl_socket *s, zl_peer *p, const uint8_t *body, size_t n)
{
    zl_slice name, data;
    zl_close_reason why = ZL_CLOSE_NONE;
    if (p->heart)
        zl_heartbeat_heard (p->heart);
    if (!zl_command_get (body, n, &name, &data))
        return; /* libzmq peers are forgiven an empty or broken command in traffic, as libzmq does */
    bool subscribe = ZL_IS (name, "SUBSCRIBE");
    if (subscribe || ZL_IS (name, "CANCEL")) {
        if (s->type->subscription && p->pipe && p->pipe->attached)
            s->type->subscription (s, p->pipe, subscribe, data.p, data.n);
    } else if (ZL_IS (name, "PING")) {
        int ttl = 0;
        why = zl_wire_pong (&p->wire, data, &ttl);
        make_dirty (p);
        if (!why && ttl && heart_of (s, p))
            zl_heartbeat_expire (p->heart, ttl);
    }
    if (why)
        zl_peer_end (s, p, why);
}

/* Where the body of a frame that is too large for the slab is to be read: better memory of the application's, if it has given some.
 * What is sealed is opened first, and the block serves again. NULL without memory. */
static zl_blob *block_for_big (zl_socket *s, zl_peer *p, size_t size)
{
    zl_blob *b = NULL;
    unsigned overhead = zl_wire_overhead (&p->wire);
    if (zl_wire_is_foreign (&p->wire))
        return zl_blob_alloc (size);
    if (!s->into)
        b = zl_socket_take_spare (s, size - overhead);
    if (overhead) {
        p->big_plain = b;
        b = zl_socket_take_sealed (s, size);
    }
    return b ? b : zl_blob_alloc (size);
}

/* Called when the rest of such a frame is about to be read, since that is when somebody waits for it; at once only for what is so
 * large that there may be no memory for it, as the peer may never send the rest. */
static bool begin_big (zl_socket *s, zl_peer *p)
{
    size_t size = (size_t) p->big_header.size;
    zl_blob *b = block_for_big (s, p, size);
    if (!b)
        return false;
    p->big_due = false;
    p->big = b;
    p->big_got = p->fill - p->cut - p->big_header.len;
    memcpy ((uint8_t *) b->data, p->slab->data + p->cut + p->big_header.len, p->big_got);
    if (s->into && !p->wire.sealed && !zl_wire_is_foreign (&p->wire) && !s->type->keeps_frames)
        zl_into_lend (s->into, b, p->big_got);
    p->big_chunk = p->slab;
    p->big_linked = p->linked;
    p->slab = NULL;
    p->linked = false;
    p->cut = p->fill = 0;
    p->rd_large = false; /* read little ahead, so that the next large body need not be moved either */
    return true;
}

/* A frame of another framing, whose body lies in `blob` (NULL: borrowed). */
static void take_foreign (zl_socket *s, zl_peer *p, const zl_header *h, const uint8_t *body, zl_blob *blob)
{
    zl_pipe *pipe = p->pipe;
    bool more = h->flags & ZL_FRAME_MORE;
    p->inside = more;
    if (!pipe) {
        s->stats.dropped[ZL_DROP_NO_PEER] += !more;
        return;
    }
    if (zl_frameq_append (&pipe->in, &s->pool, &(zl_msg){body, (size_t) h->size, blob}, more) < 0)
        zl_peer_end (s, p, ZL_CLOSE_MEMORY);
    else if (!more)
        zl_pipe_arrived (pipe, 1);
}

/* Opens a large body that has come sealed, and moves it to where it shall lie. Needs no mutex. */
static zl_close_reason open_big (zl_peer *p)
{
    if (!p->wire.sealed)
        return ZL_CLOSE_NONE;
    zl_close_reason why = zl_wire_open_body (&p->wire, &p->big_header, (uint8_t *) p->big->data);
    if (!why && p->big_plain)
        memcpy ((uint8_t *) p->big_plain->data, p->big->data + zl_wire_overhead (&p->wire), (size_t) p->big_header.size);
    return why;
}

/* A large body is complete, and open. */
static void finish_big (zl_socket *s, zl_peer *p)
{
    zl_chunk *c = p->big_chunk;
    zl_blob *b = p->big;
    const uint8_t *body = b->data + zl_wire_overhead (&p->wire);
    zl_header h = p->big_header;
    bool linked = p->big_linked;
    if (p->big_plain) {
        zl_socket_give_sealed (s, b);
        b = p->big_plain;
        body = b->data;
    }
    p->big = p->big_plain = NULL;
    p->big_chunk = NULL;
    p->big_linked = false;
    if (zl_wire_is_foreign (&p->wire)) {
        zl_chunk_put (&s->pool, c);
        take_foreign (s, p, &h, body, b);
        zl_blob_drop (b);
        return;
    }
    if (h.flags & ZL_FRAME_COMMAND || !p->pipe) {
        if (linked)
            c->open = false;
        else
            zl_chunk_put (&s->pool, c);
        if (h.flags & ZL_FRAME_COMMAND)
            handle_command (s, p, body, (size_t) h.size);
        zl_blob_drop (b);
        return;
    }
    c->end += zl_header_put (c->data + c->end, h.size, h.flags & ZL_FRAME_MORE);
    c->blob = b;
    c->body = body;
    c->body_size = (size_t) h.size;
    c->open = false;
    zl_pipe *pipe = p->pipe;
    if (!linked)
        zl_frameq_link (&pipe->in, c);
    p->inside = h.flags & ZL_FRAME_MORE;
    pipe->in.bytes += h.len + h.size;
    pipe->in.msgs += !p->inside;
    if (!p->inside)
        zl_pipe_arrived (pipe, 1);
}

/* A frame that does not fit the slab is read into a block of its own; `need` is set for any other incomplete one. */
static void await_rest (zl_socket *s, zl_peer *p, const zl_header *next)
{
    p->need = next->len ? next->len + (size_t) next->size : 0;
    if (p->need > p->slab->cap - p->cut && p->need > ZL_CHUNK_LARGE / 4) {
        p->need = 0;
        p->big_due = true;
        p->big_header = *next;
        if (!zl_wire_is_foreign (&p->wire)) /* which takes no spare memory */
            s->big_size = (size_t) next->size - zl_wire_overhead (&p->wire);
        if (next->size > INBOUND_BYTES_MAX && !begin_big (s, p))
            zl_peer_end (s, p, ZL_CLOSE_MEMORY);
    }
}

/* Shows the pipe what has been found in the slab, and finds the rest behind a command. */
static void take_frames (zl_socket *s, zl_peer *p, zl_cut *c)
{
    for (;;) {
        p->inside = c->inside;
        if (c->taken)
            show (p, c->taken, c->msgs);
        if (p->dead)
            return; /* the socket type would have nothing of it */
        if (c->stop != ZL_CUT_COMMAND)
            break;
        uint32_t total = c->next.len + (uint32_t) c->next.size;
        handle_command (s, p, p->slab->data + p->cut + c->next.len, (size_t) c->next.size);
        if (p->dead)
            return;
        p->cut += total;
        if (p->slab->begin == p->slab->end)
            p->slab->begin = p->slab->end = p->cut;
        else { /* unread messages lie before it: the reader steps over it */
            p->slab->end = p->cut;
            p->pipe->in.bytes += total;
        }
        zl_wire_cut (&p->wire, p->slab->data + p->cut, p->fill - p->cut, c);
    }
    if (c->stop == ZL_CUT_BAD) {
        zl_peer_end (s, p, p->wire.reason);
        return;
    }
    await_rest (s, p, &c->next);
}

/* The same for a peer whose framing is not that of the queues: what it sends is copied over, frame by frame. */
static void cut_foreign_frames (zl_socket *s, zl_peer *p)
{
    zl_header h = {0};
    int rc;
    while ((rc = zl_wire_cut_one (&p->wire, p->slab->data + p->cut, p->fill - p->cut, &h)) == 1) {
        if (p->fill - p->cut - h.len < h.size)
            break;
        uint8_t *body = p->slab->data + p->cut + h.len;
        p->cut += h.len + (uint32_t) h.size;
        p->slab->begin = p->slab->end = p->cut;
        take_foreign (s, p, &h, body, NULL);
        if (p->dead)
            return;
    }
    if (rc < 0)
        zl_peer_end (s, p, p->wire.reason);
    else
        await_rest (s, p, rc ? &h : &(zl_header){0});
}

static void finish_late (zl_socket *s, zl_alarm *a)
{
    zl_peer *p = ZL_CONTAINER (a, zl_peer, handshake);
    zl_peer_end (s, p, p->finishing);
}

/* It ends when all is written, or after so many milliseconds (-1: never for that). */
static void finish (zl_socket *s, zl_peer *p, zl_close_reason why, int within_ms)
{
    p->finishing = (uint8_t) why;
    p->handshake.fire = finish_late; /* its own time is over */
    zl_socket_alarm (s, &p->handshake, zl_deadline (within_ms));
}

/* The client is not let in, and told so, if so. */
static void deny (zl_socket *s, zl_peer *p, unsigned status)
{
    zl_close_reason why = zl_wire_deny (&p->wire, status);
    if (why || status == 300) {
        zl_peer_end (s, p, why ? why : ZL_CLOSE_DEFERRED);
        return;
    }
    make_dirty (p);
    finish (s, p, ZL_CLOSE_DENIED, TIME_TO_TELL);
}

/* Has the authenticator decide. True if that is not necessary, or was done at once: the handshake goes on. */
static bool ask (zl_socket *s, zl_peer *p)
{
    zl_slice credentials[2];
    char address[64];
    const zl_mech *mech = p->wire.mech;
    const zl_options *o = zl_endpoint_options (p->endpoint);
    zl_fd_peer_address (p->source.fd, address, sizeof address);
    unsigned n = mech->credentials ? mech->credentials (&p->wire, credentials) : 0;
    const zl_zap_request request = {p, o, mech, address, credentials, n};
    int rc = zl_zap_ask (s, &request, &p->question);
    if (rc == 0)
        return false;
    zl_close_reason why = rc == -ENOMEM                ? ZL_CLOSE_MEMORY
                          : zl_zap_is_needed (o, mech) ? ZL_CLOSE_NO_AUTHENTICATOR
                                                       : zl_wire_admit (&p->wire);
    if (why)
        zl_peer_end (s, p, why);
    return !why;
}

/* Feeds the wire with what has been read; false if that was the end. */
static bool feed_wire (zl_socket *s, zl_peer *p)
{
    zl_chunk *c = p->slab; /* NULL: it goes on after an answer, and nothing has come since */
    ssize_t used = zl_wire_input (&p->wire, c ? c->data + p->cut : NULL, p->fill - p->cut);
    make_dirty (p);
    if (used < 0) {
        if (p->wire.reason == ZL_CLOSE_MECHANISM)
            finish (s, p, ZL_CLOSE_MECHANISM, TIME_TO_TELL); /* our greeting tells the peer why */
        else
            zl_peer_end (s, p, p->wire.reason);
        return false;
    }
    p->cut += (uint32_t) used;
    if (c)
        c->begin = c->end = p->cut;
    return true;
}

/* Everything up to the first message; true once that may come. */
static bool shake_hands (zl_socket *s, zl_peer *p)
{
    while (feed_wire (s, p) && p->wire.state == ZL_WIRE_ASKING)
        if (!ask (s, p))
            return false;
    if (p->dead)
        return false;
    p->need = p->wire.state == ZL_WIRE_TRAFFIC ? 0 : READ_MIN + p->fill - p->cut;
    if (p->wire.state != ZL_WIRE_TRAFFIC)
        return false;
    become_ready (s, p);
    return !p->dead;
}

/* Looks at what is in the slab. */
static void hear (zl_socket *s, zl_peer *p)
{
    if ((!p->ready && !shake_hands (s, p)) || !p->slab)
        return;
    if (zl_wire_is_foreign (&p->wire)) {
        cut_foreign_frames (s, p);
        return;
    }
    zl_cut c = {.inside = p->inside};
    zl_wire_cut (&p->wire, p->slab->data + p->cut, p->fill - p->cut, &c);
    take_frames (s, p, &c);
}

void zl_peer_judge (zl_socket *s, zl_peer *p, const zl_zap_reply *reply)
{
    p->question = NULL;
    zl_close_reason why = reply->why;
    if (!why && reply->status != 200)
        deny (s, p, reply->status);
    else if (!why) {
        p->granted = zl_blob_hold (reply->properties);
        why = zl_wire_admit (&p->wire);
    }
    if (why)
        zl_peer_end (s, p, why);
    if (!p->dead && !p->finishing) {
        p->hearing = true;
        hear (s, p);
        p->hearing = false;
        read_on (p);
    }
    zl_flush_later (s);
}

/* What has been found out about n octets that were read, before the mutex was taken again: most of it, in traffic. */
typedef struct {
    size_t n, of_big;
    zl_close_reason why; /* the large body could not be opened */
    bool found;          /* `frames` tells of the slab */
    zl_cut frames;
} zl_haul;

static void look_through (zl_peer *p, zl_haul *haul)
{
    bool inside = p->inside;
    if (p->big) {
        haul->of_big = ZL_MIN (haul->n, p->big->size - p->big_got);
        if (p->big_got + haul->of_big < p->big->size)
            return;
        haul->why = open_big (p);
        if (!(p->big_header.flags & ZL_FRAME_COMMAND))
            inside = p->big_header.flags & ZL_FRAME_MORE;
    }
    size_t left = haul->n - haul->of_big;
    haul->found = left && !haul->why && p->ready && !zl_wire_is_foreign (&p->wire);
    if (haul->found) {
        haul->frames.inside = inside;
        zl_wire_cut (&p->wire, p->slab->data + p->cut, p->fill + left - p->cut, &haul->frames);
    }
}

static void take_haul (zl_socket *s, zl_peer *p, zl_haul *haul)
{
    if (p->heart)
        zl_heartbeat_heard (p->heart);
    if (haul->why) {
        zl_peer_end (s, p, haul->why);
        return;
    }
    if (p->big) {
        p->big_got += haul->of_big;
        if (p->big_got < p->big->size)
            return;
        finish_big (s, p);
    }
    p->fill += (uint32_t) (haul->n - haul->of_big);
    if (p->dead || haul->n == haul->of_big)
        return;
    if (haul->found)
        take_frames (s, p, &haul->frames);
    else
        hear (s, p);
}

/* The system says so: 0 at the end of the stream, or -errno. */
static void connection_ended (zl_socket *s, zl_peer *p, int rc)
{
    p->error = rc ? -rc : EPIPE;
    zl_peer_end (s, p, !p->ready ? ZL_CLOSE_HANDSHAKE_CLOSED : rc ? ZL_CLOSE_RESET : ZL_CLOSE_PEER_CLOSED);
}

void zl_peer_read (zl_socket *s, zl_peer *p)
{
    zl_list_remove (&p->readable);
    if (p->rd_owned || p->dead || !p->rd_ready)
        return;
    if (inbound_full (p) || is_deaf (p)) {
        p->rd_paused = true;
        return;
    }
    struct iovec iov[2];
    unsigned n = 0;
    size_t asked = 0;
    if ((p->big_due && !begin_big (s, p)) || !prepare_slab (p)) {
        zl_peer_end (s, p, ZL_CLOSE_MEMORY);
        return;
    }
    if (p->big) {
        iov[n++] = (struct iovec){(uint8_t *) p->big->data + p->big_got, p->big->size - p->big_got};
        asked += iov[0].iov_len;
    }
    iov[n++] = (struct iovec){p->slab->data + p->fill, p->slab->cap - p->fill};
    asked += iov[n - 1].iov_len;

    p->rd_owned = true;
    p->rd_ready = false;
    int fd = p->source.fd;
    zl_socket_unlock (s);
    ssize_t got = zl_fd_read (fd, iov, n);
    zl_haul haul = {.n = got > 0 ? (size_t) got : 0};
    if (got > 0)
        look_through (p, &haul);
    zl_socket_lock (s);
    p->rd_owned = false;
    if (p->dead) {
        bury (s, p);
        return;
    }
    if (got > 0) {
        s->bulk = got >= BULK;
        if ((size_t) got == asked) {
            p->rd_ready = true; /* there may be more, and no edge will say so */
            p->rd_large = !p->big;
        }
        p->rd_ready |= p->rd_hangup;
        p->hearing = true;
        take_haul (s, p, &haul);
        p->hearing = false;
    } else if (got != -EAGAIN)
        connection_ended (s, p, (int) got);
    if (p->dead)
        return;
    if (p->rd_ready)
        zl_list_append (&s->readable, &p->readable);
    else
        spare_slab (p);
}

/* ---- writing ---- */

/* Takes whole messages over into the peer's own framing. Without memory the connection ends. */
static void encode_foreign (zl_peer *p, zl_pipe *pipe)
{
    zl_pool *pool = &p->sock->pool;
    zl_view v = {.more = false};
    while ((v.more || p->tx.bytes < zl_peer_portion (p)) && zl_frameq_peek (&pipe->out, pool, &v)) {
        const zl_msg frame = {v.data, v.size, v.blob};
        if (zl_wire_put_frame (&p->wire, &p->tx, &frame, v.more) < 0) {
            zl_peer_end (p->sock, p, ZL_CLOSE_MEMORY);
            return;
        }
        zl_frameq_next (&pipe->out, pool, &v);
    }
}

/* Whether there is something to write, taking it from where it waits. */
static bool refill (zl_peer *p)
{
    if (p->tx.head)
        return true;
    p->tx_off = 0;
    zl_frameq_splice (&p->tx, &p->ctl);
    zl_pipe *pipe = p->pipe;
    if (pipe && p->ready && pipe->out.head) {
        if (zl_wire_is_foreign (&p->wire))
            encode_foreign (p, pipe);
        else
            zl_frameq_move (&p->tx, &pipe->out, zl_peer_portion (p));
        if (!pipe->writable && pipe->out.msgs <= zl_low_water (p->sock->opt.sndhwm))
            zl_pipe_set_writable (pipe);
    }
    return p->tx.head;
}

static void watch_writable (zl_socket *s, zl_peer *p, bool on)
{
    if (!zl_endpoint_transport (p->endpoint)->chatty_writable || p->wr_watched == on)
        return;
    p->wr_watched = on;
    zl_poller_mod (&s->client.set, p->source.fd, ZL_READ | (on ? ZL_WRITE : 0), ZL_EDGE, &p->source);
}

/* A peer that has closed may have said something before: the connection ends when that has been read. */
static void write_failed (zl_socket *s, zl_peer *p, int rc)
{
    if (rc == -ENOMEM) {
        zl_peer_end (s, p, ZL_CLOSE_MEMORY);
        return;
    }
    if (p->dead || !p->pipe || p->pipe->discard || s->closed) {
        connection_ended (s, p, rc);
        return;
    }
    p->wr_broken = true;
    if (!p->wr_blocked)
        s->blocked++;
    p->wr_blocked = true;
    p->rd_ready = p->rd_hangup = true;
    if (!p->rd_paused && !p->rd_owned && !zl_linked (&p->readable))
        zl_list_append (&s->readable, &p->readable);
    if (!s->turn)
        zl_loop_post (&s->client); /* somebody has to read */
}

/* Hands the kernel some of what is to be written, of which *asked is what it could have taken. Needs no mutex. */
static ssize_t write_some (zl_peer *p, int fd, size_t *asked)
{
    struct iovec iov[IOV_MAX_USED];
    if (p->wire.mech->overhead && zl_wire_seal (&p->wire, &p->tx) < 0)
        return -ENOMEM;
    unsigned n = zl_frameq_iov (&p->tx, p->tx_off, iov, IOV_MAX_USED);
    *asked = 0;
    for (unsigned i = 0; i < n; i++)
        *asked += iov[i].iov_len;
    return zl_fd_write (fd, iov, n);
}

void zl_peer_write (zl_socket *s, zl_peer *p)
{
    zl_list_remove (&p->dirty);
    if (p->wr_owned || p->wr_blocked || p->dead)
        return;
    p->wr_owned = true;
    ssize_t put = 0;
    bool more = true;
    while (more && !p->dead && refill (p)) {
        size_t asked;
        p->wr_event = false;
        int fd = p->source.fd;
        zl_socket_unlock (s);
        put = write_some (p, fd, &asked);
        zl_socket_lock (s);
        if (put > 0)
            p->tx_off = zl_frameq_written (&p->tx, &s->pool, p->tx_off + (size_t) put);
        else if (put != -EAGAIN)
            break;
        more = p->tx.head || put >= (ssize_t) zl_peer_portion (p) / 4; /* a little that has gathered meanwhile had better gather on */
        if (put < (ssize_t) asked && !p->wr_event && !p->dead) {
            p->wr_blocked = true;
            s->blocked++;
            watch_writable (s, p, true);
            break;
        }
    }
    p->wr_owned = false;
    if (put < 0 && put != -EAGAIN)
        write_failed (s, p, (int) put);
    bury (s, p);
    if (!p->dead && (p->ctl.head || (p->pipe && p->pipe->out.head)))
        make_dirty (p);
    if (!p->dead && p->finishing && is_flushed (p))
        zl_peer_end (s, p, p->finishing);
    if (!p->buried && !p->tx.head) {
        zl_endpoint_flushed (s, p->endpoint);
        if (s->draining)
            zl_socket_changed (s);
    }
}

/* ---- events ---- */

static void on_ready (zl_socket *s, zl_source *src, unsigned events)
{
    zl_peer *p = ZL_CONTAINER (src, zl_peer, source);
    if (p->dead)
        return;
    if (events & ZL_HANGUP)
        p->rd_hangup = true;
    if (events & ZL_READ) {
        p->rd_ready = true;
        if (!p->rd_paused && !p->rd_owned && !zl_linked (&p->readable))
            zl_list_append (&s->readable, &p->readable);
    }
    if (events & ZL_WRITE) {
        p->wr_event = true;
        if (p->wr_blocked && !p->wr_broken) {
            p->wr_blocked = false;
            s->blocked--;
            watch_writable (s, p, false);
            make_dirty (p);
        }
    }
}

void zl_peer_ping (zl_socket *s, zl_peer *p, int ttl)
{
    if (zl_wire_ping (&p->wire, ttl) < 0)
        zl_peer_end (s, p, ZL_CLOSE_MEMORY);
    else
        make_dirty (p);
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
    p->handshake.fire = handshake_late;
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
    if (config.raw)
        become_ready (s, p);
    else if (o->handshake_ivl)
        zl_socket_alarm (s, &p->handshake, zl_now () + (zl_time) o->handshake_ivl * ZL_MS);
    make_dirty (p);
    return 0;
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
        make_dirty (pipe->peer);
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
        spare_slab (p);
    if (p->rd_paused && pipe->in.msgs <= (size_t) pipe->sock->opt.rcvhwm / 2)
        unpause (p);
}

static void stream_recheck (zl_pipe *pipe)
{
    zl_socket *s = pipe->sock;
    int hwm = s->opt.sndhwm;
    if (hwm == 0 || pipe->out.msgs < (size_t) hwm)
        zl_pipe_set_writable (pipe);
    zl_peer *p = pipe->peer;
    if (p && p->rd_paused && !inbound_full (p))
        read_on (p);
}

static int stream_subscribe (zl_pipe *pipe, bool subscribe, const uint8_t *topic, size_t n)
{
    zl_peer *p = pipe->peer;
    if (!p || !p->ready)
        return 0; /* all subscriptions are sent when the connection comes up */
    int rc = zl_wire_send_subscription (&p->wire, subscribe, topic, n);
    make_dirty (p);
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
    else if (p && (linger == 0 || is_flushed (p)))
        zl_peer_end (s, p, ZL_CLOSE_LOCAL);
    else if (p)
        finish (s, p, ZL_CLOSE_LOCAL, linger);
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
