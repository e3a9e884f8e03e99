/* What every descriptor of ours has in common. */
#include <fcntl.h>
#include <unistd.h>

#include "fd.h"

#if !defined(MSG_NOSIGNAL)
#define MSG_NOSIGNAL 0 /* macOS: SO_NOSIGPIPE is set on the socket instead */
#endif

#if !defined(SOCK_CLOEXEC)
static int prepare (int fd)
{
    if (fcntl (fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl (fd, F_SETFL, O_NONBLOCK) < 0) {
        int rc = -errno;
        close (fd);
        return rc;
    }
#if defined(SO_NOSIGPIPE)
    zl_fd_set_int (fd, SOL_SOCKET, SO_NOSIGPIPE, 1);
#endif
    return fd;
}
#endif

int zl_fd_socket (int family)
{
#if defined(SOCK_CLOEXEC)
    int fd = socket (family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return fd < 0 ? -errno : fd;
#else
    int fd = socket (family, SOCK_STREAM, 0);
    return fd < 0 ? -errno : prepare (fd);
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
    return prepare (fd);
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
