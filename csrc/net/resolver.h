/* Name lookups off the reactor: getaddrinfo may block for many seconds. A thread per lookup, detached, ended by itself;
 * lookups are rare (one for each attempt to connect to a host name). */
#ifndef ZL_NET_RESOLVER_H
#define ZL_NET_RESOLVER_H

#include "addr.h"

enum { ZL_LOOKUP_MAX = 16 };

typedef struct zl_lookup {
    zl_hostport name;
    bool ipv6;
    /* Called once on the lookup's thread: n addresses, or n < 0 and the error. Owns and frees the lookup. */
    void (*done) (struct zl_lookup *l, const zl_addr *addrs, int n);
    void *owner;
    uint64_t id;
} zl_lookup;

/* 0, and done() will be called; or -errno, and it will not. */
int zl_lookup_start (zl_lookup *l);

#endif
