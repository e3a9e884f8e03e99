/* Whole sockets send and receive through the core's public calls, joined by inproc: no other thread has a part in it. */
#include "inside.h"
#include "wire/compat.h"
#include "zmqlite.h"

enum { SUBSCRIBE = 6, SNDHWM = 23, RCVHWM = 24, RECEIVERS_MAX = 10, SIZE = 16 };
static const uint8_t body[SIZE];
static const zl_msg message = {body, SIZE, NULL};
static zmql_ctx *context;
static zmql_socket *sender, *receivers[RECEIVERS_MAX];
static unsigned receiver_count;

static int let_go (zmql_sink *sink, const zmql_frame *f)
{
    (void) sink;
    (void) f;
    return 0;
}

static zmql_sink nowhere = {let_go};

static zmql_socket *unlimited_socket (int type)
{
    zmql_socket *s;
    int64_t none = 0;
    ZL_ASSERT (zmql_socket_new (context, type, &s) == 0);
    ZL_ASSERT (zmql_set (s, SNDHWM, &none, sizeof none) == 0 && zmql_set (s, RCVHWM, &none, sizeof none) == 0);
    return s;
}

static void open_sockets (int from, int to, unsigned count)
{
    ZL_ASSERT (count <= RECEIVERS_MAX);
    ZL_ASSERT (zmql_ctx_new (&context) == 0);
    sender = unlimited_socket (from);
    ZL_ASSERT (zmql_bind (sender, "inproc://inside") == 0);
    receiver_count = count;
    for (unsigned i = 0; i < count; i++) {
        receivers[i] = unlimited_socket (to);
        if (to == ZL_SUB)
            ZL_ASSERT (zmql_set (receivers[i], SUBSCRIBE, body, SIZE / 2) == 0);
        ZL_ASSERT (zmql_connect (receivers[i], "inproc://inside") == 0);
    }
}

static void open_pair (size_t count)
{
    open_sockets (ZL_PUSH, ZL_PULL, (unsigned) count);
}

static void open_fan (size_t count)
{
    open_sockets (ZL_PUB, ZL_SUB, (unsigned) count);
}

static void send_messages (unsigned n)
{
    for (; n; n--)
        ZL_ASSERT (zmql_send (sender, &message, 1, 0) == 0);
}

static void drain (unsigned n)
{
    (void) n;
    for (unsigned i = 0; i < receiver_count; i++)
        while (zmql_recv (receivers[i], &nowhere, true) >= 0)
            continue;
}

static void send_before (unsigned n)
{
    drain (n);
    send_messages (n);
}

static void receive_messages (unsigned n)
{
    for (; n; n--)
        ZL_ASSERT (zmql_recv (receivers[0], &nowhere, true) == 0);
}

static void end_socket (zmql_socket *s)
{
    zmql_close (s, 0, true);
    zmql_socket_free (s);
}

static void close_sockets (void)
{
    end_socket (sender);
    for (unsigned i = 0; i < receiver_count; i++)
        end_socket (receivers[i]);
    ZL_ASSERT (zmql_ctx_term (context) == 0);
    zmql_ctx_free (context);
}

const path inside_socket_paths[] = {
    {"send", open_pair, drain, send_messages, close_sockets},
    {"recv", open_pair, send_before, receive_messages, close_sockets},
    {"publish", open_fan, drain, send_messages, close_sockets},
    {0},
};
