/* The read end of a peer.
 *
 * read() goes into the slab, a chunk that the peer shares with the in-queue of its pipe: the queue shows data[begin..end), whole
 * frames; the peer alone knows what lies behind.
 *
 *     slab  [ consumed | frames shown to the pipe | incomplete frame | free ]
 *                      ^begin                     ^end = cut         ^fill  ^cap
 *
 * A frame that does not fit goes into a block of its exact size (`big`), made when more of it is read; its header waits in the
 * chunk where it was found.
 *
 * Frames are looked for, and what is sealed is opened, before the mutex is taken again: it may take long. */
#include <errno.h>
#include <string.h>

#include "../net/fd.h"
#include "into.h"
#include "peer_state.h"

enum {
    READ_MIN = 1024, /* less room than this in a slab is not worth a system call */
    BULK = 16384,    /* so much at once is part of a stream that will go on */
};

/* Reading stops when a pipe holds this much, whatever RCVHWM says. */
#define INBOUND_BYTES_MAX ((size_t) 256 << 20)

bool zl_peer_is_full (const zl_peer *p)
{
    const zl_pipe *pipe = p->pipe;
    if (!pipe || pipe->in.msgs == 0 || pipe->discard || pipe->conflate)
        return false;
    int hwm = p->sock->opt.rcvhwm;
    return (hwm && pipe->in.msgs >= (size_t) hwm) || pipe->in.bytes >= INBOUND_BYTES_MAX;
}

void zl_peer_unpause (zl_peer *p)
{
    p->rd_paused = false;
    if (p->rd_ready && !zl_linked (&p->readable))
        zl_list_append (&p->sock->readable, &p->readable);
}

void zl_peer_read_on (zl_peer *p)
{
    zl_peer_unpause (p);
    if (!p->sock->turn)
        zl_loop_post (&p->sock->client);
}

/* Nothing is read: whether the client may come in is being decided, or was, or it is being told that its handshake failed. */
static bool is_deaf (const zl_peer *p)
{
    return p->wire.state == ZL_WIRE_ASKING || (p->finishing && p->finishing != ZL_CLOSE_LOCAL);
}

/* ---- the slab ---- */

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

void zl_peer_spare_slab (zl_peer *p)
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
        zl_peer_make_dirty (p);
        if (!why && ttl && zl_peer_heart (s, p))
            zl_heartbeat_expire (p->heart, ttl);
    }
    if (why)
        zl_peer_end (s, p, why);
}

/* ---- large bodies ---- */

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

/* A large body is complete, and open: it is put behind its header. */
static void finish_big (zl_socket *s, zl_peer *p)
{
    zl_chunk *c = p->big_chunk;
    zl_blob *b = p->big_plain ? p->big_plain : p->big;
    const uint8_t *body = p->big_plain ? b->data : b->data + zl_wire_overhead (&p->wire);
    zl_header h = p->big_header;
    bool linked = p->big_linked;
    if (p->big_plain)
        zl_socket_give_sealed (s, p->big);
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

/* ---- frames ---- */

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

void zl_peer_hear (zl_socket *s, zl_peer *p)
{
    if (!p->ready) {
        bool well = zl_peer_shake_hands (s, p);
        p->need = well ? 0 : READ_MIN + p->fill - p->cut; /* how much will come is not known */
        if (!well)
            return;
    }
    if (!p->slab)
        return;
    if (zl_wire_is_foreign (&p->wire)) {
        cut_foreign_frames (s, p);
        return;
    }
    zl_cut c = {.inside = p->inside};
    zl_wire_cut (&p->wire, p->slab->data + p->cut, p->fill - p->cut, &c);
    take_frames (s, p, &c);
}

/* ---- reading ---- */

/* What a read has brought, and what is in it so far as that can be told without the mutex. */
typedef struct {
    size_t n, of_big;    /* octets; those of them that belong to the large body */
    zl_close_reason why; /* that body could not be opened */
    bool found;          /* `frames` tells of the rest: not yet in the handshake, nor of other framings */
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
        zl_peer_hear (s, p);
}

void zl_peer_read (zl_socket *s, zl_peer *p)
{
    zl_list_remove (&p->readable);
    if (p->rd_owned || p->dead || !p->rd_ready)
        return;
    if (zl_peer_is_full (p) || is_deaf (p)) {
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
        zl_peer_bury (s, p);
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
        zl_peer_disconnected (s, p, (int) got);
    if (p->dead)
        return;
    if (p->rd_ready)
        zl_list_append (&s->readable, &p->readable);
    else
        zl_peer_spare_slab (p);
}
