/* loop/loop.[ch]: what makes a client's service run, and that only the loop's thread runs it. */
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "loop/loop.h"

typedef struct {
    zl_client client;
    zl_wake input; /* in the client's set */
    zl_mutex mu;
    zl_cond changed;
    unsigned ready, posted, timer; /* how often; guarded by mu */
    bool leave, left;              /* it shall be removed, and was; guarded by mu */
    zl_time fired_at;
} counter;

static atomic_int inside;

static void service (zl_client *c, unsigned why)
{
    counter *k = ZL_CONTAINER (c, counter, client);
    CHECK_EQ (atomic_fetch_add (&inside, 1), 0);
    CHECK (pthread_equal (pthread_self (), c->loop->thread));
    zl_lock (&k->mu);
    k->ready += (why & ZL_WHY_READY) != 0;
    k->posted += (why & ZL_WHY_POSTED) != 0;
    k->timer += (why & ZL_WHY_TIMER) != 0;
    k->fired_at = zl_now ();
    if (why & ZL_WHY_READY)
        zl_wake_clear (&k->input);
    if (k->leave && !k->left) {
        k->left = true;
        zl_loop_remove (c);
    }
    pthread_cond_broadcast (&k->changed);
    zl_unlock (&k->mu);
    atomic_fetch_sub (&inside, 1);
}

static void join_loop (counter *k, zl_loop *l)
{
    memset (k, 0, sizeof *k);
    k->client.service = service;
    zl_mutex_init (&k->mu);
    pthread_cond_init (&k->changed, NULL);
    CHECK_EQ (zl_poller_init (&k->client.set), 0);
    CHECK_EQ (zl_wake_init (&k->input), 0);
    CHECK_EQ (zl_poller_add (&k->client.set, k->input.fd, ZL_READ, ZL_LEVEL, k), 0);
    CHECK_EQ (zl_loop_add (l, &k->client), 0);
}

/* Waits until a count has reached a value. */
static void await (counter *k, const unsigned *count, unsigned value)
{
    zl_lock (&k->mu);
    while (*count < value)
        pthread_cond_wait (&k->changed, &k->mu);
    zl_unlock (&k->mu);
}

static unsigned get (counter *k, const unsigned *count)
{
    zl_lock (&k->mu);
    unsigned value = *count;
    zl_unlock (&k->mu);
    return value;
}

static void leave_loop (counter *k)
{
    zl_lock (&k->mu);
    k->leave = true;
    zl_unlock (&k->mu);
    zl_loop_post (&k->client);
    zl_lock (&k->mu);
    while (!k->left)
        pthread_cond_wait (&k->changed, &k->mu);
    zl_unlock (&k->mu);
    zl_poller_fini (&k->client.set);
    zl_wake_fini (&k->input);
    pthread_cond_destroy (&k->changed);
    zl_mutex_fini (&k->mu);
}

TEST ("a loop starts and stops without clients")
{
    for (unsigned i = 0; i < 20; i++) {
        zl_loop l;
        CHECK_EQ (zl_loop_start (&l, i), 0);
        zl_loop_stop (&l);
    }
}

TEST ("a ready set is told once, until it is armed")
{
    zl_loop l;
    counter k;
    CHECK_EQ (zl_loop_start (&l, 0), 0);
    join_loop (&k, &l);
    zl_wake_set (&k.input);
    await (&k, &k.ready, 1);
    zl_wake_set (&k.input);
    zl_loop_post (&k.client); /* the loop has looked around when this has come */
    await (&k, &k.posted, 1);
    zl_loop_post (&k.client);
    await (&k, &k.posted, 2);
    CHECK_EQ (get (&k, &k.ready), 1);
    zl_loop_arm (&k.client);
    await (&k, &k.ready, 2);
    leave_loop (&k);
    zl_loop_stop (&l);
}

TEST ("a timer fires once, not early, and the one started last counts")
{
    zl_loop l;
    counter k;
    CHECK_EQ (zl_loop_start (&l, 0), 0);
    join_loop (&k, &l);
    zl_time at = zl_now () + 20 * ZL_MS;
    zl_loop_deadline (&k.client, zl_now () + 3600 * 1000 * ZL_MS);
    zl_loop_deadline (&k.client, at);
    await (&k, &k.timer, 1);
    CHECK (k.fired_at >= at);
    zl_loop_deadline (&k.client, zl_now () + 3600 * 1000 * ZL_MS);
    zl_loop_deadline (&k.client, ZL_NEVER);
    zl_loop_deadline (&k.client, 0); /* long past */
    await (&k, &k.timer, 2);
    CHECK_EQ (get (&k, &k.timer), 2);
    leave_loop (&k);
    zl_loop_stop (&l);
}

TEST ("a client that has left is served no more, whatever was due")
{
    zl_loop l;
    counter k, other;
    CHECK_EQ (zl_loop_start (&l, 0), 0);
    join_loop (&k, &l);
    join_loop (&other, &l);
    zl_loop_deadline (&k.client, zl_now () + 10 * ZL_MS);
    leave_loop (&k);
    unsigned served = k.posted + k.timer;
    zl_loop_deadline (&other.client, zl_now () + 20 * ZL_MS);
    await (&other, &other.timer, 1);
    CHECK_EQ (k.posted + k.timer, served);
    leave_loop (&other);
    zl_loop_stop (&l);
}

enum { CLIENTS = 3, THREADS = 3, POSTS = 3000 };

static counter crowd[CLIENTS];

/* Each post must be followed by a service that begins after it. */
static void *posting (void *arg)
{
    unsigned seed = (unsigned) (uintptr_t) arg;
    for (unsigned i = 0; i < POSTS; i++) {
        counter *k = &crowd[(i + seed) % CLIENTS];
        switch (i % 4) {
            case 0:
                zl_loop_deadline (&k->client, zl_now () + i % 7 * 1000);
                break;
            case 1:
                zl_wake_set (&k->input);
                zl_loop_arm (&k->client);
                break;
            default: {
                unsigned before = get (k, &k->posted);
                zl_loop_post (&k->client);
                await (k, &k->posted, before + 1);
            }
        }
    }
    return NULL;
}

TEST ("no post from any thread is lost")
{
    zl_loop l;
    pthread_t threads[THREADS];
    CHECK_EQ (zl_loop_start (&l, 0), 0);
    for (unsigned i = 0; i < CLIENTS; i++)
        join_loop (&crowd[i], &l);
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK_EQ (pthread_create (&threads[i], NULL, posting, (void *) i), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join (threads[i], NULL);
    for (unsigned i = 0; i < CLIENTS; i++)
        leave_loop (&crowd[i]);
    zl_loop_stop (&l);
}

static pthread_t interrupted;

static void note_thread (int number)
{
    (void) number;
    interrupted = pthread_self ();
}

TEST ("signals do not run on the loop's thread")
{
    zl_loop l;
    CHECK_EQ (zl_loop_start (&l, 0), 0);
    signal (SIGUSR1, note_thread);
    kill (getpid (), SIGUSR1);
    CHECK (pthread_equal (interrupted, pthread_self ()));
    signal (SIGUSR1, SIG_DFL);
    zl_loop_stop (&l);
}
