/* wire/compat.[ch] */
#include "check.h"
#include "wire/compat.h"

TEST ("every type has a name, by which it is found, whole and not otherwise")
{
    for (int t = 0; t < ZL_TYPE_COUNT; t++) {
        const char *name = zl_type_name (t);
        CHECK_EQ (zl_type_from_name ((const uint8_t *) name, strlen (name)), t);
        CHECK_EQ (zl_type_from_name ((const uint8_t *) name, strlen (name) - 1), -1);
        CHECK_EQ (zl_type_from_name ((const uint8_t *) name, strlen (name) + 1), -1);
    }
    CHECK_EQ (zl_type_from_name ((const uint8_t *) "pub", 3), -1);
    CHECK_EQ (zl_type_from_name (NULL, 0), -1);
}

TEST ("who may meet whom is as in the protocol, and mutual")
{
    static const int pairs[][2] = {
        {ZL_PAIR, ZL_PAIR},     {ZL_PUB, ZL_SUB},       {ZL_PUB, ZL_XSUB},     {ZL_XPUB, ZL_SUB},
        {ZL_XPUB, ZL_XSUB},     {ZL_REQ, ZL_REP},       {ZL_REQ, ZL_ROUTER},   {ZL_DEALER, ZL_REP},
        {ZL_DEALER, ZL_DEALER}, {ZL_DEALER, ZL_ROUTER}, {ZL_ROUTER, ZL_ROUTER}, {ZL_PUSH, ZL_PULL},
    };
    bool due[ZL_TYPE_COUNT][ZL_TYPE_COUNT] = {{0}};
    for (unsigned i = 0; i < ZL_LEN (pairs); i++)
        due[pairs[i][0]][pairs[i][1]] = due[pairs[i][1]][pairs[i][0]] = true;
    for (int a = 0; a < ZL_TYPE_COUNT; a++)
        for (int b = 0; b < ZL_TYPE_COUNT; b++)
            CHECK_EQ (zl_types_compatible (a, b), due[a][b]);
}

TEST ("nobody may meet an unknown type")
{
    for (int t = 0; t < ZL_TYPE_COUNT; t++)
        CHECK (!zl_types_compatible (t, -1) && !zl_types_compatible (t, ZL_TYPE_COUNT) &&
               !zl_types_compatible (t, 200));
}
