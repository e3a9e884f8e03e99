/* The table of a stream transport. tcp.c and ipc.c fill one each; everything above works on descriptors alone. */
#ifndef ZL_NET_TRANSPORT_H
#define ZL_NET_TRANSPORT_H

#include "addr.h"

/* Socket options that a transport applies, copied from the socket at bind() or connect(). */
typedef struct {
    int sndbuf, rcvbuf; /* octets, -1: leave alone */
    int backlog;
    int keepalive, keepalive_cnt, keepalive_idle, keepalive_intvl; /* -1: leave alone; seconds */
    bool ipv6;
} zl_net_options;

/* Where a listener lives and what must be removed when it ends. */
typedef struct {
    int fd;
    char endpoint[ZL_ENDPOINT_MAX]; /* resolved */
    char remove_file[128], remove_dir[128]; /* "" for nothing */
} zl_listener;

/* Where to connect to: addresses known at once, or a name that must be looked up first. */
typedef struct {
    bool lookup;
    zl_hostport name; /* lookup */
    zl_addr addr;     /* otherwise */
} zl_target;

typedef struct zl_transport {
    const char *scheme;
    /* Binds and listens on what follows "scheme://". May block in a name lookup: call it without locks. 0 or -errno. */
    int (*listen) (const char *address, const zl_net_options *o, zl_listener *out);
    /* Checks the text of a connect address, without any lookup. 0 or -errno. */
    int (*target) (const char *address, const zl_net_options *o, zl_target *out);
    /* Begins to connect and gives the descriptor: 0 connected, -EINPROGRESS wait until it is writable, or -errno. */
    int (*connect) (const zl_addr *a, const zl_net_options *o, int *fd);
    /* Sets up a descriptor that was accepted. */
    void (*accepted) (int fd, const zl_net_options *o);
    /* The kernel reports "writable" whenever the peer has read something, wanted or not. */
    bool chatty_writable;
} zl_transport;

extern const zl_transport zl_tcp, zl_ipc;

/* Closes the listener and removes what it left in the file system. Idempotent. */
void zl_listener_close (zl_listener *l);

#endif
