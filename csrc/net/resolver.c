/* Name lookups off the reactor. */
#include <pthread.h>
#include <signal.h>

#include "resolver.h"

static void *run (void *arg)
{
    zl_lookup *l = arg;
    zl_addr addrs[ZL_LOOKUP_MAX];
    int n = zl_addr_lookup (&l->name, l->ipv6, addrs, ZL_LOOKUP_MAX);
    l->done (l, addrs, n);
    return NULL;
}

int zl_lookup_start (zl_lookup *l)
{
    pthread_t thread;
    pthread_attr_t attr;
    sigset_t all, before;
    sigfillset (&all);
    pthread_attr_init (&attr);
    pthread_attr_setdetachstate (&attr, PTHREAD_CREATE_DETACHED);
    pthread_sigmask (SIG_SETMASK, &all, &before);
    int rc = pthread_create (&thread, &attr, run, l);
    pthread_sigmask (SIG_SETMASK, &before, NULL);
    pthread_attr_destroy (&attr);
    return -rc;
}
