/* The tcp transport. */
#include <netinet/tcp.h>
#include <string.h>

#include "fd.h"
#include "transport.h"

#if !defined(TCP_KEEPIDLE) && defined(TCP_KEEPALIVE)
#define TCP_KEEPIDLE TCP_KEEPALIVE /* macOS */
#endif

static void set_if (int fd, int level, int option, int value)
{
    if (value >= 0)
        zl_fd_set_int (fd, level, option, value);
}

static void tune (int fd, const zl_net_options *o)
{
    zl_fd_set_int (fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (o->keepalive < 0)
        return;
    zl_fd_set_int (fd, SOL_SOCKET, SO_KEEPALIVE, o->keepalive);
    set_if (fd, IPPROTO_TCP, TCP_KEEPCNT, o->keepalive_cnt);
    set_if (fd, IPPROTO_TCP, TCP_KEEPIDLE, o->keepalive_idle);
    set_if (fd, IPPROTO_TCP, TCP_KEEPINTVL, o->keepalive_intvl);
}

/* Buffer sizes must be set before the connection exists to take part in the choice of the window. */
static void size_buffers (int fd, const zl_net_options *o)
{
    set_if (fd, SOL_SOCKET, SO_SNDBUF, o->sndbuf);
    set_if (fd, SOL_SOCKET, SO_RCVBUF, o->rcvbuf);
}

static int tcp_listen (const char *address, const zl_net_options *o, zl_listener *out)
{
    zl_hostport hp;
    zl_addr a;
    int rc = zl_hostport_parse (address, true, &hp);
    if (rc == 0)
        rc = zl_addr_local (&hp, o->ipv6, &a);
    if (rc < 0)
        return rc;
    int fd = zl_fd_socket (a.any.sa_family);
    if (fd < 0)
        return fd;
    zl_fd_set_int (fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (a.any.sa_family == AF_INET6)
        zl_fd_set_int (fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    size_buffers (fd, o);
    zl_addr bound = {.len = sizeof (struct sockaddr_in6)};
    if (bind (fd, &a.any, a.len) < 0 || listen (fd, o->backlog) < 0 || getsockname (fd, &bound.any, &bound.len) < 0) {
        rc = -errno;
        zl_fd_close (fd);
        return rc;
    }
    *out = (zl_listener){.fd = fd};
    zl_addr_text (&bound, out->endpoint, sizeof out->endpoint);
    return 0;
}

static int tcp_target (const char *address, const zl_net_options *o, zl_target *out)
{
    int rc = zl_hostport_parse (address, false, &out->name);
    if (rc < 0)
        return rc;
    out->lookup = zl_addr_numeric (&out->name, o->ipv6, &out->addr) < 0;
    return 0;
}

static int tcp_connect (const zl_addr *a, const zl_net_options *o, int *out)
{
    int fd = zl_fd_socket (a->any.sa_family);
    if (fd < 0)
        return fd;
    if (a->any.sa_family == AF_INET6)
        zl_fd_set_int (fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    size_buffers (fd, o);
    tune (fd, o);
    int rc = connect (fd, &a->any, a->len) < 0 ? -errno : 0;
    if (rc < 0 && rc != -EINPROGRESS) {
        zl_fd_close (fd);
        return rc;
    }
    *out = fd;
    return rc;
}

const zl_transport zl_tcp = {
    .scheme = "tcp",
    .listen = tcp_listen,
    .target = tcp_target,
    .connect = tcp_connect,
    .accepted = tune,
};
