/* core/options.[ch], through the public calls. */
#include <limits.h>

#include "core/socket.h"
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
        {4, ZMQL_INT64, 0, "AFFINITY"},         {8, ZMQL_INT, 100, "RATE"},
        {9, ZMQL_INT, 10000, "RECOVERY_IVL"},   {11, ZMQL_INT, -1, "SNDBUF"},
        {12, ZMQL_INT, -1, "RCVBUF"},           {25, ZMQL_INT, 1, "MULTICAST_HOPS"},
        {31, ZMQL_INT, 1, "IPV4ONLY"},          {34, ZMQL_INT, -1, "TCP_KEEPALIVE"},
        {35, ZMQL_INT, -1, "TCP_KEEPALIVE_CNT"}, {36, ZMQL_INT, -1, "TCP_KEEPALIVE_IDLE"},
        {37, ZMQL_INT, -1, "TCP_KEEPALIVE_INTVL"}, {43, ZMQL_INT, 0, "MECHANISM"},
        {54, ZMQL_INT, 0, "CONFLATE"},          {57, ZMQL_INT, 0, "TOS"},
        {74, ZMQL_INT, 0, "INVERT_MATCHING"},   {75, ZMQL_INT, 0, "HEARTBEAT_IVL"},
        {76, ZMQL_INT, 0, "HEARTBEAT_TTL"},     {77, ZMQL_INT, -1, "HEARTBEAT_TIMEOUT"},
        {79, ZMQL_INT, 0, "CONNECT_TIMEOUT"},   {80, ZMQL_INT, 0, "TCP_MAXRT"},
        {81, ZMQL_INT, 0, "THREAD_SAFE"},       {84, ZMQL_INT, 1500, "MULTICAST_MAXTPDU"},
        {89, ZMQL_INT, -1, "USE_FD"},           {96, ZMQL_INT, 1, "MULTICAST_LOOP"},
        {109, ZMQL_INT, 0, "RECONNECT_STOP"},   {113, ZMQL_INT, 0, "BUSY_POLL"},
        {44, ZMQL_INT, 0, "PLAIN_SERVER"},      {47, ZMQL_INT, 0, "CURVE_SERVER"},
        {93, ZMQL_INT, 0, "ZAP_ENFORCE_DOMAIN"},
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
        {LINGER, -1, INT_MAX},      {RECONNECT_IVL, -1, INT_MAX}, {RECONNECT_IVL_MAX, 0, INT_MAX},
        {SNDHWM, 0, INT_MAX},       {RCVHWM, 0, INT_MAX},         {SNDBUF, -1, INT_MAX},
        {IMMEDIATE, 0, 1},          {IPV6, 0, 1},                 {IPV4ONLY, 0, 1},
        {KEEPALIVE, -1, 1},         {HANDSHAKE_IVL, 0, INT_MAX},  {CONNECT_TIMEOUT, 0, INT_MAX},
        {HEARTBEAT_IVL, 0, INT_MAX}, {CONFLATE, 0, 1},            {TOS, 0, INT_MAX},
        {TCP_MAXRT, 0, INT_MAX},    {USE_FD, -1, INT_MAX},        {BACKLOG, 0, INT_MAX},
        {BUSY_POLL, 0, INT_MAX},    {RECONNECT_STOP, INT_MIN, INT_MAX},
        {PLAIN_SERVER, 0, 1},
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

/* ---- options with values of their own kind ---- */

static int set_text (zmql_socket *s, int option, const char *text)
{
    return zmql_set (s, option, text, strlen (text));
}

TEST ("a time to live is kept in tenths of a second, up to what the wire can tell")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *s = new_socket (ctx, ZL_DEALER);
    static const int64_t rows[][2] = {{0, 0}, {99, 0}, {100, 100}, {199, 100}, {6553599, 6553500}};
    for (unsigned i = 0; i < ZL_LEN (rows); i++) {
        CHECK_EQ (set_value (s, HEARTBEAT_TTL, rows[i][0]), 0);
        CHECK_EQ (get_int (s, HEARTBEAT_TTL), rows[i][1]);
    }
    CHECK_EQ (set_value (s, HEARTBEAT_TTL, 6553600), -EINVAL);
    CHECK_EQ (set_value (s, HEARTBEAT_TTL, -100), -EINVAL);
    end_socket (s);
    end_context (ctx);
}

TEST ("IPV4ONLY is IPV6 the other way round")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *s = new_socket (ctx, ZL_DEALER);
    set_int (s, IPV4ONLY, 0);
    CHECK_EQ (get_int (s, IPV6), 1);
    set_int (s, IPV6, 0);
    CHECK_EQ (get_int (s, IPV4ONLY), 1);
    end_socket (s);
    end_context (ctx);
}

TEST ("a text that can be read can also be cleared")
{
    static const int texts[] = {SOCKS_PROXY, SOCKS_USERNAME, SOCKS_PASSWORD, BINDTODEVICE};
    zmql_ctx *ctx = new_context ();
    zmql_socket *s = new_socket (ctx, ZL_DEALER);
    char got[600];
    for (unsigned i = 0; i < ZL_LEN (texts); i++) {
        size_t size = sizeof got;
        CHECK_EQ (set_text (s, texts[i], "first"), 0);
        CHECK_EQ (set_text (s, texts[i], "name:1080"), 0);
        CHECK_EQ (zmql_get (s, texts[i], got, &size), 0);
        CHECK_EQ (size, 9);
        CHECK_BYTES (got, "name:1080", 9);
        size = 8;
        CHECK_EQ (zmql_get (s, texts[i], got, &size), -EINVAL);
        memset (got, 'x', sizeof got);
        CHECK_EQ (zmql_set (s, texts[i], got, sizeof got), -EINVAL);
        CHECK_EQ (set_text (s, texts[i], ""), 0);
        size = sizeof got;
        CHECK_EQ (zmql_get (s, texts[i], got, &size), 0);
        CHECK_EQ (size, 0);
    }
    end_socket (s);
    end_context (ctx);
}

/* What of the options is a list of octets, under the mutex. */
static size_t size_of (zmql_socket *s, zl_bytes_option which)
{
    zl_socket_lock (s);
    const zl_blob *b = s->opt.bytes[which];
    size_t n = b ? b->size : 0;
    zl_socket_unlock (s);
    return n;
}

TEST ("filters add up, and what is none changes nothing")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *s = new_socket (ctx, ZL_DEALER);
    CHECK_EQ (set_text (s, TCP_ACCEPT_FILTER, "10.0.0.0/8"), 0);
    CHECK_EQ (set_text (s, TCP_ACCEPT_FILTER, "::1"), 0);
    CHECK_EQ (set_text (s, TCP_ACCEPT_FILTER, "nonsense"), -EINVAL);
    CHECK_EQ (size_of (s, ZL_BYTES_ACCEPT_FILTERS), 2 * sizeof (zl_network));
    CHECK_EQ (set_text (s, TCP_ACCEPT_FILTER, ""), 0);
    CHECK_EQ (size_of (s, ZL_BYTES_ACCEPT_FILTERS), 0);
    for (int i = 0; i < 3; i++) {
        set_int (s, IPC_FILTER_PID, i);
        set_int (s, IPC_FILTER_UID, i);
        set_int (s, IPC_FILTER_GID, i);
    }
    CHECK_EQ (size_of (s, ZL_BYTES_IPC_PIDS), 3 * sizeof (pid_t));
    CHECK_EQ (size_of (s, ZL_BYTES_IPC_UIDS), 3 * sizeof (uid_t));
    CHECK_EQ (size_of (s, ZL_BYTES_IPC_GIDS), 3 * sizeof (gid_t));
    end_socket (s);
    end_context (ctx);
}

TEST ("metadata is a list of properties, of which the first of a name stays")
{
    static const char *const bad[] = {"", "X-", "X-a", "X-a:", ":b", "a:b", "x-a:b", "X:b"};
    static const char due[] = "\3X-a\0\0\0\1b\4X-bb\0\0\0\3c:d";
    zmql_ctx *ctx = new_context ();
    zmql_socket *s = new_socket (ctx, ZL_DEALER);
    for (unsigned i = 0; i < ZL_LEN (bad); i++)
        CHECK_EQ (set_text (s, METADATA, bad[i]), -EINVAL);
    CHECK_EQ (set_text (s, METADATA, "X-a:b"), 0);
    CHECK_EQ (set_text (s, METADATA, "X-bb:c:d"), 0);
    CHECK_EQ (set_text (s, METADATA, "X-a:another"), 0);
    CHECK_EQ (size_of (s, ZL_BYTES_METADATA), sizeof due - 1);
    zl_socket_lock (s);
    CHECK_BYTES (s->opt.bytes[ZL_BYTES_METADATA]->data, due, sizeof due - 1);
    zl_socket_unlock (s);
    char name[300];
    memset (name, 'n', sizeof name);
    memcpy (name, "X-", 2);
    name[255] = ':';
    CHECK_EQ (zmql_set (s, METADATA, name, 257), 0);
    name[255] = 'n';
    name[256] = ':';
    CHECK_EQ (zmql_set (s, METADATA, name, 258), -EINVAL);
    end_socket (s);
    end_context (ctx);
}

TEST ("a raw ROUTER stays raw")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *s = new_socket (ctx, ZL_ROUTER);
    set_int (s, ROUTER_RAW, 1);
    set_int (s, ROUTER_RAW, 0);
    zl_socket_lock (s);
    CHECK_EQ (s->opt.router_raw, 1);
    zl_socket_unlock (s);
    CHECK_EQ (set_value (s, ROUTER_RAW, -1), -EINVAL);
    end_socket (s);
    end_context (ctx);
}

/* ---- all that there are ---- */

enum { OPTIONS_END = 200 };

static bool is_refused (int rc)
{
    CHECK (rc == 0 || rc == -EINVAL);
    return rc < 0;
}

/* Sets every value that may matter; what was taken is read back if it can be read at all. */
static void try_numbers (zmql_socket *s, int option)
{
    static const int64_t values[] = {INT64_MIN, INT_MIN, -2,    -1,      0,
                                     1,         2,       65536, INT_MAX, (int64_t) INT_MAX + 1,
                                     INT64_MAX};
    int64_t got;
    size_t size = sizeof got;
    bool readable = !is_refused (zmql_get (s, option, &got, &size));
    for (unsigned i = 0; i < ZL_LEN (values); i++)
        if (!is_refused (set_value (s, option, values[i])) && readable) {
            int64_t kept = get_int (s, option);
            CHECK_EQ (set_value (s, option, kept), 0);
            CHECK_EQ (get_int (s, option), kept);
        }
}

static void try_octets (zmql_socket *s, int option)
{
    static const size_t sizes[] = {0, 1, 2, 5, 16, 17, 255, 256, 511, 512, 100000};
    char *octets = malloc (100000), *got = malloc (100000);
    memset (octets, 'x', 100000);
    memcpy (octets, "X-a:b", 5);
    for (unsigned i = 0; i < ZL_LEN (sizes); i++) {
        size_t size = 100000;
        if (is_refused (zmql_set (s, option, octets, sizes[i])) ||
            is_refused (zmql_get (s, option, got, &size)))
            continue;
        CHECK_EQ (size, sizes[i]);
        CHECK_BYTES (got, octets, size);
    }
    free (octets);
    free (got);
}

static void check_copy (zmql_socket *s)
{
    zl_options copy;
    zl_socket_lock (s);
    zl_options_copy (&copy, &s->opt);
    zl_options_fini (&s->opt);
    zl_socket_unlock (s);
    for (unsigned i = 0; i < ZL_BYTES_COUNT; i++)
        if (copy.bytes[i])
            CHECK_EQ (atomic_load (&copy.bytes[i]->refs), 1);
    zl_options_fini (&copy);
    zl_options_fini (&copy);
}

TEST ("every option of every socket type takes or refuses every value, and nothing leaks")
{
    zmql_ctx *ctx = new_context ();
    for (int type = 0; type < ZL_TYPE_COUNT; type++) {
        zmql_socket *s = new_socket (ctx, type);
        for (int option = -5; option < OPTIONS_END; option++) {
            int kind = zmql_option_kind (s, option);
            CHECK_EQ (kind >= 0, zmql_option_name (s, option) != NULL);
            if (kind == ZMQL_BYTES)
                try_octets (s, option);
            else if (kind >= 0)
                try_numbers (s, option);
        }
        check_copy (s);
        end_socket (s);
    }
    end_context (ctx);
}

TEST ("no two options of a socket have the same name")
{
    zmql_ctx *ctx = new_context ();
    for (int type = 0; type < ZL_TYPE_COUNT; type++) {
        zmql_socket *s = new_socket (ctx, type);
        for (int a = 0; a < OPTIONS_END; a++)
            for (int b = 0; zmql_option_name (s, a) && b < a; b++)
                if (zmql_option_name (s, b))
                    CHECK (strcmp (zmql_option_name (s, a), zmql_option_name (s, b)) != 0);
        end_socket (s);
    }
    end_context (ctx);
}
