/* A queue of frames kept in the form they have on the wire.
 *
 * The same structure carries messages everywhere in the core: what a socket wants sent, what a connection is writing,
 * what a connection has read, and what travels between two inproc sockets. A small frame costs one memcpy and no node of
 * its own; a large body is a reference to a counted block. Writing needs no encoding and reading no decoding beyond the
 * header, and the queue hands whole chunks from one owner to the next.
 *
 * Layout: a chunk holds encoded frames in data[begin..end). The body of the last header in it may lie outside, in a
 * block; then nothing more is appended to that chunk. Frames never straddle two chunks.
 *
 *     head                                        tail
 *     [hdr body hdr body hdr]-> block             [hdr body hdr body .......]
 *        ^begin             ^end                     ^begin         ^end   ^cap
 *
 * No lock of its own: a queue belongs to whoever owns the structure it lies in (a socket's mutex, an inproc channel's
 * mutex, or the thread that owns a connection's write end). */
#ifndef ZL_WIRE_FRAMEQ_H
#define ZL_WIRE_FRAMEQ_H

#include <sys/uio.h>

#include "../base/msg.h"
#include "frame.h"

typedef struct zl_chunk zl_chunk;
struct zl_chunk {
    zl_chunk *next;
    zl_blob *blob;       /* holds the body of the last header, or NULL */
    const uint8_t *body; /* that body */
    size_t body_size;
    uint32_t begin, end, cap;
    uint32_t msgs;      /* messages whose last frame was appended here */
    bool open;          /* a connection is still reading into it: keep it, even when empty */
    uint8_t kind;       /* of ZL_CONTROL, ZL_SPACED */
    bool continues;     /* begins inside a message: it goes where the chunk before it went */
    uint8_t size;       /* enum zl_chunk_size */
    bool encoded;       /* the block holds whole messages, header and all (zl_encoded), and the chunk itself nothing */
    uint8_t data[];
};

enum {
    ZL_CONTROL = 1, /* greeting, commands, foreign and sealed frames: of this connection only, never sent again on the next */
    ZL_SPACED = 2,  /* before each frame there is a gap, so that it can be sealed where it lies */
};

enum zl_chunk_size { ZL_SMALL, ZL_LARGE, ZL_BARE, ZL_CHUNK_SIZES };

/* Chunks to use again, so that a busy socket does not go to malloc. Of the large ones there are enough for a queue of 1,000 messages
 * of 4 KiB, since memory that comes and goes has to be faulted in each time: an ipc stream of those was a fifth slower with 8. What nobody
 * needs any more is given back, but for a few. Guarded by the mutex of the socket it lies in. */
typedef struct {
    zl_chunk *free[ZL_CHUNK_SIZES];
    unsigned count[ZL_CHUNK_SIZES];
    unsigned idle; /* large chunks that have lain here ever since zl_pool_tidy() */
} zl_pool;

#define ZL_POOL_FEW 8u

#define ZL_CHUNK_SMALL (4096u - sizeof (zl_chunk))
#define ZL_CHUNK_LARGE (131072u - sizeof (zl_chunk))
/* Bodies of at least this size are referenced instead of copied if they come in a block: below, a copy is cheaper than
 * the block's bookkeeping (measured with bench/). */
#define ZL_REF_MIN 8192u

typedef struct {
    zl_chunk *head, *tail;
    size_t msgs;  /* complete messages */
    size_t bytes; /* encoded bytes, bodies outside included */
} zl_frameq;

/* A frame at the head of a queue, valid until the queue changes. */
typedef struct {
    const uint8_t *data;
    size_t size;
    zl_blob *blob; /* NULL if the bytes lie in the chunk */
    bool more;
    unsigned header; /* octets of the encoded header */
    const zl_blob *properties; /* of the connection that it came over; set on delivery, NULL if there is none */
} zl_view;

/* Messages that are encoded once for several queues, one behind the other in a block, which each queue holds while it refers to
 * it. What is in the block never changes; more may be written behind it. */
typedef struct {
    zl_blob *blob;
    size_t begin, end; /* of the newest message */
} zl_encoded;

/* An empty chunk, or NULL without memory. */
zl_chunk *zl_chunk_get (zl_pool *pool, enum zl_chunk_size size);
/* Gives a chunk back, with whatever it still refers to. */
void zl_chunk_put (zl_pool *pool, zl_chunk *c);
/* Frees the large chunks that were not needed since the last time, but for a few; true if there are more than those still. */
bool zl_pool_tidy (zl_pool *pool);
void zl_pool_fini (zl_pool *pool);

static inline size_t zl_chunk_size (const zl_chunk *c)
{
    return c->end - c->begin + c->body_size;
}

/* Appends a whole message of n frames: 0, or -ENOMEM and the queue is as before. */
int zl_frameq_push (zl_frameq *q, zl_pool *pool, const zl_msg *frames, unsigned n);
/* The same, leaving room for what will be put between the header of each frame and its body: `overhead` octets, not 0. */
int zl_frameq_push_spaced (zl_frameq *q, zl_pool *pool, const zl_msg *frames, unsigned n, unsigned overhead);
/* Encodes a message of n frames behind those before it, or into a new block: 0, -EMSGSIZE if it is too large for that to be of use,
 * or -ENOMEM. */
int zl_encoded_put (zl_encoded *e, const zl_msg *frames, unsigned n);
/* Appends the newest message of e, without a copy: 0 or -ENOMEM. The queue may then be written, moved, joined and cleared, but its
 * frames not be looked at before zl_frameq_own(). */
int zl_frameq_push_encoded (zl_frameq *q, zl_pool *pool, const zl_encoded *e);
/* Copies what lies in blocks of zl_encoded into chunks of its own. Returns the number of messages dropped for want of memory. */
size_t zl_frameq_own (zl_frameq *q, zl_pool *pool);
/* Appends one frame to a control queue, with room for an overhead or without (0): 0 or -ENOMEM. */
int zl_frameq_push_control (zl_frameq *q, zl_pool *pool, const zl_msg *frame, unsigned flags, unsigned overhead);
/* Appends bytes that are no frames (a greeting) to a control queue: 0 or -ENOMEM. */
int zl_frameq_push_raw (zl_frameq *q, zl_pool *pool, const void *bytes, size_t size);

/* Appends a frame in some peer's own form, its header already made; `last` if a message ends with it. It belongs to that
 * connection, like what is in a control queue. 0, or -ENOMEM and the queue is as before. */
int zl_frameq_push_foreign (zl_frameq *q, zl_pool *pool, const void *header, size_t header_len, const zl_msg *body,
                            bool last);
/* Appends one frame of a message whose other frames come and go by this call too: 0, or -ENOMEM. */
int zl_frameq_append (zl_frameq *q, zl_pool *pool, const zl_msg *frame, bool more);

/* Links a filled chunk behind the queue without counting its messages or bytes. */
void zl_frameq_link (zl_frameq *q, zl_chunk *c);
/* Moves all of src behind dst. */
void zl_frameq_splice (zl_frameq *dst, zl_frameq *src);
/* Moves chunks, but only whole messages, from the head of src behind dst until at least max bytes have moved; returns how
 * many messages went. */
size_t zl_frameq_move (zl_frameq *dst, zl_frameq *src, size_t max);

/* Looks at the first frame that is not a command; false if there is none. */
bool zl_frameq_peek (zl_frameq *q, zl_pool *pool, zl_view *v);
/* Where somebody is who looks through a queue without taking anything; zeroed at its head. Valid until the queue changes. */
typedef struct {
    const zl_chunk *chunk;
    uint32_t at;
} zl_cursor;
/* Looks at the next frame that is not a command; false if there is none. */
bool zl_frameq_look (const zl_frameq *q, zl_cursor *c, zl_view *v);
/* Steps over the frame that v shows. */
void zl_frameq_next (zl_frameq *q, zl_pool *pool, const zl_view *v);
/* Steps over the rest of the message at the head, whose frames up to now were `more`. */
void zl_frameq_skip_message (zl_frameq *q, zl_pool *pool);
/* Replaces a tail that is still being filled by a copy of what is complete in it, so that the queue no longer shares it
 * with the connection. zl_frameq_rollback() must follow: it also sets the count of messages right if there was no memory
 * for the copy. */
void zl_frameq_seal (zl_frameq *q, zl_pool *pool);
/* Drops the frames behind the last complete message. */
void zl_frameq_rollback (zl_frameq *q, zl_pool *pool);

/* Describes the bytes behind the first `offset` of the queue for writev; returns how many of iov were filled. */
unsigned zl_frameq_iov (const zl_frameq *q, size_t offset, struct iovec *iov, unsigned max);
/* Frees the chunks that are covered by `offset` bytes and returns the offset within the chunk that is then first. */
size_t zl_frameq_written (zl_frameq *q, zl_pool *pool, size_t offset);
/* Of a queue whose first `offset` bytes are gone with a lost connection: drops control chunks, and what is left of a
 * message that was begun. Returns the number of messages dropped; whole messages stay. */
size_t zl_frameq_recover (zl_frameq *q, zl_pool *pool, size_t offset);

void zl_frameq_clear (zl_frameq *q, zl_pool *pool);

#endif
