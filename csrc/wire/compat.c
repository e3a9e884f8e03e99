/* Socket types as the wire knows them. */
#include <string.h>

#include "compat.h"

#define BIT(t) (1u << ZL_##t)

static const struct {
    const char *name;
    unsigned peers;
} types[ZL_TYPE_COUNT] = {
    [ZL_PAIR] = {"PAIR", BIT (PAIR)},
    [ZL_PUB] = {"PUB", BIT (SUB) | BIT (XSUB)},
    [ZL_SUB] = {"SUB", BIT (PUB) | BIT (XPUB)},
    [ZL_REQ] = {"REQ", BIT (REP) | BIT (ROUTER)},
    [ZL_REP] = {"REP", BIT (REQ) | BIT (DEALER)},
    [ZL_DEALER] = {"DEALER", BIT (REP) | BIT (DEALER) | BIT (ROUTER)},
    [ZL_ROUTER] = {"ROUTER", BIT (REQ) | BIT (DEALER) | BIT (ROUTER)},
    [ZL_PULL] = {"PULL", BIT (PUSH)},
    [ZL_PUSH] = {"PUSH", BIT (PULL)},
    [ZL_XPUB] = {"XPUB", BIT (SUB) | BIT (XSUB)},
    [ZL_XSUB] = {"XSUB", BIT (PUB) | BIT (XPUB)},
    [ZL_STREAM] = {"STREAM", 0},
};

const char *zl_type_name (int type)
{
    return types[type].name;
}

int zl_type_from_name (const uint8_t *name, size_t n)
{
    for (int i = 0; i < ZL_TYPE_COUNT; i++)
        if (strlen (types[i].name) == n && memcmp (types[i].name, name, n) == 0)
            return i;
    return -1;
}

bool zl_types_compatible (int own, int peer)
{
    return peer >= 0 && peer < ZL_TYPE_COUNT && types[own].peers >> peer & 1;
}
