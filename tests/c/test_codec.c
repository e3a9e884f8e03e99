/* wire/codec.[ch]: the framing of version 1.0 and none at all, octet by octet and with a tail. */
#include "check.h"
#include "edge.h"
#include "wire/codec.h"

/* What the first n octets tell, with a protected page behind them. */
static int got (const zl_codec *c, const uint8_t *octets, size_t n, zl_header *h)
{
    edge e = at_edge (octets, n);
    int rc = c->get (e.p, n, h);
    end_edge (e);
    return rc;
}

static const uint64_t sizes[] = {
    0, 1, 252, 253, 254, 255, 256, 65535, UINT32_MAX, (uint64_t) INT64_MAX - 1,
};

TEST ("a header of version 1.0 is understood once it is whole, and says what was written")
{
    for (unsigned i = 0; i < ZL_LEN (sizes); i++)
        for (int more = 0; more < 2; more++) {
            uint8_t octets[ZL_CODEC_HEADER_MAX + 3] = {0};
            zl_header h;
            unsigned n = zl_codec_v1.put (octets, sizes[i], more);
            CHECK_EQ (n, sizes[i] < 254 ? 2 : ZL_CODEC_HEADER_MAX);
            for (size_t have = 0; have < sizeof octets; have++) {
                CHECK_EQ (got (&zl_codec_v1, octets, have, &h), have >= n);
                if (have < n)
                    continue;
                CHECK_EQ (h.len, n);
                CHECK (h.size == sizes[i]);
                CHECK_EQ (h.flags, more ? ZL_FRAME_MORE : 0);
            }
        }
}

TEST ("the octets are those of the protocol: the length counts the flags")
{
    uint8_t octets[ZL_CODEC_HEADER_MAX];
    CHECK_EQ (zl_codec_v1.put (octets, 0, false), 2);
    CHECK_BYTES (octets, "\1\0", 2);
    CHECK_EQ (zl_codec_v1.put (octets, 253, true), 2);
    CHECK_BYTES (octets, "\xfe\1", 2);
    CHECK_EQ (zl_codec_v1.put (octets, 254, false), 10);
    CHECK_BYTES (octets, "\xff\0\0\0\0\0\0\0\xff\0", 10);
    CHECK_EQ (zl_codec_v1.put (octets, 255, true), 10);
    CHECK_BYTES (octets, "\xff\0\0\0\0\0\0\1\0\1", 10);
}

TEST ("a long header may tell a short length, and flags that mean nothing are ignored")
{
    zl_header h;
    CHECK_EQ (got (&zl_codec_v1, (const uint8_t *) "\xff\0\0\0\0\0\0\0\4\xff", 10, &h), 1);
    CHECK_EQ (h.size, 3);
    CHECK_EQ (h.len, 10);
    CHECK_EQ (h.flags, ZL_FRAME_MORE);
    CHECK_EQ (got (&zl_codec_v1, (const uint8_t *) "\4\xfe", 2, &h), 1);
    CHECK_EQ (h.flags, 0);
}

TEST ("a length that has no room for the flags, or for which there is no memory, is malformed")
{
    static const char *const bad[] = {
        "\xff\0\0\0\0\0\0\0\0\0",
        "\xff\x80\0\0\0\0\0\0\0\0",
        "\xff\xff\xff\xff\xff\xff\xff\xff\xff\0",
    };
    zl_header h;
    CHECK_EQ (got (&zl_codec_v1, (const uint8_t *) "\0", 1, &h), -1);
    for (unsigned i = 0; i < ZL_LEN (bad); i++)
        CHECK_EQ (got (&zl_codec_v1, (const uint8_t *) bad[i], 10, &h), -1);
}

TEST ("without a framing whatever is there is one frame")
{
    uint8_t octets[ZL_CODEC_HEADER_MAX] = "\xff\0\1";
    zl_header h;
    CHECK_EQ (got (&zl_codec_raw, octets, 0, &h), 0);
    for (size_t n = 1; n <= 3; n++) {
        CHECK_EQ (got (&zl_codec_raw, octets, n, &h), 1);
        CHECK_EQ (h.len, 0);
        CHECK_EQ (h.size, n);
        CHECK_EQ (h.flags, 0);
    }
    CHECK_EQ (zl_codec_raw.put (octets, 1000, true), 0);
    CHECK_BYTES (octets, "\xff\0\1", 3);
}
