/* Endpoint addresses. */
#include <arpa/inet.h>
#include <ctype.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"

static int parse_port (const char *text, bool bind, uint16_t *port)
{
    if (bind && strcmp (text, "*") == 0) {
        *port = 0;
        return 0;
    }
    unsigned long value = 0;
    size_t n = strlen (text);
    if (n == 0 || n > 5)
        return -EINVAL;
    for (size_t i = 0; i < n; i++) {
        if (!isdigit ((unsigned char) text[i]))
            return -EINVAL;
        value = value * 10 + (unsigned long) (text[i] - '0');
    }
    if (value > 65535 || (value == 0 && !bind))
        return -EINVAL;
    *port = (uint16_t) value;
    return 0;
}

static bool host_ok (const char *host, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isalnum ((unsigned char) host[i]) && !strchr (i ? ".-:%_" : ":", host[i]))
            return false;
    return true;
}

int zl_hostport_parse (const char *text, bool bind, zl_hostport *out)
{
    const char *colon = strrchr (text, ':');
    if (!colon)
        return -EINVAL;
    if (colon == text)
        return bind ? -ENODEV : -EINVAL;
    const char *host = text;
    size_t n = (size_t) (colon - text);
    if (host[0] == '[') {
        if (n < 3 || host[n - 1] != ']')
            return -EINVAL;
        host++;
        n -= 2;
    }
    if (n == 0 || n >= sizeof out->host)
        return -EINVAL;
    memcpy (out->host, host, n);
    out->host[n] = 0;
    if (!(bind && strcmp (out->host, "*") == 0) && !host_ok (out->host, n))
        return bind ? -ENODEV : -EINVAL;
    return parse_port (colon + 1, bind, &out->port);
}

static void set_port (zl_addr *a, uint16_t port)
{
    if (a->any.sa_family == AF_INET)
        a->in.sin_port = htons (port);
    else
        a->in6.sin6_port = htons (port);
}

static void set_any (zl_addr *a, bool ipv6)
{
    memset (a, 0, sizeof *a);
    if (ipv6) {
        a->in6.sin6_family = AF_INET6;
        a->in6.sin6_addr = in6addr_any;
        a->len = sizeof a->in6;
    } else {
        a->in.sin_family = AF_INET;
        a->in.sin_addr.s_addr = htonl (INADDR_ANY);
        a->len = sizeof a->in;
    }
}

/* getaddrinfo with our rules: IPv4 alone, or IPv6 with IPv4 mapped into it. */
static int lookup (const zl_hostport *hp, bool ipv6, int flags, zl_addr *out, unsigned max)
{
    char port[8];
    snprintf (port, sizeof port, "%u", hp->port);
    struct addrinfo hints = {.ai_family = ipv6 ? AF_INET6 : AF_INET,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = flags | (ipv6 ? AI_V4MAPPED : 0)},
                    *list = NULL;
    if (getaddrinfo (hp->host, port, &hints, &list) != 0)
        return -ENOENT;
    unsigned n = 0;
    for (struct addrinfo *i = list; i && n < max; i = i->ai_next) {
        memset (&out[n], 0, sizeof out[n]);
        memcpy (&out[n].any, i->ai_addr, i->ai_addrlen);
        out[n].len = i->ai_addrlen;
        n++;
    }
    freeaddrinfo (list);
    return n ? (int) n : -ENOENT;
}

int zl_addr_numeric (const zl_hostport *hp, bool ipv6, zl_addr *out)
{
    int rc = lookup (hp, ipv6, AI_NUMERICHOST | AI_NUMERICSERV, out, 1);
    return rc < 0 ? rc : 0;
}

int zl_addr_lookup (const zl_hostport *hp, bool ipv6, zl_addr *out, unsigned max)
{
    return lookup (hp, ipv6, AI_NUMERICSERV, out, max);
}

/* The first address of an interface in the wanted family: 0, -ENODEV if there is no such interface. */
static int interface_address (const zl_hostport *hp, bool ipv6, zl_addr *out)
{
    struct ifaddrs *list = NULL;
    int rc = -ENODEV;
    if (getifaddrs (&list) < 0)
        return -ENODEV;
    for (struct ifaddrs *i = list; i; i = i->ifa_next) {
        if (!i->ifa_addr || i->ifa_addr->sa_family != (ipv6 ? AF_INET6 : AF_INET) || strcmp (i->ifa_name, hp->host) != 0)
            continue;
        set_any (out, ipv6);
        memcpy (&out->any, i->ifa_addr, out->len);
        set_port (out, hp->port);
        rc = 0;
        break;
    }
    freeifaddrs (list);
    return rc;
}

int zl_addr_local (const zl_hostport *hp, bool ipv6, bool lookup_names, zl_addr *out)
{
    if (strcmp (hp->host, "*") == 0) {
        set_any (out, ipv6);
        set_port (out, hp->port);
        return 0;
    }
    if (zl_addr_numeric (hp, ipv6, out) == 0 || interface_address (hp, ipv6, out) == 0)
        return 0;
    if (ipv6 && strchr (hp->host, ':')) /* an IPv6 address that is none, or with a zone that is not here */
        return -EINVAL;
    return lookup_names && zl_addr_lookup (hp, ipv6, out, 1) > 0 ? 0 : -ENODEV;
}

int zl_addr_unix (const char *path, zl_addr *out)
{
    size_t n = strlen (path);
    memset (out, 0, sizeof *out);
    if (n == 0 || (path[0] == '@' && n == 1))
        return -EINVAL;
    if (n >= sizeof out->un.sun_path)
        return -ENAMETOOLONG;
    out->un.sun_family = AF_UNIX;
    memcpy (out->un.sun_path, path, n);
    out->len = (socklen_t) (offsetof (struct sockaddr_un, sun_path) + n + 1);
#if defined(__linux__)
    if (path[0] == '@') {
        out->un.sun_path[0] = 0;
        out->len--;
    }
#endif
    return 0;
}

void zl_addr_text (const zl_addr *a, char *out, size_t size)
{
    char host[INET6_ADDRSTRLEN + IF_NAMESIZE + 2];
    switch (a->any.sa_family) {
        case AF_INET:
            inet_ntop (AF_INET, &a->in.sin_addr, host, sizeof host);
            snprintf (out, size, "tcp://%s:%u", host, ntohs (a->in.sin_port));
            break;
        case AF_INET6:
            if (getnameinfo (&a->any, a->len, host, sizeof host, NULL, 0, NI_NUMERICHOST) != 0)
                host[0] = 0;
            snprintf (out, size, "tcp://[%s]:%u", host, ntohs (a->in6.sin6_port));
            break;
        default: {
            size_t n = a->len > offsetof (struct sockaddr_un, sun_path) ? a->len - offsetof (struct sockaddr_un, sun_path)
                                                                         : 0;
            const char *path = a->un.sun_path;
            if (n && path[0] == 0)
                snprintf (out, size, "ipc://@%.*s", (int) n - 1, path + 1);
            else
                snprintf (out, size, "ipc://%.*s", (int) strnlen (path, n), path);
        }
    }
}
