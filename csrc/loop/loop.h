/* The reactor: one thread that serves clients (sockets). A client has a poll set of its own, a deadline, and can be posted;
 * whichever of the three happens, its service function is called on the loop's thread with no lock held.
 *
 * The client's poll set is registered one-shot: after ZL_WHY_READY it is silent until zl_loop_arm(). That is what lets
 * another thread take over the waiting on that set (DESIGN section 5, docs/architecture.md). */
#ifndef ZL_LOOP_LOOP_H
#define ZL_LOOP_LOOP_H

#include "../base/heap.h"
#include "../base/list.h"
#include "../base/sync.h"
#include "poller.h"
#include "wake.h"

typedef struct zl_loop zl_loop;
typedef struct zl_client zl_client;

enum { ZL_CPUS_MAX = 1024 };

enum { ZL_WHY_READY = 1, ZL_WHY_POSTED = 2, ZL_WHY_TIMER = 4 };

/* How a reactor's thread is to run. */
typedef struct {
    char name_prefix[17];        /* "" for none */
    int policy, priority;        /* as for pthread_setschedparam, or -1: the system's choice */
    uint8_t cpus[ZL_CPUS_MAX / 8]; /* bit n: may run there; none set: anywhere */
} zl_thread_options;

struct zl_client {
    zl_loop *loop; /* constant once added */
    zl_poller set; /* constant once added */
    void (*service) (zl_client *c, unsigned why);
    zl_timer timer; /* guarded by loop->mu, as is the next */
    zl_node posted;
};

struct zl_loop {
    pthread_t thread;
    unsigned index;
    const zl_thread_options *options; /* during zl_loop_start() */
    int started;                      /* what became of them: 0 or -errno; set before `wake` is, once */
    zl_poller poller;
    zl_wake wake;
    zl_mutex mu;       /* guards what follows; taken last of all locks */
    zl_heap timers;    /* of zl_client.timer */
    zl_node posted;    /* of zl_client.posted */
    zl_time sleeps_until; /* 0: the thread is awake and will look at timers and posts before it sleeps */
    bool woken;        /* wake is set */
    bool stop;
    unsigned clients;
};

/* Starts the thread, named after index; all signals are blocked in it. 0 or -errno, also if it cannot run as the options
 * say. */
int zl_loop_start (zl_loop *l, unsigned index, const zl_thread_options *options);
/* Stops and joins the thread. All clients must have been removed. */
void zl_loop_stop (zl_loop *l);

/* Takes the client in; its set is armed. 0 or -errno. */
int zl_loop_add (zl_loop *l, zl_client *c);
/* On the loop's thread only. After it no service call comes. */
void zl_loop_remove (zl_client *c);

/* On the loop's thread only: from now on `to` serves it; its deadline is forgotten, posts too. 0, or -errno and it stays. */
int zl_loop_move (zl_client *c, zl_loop *to);

/* From any thread, with the client's own lock held or not. */
void zl_loop_post (zl_client *c);
void zl_loop_deadline (zl_client *c, zl_time at);
/* Lets the loop wait on the client's set again. */
void zl_loop_arm (zl_client *c);

#endif
