/* The table of a stream transport. tcp.c and ipc.c fill one each; everything above works on descriptors alone. */
#ifndef ZL_NET_TRANSPORT_H
#define ZL_NET_TRANSPORT_H

#include <sys/types.h>

#include "addr.h"
#include "network.h"

/* Socket options that a transport applies, as they were at bind() or connect(). The pointers are borrowed. */
typedef struct {
    int sndbuf, rcvbuf; /* octets, -1: leave alone */
    int backlog;
    int keepalive, keepalive_cnt, keepalive_idle, keepalive_intvl; /* -1: leave alone; seconds */
    int tos, busy_poll; /* 0: leave alone */
    int maxrt;          /* ms, 0: leave alone */
    int use_fd;         /* a listening descriptor to adopt, or -1 */
    bool ipv6;
    const char *device; /* not terminated */
    size_t device_len;
    /* Who may connect; with none of a kind that kind does not count. */
    const zl_network *networks;
    size_t network_count;
    const pid_t *pids;
    size_t pid_count;
    const uid_t *uids;
    size_t uid_count;
    const gid_t *gids;
    size_t gid_count;
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
    bool has_source;
    zl_hostport name;   /* of tcp; to be looked up if so */
    zl_hostport source; /* to connect from */
    zl_addr addr;       /* if nothing has to be looked up */
} zl_target;

typedef struct zl_transport {
    const char *scheme;
    /* Binds and listens on what follows "scheme://". May block in a name lookup: call it without locks. 0 or -errno. */
    int (*listen) (const char *address, const zl_net_options *o, zl_listener *out);
    /* Checks the text of a connect address, without any lookup. 0 or -errno. */
    int (*target) (const char *address, const zl_net_options *o, zl_target *out);
    /* Begins to connect to one address of a target and gives the descriptor: 0 connected, -EINPROGRESS wait until it is
     * writable, or -errno. */
    int (*connect) (const zl_addr *a, const zl_target *t, const zl_net_options *o, int *fd);
    /* Decides about a descriptor that was accepted, and sets it up: 0, or -EACCES for a peer that is not let in. */
    int (*accepted) (int fd, const zl_net_options *o);
    /* The endpoints that an address which was not found as such may stand for: how many were filled. May block in a name
     * lookup. NULL: none. */
    int (*aliases) (const char *address, const zl_net_options *o, zl_addr *out, unsigned max);
    /* The kernel reports "writable" whenever the peer has read something, wanted or not. */
    bool chatty_writable;
    /* Octets that are best written at once, measured: the more the cheaper, until the reader waits for them or the kernel does not
     * take them all. */
    size_t portion;
    /* Connections can be made through a SOCKS proxy. */
    bool proxied;
} zl_transport;

extern const zl_transport zl_tcp, zl_ipc;

/* Makes a listening descriptor that somebody else has set up ours: 0 or -errno. */
int zl_listener_adopt (int fd, zl_listener *out);
/* Closes the listener and removes what it left in the file system. Idempotent. */
void zl_listener_close (zl_listener *l);

#endif
