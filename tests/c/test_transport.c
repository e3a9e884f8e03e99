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
