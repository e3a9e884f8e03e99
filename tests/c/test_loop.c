/* loop/loop.[ch]: what makes a client's service run, and that only the loop's thread runs it. */
#include <errno.h>
#include <sched.h>
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

static const zl_thread_options anyhow = {.policy = -1, .priority = -1};

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
        CHECK_EQ (zl_loop_start (&l, i, &anyhow), 0);
        zl_loop_stop (&l);
    }
}

TEST ("a ready set is told once, until it is armed")
{
    zl_loop l;
    counter k;
    CHECK_EQ (zl_loop_start (&l, 0, &anyhow), 0);
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
    CHECK_EQ (zl_loop_start (&l, 0, &anyhow), 0);
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
    CHECK_EQ (zl_loop_start (&l, 0, &anyhow), 0);
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
    CHECK_EQ (zl_loop_start (&l, 0, &anyhow), 0);
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
    CHECK_EQ (zl_loop_start (&l, 0, &anyhow), 0);
    signal (SIGUSR1, note_thread);
    kill (getpid (), SIGUSR1);
    CHECK (pthread_equal (interrupted, pthread_self ()));
    signal (SIGUSR1, SIG_DFL);
    zl_loop_stop (&l);
}

/* ---- from one loop to another ---- */

/* Moves to the other loop every few services, and remembers what it was told to do meanwhile, as a
 * socket does. What a socket's mutex is to a socket, `mu` is to it. */
typedef struct {
    zl_client client;
    zl_wake input;
    zl_mutex mu; /* guards everything */
    zl_cond changed;
    zl_loop *loops;
    unsigned services, moves;
    unsigned posts, ready, timers; /* how often it was served for that reason */
    bool timer_due;
    bool leave, left;
} wanderer;

static void wander (wanderer *w)
{
    zl_loop *to = &w->loops[w->client.loop == &w->loops[0]];
    CHECK_EQ (zl_loop_move (&w->client, to), 0);
    CHECK (w->client.loop == to);
    w->moves++;
    zl_loop_post (&w->client);
    if (w->timer_due)
        zl_loop_deadline (&w->client, zl_now ());
}

static void serve_wanderer (zl_client *c, unsigned why)
{
    wanderer *w = ZL_CONTAINER (c, wanderer, client);
    zl_lock (&w->mu);
    CHECK (pthread_equal (pthread_self (), c->loop->thread));
    CHECK (!w->left);
    if (why & ZL_WHY_READY) {
        w->ready++;
        zl_wake_clear (&w->input);
        zl_loop_arm (c);
    }
    if (why & ZL_WHY_TIMER) {
        w->timers++;
        w->timer_due = false;
    }
    w->posts += (why & ZL_WHY_POSTED) != 0;
    if (w->leave) {
        w->left = true;
        zl_loop_remove (c);
    } else if (++w->services % 3 == 0)
        wander (w);
    pthread_cond_broadcast (&w->changed);
    zl_unlock (&w->mu);
}

static void *driving (void *arg)
{
    enum { ERRANDS = 3000 };
    wanderer *w = arg;
    for (unsigned i = 0; i < ERRANDS; i++) {
        unsigned *const counts[] = {&w->posts, &w->ready, &w->timers};
        zl_lock (&w->mu);
        unsigned *count = counts[i % 3], before = *count;
        if (count == &w->posts)
            zl_loop_post (&w->client);
        else if (count == &w->ready)
            zl_wake_set (&w->input);
        else {
            w->timer_due = true;
            zl_loop_deadline (&w->client, zl_now () + i % 5 * 10000);
        }
        while (*count == before)
            pthread_cond_wait (&w->changed, &w->mu);
        zl_unlock (&w->mu);
    }
    return NULL;
}

TEST ("a client that moves to and fro is served for every reason, and by the loop that has it")
{
    enum { DRIVERS = 3 };
    zl_loop loops[2];
    wanderer w = {.client.service = serve_wanderer, .loops = loops};
    pthread_t drivers[DRIVERS];
    for (unsigned i = 0; i < 2; i++)
        CHECK_EQ (zl_loop_start (&loops[i], i, &anyhow), 0);
    zl_mutex_init (&w.mu);
    pthread_cond_init (&w.changed, NULL);
    CHECK_EQ (zl_poller_init (&w.client.set), 0);
    CHECK_EQ (zl_wake_init (&w.input), 0);
    CHECK_EQ (zl_poller_add (&w.client.set, w.input.fd, ZL_READ, ZL_LEVEL, &w), 0);
    CHECK_EQ (zl_loop_add (&loops[0], &w.client), 0);
    for (unsigned i = 0; i < DRIVERS; i++)
        CHECK_EQ (pthread_create (&drivers[i], NULL, driving, &w), 0);
    for (unsigned i = 0; i < DRIVERS; i++)
        pthread_join (drivers[i], NULL);
    zl_lock (&w.mu);
    CHECK (w.moves > 100);
    w.leave = true;
    zl_loop_post (&w.client);
    while (!w.left)
        pthread_cond_wait (&w.changed, &w.mu);
    zl_unlock (&w.mu);
    zl_poller_fini (&w.client.set);
    zl_wake_fini (&w.input);
    pthread_cond_destroy (&w.changed);
    zl_mutex_fini (&w.mu);
    for (unsigned i = 0; i < 2; i++)
        zl_loop_stop (&loops[i]);
}

/* ---- how the thread runs ---- */

#if defined(__linux__)
TEST ("a thread has its name, with the prefix that it was given")
{
    zl_thread_options o = anyhow;
    zl_loop l;
    char name[32];
    CHECK_EQ (zl_loop_start (&l, 12, &o), 0);
    CHECK_EQ (pthread_getname_np (l.thread, name, sizeof name), 0);
    CHECK_TEXT (name, "zmqlite/io/12");
    zl_loop_stop (&l);
    strcpy (o.name_prefix, "-2147483648");
    CHECK_EQ (zl_loop_start (&l, 3, &o), 0);
    CHECK_EQ (pthread_getname_np (l.thread, name, sizeof name), 0);
    CHECK_TEXT (name, "-2147483648/zmq");
    zl_loop_stop (&l);
}

TEST ("a thread keeps to the processors that it was given, and does not start without them")
{
    zl_thread_options o = anyhow;
    zl_loop l;
    cpu_set_t all, own;
    CHECK_EQ (pthread_getaffinity_np (pthread_self (), sizeof all, &all), 0);
    for (unsigned i = 0; i < ZL_CPUS_MAX; i++) {
        if (!CPU_ISSET (i, &all))
            continue;
        memset (o.cpus, 0, sizeof o.cpus);
        o.cpus[i / 8] = (uint8_t) (1 << i % 8);
        CHECK_EQ (zl_loop_start (&l, 0, &o), 0);
        CHECK_EQ (pthread_getaffinity_np (l.thread, sizeof own, &own), 0);
        CHECK_EQ (CPU_COUNT (&own), 1);
        CHECK (CPU_ISSET (i, &own));
        zl_loop_stop (&l);
    }
    if (CPU_ISSET (ZL_CPUS_MAX - 1, &all))
        return;
    memset (o.cpus, 0, sizeof o.cpus);
    o.cpus[sizeof o.cpus - 1] = 0x80;
    CHECK_EQ (zl_loop_start (&l, 0, &o), -EINVAL);
}
#endif

TEST ("a thread runs under the policy that it was given, or does not start")
{
    zl_thread_options o = anyhow;
    struct sched_param param;
    zl_loop l;
    int policy;
    o.policy = SCHED_OTHER;
    CHECK_EQ (zl_loop_start (&l, 0, &o), 0);
    CHECK_EQ (pthread_getschedparam (l.thread, &policy, &param), 0);
    CHECK_EQ (policy, SCHED_OTHER);
    zl_loop_stop (&l);
    o.policy = 99;
    CHECK_EQ (zl_loop_start (&l, 0, &o), -EINVAL);
    o = (zl_thread_options){.policy = SCHED_FIFO, .priority = 7};
    int rc = zl_loop_start (&l, 0, &o);
    if (rc < 0) { /* not everybody may */
        CHECK_EQ (rc, -EPERM);
        return;
    }
    CHECK_EQ (pthread_getschedparam (l.thread, &policy, &param), 0);
    CHECK_EQ (policy, SCHED_FIFO);
    CHECK_EQ (param.sched_priority, 7);
    zl_loop_stop (&l);
}
