/* core/socket.[ch]: who may call what when, over every transport. */
#include <poll.h>

#include "sockets.h"

/* Two sockets that are connected over one of the transports. */
typedef struct {
    zmql_ctx *ctx;
    zmql_socket *a, *b;
    address at;
} couple;

static couple join_types (unsigned transport, int a_type, int b_type)
{
    couple c = {.ctx = new_context ()};
    c.a = new_bound (c.ctx, a_type, any_endpoint[transport], &c.at);
    c.b = new_connected (c.ctx, b_type, &c.at);
    return c;
}

static void part (couple *c)
{
    end_socket (c->a);
    end_socket (c->b);
    end_context (c->ctx);
}

TEST ("a message arrives with all of its frames, of any size")
{
    for (unsigned t = 0; t < TRANSPORTS; t++) {
        couple c = join_types (t, ZL_PAIR, ZL_PAIR);
        static const size_t sizes[] = {0, 1, 255, 256, 8191, 8192, 100000, 262144, 3000000, 0};
        zl_msg frames[ZL_LEN (sizes)];
        uint8_t *bytes = malloc (3000000);
        for (unsigned i = 0; i < 3000000; i++)
            bytes[i] = (uint8_t) (i * 31 >> 3);
        for (unsigned i = 0; i < ZL_LEN (sizes); i++)
            frames[i] = (zl_msg){bytes, sizes[i], NULL};
        CHECK_EQ (send_frames (c.b, frames, ZL_LEN (sizes)), 0);
        inbox in = new_inbox ();
        CHECK_EQ (recv_message (c.a, &in), 0);
        CHECK_EQ (in.count, ZL_LEN (sizes));
        for (unsigned i = 0; i < in.count; i++) {
            CHECK_EQ (in.sizes[i], sizes[i]);
            CHECK_BYTES (frame_text (&in, i), bytes, sizes[i]);
        }
        end_inbox (&in);
        free (bytes);
        part (&c);
    }
}

TEST ("a message sent and received frame by frame is one message")
{
    for (unsigned t = 0; t < TRANSPORTS; t++) {
        couple c = join_types (t, ZL_PAIR, ZL_PAIR);
        zl_msg one = text_frame ("one"), two = text_frame ("two"), three = text_frame ("three");
        CHECK_EQ (zmql_wait (c.b, ZMQL_POLLOUT, patience ()), ZMQL_POLLOUT);
        CHECK_EQ (zmql_send (c.b, &one, 1, ZMQL_SNDMORE), 0);
        CHECK_EQ (zmql_send (c.b, &two, 1, ZMQL_SNDMORE), 0);
        CHECK_EQ (zmql_wait (c.a, ZMQL_POLLIN, zl_deadline (1)), 0);
        CHECK_EQ (send_frames (c.b, &three, 1), 0);
        CHECK_EQ (zmql_wait (c.a, ZMQL_POLLIN, patience ()), ZMQL_POLLIN);
        inbox in = new_inbox ();
        CHECK_EQ (zmql_recv (c.a, &in.sink, false), 1);
        CHECK_EQ (zmql_recv (c.a, &in.sink, false), 1);
        CHECK_EQ (get_int (c.a, RCVMORE), 1);
        CHECK_EQ (zmql_recv (c.a, &in.sink, false), 0);
        CHECK_EQ (get_int (c.a, RCVMORE), 0);
        CHECK_EQ (zmql_recv (c.a, &in.sink, false), -EAGAIN);
        CHECK_EQ (in.count, 3);
        CHECK_TEXT (frame_text (&in, 0), "one");
        CHECK_TEXT (frame_text (&in, 2), "three");
        end_inbox (&in);
        part (&c);
    }
}

/* Refuses the first frames it is given. */
typedef struct {
    zmql_sink sink;
    unsigned refusals, taken;
} fussy;

static int refuse (zmql_sink *sink, const zmql_frame *f)
{
    fussy *s = ZL_CONTAINER (sink, fussy, sink);
    CHECK_EQ (f->size, 5);
    if (s->refusals) {
        s->refusals--;
        return -ENOMEM;
    }
    s->taken++;
    return 0;
}

TEST ("a frame that could not be taken stays")
{
    couple c = join_types (0, ZL_PAIR, ZL_PAIR);
    fussy s = {.sink.take = refuse, .refusals = 2};
    CHECK_EQ (send_text (c.b, "hello"), 0);
    CHECK_EQ (zmql_wait (c.a, ZMQL_POLLIN, patience ()), ZMQL_POLLIN);
    CHECK_EQ (zmql_recv (c.a, &s.sink, true), -ENOMEM);
    CHECK_EQ (zmql_recv (c.a, &s.sink, true), -ENOMEM);
    CHECK_EQ (zmql_recv (c.a, &s.sink, true), 0);
    CHECK_EQ (zmql_recv (c.a, &s.sink, true), -EAGAIN);
    CHECK_EQ (s.taken, 1);
    part (&c);
}

TEST ("frames kept for a message that is never ended are given back")
{
    zmql_ctx *ctx = new_context ();
    address a;
    zmql_socket *pull = new_bound (ctx, ZL_PULL, any_endpoint[2], &a);
    zmql_socket *push = new_connected (ctx, ZL_PUSH, &a);
    zl_blob *b = counted_blob (10000);
    zl_msg m = {b->data, b->size, b};
    CHECK_EQ (zmql_send (push, &m, 1, ZMQL_SNDMORE), 0);
    zl_blob_drop (b);
    CHECK_EQ (atomic_load (&blocks_alive), 1);
    end_socket (push);
    CHECK_EQ (atomic_load (&blocks_alive), 0);
    end_socket (pull);
    end_context (ctx);
}

TEST ("a socket cannot do what its type does not")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *push = new_socket (ctx, ZL_PUSH), *pull = new_socket (ctx, ZL_PULL), *none;
    inbox in = new_inbox ();
    CHECK_EQ (recv_now (push, &in), -ENOTSUP);
    CHECK_EQ (send_text (pull, "x"), -ENOTSUP);
    CHECK_EQ (zmql_socket_new (ctx, 77, &none), -EINVAL);
    CHECK_EQ (zmql_socket_new (ctx, -1, &none), -EINVAL);
    CHECK_TEXT (zmql_type_name (push), "PUSH");
    end_inbox (&in);
    end_socket (push);
    end_socket (pull);
    end_context (ctx);
}

TEST ("a closed socket says so, and is closed once")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *s = new_socket (ctx, ZL_PAIR);
    zl_msg m = text_frame ("x");
    inbox in = new_inbox ();
    int64_t value = 0;
    size_t size = sizeof value;
    CHECK (!zmql_closed (s));
    CHECK_EQ (zmql_close (s, 0, false), 0);
    CHECK (zmql_closed (s));
    CHECK_EQ (zmql_close (s, 0, false), -ENOTSOCK);
    CHECK_EQ (zmql_send (s, &m, 1, 0), -ENOTSOCK);
    CHECK_EQ (recv_now (s, &in), -ENOTSOCK);
    CHECK_EQ (zmql_wait (s, ZMQL_POLLIN, ZL_NEVER), -ENOTSOCK);
    CHECK_EQ (zmql_flush (s, ZL_NEVER), -ENOTSOCK);
    CHECK_EQ (zmql_bind (s, any_endpoint[0]), -ENOTSOCK);
    CHECK_EQ (zmql_bind (s, any_endpoint[2]), -ENOTSOCK);
    CHECK_EQ (zmql_connect (s, "tcp://127.0.0.1:5555"), -ENOTSOCK);
    CHECK_EQ (zmql_unbind (s, "tcp://127.0.0.1:5555"), -ENOTSOCK);
    CHECK_EQ (zmql_get (s, LINGER, &value, &size), -ENOTSOCK);
    CHECK_EQ (zmql_wants_spare (s), 0);
    zmql_flush_now (s);
    end_inbox (&in);
    zmql_socket_free (s);
    end_context (ctx);
}

TEST ("endpoints that are none are refused, each for its own reason")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *s = new_socket (ctx, ZL_PAIR);
    char endless[2000];
    memset (endless, 'a', sizeof endless);
    memcpy (endless, "ipc://", 6);
    endless[sizeof endless - 1] = 0;
    for (unsigned i = 0; i < 2; i++) {
        int (*call) (zmql_socket *, const char *) = i ? zmql_connect : zmql_bind;
        CHECK_EQ (call (s, ""), -EINVAL);
        CHECK_EQ (call (s, "nonsense"), -EINVAL);
        CHECK_EQ (call (s, "tcp://"), -EINVAL);
        CHECK_EQ (call (s, "tcp://127.0.0.1"), -EINVAL);
        CHECK_EQ (call (s, "smoke://signals"), -EPROTONOSUPPORT);
        CHECK (call (s, endless) < 0);
    }
    CHECK_EQ (zmql_unbind (s, "tcp://127.0.0.1:5555"), -ENOENT);
    CHECK_EQ (zmql_unbind (s, "inproc://nowhere"), -ENOENT);
    end_socket (s);
    end_context (ctx);
}

TEST ("a wait ends at its deadline and not before")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *s = new_socket (ctx, ZL_PULL);
    CHECK_EQ (zmql_wait (s, ZMQL_POLLIN, 0), 0);
    zl_time deadline = zl_deadline (10);
    CHECK_EQ (zmql_wait (s, ZMQL_POLLIN, deadline), 0);
    CHECK (zl_now () >= deadline);
    end_socket (s);
    end_context (ctx);
}

static void *receiving_one (void *arg)
{
    inbox in = new_inbox ();
    CHECK_EQ (recv_message (arg, &in), 0);
    end_inbox (&in);
    return NULL;
}

TEST ("threads that wait on one socket get a message each")
{
    enum { WAITING = 6 };
    for (unsigned t = 0; t < TRANSPORTS; t++) {
        couple c = join_types (t, ZL_PULL, ZL_PUSH);
        pthread_t threads[WAITING];
        for (unsigned i = 0; i < WAITING; i++)
            threads[i] = start (receiving_one, c.a);
        for (unsigned i = 0; i < WAITING; i++)
            CHECK_EQ (send_text (c.b, "one"), 0);
        for (unsigned i = 0; i < WAITING; i++)
            join (threads[i]);
        part (&c);
    }
}

TEST ("a flush returns when all is with the kernel, or counts what is not")
{
    for (unsigned t = 0; t < 2; t++) {
        couple c = join_types (t, ZL_PULL, ZL_PUSH);
        for (unsigned i = 0; i < 100; i++)
            CHECK_EQ (send_text (c.b, "x"), 0);
        CHECK_EQ (zmql_flush (c.b, patience ()), 0);
        part (&c);
    }
    zmql_ctx *ctx = new_context ();
    zmql_socket *push = new_socket (ctx, ZL_PUSH);
    CHECK_EQ (zmql_connect (push, "tcp://127.0.0.1:1"), 0);
    for (unsigned i = 0; i < 3; i++)
        CHECK_EQ (send_text (push, "x"), 0);
    CHECK_EQ (zmql_flush (push, zl_deadline (5)), 3);
    CHECK_EQ (zmql_close (push, 0, true), 0);
    zmql_socket_free (push);
    end_context (ctx);
}

TEST ("the descriptor tells of every change, and is quiet when there is nothing to do")
{
    for (unsigned t = 0; t < TRANSPORTS; t++) {
        couple c = join_types (t, ZL_PULL, ZL_PUSH);
        struct pollfd p = {.fd = (int) get_int (c.a, OPTION_FD), .events = POLLIN};
        inbox in = new_inbox ();
        for (unsigned i = 0; i < 200; i++) {
            CHECK_EQ (send_text (c.b, "x"), 0);
            while (!(get_int (c.a, EVENTS) & ZMQL_POLLIN))
                CHECK_EQ (poll (&p, 1, 30000), 1);
            CHECK_EQ (recv_now (c.a, &in), 0);
        }
        while (get_int (c.a, EVENTS), poll (&p, 1, 0) == 1)
            ; /* the last of the protocol's own doings */
        CHECK_EQ (poll (&p, 1, 5), 0);
        end_inbox (&in);
        part (&c);
    }
}

TEST ("a spare block of the right size receives the next large body")
{
    enum { LARGE = 400000 };
    couple c = join_types (0, ZL_PULL, ZL_PUSH);
    uint8_t *bytes = calloc (1, LARGE);
    zl_msg m = {bytes, LARGE, NULL};
    inbox in = new_inbox ();
    CHECK_EQ (zmql_wants_spare (c.a), 0);
    for (unsigned i = 0; i < 3; i++) {
        CHECK_EQ (send_frames (c.b, &m, 1), 0);
        CHECK_EQ (recv_message (c.a, &in), 0);
        CHECK_EQ (in.sizes[0], LARGE);
        CHECK_EQ (zmql_wants_spare (c.a), LARGE);
        zl_blob *spare = counted_blob (LARGE);
        zmql_give_spare (c.a, counted_blob (1)); /* this one is given back */
        zmql_give_spare (c.a, spare);
        CHECK_EQ (zmql_wants_spare (c.a), 0);
    }
    end_inbox (&in);
    free (bytes);
    part (&c);
    CHECK_EQ (atomic_load (&blocks_alive), 0);
}

TEST ("every message is counted where it ends")
{
    for (unsigned t = 0; t < TRANSPORTS; t++) {
        couple c = join_types (t, ZL_PULL, ZL_PUSH);
        for (unsigned i = 0; i < 10; i++)
            CHECK_EQ (send_text (c.b, "x"), 0);
        for (unsigned i = 0; i < 10; i++)
            CHECK_RECV (c.a, "x");
        CHECK_EQ (stat_of (c.b, "", "sent"), 10);
        CHECK_EQ (stat_of (c.a, "", "received"), 10);
        CHECK_EQ (stat_of (c.a, "dropped", "connection lost"), 0);
        part (&c);
    }
}
