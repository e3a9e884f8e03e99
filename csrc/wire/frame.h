/* ZMTP 2.0/3.x frame header, both ways (RFC 37, "Framing"): flags(1) size(1 or 8) body(size). */
#ifndef ZL_WIRE_FRAME_H
#define ZL_WIRE_FRAME_H

#include "../base/defs.h"

enum {
    ZL_FRAME_MORE = 1,    /* another frame of the same message follows */
    ZL_FRAME_LONG = 2,    /* the size has 8 octets */
    ZL_FRAME_COMMAND = 4, /* not for the application */
};

#define ZL_HEADER_MAX 9u
#define ZL_SHORT_MAX 255u

typedef struct {
    uint8_t flags;
    unsigned len; /* octets of the header itself */
    uint64_t size;
} zl_header;

static inline uint64_t zl_get64 (const uint8_t *p)
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 8 | p[i];
    return v;
}

static inline void zl_put64 (uint8_t *p, uint64_t v)
{
    for (int i = 7; i >= 0; i--, v >>= 8)
        p[i] = (uint8_t) v;
}

static inline unsigned zl_header_len (uint64_t size)
{
    return size > ZL_SHORT_MAX ? ZL_HEADER_MAX : 2;
}

/* Writes the header of a frame (flags without ZL_FRAME_LONG) and returns its length. */
static inline unsigned zl_header_put (uint8_t *p, uint64_t size, unsigned flags)
{
    if (size <= ZL_SHORT_MAX) {
        p[0] = (uint8_t) flags;
        p[1] = (uint8_t) size;
        return 2;
    }
    p[0] = (uint8_t) (flags | ZL_FRAME_LONG);
    zl_put64 (p + 1, size);
    return ZL_HEADER_MAX;
}

/* Fills n octets, at least 2, with something that every reader of a queue steps over: a command without a meaning, of whose octets
 * only the first two are written. It ends no message. */
static inline void zl_gap_put (uint8_t *p, size_t n)
{
    zl_header_put (p, n - 2, ZL_FRAME_COMMAND | ZL_FRAME_MORE);
}

/* Reads a header from n octets: 1 done, 0 more octets are needed, -1 the size is beyond what the protocol allows. The
 * reserved flag bits are ignored, as every known peer does. */
static inline int zl_header_get (const uint8_t *p, size_t n, zl_header *h)
{
    if (n < 2)
        return 0;
    h->flags = p[0];
    if (!(p[0] & ZL_FRAME_LONG)) {
        h->len = 2;
        h->size = p[1];
        return 1;
    }
    if (n < ZL_HEADER_MAX)
        return 0;
    h->len = ZL_HEADER_MAX;
    h->size = zl_get64 (p + 1);
    return h->size > INT64_MAX ? -1 : 1;
}

#endif
