/* core/ctx.[ch]: contexts, their options and their end. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sockets.h"

TEST ("a context that was never used ends at once, also twice")
{
    zmql_ctx *ctx = new_context ();
    CHECK_EQ (zmql_ctx_term (ctx), 0);
    CHECK_EQ (zmql_ctx_term (ctx), 0);
    zmql_ctx_free (ctx);
    zmql_ctx_free (new_context ());
}

TEST ("options are kept, and bad ones refused")
{
    zmql_ctx *ctx = new_context ();
    int value;
    CHECK_EQ (zmql_ctx_set (ctx, CTX_IO_THREADS, 3), 0);
    CHECK_EQ (zmql_ctx_get (ctx, CTX_IO_THREADS, &value), 0);
    CHECK_EQ (value, 3);
    CHECK_EQ (zmql_ctx_get (ctx, CTX_MAX_SOCKETS, &value), 0);
    CHECK_EQ (value, 1023);
    CHECK_EQ (zmql_ctx_set (ctx, CTX_IO_THREADS, -1), -EINVAL);
    CHECK_EQ (zmql_ctx_set (ctx, CTX_MAX_SOCKETS, 0), -EINVAL);
    CHECK_EQ (zmql_ctx_set (ctx, 999, 1), -EINVAL);
    CHECK_EQ (zmql_ctx_get (ctx, 999, &value), -EINVAL);
    end_context (ctx);
}

TEST ("there are no more sockets than allowed, and closed ones make room")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *s, *more;
    CHECK_EQ (zmql_ctx_set (ctx, CTX_MAX_SOCKETS, 1), 0);
    s = new_socket (ctx, ZL_PAIR);
    CHECK_EQ (zmql_socket_new (ctx, ZL_PAIR, &more), -EMFILE);
    end_socket (s);
    int rc;
    while ((rc = zmql_socket_new (ctx, ZL_PAIR, &more)) == -EMFILE)
        ; /* until it has closed */
    CHECK_EQ (rc, 0);
    end_socket (more);
    end_context (ctx);
}

TEST ("several threads of the core share the sockets")
{
    zmql_ctx *ctx = new_context ();
    CHECK_EQ (zmql_ctx_set (ctx, CTX_IO_THREADS, 3), 0);
    for (unsigned i = 0; i < 6; i++) {
        address a;
        zmql_socket *pull = new_bound (ctx, ZL_PULL, any_endpoint[i % TRANSPORTS], &a);
        zmql_socket *push = new_connected (ctx, ZL_PUSH, &a);
        CHECK_EQ (send_text (push, "hello"), 0);
        CHECK_RECV (pull, "hello");
        end_socket (push);
        end_socket (pull);
    }
    end_context (ctx);
}

TEST ("without a thread for the network only inproc is there")
{
    zmql_ctx *ctx = new_context ();
    CHECK_EQ (zmql_ctx_set (ctx, CTX_IO_THREADS, 0), 0);
    zmql_socket *a = new_socket (ctx, ZL_PAIR), *b = new_socket (ctx, ZL_PAIR);
    CHECK_EQ (zmql_bind (a, "tcp://127.0.0.1:*"), -ZL_EMTHREAD);
    CHECK_EQ (zmql_connect (a, "tcp://127.0.0.1:5555"), -ZL_EMTHREAD);
    CHECK_EQ (zmql_bind (a, "inproc://a"), 0);
    CHECK_EQ (zmql_connect (b, "inproc://a"), 0);
    CHECK_EQ (send_text (b, "hello"), 0);
    CHECK_RECV (a, "hello");
    end_socket (a);
    end_socket (b);
    end_context (ctx);
}

TEST ("after a shutdown every call says so, but for close")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *s = new_socket (ctx, ZL_DEALER), *more;
    zmql_ctx_shutdown (ctx);
    zl_msg m = text_frame ("x");
    inbox in = new_inbox ();
    int64_t value = 0;
    size_t size = sizeof value;
    CHECK_EQ (zmql_send (s, &m, 1, 0), -ZL_ETERM);
    CHECK_EQ (recv_now (s, &in), -ZL_ETERM);
    CHECK_EQ (zmql_wait (s, ZMQL_POLLIN, ZL_NEVER), -ZL_ETERM);
    CHECK_EQ (zmql_flush (s, ZL_NEVER), -ZL_ETERM);
    CHECK_EQ (zmql_bind (s, "inproc://a"), -ZL_ETERM);
    CHECK_EQ (zmql_bind (s, "tcp://127.0.0.1:*"), -ZL_ETERM);
    CHECK_EQ (zmql_connect (s, "inproc://a"), -ZL_ETERM);
    CHECK_EQ (zmql_connect (s, "tcp://127.0.0.1:5555"), -ZL_ETERM);
    CHECK_EQ (zmql_set (s, LINGER, &value, size), -ZL_ETERM);
    CHECK_EQ (zmql_get (s, LINGER, &value, &size), -ZL_ETERM);
    CHECK_EQ (zmql_socket_new (ctx, ZL_PAIR, &more), -ZL_ETERM);
    end_inbox (&in);
    end_socket (s);
    end_context (ctx);
}

static void *closing_later (void *arg)
{
    usleep (20000); /* so that term() is likely to wait; right in either case */
    end_socket (arg);
    return NULL;
}

TEST ("the end of a context waits for the last socket")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *s = new_socket (ctx, ZL_PAIR);
    pthread_t t = start (closing_later, s);
    CHECK_EQ (zmql_ctx_term (ctx), 0);
    join (t);
    zmql_ctx_free (ctx);
}

TEST ("the end of a context waits for lingering messages no longer than they may linger")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *push = new_socket (ctx, ZL_PUSH);
    CHECK_EQ (zmql_connect (push, "tcp://127.0.0.1:1"), 0); /* nobody is there */
    CHECK_EQ (send_text (push, "never heard"), 0);
    zl_time before = zl_now ();
    CHECK_EQ (zmql_close (push, 30, true), 0);
    zmql_socket_free (push);
    end_context (ctx);
    CHECK (zl_now () - before >= 30 * ZL_MS);
}

static void ignore (int number)
{
    (void) number;
}

typedef struct {
    pthread_t whom;
    atomic_bool stop;
} nuisance;

/* Interrupts a thread again and again, as long as it takes until it is in its wait. */
static void *interrupting (void *arg)
{
    nuisance *n = arg;
    while (!atomic_load (&n->stop)) {
        pthread_kill (n->whom, SIGUSR1);
        usleep (1000);
    }
    return NULL;
}

TEST ("a signal interrupts the end of a context and every wait, which can be called again")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *s = new_socket (ctx, ZL_PULL);
    nuisance n = {.whom = pthread_self ()};
    struct sigaction act = {.sa_handler = ignore};
    sigaction (SIGUSR1, &act, NULL);
    pthread_t t = start (interrupting, &n);
    CHECK_EQ (zmql_wait (s, ZMQL_POLLIN, ZL_NEVER), -EINTR);
    CHECK_EQ (zmql_ctx_term (ctx), -EINTR);
    atomic_store (&n.stop, true);
    join (t);
    end_socket (s);
    CHECK_EQ (zmql_ctx_term (ctx), 0);
    zmql_ctx_free (ctx);
}

TEST ("a child knows that its context is its parent's")
{
    zmql_ctx *ctx = new_context ();
    CHECK (!zmql_ctx_inherited (ctx));
    pid_t child = fork ();
    CHECK (child >= 0);
    if (child == 0)
        _exit (zmql_ctx_inherited (ctx) ? 7 : 8);
    int status;
    CHECK (waitpid (child, &status, 0) == child);
    CHECK (WIFEXITED (status));
    CHECK_EQ (WEXITSTATUS (status), 7);
    CHECK (!zmql_ctx_inherited (ctx));
    end_context (ctx);
}
