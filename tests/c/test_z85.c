/* base/z85.[ch] against an encoder that is written here, and against the vector of RFC 32. */
#include "base/z85.h"
#include "check.h"
#include "edge.h"

static const char alphabet[] =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

static void encode (const uint8_t *octets, size_t n, char *text)
{
    for (size_t i = 0; i < n; i += 4, text += 5) {
        uint32_t group = (uint32_t) octets[i] << 24 | (uint32_t) octets[i + 1] << 16 |
                         (uint32_t) octets[i + 2] << 8 | octets[i + 3];
        for (int k = 4; k >= 0; k--, group /= 85)
            text[k] = alphabet[group % 85];
    }
}

/* From a text that no NUL ends. */
static bool decode (const char *text, size_t n, uint8_t *out)
{
    edge e = at_edge (text, n);
    bool well = zl_z85_decode ((const char *) e.p, n, out);
    end_edge (e);
    return well;
}

TEST ("the vector of the specification")
{
    uint8_t out[8];
    CHECK (decode ("HelloWorld", 10, out));
    CHECK_BYTES (out, "\x86\x4f\xd2\x6f\xb5\x59\xf7\x5b", 8);
}

TEST ("whatever was encoded is decoded")
{
    for (int round = 0; round < 2000; round++) {
        uint8_t octets[64], out[64];
        char text[80];
        size_t n = 4 * check_below (17);
        for (size_t i = 0; i < n; i++)
            octets[i] = (uint8_t) (round == 0 ? 0xff : round == 1 ? 0 : check_random ());
        encode (octets, n, text);
        CHECK (decode (text, n / 4 * 5, out));
        CHECK_BYTES (out, octets, n);
    }
}

TEST ("a character that is none of the 85 is refused, wherever it stands")
{
    uint8_t out[8];
    for (unsigned c = 0; c < 256; c++)
        for (int at = 0; at < 10; at++) {
            char text[10];
            memset (text, '0', sizeof text);
            text[at] = (char) c;
            bool beyond = (c == '$' || c == '#') && at % 5 == 0; /* 32 bits */
            CHECK_EQ (decode (text, sizeof text, out), c && strchr (alphabet, (int) c) && !beyond);
        }
}

TEST ("a group of more than 32 bits is refused")
{
    uint8_t out[4];
    CHECK (decode ("%nSc0", 5, out));
    CHECK_BYTES (out, "\xff\xff\xff\xff", 4);
    CHECK (!decode ("%nSc1", 5, out));
    CHECK (!decode ("#####", 5, out));
}
