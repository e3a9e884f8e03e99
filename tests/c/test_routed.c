/* type/routed.c, type/router.c, type/stream.c: peers that are known by their routing ids. */
#include "plain.h"

static void set_text (zmql_socket *s, int option, const char *text)
{
    CHECK_EQ (zmql_set (s, option, text, strlen (text)), 0);
}

/* The next message must be these two frames. */
#define CHECK_RECV_TWO(s, first, second)                                                           \
    do {                                                                                           \
        inbox two_ = new_inbox ();                                                                 \
        CHECK_EQ (recv_message (s, &two_), 0);                                                     \
        CHECK_EQ (two_.count, 2);                                                                  \
        CHECK_TEXT (frame_text (&two_, 0), first);                                                 \
        CHECK_TEXT (frame_text (&two_, 1), second);                                                \
        end_inbox (&two_);                                                                         \
    } while (0)

static int send_to (zmql_socket *s, const char *id, const char *text)
{
    const zl_msg frames[] = {text_frame (id), text_frame (text)};
    return send_frames (s, frames, 2);
}

/* ---- names of ROUTER's own choice ---- */

TEST ("a connection is known by the name that was given to it, for one connect")
{
    for (unsigned t = 0; t < TRANSPORTS; t++) {
        zmql_ctx *ctx = new_context ();
        address a, b;
        zmql_socket *one = new_bound (ctx, ZL_DEALER, any_endpoint[t], &a);
        const char *other = t == 2 ? "inproc://two" : any_endpoint[t];
        zmql_socket *two = new_bound (ctx, ZL_DEALER, other, &b);
        zmql_socket *router = new_socket (ctx, ZL_ROUTER);
        set_text (one, ROUTING_ID, "not this");
        set_int (router, ROUTER_MANDATORY, 1);
        set_text (router, CONNECT_ROUTING_ID, "one");
        CHECK_EQ (zmql_connect (router, a.text), 0);
        CHECK_EQ (zmql_connect (router, b.text), 0);
        CHECK_EQ (send_to (router, "one", "hello"), 0); /* known before it is up */
        CHECK_RECV (one, "hello");
        CHECK_EQ (send_text (one, "answer"), 0);
        CHECK_RECV_TWO (router, "one", "answer");
        inbox in = new_inbox ();
        CHECK_EQ (send_text (two, "who am I"), 0);
        CHECK_EQ (recv_message (router, &in), 0);
        CHECK_EQ (in.sizes[0], 5); /* made up */
        CHECK_EQ (frame_text (&in, 0)[0], 0);
        end_inbox (&in);
        end_socket (router);
        end_socket (one);
        end_socket (two);
        end_context (ctx);
    }
}

TEST ("a name that is taken or looks made up is refused, and stays to be corrected")
{
    static const int types[] = {ZL_ROUTER, ZL_STREAM};
    for (unsigned i = 0; i < ZL_LEN (types); i++) {
        zmql_ctx *ctx = new_context ();
        zmql_socket *s = new_socket (ctx, types[i]);
        set_text (s, CONNECT_ROUTING_ID, "one");
        CHECK_EQ (zmql_connect (s, "tcp://127.0.0.1:1"), 0);
        set_text (s, CONNECT_ROUTING_ID, "one");
        CHECK_EQ (zmql_connect (s, "tcp://127.0.0.1:2"), -ZL_EROUTINGID);
        CHECK_EQ (zmql_connect (s, "inproc://a"), -ZL_EROUTINGID);
        CHECK_EQ (zmql_set (s, CONNECT_ROUTING_ID, "\0two", 4), 0);
        CHECK_EQ (zmql_connect (s, "tcp://127.0.0.1:2"), -ZL_EROUTINGID);
        set_text (s, CONNECT_ROUTING_ID, "two");
        CHECK_EQ (zmql_connect (s, "tcp://127.0.0.1:2"), 0);
        CHECK_EQ (zmql_set (s, CONNECT_ROUTING_ID, "", 0), -EINVAL);
        CHECK_EQ (zmql_close (s, 0, true), 0);
        zmql_socket_free (s);
        end_context (ctx);
    }
}

/* ---- two peers of one name ---- */

static zmql_socket *new_namesake (zmql_ctx *ctx, const address *a)
{
    zmql_socket *s = new_socket (ctx, ZL_DEALER);
    set_text (s, ROUTING_ID, "name");
    set_int (s, RECONNECT_IVL, -1);
    CHECK_EQ (zmql_connect (s, a->text), 0);
    return s;
}

TEST ("the first of a name is heard and the second is not, until the first has gone")
{
    for (unsigned t = 0; t < TRANSPORTS; t++) {
        zmql_ctx *ctx = new_context ();
        address a;
        zmql_socket *router = new_bound (ctx, ZL_ROUTER, any_endpoint[t], &a);
        zmql_socket *first = new_namesake (ctx, &a);
        CHECK_EQ (send_text (first, "first"), 0);
        CHECK_RECV_TWO (router, "name", "first");
        zmql_socket *second = new_namesake (ctx, &a);
        CHECK_EQ (send_text (second, "second"), 0);
        if (t < 2)
            await_stat (router, "", "handshakes", 2);
        CHECK_EQ (send_to (router, "name", "to the first"), 0);
        CHECK_RECV (first, "to the first");
        CHECK_EQ (send_text (first, "still"), 0);
        CHECK_RECV_TWO (router, "name", "still");
        end_socket (first);
        end_socket (second);
        end_socket (router);
        end_context (ctx);
    }
}

TEST ("with HANDOVER the newcomer takes the name, and the one before goes")
{
    for (unsigned t = 0; t < TRANSPORTS; t++) {
        enum { NAMESAKES = 5 };
        zmql_ctx *ctx = new_context ();
        zmql_socket *router = new_socket (ctx, ZL_ROUTER), *all[NAMESAKES];
        set_int (router, ROUTER_HANDOVER, 1);
        address a = bind_to (router, any_endpoint[t]);
        for (unsigned i = 0; i < NAMESAKES; i++) {
            all[i] = new_namesake (ctx, &a);
            CHECK_EQ (send_text (all[i], "here I am"), 0);
            CHECK_RECV_TWO (router, "name", "here I am");
            CHECK_EQ (send_to (router, "name", "welcome"), 0);
            CHECK_RECV (all[i], "welcome");
        }
        if (t < 2)
            await_stat (router, "closed", "routing id taken over", NAMESAKES - 1);
        for (unsigned i = 0; i < NAMESAKES; i++)
            end_socket (all[i]);
        end_socket (router);
        end_context (ctx);
    }
}

TEST ("a message of the one before that is half read is read to its end")
{
    for (unsigned t = 0; t < TRANSPORTS; t++) {
        zmql_ctx *ctx = new_context ();
        zmql_socket *router = new_socket (ctx, ZL_ROUTER);
        set_int (router, ROUTER_HANDOVER, 1);
        address a = bind_to (router, any_endpoint[t]);
        zmql_socket *first = new_namesake (ctx, &a);
        const zl_msg frames[] = {text_frame ("one"), text_frame ("two"), text_frame ("three")};
        CHECK_EQ (send_frames (first, frames, 3), 0);
        CHECK_EQ (zmql_wait (router, ZMQL_POLLIN, patience ()), ZMQL_POLLIN);
        inbox in = new_inbox ();
        CHECK_EQ (zmql_recv (router, &in.sink, false), 1);
        CHECK_EQ (zmql_recv (router, &in.sink, false), 1);
        zmql_socket *second = new_namesake (ctx, &a);
        CHECK_EQ (send_text (second, "hello"), 0);
        if (t < 2)
            await_stat (router, "closed", "routing id taken over", 1);
        CHECK_EQ (zmql_recv (router, &in.sink, true), 0);
        CHECK_EQ (in.count, 4);
        CHECK_TEXT (frame_text (&in, 3), "three");
        CHECK_RECV_TWO (router, "name", "hello");
        end_inbox (&in);
        end_socket (first);
        end_socket (second);
        end_socket (router);
        end_context (ctx);
    }
}

TEST ("a connection that ROUTER has named can be taken over too")
{
    zmql_ctx *ctx = new_context ();
    address a, b;
    zmql_socket *dealer = new_bound (ctx, ZL_DEALER, any_endpoint[0], &a);
    zmql_socket *router = new_bound (ctx, ZL_ROUTER, any_endpoint[0], &b);
    set_int (router, ROUTER_HANDOVER, 1);
    set_text (router, CONNECT_ROUTING_ID, "name");
    CHECK_EQ (zmql_connect (router, a.text), 0);
    CHECK_EQ (send_to (router, "name", "hello"), 0);
    CHECK_RECV (dealer, "hello");
    zmql_socket *newcomer = new_namesake (ctx, &b);
    CHECK_EQ (send_text (newcomer, "mine now"), 0);
    CHECK_RECV_TWO (router, "name", "mine now");
    CHECK_EQ (send_to (router, "name", "hello"), 0);
    CHECK_RECV (newcomer, "hello");
    CHECK_EQ (zmql_unbind (router, a.text), -ENOENT); /* the endpoint has ended with it */
    end_socket (newcomer);
    end_socket (dealer);
    end_socket (router);
    end_context (ctx);
}

/* ---- what ROUTER is told, and tells ---- */

TEST ("ROUTER_NOTIFY tells of peers that come and go, once their names are known")
{
    for (unsigned t = 0; t < 2; t++) {
        zmql_ctx *ctx = new_context ();
        zmql_socket *router = new_socket (ctx, ZL_ROUTER);
        set_int (router, ROUTER_NOTIFY, 3);
        address a = bind_to (router, any_endpoint[t]);
        for (unsigned i = 0; i < 3; i++) {
            zmql_socket *dealer = new_namesake (ctx, &a);
            CHECK_RECV_TWO (router, "name", "");
            CHECK_EQ (send_text (dealer, "hello"), 0);
            CHECK_EQ (zmql_flush (dealer, patience ()), 0);
            end_socket (dealer);
            CHECK_RECV_TWO (router, "name", "hello");
            CHECK_RECV_TWO (router, "name", "");
        }
        end_socket (router);
        end_context (ctx);
    }
}

TEST ("HELLO_MSG is the first that a peer hears, DISCONNECT_MSG the last that it is heard to say")
{
    for (unsigned t = 0; t < TRANSPORTS; t++) {
        zmql_ctx *ctx = new_context ();
        zmql_socket *router = new_socket (ctx, ZL_ROUTER);
        set_text (router, HELLO_MSG, "hello");
        set_text (router, DISCONNECT_MSG, "gone");
        address a = bind_to (router, any_endpoint[t]);
        for (unsigned i = 0; i < 3; i++) {
            zmql_socket *dealer = new_namesake (ctx, &a);
            CHECK_RECV (dealer, "hello");
            end_socket (dealer);
            CHECK_RECV_TWO (router, "name", "gone");
        }
        end_socket (router);
        end_context (ctx);
    }
}

TEST ("HICCUP_MSG tells a DEALER of each loss of its connection, behind all that had come")
{
    zmql_ctx *ctx = new_context ();
    address a;
    int listener = plain_listen (&a);
    zmql_socket *dealer = new_socket (ctx, ZL_DEALER);
    set_text (dealer, HICCUP_MSG, "hiccup");
    set_text (dealer, HELLO_MSG, "hello");
    set_int (dealer, RECONNECT_IVL, 1);
    CHECK_EQ (zmql_connect (dealer, a.text), 0);
    for (unsigned i = 0; i < 5; i++) {
        char text[16];
        int fd = accept_peer (listener, "ROUTER");
        read_frame (fd, text, sizeof text);
        CHECK_TEXT (text, "hello");
        write_all (fd, "\0\3one\0\3two\1\5torn.", 17);
        close (fd);
        CHECK_RECV (dealer, "one");
        CHECK_RECV (dealer, "two");
        CHECK_RECV (dealer, "hiccup");
    }
    close (listener);
    end_socket (dealer);
    end_context (ctx);
}

/* ---- STREAM ---- */

typedef struct {
    uint8_t octets[8];
    size_t n;
} id;

static id take_id (const inbox *in)
{
    id i = {.n = in->sizes[0]};
    CHECK_EQ (in->count, 2);
    CHECK (i.n > 0 && i.n <= sizeof i.octets);
    memcpy (i.octets, frame_text (in, 0), i.n);
    return i;
}

/* The next message must be an empty one: a connection has come or gone. */
static id expect_notice (zmql_socket *stream)
{
    inbox in = new_inbox ();
    CHECK_EQ (recv_message (stream, &in), 0);
    id i = take_id (&in);
    CHECK_EQ (in.sizes[1], 0);
    end_inbox (&in);
    return i;
}

static bool same (const id *a, const id *b)
{
    return a->n == b->n && memcmp (a->octets, b->octets, a->n) == 0;
}

static int send_octets (zmql_socket *stream, const id *to, const void *octets, size_t n)
{
    const zl_msg frames[] = {{to->octets, to->n, NULL}, {octets, n, NULL}};
    return send_frames (stream, frames, 2);
}

/* Waits for that many octets from one connection, in whatever portions they come. */
static void expect_octets (zmql_socket *stream, const id *from, const uint8_t *due, size_t n)
{
    inbox in = new_inbox ();
    for (size_t got = 0; got < n; got += in.sizes[1]) {
        CHECK_EQ (recv_message (stream, &in), 0);
        id i = take_id (&in);
        CHECK (same (&i, from));
        CHECK (in.sizes[1] > 0 && in.sizes[1] <= n - got);
        CHECK_BYTES (frame_text (&in, 1), due + got, in.sizes[1]);
    }
    end_inbox (&in);
}

TEST ("octets go both ways, each connection under its id, until either side closes it")
{
    zmql_ctx *ctx = new_context ();
    address a;
    zmql_socket *stream = new_bound (ctx, ZL_STREAM, any_endpoint[0], &a);
    for (unsigned i = 0; i < 4; i++) {
        char text[16];
        int fd = plain_connect (&a);
        id peer = expect_notice (stream);
        write_all (fd, "\xff\0octets", 8);
        expect_octets (stream, &peer, (const uint8_t *) "\xff\0octets", 8);
        CHECK_EQ (send_octets (stream, &peer, "answer", 6), 0);
        if (i % 2) {
            CHECK_EQ (send_octets (stream, &peer, "", 0), 0);
            read_exactly (fd, text, 6); /* what was sent before still goes */
            CHECK_BYTES (text, "answer", 6);
            await_close (fd);
            close (fd);
        } else {
            read_exactly (fd, text, 6);
            close (fd);
            id gone = expect_notice (stream);
            CHECK (same (&gone, &peer));
        }
        zl_msg frames[] = {{peer.octets, peer.n, NULL}, text_frame ("late")};
        CHECK_EQ (zmql_send (stream, frames, 2, 0), -EHOSTUNREACH);
    }
    end_socket (stream);
    end_context (ctx);
}

TEST ("a close goes behind all that was sent before it")
{
    enum { PORTIONS = 100, PORTION = 1000 };
    static uint8_t octets[PORTION], got[PORTIONS * PORTION];
    static const int types[] = {ZL_STREAM, ZL_ROUTER};
    for (unsigned t = 0; t < ZL_LEN (types); t++) {
        zmql_ctx *ctx = new_context ();
        zmql_socket *s = new_socket (ctx, types[t]);
        if (types[t] == ZL_ROUTER)
            set_int (s, ROUTER_RAW, 1);
        address a = bind_to (s, any_endpoint[0]);
        for (unsigned round = 0; round < 20; round++) {
            int fd = plain_connect (&a);
            id peer = expect_notice (s);
            for (unsigned i = 0; i < PORTIONS; i++)
                CHECK_EQ (send_octets (s, &peer, octets, PORTION), 0);
            CHECK_EQ (send_octets (s, &peer, "", 0), 0);
            read_exactly (fd, got, sizeof got);
            await_close (fd);
            close (fd);
        }
        end_socket (s);
        end_context (ctx);
    }
}

TEST ("a megabyte goes each way whole")
{
    enum { MEGABYTE = 1 << 20, PORTION = 60000 };
    zmql_ctx *ctx = new_context ();
    address a;
    zmql_socket *stream = new_bound (ctx, ZL_STREAM, any_endpoint[0], &a);
    zmql_socket *other = new_connected (ctx, ZL_STREAM, &a);
    id here = expect_notice (stream), there = expect_notice (other);
    uint8_t *octets = malloc (MEGABYTE);
    for (unsigned i = 0; i < MEGABYTE; i++)
        octets[i] = (uint8_t) (i * 7 >> 3);
    CHECK_EQ (send_octets (stream, &here, octets, MEGABYTE), 0); /* as one */
    expect_octets (other, &there, octets, MEGABYTE);
    for (unsigned at = 0; at < MEGABYTE; at += PORTION) /* by portions */
        CHECK_EQ (send_octets (other, &there, octets + at, ZL_MIN (PORTION, MEGABYTE - at)), 0);
    expect_octets (stream, &here, octets, MEGABYTE);
    free (octets);
    end_socket (stream);
    end_socket (other);
    end_context (ctx);
}

TEST ("frame by frame, a pair is a message whatever SNDMORE says of its second half")
{
    zmql_ctx *ctx = new_context ();
    address a;
    char text[16];
    zmql_socket *stream = new_bound (ctx, ZL_STREAM, any_endpoint[0], &a);
    int fd = plain_connect (&a);
    id peer = expect_notice (stream);
    zl_msg name = {peer.octets, peer.n, NULL}, data = text_frame ("data");
    zl_msg stranger = text_frame ("stranger"), nobody = {0};
    for (unsigned i = 0; i < 3; i++) {
        CHECK_EQ (zmql_send (stream, &stranger, 1, ZMQL_SNDMORE), -EHOSTUNREACH);
        CHECK_EQ (zmql_send (stream, &nobody, 1, ZMQL_SNDMORE), -EHOSTUNREACH);
        CHECK_EQ (zmql_send (stream, &name, 1, ZMQL_SNDMORE), 0);
        CHECK (zmql_send (stream, &data, 1, i % 2 ? ZMQL_SNDMORE : 0) >= 0);
        zmql_flush_now (stream);
        read_exactly (fd, text, 4);
        CHECK_BYTES (text, "data", 4);
    }
    close (fd);
    end_socket (stream);
    end_context (ctx);
}

TEST ("a connecting STREAM keeps its id, and what was sent meanwhile goes out when it is up again")
{
    zmql_ctx *ctx = new_context ();
    address a;
    char text[16];
    int listener = plain_listen (&a);
    zmql_socket *stream = new_socket (ctx, ZL_STREAM);
    set_int (stream, RECONNECT_IVL, 1);
    set_text (stream, CONNECT_ROUTING_ID, "there");
    CHECK_EQ (zmql_connect (stream, a.text), 0);
    CHECK_EQ (send_to (stream, "there", "early"), 0);
    for (unsigned i = 0; i < 5; i++) {
        int fd = plain_accept (listener);
        CHECK_RECV_TWO (stream, "there", "");
        read_exactly (fd, text, 5);
        CHECK_BYTES (text, "early", 5);
        close (fd);
        CHECK_RECV_TWO (stream, "there", "");
        CHECK_EQ (send_to (stream, "there", "early"), 0);
    }
    int last = plain_accept (listener);
    CHECK_RECV_TWO (stream, "there", "");
    read_exactly (last, text, 5);
    CHECK_EQ (send_to (stream, "there", ""), 0); /* and not to be made again */
    await_close (last);
    const zl_msg frames[] = {text_frame ("there"), text_frame ("late")};
    CHECK_EQ (zmql_send (stream, frames, 2, 0), -EHOSTUNREACH);
    CHECK_EQ (zmql_unbind (stream, a.text), -ENOENT);
    close (last);
    close (listener);
    end_socket (stream);
    end_context (ctx);
}

TEST ("without STREAM_NOTIFY only octets come")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *stream = new_socket (ctx, ZL_STREAM);
    set_int (stream, STREAM_NOTIFY, 0);
    address a = bind_to (stream, any_endpoint[0]);
    for (unsigned i = 0; i < 3; i++) {
        inbox in = new_inbox ();
        int fd = plain_connect (&a);
        write_all (fd, "octets", 6);
        close (fd);
        CHECK_EQ (recv_message (stream, &in), 0);
        CHECK_EQ (in.sizes[1], 6);
        end_inbox (&in);
    }
    await_stat (stream, "closed", "peer closed", 3);
    CHECK_EQ (zmql_wait (stream, ZMQL_POLLIN, 0), 0);
    end_socket (stream);
    end_context (ctx);
}

TEST ("a raw ROUTER is a STREAM that always tells, and drops what goes nowhere")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *router = new_socket (ctx, ZL_ROUTER);
    set_int (router, ROUTER_RAW, 1);
    address a = bind_to (router, any_endpoint[0]);
    char text[16];
    int fd = plain_connect (&a);
    id peer = expect_notice (router);
    zl_msg name = {peer.octets, peer.n, NULL};
    const zl_msg frames[] = {name, text_frame ("data"), text_frame ("never heard")};
    CHECK_EQ (send_to (router, "stranger", "data"), 0);
    CHECK_EQ (send_frames (router, &name, 1), 0);
    CHECK_EQ (send_frames (router, frames, 3), 0);
    CHECK_EQ (send_octets (router, &peer, "", 0), 0);
    read_exactly (fd, text, 4);
    CHECK_BYTES (text, "data", 4);
    await_input (fd);
    CHECK_EQ (recv (fd, text, sizeof text, 0), 0);
    close (fd);
    end_socket (router);
    end_context (ctx);
}
