/* The poller on macOS and the BSDs. kqueue knows reading and writing as two filters of one descriptor; they are set
 * together here and merged again when both are ready. */
#if defined(__APPLE__) || defined(__FreeBSD__) || defined(__NetBSD__) || defined(__OpenBSD__) || defined(__DragonFly__)

#include <fcntl.h>
#include <sys/types.h>
#include <sys/event.h>
#include <time.h>
#include <unistd.h>

#include "poller.h"

enum { BATCH = 64 };

int zl_poller_init (zl_poller *p)
{
    p->fd = kqueue ();
    if (p->fd < 0)
        return -errno;
    fcntl (p->fd, F_SETFD, FD_CLOEXEC);
    return 0;
}

void zl_poller_fini (zl_poller *p)
{
    if (p->fd >= 0)
        close (p->fd);
    p->fd = -1;
}

static unsigned short flags_of (bool wanted, zl_poll_mode mode)
{
    if (!wanted)
        return EV_DELETE;
    return EV_ADD | EV_ENABLE | (mode == ZL_EDGE ? EV_CLEAR : mode == ZL_ONESHOT ? EV_DISPATCH : 0);
}

int zl_poller_mod (zl_poller *p, int fd, unsigned events, zl_poll_mode mode, void *data)
{
    struct kevent change;
    const struct {
        unsigned event;
        short filter;
    } sides[] = {{ZL_READ, EVFILT_READ}, {ZL_WRITE, EVFILT_WRITE}};
    for (unsigned i = 0; i < 2; i++) {
        bool wanted = events & sides[i].event;
        EV_SET (&change, (uintptr_t) fd, sides[i].filter, flags_of (wanted, mode), 0, 0, data);
        if (kevent (p->fd, &change, 1, NULL, 0, NULL) < 0 && (wanted || errno != ENOENT))
            return -errno;
    }
    return 0;
}

int zl_poller_add (zl_poller *p, int fd, unsigned events, zl_poll_mode mode, void *data)
{
    return zl_poller_mod (p, fd, events, mode, data);
}

void zl_poller_del (zl_poller *p, int fd)
{
    zl_poller_mod (p, fd, 0, ZL_LEVEL, NULL);
}

int zl_poller_wait (zl_poller *p, zl_ready *ready, int max, zl_time timeout)
{
    struct kevent events[BATCH];
    struct timespec ts = {(time_t) (timeout / 1000000000), (long) (timeout % 1000000000)};
    int got = kevent (p->fd, NULL, 0, events, ZL_MIN (max, BATCH), timeout == ZL_NEVER ? NULL : &ts);
    if (got < 0)
        return -errno;
    int n = 0;
    for (int i = 0; i < got; i++) {
        unsigned side = events[i].filter == EVFILT_READ ? ZL_READ : ZL_WRITE;
        int at = 0;
        while (at < n && ready[at].data != events[i].udata)
            at++;
        if (at == n)
            ready[n++] = (zl_ready){.data = events[i].udata};
        ready[at].events |= side | (side == ZL_READ && events[i].flags & EV_EOF ? ZL_HANGUP : 0);
    }
    return n;
}

#endif
