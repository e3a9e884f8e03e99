/* What a socket counts. Guarded by the socket's mutex. */
#ifndef ZL_CORE_STATS_H
#define ZL_CORE_STATS_H

#include "../base/defs.h"
#include "../wire/reason.h"

typedef struct {
    uint64_t sent, received;         /* messages accepted from and given to the application */
    uint64_t dropped[ZL_DROP_COUNT]; /* messages */
    uint64_t closed[ZL_CLOSE_COUNT]; /* connections */
    uint64_t accepted, connected;    /* connections that came up, before their handshake */
    uint64_t handshakes;             /* that completed it */
    uint64_t connect_failures;
    int last_connect_error; /* errno of the newest failure, 0 if none */
} zl_stats;

#endif
