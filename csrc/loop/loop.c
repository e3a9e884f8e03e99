/* The reactor thread. */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#if defined(__linux__)
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "../base/clock.h"
#include "loop.h"

enum { BATCH = 64 };

static void name_thread (const zl_loop *l)
{
    enum { NAME_MAX_LINUX = 15 };
    char name[64];
    const char *prefix = l->options->name_prefix;
    snprintf (name, sizeof name, "%s%szmqlite/io/%u", prefix, *prefix ? "/" : "", l->index);
    name[NAME_MAX_LINUX] = 0;
#if defined(__APPLE__)
    pthread_setname_np (name);
#elif defined(__linux__)
    pthread_setname_np (pthread_self (), name);
#endif
}

/* A nap of some tens of microseconds shall not take twice as long, as it may by default. */
static void sharpen_timers (void)
{
#if defined(__linux__)
    prctl (PR_SET_TIMERSLACK, 1000ul);
#endif
}

/* The calling thread's share of the processors: 0 or -errno. */
static int schedule (const zl_thread_options *o)
{
    struct sched_param param;
    int policy, rc = pthread_getschedparam (pthread_self (), &policy, &param);
    if (rc != 0 || (o->policy < 0 && o->priority < 0))
        return -rc;
    if (o->policy >= 0) {
        policy = o->policy;
        param.sched_priority = sched_get_priority_min (policy);
    }
    bool timeshared = policy != SCHED_FIFO && policy != SCHED_RR;
    if (o->priority >= 0 && !timeshared)
        param.sched_priority = o->priority;
    rc = pthread_setschedparam (pthread_self (), policy, &param);
#if defined(__linux__)
    enum { MOST_EAGER = -20 }; /* libzmq's reading of any priority where the policy knows none */
    if (rc == 0 && timeshared && o->priority > 0)
        rc = setpriority (PRIO_PROCESS, (id_t) syscall (SYS_gettid), MOST_EAGER) < 0 ? errno : 0;
#endif
    return -rc;
}

/* Keeps the calling thread to the processors asked for: 0 or -errno. */
static int pin (const zl_thread_options *o)
{
#if defined(__linux__)
    cpu_set_t set;
    CPU_ZERO (&set);
    for (unsigned i = 0; i < ZL_CPUS_MAX; i++)
        if (o->cpus[i / 8] >> i % 8 & 1)
            CPU_SET (i, &set);
    if (CPU_COUNT (&set))
        return -pthread_setaffinity_np (pthread_self (), sizeof set, &set);
#else
    (void) o;
#endif
    return 0;
}

/* How long the thread may sleep; also publishes that it does. */
static zl_time begin_sleep (zl_loop *l, bool *stop)
{
    zl_lock (&l->mu);
    zl_time until = zl_list_empty (&l->posted) ? zl_heap_min (&l->timers) : 0;
    *stop = l->stop;
    zl_time timeout = until == 0 || *stop ? 0 : zl_until (until, zl_now ());
    l->sleeps_until = timeout == 0 ? 0 : until;
    zl_unlock (&l->mu);
    return timeout;
}

static void end_sleep (zl_loop *l)
{
    zl_lock (&l->mu);
    l->sleeps_until = 0;
    if (l->woken) {
        l->woken = false;
        zl_wake_clear (&l->wake);
    }
    zl_unlock (&l->mu);
}

static void run_timers (zl_loop *l)
{
    zl_time now = zl_now ();
    for (;;) {
        zl_lock (&l->mu);
        zl_timer *t = l->timers.root;
        if (!t || t->at > now) {
            zl_unlock (&l->mu);
            return;
        }
        zl_timer_stop (&l->timers, t);
        zl_unlock (&l->mu);
        zl_client *c = ZL_CONTAINER (t, zl_client, timer);
        c->service (c, ZL_WHY_TIMER);
    }
}

static void run_posted (zl_loop *l)
{
    /* Posts made meanwhile wait for the next round, after the poller has been looked at. */
    zl_node batch;
    zl_list_init (&batch);
    zl_lock (&l->mu);
    for (zl_node *n; (n = zl_list_pop (&l->posted));)
        zl_list_append (&batch, n);
    for (zl_node *n; (n = zl_list_pop (&batch));) {
        zl_unlock (&l->mu);
        zl_client *c = ZL_CONTAINER (n, zl_client, posted);
        c->service (c, ZL_WHY_POSTED);
        zl_lock (&l->mu);
    }
    zl_unlock (&l->mu);
}

static void *run (void *arg)
{
    zl_loop *l = arg;
    bool stop;
    name_thread (l);
    sharpen_timers ();
    int rc = schedule (l->options);
    l->started = rc < 0 ? rc : pin (l->options);
    zl_wake_set (&l->wake);
    for (;;) {
        zl_ready ready[BATCH];
        zl_time timeout = begin_sleep (l, &stop);
        if (stop)
            return NULL;
        int n = zl_poller_wait (&l->poller, ready, BATCH, timeout);
        end_sleep (l);
        for (int i = 0; i < n; i++)
            if (ready[i].data) {
                zl_client *c = ready[i].data;
                c->service (c, ZL_WHY_READY);
            }
        run_timers (l);
        run_posted (l);
    }
}

/* Until the thread has found its place. */
static int wait_started (zl_loop *l)
{
    struct pollfd fd = {.fd = l->wake.fd, .events = POLLIN};
    while (poll (&fd, 1, -1) < 0 && errno == EINTR)
        ;
    zl_wake_clear (&l->wake);
    l->options = NULL;
    return l->started;
}

int zl_loop_start (zl_loop *l, unsigned index, const zl_thread_options *options)
{
    memset (l, 0, sizeof *l);
    l->index = index;
    l->options = options;
    zl_list_init (&l->posted);
    l->wake.fd = l->wake.write = -1;
    int rc = zl_poller_init (&l->poller);
    if (rc == 0)
        rc = zl_wake_init (&l->wake);
    if (rc == 0)
        rc = zl_poller_add (&l->poller, l->wake.fd, ZL_READ, ZL_LEVEL, NULL);
    if (rc < 0)
        goto fail;
    zl_mutex_init (&l->mu);

    sigset_t all, before;
    sigfillset (&all);
    pthread_sigmask (SIG_SETMASK, &all, &before);
    rc = -pthread_create (&l->thread, NULL, run, l);
    pthread_sigmask (SIG_SETMASK, &before, NULL);
    if (rc == 0) {
        rc = wait_started (l);
        if (rc < 0)
            zl_loop_stop (l);
        return rc;
    }
    zl_mutex_fini (&l->mu);
fail:
    zl_wake_fini (&l->wake);
    zl_poller_fini (&l->poller);
    return rc;
}

/* loop->mu held. */
static void wake_if_asleep (zl_loop *l)
{
    if (l->sleeps_until && !l->woken) {
        l->woken = true;
        zl_wake_set (&l->wake);
    }
}

void zl_loop_stop (zl_loop *l)
{
    zl_lock (&l->mu);
    ZL_ASSERT (l->clients == 0);
    l->stop = true;
    wake_if_asleep (l);
    zl_unlock (&l->mu);
    pthread_join (l->thread, NULL);
    zl_mutex_fini (&l->mu);
    zl_wake_fini (&l->wake);
    zl_poller_fini (&l->poller);
}

int zl_loop_add (zl_loop *l, zl_client *c)
{
    c->loop = l;
    zl_timer_init (&c->timer);
    zl_list_init (&c->posted);
    int rc = zl_poller_add (&l->poller, c->set.fd, ZL_READ, ZL_ONESHOT, c);
    if (rc == 0) {
        zl_lock (&l->mu);
        l->clients++;
        zl_unlock (&l->mu);
    }
    return rc;
}

void zl_loop_remove (zl_client *c)
{
    zl_loop *l = c->loop;
    zl_poller_del (&l->poller, c->set.fd);
    zl_lock (&l->mu);
    zl_timer_stop (&l->timers, &c->timer);
    zl_list_remove (&c->posted);
    l->clients--;
    zl_unlock (&l->mu);
}

int zl_loop_move (zl_client *c, zl_loop *to)
{
    int rc = zl_poller_add (&to->poller, c->set.fd, ZL_READ, ZL_ONESHOT, c);
    if (rc < 0)
        return rc;
    zl_loop_remove (c);
    c->loop = to;
    zl_lock (&to->mu);
    to->clients++;
    zl_unlock (&to->mu);
    return 0;
}

void zl_loop_post (zl_client *c)
{
    zl_loop *l = c->loop;
    zl_lock (&l->mu);
    if (!zl_linked (&c->posted)) {
        zl_list_append (&l->posted, &c->posted);
        wake_if_asleep (l);
    }
    zl_unlock (&l->mu);
}

void zl_loop_deadline (zl_client *c, zl_time at)
{
    zl_loop *l = c->loop;
    zl_lock (&l->mu);
    zl_timer_start (&l->timers, &c->timer, at);
    if (at < l->sleeps_until)
        wake_if_asleep (l);
    zl_unlock (&l->mu);
}

void zl_loop_arm (zl_client *c)
{
    zl_poller_mod (&c->loop->poller, c->set.fd, ZL_READ, ZL_ONESHOT, c);
}
