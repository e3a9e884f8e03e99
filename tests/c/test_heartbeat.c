/* core/heartbeat.[ch], against plain peers that answer as they like. What must not happen is looked
 * for once something else that takes as long has happened. */
#include "plain.h"

static const char over[] = "heartbeat timeout";

static zmql_socket *new_beating (zmql_ctx *ctx, int type, int ivl, int timeout, int ttl)
{
    zmql_socket *s = new_socket (ctx, type);
    set_int (s, HEARTBEAT_IVL, ivl);
    if (timeout >= 0)
        set_int (s, HEARTBEAT_TIMEOUT, timeout);
    set_int (s, HEARTBEAT_TTL, ttl);
    return s;
}

static void check_ping (int fd, unsigned tenths)
{
    char text[16];
    zl_header h = read_frame (fd, text, sizeof text);
    CHECK_EQ (h.flags & ~ZL_FRAME_LONG, ZL_FRAME_COMMAND);
    CHECK_EQ (h.size, 7);
    CHECK_BYTES (text, "\4PING", 5);
    CHECK_EQ ((uint8_t) text[5] << 8 | (uint8_t) text[6], tenths);
}

static void say_ping (int fd, uint8_t tenths)
{
    const uint8_t ping[] = {4, 7, 4, 'P', 'I', 'N', 'G', 0, tenths};
    write_all (fd, ping, sizeof ping);
}

static void say_pong (int fd)
{
    write_all (fd, "\4\5\4PONG", 7);
}

/* Waits until a peer that says nothing has been given up by a socket of the same kind. */
static void outlast_a_silent_peer (zmql_ctx *ctx, int ivl, int timeout)
{
    zmql_socket *s = new_beating (ctx, ZL_PULL, ivl, timeout, 0);
    address a = bind_to (s, any_endpoint[0]);
    int fd = connect_peer (&a, "PUSH");
    await_stat (s, "closed", over, 1);
    close (fd);
    end_socket (s);
}

TEST ("a ping goes out again and again, with the time to live, whether it is answered or not")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *s = new_beating (ctx, ZL_PULL, 2, 0, 25800);
    address a = bind_to (s, any_endpoint[0]);
    int fd = connect_peer (&a, "PUSH");
    for (unsigned i = 0; i < 20; i++) {
        check_ping (fd, 258);
        if (i % 2)
            say_pong (fd);
    }
    CHECK_EQ (stat_of (s, "closed", over), 0);
    close (fd);
    end_socket (s);
    end_context (ctx);
}

TEST ("a peer that says nothing is given up, on either side, and connected to again")
{
    static const int timeouts[] = {-1, 50}; /* not set: as the interval */
    for (unsigned k = 0; k < ZL_LEN (timeouts); k++) {
        zmql_ctx *ctx = new_context ();
        address a;
        int listener = plain_listen (&a);
        zmql_socket *s = new_beating (ctx, ZL_PULL, 5, timeouts[k], 0);
        set_int (s, RECONNECT_IVL, 1);
        CHECK_EQ (zmql_connect (s, a.text), 0);
        for (unsigned i = 0; i < 2; i++) {
            int fd = accept_peer (listener, "PUSH");
            check_ping (fd, 0);
            await_close (fd);
            close (fd);
        }
        CHECK (stat_of (s, "closed", over) >= 2);
        close (listener);
        end_socket (s);
        outlast_a_silent_peer (ctx, 5, timeouts[k]);
        end_context (ctx);
    }
}

/* Answers pings in some way for longer than the socket would wait for an answer. */
static void survive (void (*answer) (int fd), const char *heard)
{
    enum { IVL = 25, TIMEOUT = 500, PINGS = 24 };
    zmql_ctx *ctx = new_context ();
    zmql_socket *s = new_beating (ctx, ZL_PULL, IVL, TIMEOUT, 0);
    address a = bind_to (s, any_endpoint[0]);
    int fd = connect_peer (&a, "PUSH");
    for (unsigned i = 0; i < PINGS; i++) {
        check_ping (fd, 0);
        answer (fd);
        if (heard)
            CHECK_RECV (s, heard);
    }
    CHECK_EQ (stat_of (s, "closed", over), 0);
    close (fd);
    end_socket (s);
    end_context (ctx);
}

static void say_message (int fd)
{
    write_all (fd, "\0\5hello", 7);
}

TEST ("a peer that answers is kept")
{
    survive (say_pong, NULL);
}

TEST ("a message is as good as an answer")
{
    survive (say_message, "hello");
}

TEST ("a time to live that the peer has given itself is kept, without heartbeats of our own")
{
    zmql_ctx *ctx = new_context ();
    address a;
    zmql_socket *s = new_bound (ctx, ZL_PULL, any_endpoint[0], &a);
    int fd = connect_peer (&a, "PUSH");
    say_ping (fd, 1);
    char text[16];
    read_frame (fd, text, sizeof text);
    CHECK_BYTES (text, "\4PONG", 5);
    await_close (fd);
    CHECK_EQ (stat_of (s, "closed", over), 1);
    close (fd);
    end_socket (s);
    end_context (ctx);
}

TEST ("whatever comes behind a ping ends its time to live, in the same write too")
{
    static const char *const words[] = {"\4\7\4PING\0\1\0\5hello", "\4\7\4PING\0\1\4\5\4PONG",
                                        "\4\7\4PING\0\1\4\7\4PING\0\0"};
    static const size_t lengths[] = {16, 16, 18};
    zmql_ctx *ctx = new_context ();
    address a;
    zmql_socket *s = new_bound (ctx, ZL_PULL, any_endpoint[0], &a);
    int fds[ZL_LEN (words)];
    for (unsigned i = 0; i < ZL_LEN (words); i++) {
        fds[i] = connect_peer (&a, "PUSH");
        write_all (fds[i], words[i], lengths[i]);
    }
    CHECK_RECV (s, "hello");
    int silent = connect_peer (&a, "PUSH"); /* it is given up later than those would be */
    say_ping (silent, 1);
    await_close (silent);
    CHECK_EQ (stat_of (s, "closed", over), 1);
    for (unsigned i = 0; i < ZL_LEN (words); i++) {
        say_message (fds[i]);
        CHECK_RECV (s, "hello");
        close (fds[i]);
    }
    close (silent);
    end_socket (s);
    end_context (ctx);
}

TEST ("a ping without a time to live is malformed")
{
    zmql_ctx *ctx = new_context ();
    address a;
    zmql_socket *s = new_bound (ctx, ZL_PULL, any_endpoint[0], &a);
    int fd = connect_peer (&a, "PUSH");
    write_all (fd, "\4\6\4PING\0", 8);
    await_close (fd);
    CHECK_EQ (stat_of (s, "closed", "malformed command"), 1);
    close (fd);
    end_socket (s);
    end_context (ctx);
}

TEST ("while the application does not read, the silence is its own")
{
    enum { IVL = 10, TIMEOUT = 200 };
    zmql_ctx *ctx = new_context ();
    zmql_socket *s = new_beating (ctx, ZL_PULL, IVL, TIMEOUT, 0);
    set_int (s, RCVHWM, 1);
    address a = bind_to (s, any_endpoint[0]);
    int fd = connect_peer (&a, "PUSH");
    say_message (fd);
    CHECK_EQ (zmql_wait (s, ZMQL_POLLIN, patience ()), ZMQL_POLLIN);
    for (unsigned i = 0; i < 3; i++)
        say_message (fd);
    outlast_a_silent_peer (ctx, IVL, TIMEOUT);
    for (unsigned i = 0; i < 4; i++)
        CHECK_RECV (s, "hello");
    CHECK_EQ (stat_of (s, "closed", over), 0);
    close (fd);
    end_socket (s);
    end_context (ctx);
}

TEST ("who knows no commands gets none: a peer of version 2.0, and bare octets")
{
    zmql_ctx *ctx = new_context ();
    char octets[32];
    inbox in = new_inbox ();
    zmql_socket *s = new_beating (ctx, ZL_ROUTER, 1, 1, 100);
    zmql_socket *stream = new_beating (ctx, ZL_STREAM, 1, 1, 100);
    address a = bind_to (s, any_endpoint[0]), b = bind_to (stream, any_endpoint[0]);
    int old = plain_connect (&a), bare = plain_connect (&b);
    write_all (old, "\xff\0\0\0\0\0\0\0\1\x7f\1\5\0\3old\1\0\0\1?", 22);
    read_exactly (old, octets, 10 + 2 + 2);
    CHECK_EQ (recv_message (s, &in), 0);
    CHECK_EQ (recv_message (stream, &in), 0);
    char id[8];
    CHECK_EQ (in.sizes[0], 5);
    memcpy (id, frame_text (&in, 0), 5);
    outlast_a_silent_peer (ctx, 10, 30);
    const zl_msg answer[] = {text_frame ("old"), text_frame ("answer")};
    const zl_msg data[] = {{(const uint8_t *) id, 5, NULL}, text_frame ("data")};
    CHECK_EQ (send_frames (s, answer, 2), 0);
    CHECK_EQ (send_frames (stream, data, 2), 0);
    read_exactly (old, octets, 8);
    CHECK_BYTES (octets, "\0\6answer", 8);
    read_exactly (bare, octets, 4);
    CHECK_BYTES (octets, "data", 4);
    close (old);
    close (bare);
    end_inbox (&in);
    end_socket (s);
    end_socket (stream);
    end_context (ctx);
}
