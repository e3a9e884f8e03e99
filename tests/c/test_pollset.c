/* core/pollset.[ch]: waiting for sockets and descriptors together. */
#include <sys/socket.h>
#include <unistd.h>

#include "sockets.h"

enum { COUPLES = TRANSPORTS };

static int plain; /* the tag of the plain descriptor */

typedef struct {
    zmql_ctx *ctx;
    zmql_pollset *set;
    zmql_socket *pull[COUPLES], *push[COUPLES];
    int near, far; /* plain descriptors */
} fixture;

static fixture set_up (void)
{
    fixture f = {.ctx = new_context ()};
    int ends[2];
    CHECK_EQ (zmql_pollset_new (&f.set), 0);
    CHECK_EQ (socketpair (AF_UNIX, SOCK_STREAM, 0, ends), 0);
    f.near = ends[0];
    f.far = ends[1];
    for (unsigned i = 0; i < COUPLES; i++) {
        address a;
        f.pull[i] = new_bound (f.ctx, ZL_PULL, any_endpoint[i], &a);
        f.push[i] = new_connected (f.ctx, ZL_PUSH, &a);
        CHECK_EQ (zmql_pollset_add (f.set, f.pull[i], -1, ZMQL_POLLIN, f.pull[i]), 0);
    }
    CHECK_EQ (zmql_pollset_add (f.set, NULL, f.near, ZMQL_POLLIN, &plain), 0);
    return f;
}

static void tear_down (fixture *f)
{
    zmql_pollset_free (f->set);
    for (unsigned i = 0; i < COUPLES; i++) {
        end_socket (f->push[i]);
        end_socket (f->pull[i]);
    }
    close (f->near);
    close (f->far);
    end_context (f->ctx);
}

/* What is ready now; NULL for nothing. */
static void *ready_now (fixture *f)
{
    zmql_ready ready[8];
    int n = zmql_pollset_wait (f->set, ready, 8, 0);
    CHECK (n == 0 || n == 1);
    return n ? ready[0].tag : NULL;
}

static void *ready_soon (fixture *f)
{
    zmql_ready ready;
    CHECK_EQ (zmql_pollset_wait (f->set, &ready, 1, patience ()), 1);
    CHECK_EQ (ready.events, ZMQL_POLLIN);
    return ready.tag;
}

TEST ("an empty set waits until its deadline")
{
    zmql_pollset *set;
    zmql_ready ready;
    CHECK_EQ (zmql_pollset_new (&set), 0);
    zl_time deadline = zl_deadline (5);
    CHECK_EQ (zmql_pollset_wait (set, &ready, 1, deadline), 0);
    CHECK (zl_now () >= deadline);
    zmql_pollset_free (set);
}

TEST ("what has a message is ready until it was received")
{
    fixture f = set_up ();
    CHECK (!ready_now (&f));
    for (unsigned i = 0; i < 50 * COUPLES; i++) {
        zmql_socket *pull = f.pull[i % COUPLES];
        CHECK_EQ (send_text (f.push[i % COUPLES], "x"), 0);
        CHECK (ready_soon (&f) == pull);
        CHECK (ready_now (&f) == pull);
        CHECK_RECV (pull, "x");
        CHECK (!ready_now (&f));
    }
    CHECK_EQ (write (f.far, "x", 1), 1);
    CHECK (ready_soon (&f) == &plain);
    char c;
    CHECK_EQ (read (f.near, &c, 1), 1);
    CHECK (!ready_now (&f));
    tear_down (&f);
}

TEST ("all that are ready are told at once, no more than there is room for")
{
    fixture f = set_up ();
    zmql_ready ready[8];
    for (unsigned i = 0; i < COUPLES; i++) {
        CHECK_EQ (send_text (f.push[i], "x"), 0);
        CHECK_EQ (zmql_wait (f.pull[i], ZMQL_POLLIN, patience ()), ZMQL_POLLIN);
    }
    CHECK_EQ (write (f.far, "x", 1), 1);
    CHECK_EQ (zmql_pollset_wait (f.set, ready, 8, patience ()), COUPLES + 1);
    CHECK_EQ (zmql_pollset_wait (f.set, ready, 2, patience ()), 2);
    tear_down (&f);
}

TEST ("events can be changed and entries removed")
{
    fixture f = set_up ();
    zmql_ready ready[8];
    CHECK_EQ (zmql_pollset_add (f.set, f.push[0], -1, ZMQL_POLLIN, f.push[0]), 0);
    CHECK_EQ (zmql_wait (f.push[0], ZMQL_POLLOUT, patience ()), ZMQL_POLLOUT);
    CHECK (!ready_now (&f));
    CHECK_EQ (zmql_pollset_add (f.set, f.push[0], -1, ZMQL_POLLOUT, f.push), 0);
    CHECK_EQ (zmql_pollset_wait (f.set, ready, 8, patience ()), 1);
    CHECK (ready[0].tag == f.push);
    CHECK_EQ (ready[0].events, ZMQL_POLLOUT);
    zmql_pollset_remove (f.set, f.push[0], -1);
    zmql_pollset_remove (f.set, f.push[0], -1);
    CHECK (!ready_now (&f));
    CHECK_EQ (zmql_pollset_add (f.set, NULL, f.near, ZMQL_POLLIN | ZMQL_POLLOUT, &plain), 0);
    CHECK_EQ (zmql_pollset_wait (f.set, ready, 8, 0), 1);
    CHECK_EQ (ready[0].events, ZMQL_POLLOUT);
    zmql_pollset_remove (f.set, NULL, f.near);
    CHECK (!ready_now (&f));
    tear_down (&f);
}

TEST ("a regular file is always ready, and a bad descriptor refused")
{
    fixture f = set_up ();
    FILE *file = tmpfile ();
    CHECK (file);
    CHECK_EQ (zmql_pollset_add (f.set, NULL, fileno (file), ZMQL_POLLIN, file), 0);
    CHECK (ready_now (&f) == file);
    CHECK (ready_now (&f) == file);
    zmql_pollset_remove (f.set, NULL, fileno (file));
    CHECK (!ready_now (&f));
    CHECK_EQ (zmql_pollset_add (f.set, NULL, 9999, ZMQL_POLLIN, NULL), -EBADF);
    fclose (file);
    tear_down (&f);
}

static void *sending_soon (void *arg)
{
    usleep (2000); /* so that the other is likely to sleep; right in either case */
    CHECK_EQ (send_text (arg, "x"), 0);
    return NULL;
}

static void *closing_soon (void *arg)
{
    usleep (2000);
    CHECK_EQ (zmql_close (arg, 0, false), 0);
    return NULL;
}

TEST ("a wait without an end is ended by a message from another thread")
{
    fixture f = set_up ();
    zmql_ready ready;
    for (unsigned i = 0; i < 5 * COUPLES; i++) {
        pthread_t t = start (sending_soon, f.push[i % COUPLES]);
        CHECK_EQ (zmql_pollset_wait (f.set, &ready, 1, ZL_NEVER), 1);
        CHECK (ready.tag == f.pull[i % COUPLES]);
        join (t);
        CHECK_RECV (f.pull[i % COUPLES], "x");
    }
    tear_down (&f);
}

TEST ("a wait without an end is ended by the close of a socket")
{
    for (unsigned i = 0; i < 50; i++) {
        fixture f = set_up ();
        zmql_ready ready;
        pthread_t t = start (closing_soon, f.pull[i % COUPLES]);
        CHECK_EQ (zmql_pollset_wait (f.set, &ready, 1, ZL_NEVER), -ENOTSOCK);
        join (t);
        CHECK_EQ (zmql_pollset_wait (f.set, &ready, 1, ZL_NEVER), -ENOTSOCK);
        zmql_pollset_remove (f.set, f.pull[i % COUPLES], -1);
        zmql_socket_free (f.pull[i % COUPLES]);
        f.pull[i % COUPLES] = new_socket (f.ctx, ZL_PULL);
        CHECK (!ready_now (&f));
        tear_down (&f);
    }
}

/* ---- what another's look has found ---- */

/* Looks at the sockets in turn until told to stop, so that it finds what has come before the
 * sets do. */
typedef struct {
    zmql_socket **socks;
    unsigned count;
    atomic_bool stop;
} looker;

static void *looking (void *arg)
{
    looker *l = arg;
    for (unsigned i = 0; !atomic_load (&l->stop); i++) {
        int rc = zmql_wait (l->socks[i % l->count], ZMQL_POLLIN, 0);
        CHECK (rc >= 0 || rc == -ENOTSOCK);
    }
    return NULL;
}

static pthread_t start_looking (looker *l, fixture *f)
{
    l->socks = f->pull;
    l->count = COUPLES;
    atomic_init (&l->stop, false);
    return start (looking, l);
}

static void stop_looking (looker *l, pthread_t t)
{
    atomic_store (&l->stop, true);
    join (t);
}

TEST ("what a look at the socket itself has found is still told by the set")
{
    fixture f = set_up ();
    for (unsigned i = 0; i < 10 * COUPLES; i++) {
        zmql_socket *pull = f.pull[i % COUPLES];
        CHECK (!ready_now (&f));
        CHECK_EQ (send_text (f.push[i % COUPLES], "x"), 0);
        CHECK_EQ (zmql_wait (pull, ZMQL_POLLIN, patience ()), ZMQL_POLLIN);
        CHECK (ready_now (&f) == pull);
        CHECK_RECV (pull, "x");
    }
    CHECK (!ready_now (&f));
    tear_down (&f);
}

TEST ("a sleeping set hears of what somebody else has found")
{
    fixture f = set_up ();
    looker l;
    pthread_t other = start_looking (&l, &f);
    for (unsigned i = 0; i < 20 * COUPLES; i++) {
        zmql_ready ready;
        pthread_t t = start (sending_soon, f.push[i % COUPLES]);
        CHECK_EQ (zmql_pollset_wait (f.set, &ready, 1, patience ()), 1);
        CHECK (ready.tag == f.pull[i % COUPLES]);
        join (t);
        CHECK_RECV (f.pull[i % COUPLES], "x");
    }
    stop_looking (&l, other);
    tear_down (&f);
}

typedef struct {
    zmql_pollset *set;
    zmql_socket *due;
} sleeper;

static void *sleeping (void *arg)
{
    sleeper *s = arg;
    zmql_ready ready;
    CHECK_EQ (zmql_pollset_wait (s->set, &ready, 1, patience ()), 1);
    CHECK (ready.tag == s->due);
    return NULL;
}

TEST ("every set that a socket is in hears of its message")
{
    enum { SETS = 4 };
    fixture f = set_up ();
    sleeper sleepers[SETS];
    for (unsigned k = 0; k < SETS; k++) {
        CHECK_EQ (zmql_pollset_new (&sleepers[k].set), 0);
        for (unsigned i = 0; i < COUPLES; i++)
            CHECK_EQ (zmql_pollset_add (sleepers[k].set, f.pull[i], -1, ZMQL_POLLIN, f.pull[i]), 0);
    }
    for (unsigned i = 0; i < 10 * COUPLES; i++) {
        pthread_t t[SETS];
        for (unsigned k = 0; k < SETS; k++) {
            sleepers[k].due = f.pull[i % COUPLES];
            t[k] = start (sleeping, &sleepers[k]);
        }
        CHECK_EQ (send_text (f.push[i % COUPLES], "x"), 0);
        for (unsigned k = 0; k < SETS; k++)
            join (t[k]);
        CHECK_RECV (f.pull[i % COUPLES], "x");
    }
    for (unsigned k = 0; k < SETS; k++)
        zmql_pollset_free (sleepers[k].set);
    tear_down (&f);
}

TEST ("a socket may leave a set, or the set its sockets, while it is told of changes")
{
    fixture f = set_up ();
    looker l;
    pthread_t other = start_looking (&l, &f);
    for (unsigned i = 0; i < 100; i++) {
        zmql_pollset *set;
        zmql_ready ready;
        unsigned k = i % COUPLES;
        CHECK_EQ (zmql_pollset_new (&set), 0);
        CHECK_EQ (zmql_pollset_add (set, f.pull[k], -1, ZMQL_POLLIN, NULL), 0);
        pthread_t sender = start (sending_soon, f.push[k]);
        if (i % 3 == 0)
            CHECK_EQ (zmql_pollset_wait (set, &ready, 1, patience ()), 1);
        if (i % 2)
            zmql_pollset_remove (set, f.pull[k], -1);
        CHECK (zmql_pollset_wait (set, &ready, 1, 0) >= 0);
        zmql_pollset_free (set);
        join (sender);
        CHECK_RECV (f.pull[k], "x");
    }
    stop_looking (&l, other);
    tear_down (&f);
}

/* If there is still somebody to send to. */
static void *trying_to_send_soon (void *arg)
{
    const zl_msg m = text_frame ("x");
    usleep (2000);
    if (zmql_send (arg, &m, 1, 0) == 1)
        zmql_flush_now (arg);
    return NULL;
}

TEST ("a socket that is closed while sets are told of it leaves nothing behind")
{
    for (unsigned i = 0; i < 20; i++) {
        fixture f = set_up ();
        looker l;
        zmql_ready ready;
        set_int (f.push[i % COUPLES], LINGER, 0);
        pthread_t other = start_looking (&l, &f);
        pthread_t sender = start (trying_to_send_soon, f.push[i % COUPLES]);
        pthread_t closer = start (closing_soon, f.pull[i % COUPLES]);
        int rc = 1;
        while (rc >= 0) /* readable perhaps, closed in the end */
            rc = zmql_pollset_wait (f.set, &ready, 1, patience ());
        CHECK_EQ (rc, -ENOTSOCK);
        join (closer);
        join (sender);
        stop_looking (&l, other);
        zmql_pollset_remove (f.set, f.pull[i % COUPLES], -1);
        zmql_socket_free (f.pull[i % COUPLES]);
        f.pull[i % COUPLES] = new_socket (f.ctx, ZL_PULL);
        tear_down (&f);
    }
}
