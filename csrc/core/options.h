/* Socket options: one table of names, numbers, kinds, ranges and defaults (numbers of ZeroMQ's public header).
 *
 * An option whose value is merely stored is a row of the table in options.c and a member here; one that does something when
 * it is set or read is a zl_option_row with functions, of the common list or of a socket type. */
#ifndef ZL_CORE_OPTIONS_H
#define ZL_CORE_OPTIONS_H

#include "../base/msg.h"
#include "../net/transport.h"
#include "../wire/wire.h"

typedef struct zl_socket zl_socket;

/* Options whose value is a string of octets, a list that grows with each call, or NULL for none. */
typedef enum {
    ZL_BYTES_CONNECT_ROUTING_ID,
    ZL_BYTES_WELCOME_MSG,
    ZL_BYTES_HELLO_MSG,
    ZL_BYTES_DISCONNECT_MSG,
    ZL_BYTES_HICCUP_MSG,
    ZL_BYTES_METADATA, /* property list as in READY */
    ZL_BYTES_BINDTODEVICE,
    ZL_BYTES_PLAIN_USERNAME,
    ZL_BYTES_PLAIN_PASSWORD,
    ZL_BYTES_ZAP_DOMAIN,
    ZL_BYTES_SOCKS_PROXY,
    ZL_BYTES_SOCKS_USERNAME,
    ZL_BYTES_SOCKS_PASSWORD,
    ZL_BYTES_ACCEPT_FILTERS, /* zl_network[] */
    ZL_BYTES_IPC_PIDS,       /* pid_t[] */
    ZL_BYTES_IPC_UIDS,
    ZL_BYTES_IPC_GIDS,
    ZL_BYTES_COUNT
} zl_bytes_option;

/* Of CURVE; all zeros until they are set. */
typedef enum { ZL_OWN_PUBLIC_KEY, ZL_OWN_SECRET_KEY, ZL_SERVER_KEY, ZL_KEY_COUNT } zl_key_option;

/* Values of a socket's options. Guarded by the socket's mutex; bind() and connect() copy what they need. */
typedef struct {
    int sndhwm, rcvhwm;
    int linger, sndtimeo, rcvtimeo;
    int reconnect_ivl, reconnect_ivl_max, reconnect_stop, connect_timeout, handshake_ivl;
    int heartbeat_ivl, heartbeat_timeout, heartbeat_ttl; /* ms, ms, tenths of a second */
    int immediate, ipv6;
    int backlog, sndbuf, rcvbuf, tos, maxrt, busy_poll, use_fd;
    int keepalive, keepalive_cnt, keepalive_idle, keepalive_intvl;
    int conflate, probe_router, req_relaxed, req_correlate;
    int router_mandatory, router_handover, router_raw, router_notify;
    int stream_notify;
    int xpub_verbose, xpub_verbose_cancel, xpub_nodrop, xpub_manual, xpub_manual_last_value;
    int xsub_verbose_unsubscribe, only_first_subscribe, invert_matching;
    int mechanism, as_server, zap_enforce_domain; /* ZL_MECHANISM_* */
    int rate, recovery_ivl, multicast_hops, multicast_maxtpdu, multicast_loop, loopback_fastpath; /* no such transport */
    int64_t affinity, maxmsgsize;
    zl_blob *bytes[ZL_BYTES_COUNT]; /* each a reference */
    uint8_t keys[ZL_KEY_COUNT][ZL_KEY_SIZE];
    uint8_t routing_id[ZL_ROUTING_ID_MAX];
    uint8_t routing_id_len;
} zl_options;

typedef enum { ZL_OPT_INT, ZL_OPT_INT64, ZL_OPT_BYTES } zl_option_kind;

/* An option that more than its stored value hangs on, of the common list or of a socket type. */
typedef struct {
    int id;
    const char *name;
    zl_option_kind kind;
    /* Socket mutex held. Either may be NULL: write-only, read-only. value of an int option is an int64_t. */
    int (*set) (zl_socket *s, const void *value, size_t size);
    int (*get) (zl_socket *s, void *value, size_t *size);
} zl_option_row;

void zl_options_init (zl_options *o);
/* A copy with references of its own. */
void zl_options_copy (zl_options *to, const zl_options *from);
void zl_options_fini (zl_options *o);
/* Values of octets. -ENOMEM; -EINVAL: value has less room than that. */
int zl_options_set_bytes (zl_options *o, zl_bytes_option which, const void *value, size_t size);
int zl_options_get_bytes (const zl_options *o, zl_bytes_option which, void *value, size_t *size);
/* What transports need to know; it refers to o. */
void zl_options_net (const zl_options *o, zl_net_options *out);

/* The kind of an option that this socket knows, or -EINVAL. */
int zl_option_kind_of (const zl_socket *s, int id);
/* Name of an option, or NULL. */
const char *zl_option_name (const zl_socket *s, int id);
/* int and int64 options travel as int64_t. size is the size of value, and receives the length got. -EINVAL, -ENOMEM. */
int zl_option_set (zl_socket *s, int id, const void *value, size_t size);
int zl_option_get (zl_socket *s, int id, void *value, size_t *size);

/* For rows: the value of an int option. */
static inline int64_t zl_option_int (const void *value)
{
    return *(const int64_t *) value;
}

static inline int zl_option_give_int (void *value, int64_t v)
{
    *(int64_t *) value = v;
    return 0;
}

#endif
