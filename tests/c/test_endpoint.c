/* core/endpoint.[ch]: binding, connecting, connecting again, and letting go. */
#include <dirent.h>
#include <sched.h>

#include "plain.h"

enum { STREAMS = 2 };

static unsigned open_descriptors (void)
{
    unsigned n = 0;
    DIR *d = opendir ("/dev/fd");
    CHECK (d);
    while (readdir (d))
        n++;
    closedir (d);
    return n;
}

TEST ("a bound endpoint says where it is, and can be bound once")
{
    for (unsigned t = 0; t < STREAMS; t++) {
        zmql_ctx *ctx = new_context ();
        address a, b;
        zmql_socket *s = new_bound (ctx, ZL_PULL, any_endpoint[t], &a);
        CHECK (!strchr (a.text, '*'));
        if (t == 0)
            CHECK_EQ (zmql_bind (s, a.text), -EADDRINUSE);
        b = bind_to (s, any_endpoint[t]);
        CHECK (strcmp (a.text, b.text) != 0);
        CHECK_EQ (zmql_unbind (s, a.text), 0);
        CHECK_EQ (zmql_unbind (s, a.text), -ENOENT);
        CHECK_EQ (zmql_unbind (s, b.text), 0);
        end_socket (s);
        end_context (ctx);
    }
}

TEST ("a socket may connect before there is anybody, and is heard when there is")
{
    zmql_ctx *ctx = new_context ();
    address a;
    end_socket (new_bound (ctx, ZL_PULL, any_endpoint[0], &a)); /* a port that is free now */
    zmql_socket *push = new_socket (ctx, ZL_PUSH);
    set_int (push, RECONNECT_IVL, 1);
    CHECK_EQ (zmql_connect (push, a.text), 0);
    CHECK_EQ (send_text (push, "early"), 0);
    await_stat (push, "", "connect_failures", 3);
    CHECK_EQ (stat_of (push, "", "last_connect_error"), ECONNREFUSED);
    zmql_socket *pull = new_socket (ctx, ZL_PULL);
    CHECK_EQ (zmql_bind (pull, a.text), 0);
    CHECK_RECV (pull, "early");
    end_socket (push);
    end_socket (pull);
    end_context (ctx);
}

TEST ("a name is looked up, also when the socket is closed meanwhile")
{
    zmql_ctx *ctx = new_context ();
    address a, named;
    zmql_socket *pull = new_bound (ctx, ZL_PULL, any_endpoint[0], &a);
    snprintf (named.text, sizeof named.text, "tcp://localhost:%s", strrchr (a.text, ':') + 1);
    zmql_socket *push = new_connected (ctx, ZL_PUSH, &named);
    CHECK_EQ (send_text (push, "hello"), 0);
    CHECK_RECV (pull, "hello");
    for (unsigned i = 0; i < 20; i++) {
        zmql_socket *hasty = new_connected (ctx, ZL_PUSH, &named);
        CHECK_EQ (zmql_close (hasty, 0, true), 0);
        zmql_socket_free (hasty);
    }
    end_socket (push);
    end_socket (pull);
    end_context (ctx);
}

TEST ("with IMMEDIATE a message waits for a connection instead of a pipe")
{
    zmql_ctx *ctx = new_context ();
    address a;
    end_socket (new_bound (ctx, ZL_PULL, any_endpoint[0], &a));
    zmql_socket *push = new_socket (ctx, ZL_PUSH);
    set_int (push, IMMEDIATE, 1);
    set_int (push, RECONNECT_IVL, 1);
    CHECK_EQ (zmql_connect (push, a.text), 0);
    CHECK_EQ (zmql_wait (push, ZMQL_POLLOUT, 0), 0);
    for (unsigned life = 0; life < 3; life++) {
        zmql_socket *pull = new_socket (ctx, ZL_PULL);
        int rc;
        while ((rc = zmql_bind (pull, a.text)) == -EADDRINUSE)
            ;
        CHECK_EQ (rc, 0);
        CHECK_EQ (send_text (push, "hello"), 0);
        CHECK_RECV (pull, "hello");
        end_socket (pull);
        for (zl_time end = patience (); zmql_wait (push, ZMQL_POLLOUT, 0) != 0;) {
            CHECK (zl_now () < end);
            CHECK_EQ (zmql_wait (push, 0, zl_deadline (1)), 0);
        }
    }
    end_socket (push);
    end_context (ctx);
}

TEST ("a peer of the wrong type is refused by whoever hears of it first")
{
    for (unsigned t = 0; t < STREAMS; t++) {
        zmql_ctx *ctx = new_context ();
        address a;
        zmql_socket *pub = new_bound (ctx, ZL_PUB, any_endpoint[t], &a);
        zmql_socket *push = new_socket (ctx, ZL_PUSH);
        set_int (push, RECONNECT_IVL, 1);
        CHECK_EQ (zmql_connect (push, a.text), 0);
        static const char why[] = "incompatible socket type";
        zl_time end = patience ();
        while (!stat_of (pub, "closed", why) && !stat_of (push, "closed", why)) {
            CHECK (zl_now () < end);
            CHECK_EQ (zmql_wait (push, 0, zl_deadline (1)), 0);
        }
        end_socket (push);
        end_socket (pub);
        end_context (ctx);
    }
}

TEST ("an unbind ends the connections that were accepted there, and no others")
{
    for (unsigned t = 0; t < STREAMS; t++) {
        zmql_ctx *ctx = new_context ();
        address a, b;
        zmql_socket *push = new_bound (ctx, ZL_PUSH, any_endpoint[t], &a);
        b = bind_to (push, any_endpoint[t]);
        zmql_socket *one = new_connected (ctx, ZL_PULL, &a);
        zmql_socket *two = new_connected (ctx, ZL_PULL, &b);
        await_stat (push, "", "handshakes", 2);
        CHECK_EQ (zmql_unbind (push, a.text), 0);
        for (unsigned i = 0; i < 3; i++) {
            CHECK_EQ (send_text (push, "x"), 0);
            CHECK_RECV (two, "x");
        }
        end_socket (one);
        end_socket (two);
        end_socket (push);
        end_context (ctx);
    }
}

/* A call that races with the close of its socket. */
typedef struct {
    zmql_socket *s;
    const char *endpoint;
    int (*call) (zmql_socket *, const char *);
    atomic_bool begun;
} race;

static void *calling (void *arg)
{
    race *r = arg;
    atomic_store (&r->begun, true);
    int rc = r->call (r->s, r->endpoint);
    CHECK (rc == 0 || rc == -ENOTSOCK);
    return NULL;
}

TEST ("a socket that is closed while it binds or connects leaves nothing behind")
{
    static const char *const other_endpoint[TRANSPORTS] = {
        "tcp://127.0.0.1:*", "ipc://*", "inproc://another"};
    unsigned before = open_descriptors ();
    for (unsigned i = 0; i < 600; i++) {
        zmql_ctx *ctx = new_context ();
        address a;
        zmql_socket *there = new_bound (ctx, ZL_PAIR, any_endpoint[i % TRANSPORTS], &a);
        race r = {.s = new_socket (ctx, ZL_PAIR), .call = zmql_connect, .endpoint = a.text};
        if (i / TRANSPORTS % 2) {
            r.call = zmql_bind;
            r.endpoint = other_endpoint[i % TRANSPORTS];
        }
        pthread_t t = start (calling, &r);
        while (!atomic_load (&r.begun))
            sched_yield ();
        CHECK_EQ (zmql_close (r.s, 0, true), 0);
        join (t);
        zmql_socket_free (r.s);
        end_socket (there);
        end_context (ctx);
    }
    CHECK_EQ (open_descriptors (), before);
}

/* ---- through a SOCKS proxy ---- */

/* A proxy that takes one client to where it wants to go, or refuses it: its answer is this code. */
static void serve_as_proxy (int listener, const address *to, uint8_t code)
{
    uint8_t octets[32];
    int fd = plain_accept (listener);
    read_exactly (fd, octets, 3);
    CHECK_BYTES (octets, "\5\1\0", 3);
    write_all (fd, "\5\0", 2);
    read_exactly (fd, octets, 10);
    CHECK_BYTES (octets, "\5\1\0\1\x7f\0\0\1", 8);
    CHECK_EQ (octets[8] << 8 | octets[9], atoi (strrchr (to->text, ':') + 1));
    const uint8_t reply[] = {5, code, 0, 1, 0, 0, 0, 0, 0, 0};
    if (code == 0) { /* our words and the peer's first ones in one go */
        char greeting[74];
        memcpy (greeting, reply, 10);
        memcpy (greeting + 10, "\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL", 16);
        memset (greeting + 26, 0, 48);
        write_all (fd, greeting, sizeof greeting);
        read_exactly (fd, greeting, 64);
        write_all (fd, "\4\x1a\5READY\x0bSocket-Type\0\0\0\4PULL", 28);
        char text[32];
        read_frame (fd, text, sizeof text);
        read_frame (fd, text, sizeof text);
        CHECK_TEXT (text, "hello");
    } else {
        write_all (fd, reply, sizeof reply);
        await_close (fd);
    }
    close (fd);
}

TEST ("a connection is made through a proxy, again after it was refused")
{
    zmql_ctx *ctx = new_context ();
    address proxy, to = {"tcp://127.0.0.1:5"};
    int listener = plain_listen (&proxy);
    zmql_socket *push = new_socket (ctx, ZL_PUSH);
    const char *where = proxy.text + strlen ("tcp://");
    CHECK_EQ (zmql_set (push, SOCKS_PROXY, where, strlen (where)), 0);
    set_int (push, RECONNECT_IVL, 1);
    CHECK_EQ (zmql_connect (push, to.text), 0);
    CHECK_EQ (send_text (push, "hello"), 0);
    serve_as_proxy (listener, &to, 5);
    serve_as_proxy (listener, &to, 1);
    CHECK (stat_of (push, "", "connect_failures") >= 1);
    close (plain_accept (listener)); /* one that says nothing at all */
    serve_as_proxy (listener, &to, 0);
    close (listener);
    end_socket (push);
    end_context (ctx);
}

TEST ("a socket may be closed while a proxy keeps it waiting")
{
    zmql_ctx *ctx = new_context ();
    address proxy;
    int listener = plain_listen (&proxy);
    const char *where = proxy.text + strlen ("tcp://");
    for (unsigned i = 0; i < 20; i++) {
        char octets[3];
        zmql_socket *push = new_socket (ctx, ZL_PUSH);
        CHECK_EQ (zmql_set (push, SOCKS_PROXY, where, strlen (where)), 0);
        CHECK_EQ (zmql_connect (push, "tcp://127.0.0.1:5"), 0);
        int fd = plain_accept (listener);
        if (i % 2)
            read_exactly (fd, octets, 3);
        end_socket (push);
        await_close (fd);
        close (fd);
    }
    close (listener);
    end_context (ctx);
}
