/* core/proxy.[ch] */
#include <signal.h>
#include <unistd.h>

#include "sockets.h"

typedef struct {
    zmql_ctx *ctx;
    zmql_socket *front, *back, *capture, *control;
    address to_front, to_back, to_capture, to_control;
    int (*interrupted) (void);
    bool marked; /* a monitored queue */
    int ended_with;
    pthread_t thread;
} device;

static int never (void)
{
    return 0;
}

static void *run (void *arg)
{
    device *d = arg;
    const zl_msg in = text_frame ("in"), out = text_frame ("out");
    d->ended_with =
        d->marked ? zmql_monitored_queue (d->front, d->back, d->capture, &in, &out, d->interrupted)
                  : zmql_proxy (d->front, d->back, d->capture, d->control, d->interrupted);
    return NULL;
}

static void set_up (device *d, int front, int back, unsigned transport, bool capture)
{
    *d = (device){.ctx = new_context (), .interrupted = never};
    d->front = new_bound (d->ctx, front, any_endpoint[transport], &d->to_front);
    const char *other = transport == 2 ? "inproc://back" : any_endpoint[transport];
    d->back = new_bound (d->ctx, back, other, &d->to_back);
    if (capture)
        d->capture = new_bound (d->ctx, ZL_PUSH, "inproc://capture", &d->to_capture);
}

static void tear_down (device *d)
{
    CHECK_EQ (zmql_close (d->front, 0, false), 0);
    join (d->thread);
    CHECK_EQ (d->ended_with, -ENOTSOCK);
    zmql_socket_free (d->front);
    end_socket (d->back);
    if (d->capture)
        end_socket (d->capture);
    end_context (d->ctx);
}

TEST ("requests go one way, replies the other, and copies of both to the capture")
{
    for (unsigned t = 0; t < TRANSPORTS; t++) {
        device d;
        set_up (&d, ZL_ROUTER, ZL_DEALER, t, true);
        zmql_socket *heard = new_connected (d.ctx, ZL_PULL, &d.to_capture);
        d.thread = start (run, &d);
        zmql_socket *req = new_connected (d.ctx, ZL_REQ, &d.to_front);
        zmql_socket *rep = new_connected (d.ctx, ZL_REP, &d.to_back);
        inbox in = new_inbox ();
        for (unsigned i = 0; i < 20; i++) {
            CHECK_EQ (send_text (req, "question"), 0);
            CHECK_RECV (rep, "question");
            CHECK_EQ (send_text (rep, "answer"), 0);
            CHECK_RECV (req, "answer");
            for (unsigned k = 0; k < 2; k++) {
                CHECK_EQ (recv_message (heard, &in), 0);
                CHECK_EQ (in.count, 3);
                CHECK_TEXT (frame_text (&in, 2), k ? "answer" : "question");
            }
        }
        end_inbox (&in);
        end_socket (req);
        end_socket (rep);
        end_socket (heard);
        tear_down (&d);
    }
}

TEST ("nothing is taken that cannot be passed on, and nothing is lost")
{
    for (unsigned t = 0; t < TRANSPORTS; t++) {
        device d;
        enum { MESSAGES = 500 };
        set_up (&d, ZL_PULL, ZL_PUSH, t, false);
        d.thread = start (run, &d);
        zmql_socket *push = new_connected (d.ctx, ZL_PUSH, &d.to_front);
        char text[20];
        for (unsigned i = 0; i < MESSAGES; i++) {
            snprintf (text, sizeof text, "%u", i);
            CHECK_EQ (send_text (push, text), 0);
        }
        zmql_socket *pull = new_connected (d.ctx, ZL_PULL, &d.to_back);
        for (unsigned i = 0; i < MESSAGES; i++) {
            snprintf (text, sizeof text, "%u", i);
            CHECK_RECV (pull, text);
        }
        end_socket (push);
        end_socket (pull);
        tear_down (&d);
    }
}

TEST ("subscriptions and publications pass each other")
{
    device d;
    set_up (&d, ZL_XSUB, ZL_XPUB, 0, false);
    d.thread = start (run, &d);
    zmql_socket *pub = new_connected (d.ctx, ZL_XPUB, &d.to_front);
    zmql_socket *sub = new_connected (d.ctx, ZL_SUB, &d.to_back);
    subscribe_and_settle (sub, pub, "news");
    CHECK_EQ (send_text (pub, "gossip"), 0);
    CHECK_EQ (send_text (pub, "news of the day"), 0);
    CHECK_RECV (sub, "news of the day");
    end_socket (pub);
    end_socket (sub);
    tear_down (&d);
}

TEST ("large bodies are passed on")
{
    enum { LARGE = 1000000 };
    device d;
    set_up (&d, ZL_PULL, ZL_PUSH, 0, false);
    d.thread = start (run, &d);
    zmql_socket *push = new_connected (d.ctx, ZL_PUSH, &d.to_front);
    zmql_socket *pull = new_connected (d.ctx, ZL_PULL, &d.to_back);
    uint8_t *bytes = malloc (LARGE);
    for (unsigned i = 0; i < LARGE; i++)
        bytes[i] = (uint8_t) (i * 17 >> 4);
    zl_msg frames[] = {text_frame ("head"), {bytes, LARGE, NULL}, text_frame ("tail")};
    inbox in = new_inbox ();
    for (unsigned i = 0; i < 5; i++) {
        CHECK_EQ (send_frames (push, frames, 3), 0);
        CHECK_EQ (recv_message (pull, &in), 0);
        CHECK_EQ (in.count, 3);
        CHECK_EQ (in.sizes[1], LARGE);
        CHECK_BYTES (frame_text (&in, 1), bytes, LARGE);
        CHECK_TEXT (frame_text (&in, 2), "tail");
    }
    end_inbox (&in);
    free (bytes);
    end_socket (push);
    end_socket (pull);
    tear_down (&d);
}

/* ---- steered ---- */

/* With a control of that type; the other end of it. */
static zmql_socket *steer (device *d, int control, int steering)
{
    d->control = new_bound (d->ctx, control, "inproc://control", &d->to_control);
    zmql_socket *s = new_connected (d->ctx, steering, &d->to_control);
    if (control == ZL_SUB)
        CHECK_EQ (zmql_set (d->control, SUBSCRIBE, "", 0), 0);
    return s;
}

/* It has been told to end. */
static void tear_down_steered (device *d, zmql_socket *steering)
{
    join (d->thread);
    CHECK_EQ (d->ended_with, 0);
    end_socket (steering);
    end_socket (d->front);
    end_socket (d->back);
    end_socket (d->control);
    if (d->capture)
        end_socket (d->capture);
    end_context (d->ctx);
}

/* A command that is answered, and the answer. */
static void command (zmql_socket *steering, const char *text, inbox *in)
{
    CHECK_EQ (send_text (steering, text), 0);
    CHECK_EQ (recv_message (steering, in), 0);
}

TEST ("it ends when it is told to, by whatever kind of control")
{
    static const int kinds[][2] = {
        {ZL_PAIR, ZL_PAIR}, {ZL_PULL, ZL_PUSH}, {ZL_SUB, ZL_XPUB}, {ZL_REP, ZL_REQ}};
    for (unsigned i = 0; i < ZL_LEN (kinds); i++) {
        device d;
        set_up (&d, ZL_ROUTER, ZL_DEALER, 0, false);
        zmql_socket *steering = steer (&d, kinds[i][0], kinds[i][1]);
        d.thread = start (run, &d);
        CHECK_EQ (send_text (steering, "STATISTICS"), 0); /* some cannot answer that */
        if (kinds[i][1] == ZL_REQ) {
            inbox in = new_inbox ();
            CHECK_EQ (recv_message (steering, &in), 0);
            end_inbox (&in);
        }
        CHECK_EQ (send_text (steering, "TERMINATE"), 0);
        tear_down_steered (&d, steering);
    }
}

/* The numbers of an answer to STATISTICS. */
static void check_statistics (zmql_socket *steering, const uint64_t *due)
{
    inbox in = new_inbox ();
    command (steering, "STATISTICS", &in);
    CHECK_EQ (in.count, 8);
    for (unsigned i = 0; i < 8; i++) {
        uint64_t n;
        CHECK_EQ (in.sizes[i], sizeof n);
        memcpy (&n, frame_text (&in, i), sizeof n);
        CHECK_EQ (n, due[i]);
    }
    end_inbox (&in);
}

TEST ("who asks for the numbers and goes away is not waited for")
{
    device d;
    set_up (&d, ZL_ROUTER, ZL_DEALER, 0, false);
    zmql_socket *steering = steer (&d, ZL_PAIR, ZL_PAIR);
    CHECK_EQ (send_text (steering, "STATISTICS"), 0);
    CHECK_EQ (send_text (steering, "TERMINATE"), 0);
    end_socket (steering);
    run (&d);
    CHECK_EQ (d.ended_with, 0);
    end_socket (d.front);
    end_socket (d.back);
    end_socket (d.control);
    end_context (d.ctx);
}

TEST ("while it pauses nothing is taken, and what has passed is counted by frames and octets")
{
    static const uint64_t nothing[8] = {0}, due[8] = {5, 12, 0, 0, 0, 0, 5, 12};
    device d;
    set_up (&d, ZL_PULL, ZL_PUSH, 0, false);
    zmql_socket *steering = steer (&d, ZL_REP, ZL_REQ);
    zmql_socket *push = new_connected (d.ctx, ZL_PUSH, &d.to_front);
    zmql_socket *pull = new_connected (d.ctx, ZL_PULL, &d.to_back);
    inbox in = new_inbox ();
    d.thread = start (run, &d);
    command (steering, "PAUSE", &in);
    CHECK_EQ (in.count, 1);
    CHECK_EQ (in.sizes[0], 0);
    zl_msg frames[] = {text_frame ("hello"), text_frame ("")};
    for (unsigned i = 0; i < 2; i++)
        CHECK_EQ (send_frames (push, frames, 2), 0);
    CHECK_EQ (zmql_flush (push, patience ()), 0);
    command (steering, "NONSENSE", &in);
    command (steering, "", &in);
    check_statistics (steering, nothing);
    command (steering, "RESUME", &in);
    for (unsigned i = 0; i < 2; i++)
        CHECK_EQ (recv_message (pull, &in), 0);
    CHECK_EQ (send_text (push, "!!"), 0);
    CHECK_RECV (pull, "!!");
    check_statistics (steering, due);
    CHECK_EQ (send_text (steering, "TERMINATE"), 0);
    end_inbox (&in);
    end_socket (push);
    end_socket (pull);
    tear_down_steered (&d, steering);
}

TEST ("it hears its control while one side has no room for what the other holds")
{
    for (unsigned t = 0; t < TRANSPORTS; t++) {
        device d;
        set_up (&d, ZL_PULL, ZL_PUSH, t, false);
        zmql_socket *steering = steer (&d, ZL_REP, ZL_REQ);
        zmql_socket *push = new_connected (d.ctx, ZL_PUSH, &d.to_front);
        inbox in = new_inbox ();
        d.thread = start (run, &d);
        for (unsigned i = 0; i < 10; i++) {
            CHECK_EQ (send_text (push, "nowhere to go"), 0);
            command (steering, "STATISTICS", &in);
        }
        CHECK_EQ (send_text (steering, "TERMINATE"), 0);
        end_inbox (&in);
        CHECK_EQ (zmql_close (push, 0, true), 0); /* what is on its way has nowhere to go */
        zmql_socket_free (push);
        tear_down_steered (&d, steering);
    }
}

/* ---- a monitored queue ---- */

TEST ("between two ROUTERs the ids change places, and each copy says which way it went")
{
    device d;
    set_up (&d, ZL_ROUTER, ZL_ROUTER, 0, true);
    d.marked = true;
    zmql_socket *heard = new_connected (d.ctx, ZL_PULL, &d.to_capture);
    zmql_socket *alice = new_socket (d.ctx, ZL_DEALER), *bob = new_socket (d.ctx, ZL_DEALER);
    CHECK_EQ (zmql_set (alice, ROUTING_ID, "alice", 5), 0);
    CHECK_EQ (zmql_set (bob, ROUTING_ID, "bob", 3), 0);
    CHECK_EQ (zmql_connect (alice, d.to_front.text), 0);
    CHECK_EQ (zmql_connect (bob, d.to_back.text), 0);
    await_stat (d.back, "", "handshakes", 1);
    d.thread = start (run, &d);
    inbox in = new_inbox ();
    const zl_msg ask[] = {text_frame ("bob"), text_frame ("hello")};
    const zl_msg answer[] = {text_frame ("alice"), text_frame (""), text_frame ("well")};
    for (unsigned i = 0; i < 5; i++) {
        CHECK_EQ (send_frames (alice, ask, 2), 0);
        CHECK_EQ (recv_message (bob, &in), 0);
        CHECK_EQ (in.count, 2);
        CHECK_TEXT (frame_text (&in, 0), "alice");
        CHECK_TEXT (frame_text (&in, 1), "hello");
        CHECK_EQ (recv_message (heard, &in), 0);
        CHECK_EQ (in.count, 4);
        CHECK_TEXT (frame_text (&in, 0), "in");
        CHECK_TEXT (frame_text (&in, 1), "bob");
        CHECK_TEXT (frame_text (&in, 2), "alice");
        CHECK_EQ (send_frames (bob, answer, 3), 0);
        CHECK_EQ (recv_message (alice, &in), 0);
        CHECK_EQ (in.count, 3);
        CHECK_TEXT (frame_text (&in, 0), "bob");
        CHECK_EQ (recv_message (heard, &in), 0);
        CHECK_EQ (in.count, 5);
        CHECK_TEXT (frame_text (&in, 0), "out");
    }
    end_inbox (&in);
    end_socket (alice);
    end_socket (bob);
    end_socket (heard);
    tear_down (&d);
}

TEST ("between other sockets a monitored queue only marks its copies")
{
    device d;
    set_up (&d, ZL_PULL, ZL_PUSH, 0, true);
    d.marked = true;
    zmql_socket *heard = new_connected (d.ctx, ZL_PULL, &d.to_capture);
    zmql_socket *push = new_connected (d.ctx, ZL_PUSH, &d.to_front);
    zmql_socket *pull = new_connected (d.ctx, ZL_PULL, &d.to_back);
    d.thread = start (run, &d);
    inbox in = new_inbox ();
    const zl_msg frames[] = {text_frame ("a"), text_frame ("b"), text_frame ("c")};
    CHECK_EQ (send_frames (push, frames, 3), 0);
    CHECK_EQ (recv_message (pull, &in), 0);
    CHECK_EQ (in.count, 3);
    CHECK_TEXT (frame_text (&in, 0), "a");
    CHECK_EQ (recv_message (heard, &in), 0);
    CHECK_EQ (in.count, 4);
    CHECK_TEXT (frame_text (&in, 0), "in");
    CHECK_TEXT (frame_text (&in, 1), "a");
    end_inbox (&in);
    end_socket (push);
    end_socket (pull);
    end_socket (heard);
    tear_down (&d);
}

/* ---- one socket on both sides, and signals ---- */

TEST ("one socket on both sides gets back what it sent")
{
    device d = {.ctx = new_context (), .interrupted = never};
    d.front = d.back = new_bound (d.ctx, ZL_DEALER, any_endpoint[0], &d.to_front);
    d.thread = start (run, &d);
    zmql_socket *dealer = new_connected (d.ctx, ZL_DEALER, &d.to_front);
    for (unsigned i = 0; i < 10; i++) {
        CHECK_EQ (send_text (dealer, "echo"), 0);
        CHECK_RECV (dealer, "echo");
    }
    end_socket (dealer);
    CHECK_EQ (zmql_close (d.front, 0, false), 0);
    join (d.thread);
    CHECK_EQ (d.ended_with, -ENOTSOCK);
    zmql_socket_free (d.front);
    end_context (d.ctx);
}

static atomic_int signals_left;

static int count_down (void)
{
    return atomic_fetch_sub (&signals_left, 1) == 1;
}

static void ignore (int number)
{
    (void) number;
}

TEST ("a signal ends it if its owner says so, and not before")
{
    device d;
    struct sigaction act = {.sa_handler = ignore};
    sigaction (SIGUSR1, &act, NULL);
    set_up (&d, ZL_ROUTER, ZL_DEALER, 0, false);
    d.interrupted = count_down;
    atomic_store (&signals_left, 3);
    d.thread = start (run, &d);
    while (atomic_load (&signals_left) > 0) {
        pthread_kill (d.thread, SIGUSR1);
        usleep (1000);
    }
    join (d.thread);
    CHECK_EQ (d.ended_with, -EINTR);
    end_socket (d.front);
    end_socket (d.back);
    end_context (d.ctx);
}
