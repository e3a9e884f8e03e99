/* core/proxy.[ch] */
#include "sockets.h"

typedef struct {
    zmql_ctx *ctx;
    zmql_socket *front, *back, *capture;
    address to_front, to_back, to_capture;
    int ended_with;
    pthread_t thread;
} device;

static void *run (void *arg)
{
    device *d = arg;
    d->ended_with = zmql_proxy (d->front, d->back, d->capture);
    return NULL;
}

static void set_up (device *d, int front, int back, unsigned transport, bool capture)
{
    *d = (device){.ctx = new_context ()};
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
