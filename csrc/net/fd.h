/* What every descriptor of ours has in common. All calls return 0 (or a descriptor, or a count) or -errno. */
#ifndef ZL_NET_FD_H
#define ZL_NET_FD_H

#include <sys/socket.h>
#include <sys/uio.h>

#include "../base/defs.h"
#include "../base/err.h"

/* A nonblocking, close-on-exec stream socket of that family. */
int zl_fd_socket (int family);
/* Makes a descriptor nonblocking and close-on-exec. */
int zl_fd_prepare (int fd);
/* Accepts one connection, nonblocking and close-on-exec; -EAGAIN if none waits. */
int zl_fd_accept (int listener);
void zl_fd_close (int fd);
/* Before a close of our own accord: says that no more will be written, and reads away what has come, since closing with
 * unread input would make the kernel throw away output that is still on its way. */
void zl_fd_finish (int fd);
typedef struct {
    pid_t pid; /* 0: the system does not tell */
    uid_t uid;
    gid_t gid;
} zl_credentials;

/* Whose process is at the other end of a Unix socket: 0 or -errno. */
int zl_fd_credentials (int fd, zl_credentials *out);
/* Who is at the other end, for people and for ZAP: "127.0.0.1", "::1", or of a Unix socket "localhost:uid:gid:pid"; "" if the
 * system does not tell. */
void zl_fd_peer_address (int fd, char *out, size_t size);
int zl_fd_set_int (int fd, int level, int option, int value);

/* Reads into iov / writes from iov without blocking and without SIGPIPE: the count, 0 at the end of the stream (reading
 * only), or -errno. */
ssize_t zl_fd_read (int fd, struct iovec *iov, unsigned n);
ssize_t zl_fd_write (int fd, struct iovec *iov, unsigned n);

/* The outcome of a nonblocking connect that has become writable. */
int zl_fd_connect_result (int fd);

#endif
