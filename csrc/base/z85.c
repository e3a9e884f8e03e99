/* Z85: base 85, most significant digit first. */
#include <string.h>

#include "z85.h"

static int digit (char c)
{
    static const char digits[] =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
    const char *at = c ? strchr (digits, c) : NULL;
    return at ? (int) (at - digits) : -1;
}

bool zl_z85_decode (const char *text, size_t n, uint8_t *out)
{
    for (size_t i = 0; i < n; i += 5, out += 4) {
        uint64_t group = 0;
        for (size_t k = i; k < i + 5; k++) {
            int d = digit (text[k]);
            if (d < 0)
                return false;
            group = group * 85 + (uint64_t) d;
        }
        if (group > UINT32_MAX)
            return false;
        for (int k = 0; k < 4; k++)
            out[k] = (uint8_t) (group >> (24 - 8 * k));
    }
    return true;
}
