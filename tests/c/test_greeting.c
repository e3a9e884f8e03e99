/* wire/greeting.[ch] */
#include "base/defs.h"
#include "check.h"
#include "edge.h"
#include "wire/greeting.h"

static const char null_mechanism[ZL_MECHANISM_SIZE] = "NULL";

/* What the first n octets tell, with a protected page behind them. */
static zl_greeting_step step_of (const uint8_t *greeting, size_t n, zl_close_reason *reason)
{
    edge e = at_edge (greeting, n);
    zl_greeting_step step = zl_greeting_get (e.p, n, reason);
    end_edge (e);
    return step;
}

TEST ("our greeting has the octets of the protocol")
{
    uint8_t g[ZL_GREETING_SIZE], zeros[31] = {0};
    zl_greeting_put (g, null_mechanism, false, 0);
    CHECK_BYTES (g, "\xff\0\0\0\0\0\0\0\x01\x7f\x03\x01NULL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 33);
    CHECK_BYTES (g + 33, zeros, 31);
    zl_greeting_put (g, null_mechanism, true, 0);
    CHECK_EQ (g[32], 1);
}

TEST ("our greeting is understood octet by octet, and with a tail")
{
    uint8_t g[ZL_GREETING_SIZE + 5] = {0};
    zl_close_reason reason = ZL_CLOSE_NONE;
    zl_greeting_put (g, null_mechanism, false, 0);
    for (size_t n = 0; n <= sizeof g; n++) {
        zl_greeting_step due = n < 10    ? ZL_GREETING_MORE
                               : n == 10 ? ZL_GREETING_SIGNATURE
                               : n < 64  ? ZL_GREETING_V3
                                         : ZL_GREETING_DONE;
        CHECK_EQ (step_of (g, n, &reason), due);
    }
    CHECK_EQ (reason, ZL_CLOSE_NONE);
}

TEST ("a peer of revision 1 is one of version 2.0, and later revisions are taken for 3")
{
    uint8_t g[ZL_GREETING_SIZE];
    zl_close_reason reason = ZL_CLOSE_NONE;
    zl_greeting_put (g, null_mechanism, false, 0);
    g[10] = 1;
    CHECK_EQ (step_of (g, 11, &reason), ZL_GREETING_V2);
    g[10] = 4;
    CHECK_EQ (step_of (g, 11, &reason), ZL_GREETING_V3);
}

TEST ("what has no signature is taken for a frame of version 1.0 as soon as it can be")
{
    uint8_t g[ZL_GREETING_SIZE];
    zl_close_reason reason = ZL_CLOSE_NONE;
    for (unsigned first = 0; first < 0xff; first++)
        CHECK_EQ (step_of (&(uint8_t){first}, 1, &reason), ZL_GREETING_V1);
    zl_greeting_put (g, null_mechanism, false, 0);
    for (unsigned last = 0; last <= 0xff; last++) {
        g[9] = (uint8_t) last;
        CHECK_EQ (step_of (g, 9, &reason), ZL_GREETING_MORE);
        CHECK_EQ (step_of (g, 10, &reason), last & 1 ? ZL_GREETING_SIGNATURE : ZL_GREETING_V1);
    }
    CHECK_EQ (reason, ZL_CLOSE_NONE);
}

TEST ("our signature tells a peer of version 1.0 how long our routing id is")
{
    uint8_t g[ZL_GREETING_SIZE];
    zl_greeting_put (g, null_mechanism, false, 255);
    CHECK_BYTES (g, "\xff\0\0\0\0\0\0\x01\0\x7f", 10);
}

TEST ("a revision that there never was is refused")
{
    uint8_t g[ZL_GREETING_SIZE];
    zl_close_reason reason = ZL_CLOSE_NONE;
    zl_greeting_put (g, null_mechanism, false, 0);
    g[10] = 0;
    CHECK_EQ (step_of (g, 11, &reason), ZL_GREETING_BAD);
    CHECK_EQ (reason, ZL_CLOSE_VERSION);
}
