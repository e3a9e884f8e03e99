/* The tcp transport. */
#include <netinet/tcp.h>
#include <stdio.h>
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
#if defined(TCP_USER_TIMEOUT)
    if (o->maxrt > 0)
        zl_fd_set_int (fd, IPPROTO_TCP, TCP_USER_TIMEOUT, o->maxrt);
#endif
    if (o->keepalive < 0)
        return;
    zl_fd_set_int (fd, SOL_SOCKET, SO_KEEPALIVE, o->keepalive);
    set_if (fd, IPPROTO_TCP, TCP_KEEPCNT, o->keepalive_cnt);
    set_if (fd, IPPROTO_TCP, TCP_KEEPIDLE, o->keepalive_idle);
    set_if (fd, IPPROTO_TCP, TCP_KEEPINTVL, o->keepalive_intvl);
}

/* What has to be set before a descriptor is bound or connected: buffer sizes take part in the choice of the window. */
static int set_up (int fd, int family, const zl_net_options *o)
{
    set_if (fd, SOL_SOCKET, SO_SNDBUF, o->sndbuf);
    set_if (fd, SOL_SOCKET, SO_RCVBUF, o->rcvbuf);
    if (family == AF_INET6)
        zl_fd_set_int (fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    if (o->tos > 0) {
        zl_fd_set_int (fd, IPPROTO_IP, IP_TOS, o->tos); /* of an IPv6 socket: for its mapped IPv4 connections */
        if (family == AF_INET6)
            zl_fd_set_int (fd, IPPROTO_IPV6, IPV6_TCLASS, o->tos);
    }
#if defined(SO_BUSY_POLL)
    if (o->busy_poll > 0)
        zl_fd_set_int (fd, SOL_SOCKET, SO_BUSY_POLL, o->busy_poll);
#endif
    if (o->device_len == 0)
        return 0;
#if defined(SO_BINDTODEVICE)
    return setsockopt (fd, SOL_SOCKET, SO_BINDTODEVICE, o->device, (socklen_t) o->device_len) < 0 ? -errno : 0;
#else
    return -ENOTSUP;
#endif
}

static int tcp_listen (const char *address, const zl_net_options *o, zl_listener *out)
{
    zl_hostport hp;
    zl_addr a;
    if (o->use_fd >= 0)
        return zl_listener_adopt (o->use_fd, out);
    int rc = zl_hostport_parse (address, true, &hp);
    if (rc == 0)
        rc = zl_addr_local (&hp, o->ipv6, true, &a);
    if (rc < 0)
        return rc;
    int fd = zl_fd_socket (a.any.sa_family);
    if (fd < 0)
        return fd;
    zl_fd_set_int (fd, SOL_SOCKET, SO_REUSEADDR, 1);
    rc = set_up (fd, a.any.sa_family, o);
    zl_addr bound = {.len = sizeof (struct sockaddr_in6)};
    if (rc == 0 && (bind (fd, &a.any, a.len) < 0 || listen (fd, o->backlog) < 0 ||
                    getsockname (fd, &bound.any, &bound.len) < 0))
        rc = -errno;
    if (rc < 0) {
        zl_fd_close (fd);
        return rc;
    }
    *out = (zl_listener){.fd = fd};
    zl_addr_text (&bound, out->endpoint, sizeof out->endpoint);
    return 0;
}

/* "host:port", or "source:port;host:port". */
static int tcp_target (const char *address, const zl_net_options *o, zl_target *out)
{
    const char *semicolon = strchr (address, ';');
    int rc = 0;
    *out = (zl_target){.has_source = semicolon != NULL};
    if (semicolon) {
        char source[sizeof out->source.host + 8];
        if (snprintf (source, sizeof source, "%.*s", (int) (semicolon - address), address) >= (int) sizeof source)
            return -EINVAL;
        rc = source[0] == '*' ? -EINVAL : zl_hostport_parse (source, true, &out->source);
        address = semicolon + 1;
    }
    if (rc == 0)
        rc = zl_hostport_parse (address, false, &out->name);
    if (rc == 0)
        out->lookup = zl_addr_numeric (&out->name, o->ipv6, &out->addr) < 0;
    return rc;
}

static int bind_source (int fd, const zl_target *t, const zl_net_options *o)
{
    zl_addr source;
    zl_fd_set_int (fd, SOL_SOCKET, SO_REUSEADDR, 1);
    int rc = zl_addr_local (&t->source, o->ipv6, false, &source);
    return rc < 0 ? rc : bind (fd, &source.any, source.len) < 0 ? -errno : 0;
}

static int tcp_connect (const zl_addr *a, const zl_target *t, const zl_net_options *o, int *out)
{
    int fd = zl_fd_socket (a->any.sa_family);
    if (fd < 0)
        return fd;
    int rc = set_up (fd, a->any.sa_family, o);
    tune (fd, o);
    if (rc == 0 && t->has_source)
        rc = bind_source (fd, t, o);
    if (rc == 0)
        rc = connect (fd, &a->any, a->len) < 0 ? -errno : 0;
    if (rc < 0 && rc != -EINPROGRESS) {
        zl_fd_close (fd);
        return rc;
    }
    *out = fd;
    return rc;
}

static int tcp_accepted (int fd, const zl_net_options *o)
{
    if (o->network_count) {
        zl_addr peer = {.len = sizeof (struct sockaddr_in6)};
        bool known = getpeername (fd, &peer.any, &peer.len) == 0, welcome = false;
        for (size_t i = 0; known && i < o->network_count && !welcome; i++)
            welcome = zl_network_holds (&o->networks[i], &peer.any);
        if (!welcome)
            return -EACCES;
    }
    tune (fd, o);
    return 0;
}

static int tcp_aliases (const char *address, const zl_net_options *o, zl_addr *out, unsigned max)
{
    zl_hostport hp;
    if (zl_hostport_parse (address, false, &hp) < 0)
        return 0;
    int n = zl_addr_lookup (&hp, o->ipv6, out, max);
    return ZL_MAX (n, 0);
}

const zl_transport zl_tcp = {
    .scheme = "tcp",
    .listen = tcp_listen,
    .target = tcp_target,
    .connect = tcp_connect,
    .accepted = tcp_accepted,
    .aliases = tcp_aliases,
    .portion = 1024 * 1024,
    .proxied = true,
};
