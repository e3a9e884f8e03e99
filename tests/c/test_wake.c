/* loop/wake.[ch] */
#include <poll.h>
#include <pthread.h>

#include "check.h"
#include "loop/wake.h"

static bool is_set (const zl_wake *w, int timeout)
{
    struct pollfd p = {.fd = w->fd, .events = POLLIN};
    return poll (&p, 1, timeout) == 1;
}

TEST ("a wake-up is set until it is cleared, however often it was set")
{
    zl_wake w;
    CHECK_EQ (zl_wake_init (&w), 0);
    CHECK (!is_set (&w, 0));
    zl_wake_clear (&w);
    for (int i = 0; i < 100000; i++) /* more than a pipe holds */
        zl_wake_set (&w);
    CHECK (is_set (&w, 0));
    zl_wake_clear (&w);
    CHECK (!is_set (&w, 0));
    zl_wake_set (&w);
    CHECK (is_set (&w, 0));
    zl_wake_fini (&w);
    CHECK_EQ (w.fd, -1);
    zl_wake_fini (&w);
}

static void *set_it (void *arg)
{
    zl_wake_set (arg);
    return NULL;
}

TEST ("a wake-up ends a wait in another thread")
{
    zl_wake w;
    pthread_t t;
    CHECK_EQ (zl_wake_init (&w), 0);
    CHECK_EQ (pthread_create (&t, NULL, set_it, &w), 0);
    CHECK (is_set (&w, 30000));
    pthread_join (t, NULL);
    zl_wake_fini (&w);
}
