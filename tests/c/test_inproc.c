/* core/inproc.[ch]: names, joining in either order, parting from either side. */
#include <sched.h>

#include "sockets.h"

static const address here = {"inproc://here"};

TEST ("a name belongs to one socket at a time")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *a = new_socket (ctx, ZL_PULL), *b = new_socket (ctx, ZL_PULL);
    CHECK_EQ (zmql_bind (a, here.text), 0);
    CHECK_EQ (zmql_bind (b, here.text), -EADDRINUSE);
    CHECK_EQ (zmql_unbind (b, here.text), -ENOENT);
    CHECK_EQ (zmql_unbind (a, here.text), 0);
    CHECK_EQ (zmql_unbind (a, here.text), -ENOENT);
    CHECK_EQ (zmql_bind (b, here.text), 0);
    end_socket (b);
    CHECK_EQ (zmql_bind (a, here.text), 0);
    end_socket (a);
    end_context (ctx);
}

TEST ("a name needs letters")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *a = new_socket (ctx, ZL_PULL);
    CHECK (zmql_bind (a, "inproc://") < 0);
    CHECK (zmql_connect (a, "inproc://") < 0);
    end_socket (a);
    end_context (ctx);
}

TEST ("names of different contexts do not meet")
{
    zmql_ctx *one = new_context (), *two = new_context ();
    zmql_socket *a = new_socket (one, ZL_PULL), *b = new_socket (two, ZL_PULL);
    CHECK_EQ (zmql_bind (a, here.text), 0);
    CHECK_EQ (zmql_bind (b, here.text), 0);
    end_socket (a);
    end_socket (b);
    end_context (one);
    end_context (two);
}

TEST ("messages that were sent before the name was bound arrive in order")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *push = new_connected (ctx, ZL_PUSH, &here), *pull = new_socket (ctx, ZL_PULL);
    CHECK_EQ (send_text (push, "first"), 0);
    CHECK_EQ (send_text (push, "second"), 0);
    CHECK_EQ (zmql_bind (pull, here.text), 0);
    CHECK_EQ (send_text (push, "third"), 0);
    CHECK_RECV (pull, "first");
    CHECK_RECV (pull, "second");
    CHECK_RECV (pull, "third");
    end_socket (push);
    end_socket (pull);
    end_context (ctx);
}

TEST ("what was sent before the sender closed is still received")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *pull = new_socket (ctx, ZL_PULL);
    CHECK_EQ (zmql_bind (pull, here.text), 0);
    zmql_socket *push = new_connected (ctx, ZL_PUSH, &here);
    CHECK_EQ (send_text (push, "first"), 0);
    CHECK_EQ (send_text (push, "second"), 0);
    end_socket (push);
    CHECK_RECV (pull, "first");
    CHECK_RECV (pull, "second");
    end_socket (pull);
    end_context (ctx);
}

TEST ("a sender that waits for a closed reader is not written to, and writes to the next")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *push = new_socket (ctx, ZL_PUSH);
    CHECK_EQ (zmql_bind (push, here.text), 0);
    zmql_socket *first = new_connected (ctx, ZL_PULL, &here);
    CHECK_EQ (zmql_wait (push, ZMQL_POLLOUT, patience ()), ZMQL_POLLOUT);
    end_socket (first);
    CHECK_EQ (zmql_wait (push, ZMQL_POLLOUT, 0), 0);
    zmql_socket *second = new_connected (ctx, ZL_PULL, &here);
    CHECK_EQ (send_text (push, "hello"), 0);
    CHECK_RECV (second, "hello");
    end_socket (second);
    end_socket (push);
    end_context (ctx);
}

TEST ("a socket that connected and closed before the bind is nobody's peer")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *gone = new_connected (ctx, ZL_PULL, &here), *push = new_socket (ctx, ZL_PUSH);
    end_socket (gone);
    CHECK_EQ (zmql_bind (push, here.text), 0);
    CHECK_EQ (zmql_wait (push, ZMQL_POLLOUT, 0), 0);
    end_socket (push);
    end_context (ctx);
}

TEST ("what a socket sent that connected and closed before the bind arrives all the same")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *push = new_connected (ctx, ZL_PUSH, &here), *pull = new_socket (ctx, ZL_PULL);
    CHECK_EQ (send_text (push, "a last word"), 0);
    end_socket (push);
    CHECK_EQ (zmql_bind (pull, here.text), 0);
    CHECK_RECV (pull, "a last word");
    end_socket (pull);
    end_context (ctx);
}

TEST ("a socket that connected and disconnected before the bind is nobody's peer")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *pull = new_connected (ctx, ZL_PULL, &here), *push = new_socket (ctx, ZL_PUSH);
    CHECK_EQ (zmql_unbind (pull, here.text), 0);
    CHECK_EQ (zmql_bind (push, here.text), 0);
    CHECK_EQ (zmql_wait (push, ZMQL_POLLOUT, 0), 0);
    end_socket (pull);
    end_socket (push);
    end_context (ctx);
}

TEST ("the high-water marks of both sides add up")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *pull = new_socket (ctx, ZL_PULL), *push = new_socket (ctx, ZL_PUSH);
    zl_msg m = text_frame ("x");
    unsigned sent = 0;
    set_int (pull, RCVHWM, 3);
    set_int (push, SNDHWM, 4);
    CHECK_EQ (zmql_bind (pull, here.text), 0);
    CHECK_EQ (zmql_connect (push, here.text), 0);
    while (zmql_send (push, &m, 1, 0) >= 0)
        sent++;
    CHECK_EQ (sent, 7);
    for (unsigned i = 0; i < sent; i++)
        CHECK_RECV (pull, "x");
    CHECK_EQ (zmql_wait (push, ZMQL_POLLOUT, patience ()), ZMQL_POLLOUT);
    end_socket (push);
    end_socket (pull);
    end_context (ctx);
}

TEST ("routing ids travel with the connection")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *router = new_socket (ctx, ZL_ROUTER), *dealer = new_socket (ctx, ZL_DEALER);
    CHECK_EQ (zmql_set (dealer, ROUTING_ID, "dealer", 6), 0);
    CHECK_EQ (zmql_bind (router, here.text), 0);
    CHECK_EQ (zmql_connect (dealer, here.text), 0);
    CHECK_EQ (send_text (dealer, "hello"), 0);
    inbox in = new_inbox ();
    CHECK_EQ (recv_message (router, &in), 0);
    CHECK_EQ (in.count, 2);
    CHECK_TEXT (frame_text (&in, 0), "dealer");
    CHECK_TEXT (frame_text (&in, 1), "hello");
    end_inbox (&in);
    end_socket (router);
    end_socket (dealer);
    end_context (ctx);
}

static atomic_int begun;

static void *binding (void *arg)
{
    atomic_fetch_add (&begun, 1);
    int rc = zmql_bind (arg, here.text);
    CHECK (rc == 0 || rc == -ENOTSOCK);
    return NULL;
}

TEST ("a socket that is closed while it binds leaves its name to others")
{
    zmql_ctx *ctx = new_context ();
    for (unsigned i = 0; i < 1000; i++) {
        zmql_socket *s = new_socket (ctx, ZL_PAIR), *next = new_socket (ctx, ZL_PAIR);
        int before = atomic_load (&begun);
        pthread_t t = start (binding, s);
        while (atomic_load (&begun) == before) /* so that the two are about as fast */
            sched_yield ();
        CHECK_EQ (zmql_close (s, 0, false), 0);
        join (t);
        CHECK_EQ (zmql_bind (next, here.text), 0);
        zmql_socket_free (s);
        end_socket (next);
    }
    end_context (ctx);
}
