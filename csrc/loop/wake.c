/* Wakes a thread that waits on a poller. */
#include <fcntl.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/eventfd.h>
#endif

#include "wake.h"

#if defined(__linux__)
int zl_wake_init (zl_wake *w)
{
    w->fd = w->write = eventfd (0, EFD_NONBLOCK | EFD_CLOEXEC);
    return w->fd < 0 ? -errno : 0;
}
#else
int zl_wake_init (zl_wake *w)
{
    int ends[2];
    if (pipe (ends) < 0)
        return -errno;
    for (int i = 0; i < 2; i++) {
        fcntl (ends[i], F_SETFD, FD_CLOEXEC);
        fcntl (ends[i], F_SETFL, O_NONBLOCK);
    }
    w->fd = ends[0];
    w->write = ends[1];
    return 0;
}
#endif

void zl_wake_fini (zl_wake *w)
{
    if (w->fd >= 0)
        close (w->fd);
    if (w->write >= 0 && w->write != w->fd)
        close (w->write);
    w->fd = w->write = -1;
}

void zl_wake_set (zl_wake *w)
{
    uint64_t one = 1;
    /* A full pipe or counter is set already. */
    while (write (w->write, &one, w->write == w->fd ? sizeof one : 1) < 0 && errno == EINTR)
        ;
}

void zl_wake_clear (zl_wake *w)
{
    uint64_t drain[8];
    ssize_t n;
    do
        n = read (w->fd, drain, sizeof drain);
    while ((n < 0 && errno == EINTR) || n == (ssize_t) sizeof drain);
}
