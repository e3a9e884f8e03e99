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

static const zl_pipe_ops ops = {
    .push = count_push,
    .consumed = count_consumed,
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
