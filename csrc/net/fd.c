/* What every descriptor of ours has in common. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/un.h>
#include <unistd.h>

#include "fd.h"

#if !defined(MSG_NOSIGNAL)
#define MSG_NOSIGNAL 0 /* macOS: SO_NOSIGPIPE is set on the socket instead */
#endif

int zl_fd_prepare (int fd)
{
    int flags = fcntl (fd, F_GETFL);
    if (flags < 0 || fcntl (fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl (fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return -errno;
#if defined(SO_NOSIGPIPE)
    zl_fd_set_int (fd, SOL_SOCKET, SO_NOSIGPIPE, 1);
#endif
    return 0;
}

#if !defined(SOCK_CLOEXEC)
static int prepare_new (int fd)
{
    int rc = zl_fd_prepare (fd);
    if (rc < 0)
        close (fd);
    return rc < 0 ? rc : fd;
}
#endif

int zl_fd_socket (int family)
{
#if defined(SOCK_CLOEXEC)
    int fd = socket (family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return fd < 0 ? -errno : fd;
#else
    int fd = socket (family, SOCK_STREAM, 0);
    return fd < 0 ? -errno : prepare_new (fd);
#endif
}

int zl_fd_accept (int listener)
{
    int fd;
    do {
#if defined(SOCK_CLOEXEC)
        fd = accept4 (listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
#else
        fd = accept (listener, NULL, NULL);
#endif
    } while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
    if (fd < 0)
        return errno == EWOULDBLOCK ? -EAGAIN : -errno;
#if defined(SOCK_CLOEXEC)
    return fd;
#else
    return prepare_new (fd);
#endif
}

void zl_fd_close (int fd)
{
    if (fd >= 0)
        close (fd);
}

void zl_fd_finish (int fd)
{
    enum { ROUNDS = 64 };
    char drain[16384];
    shutdown (fd, SHUT_WR);
    for (int i = 0; i < ROUNDS && recv (fd, drain, sizeof drain, MSG_DONTWAIT) > 0; i++)
        ;
}

int zl_fd_credentials (int fd, zl_credentials *out)
{
#if defined(SO_PEERCRED)
    struct ucred c;
    socklen_t n = sizeof c;
    if (getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &c, &n) < 0)
        return -errno;
    *out = (zl_credentials){c.pid, c.uid, c.gid};
    return 0;
#else
    *out = (zl_credentials){0};
    return getpeereid (fd, &out->uid, &out->gid) < 0 ? -errno : 0;
#endif
}

void zl_fd_peer_address (int fd, char *out, size_t size)
{
    union {
        struct sockaddr any;
        struct sockaddr_storage storage;
    } a;
    socklen_t n = sizeof a;
    zl_credentials c = {0};
    out[0] = 0;
    if (getpeername (fd, &a.any, &n) < 0)
        return;
    if (a.any.sa_family != AF_UNIX) {
        if (getnameinfo (&a.any, n, out, (socklen_t) size, NULL, 0, NI_NUMERICHOST) != 0)
            out[0] = 0;
    } else if (zl_fd_credentials (fd, &c) == 0)
        snprintf (out, size, "localhost:%lu:%lu:%ld", (unsigned long) c.uid, (unsigned long) c.gid, (long) c.pid);
}

int zl_fd_set_int (int fd, int level, int option, int value)
{
    return setsockopt (fd, level, option, &value, sizeof value) < 0 ? -errno : 0;
}

ssize_t zl_fd_read (int fd, struct iovec *iov, unsigned n)
{
    ssize_t got;
    do
        got = n == 1 ? recv (fd, iov->iov_base, iov->iov_len, 0) : readv (fd, iov, (int) n);
    while (got < 0 && errno == EINTR);
    return got < 0 ? (errno == EWOULDBLOCK ? -EAGAIN : -errno) : got;
}

ssize_t zl_fd_write (int fd, struct iovec *iov, unsigned n)
{
    ssize_t put;
    do {
        if (n == 1)
            put = send (fd, iov->iov_base, iov->iov_len, MSG_NOSIGNAL);
        else {
            struct msghdr m = {.msg_iov = iov, .msg_iovlen = n};
            put = sendmsg (fd, &m, MSG_NOSIGNAL);
        }
    } while (put < 0 && errno == EINTR);
    return put < 0 ? (errno == EWOULDBLOCK ? -EAGAIN : -errno) : put;
}

int zl_fd_connect_result (int fd)
{
    int err = 0;
    socklen_t len = sizeof err;
    if (getsockopt (fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
        return -errno;
    return -err;
}
