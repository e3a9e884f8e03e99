/* wire/frame.h */
#include "check.h"
#include "edge.h"
#include "wire/frame.h"

TEST ("a header that was put is got again, once all of its octets are there")
{
    static const uint64_t sizes[] = {0, 1, 254, 255, 256, 65536, UINT64_C (1) << 40, INT64_MAX};
    for (unsigned i = 0; i < ZL_LEN (sizes); i++)
        for (unsigned flags = 0; flags < 8; flags++) {
            uint8_t octets[ZL_HEADER_MAX];
            zl_header h;
            if (flags & ZL_FRAME_LONG)
                continue;
            unsigned len = zl_header_put (octets, sizes[i], flags);
            CHECK_EQ (len, zl_header_len (sizes[i]));
            for (unsigned n = 0; n <= len; n++) {
                edge e = at_edge (octets, n);
                CHECK_EQ (zl_header_get (e.p, n, &h), n == len);
                end_edge (e);
            }
            CHECK_EQ (h.len, len);
            CHECK (h.size == sizes[i]);
            CHECK_EQ (h.flags & ~ZL_FRAME_LONG, flags);
        }
}

TEST ("the octets of a header are those of the protocol")
{
    uint8_t octets[ZL_HEADER_MAX];
    CHECK_EQ (zl_header_put (octets, 255, ZL_FRAME_MORE), 2);
    CHECK_BYTES (octets, "\x01\xff", 2);
    CHECK_EQ (zl_header_put (octets, 0x0102030405, ZL_FRAME_COMMAND), 9);
    CHECK_BYTES (octets, "\x06\0\0\0\x01\x02\x03\x04\x05", 9);
}

TEST ("a long header may say a short size")
{
    zl_header h;
    CHECK_EQ (zl_header_get ((const uint8_t *) "\x02\0\0\0\0\0\0\0\x05", 9, &h), 1);
    CHECK_EQ (h.size, 5);
    CHECK_EQ (h.len, 9);
}

TEST ("a size of more than 63 bits is refused")
{
    zl_header h;
    CHECK_EQ (zl_header_get ((const uint8_t *) "\x02\x80\0\0\0\0\0\0\0", 9, &h), -1);
    CHECK_EQ (zl_header_get ((const uint8_t *) "\x02\xff\xff\xff\xff\xff\xff\xff\xff", 9, &h), -1);
}
