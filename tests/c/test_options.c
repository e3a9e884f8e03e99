/* core/options.[ch], through the public calls. */
#include <limits.h>

#include "sockets.h"

static int set_value (zmql_socket *s, int option, int64_t value)
{
    return zmql_set (s, option, &value, sizeof value);
}

TEST ("every option that can be read has a name and a kind, and says its default")
{
    static const struct {
        int option, kind;
        int64_t value;
        const char *name;
    } rows[] = {
        {13, ZMQL_INT, 0, "RCVMORE"},           {16, ZMQL_INT, ZL_DEALER, "TYPE"},
        {17, ZMQL_INT, -1, "LINGER"},           {18, ZMQL_INT, 100, "RECONNECT_IVL"},
        {19, ZMQL_INT, 100, "BACKLOG"},         {21, ZMQL_INT, 0, "RECONNECT_IVL_MAX"},
        {22, ZMQL_INT64, -1, "MAXMSGSIZE"},     {23, ZMQL_INT, 1000, "SNDHWM"},
        {24, ZMQL_INT, 1000, "RCVHWM"},         {27, ZMQL_INT, -1, "RCVTIMEO"},
        {28, ZMQL_INT, -1, "SNDTIMEO"},         {39, ZMQL_INT, 0, "IMMEDIATE"},
        {42, ZMQL_INT, 0, "IPV6"},              {66, ZMQL_INT, 30000, "HANDSHAKE_IVL"},
    };
    zmql_ctx *ctx = new_context ();
    zmql_socket *s = new_socket (ctx, ZL_DEALER);
    for (unsigned i = 0; i < ZL_LEN (rows); i++) {
        CHECK_EQ (zmql_option_kind (s, rows[i].option), rows[i].kind);
        CHECK_TEXT (zmql_option_name (s, rows[i].option), rows[i].name);
        CHECK_EQ (get_int (s, rows[i].option), rows[i].value);
    }
    end_socket (s);
    end_context (ctx);
}

TEST ("a value in range is kept and one beyond it is refused")
{
    static const struct {
        int option;
        int64_t min, max;
    } rows[] = {
        {LINGER, -1, INT_MAX}, {RECONNECT_IVL, -1, INT_MAX},
        {SNDHWM, 0, INT_MAX},  {RCVHWM, 0, INT_MAX},
        {IMMEDIATE, 0, 1},     {IPV6, 0, 1},
        {KEEPALIVE, -1, 1},    {HANDSHAKE_IVL, 0, INT_MAX},
    };
    zmql_ctx *ctx = new_context ();
    zmql_socket *s = new_socket (ctx, ZL_DEALER);
    for (unsigned i = 0; i < ZL_LEN (rows); i++) {
        for (int k = 0; k < 2; k++) {
            int64_t v = k ? rows[i].max : rows[i].min;
            CHECK_EQ (set_value (s, rows[i].option, v), 0);
            CHECK_EQ (get_int (s, rows[i].option), v);
        }
        CHECK_EQ (set_value (s, rows[i].option, rows[i].min - 1), -EINVAL);
        CHECK_EQ (set_value (s, rows[i].option, rows[i].max + 1), -EINVAL);
        CHECK_EQ (set_value (s, rows[i].option, INT64_MAX), -EINVAL);
        CHECK_EQ (get_int (s, rows[i].option), rows[i].max);
        CHECK_EQ (set_value (s, rows[i].option, 0), 0);
    }
    CHECK_EQ (set_value (s, MAXMSGSIZE, INT64_MAX), 0);
    CHECK_EQ (get_int (s, MAXMSGSIZE), INT64_MAX);
    end_socket (s);
    end_context (ctx);
}

TEST ("an option that a socket does not have is refused")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *s = new_socket (ctx, ZL_PUSH);
    int64_t value = 0;
    size_t size = sizeof value;
    static const int none[] = {-1, 0, 999, SUBSCRIBE, ROUTER_MANDATORY};
    for (unsigned i = 0; i < ZL_LEN (none); i++) {
        CHECK_EQ (zmql_option_kind (s, none[i]), -EINVAL);
        CHECK (!zmql_option_name (s, none[i]));
        CHECK_EQ (zmql_set (s, none[i], &value, size), -EINVAL);
        CHECK_EQ (zmql_get (s, none[i], &value, &size), -EINVAL);
    }
    CHECK_EQ (set_value (s, TYPE, 1), -EINVAL);
    CHECK_EQ (set_value (s, LAST_ENDPOINT, 1), -EINVAL);
    end_socket (s);
    end_context (ctx);
}

TEST ("a routing id has 1 to 255 octets, and is not cut when it is read")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *s = new_socket (ctx, ZL_ROUTER);
    char id[256], got[256];
    size_t size = sizeof got;
    memset (id, 'i', sizeof id);
    CHECK_EQ (zmql_option_kind (s, ROUTING_ID), ZMQL_BYTES);
    CHECK_EQ (zmql_get (s, ROUTING_ID, got, &size), 0);
    CHECK_EQ (size, 0);
    CHECK_EQ (zmql_set (s, ROUTING_ID, id, 0), -EINVAL);
    CHECK_EQ (zmql_set (s, ROUTING_ID, id, 256), -EINVAL);
    CHECK_EQ (zmql_set (s, ROUTING_ID, id, 255), 0);
    size = 254;
    CHECK_EQ (zmql_get (s, ROUTING_ID, got, &size), -EINVAL);
    size = 255;
    CHECK_EQ (zmql_get (s, ROUTING_ID, got, &size), 0);
    CHECK_EQ (size, 255);
    CHECK_BYTES (got, id, 255);
    end_socket (s);
    end_context (ctx);
}

TEST ("sockets take over what the context says")
{
    zmql_ctx *ctx = new_context ();
    CHECK_EQ (zmql_ctx_set (ctx, CTX_IPV6, 1), 0);
    CHECK_EQ (zmql_ctx_set (ctx, CTX_BLOCKY, 0), 0);
    zmql_socket *s = new_socket (ctx, ZL_PUSH);
    CHECK_EQ (get_int (s, IPV6), 1);
    CHECK_EQ (get_int (s, LINGER), 0);
    end_socket (s);
    end_context (ctx);
}
