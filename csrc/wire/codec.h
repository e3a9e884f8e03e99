/* How frames travel to and from a peer, where that is not the form they have in the queues (ZMTP 2.0 to 3.1): the framing of
 * ZMTP 1.0, and none at all. Pure functions over bytes. */
#ifndef ZL_WIRE_CODEC_H
#define ZL_WIRE_CODEC_H

#include "frame.h"

#define ZL_CODEC_HEADER_MAX 10u

typedef struct zl_codec {
    /* Reads a header as zl_header_get() does; flags are ZL_FRAME_MORE or nothing. */
    int (*get) (const uint8_t *p, size_t n, zl_header *h);
    /* Writes the header of a frame and returns its length. */
    unsigned (*put) (uint8_t *p, uint64_t size, bool more);
} zl_codec;

/* ZMTP 1.0: length(1 or 9) flags(1) body; the length counts the flags. */
extern const zl_codec zl_codec_v1;
/* Bare octets: what is there is a frame. */
extern const zl_codec zl_codec_raw;

#endif
