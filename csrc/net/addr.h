/* Endpoint addresses: "tcp://host:port" and "ipc://path" to what the kernel wants, and back. */
#ifndef ZL_NET_ADDR_H
#define ZL_NET_ADDR_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "../base/defs.h"
#include "../base/err.h"

#define ZL_ENDPOINT_MAX 512u

/* One socket address. */
typedef struct {
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
    };
    socklen_t len;
} zl_addr;

/* "host:port" of tcp, split and checked but not looked up. */
typedef struct {
    char host[256]; /* without brackets; "*" for any */
    uint16_t port;  /* 0 for any, when binding */
} zl_hostport;

/* -EINVAL for a malformed one. `bind` allows "*" and port 0. */
int zl_hostport_parse (const char *text, bool bind, zl_hostport *out);

/* What to bind to: "*", a numeric address, an interface, or with lookup_names a host name, which may block. 0, -EINVAL,
 * -ENODEV. */
int zl_addr_local (const zl_hostport *hp, bool ipv6, bool lookup_names, zl_addr *out);
/* A numeric address without any lookup; -ENOENT if host is a name. */
int zl_addr_numeric (const zl_hostport *hp, bool ipv6, zl_addr *out);
/* Every address of a host name, in the resolver's order: how many were filled (at least one), or -errno. Blocks. */
int zl_addr_lookup (const zl_hostport *hp, bool ipv6, zl_addr *out, unsigned max);

/* "@name" is a Linux abstract address. -EINVAL, -ENAMETOOLONG. */
int zl_addr_unix (const char *path, zl_addr *out);

/* The endpoint text of an address: "tcp://127.0.0.1:5555", "tcp://[::1]:5555", "ipc://path". */
void zl_addr_text (const zl_addr *a, char *out, size_t size);

#endif
