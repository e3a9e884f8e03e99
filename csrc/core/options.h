/* Socket options: one table of name, kind, range and default (spec: options.md, numbers of ZeroMQ's public header). */
#ifndef ZL_CORE_OPTIONS_H
#define ZL_CORE_OPTIONS_H

#include "../net/transport.h"
#include "../wire/wire.h"

typedef struct zl_socket zl_socket;

/* Values of a socket's options. Guarded by the socket's mutex; bind() and connect() copy what they need. */
typedef struct {
    int sndhwm, rcvhwm;
    int linger, sndtimeo, rcvtimeo;
    int reconnect_ivl, reconnect_ivl_max, handshake_ivl;
    int immediate, ipv6;
    int backlog, sndbuf, rcvbuf;
    int keepalive, keepalive_cnt, keepalive_idle, keepalive_intvl;
    int64_t maxmsgsize;
    uint8_t routing_id[ZL_ROUTING_ID_MAX];
    uint8_t routing_id_len;
} zl_options;

typedef enum { ZL_OPT_INT, ZL_OPT_INT64, ZL_OPT_BYTES } zl_option_kind;

/* An option that more than its stored value hangs on, of the common table or of a socket type. */
typedef struct {
    int id;
    const char *name;
    zl_option_kind kind;
    /* Socket mutex held. Either may be NULL: write-only, read-only. value of an int option is an int64_t. */
    int (*set) (zl_socket *s, const void *value, size_t size);
    int (*get) (zl_socket *s, void *value, size_t *size);
} zl_option_row;

void zl_options_init (zl_options *o);
void zl_options_net (const zl_options *o, zl_net_options *out);

/* The kind of an option that this socket knows, or -EINVAL. */
int zl_option_kind_of (const zl_socket *s, int id);
/* Name of an option, or NULL. */
const char *zl_option_name (const zl_socket *s, int id);
/* int and int64 options travel as int64_t. size is the size of value, and receives the length got. -EINVAL. */
int zl_option_set (zl_socket *s, int id, const void *value, size_t size);
int zl_option_get (zl_socket *s, int id, void *value, size_t *size);

#endif
