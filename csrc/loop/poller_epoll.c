/* The poller on Linux. */
#if defined(__linux__)

#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../base/clock.h"
#include "poller.h"

enum { BATCH = 64 };
#define BRIEF (2 * ZL_MS)

static uint32_t to_epoll (unsigned events, zl_poll_mode mode)
{
    uint32_t e = 0;
    if (events & ZL_READ)
        e |= EPOLLIN | EPOLLRDHUP;
    if (events & ZL_WRITE)
        e |= EPOLLOUT;
    if (mode == ZL_EDGE)
        e |= EPOLLET;
    if (mode == ZL_ONESHOT)
        e |= EPOLLONESHOT;
    return e;
}

int zl_poller_init (zl_poller *p)
{
    p->fd = epoll_create1 (EPOLL_CLOEXEC);
    return p->fd < 0 ? -errno : 0;
}

void zl_poller_fini (zl_poller *p)
{
    if (p->fd >= 0)
        close (p->fd);
    p->fd = -1;
}

static int control (zl_poller *p, int op, int fd, unsigned events, zl_poll_mode mode, void *data)
{
    struct epoll_event e = {.events = to_epoll (events, mode), .data.ptr = data};
    return epoll_ctl (p->fd, op, fd, &e) < 0 ? -errno : 0;
}

int zl_poller_add (zl_poller *p, int fd, unsigned events, zl_poll_mode mode, void *data)
{
    return control (p, EPOLL_CTL_ADD, fd, events, mode, data);
}

int zl_poller_mod (zl_poller *p, int fd, unsigned events, zl_poll_mode mode, void *data)
{
    return control (p, EPOLL_CTL_MOD, fd, events, mode, data);
}

void zl_poller_del (zl_poller *p, int fd)
{
    epoll_ctl (p->fd, EPOLL_CTL_DEL, fd, NULL);
}

/* Short waits need more than epoll_wait's milliseconds; kernels before 5.11 have no more. */
static int wait_briefly (int fd, struct epoll_event *events, int max, zl_time timeout)
{
#if defined(SYS_epoll_pwait2)
    struct timespec ts = {0, (long) timeout};
    int n = (int) syscall (SYS_epoll_pwait2, fd, events, max, &ts, NULL, 0);
    if (n >= 0 || errno != ENOSYS)
        return n;
#endif
    return epoll_wait (fd, events, max, zl_ms_until (timeout, 0));
}

int zl_poller_wait (zl_poller *p, zl_ready *ready, int max, zl_time timeout)
{
    struct epoll_event events[BATCH];
    max = ZL_MIN (max, BATCH);
    int n = timeout && timeout < BRIEF ? wait_briefly (p->fd, events, max, timeout)
                                       : epoll_wait (p->fd, events, max, zl_ms_until (timeout, 0));
    if (n < 0)
        return -errno;
    for (int i = 0; i < n; i++) {
        uint32_t e = events[i].events;
        ready[i].data = events[i].data.ptr;
        ready[i].events = (e & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR) ? ZL_READ : 0) |
                          (e & (EPOLLOUT | EPOLLHUP | EPOLLERR) ? ZL_WRITE : 0) |
                          (e & (EPOLLRDHUP | EPOLLHUP | EPOLLERR) ? ZL_HANGUP : 0);
    }
    return n;
}

#endif
