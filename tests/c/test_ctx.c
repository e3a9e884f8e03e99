/* core/ctx.[ch]: contexts, their options and their end. */
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/ctx.h"
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

/* ---- options ---- */

static int get_option (zmql_ctx *ctx, int option)
{
    int value;
    CHECK_EQ (zmql_ctx_get (ctx, option, &value), 0);
    return value;
}

TEST ("every option has its default and its range")
{
    static const struct {
        int option, dflt, min, max;
    } rows[] = {
        {CTX_IO_THREADS, 1, 0, INT_MAX},          {CTX_MAX_SOCKETS, 1023, 1, INT_MAX},
        {CTX_MAX_MSGSZ, INT_MAX, 0, INT_MAX},     {CTX_NAME_PREFIX, 0, INT_MIN, INT_MAX},
        {CTX_THREAD_SCHED_POLICY, -1, 0, INT_MAX},
    };
    zmql_ctx *ctx = new_context ();
    for (unsigned i = 0; i < ZL_LEN (rows); i++) {
        int option = rows[i].option;
        CHECK_EQ (get_option (ctx, option), rows[i].dflt);
        CHECK_EQ (zmql_ctx_set (ctx, option, rows[i].max), 0);
        CHECK_EQ (get_option (ctx, option), rows[i].max);
        CHECK_EQ (zmql_ctx_set (ctx, option, rows[i].min), 0);
        CHECK_EQ (get_option (ctx, option), rows[i].min);
        if (rows[i].min > INT_MIN)
            CHECK_EQ (zmql_ctx_set (ctx, option, rows[i].min - 1), -EINVAL);
        CHECK_EQ (get_option (ctx, option), rows[i].min);
    }
    end_context (ctx);
}

TEST ("what can only be read cannot be set, and the other way round")
{
    int value;
    zmql_ctx *ctx = new_context ();
    CHECK_EQ (get_option (ctx, CTX_MSG_T_SIZE), 64);
    CHECK_EQ (zmql_ctx_set (ctx, CTX_MSG_T_SIZE, 64), -EINVAL);
    CHECK_EQ (zmql_ctx_get (ctx, CTX_ADD_CPU, &value), -EINVAL);
    CHECK_EQ (zmql_ctx_get (ctx, CTX_REMOVE_CPU, &value), -EINVAL);
    CHECK_EQ (zmql_ctx_set (ctx, CTX_THREAD_PRIORITY, 5), 0);
    CHECK_EQ (zmql_ctx_set (ctx, CTX_THREAD_PRIORITY, -1), -EINVAL);
    CHECK_EQ (get_option (ctx, CTX_SOCKET_LIMIT), 65535); /* the same number, another thing */
    end_context (ctx);
}

TEST ("switches are on or off, whatever number turned them on")
{
    static const int switches[] = {CTX_IPV6, CTX_BLOCKY};
    zmql_ctx *ctx = new_context ();
    for (unsigned i = 0; i < ZL_LEN (switches); i++) {
        CHECK_EQ (zmql_ctx_set (ctx, switches[i], 77), 0);
        CHECK_EQ (get_option (ctx, switches[i]), 1);
        CHECK_EQ (zmql_ctx_set (ctx, switches[i], 0), 0);
        CHECK_EQ (get_option (ctx, switches[i]), 0);
        CHECK_EQ (zmql_ctx_set (ctx, switches[i], -1), -EINVAL);
    }
    end_context (ctx);
}

TEST ("processors come and go, and only those that came can go")
{
    zmql_ctx *ctx = new_context ();
    CHECK_EQ (zmql_ctx_set (ctx, CTX_REMOVE_CPU, 3), -EINVAL);
    CHECK_EQ (zmql_ctx_set (ctx, CTX_ADD_CPU, 3), 0);
    CHECK_EQ (zmql_ctx_set (ctx, CTX_ADD_CPU, 3), 0);
    CHECK_EQ (zmql_ctx_set (ctx, CTX_REMOVE_CPU, 3), 0);
    CHECK_EQ (zmql_ctx_set (ctx, CTX_REMOVE_CPU, 3), -EINVAL);
    CHECK_EQ (zmql_ctx_set (ctx, CTX_ADD_CPU, ZL_CPUS_MAX - 1), 0);
    CHECK_EQ (zmql_ctx_set (ctx, CTX_ADD_CPU, ZL_CPUS_MAX), -EINVAL);
    CHECK_EQ (zmql_ctx_set (ctx, CTX_ADD_CPU, -1), -EINVAL);
    CHECK_EQ (zmql_ctx_set (ctx, CTX_REMOVE_CPU, ZL_CPUS_MAX), -EINVAL);
    end_context (ctx);
}

TEST ("a frame is sent up to the size allowed, and no larger one")
{
    zmql_ctx *ctx = new_context ();
    address a;
    CHECK_EQ (zmql_ctx_set (ctx, CTX_MAX_MSGSZ, 5), 0);
    zmql_socket *pull = new_bound (ctx, ZL_PULL, "inproc://a", &a);
    zmql_socket *push = new_connected (ctx, ZL_PUSH, &a);
    CHECK_EQ (send_text (push, "five."), 0);
    CHECK_EQ (send_text (push, "six..."), -EMSGSIZE);
    CHECK_RECV (pull, "five.");
    end_socket (push);
    end_socket (pull);
    end_context (ctx);
}

#if defined(__linux__)
TEST ("the threads of a context run as its options say")
{
    zmql_ctx *ctx = new_context ();
    char name[32];
    cpu_set_t all, own;
    CHECK_EQ (pthread_getaffinity_np (pthread_self (), sizeof all, &all), 0);
    int first = 0;
    while (!CPU_ISSET (first, &all))
        first++;
    CHECK_EQ (zmql_ctx_set (ctx, CTX_IO_THREADS, 2), 0);
    CHECK_EQ (zmql_ctx_set (ctx, CTX_NAME_PREFIX, 7), 0);
    CHECK_EQ (zmql_ctx_set (ctx, CTX_ADD_CPU, first), 0);
    zmql_socket *s = new_socket (ctx, ZL_PAIR);
    for (unsigned i = 0; i < 2; i++) {
        CHECK_EQ (pthread_getname_np (ctx->loops[i].thread, name, sizeof name), 0);
        CHECK_TEXT (name, i ? "7/zmqlite/io/1" : "7/zmqlite/io/0");
        CHECK_EQ (pthread_getaffinity_np (ctx->loops[i].thread, sizeof own, &own), 0);
        CHECK_EQ (CPU_COUNT (&own), 1);
        CHECK (CPU_ISSET (first, &own));
    }
    end_socket (s);
    end_context (ctx);
}
#endif

#if defined(__linux__)
/* Somebody who may not ask for a policy that would starve others. */
static void give_privileges_up (void)
{
    const struct rlimit none = {0, 0};
    CHECK_EQ (setrlimit (RLIMIT_RTPRIO, &none), 0);
    if (geteuid () == 0)
        CHECK_EQ (setuid (65534), 0);
}

static void ask_for_too_much (void)
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *s;
    give_privileges_up ();
    CHECK_EQ (zmql_ctx_set (ctx, CTX_IO_THREADS, 3), 0);
    CHECK_EQ (zmql_ctx_set (ctx, CTX_THREAD_SCHED_POLICY, SCHED_FIFO), 0);
    CHECK_EQ (zmql_socket_new (ctx, ZL_PAIR, &s), -EPERM);
    CHECK_EQ (zmql_ctx_set (ctx, CTX_THREAD_SCHED_POLICY, SCHED_OTHER), 0);
    end_socket (new_socket (ctx, ZL_PAIR));
    end_context (ctx);
}

TEST ("threads that may not run as asked for are no threads, but others can be asked for")
{
    pid_t child = fork ();
    CHECK (child >= 0);
    if (child == 0) {
        ask_for_too_much ();
        _exit (0);
    }
    int status;
    CHECK (waitpid (child, &status, 0) == child);
    CHECK (WIFEXITED (status) && WEXITSTATUS (status) == 0);
}
#endif

/* ---- which reactor serves a socket ---- */

/* Waits until it is the one with that index. */
static void await_reactor (zmql_socket *s, unsigned index)
{
    for (zl_time end = patience ();; sched_yield ()) {
        zl_socket_lock (s);
        unsigned now = s->client.loop->index;
        zl_socket_unlock (s);
        if (now == index)
            return;
        CHECK (zl_now () < end);
    }
}

static void check_talk (zmql_socket *push, zmql_socket *pull)
{
    for (unsigned i = 0; i < 3; i++) {
        CHECK_EQ (send_text (push, "hello"), 0);
        CHECK_RECV (pull, "hello");
    }
}

TEST ("AFFINITY puts a socket on one of its reactors at the first bind or connect, once")
{
    for (uint64_t mask = 1; mask < 4; mask++) {
        zmql_ctx *ctx = new_context ();
        CHECK_EQ (zmql_ctx_set (ctx, CTX_IO_THREADS, 2), 0);
        for (unsigned t = 0; t < 2; t++) {
            address a;
            zmql_socket *pull = new_socket (ctx, ZL_PULL), *push = new_socket (ctx, ZL_PUSH);
            unsigned before[] = {pull->client.loop->index, push->client.loop->index};
            set_int (pull, AFFINITY, (int64_t) mask);
            set_int (push, AFFINITY, (int64_t) mask);
            a = bind_to (pull, any_endpoint[t]);
            CHECK_EQ (zmql_connect (push, a.text), 0);
            check_talk (push, pull);
            await_reactor (pull, mask == 3 ? before[0] : (unsigned) mask - 1);
            await_reactor (push, mask == 3 ? before[1] : (unsigned) mask - 1);
            check_talk (push, pull);
            set_int (pull, AFFINITY, (int64_t) (mask ^ 3));
            if (mask != 3)
                bind_to (pull, any_endpoint[t]);
            check_talk (push, pull);
            await_reactor (pull, mask == 3 ? before[0] : (unsigned) mask - 1);
            end_socket (pull);
            end_socket (push);
        }
        end_context (ctx);
    }
}

TEST ("AFFINITY to reactors that there are not is an error, but not for inproc")
{
    zmql_ctx *ctx = new_context ();
    CHECK_EQ (zmql_ctx_set (ctx, CTX_IO_THREADS, 2), 0);
    zmql_socket *s = new_socket (ctx, ZL_PAIR);
    set_int (s, AFFINITY, INT64_MIN | 4);
    CHECK_EQ (zmql_bind (s, any_endpoint[0]), -ZL_EMTHREAD);
    CHECK_EQ (zmql_connect (s, "tcp://127.0.0.1:5555"), -ZL_EMTHREAD);
    CHECK_EQ (zmql_bind (s, "inproc://a"), 0);
    set_int (s, AFFINITY, 2);
    CHECK_EQ (zmql_bind (s, any_endpoint[0]), 0);
    await_reactor (s, 1);
    end_socket (s);
    end_context (ctx);
}

TEST ("a socket may be closed while it is on its way to another reactor")
{
    zmql_ctx *ctx = new_context ();
    CHECK_EQ (zmql_ctx_set (ctx, CTX_IO_THREADS, 3), 0);
    address a;
    zmql_socket *pull = new_bound (ctx, ZL_PULL, any_endpoint[0], &a);
    for (unsigned i = 0; i < 300; i++) {
        zmql_socket *push = new_socket (ctx, ZL_PUSH);
        set_int (push, AFFINITY, 1 << i % 3);
        set_int (push, LINGER, -1);
        CHECK_EQ (zmql_connect (push, a.text), 0);
        CHECK_EQ (send_text (push, "last words"), 0);
        CHECK_EQ (zmql_close (push, 0, false), 0);
        zmql_socket_free (push);
    }
    for (unsigned i = 0; i < 300; i++)
        CHECK_RECV (pull, "last words");
    end_socket (pull);
    end_context (ctx);
}
