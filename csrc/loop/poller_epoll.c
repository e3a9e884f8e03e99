/* The poller on Linux. */
#if defined(__linux__)

#include <sys/epoll.h>
#include <unistd.h>

#include "poller.h"

enum { BATCH = 64 };

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

int zl_poller_wait (zl_poller *p, zl_ready *ready, int max, int timeout)
{
    struct epoll_event events[BATCH];
    int n = epoll_wait (p->fd, events, ZL_MIN (max, BATCH), timeout);
    if (n < 0)
        return -errno;
    for (int i = 0; i < n; i++) {
        uint32_t e = events[i].events;
        ready[i].data = events[i].data.ptr;
        ready[i].events = (e & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR) ? ZL_READ : 0) |
                          (e & (EPOLLOUT | EPOLLHUP | EPOLLERR) ? ZL_WRITE : 0);
    }
    return n;
}

#endif
