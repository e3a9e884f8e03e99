/* net/fd.[ch] */
#include <fcntl.h>
#include <poll.h>
#include <sys/un.h>
#include <unistd.h>

#include "check.h"
#include "net/fd.h"

static void pair (int ends[2])
{
    CHECK_EQ (socketpair (AF_UNIX, SOCK_STREAM, 0, ends), 0);
    for (int i = 0; i < 2; i++)
        CHECK_EQ (fcntl (ends[i], F_SETFL, O_NONBLOCK), 0);
}

TEST ("a new socket neither blocks nor outlives an exec")
{
    int fd = zl_fd_socket (AF_INET);
    CHECK (fd >= 0);
    CHECK (fcntl (fd, F_GETFL) & O_NONBLOCK);
    CHECK (fcntl (fd, F_GETFD) & FD_CLOEXEC);
    CHECK_EQ (zl_fd_accept (fd), -EINVAL);
    zl_fd_close (fd);
    zl_fd_close (-1);
    CHECK (zl_fd_socket (-1) < 0);
}

TEST ("what is written piecewise is read piecewise")
{
    int ends[2];
    char a[3] = {0}, b[10] = {0};
    pair (ends);
    struct iovec out[] = {{"ab", 2}, {"", 0}, {"cde", 3}}, one[] = {{"f", 1}};
    struct iovec in[] = {{a, 2}, {b, sizeof b}};
    CHECK_EQ (zl_fd_read (ends[1], in, 1), -EAGAIN);
    CHECK_EQ (zl_fd_read (ends[1], in, 2), -EAGAIN);
    CHECK_EQ (zl_fd_write (ends[0], out, 3), 5);
    CHECK_EQ (zl_fd_write (ends[0], one, 1), 1);
    CHECK_EQ (zl_fd_read (ends[1], in, 1), 2);
    CHECK_EQ (zl_fd_read (ends[1], in + 1, 1), 4);
    CHECK_TEXT (a, "ab");
    CHECK_TEXT (b, "cdef");
    zl_fd_close (ends[0]);
    CHECK_EQ (zl_fd_read (ends[1], in, 2), 0);
    zl_fd_close (ends[1]);
}

TEST ("a full socket and a lost one are codes, not signals")
{
    int ends[2];
    static char lots[1 << 20];
    struct iovec out = {lots, sizeof lots};
    ssize_t put;
    pair (ends);
    while ((put = zl_fd_write (ends[0], &out, 1)) > 0)
        ;
    CHECK_EQ (put, -EAGAIN);
    close (ends[1]);
    CHECK_EQ (zl_fd_write (ends[0], &out, 1), -EPIPE);
    close (ends[0]);
}

TEST ("what was written last arrives although input was left unread")
{
    int ends[2];
    char buf[10] = {0};
    struct iovec out = {"last", 4}, in = {buf, sizeof buf};
    pair (ends);
    CHECK_EQ (zl_fd_write (ends[1], &out, 1), 4);
    CHECK_EQ (zl_fd_write (ends[0], &out, 1), 4);
    zl_fd_finish (ends[0]);
    zl_fd_close (ends[0]);
    CHECK_EQ (zl_fd_read (ends[1], &in, 1), 4);
    CHECK_TEXT (buf, "last");
    CHECK_EQ (zl_fd_read (ends[1], &in, 1), 0);
    close (ends[1]);
}
