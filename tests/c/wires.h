/* Two sides of a connection joined in memory, without sockets or time: what one says the other
 * hears, in whatever portions, from a buffer that ends where memory ends. For tests of the wire
 * and for the fuzzers. */
#ifndef WIRES_H
#define WIRES_H

#include "edge.h"
#include "wire/wire.h"

typedef struct {
    zl_wire wire;
    zl_frameq out;
    zl_pool pool;
    uint8_t in[20000];
    size_t have; /* octets that came and were not used */
} side;

static inline zl_slice slice (const char *text)
{
    return (zl_slice){(const uint8_t *) text, strlen (text)};
}

static inline void open_as (side *s, const zl_wire_config *config)
{
    s->out = (zl_frameq){0};
    s->pool = (zl_pool){0};
    s->have = 0;
    ZL_ASSERT (zl_wire_open (&s->wire, config, &s->out, &s->pool) == 0);
}

static inline void end_side (side *s)
{
    zl_wire_fini (&s->wire);
    zl_frameq_clear (&s->out, &s->pool);
    zl_pool_fini (&s->pool);
}

/* Takes all octets out of a queue. */
static inline size_t taken_from (zl_frameq *q, zl_pool *pool, uint8_t *to, size_t room)
{
    struct iovec iov[8];
    size_t n = 0, offset = 0;
    for (unsigned k; (k = zl_frameq_iov (q, offset, iov, ZL_LEN (iov))) > 0;) {
        size_t before = n;
        for (unsigned i = 0; i < k; i++) {
            ZL_ASSERT (n + iov[i].iov_len <= room);
            memcpy (to + n, iov[i].iov_base, iov[i].iov_len);
            n += iov[i].iov_len;
        }
        offset = zl_frameq_written (q, pool, offset + n - before);
    }
    return n;
}

/* Takes what it has to say. */
static inline size_t said (side *s, uint8_t *to, size_t room)
{
    if (s->wire.mech && s->wire.mech->overhead)
        ZL_ASSERT (zl_wire_seal (&s->wire, &s->out) == 0);
    return taken_from (&s->out, &s->pool, to, room);
}

/* Gives it octets; what it does not use is offered again with the next. False if it refuses
 * them. */
static inline bool feed (side *s, const void *octets, size_t n)
{
    ZL_ASSERT (s->have + n <= sizeof s->in);
    if (n)
        memcpy (s->in + s->have, octets, n);
    s->have += n;
    edge e = at_edge (s->in, s->have);
    ssize_t used = zl_wire_input (&s->wire, e.p, s->have);
    end_edge (e);
    if (used < 0)
        return false;
    ZL_ASSERT ((size_t) used <= s->have);
    memmove (s->in, s->in + used, s->have - (size_t) used);
    s->have -= (size_t) used;
    return true;
}

/* Feeds in portions; false as soon as it is refused. */
static inline bool feed_by (side *s, const uint8_t *octets, size_t n, size_t portion)
{
    for (size_t i = 0; i < n; i += portion)
        if (!feed (s, octets + i, ZL_MIN (portion, n - i)))
            return false;
    return true;
}

static const size_t portions[] = {1, 2, 7, 10, 11, 12, 64, 100000};

/* They talk, hearing by portions, until neither has anything more to say; false as soon as one is
 * refused. */
static inline bool converse (side *a, side *b, size_t portion)
{
    uint8_t words[2000];
    for (size_t n = 1, m = 1; n || m;) {
        n = said (a, words, sizeof words);
        if (!feed_by (b, words, n, portion))
            return false;
        m = said (b, words, sizeof words);
        if (!feed_by (a, words, m, portion))
            return false;
    }
    return true;
}

static inline bool is_talking (const side *s)
{
    return s->wire.state == ZL_WIRE_TRAFFIC;
}

/* What the authenticator decides of a side that waits for it: 200, or what it is told. It then
 * hears what has come meanwhile. False if that is the end. */
static inline bool judge (side *s, unsigned status)
{
    ZL_ASSERT (s->wire.state == ZL_WIRE_ASKING);
    zl_close_reason why =
        status == 200 ? zl_wire_admit (&s->wire) : zl_wire_deny (&s->wire, status);
    ZL_ASSERT (why == ZL_CLOSE_NONE);
    return status == 200 && feed (s, NULL, 0);
}

/* Has it say a frame in traffic: a message, or part of one, or a command. */
static inline void put_frame (side *s, const zl_msg *frame, unsigned flags)
{
    unsigned overhead = zl_wire_overhead (&s->wire);
    ZL_ASSERT (zl_frameq_push_control (&s->out, &s->pool, frame, flags, overhead) == 0);
}

/* The next frame of what zl_wire_cut() has taken, gaps left out: its body, and *at is then behind it. NULL at the end. */
static inline const uint8_t *next_taken (const uint8_t **at, const uint8_t *end, zl_header *h)
{
    while (*at < end) {
        ZL_ASSERT (zl_header_get (*at, (size_t) (end - *at), h) == 1);
        ZL_ASSERT (h->size <= (size_t) (end - *at) - h->len);
        const uint8_t *body = *at + h->len;
        *at = body + h->size;
        if (!(h->flags & ZL_FRAME_COMMAND))
            return body;
    }
    return NULL;
}

/* Octets of a peer's, made by hand. */
typedef struct {
    uint8_t octets[600];
    size_t n;
} speech;

static inline speech greeting_of (uint8_t major, uint8_t minor, const char *mechanism)
{
    speech s = {.n = 64};
    memcpy (s.octets, "\xff\0\0\0\0\0\0\0\0\x7f", 10);
    s.octets[10] = major;
    s.octets[11] = minor;
    memcpy (s.octets + 12, mechanism, strlen (mechanism));
    return s;
}

static inline void add_frame (speech *s, unsigned flags, const void *body, size_t n)
{
    ZL_ASSERT (s->n + ZL_HEADER_MAX + n <= sizeof s->octets);
    s->n += zl_header_put (s->octets + s->n, n, flags);
    memcpy (s->octets + s->n, body, n);
    s->n += n;
}

#endif
