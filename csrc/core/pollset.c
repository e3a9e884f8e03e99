/* Waits for many sockets and descriptors at once.
 *
 * A socket is in the set by its public descriptor (zl_socket_fd), which tells of changes only, and only until anybody looks at
 * the socket; of what is found at such a look the socket tells its watchers. So an entry is `hot` from the moment it may be
 * ready until a look of ours has shown that it is not; hot entries are looked at in every wait, the others only when they were
 * `told` or their descriptor says so. */
#include <poll.h>
#include <stdlib.h>

#include "pollset.h"

typedef struct {
    zl_node node; /* in all */
    zl_node hot;  /* in hot */
    zl_node told; /* in told; guarded by set->mu */
    zl_watcher watcher;
    zl_pollset *set;
    zl_socket *sock; /* a reference, or NULL for a descriptor */
    int fd;
    int events;
    void *tag;
} entry;

struct zl_pollset {
    zl_poller poller;
    zl_node all, hot;
    zl_mutex mu;  /* the last of the lock order; guards what follows */
    zl_node told; /* entries whose sockets have changed */
    bool asleep;  /* the thread is in the kernel, or about to be */
    bool woken;
    zl_wake wake;
};

int zl_pollset_open (zl_pollset **out)
{
    zl_pollset *p = calloc (1, sizeof *p);
    if (!p)
        return -ENOMEM;
    int rc = zl_poller_init (&p->poller);
    if (rc < 0) {
        free (p);
        return rc;
    }
    zl_mutex_init (&p->mu);
    zl_list_init (&p->all);
    zl_list_init (&p->hot);
    zl_list_init (&p->told);
    rc = zl_wake_init (&p->wake);
    if (rc == 0)
        rc = zl_poller_add (&p->poller, p->wake.fd, ZL_READ, ZL_LEVEL, NULL);
    if (rc < 0) {
        zl_pollset_free (p);
        return rc;
    }
    *out = p;
    return 0;
}

static entry *find (zl_pollset *p, zl_socket *s, int fd)
{
    ZL_LIST_EACH (&p->all, entry, node, e)
        if (s ? e->sock == s : !e->sock && e->fd == fd)
            return e;
    return NULL;
}

static void on_change (zl_watcher *w)
{
    entry *e = ZL_CONTAINER (w, entry, watcher);
    zl_pollset *p = e->set;
    zl_lock (&p->mu);
    if (!zl_linked (&e->told))
        zl_list_append (&p->told, &e->told);
    if (p->asleep && !p->woken) {
        p->woken = true;
        zl_wake_set (&p->wake);
    }
    zl_unlock (&p->mu);
}

static void let_go (entry *e)
{
    zl_socket *s = e->sock;
    if (!s)
        return;
    zl_socket_lock (s);
    zl_list_remove (&e->watcher.node);
    zl_socket_fd_drop (s);
    zl_socket_unlock (s);
    zl_socket_drop (s);
}

static void entry_free (zl_pollset *p, entry *e)
{
    zl_poller_del (&p->poller, e->fd);
    zl_list_remove (&e->node);
    zl_list_remove (&e->hot);
    let_go (e);
    zl_lock (&p->mu);
    zl_list_remove (&e->told);
    zl_unlock (&p->mu);
    free (e);
}

void zl_pollset_free (zl_pollset *p)
{
    for (zl_node *n = p->all.next, *next; n != &p->all; n = next) {
        next = n->next;
        entry_free (p, ZL_CONTAINER (n, entry, node));
    }
    zl_wake_fini (&p->wake);
    zl_poller_fini (&p->poller);
    zl_mutex_fini (&p->mu);
    free (p);
}

static void make_hot (zl_pollset *p, entry *e)
{
    if (!zl_linked (&e->hot))
        zl_list_append (&p->hot, &e->hot);
}

/* The descriptor of the entry's socket, which is ours to watch until let_go(); or a negative code. */
static int hold (entry *e)
{
    zl_socket *s = e->sock;
    zl_socket_lock (s);
    int rc = zl_socket_check (s);
    int fd = rc < 0 ? rc : zl_socket_fd_hold (s);
    if (fd >= 0) {
        zl_hold (&s->refs);
        zl_list_append (&s->watchers, &e->watcher.node);
    }
    zl_socket_unlock (s);
    return fd;
}

int zl_pollset_add (zl_pollset *p, zl_socket *s, int fd, int events, void *tag)
{
    entry *e = find (p, s, fd);
    if (e) {
        e->events = events;
        e->tag = tag;
        make_hot (p, e);
        return 0;
    }
    e = calloc (1, sizeof *e);
    if (!e)
        return -ENOMEM;
    *e = (entry){.sock = s, .fd = fd, .events = events, .tag = tag, .set = p, .watcher.changed = on_change};
    zl_list_init (&e->hot);
    zl_list_init (&e->told);
    zl_list_init (&e->watcher.node);
    if (s)
        fd = e->fd = hold (e);
    if (fd < 0) {
        free (e);
        return fd;
    }
    /* A descriptor is watched for nothing but change: what is ready is asked of poll(), which knows every kind. */
    int rc = zl_poller_add (&p->poller, fd, s ? ZL_READ : ZL_READ | ZL_WRITE, s ? ZL_LEVEL : ZL_EDGE, e);
    if (rc == -EPERM)
        rc = 0; /* a regular file: always ready, and stays hot */
    if (rc < 0) {
        let_go (e);
        free (e);
        return rc;
    }
    zl_list_append (&p->all, &e->node);
    make_hot (p, e);
    return 0;
}

void zl_pollset_remove (zl_pollset *p, zl_socket *s, int fd)
{
    entry *e = find (p, s, fd);
    if (e)
        entry_free (p, e);
}

/* What holds of the entry's events now; or a negative code. */
static int look_at (entry *e)
{
    if (e->sock) {
        zl_socket_lock (e->sock);
        int rc = zl_socket_check (e->sock);
        if (rc == 0)
            rc = zl_socket_events (e->sock) & e->events;
        if (rc >= 0 && rc != e->events) /* the kernel may know of more */
            rc = zl_socket_events_now (e->sock) & e->events;
        zl_socket_unlock (e->sock);
        return rc;
    }
    struct pollfd f = {.fd = e->fd,
                       .events = (short) ((e->events & ZL_POLLIN ? POLLIN : 0) | (e->events & ZL_POLLOUT ? POLLOUT : 0))};
    if (poll (&f, 1, 0) < 0)
        return -errno;
    if (f.revents & POLLNVAL)
        return -ENOTSOCK;
    int events = 0;
    if (f.revents & POLLIN)
        events |= ZL_POLLIN;
    if (f.revents & POLLOUT)
        events |= ZL_POLLOUT;
    if (f.revents & (POLLERR | POLLHUP))
        events |= e->events & (ZL_POLLERR | ZL_POLLIN);
    return events;
}

/* Looks at what may be ready: how many are, or a negative code. */
static int collect (zl_pollset *p, zl_polled *out, int max)
{
    int n = 0;
    ZL_LIST_EACH (&p->hot, entry, hot, e)
    {
        if (n == max)
            break;
        int events = look_at (e);
        if (events < 0)
            return events;
        if (events)
            out[n++] = (zl_polled){e->tag, events};
        else
            zl_list_remove (&e->hot);
    }
    return n;
}

/* Takes up what was told. If that is nothing, the next change wakes us, when we mean to sleep. */
static void take_told (zl_pollset *p, bool to_sleep)
{
    zl_lock (&p->mu);
    for (zl_node *n; (n = zl_list_pop (&p->told));)
        make_hot (p, ZL_CONTAINER (n, entry, told));
    p->asleep = to_sleep && zl_list_empty (&p->hot);
    if (p->woken) {
        p->woken = false;
        zl_wake_clear (&p->wake);
    }
    zl_unlock (&p->mu);
}

int zl_pollset_wait (zl_pollset *p, zl_polled *out, int max, zl_time deadline)
{
    enum { BATCH = 64 };
    for (bool looked = false;; looked = true) {
        zl_ready ready[BATCH];
        zl_time now = deadline == ZL_NEVER ? 0 : zl_now ();
        take_told (p, true);
        zl_time timeout = zl_list_empty (&p->hot) ? zl_until (deadline, now) : 0;
        int n = zl_poller_wait (&p->poller, ready, BATCH, timeout);
        take_told (p, false);
        if (n < 0)
            return n;
        for (int i = 0; i < n; i++)
            if (ready[i].data)
                make_hot (p, ready[i].data);
        n = collect (p, out, max);
        if (n != 0 || (looked && now >= deadline))
            return n;
    }
}
