/* net/tcp.c, net/ipc.c, net/transport.c: listen, connect, accept, and what remains afterwards. */
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "net/fd.h"
#include "net/transport.h"

static const zl_net_options plain = {
    .sndbuf = -1,
    .rcvbuf = -1,
    .backlog = 10,
    .keepalive = -1,
    .keepalive_cnt = -1,
    .keepalive_idle = -1,
    .keepalive_intvl = -1,
    .use_fd = -1,
};

static bool wait_for (int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};
    return poll (&p, 1, 30000) == 1;
}

/* Connects to what a listener says of itself: the code of the attempt. */
static int connect_to (const zl_transport *t, const char *endpoint, const zl_net_options *o,
                       int *fd)
{
    zl_target target;
    const char *address = strstr (endpoint, "://") + 3;
    CHECK_EQ (strncmp (endpoint, t->scheme, strlen (t->scheme)), 0);
    CHECK_EQ (t->target (address, o, &target), 0);
    CHECK (!target.lookup);
    int rc = t->connect (&target.addr, &target, o, fd);
    if (rc != -EINPROGRESS)
        return rc;
    CHECK (wait_for (*fd, POLLOUT));
    rc = zl_fd_connect_result (*fd);
    if (rc < 0)
        zl_fd_close (*fd);
    return rc;
}

static void talk (const zl_transport *t, const char *address, const zl_net_options *o)
{
    zl_listener l;
    int fd;
    CHECK_EQ (t->listen (address, o, &l), 0);
    CHECK_EQ (zl_fd_accept (l.fd), -EAGAIN);
    CHECK_EQ (connect_to (t, l.endpoint, o, &fd), 0);
    CHECK (wait_for (l.fd, POLLIN));
    int other = zl_fd_accept (l.fd);
    CHECK (other >= 0);
    CHECK_EQ (t->accepted (other, o), 0);
    char buf[6] = {0};
    struct iovec out = {"hello", 5}, in = {buf, 5};
    CHECK_EQ (zl_fd_write (fd, &out, 1), 5);
    CHECK (wait_for (other, POLLIN));
    CHECK_EQ (zl_fd_read (other, &in, 1), 5);
    CHECK_TEXT (buf, "hello");
    zl_fd_close (fd);
    zl_fd_close (other);
    char endpoint[ZL_ENDPOINT_MAX];
    strcpy (endpoint, l.endpoint);
    zl_listener_close (&l);
    zl_listener_close (&l);
    CHECK (connect_to (t, endpoint, o, &fd) < 0);
}

TEST ("tcp connects to the port it was given, with either kind of address and all options")
{
    zl_net_options all = plain, six = plain;
    all.sndbuf = all.rcvbuf = 65536;
    all.keepalive = 1;
    all.keepalive_cnt = 3;
    all.keepalive_idle = 60;
    all.keepalive_intvl = 10;
    all.tos = 8;
    all.maxrt = 1000;
    talk (&zl_tcp, "127.0.0.1:*", &plain);
    talk (&zl_tcp, "127.0.0.1:0", &all);
    six.ipv6 = true;
    zl_listener l;
    if (zl_tcp.listen ("[::1]:*", &six, &l) == 0) { /* not every system has it */
        zl_listener_close (&l);
        talk (&zl_tcp, "[::1]:*", &six);
    }
}

TEST ("a tcp port can be bound once, and again after it was closed")
{
    zl_listener first, second;
    CHECK_EQ (zl_tcp.listen ("127.0.0.1:*", &plain, &first), 0);
    const char *address = first.endpoint + strlen ("tcp://");
    CHECK_EQ (zl_tcp.listen (address, &plain, &second), -EADDRINUSE);
    zl_listener_close (&first);
    CHECK_EQ (zl_tcp.listen (address, &plain, &second), 0);
    zl_listener_close (&second);
}

TEST ("a tcp name is looked up later, and a bad address is refused at once")
{
    zl_target target;
    zl_listener l;
    CHECK_EQ (zl_tcp.target ("localhost:5555", &plain, &target), 0);
    CHECK (target.lookup);
    CHECK_TEXT (target.name.host, "localhost");
    CHECK_EQ (zl_tcp.target ("localhost", &plain, &target), -EINVAL);
    CHECK_EQ (zl_tcp.target ("*:5555", &plain, &target), -EINVAL);
    CHECK_EQ (zl_tcp.listen ("nonsense", &plain, &l), -EINVAL);
    CHECK_EQ (zl_tcp.listen ("192.0.2.1:*", &plain, &l), -EADDRNOTAVAIL);
}

TEST ("ipc connects by path and by a name of its own choice")
{
    char folder[] = "/tmp/zlXXXXXX", path[64];
    CHECK (mkdtemp (folder));
    snprintf (path, sizeof path, "%s/socket", folder);
    talk (&zl_ipc, path, &plain);
    CHECK_EQ (unlink (path), 0);
    CHECK_EQ (rmdir (folder), 0);
    talk (&zl_ipc, "*", &plain);
#if defined(__linux__)
    snprintf (path, sizeof path, "@zmqlite-test-%d", (int) getpid ());
    talk (&zl_ipc, path, &plain);
#endif
}

TEST ("a wildcard of ipc leaves nothing behind")
{
    zl_listener l;
    struct stat st;
    CHECK_EQ (zl_ipc.listen ("*", &plain, &l), 0);
    CHECK_EQ (stat (l.remove_file, &st), 0);
    CHECK (S_ISSOCK (st.st_mode));
    zl_listener_close (&l);
    CHECK (stat (l.remove_file, &st) < 0);
    CHECK (stat (l.remove_dir, &st) < 0);
}

TEST ("ipc replaces a socket at its path but not another file")
{
    char folder[] = "/tmp/zlXXXXXX", path[64];
    zl_listener first, second;
    CHECK (mkdtemp (folder));
    snprintf (path, sizeof path, "%s/socket", folder);
    CHECK_EQ (zl_ipc.listen (path, &plain, &first), 0);
    CHECK_EQ (zl_ipc.listen (path, &plain, &second), 0);
    zl_listener_close (&first);
    zl_listener_close (&second);
    CHECK_EQ (unlink (path), 0);
    FILE *f = fopen (path, "w");
    CHECK (f);
    fclose (f);
    CHECK_EQ (zl_ipc.listen (path, &plain, &first), -EADDRINUSE);
    CHECK_EQ (unlink (path), 0);
    CHECK_EQ (rmdir (folder), 0);
    CHECK (zl_ipc.listen (path, &plain, &first) < 0);
}

/* Two descriptors of a connection that was made to a listener of that transport. */
static void make_pair (const zl_transport *t, const char *address, int fds[2])
{
    zl_listener l;
    CHECK_EQ (t->listen (address, &plain, &l), 0);
    CHECK_EQ (connect_to (t, l.endpoint, &plain, &fds[0]), 0);
    CHECK (wait_for (l.fd, POLLIN));
    fds[1] = zl_fd_accept (l.fd);
    CHECK (fds[1] >= 0);
    zl_listener_close (&l);
}

TEST ("only those in a filter are let in, by address or by process, user and group")
{
    int fds[2];
    zl_network here, elsewhere;
    zl_net_options o = plain;
    const pid_t pids[] = {1, getpid ()};
    const uid_t uids[] = {geteuid () + 1, geteuid ()};
    const gid_t gids[] = {getegid () + 1, getegid ()};
    CHECK_EQ (zl_network_parse ("127.0.0.0/8", &here), 0);
    CHECK_EQ (zl_network_parse ("10.0.0.0/8", &elsewhere), 0);
    make_pair (&zl_tcp, "127.0.0.1:*", fds);
    o.networks = (const zl_network[]){elsewhere, here};
    o.network_count = 2;
    CHECK_EQ (zl_tcp.accepted (fds[1], &o), 0);
    o.network_count = 1;
    CHECK_EQ (zl_tcp.accepted (fds[1], &o), -EACCES);
    zl_fd_close (fds[0]);
    zl_fd_close (fds[1]);

    make_pair (&zl_ipc, "*", fds);
    CHECK_EQ (zl_ipc.accepted (fds[1], &o), 0); /* not a filter of its kind */
    o = plain;
    o.uids = uids;
    for (o.uid_count = 1; o.uid_count < 3; o.uid_count++)
        CHECK_EQ (zl_ipc.accepted (fds[1], &o), o.uid_count == 2 ? 0 : -EACCES);
    o = plain;
#if defined(__linux__) /* others do not tell the process */
    o.pids = pids;
    for (o.pid_count = 1; o.pid_count < 3; o.pid_count++)
        CHECK_EQ (zl_ipc.accepted (fds[1], &o), o.pid_count == 2 ? 0 : -EACCES);
#endif
    o = plain;
    o.gids = gids + 1;
    o.gid_count = 1;
    CHECK_EQ (zl_ipc.accepted (fds[1], &o), 0);
    o.gids = gids;
    o.pids = pids + 1; /* one reason is enough */
    o.pid_count = 1;
#if defined(__linux__)
    CHECK_EQ (zl_ipc.accepted (fds[1], &o), 0);
#endif
    zl_fd_close (fds[0]);
    zl_fd_close (fds[1]);
}

TEST ("a listening descriptor of somebody else's is adopted, and one that is none refused")
{
    zl_listener first, second;
    zl_net_options o = plain;
    CHECK_EQ (zl_tcp.listen ("127.0.0.1:*", &plain, &first), 0);
    o.use_fd = dup (first.fd);
    CHECK_EQ (zl_tcp.listen ("whatever", &o, &second), 0);
    CHECK_EQ (second.fd, o.use_fd);
    CHECK_TEXT (second.endpoint, first.endpoint);
    zl_listener_close (&first);
    int fd;
    CHECK_EQ (connect_to (&zl_tcp, second.endpoint, &plain, &fd), 0);
    zl_fd_close (fd);
    zl_listener_close (&second);
    CHECK_EQ (zl_tcp.listen ("whatever", &o, &second), -EBADF); /* it is closed now */
    CHECK_EQ (zl_ipc.listen ("whatever", &o, &second), -EBADF);
}

TEST ("a connection can be made from an address and a port of one's own")
{
    zl_listener l, taken;
    zl_target target;
    char address[3 * ZL_ENDPOINT_MAX];
    int fd;
    CHECK_EQ (zl_tcp.listen ("127.0.0.1:*", &plain, &l), 0);
    snprintf (address, sizeof address, "127.0.0.2:0;%s", l.endpoint + strlen ("tcp://"));
    CHECK_EQ (zl_tcp.target (address, &plain, &target), 0);
    CHECK (target.has_source && !target.lookup);
    int rc = zl_tcp.connect (&target.addr, &target, &plain, &fd);
    if (rc != -EADDRNOTAVAIL) { /* of the loopback not every system has more than one address */
        CHECK (rc == 0 || rc == -EINPROGRESS);
        CHECK (wait_for (l.fd, POLLIN));
        int other = zl_fd_accept (l.fd);
        char text[64];
        zl_fd_peer_address (other, text, sizeof text);
        CHECK_TEXT (text, "127.0.0.2");
        zl_fd_close (other);
        zl_fd_close (fd);
    }
    CHECK_EQ (zl_tcp.listen ("127.0.0.1:*", &plain, &taken), 0);
    const char *source = taken.endpoint + strlen ("tcp://");
    snprintf (address, sizeof address, "%s;%s", source, l.endpoint + strlen ("tcp://"));
    CHECK_EQ (zl_tcp.target (address, &plain, &target), 0);
    CHECK_EQ (zl_tcp.connect (&target.addr, &target, &plain, &fd), -EADDRINUSE);
    zl_listener_close (&taken);
    zl_listener_close (&l);
    CHECK_EQ (zl_tcp.target ("127.0.0.1;127.0.0.1:5", &plain, &target), -EINVAL);
    CHECK_EQ (zl_tcp.target ("127.0.0.1:0;", &plain, &target), -EINVAL);
}

TEST ("each side knows who is at the other end")
{
    int fds[2];
    char text[64], due[64];
    make_pair (&zl_tcp, "127.0.0.1:*", fds);
    for (unsigned i = 0; i < 2; i++) {
        zl_fd_peer_address (fds[i], text, sizeof text);
        CHECK_TEXT (text, "127.0.0.1");
        zl_fd_close (fds[i]);
    }
    make_pair (&zl_ipc, "*", fds);
#if defined(__linux__)
    snprintf (due, sizeof due, "localhost:%u:%u:%d", geteuid (), getegid (), (int) getpid ());
#else
    snprintf (due, sizeof due, "localhost:%u:%u:0", geteuid (), getegid ());
#endif
    zl_fd_peer_address (fds[1], text, sizeof text);
    CHECK_TEXT (text, due);
    zl_fd_close (fds[0]);
    zl_fd_close (fds[1]);
    zl_fd_peer_address (fds[0], text, sizeof text);
    CHECK_TEXT (text, "");
}
