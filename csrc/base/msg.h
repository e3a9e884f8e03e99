/* One frame of bytes on its way through the core, and the counted blocks that large frames live in.
 *
 * A zl_msg is a view: it points at bytes that somebody keeps alive. With a blob, that is the blob, and whoever stores the
 * frame takes a reference instead of a copy; without one the bytes are only good during the call, and whoever stores the
 * frame copies them. */
#ifndef ZL_BASE_MSG_H
#define ZL_BASE_MSG_H

#include "sync.h"

typedef struct zl_blob zl_blob;
struct zl_blob {
    zl_count refs;
    const uint8_t *data;
    size_t size;
    /* Called once, by whoever drops the last reference, from any thread and with any lock held: it must not block. */
    void (*release) (zl_blob *);
    bool whole;          /* never to be copied into a queue, however small */
    void *owner;         /* foreign memory: what release() gives back */
    void *domain;        /* foreign memory: to whom */
    zl_blob *next;       /* foreign memory: link of the list of blocks waiting to be given back */
};

typedef struct {
    const uint8_t *data;
    size_t size;
    zl_blob *blob; /* NULL: borrowed */
} zl_msg;

/* A block of our own with room for size bytes behind it, one reference; NULL without memory. */
zl_blob *zl_blob_alloc (size_t size);

/* A block from zl_blob_alloc() holds a secret: it is wiped before its memory is given back. */
void zl_blob_keep_secret (zl_blob *b);

/* The writable bytes of a block from zl_blob_alloc(). */
static inline uint8_t *zl_blob_bytes (zl_blob *b)
{
    return (uint8_t *) (b + 1);
}

static inline zl_blob *zl_blob_hold (zl_blob *b)
{
    zl_hold (&b->refs);
    return b;
}

static inline void zl_blob_drop (zl_blob *b)
{
    if (b && zl_drop (&b->refs))
        b->release (b);
}

/* The bytes of m as a block: m's own block with one more reference, or a copy. NULL without memory. */
zl_blob *zl_msg_blob (const zl_msg *m);

#endif
