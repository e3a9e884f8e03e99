/* Socket types as the wire knows them: numbers, names, and who may meet whom (RFC 28, 29, 30, 31).
 * STREAM speaks no ZMTP and meets nobody by its type. */
#ifndef ZL_WIRE_COMPAT_H
#define ZL_WIRE_COMPAT_H

#include "../base/defs.h"

enum {
    ZL_PAIR,
    ZL_PUB,
    ZL_SUB,
    ZL_REQ,
    ZL_REP,
    ZL_DEALER,
    ZL_ROUTER,
    ZL_PULL,
    ZL_PUSH,
    ZL_XPUB,
    ZL_XSUB,
    ZL_STREAM,
    ZL_TYPE_COUNT
};

/* "PAIR" for ZL_PAIR and so on. */
const char *zl_type_name (int type);
/* The type of that name, or -1. */
int zl_type_from_name (const uint8_t *name, size_t n);
bool zl_types_compatible (int own, int peer);

#endif
