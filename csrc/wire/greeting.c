/* The greeting that opens a ZMTP connection. */
#include <string.h>

#include "frame.h"
#include "greeting.h"

enum { AT_REVISION = 10, AT_MINOR = 11, AT_MECHANISM = 12, AT_SERVER = 32 };

void zl_greeting_put (uint8_t out[ZL_GREETING_SIZE], const char mechanism[ZL_MECHANISM_SIZE], bool as_server,
                      size_t own_id_len)
{
    memset (out, 0, ZL_GREETING_SIZE);
    out[0] = 0xff;
    zl_put64 (out + 1, own_id_len + 1);
    out[9] = 0x7f;
    out[AT_REVISION] = 3;
    out[AT_MINOR] = 1;
    memcpy (out + AT_MECHANISM, mechanism, ZL_MECHANISM_SIZE);
    out[AT_SERVER] = as_server;
}

zl_greeting_step zl_greeting_get (const uint8_t *p, size_t n, zl_close_reason *reason)
{
    if (n == 0)
        return ZL_GREETING_MORE;
    if (p[0] != 0xff || (n >= ZL_SIGNATURE_SIZE && !(p[9] & 1)))
        return ZL_GREETING_V1;
    if (n < ZL_SIGNATURE_SIZE)
        return ZL_GREETING_MORE;
    if (n == ZL_SIGNATURE_SIZE)
        return ZL_GREETING_SIGNATURE;
    if (p[AT_REVISION] == 0) {
        *reason = ZL_CLOSE_VERSION;
        return ZL_GREETING_BAD;
    }
    if (p[AT_REVISION] == 1)
        return ZL_GREETING_V2;
    return n < ZL_GREETING_SIZE ? ZL_GREETING_V3 : ZL_GREETING_DONE;
}
