/* A queue of frames kept in the form they have on the wire; see the header for the layout. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "frameq.h"

static const uint32_t chunk_caps[] = {ZL_CHUNK_SMALL, ZL_CHUNK_LARGE, 0};
static const unsigned pool_most[] = {64, 40, 256};
/* Of a block with encoded messages, and of a message for which that pays: larger frames had better be referred to. */
enum { ENCODED_BLOCK = 65536 - sizeof (zl_blob), ENCODED_MAX = ZL_REF_MIN };

zl_chunk *zl_chunk_get (zl_pool *pool, enum zl_chunk_size size)
{
    zl_chunk *c = pool->free[size];
    uint32_t cap = chunk_caps[size];
    if (c) {
        pool->free[size] = c->next;
        pool->count[size]--;
        if (size == ZL_LARGE)
            pool->idle = ZL_MIN (pool->idle, pool->count[size]);
    } else {
        c = malloc (sizeof *c + cap);
        if (!c)
            return NULL;
    }
    *c = (zl_chunk){.cap = cap, .size = (uint8_t) size};
    return c;
}

void zl_chunk_put (zl_pool *pool, zl_chunk *c)
{
    zl_blob_drop (c->blob);
    if (pool->count[c->size] >= pool_most[c->size]) {
        free (c);
        return;
    }
    c->blob = NULL;
    c->next = pool->free[c->size];
    pool->free[c->size] = c;
    pool->count[c->size]++;
}

/* Frees chunks until no more than this many are left. */
static void shrink (zl_pool *pool, int size, unsigned most)
{
    while (pool->count[size] > most) {
        zl_chunk *c = pool->free[size];
        pool->free[size] = c->next;
        pool->count[size]--;
        free (c);
    }
}

bool zl_pool_tidy (zl_pool *pool)
{
    unsigned count = pool->count[ZL_LARGE];
    shrink (pool, ZL_LARGE, ZL_MAX (count - pool->idle, ZL_POOL_FEW));
    pool->idle = pool->count[ZL_LARGE];
    return pool->idle > ZL_POOL_FEW;
}

void zl_pool_fini (zl_pool *pool)
{
    for (int i = 0; i < ZL_CHUNK_SIZES; i++)
        shrink (pool, i, 0);
}

void zl_frameq_link (zl_frameq *q, zl_chunk *c)
{
    c->next = NULL;
    if (q->tail)
        q->tail->next = c;
    else
        q->head = c;
    q->tail = c;
}

static void drop_head (zl_frameq *q, zl_pool *pool)
{
    zl_chunk *c = q->head;
    q->head = c->next;
    if (!q->head)
        q->tail = NULL;
    zl_chunk_put (pool, c);
}

static inline bool has_room (const zl_chunk *c, size_t n, unsigned kind)
{
    return !c->blob && !c->open && c->kind == kind && c->cap - c->end >= n;
}

static zl_chunk *add_chunk (zl_frameq *q, zl_pool *pool, enum zl_chunk_size size, unsigned kind)
{
    zl_chunk *c = zl_chunk_get (pool, size);
    if (!c)
        return NULL;
    c->kind = (uint8_t) kind;
    zl_frameq_link (q, c);
    return c;
}

/* Room for n contiguous bytes at the tail; the first chunk of a queue is a small one. NULL without memory. */
static zl_chunk *reserve (zl_frameq *q, zl_pool *pool, size_t n, unsigned kind)
{
    zl_chunk *c = q->tail;
    if (ZL_LIKELY (c && has_room (c, n, kind)))
        return c;
    return add_chunk (q, pool, (c && !(c->kind & ZL_CONTROL)) || n > ZL_CHUNK_SMALL ? ZL_LARGE : ZL_SMALL, kind);
}

/* Room for the n octets before a body outside, behind which nothing more is put into the chunk. NULL without memory. */
static zl_chunk *reserve_last (zl_frameq *q, zl_pool *pool, size_t n, unsigned kind)
{
    zl_chunk *c = q->tail;
    return c && has_room (c, n, kind) ? c : add_chunk (q, pool, ZL_SMALL, kind);
}

/* Octets before a frame, so that it becomes no longer when `overhead` more stand before its body. */
static inline unsigned gap_before (size_t size, unsigned overhead)
{
    return overhead ? zl_header_len (size + overhead) + overhead - zl_header_len (size) : 0;
}

/* A gap and a header at the end of a chunk that has room for them. */
static inline void put_header (zl_frameq *q, zl_chunk *c, size_t size, unsigned flags, unsigned gap)
{
    if (gap)
        zl_gap_put (c->data + c->end, gap);
    unsigned n = gap + zl_header_put (c->data + c->end + gap, size, flags);
    c->end += n;
    q->bytes += n + size;
}

static inline void put_frame (zl_frameq *q, zl_chunk *c, const zl_msg *m, unsigned flags, unsigned gap)
{
    put_header (q, c, m->size, flags, gap);
    if (m->size)
        memcpy (c->data + c->end, m->data, m->size);
    c->end += (uint32_t) m->size;
}

/* A frame whose body stays outside of the chunk. */
static int push_outside (zl_frameq *q, zl_pool *pool, const zl_msg *m, unsigned flags, unsigned kind, unsigned gap)
{
    zl_blob *b = zl_msg_blob (m);
    zl_chunk *c = b ? reserve_last (q, pool, gap + ZL_HEADER_MAX, kind) : NULL;
    if (!c) {
        zl_blob_drop (b);
        return -ENOMEM;
    }
    put_header (q, c, m->size, flags, gap);
    c->blob = b;
    c->body = m->blob ? m->data : b->data;
    c->body_size = m->size;
    return 0;
}

static ZL_INLINE int push_frame (zl_frameq *q, zl_pool *pool, const zl_msg *m, unsigned flags, unsigned kind, unsigned overhead)
{
    unsigned gap = gap_before (m->size, overhead), head = gap + ZL_HEADER_MAX;
    kind |= overhead ? ZL_SPACED : 0;
    if (ZL_UNLIKELY ((m->blob && (m->size >= ZL_REF_MIN || m->blob->whole)) || m->size > ZL_CHUNK_LARGE - head))
        return push_outside (q, pool, m, flags, kind, gap);
    zl_chunk *c = reserve (q, pool, head + m->size, kind);
    if (!c)
        return -ENOMEM;
    put_frame (q, c, m, flags, gap);
    return 0;
}

/* Undoes a half pushed message: cuts the queue back to a tail and its end as they were before. */
static void cut_back (zl_frameq *q, zl_pool *pool, zl_chunk *tail, uint32_t end, size_t bytes)
{
    zl_chunk *extra = tail ? tail->next : q->head;
    while (extra) {
        zl_chunk *next = extra->next;
        zl_chunk_put (pool, extra);
        extra = next;
    }
    q->tail = tail;
    q->bytes = bytes;
    if (!tail) {
        q->head = NULL;
        return;
    }
    tail->next = NULL;
    if (tail->end != end) {
        zl_blob_drop (tail->blob);
        tail->blob = NULL;
        tail->body_size = 0;
        tail->end = end;
    }
}

/* Made twice: without an overhead it costs nothing. */
static ZL_INLINE int push_message (zl_frameq *q, zl_pool *pool, const zl_msg *frames, unsigned n, unsigned overhead)
{
    zl_chunk *tail = q->tail;
    unsigned gap = gap_before (frames->size, overhead);
    if (ZL_LIKELY (n == 1 && !frames->blob && tail &&
                   has_room (tail, gap + ZL_HEADER_MAX + frames->size, overhead ? ZL_SPACED : 0))) {
        put_frame (q, tail, frames, 0, gap);
        tail->msgs++;
        q->msgs++;
        return 0;
    }
    uint32_t end = tail ? tail->end : 0;
    size_t bytes = q->bytes;
    for (unsigned i = 0; i < n; i++)
        if (ZL_UNLIKELY (push_frame (q, pool, &frames[i], i + 1 < n ? ZL_FRAME_MORE : 0, 0, overhead) < 0)) {
            cut_back (q, pool, tail, end, bytes);
            return -ENOMEM;
        }
    /* Chunks behind the one that the message begins in. */
    zl_chunk *c = !tail ? q->head : tail->end != end ? tail : tail->next;
    while ((c = c->next))
        c->continues = true;
    q->tail->msgs++;
    q->msgs++;
    return 0;
}

int zl_frameq_push (zl_frameq *q, zl_pool *pool, const zl_msg *frames, unsigned n)
{
    return push_message (q, pool, frames, n, 0);
}

int zl_frameq_push_spaced (zl_frameq *q, zl_pool *pool, const zl_msg *frames, unsigned n, unsigned overhead)
{
    return push_message (q, pool, frames, n, overhead);
}

/* ---- messages encoded for several queues ---- */

int zl_encoded_put (zl_encoded *e, const zl_msg *frames, unsigned n)
{
    size_t size = 0;
    for (unsigned i = 0; i < n && size <= ENCODED_MAX; i++)
        size += zl_header_len (frames[i].size) + frames[i].size;
    if (size > ENCODED_MAX)
        return -EMSGSIZE;
    if (!e->blob || e->blob->size - e->end < size) {
        zl_blob *fresh = zl_blob_alloc (ENCODED_BLOCK);
        if (!fresh)
            return -ENOMEM;
        zl_blob_drop (e->blob);
        *e = (zl_encoded){.blob = fresh};
    }
    e->begin = e->end;
    uint8_t *at = zl_blob_bytes (e->blob) + e->begin;
    for (unsigned i = 0; i < n; i++) {
        at += zl_header_put (at, frames[i].size, i + 1 < n ? ZL_FRAME_MORE : 0);
        if (frames[i].size)
            memcpy (at, frames[i].data, frames[i].size);
        at += frames[i].size;
    }
    e->end = e->begin + size;
    return 0;
}

int zl_frameq_push_encoded (zl_frameq *q, zl_pool *pool, const zl_encoded *e)
{
    zl_chunk *c = q->tail;
    const uint8_t *message = e->blob->data + e->begin;
    size_t size = e->end - e->begin;
    if (!c || !c->encoded || c->body + c->body_size != message || c->blob != e->blob) {
        c = zl_chunk_get (pool, ZL_BARE);
        if (!c)
            return -ENOMEM;
        c->encoded = true;
        c->blob = zl_blob_hold (e->blob);
        c->body = message;
        zl_frameq_link (q, c);
    }
    c->body_size += size;
    c->msgs++;
    q->msgs++;
    q->bytes += size;
    return 0;
}

size_t zl_frameq_own (zl_frameq *q, zl_pool *pool)
{
    zl_frameq owned = {0};
    size_t dropped = 0;
    for (zl_chunk *c = q->head, *next; c; c = next) {
        next = c->next;
        if (!c->encoded) {
            zl_frameq_link (&owned, c);
            continue;
        }
        zl_chunk *copy = zl_chunk_get (pool, ZL_LARGE);
        if (copy) {
            memcpy (copy->data, c->body, c->body_size);
            copy->end = (uint32_t) c->body_size;
            copy->msgs = c->msgs;
            zl_frameq_link (&owned, copy);
        } else {
            dropped += c->msgs;
            q->msgs -= c->msgs;
            q->bytes -= c->body_size;
        }
        zl_chunk_put (pool, c);
    }
    q->head = owned.head;
    q->tail = owned.tail;
    return dropped;
}

/* ---- what belongs to one connection ---- */

int zl_frameq_push_raw (zl_frameq *q, zl_pool *pool, const void *bytes, size_t size)
{
    zl_chunk *tail = q->tail;
    uint32_t end = tail ? tail->end : 0;
    size_t before = q->bytes;
    const uint8_t *from = bytes;
    while (size) {
        zl_chunk *c = reserve (q, pool, 1, ZL_CONTROL);
        if (!c) {
            cut_back (q, pool, tail, end, before);
            return -ENOMEM;
        }
        size_t n = ZL_MIN (size, (size_t) (c->cap - c->end));
        memcpy (c->data + c->end, from, n);
        c->end += (uint32_t) n;
        q->bytes += n;
        from += n;
        size -= n;
    }
    return 0;
}

int zl_frameq_push_control (zl_frameq *q, zl_pool *pool, const zl_msg *frame, unsigned flags, unsigned overhead)
{
    return push_frame (q, pool, frame, flags, ZL_CONTROL, overhead);
}

int zl_frameq_push_foreign (zl_frameq *q, zl_pool *pool, const void *header, size_t header_len, const zl_msg *body,
                            bool last)
{
    zl_chunk *tail = q->tail;
    uint32_t end = tail ? tail->end : 0;
    size_t bytes = q->bytes;
    bool outside = body->blob && body->size >= ZL_REF_MIN;
    zl_chunk *c = outside ? reserve_last (q, pool, header_len, ZL_CONTROL) : NULL;
    if (c) {
        if (header_len)
            memcpy (c->data + c->end, header, header_len);
        c->end += (uint32_t) header_len;
        c->blob = zl_blob_hold (body->blob);
        c->body = body->data;
        c->body_size = body->size;
        q->bytes += header_len + body->size;
    } else if (outside || zl_frameq_push_raw (q, pool, header, header_len) < 0 ||
               zl_frameq_push_raw (q, pool, body->data, body->size) < 0) {
        cut_back (q, pool, tail, end, bytes);
        return -ENOMEM;
    }
    if (last && q->tail) {
        q->tail->msgs++;
        q->msgs++;
    }
    return 0;
}

int zl_frameq_append (zl_frameq *q, zl_pool *pool, const zl_msg *frame, bool more)
{
    if (push_frame (q, pool, frame, more ? ZL_FRAME_MORE : 0, 0, 0) < 0)
        return -ENOMEM;
    if (!more) {
        q->tail->msgs++;
        q->msgs++;
    }
    return 0;
}

void zl_frameq_splice (zl_frameq *dst, zl_frameq *src)
{
    if (!src->head)
        return;
    if (dst->tail)
        dst->tail->next = src->head;
    else
        dst->head = src->head;
    dst->tail = src->tail;
    dst->msgs += src->msgs;
    dst->bytes += src->bytes;
    *src = (zl_frameq){0};
}

size_t zl_frameq_move (zl_frameq *dst, zl_frameq *src, size_t max)
{
    size_t bytes = 0, msgs = 0;
    while (src->head && (bytes < max || src->head->continues)) {
        zl_chunk *c = src->head;
        src->head = c->next;
        bytes += zl_chunk_size (c);
        msgs += c->msgs;
        zl_frameq_link (dst, c);
    }
    if (!src->head)
        src->tail = NULL;
    src->bytes -= bytes;
    src->msgs -= msgs;
    dst->bytes += bytes;
    dst->msgs += msgs;
    return msgs;
}

/* Shows the frame that begins at data[at] of c; false if it is a command. */
static inline bool show_frame (const zl_chunk *c, uint32_t at, zl_view *v)
{
    zl_header h;
    ZL_ASSERT (zl_header_get (c->data + at, c->end - at, &h) == 1);
    at += h.len;
    bool outside = c->blob && at == c->end && h.size == c->body_size;
    v->header = h.len;
    v->size = (size_t) h.size;
    v->more = h.flags & ZL_FRAME_MORE;
    v->blob = outside ? c->blob : NULL;
    v->data = outside ? c->body : c->data + at;
    return !(h.flags & ZL_FRAME_COMMAND);
}

/* Octets of a chunk that the frame takes. */
static inline uint32_t frame_room (const zl_view *v)
{
    return v->header + (v->blob ? 0 : (uint32_t) v->size);
}

bool zl_frameq_peek (zl_frameq *q, zl_pool *pool, zl_view *v)
{
    for (;;) {
        zl_chunk *c = q->head;
        if (!c)
            return false;
        ZL_ASSERT (!c->encoded);
        if (c->begin == c->end) {
            if (c->open)
                return false;
            drop_head (q, pool);
            continue;
        }
        if (ZL_LIKELY (show_frame (c, c->begin, v)))
            return true;
        v->more = true; /* a command ends no message */
        zl_frameq_next (q, pool, v);
    }
}

bool zl_frameq_look (const zl_frameq *q, zl_cursor *c, zl_view *v)
{
    bool found = false;
    if (!c->chunk && q->head)
        *c = (zl_cursor){q->head, q->head->begin};
    while (c->chunk && !found) {
        if (c->at < c->chunk->end) {
            found = show_frame (c->chunk, c->at, v);
            c->at += frame_room (v);
        } else {
            c->chunk = c->chunk->next;
            c->at = c->chunk ? c->chunk->begin : 0;
        }
    }
    return found;
}

void zl_frameq_next (zl_frameq *q, zl_pool *pool, const zl_view *v)
{
    zl_chunk *c = q->head;
    c->begin += v->header;
    if (v->blob) {
        zl_blob_drop (c->blob);
        c->blob = NULL;
        c->body_size = 0;
    } else
        c->begin += (uint32_t) v->size;
    q->bytes -= v->header + v->size;
    if (!v->more) {
        q->msgs--;
        c->msgs -= c->msgs > 0; /* a chunk that a connection reads into does not count */
        c->continues = false;
    }
    if (c->begin == c->end && !c->open)
        drop_head (q, pool);
}

void zl_frameq_skip_message (zl_frameq *q, zl_pool *pool)
{
    zl_view v = {.more = true};
    while (v.more && zl_frameq_peek (q, pool, &v))
        zl_frameq_next (q, pool, &v);
}

void zl_frameq_seal (zl_frameq *q, zl_pool *pool)
{
    zl_chunk *open = q->tail;
    if (!open || !open->open)
        return;
    zl_chunk *before = NULL;
    for (zl_chunk *c = q->head; c != open; c = c->next)
        before = c;
    zl_chunk *copy = open->begin == open->end ? NULL : zl_chunk_get (pool, open->size);
    if (copy) {
        copy->end = open->end - open->begin;
        memcpy (copy->data, open->data + open->begin, copy->end);
    }
    q->bytes -= copy ? 0 : open->end - open->begin;
    q->tail = copy ? copy : before;
    if (before)
        before->next = copy;
    else
        q->head = copy;
    open->next = NULL;
}

void zl_frameq_rollback (zl_frameq *q, zl_pool *pool)
{
    zl_frameq whole = {0};
    size_t left = q->msgs;
    while (left && q->head) {
        zl_chunk *c = q->head;
        uint32_t at = c->begin;
        while (at < c->end && left) {
            zl_view v;
            bool is_command = !show_frame (c, at, &v);
            at += frame_room (&v);
            if (!v.more && !is_command)
                left--;
        }
        q->head = c->next;
        if (at != c->end) {
            zl_blob_drop (c->blob);
            c->blob = NULL;
            c->body_size = 0;
            c->end = at;
        }
        whole.bytes += zl_chunk_size (c);
        zl_frameq_link (&whole, c);
    }
    whole.msgs = q->msgs - left;
    zl_frameq_clear (q, pool);
    *q = whole;
}

unsigned zl_frameq_iov (const zl_frameq *q, size_t offset, struct iovec *iov, unsigned max)
{
    unsigned n = 0;
    for (zl_chunk *c = q->head; c && n + 2 <= max; c = c->next) {
        size_t inside = c->end - c->begin;
        if (offset < inside) {
            iov[n++] = (struct iovec){c->data + c->begin + offset, inside - offset};
            offset = 0;
        } else
            offset -= inside;
        if (c->blob && offset < c->body_size) {
            iov[n++] = (struct iovec){(void *) (c->body + offset), c->body_size - offset};
            offset = 0;
        } else if (c->blob)
            offset -= c->body_size;
    }
    return n;
}

size_t zl_frameq_written (zl_frameq *q, zl_pool *pool, size_t offset)
{
    while (q->head && offset >= zl_chunk_size (q->head)) {
        size_t size = zl_chunk_size (q->head);
        offset -= size;
        q->bytes -= size;
        q->msgs -= q->head->msgs;
        drop_head (q, pool);
    }
    return offset;
}

size_t zl_frameq_recover (zl_frameq *q, zl_pool *pool, size_t offset)
{
    size_t lost = 0;
    bool inside = false; /* in the middle of a message */
    bool torn = false;   /* a frame of that message has been sent, in part at least */
    zl_frameq whole = {0};
    while (q->head) {
        zl_chunk *c = q->head;
        size_t size = zl_chunk_size (c);
        if (c->kind & ZL_CONTROL) {
            lost += c->msgs; /* where they end in it is not known any more */
            offset -= ZL_MIN (offset, size);
            drop_head (q, pool);
            continue;
        }
        if (c->continues && !inside)
            inside = torn = true; /* what came before it has been written */
        uint32_t at = c->begin, keep = c->begin;
        size_t pos = 0;
        while (at < c->end) {
            zl_view v;
            show_frame (c, at, &v);
            if (!inside)
                torn = false;
            inside = v.more;
            if (pos < offset)
                torn = true;
            pos += v.header + v.size;
            at += frame_room (&v);
            if (!inside && torn && c->msgs) {
                lost += pos > offset; /* its end was not handed over */
                c->msgs--;
            }
            if (torn) {
                keep = at;
                if (v.blob) {
                    zl_blob_drop (c->blob);
                    c->blob = NULL;
                    c->body_size = 0;
                }
            }
        }
        offset -= ZL_MIN (offset, size);
        c->begin = keep;
        q->head = c->next;
        if (c->begin == c->end) {
            zl_chunk_put (pool, c);
            continue;
        }
        whole.bytes += zl_chunk_size (c);
        whole.msgs += c->msgs;
        zl_frameq_link (&whole, c);
    }
    *q = whole;
    return lost;
}

void zl_frameq_clear (zl_frameq *q, zl_pool *pool)
{
    while (q->head)
        drop_head (q, pool);
    *q = (zl_frameq){0};
}
