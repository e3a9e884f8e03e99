/* Framings other than ZMTP 2.0's. */
#include "codec.h"

enum { V1_LONG = 0xff, V1_SHORT_HEADER = 2, V1_LONG_HEADER = 10 };

static int v1_get (const uint8_t *p, size_t n, zl_header *h)
{
    if (n == 0)
        return 0;
    bool is_long = p[0] == V1_LONG;
    h->len = is_long ? V1_LONG_HEADER : V1_SHORT_HEADER;
    if (p[0] == 0)
        return -1;
    if (n < h->len)
        return 0;
    uint64_t length = is_long ? zl_get64 (p + 1) : p[0];
    h->size = length - 1;
    h->flags = p[h->len - 1] & ZL_FRAME_MORE;
    return length == 0 || length > INT64_MAX ? -1 : 1;
}

static unsigned v1_put (uint8_t *p, uint64_t size, bool more)
{
    bool is_long = size + 1 >= V1_LONG;
    unsigned len = is_long ? V1_LONG_HEADER : V1_SHORT_HEADER;
    p[0] = is_long ? V1_LONG : (uint8_t) (size + 1);
    if (is_long)
        zl_put64 (p + 1, size + 1);
    p[len - 1] = more ? ZL_FRAME_MORE : 0;
    return len;
}

static int raw_get (const uint8_t *p, size_t n, zl_header *h)
{
    (void) p;
    *h = (zl_header){.size = n};
    return n > 0;
}

static unsigned raw_put (uint8_t *p, uint64_t size, bool more)
{
    (void) p;
    (void) size;
    (void) more;
    return 0;
}

const zl_codec zl_codec_v1 = {.get = v1_get, .put = v1_put};
const zl_codec zl_codec_raw = {.get = raw_get, .put = raw_put};
