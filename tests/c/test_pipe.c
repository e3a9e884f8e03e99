/* core/pipe.[ch]: the queues between a socket and one peer, in a socket that nobody connected. */
#include "core/fq.h"
#include "core/lb.h"
#include "core/socket.h"
#include "sockets.h"

/* ---- a link that does nothing but count ---- */

static unsigned pushed, consumed, closed;

static int count_push (zl_pipe *p, const zl_msg *frames, unsigned n)
{
    (void) p;
    (void) frames;
    (void) n;
    pushed++;
    return 0;
}

static void count_consumed (zl_pipe *p)
{
    (void) p;
    consumed++;
}

static void count_close (zl_pipe *p)
{
    (void) p;
    closed++;
}

static void look_again (zl_pipe *p)
{
    (void) p;
}

static const zl_pipe_ops ops = {
    .push = count_push,
    .consumed = count_consumed,
    .recheck = look_again,
    .close = count_close,
};

typedef struct {
    zmql_ctx *ctx;
    zl_socket *s;
    zl_pipe *p;
} fixture;

/* A pipe that is attached to a DEALER; its mutex is held from here to tear_down(). */
static fixture set_up (void)
{
    fixture f = {.ctx = new_context ()};
    pushed = consumed = closed = 0;
    f.s = new_socket (f.ctx, ZL_DEALER);
    zl_socket_lock (f.s);
    f.p = zl_pipe_new (f.s, &ops, false);
    CHECK (f.p);
    zl_pipe_attach (f.p);
    CHECK (f.p->attached);
    return f;
}

static void arrive (fixture *f, const char *text)
{
    zl_msg m = text_frame (text);
    CHECK_EQ (zl_frameq_push (&f->p->in, &f->s->pool, &m, 1), 0);
    zl_pipe_arrived (f->p, 1);
}

static void queue_out (fixture *f)
{
    zl_msg m = text_frame ("outbound");
    CHECK_EQ (zl_frameq_push (&f->p->out, &f->s->pool, &m, 1), 0);
}

static void tear_down (fixture *f)
{
    zl_socket_unlock (f->s);
    end_socket (f->s);
    end_context (f->ctx);
}

static void expect (fixture *f, const char *text)
{
    zl_socket_unlock (f->s);
    CHECK_RECV (f->s, text);
    zl_socket_lock (f->s);
}

static bool nothing_to_receive (fixture *f)
{
    return !(zl_socket_events (f->s) & ZL_POLLIN);
}

TEST ("what arrives can be received, and what is sent is pushed while there is room")
{
    fixture f = set_up ();
    arrive (&f, "hello");
    arrive (&f, "again");
    expect (&f, "hello");
    expect (&f, "again");
    CHECK (nothing_to_receive (&f));
    CHECK_EQ (consumed, 2);
    zl_socket_unlock (f.s);
    CHECK_EQ (send_text (f.s, "x"), 0);
    zl_socket_lock (f.s);
    CHECK_EQ (pushed, 1);
    zl_pipe_close (f.p, ZL_DROP_CLOSED, false);
    tear_down (&f);
}

TEST ("a dead pipe is read to its end and then freed")
{
    fixture f = set_up ();
    arrive (&f, "last");
    arrive (&f, "words");
    queue_out (&f);
    zl_pipe_close (f.p, ZL_DROP_CONNECTION_LOST, true);
    zl_pipe_close (f.p, ZL_DROP_CONNECTION_LOST, true);
    CHECK_EQ (closed, 1);
    CHECK_EQ (f.s->stats.dropped[ZL_DROP_CONNECTION_LOST], 1);
    CHECK (!(zl_socket_events (f.s) & ZL_POLLOUT));
    expect (&f, "last");
    expect (&f, "words");
    CHECK (zl_list_empty (&f.s->pipes));
    tear_down (&f);
}

TEST ("a dead pipe without unread messages is gone at once")
{
    fixture f = set_up ();
    zl_pipe_close (f.p, ZL_DROP_CLOSED, true);
    CHECK (zl_list_empty (&f.s->pipes));
    tear_down (&f);
}

TEST ("unread messages are dropped with a pipe that does not keep them")
{
    fixture f = set_up ();
    arrive (&f, "unheard");
    zl_pipe_close (f.p, ZL_DROP_CLOSED, false);
    CHECK (zl_list_empty (&f.s->pipes));
    CHECK_EQ (f.s->stats.dropped[ZL_DROP_CLOSED], 1);
    CHECK (nothing_to_receive (&f));
    tear_down (&f);
}

TEST ("a leaving pipe takes and gives no more messages, room or not")
{
    fixture f = set_up ();
    arrive (&f, "unheard");
    zl_pipe_leave (f.p);
    zl_pipe_leave (f.p);
    CHECK (nothing_to_receive (&f));
    CHECK (!(zl_socket_events (f.s) & ZL_POLLOUT));
    zl_pipe_set_writable (f.p);
    CHECK (!(zl_socket_events (f.s) & ZL_POLLOUT));
    arrive (&f, "too late");
    CHECK (nothing_to_receive (&f));
    zl_pipe_close (f.p, ZL_DROP_CLOSED, true);
    CHECK (zl_list_empty (&f.s->pipes));
    tear_down (&f);
}

TEST ("a full pipe is left out until it has room")
{
    fixture f = set_up ();
    f.p->writable = false;
    zl_lb_remove (f.p);
    CHECK (!(zl_socket_events (f.s) & ZL_POLLOUT));
    zl_pipe_set_writable (f.p);
    CHECK (zl_socket_events (f.s) & ZL_POLLOUT);
    zl_pipe_close (f.p, ZL_DROP_CLOSED, false);
    tear_down (&f);
}

TEST ("an id is copied, replaced and taken away")
{
    fixture f = set_up ();
    uint8_t id[] = "name";
    CHECK_EQ (zl_pipe_set_id (f.p, id, 4), 0);
    id[0] = 'f';
    CHECK_EQ (f.p->id_len, 4);
    CHECK_BYTES (f.p->id, "name", 4);
    CHECK_EQ (zl_pipe_set_id (f.p, id, 2), 0);
    CHECK_BYTES (f.p->id, "fa", 2);
    CHECK_EQ (zl_pipe_set_id (f.p, NULL, 0), 0);
    CHECK (!f.p->id);
    zl_pipe_close (f.p, ZL_DROP_CLOSED, false);
    tear_down (&f);
}

TEST ("the low-water mark is half of the high one, rounded up")
{
    CHECK_EQ (zl_low_water (1), 1);
    CHECK_EQ (zl_low_water (2), 1);
    CHECK_EQ (zl_low_water (3), 2);
    CHECK_EQ (zl_low_water (1000), 500);
    CHECK_EQ (zl_low_water (2147483647), 1073741824);
}

/* ---- with CONFLATE, between two sockets ---- */

enum { NEWS = 5000 };

static void *telling (void *push)
{
    for (unsigned i = 1; i <= NEWS; i++) {
        zl_blob *b = counted_blob (i % 100 ? 8 : 20000);
        memset (zl_blob_bytes (b), 0, b->size);
        memcpy (zl_blob_bytes (b), &i, sizeof i);
        const zl_msg frames[] = {text_frame ("thrown away"), {b->data, b->size, b}};
        unsigned first = i % 2; /* of two frames the last stays */
        CHECK_EQ (send_frames (push, frames + first, 2 - first), 0);
        zl_blob_drop (b);
    }
    return NULL;
}

TEST ("with CONFLATE a reader sees newer and newer single frames, and the last of all")
{
    for (unsigned t = 0; t < TRANSPORTS; t++)
        for (unsigned k = 0; k < 3; k++) {
            zmql_ctx *ctx = new_context ();
            zmql_socket *pull = new_socket (ctx, ZL_PULL), *push = new_socket (ctx, ZL_PUSH);
            if (k != 1 && t < 2)
                set_int (pull, CONFLATE, 1);
            if (k != 2 || t == 2) /* over inproc the connecting side decides for both */
                set_int (push, CONFLATE, 1);
            address a = bind_to (pull, any_endpoint[t]);
            CHECK_EQ (zmql_connect (push, a.text), 0);
            pthread_t teller = start (telling, push);
            inbox in = new_inbox ();
            for (unsigned newest = 0; newest < NEWS;) {
                unsigned number;
                CHECK_EQ (recv_message (pull, &in), 0);
                CHECK_EQ (in.count, 1);
                memcpy (&number, frame_text (&in, 0), sizeof number);
                CHECK (number > newest);
                newest = number;
            }
            CHECK_EQ (recv_now (pull, &in), -EAGAIN);
            join (teller);
            end_inbox (&in);
            end_socket (push);
            end_socket (pull);
            end_context (ctx);
            CHECK_EQ (atomic_load (&blocks_alive), 0);
        }
}

TEST ("with CONFLATE there is always room, and an unread message is replaced until it is read")
{
    for (unsigned t = 0; t < TRANSPORTS; t++) {
        zmql_ctx *ctx = new_context ();
        zmql_socket *pull = new_socket (ctx, ZL_PULL), *push = new_socket (ctx, ZL_PUSH);
        set_int (pull, CONFLATE, 1);
        set_int (push, CONFLATE, 1);
        set_int (pull, RCVHWM, 1);
        set_int (push, SNDHWM, 1);
        address a = bind_to (pull, any_endpoint[t]);
        CHECK_EQ (zmql_connect (push, a.text), 0);
        char text[16];
        for (unsigned i = 0; i < 100; i++) {
            snprintf (text, sizeof text, "%u", i);
            zl_msg m = text_frame (text);
            int rc = zmql_send (push, &m, 1, 0);
            CHECK (rc >= 0);
            if (rc)
                zmql_flush_now (push);
        }
        inbox in = new_inbox ();
        do
            CHECK_EQ (recv_message (pull, &in), 0);
        while (strcmp (frame_text (&in, 0), "99") != 0);
        CHECK_EQ (recv_now (pull, &in), -EAGAIN);
        end_inbox (&in);
        end_socket (push);
        end_socket (pull);
        end_context (ctx);
    }
}
