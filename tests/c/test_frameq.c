/* wire/frameq.[ch] against messages written down one by one. */
#include <errno.h>

#include "check.h"
#include "wire/frameq.h"

enum { MESSAGES = 60, FRAMES = 4 };

/* A random queue: what was pushed, and the octets that it must give. */
typedef struct {
    zl_pool pool;
    zl_frameq q;
    unsigned count;                    /* messages */
    unsigned frames[MESSAGES];         /* of each */
    size_t sizes[MESSAGES][FRAMES];
    size_t ends[MESSAGES];             /* where each ends in bytes */
    uint8_t *bytes;
    size_t used;
} model;

static int blobs_alive;

static void release_counted (zl_blob *b)
{
    blobs_alive--;
    free (b);
}

/* Sizes around every limit of the queue. */
static size_t some_size (void)
{
    static const size_t limits[] = {0, 255, ZL_REF_MIN, ZL_CHUNK_SMALL, ZL_CHUNK_LARGE};
    switch (check_below (12)) {
        case 0:
            return 300 + check_below (9000);
        case 1: {
            size_t limit = limits[check_below (ZL_LEN (limits))];
            return limit + check_below (24) - ZL_MIN (limit, (size_t) 12);
        }
        default:
            return check_below (60);
    }
}

static void push (model *m)
{
    zl_msg frames[FRAMES];
    unsigned n = 1 + check_below (FRAMES);
    m->frames[m->count] = n;
    for (unsigned i = 0; i < n; i++) {
        size_t size = some_size ();
        zl_blob *b = zl_blob_alloc (size);
        CHECK (b);
        memset (zl_blob_bytes (b), (int) check_below (256), size);
        b->release = release_counted;
        blobs_alive++;
        frames[i] = (zl_msg){b->data, size, b};
        m->sizes[m->count][i] = size;
        m->bytes = realloc (m->bytes, m->used + size + ZL_HEADER_MAX);
        CHECK (m->bytes);
        m->used += zl_header_put (m->bytes + m->used, size, i + 1 < n ? ZL_FRAME_MORE : 0);
        memcpy (m->bytes + m->used, b->data, size);
        m->used += size;
    }
    zl_blob *borrowed = frames[0].blob;
    if (check_below (3) == 0)
        frames[0].blob = NULL;
    CHECK_EQ (zl_frameq_push (&m->q, &m->pool, frames, n), 0);
    zl_blob_drop (borrowed);
    for (unsigned i = 1; i < n; i++)
        zl_blob_drop (frames[i].blob);
    m->ends[m->count++] = m->used;
}

static model new_model (unsigned count)
{
    model m = {.count = 0};
    while (m.count < count)
        push (&m);
    CHECK_EQ (m.q.msgs, m.count);
    CHECK_EQ (m.q.bytes, m.used);
    return m;
}

static void end_model (model *m)
{
    zl_frameq_clear (&m->q, &m->pool);
    zl_pool_fini (&m->pool);
    free (m->bytes);
    CHECK_EQ (blobs_alive, 0);
}

/* The octets of a queue behind the first `offset`, gathered by few at a time. */
static void check_octets (const zl_frameq *q, size_t offset, const uint8_t *due, size_t n)
{
    size_t got = 0;
    struct iovec iov[4];
    for (unsigned k; (k = zl_frameq_iov (q, offset + got, iov, ZL_LEN (iov)));)
        for (unsigned i = 0; i < k; i++) {
            CHECK (iov[i].iov_len > 0 && iov[i].iov_len <= n - got);
            CHECK_BYTES (iov[i].iov_base, due + got, iov[i].iov_len);
            got += iov[i].iov_len;
        }
    CHECK_EQ (got, n);
}

/* Reads messages from..upto off the queue. */
static void check_messages (model *m, zl_frameq *q, unsigned from, unsigned upto)
{
    for (unsigned k = from; k < upto; k++) {
        uint8_t *at = m->bytes + (k ? m->ends[k - 1] : 0);
        for (unsigned i = 0; i < m->frames[k]; i++) {
            zl_view v;
            CHECK (zl_frameq_peek (q, &m->pool, &v));
            CHECK_EQ (v.size, m->sizes[k][i]);
            CHECK_EQ (v.more, i + 1 < m->frames[k]);
            CHECK_EQ (v.header, zl_header_len (v.size));
            at += v.header;
            CHECK_BYTES (v.data, at, v.size);
            at += v.size;
            zl_frameq_next (q, &m->pool, &v);
        }
    }
}

static void check_empty (zl_frameq *q, zl_pool *pool)
{
    zl_view v;
    CHECK (!zl_frameq_peek (q, pool, &v));
    CHECK_EQ (q->msgs, 0);
    CHECK_EQ (q->bytes, 0);
}

TEST ("what was pushed can be read, frame by frame")
{
    for (int round = 0; round < 200; round++) {
        model m = new_model (1 + check_below (MESSAGES));
        check_messages (&m, &m.q, 0, m.count);
        check_empty (&m.q, &m.pool);
        end_model (&m);
    }
}

TEST ("pushing and reading may alternate")
{
    model m = {.count = 0};
    unsigned read = 0;
    while (m.count < MESSAGES)
        if (check_below (2) || read == m.count)
            push (&m);
        else {
            check_messages (&m, &m.q, read, read + 1);
            read++;
            CHECK_EQ (m.q.msgs, m.count - read);
            CHECK_EQ (m.q.bytes, m.used - m.ends[read - 1]);
        }
    check_messages (&m, &m.q, read, m.count);
    check_empty (&m.q, &m.pool);
    end_model (&m);
}

TEST ("a message can be skipped, also when it is half read")
{
    model m = new_model (MESSAGES);
    for (unsigned k = 0; k < m.count; k++) {
        zl_view v;
        CHECK (zl_frameq_peek (&m.q, &m.pool, &v));
        if (v.more && check_below (2))
            zl_frameq_next (&m.q, &m.pool, &v);
        zl_frameq_skip_message (&m.q, &m.pool);
        CHECK_EQ (m.q.msgs, m.count - k - 1);
        CHECK_EQ (m.q.bytes, m.used - m.ends[k]);
    }
    check_empty (&m.q, &m.pool);
    end_model (&m);
}

TEST ("a large body that came in a block is not copied, a small one is")
{
    zl_pool pool = {0};
    zl_frameq q = {0};
    zl_blob *large = zl_blob_alloc (ZL_REF_MIN), *small = zl_blob_alloc (ZL_REF_MIN - 1);
    zl_msg frames[] = {{large->data, large->size, large}, {small->data, small->size, small}};
    zl_view v;
    memset (zl_blob_bytes (large), 1, large->size);
    memset (zl_blob_bytes (small), 2, small->size);
    CHECK_EQ (zl_frameq_push (&q, &pool, frames, 2), 0);
    CHECK (zl_frameq_peek (&q, &pool, &v));
    CHECK (v.data == large->data && v.blob == large);
    zl_frameq_next (&q, &pool, &v);
    CHECK (zl_frameq_peek (&q, &pool, &v));
    CHECK (v.data != small->data && !v.blob);
    CHECK_EQ (atomic_load (&large->refs), 1);
    zl_frameq_clear (&q, &pool);
    zl_pool_fini (&pool);
    zl_blob_drop (large);
    zl_blob_drop (small);
}

TEST ("the octets to write are those of the wire, from any offset")
{
    model m = new_model (MESSAGES);
    for (int round = 0; round < 50; round++) {
        size_t offset = check_below ((unsigned) m.used + 1);
        check_octets (&m.q, offset, m.bytes + offset, m.used - offset);
    }
    end_model (&m);
}

TEST ("written octets leave the queue, in whatever portions they go")
{
    model m = new_model (MESSAGES);
    size_t gone = 0, offset = 0;
    while (gone < m.used) {
        size_t drawn = (size_t) 1 + check_below (check_below (2) ? 30 : 300000);
        size_t step = ZL_MIN (m.used - gone, drawn);
        gone += step;
        offset = zl_frameq_written (&m.q, &m.pool, offset + step);
        CHECK_EQ (m.q.bytes - offset, m.used - gone);
        check_octets (&m.q, offset, m.bytes + gone, m.used - gone);
    }
    CHECK_EQ (offset, 0);
    check_empty (&m.q, &m.pool);
    end_model (&m);
}

TEST ("queues can be spliced and moved by portions; nothing gets lost or out of order")
{
    for (int round = 0; round < 50; round++) {
        model m = new_model (1 + check_below (MESSAGES));
        zl_frameq a = {0}, b = {0};
        size_t moved = 0;
        while (m.q.head)
            moved += zl_frameq_move (&a, &m.q, check_below (100000));
        CHECK_EQ (moved, m.count);
        check_empty (&m.q, &m.pool);
        zl_frameq_splice (&b, &a);
        zl_frameq_splice (&b, &a);
        check_empty (&a, &m.pool);
        CHECK_EQ (b.msgs, m.count);
        CHECK_EQ (b.bytes, m.used);
        check_messages (&m, &b, 0, m.count);
        check_empty (&b, &m.pool);
        end_model (&m);
    }
}

/* After `gone` octets have left: how many messages remain whole, and the index of the first. */
static unsigned first_whole (const model *m, size_t gone, unsigned *lost)
{
    unsigned first = 0;
    *lost = 0;
    while (first < m->count && (first ? m->ends[first - 1] : 0) < gone) {
        *lost += m->ends[first] > gone;
        first++;
    }
    return first;
}

TEST ("of a lost connection's queue, whole messages stay and a torn one is dropped")
{
    for (int round = 0; round < 150; round++) {
        model m = new_model (1 + check_below (20));
        unsigned lost;
        size_t gone = check_below ((unsigned) m.used + 1);
        unsigned first = first_whole (&m, gone, &lost);
        CHECK_EQ (zl_frameq_recover (&m.q, &m.pool, gone), lost);
        CHECK_EQ (m.q.msgs, m.count - first);
        CHECK_EQ (m.q.bytes, m.used - (first ? m.ends[first - 1] : 0));
        check_messages (&m, &m.q, first, m.count);
        check_empty (&m.q, &m.pool);
        end_model (&m);
    }
}

TEST ("a message is torn too if what was written of it has left the queue already")
{
    for (int round = 0; round < 150; round++) {
        model m = new_model (1 + check_below (20));
        unsigned lost;
        size_t gone = check_below ((unsigned) m.used + 1);
        size_t offset = zl_frameq_written (&m.q, &m.pool, gone);
        if (check_below (2)) { /* what the kernel takes may end with a chunk */
            gone -= offset;
            offset = 0;
        }
        unsigned first = first_whole (&m, gone, &lost);
        CHECK_EQ (zl_frameq_recover (&m.q, &m.pool, offset), lost);
        CHECK_EQ (m.q.msgs, m.count - first);
        check_messages (&m, &m.q, first, m.count);
        check_empty (&m.q, &m.pool);
        end_model (&m);
    }
}

static int push_command (zl_frameq *q, zl_pool *pool, const void *body, size_t n)
{
    return zl_frameq_push_control (q, pool, &(zl_msg){body, n, NULL}, ZL_FRAME_COMMAND, 0);
}

TEST ("commands are written but neither read nor sent again")
{
    zl_pool pool = {0};
    zl_frameq q = {0}, messages = {0};
    zl_msg m = {(const uint8_t *) "abc", 3, NULL};
    zl_view v;
    CHECK_EQ (zl_frameq_push_raw (&q, &pool, "raw", 3), 0);
    CHECK_EQ (push_command (&q, &pool, "\4PING", 5), 0);
    CHECK_EQ (zl_frameq_push (&messages, &pool, &m, 1), 0);
    zl_frameq_splice (&q, &messages);
    check_octets (&q, 0, (const uint8_t *) "raw\4\5\4PING\0\3abc", 15);
    CHECK_EQ (zl_frameq_recover (&q, &pool, 4), 0);
    check_octets (&q, 0, (const uint8_t *) "\0\3abc", 5);
    zl_frameq_clear (&q, &pool);

    CHECK_EQ (push_command (&q, &pool, "\4PING", 5), 0);
    CHECK_EQ (zl_frameq_push (&messages, &pool, &m, 1), 0);
    zl_frameq_splice (&q, &messages);
    CHECK (zl_frameq_peek (&q, &pool, &v));
    CHECK_EQ (v.size, 3);
    zl_frameq_next (&q, &pool, &v);
    check_empty (&q, &pool);
    zl_pool_fini (&pool);
}

TEST ("a command may be as long as a topic")
{
    enum { LONG = 1000000 };
    zl_pool pool = {0};
    zl_frameq q = {0};
    uint8_t *body = calloc (1, LONG), *due = calloc (1, LONG + ZL_HEADER_MAX);
    CHECK (body && due);
    zl_header_put (due, LONG, ZL_FRAME_COMMAND);
    CHECK_EQ (push_command (&q, &pool, body, LONG), 0);
    CHECK_EQ (q.msgs, 0);
    check_octets (&q, 0, due, LONG + ZL_HEADER_MAX);
    CHECK_EQ (zl_frameq_recover (&q, &pool, 0), 0);
    CHECK (!q.head);
    CHECK_EQ (zl_frameq_push_raw (&q, &pool, due, LONG), 0);
    check_octets (&q, 0, due, LONG);
    zl_frameq_clear (&q, &pool);
    zl_pool_fini (&pool);
    free (body);
    free (due);
}

/* As a connection reads: a chunk that is filled while it is linked. */
static zl_chunk *open_chunk (model *m, zl_frameq *q, size_t upto, unsigned msgs)
{
    zl_chunk *c = zl_chunk_get (&m->pool, ZL_LARGE);
    CHECK (c && upto <= c->cap);
    c->open = true;
    memcpy (c->data, m->bytes, upto);
    c->end = (uint32_t) upto;
    zl_frameq_link (q, c);
    q->bytes += upto;
    q->msgs += msgs;
    return c;
}

/* Some messages that fit into one chunk, and the octets where each frame of them ends. */
static model small_model (void)
{
    model m = new_model (3);
    while (m.used > ZL_CHUNK_LARGE) {
        end_model (&m);
        m = new_model (3);
    }
    return m;
}

TEST ("a sealed queue keeps what was read and shares nothing with the connection")
{
    for (int round = 0; round < 200; round++) {
        model m = small_model ();
        zl_frameq q = {0};
        zl_chunk *c = open_chunk (&m, &q, m.used, m.count);
        unsigned read = check_below (m.count + 1);
        check_messages (&m, &q, 0, read);
        zl_frameq_seal (&q, &m.pool);
        memset (c->data, 0xee, c->cap);
        zl_chunk_put (&m.pool, c);
        CHECK_EQ (q.msgs, m.count - read);
        check_messages (&m, &q, read, m.count);
        check_empty (&q, &m.pool);
        end_model (&m);
    }
}

TEST ("a queue that nobody fills is sealed as it is")
{
    model m = new_model (3);
    zl_chunk *tail = m.q.tail;
    zl_frameq none = {0};
    zl_frameq_seal (&m.q, &m.pool);
    CHECK (m.q.tail == tail);
    zl_frameq_seal (&none, &m.pool);
    check_empty (&none, &m.pool);
    end_model (&m);
}

TEST ("an open chunk that has been read stays, and can be filled further")
{
    model m = small_model ();
    zl_frameq q = {0};
    zl_chunk *c = open_chunk (&m, &q, m.ends[0], 1);
    check_messages (&m, &q, 0, 1);
    check_empty (&q, &m.pool);
    CHECK (q.head == c);
    memcpy (c->data + c->end, m.bytes + m.ends[0], m.used - m.ends[0]);
    c->end += (uint32_t) (m.used - m.ends[0]);
    q.bytes += m.used - m.ends[0];
    q.msgs += 2;
    check_messages (&m, &q, 1, 3);
    zl_frameq_seal (&q, &m.pool);
    CHECK (!q.head && !q.tail);
    zl_chunk_put (&m.pool, c);
    end_model (&m);
}

TEST ("a rollback leaves the complete messages and no frame more")
{
    for (int round = 0; round < 100; round++) {
        model m = new_model (1 + check_below (MESSAGES - 1)), torn = new_model (1);
        unsigned read = check_below (m.count + 1);
        check_messages (&m, &m.q, 0, read);
        /* The first frames of one more message, as an unfinished reading leaves them. */
        if (torn.frames[0] > 1) {
            zl_frameq_splice (&m.q, &torn.q);
            m.q.msgs--;
        }
        zl_frameq_rollback (&m.q, &m.pool);
        CHECK_EQ (m.q.msgs, m.count - read);
        CHECK_EQ (m.q.bytes, m.used - (read ? m.ends[read - 1] : 0));
        check_messages (&m, &m.q, read, m.count);
        check_empty (&m.q, &m.pool);
        zl_frameq_clear (&torn.q, &m.pool);
        zl_pool_fini (&torn.pool);
        free (torn.bytes);
        end_model (&m);
    }
}

/* ---- frames in a form that is not the queue's ---- */

/* Pushes what a model holds in the form of a peer whose header is an 'H' in front of the body. */
static uint8_t *push_foreign (model *m, zl_frameq *q, size_t *octets)
{
    uint8_t *due = malloc (m->used + m->count * FRAMES);
    zl_view v;
    CHECK (due);
    *octets = 0;
    while (zl_frameq_peek (&m->q, &m->pool, &v)) {
        zl_msg body = {v.data, v.size, v.blob};
        CHECK_EQ (zl_frameq_push_foreign (q, &m->pool, "H", 1, &body, !v.more), 0);
        due[(*octets)++] = 'H';
        memcpy (due + *octets, v.data, v.size);
        *octets += v.size;
        zl_frameq_next (&m->q, &m->pool, &v);
    }
    return due;
}

TEST ("foreign frames are written as they are, in whatever portions they go")
{
    for (int round = 0; round < 20; round++) {
        model m = new_model (1 + check_below (MESSAGES));
        zl_frameq q = {0};
        size_t octets, gone = 0, offset = 0;
        uint8_t *due = push_foreign (&m, &q, &octets);
        CHECK_EQ (q.msgs, m.count);
        CHECK_EQ (q.bytes, octets);
        check_octets (&q, 0, due, octets);
        while (gone < octets) {
            size_t drawn = (size_t) 1 + check_below (300000), step = ZL_MIN (octets - gone, drawn);
            gone += step;
            offset = zl_frameq_written (&q, &m.pool, offset + step);
            check_octets (&q, offset, due + gone, octets - gone);
        }
        check_empty (&q, &m.pool);
        free (due);
        end_model (&m);
    }
}

TEST ("a large body that came in a block is not copied into a foreign frame either")
{
    zl_pool pool = {0};
    zl_frameq q = {0};
    zl_blob *b = zl_blob_alloc (ZL_REF_MIN);
    zl_msg body = {b->data, b->size, b};
    struct iovec iov[4];
    memset (zl_blob_bytes (b), 1, b->size);
    CHECK_EQ (zl_frameq_push_foreign (&q, &pool, NULL, 0, &body, true), 0);
    CHECK_EQ (zl_frameq_push_foreign (&q, &pool, "H", 1, &body, true), 0);
    CHECK_EQ (zl_frameq_iov (&q, 0, iov, 4), 3);
    CHECK (iov[0].iov_base == b->data && iov[2].iov_base == b->data);
    zl_frameq_clear (&q, &pool);
    CHECK_EQ (atomic_load (&b->refs), 1);
    zl_pool_fini (&pool);
    zl_blob_drop (b);
}

TEST ("foreign frames end with their connection and are counted; others behind them stay")
{
    for (int round = 0; round < 40; round++) {
        model foreign = new_model (1 + check_below (20)), own = new_model (check_below (20));
        zl_frameq q = {0};
        size_t octets;
        CHECK_EQ (zl_frameq_push_raw (&q, &foreign.pool, "greeting", 8), 0);
        free (push_foreign (&foreign, &q, &octets));
        zl_frameq_splice (&q, &own.q);
        size_t offset = check_below ((unsigned) octets);
        offset = zl_frameq_written (&q, &foreign.pool, offset);
        size_t foreign_left = q.msgs - own.count;
        CHECK_EQ (zl_frameq_recover (&q, &foreign.pool, offset), foreign_left);
        CHECK_EQ (q.msgs, own.count);
        CHECK_EQ (q.bytes, own.used);
        check_messages (&own, &q, 0, own.count);
        check_empty (&q, &foreign.pool);
        zl_pool_fini (&own.pool);
        free (own.bytes);
        end_model (&foreign);
    }
}

TEST ("a message can be made frame by frame")
{
    for (int round = 0; round < 20; round++) {
        model m = new_model (1 + check_below (MESSAGES));
        zl_frameq q = {0};
        zl_view v;
        unsigned whole = 0;
        while (zl_frameq_peek (&m.q, &m.pool, &v)) {
            zl_msg frame = {v.data, v.size, v.blob};
            CHECK_EQ (zl_frameq_append (&q, &m.pool, &frame, v.more), 0);
            whole += !v.more;
            CHECK_EQ (q.msgs, whole);
            zl_frameq_next (&m.q, &m.pool, &v);
        }
        CHECK_EQ (q.bytes, m.used);
        check_messages (&m, &q, 0, m.count);
        check_empty (&q, &m.pool);
        end_model (&m);
    }
}

TEST ("a torn end that was made frame by frame is rolled back")
{
    model m = new_model (5);
    zl_msg frame = {(const uint8_t *) "begun", 5, NULL};
    CHECK_EQ (zl_frameq_append (&m.q, &m.pool, &frame, true), 0);
    zl_frameq_rollback (&m.q, &m.pool);
    CHECK_EQ (m.q.bytes, m.used);
    check_messages (&m, &m.q, 0, m.count);
    check_empty (&m.q, &m.pool);
    end_model (&m);
}

/* ---- messages read off a queue whose rest is then written ---- */

TEST ("what is left of a queue that was partly read is moved, written and counted like any other")
{
    for (int round = 0; round < 40; round++) {
        model m = new_model (1 + check_below (MESSAGES));
        unsigned read = check_below (m.count + 1);
        zl_frameq moved = {0};
        size_t begin = read ? m.ends[read - 1] : 0, sum = 0;
        check_messages (&m, &m.q, 0, read);
        while (m.q.head)
            sum += zl_frameq_move (&moved, &m.q, check_below (100000));
        CHECK_EQ (sum, m.count - read);
        CHECK_EQ (moved.msgs, m.count - read);
        check_empty (&m.q, &m.pool);
        check_octets (&moved, 0, m.bytes + begin, m.used - begin);
        CHECK_EQ (zl_frameq_written (&moved, &m.pool, m.used - begin), 0);
        check_empty (&moved, &m.pool);
        end_model (&m);
    }
}

TEST ("what is left of a queue that was partly read is whole when its connection is lost")
{
    for (int round = 0; round < 100; round++) {
        model m = new_model (1 + check_below (20));
        unsigned read = check_below (m.count + 1);
        check_messages (&m, &m.q, 0, read);
        CHECK_EQ (zl_frameq_recover (&m.q, &m.pool, 0), 0);
        CHECK_EQ (m.q.msgs, m.count - read);
        check_messages (&m, &m.q, read, m.count);
        check_empty (&m.q, &m.pool);
        end_model (&m);
    }
}

/* ---- the pool ---- */

static void take_and_give (zl_pool *pool, unsigned n)
{
    zl_chunk *taken[100];
    CHECK (n <= ZL_LEN (taken));
    for (unsigned i = 0; i < n; i++)
        CHECK ((taken[i] = zl_chunk_get (pool, ZL_LARGE)));
    for (unsigned i = 0; i < n; i++)
        zl_chunk_put (pool, taken[i]);
}

TEST ("of large chunks those are kept that are needed, and a few")
{
    zl_pool pool = {0};
    take_and_give (&pool, 100);
    unsigned most = pool.count[ZL_LARGE];
    CHECK (most > 30 && most < 100);
    CHECK (zl_pool_tidy (&pool));
    CHECK_EQ (pool.count[ZL_LARGE], most); /* they have just been needed */
    take_and_give (&pool, 20);
    CHECK (zl_pool_tidy (&pool));
    CHECK_EQ (pool.count[ZL_LARGE], 20);
    take_and_give (&pool, 20);
    CHECK (zl_pool_tidy (&pool));
    CHECK_EQ (pool.count[ZL_LARGE], 20);
    CHECK (!zl_pool_tidy (&pool));
    CHECK_EQ (pool.count[ZL_LARGE], ZL_POOL_FEW);
    CHECK (!zl_pool_tidy (&pool));
    CHECK_EQ (pool.count[ZL_LARGE], ZL_POOL_FEW);
    zl_pool_fini (&pool);
    CHECK (!pool.free[ZL_LARGE]);
}

/* ---- frames with room before them ---- */

enum { OVERHEAD = 33 };

TEST ("frames with room before them read as others do, and take what they will take on the way")
{
    static const size_t sizes[] = {0,    1,    222,  223,   255,
                                   256,  3000, 8191, 8192,  ZL_CHUNK_LARGE - 60,
                                   ZL_CHUNK_LARGE - 40, ZL_CHUNK_LARGE, 300000};
    for (int round = 0; round < 20; round++) {
        zl_pool pool = {0};
        zl_frameq q = {0};
        size_t drawn[30], bytes = 0;
        for (unsigned i = 0; i < ZL_LEN (drawn); i++) {
            size_t n = drawn[i] = sizes[check_below (ZL_LEN (sizes))];
            zl_blob *b = zl_blob_alloc (n);
            CHECK (b);
            memset (zl_blob_bytes (b), (int) i, n);
            const zl_msg frame = {b->data, n, i % 2 ? b : NULL};
            CHECK_EQ (zl_frameq_push_spaced (&q, &pool, &frame, 1, OVERHEAD), 0);
            zl_blob_drop (b);
            bytes += zl_header_len (n + OVERHEAD) + OVERHEAD + n;
            CHECK_EQ (q.bytes, bytes);
            CHECK_EQ (q.msgs, i + 1);
        }
        zl_cursor at = {0};
        zl_view v;
        for (unsigned i = 0; i < ZL_LEN (drawn); i++) {
            CHECK (zl_frameq_look (&q, &at, &v));
            CHECK (v.size == drawn[i] && !v.more);
        }
        CHECK (!zl_frameq_look (&q, &at, &v));
        for (unsigned i = 0; i < ZL_LEN (drawn); i++) {
            CHECK (zl_frameq_peek (&q, &pool, &v));
            CHECK (v.size == drawn[i] && !v.more);
            for (size_t k = 0; k < v.size; k++)
                CHECK_EQ (v.data[k], i);
            zl_frameq_next (&q, &pool, &v);
        }
        CHECK (!zl_frameq_peek (&q, &pool, &v));
        check_empty (&q, &pool);
        zl_pool_fini (&pool);
    }
}

TEST ("with room before them or without, messages outlive a lost connection until they are sealed")
{
    zl_pool pool = {0};
    zl_frameq q = {0}, sealed = {0};
    const zl_msg parts[] = {{(const uint8_t *) "one", 3, NULL}, {(const uint8_t *) "two", 3, NULL}};
    zl_view v;
    for (int i = 0; i < 3; i++)
        CHECK_EQ (zl_frameq_push_spaced (&q, &pool, parts, 2, OVERHEAD), 0);
    CHECK_EQ (zl_frameq_recover (&q, &pool, 0), 0);
    CHECK_EQ (q.msgs, 3);
    CHECK_EQ (q.bytes, 6 * (2 + OVERHEAD + 3));
    for (int i = 0; i < 6; i++) {
        CHECK (zl_frameq_peek (&q, &pool, &v));
        CHECK (v.size == 3 && memcmp (v.data, parts[i % 2].data, 3) == 0 && v.more == (i % 2 == 0));
        zl_frameq_next (&q, &pool, &v);
    }
    check_empty (&q, &pool);

    CHECK_EQ (zl_frameq_push_spaced (&sealed, &pool, parts, 2, OVERHEAD), 0);
    sealed.head->kind = ZL_CONTROL;
    CHECK_EQ (zl_frameq_push_spaced (&q, &pool, parts, 2, OVERHEAD), 0);
    zl_frameq_splice (&sealed, &q);
    CHECK_EQ (zl_frameq_recover (&sealed, &pool, 0), 1);
    CHECK_EQ (sealed.msgs, 1);
    zl_frameq_clear (&sealed, &pool);
    zl_pool_fini (&pool);
}

TEST ("frames with room before them and others do not share a chunk")
{
    model m = new_model (3);
    const zl_msg frame = {(const uint8_t *) "spaced", 6, NULL};
    zl_view v;
    CHECK_EQ (zl_frameq_push_spaced (&m.q, &m.pool, &frame, 1, OVERHEAD), 0);
    CHECK (m.q.tail->kind == ZL_SPACED && m.q.head->kind == 0);
    check_messages (&m, &m.q, 0, 3);
    CHECK (zl_frameq_peek (&m.q, &m.pool, &v) && v.size == 6);
    zl_frameq_next (&m.q, &m.pool, &v);
    CHECK_EQ (zl_frameq_push_control (&m.q, &m.pool, &frame, ZL_FRAME_COMMAND, OVERHEAD), 0);
    CHECK_EQ (m.q.tail->kind, ZL_CONTROL | ZL_SPACED);
    CHECK_EQ (m.q.msgs, 0);
    CHECK (!zl_frameq_peek (&m.q, &m.pool, &v));
    check_empty (&m.q, &m.pool);
    end_model (&m);
}

/* ---- messages that are encoded once for several queues ---- */

/* Two queues that get the same messages, most of them encoded once, now and then interrupted by others. */
typedef struct {
    model m[2];
    zl_encoded e;
} twins;

static twins *new_twins (unsigned count)
{
    twins *t = calloc (1, sizeof *t);
    CHECK (t);
    while (t->m[0].count < count) {
        zl_msg frames[FRAMES];
        unsigned n = 1 + check_below (FRAMES);
        uint8_t body[64];
        memset (body, (int) check_below (256), sizeof body);
        for (unsigned i = 0; i < n; i++)
            frames[i] = (zl_msg){body, check_below (sizeof body), NULL};
        CHECK_EQ (zl_encoded_put (&t->e, frames, n), 0);
        for (int k = 0; k < 2; k++) {
            model *m = &t->m[k];
            if (m->count < MESSAGES && check_below (8) == 0)
                push (m);
            if (m->count == MESSAGES)
                continue;
            m->bytes = realloc (m->bytes, m->used + FRAMES * (sizeof body + ZL_HEADER_MAX));
            CHECK (m->bytes);
            m->frames[m->count] = n;
            for (unsigned i = 0; i < n; i++) {
                m->sizes[m->count][i] = frames[i].size;
                m->used += zl_header_put (m->bytes + m->used, frames[i].size, i + 1 < n ? ZL_FRAME_MORE : 0);
                memcpy (m->bytes + m->used, body, frames[i].size);
                m->used += frames[i].size;
            }
            m->ends[m->count++] = m->used;
            CHECK_EQ (zl_frameq_push_encoded (&m->q, &m->pool, &t->e), 0);
            CHECK_EQ (m->q.bytes, m->used);
            CHECK_EQ (m->q.msgs, m->count);
        }
    }
    return t;
}

static void end_twins (twins *t)
{
    for (int k = 0; k < 2; k++)
        end_model (&t->m[k]);
    zl_blob_drop (t->e.blob);
    free (t);
}

TEST ("messages that were encoded once are written from each queue, in whatever portions they go")
{
    for (int round = 0; round < 50; round++) {
        twins *t = new_twins (1 + check_below (MESSAGES - 1));
        for (int k = 0; k < 2; k++) {
            model *m = &t->m[k];
            zl_frameq tx = {0};
            size_t gone = 0, offset = 0, moved = 0;
            while (m->q.head)
                moved += zl_frameq_move (&tx, &m->q, check_below (1000));
            CHECK_EQ (moved, m->count);
            while (gone < m->used) {
                size_t drawn = (size_t) 1 + check_below (check_below (2) ? 30 : 3000), step = ZL_MIN (m->used - gone, drawn);
                gone += step;
                offset = zl_frameq_written (&tx, &m->pool, offset + step);
                check_octets (&tx, offset, m->bytes + gone, m->used - gone);
            }
            check_empty (&tx, &m->pool);
        }
        end_twins (t);
    }
}

TEST ("messages in a row take a single chunk of a queue, and none of its memory")
{
    zl_pool pool = {0};
    zl_frameq q = {0};
    zl_encoded e = {0};
    zl_msg m = {(const uint8_t *) "body", 4, NULL};
    for (unsigned i = 0; i < 100; i++) {
        CHECK_EQ (zl_encoded_put (&e, &m, 1), 0);
        CHECK_EQ (zl_frameq_push_encoded (&q, &pool, &e), 0);
    }
    CHECK (q.head && q.head == q.tail && q.head->cap == 0);
    CHECK_EQ (q.head->body_size, 100 * (2 + m.size));
    zl_frameq_clear (&q, &pool);
    zl_blob_drop (e.blob);
    zl_pool_fini (&pool);
}

TEST ("a message that is large is not encoded for many")
{
    zl_encoded e = {0};
    uint8_t body[ZL_REF_MIN] = {0};
    const zl_msg frames[] = {{body, ZL_REF_MIN / 2, NULL}, {body, ZL_REF_MIN / 2, NULL}, {body, ZL_REF_MIN, NULL}};
    CHECK_EQ (zl_encoded_put (&e, frames, 2), -EMSGSIZE);
    CHECK_EQ (zl_encoded_put (&e, frames + 2, 1), -EMSGSIZE);
    CHECK (!e.blob);
    CHECK_EQ (zl_encoded_put (&e, frames, 1), 0);
    zl_blob_drop (e.blob);
}

TEST ("of a lost connection's queue, messages that were encoded once stay whole like others")
{
    for (int round = 0; round < 150; round++) {
        twins *t = new_twins (1 + check_below (20));
        for (int k = 0; k < 2; k++) {
            model *m = &t->m[k];
            unsigned lost;
            size_t gone = check_below ((unsigned) m->used + 1);
            unsigned first = first_whole (m, gone, &lost);
            CHECK_EQ (zl_frameq_own (&m->q, &m->pool), 0);
            CHECK_EQ (zl_frameq_recover (&m->q, &m->pool, gone), lost);
            CHECK_EQ (m->q.msgs, m->count - first);
            check_messages (m, &m->q, first, m->count);
            check_empty (&m->q, &m->pool);
        }
        end_twins (t);
    }
}

TEST ("a queue can be looked through without taking anything")
{
    for (int round = 0; round < 50; round++) {
        model m = new_model (1 + check_below (MESSAGES));
        zl_cursor at = {0};
        zl_view v;
        unsigned read = check_below (m.count);
        check_messages (&m, &m.q, 0, read);
        for (unsigned k = read; k < m.count; k++)
            for (unsigned i = 0; i < m.frames[k]; i++) {
                CHECK (zl_frameq_look (&m.q, &at, &v));
                CHECK_EQ (v.size, m.sizes[k][i]);
                CHECK_EQ (v.more, i + 1 < m.frames[k]);
            }
        CHECK (!zl_frameq_look (&m.q, &at, &v));
        check_messages (&m, &m.q, read, m.count);
        check_empty (&m.q, &m.pool);
        end_model (&m);
    }
}
