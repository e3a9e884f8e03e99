/* core/endpoint.[ch]: binding, connecting, connecting again, and letting go. */
#include <dirent.h>
#include <sched.h>

#include "sockets.h"

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
