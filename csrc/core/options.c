/* Socket options: the table of plain stored values, and the look-up that also finds the rows with a function. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "../base/wipe.h"
#include "options.h"
#include "security.h"
#include "socket.h"

/* ---- plain values ---- */

enum { GET = 1, SET = 2 };

typedef struct {
    int id;
    const char *name;
    zl_option_kind kind;
    unsigned access; /* GET, SET */
    unsigned types;  /* bits of the socket types that have it; 0: all */
    bool flag;       /* whatever is set in the range, 0 or 1 is stored */
    size_t offset;   /* in zl_options */
    int64_t min, max; /* of the value, or of its length */
    int64_t dflt;
} plain_row;

#define T(type) (1u << ZL_##type)
#define PUBLISHERS (T (PUB) | T (XPUB))
#define AT(member) offsetof (zl_options, member)
#define BYTES_AT(which) (offsetof (zl_options, bytes) + ZL_BYTES_##which * sizeof (zl_blob *))

#define INT(id, name, member, min, max, dflt)                                                                          \
    {id, name, ZL_OPT_INT, GET | SET, 0, false, AT (member), min, max, dflt}
#define I64(id, name, member, dflt)                                                                                    \
    {id, name, ZL_OPT_INT64, GET | SET, 0, false, AT (member), INT64_MIN, INT64_MAX, dflt}
/* Any value from 0 on; write-only, as in libzmq. */
#define FLAG(id, name, types, member) {id, name, ZL_OPT_INT, SET, types, true, AT (member), 0, INT_MAX, 0}
/* An empty value clears it. */
#define TEXT(id, name, which, min, max)                                                                                \
    {id, name, ZL_OPT_BYTES, GET | SET, 0, false, BYTES_AT (which), min, max, 0}
#define BLOB(id, name, types, which, min, max)                                                                         \
    {id, name, ZL_OPT_BYTES, SET, types, false, BYTES_AT (which), min, max, 0}

static const plain_row plain[] = {
    I64 (4, "AFFINITY", affinity, 0),
    INT (8, "RATE", rate, 1, INT_MAX, 100),
    INT (9, "RECOVERY_IVL", recovery_ivl, 0, INT_MAX, 10000),
    INT (11, "SNDBUF", sndbuf, -1, INT_MAX, -1),
    INT (12, "RCVBUF", rcvbuf, -1, INT_MAX, -1),
    INT (17, "LINGER", linger, -1, INT_MAX, -1),
    INT (18, "RECONNECT_IVL", reconnect_ivl, -1, INT_MAX, 100),
    INT (19, "BACKLOG", backlog, 0, INT_MAX, 100),
    INT (21, "RECONNECT_IVL_MAX", reconnect_ivl_max, 0, INT_MAX, 0),
    I64 (22, "MAXMSGSIZE", maxmsgsize, -1),
    INT (25, "MULTICAST_HOPS", multicast_hops, 1, INT_MAX, 1),
    INT (27, "RCVTIMEO", rcvtimeo, -1, INT_MAX, -1),
    INT (28, "SNDTIMEO", sndtimeo, -1, INT_MAX, -1),
    FLAG (33, "ROUTER_MANDATORY", T (ROUTER), router_mandatory),
    INT (34, "TCP_KEEPALIVE", keepalive, -1, 1, -1),
    INT (35, "TCP_KEEPALIVE_CNT", keepalive_cnt, -1, INT_MAX, -1),
    INT (36, "TCP_KEEPALIVE_IDLE", keepalive_idle, -1, INT_MAX, -1),
    INT (37, "TCP_KEEPALIVE_INTVL", keepalive_intvl, -1, INT_MAX, -1),
    INT (39, "IMMEDIATE", immediate, 0, 1, 0),
    INT (42, "IPV6", ipv6, 0, 1, 0),
    FLAG (51, "PROBE_ROUTER", T (REQ) | T (DEALER) | T (ROUTER), probe_router),
    FLAG (52, "REQ_CORRELATE", T (REQ), req_correlate),
    FLAG (53, "REQ_RELAXED", T (REQ), req_relaxed),
    INT (54, "CONFLATE", conflate, 0, 1, 0),
    FLAG (56, "ROUTER_HANDOVER", T (ROUTER), router_handover),
    INT (57, "TOS", tos, 0, INT_MAX, 0),
    BLOB (61, "CONNECT_ROUTING_ID", T (ROUTER) | T (STREAM), CONNECT_ROUTING_ID, 1, ZL_ROUTING_ID_MAX),
    INT (66, "HANDSHAKE_IVL", handshake_ivl, 0, INT_MAX, 30000),
    TEXT (68, "SOCKS_PROXY", SOCKS_PROXY, 0, ZL_ENDPOINT_MAX - 1),
    FLAG (69, "XPUB_NODROP", PUBLISHERS, xpub_nodrop),
    FLAG (71, "XPUB_MANUAL", PUBLISHERS, xpub_manual),
    BLOB (72, "XPUB_WELCOME_MSG", PUBLISHERS, WELCOME_MSG, 0, INT_MAX),
    {73, "STREAM_NOTIFY", ZL_OPT_INT, SET, T (STREAM), false, AT (stream_notify), 0, 1, 1},
    {74, "INVERT_MATCHING", ZL_OPT_INT, GET | SET, 0, true, AT (invert_matching), INT_MIN, INT_MAX, 0},
    INT (75, "HEARTBEAT_IVL", heartbeat_ivl, 0, INT_MAX, 0),
    {77, "HEARTBEAT_TIMEOUT", ZL_OPT_INT, GET | SET, 0, false, AT (heartbeat_timeout), 0, INT_MAX, -1},
    INT (79, "CONNECT_TIMEOUT", connect_timeout, 0, INT_MAX, 0),
    INT (80, "TCP_MAXRT", maxrt, 0, INT_MAX, 0),
    INT (84, "MULTICAST_MAXTPDU", multicast_maxtpdu, 1, INT_MAX, 1500),
    INT (89, "USE_FD", use_fd, -1, INT_MAX, -1),
    TEXT (92, "BINDTODEVICE", BINDTODEVICE, 1, 16),
    {93, "ZAP_ENFORCE_DOMAIN", ZL_OPT_INT, GET | SET, 0, true, AT (zap_enforce_domain), INT_MIN, INT_MAX, 0},
    {94, "LOOPBACK_FASTPATH", ZL_OPT_INT, GET | SET, 0, true, AT (loopback_fastpath), INT_MIN, INT_MAX, 0},
    {96, "MULTICAST_LOOP", ZL_OPT_INT, GET | SET, 0, true, AT (multicast_loop), INT_MIN, INT_MAX, 1},
    {97, "ROUTER_NOTIFY", ZL_OPT_INT, GET | SET, T (ROUTER), false, AT (router_notify), 0, 3, 0},
    TEXT (99, "SOCKS_USERNAME", SOCKS_USERNAME, 1, 255),
    TEXT (100, "SOCKS_PASSWORD", SOCKS_PASSWORD, 1, 255),
    FLAG (108, "ONLY_FIRST_SUBSCRIBE", PUBLISHERS | T (XSUB), only_first_subscribe),
    INT (109, "RECONNECT_STOP", reconnect_stop, INT_MIN, INT_MAX, 0),
    BLOB (110, "HELLO_MSG", T (ROUTER) | T (DEALER), HELLO_MSG, 0, INT_MAX),
    BLOB (111, "DISCONNECT_MSG", T (ROUTER), DISCONNECT_MSG, 0, INT_MAX),
    INT (113, "BUSY_POLL", busy_poll, 0, INT_MAX, 0),
    BLOB (114, "HICCUP_MSG", T (DEALER), HICCUP_MSG, 0, INT_MAX),
    FLAG (115, "XSUB_VERBOSE_UNSUBSCRIBE", T (XSUB), xsub_verbose_unsubscribe),
};

static const plain_row *find_plain (const zl_socket *s, int id)
{
    for (unsigned i = 0; i < ZL_LEN (plain); i++)
        if (plain[i].id == id && (!plain[i].types || plain[i].types >> s->type->id & 1))
            return &plain[i];
    return NULL;
}

static void *place (zl_options *o, const plain_row *r)
{
    return (char *) o + r->offset;
}

static void store_int (zl_options *o, const plain_row *r, int64_t v)
{
    if (r->kind == ZL_OPT_INT)
        *(int *) place (o, r) = r->flag ? v != 0 : (int) v;
    else
        *(int64_t *) place (o, r) = v;
}

static int set_bytes (zl_blob **at, const void *value, size_t size)
{
    zl_msg m = {value, size, NULL};
    zl_blob *b = size ? zl_msg_blob (&m) : NULL;
    if (size && !b)
        return -ENOMEM;
    if (b)
        zl_blob_keep_secret (b); /* some are passwords */
    zl_blob_drop (*at);
    *at = b;
    return 0;
}

static int set_plain (zl_options *o, const plain_row *r, const void *value, size_t size)
{
    if (!(r->access & SET))
        return -EINVAL;
    if (r->kind == ZL_OPT_BYTES) {
        bool clears = size == 0 && (r->access & GET);
        if (!clears && ((int64_t) size < r->min || (int64_t) size > r->max))
            return -EINVAL;
        return set_bytes (place (o, r), value, size);
    }
    int64_t v = zl_option_int (value);
    if (v < r->min || v > r->max)
        return -EINVAL;
    store_int (o, r, v);
    return 0;
}

static int give_bytes (void *value, size_t *size, const void *from, size_t n)
{
    if (*size < n)
        return -EINVAL;
    if (n)
        memcpy (value, from, n);
    *size = n;
    return 0;
}

static int get_plain (zl_options *o, const plain_row *r, void *value, size_t *size)
{
    if (!(r->access & GET))
        return -EINVAL;
    if (r->kind == ZL_OPT_BYTES) {
        const zl_blob *b = *(zl_blob **) place (o, r);
        return give_bytes (value, size, b ? b->data : NULL, b ? b->size : 0);
    }
    return zl_option_give_int (value, r->kind == ZL_OPT_INT ? *(int *) place (o, r) : *(int64_t *) place (o, r));
}

/* ---- as a whole ---- */

static const void *data_of (const zl_options *o, zl_bytes_option which)
{
    return o->bytes[which] ? o->bytes[which]->data : NULL;
}

static size_t size_of (const zl_options *o, zl_bytes_option which)
{
    return o->bytes[which] ? o->bytes[which]->size : 0;
}

void zl_options_init (zl_options *o)
{
    memset (o, 0, sizeof *o);
    for (unsigned i = 0; i < ZL_LEN (plain); i++)
        if (plain[i].kind != ZL_OPT_BYTES)
            store_int (o, &plain[i], plain[i].dflt);
    o->sndhwm = o->rcvhwm = 1000;
}

void zl_options_copy (zl_options *to, const zl_options *from)
{
    *to = *from;
    for (unsigned i = 0; i < ZL_BYTES_COUNT; i++)
        if (to->bytes[i])
            zl_blob_hold (to->bytes[i]);
}

void zl_options_fini (zl_options *o)
{
    for (unsigned i = 0; i < ZL_BYTES_COUNT; i++) {
        zl_blob_drop (o->bytes[i]);
        o->bytes[i] = NULL;
    }
    zl_wipe (o->keys, sizeof o->keys);
}

int zl_options_set_bytes (zl_options *o, zl_bytes_option which, const void *value, size_t size)
{
    return set_bytes (&o->bytes[which], value, size);
}

int zl_options_get_bytes (const zl_options *o, zl_bytes_option which, void *value, size_t *size)
{
    return give_bytes (value, size, data_of (o, which), size_of (o, which));
}

void zl_options_net (const zl_options *o, zl_net_options *out)
{
    *out = (zl_net_options){
        .sndbuf = o->sndbuf,
        .rcvbuf = o->rcvbuf,
        .backlog = o->backlog,
        .keepalive = o->keepalive,
        .keepalive_cnt = o->keepalive_cnt,
        .keepalive_idle = o->keepalive_idle,
        .keepalive_intvl = o->keepalive_intvl,
        .tos = o->tos,
        .busy_poll = o->busy_poll,
        .maxrt = o->maxrt,
        .use_fd = o->use_fd,
        .ipv6 = o->ipv6,
        .device = data_of (o, ZL_BYTES_BINDTODEVICE),
        .device_len = size_of (o, ZL_BYTES_BINDTODEVICE),
        .networks = data_of (o, ZL_BYTES_ACCEPT_FILTERS),
        .network_count = size_of (o, ZL_BYTES_ACCEPT_FILTERS) / sizeof (zl_network),
        .pids = data_of (o, ZL_BYTES_IPC_PIDS),
        .pid_count = size_of (o, ZL_BYTES_IPC_PIDS) / sizeof (pid_t),
        .uids = data_of (o, ZL_BYTES_IPC_UIDS),
        .uid_count = size_of (o, ZL_BYTES_IPC_UIDS) / sizeof (uid_t),
        .gids = data_of (o, ZL_BYTES_IPC_GIDS),
        .gid_count = size_of (o, ZL_BYTES_IPC_GIDS) / sizeof (gid_t),
    };
}

/* ---- values with consequences ---- */

static int set_hwm (zl_socket *s, int *hwm, const void *value)
{
    int64_t v = zl_option_int (value);
    if (v < 0 || v > INT_MAX)
        return -EINVAL;
    *hwm = (int) v;
    zl_socket_hwm_changed (s);
    return 0;
}

static int set_sndhwm (zl_socket *s, const void *value, size_t size)
{
    (void) size;
    return set_hwm (s, &s->opt.sndhwm, value);
}

static int set_rcvhwm (zl_socket *s, const void *value, size_t size)
{
    (void) size;
    return set_hwm (s, &s->opt.rcvhwm, value);
}

static int get_sndhwm (zl_socket *s, void *value, size_t *size)
{
    (void) size;
    return zl_option_give_int (value, s->opt.sndhwm);
}

static int get_rcvhwm (zl_socket *s, void *value, size_t *size)
{
    (void) size;
    return zl_option_give_int (value, s->opt.rcvhwm);
}

static int set_routing_id (zl_socket *s, const void *value, size_t size)
{
    if (size < 1 || size > ZL_ROUTING_ID_MAX)
        return -EINVAL;
    memcpy (s->opt.routing_id, value, size);
    s->opt.routing_id_len = (uint8_t) size;
    return 0;
}

static int get_routing_id (zl_socket *s, void *value, size_t *size)
{
    return give_bytes (value, size, s->opt.routing_id, s->opt.routing_id_len);
}

static int get_last_endpoint (zl_socket *s, void *value, size_t *size)
{
    return give_bytes (value, size, s->last_endpoint, strlen (s->last_endpoint));
}

static int get_rcvmore (zl_socket *s, void *value, size_t *size)
{
    (void) size;
    return zl_option_give_int (value, s->rx_more);
}

static int get_type (zl_socket *s, void *value, size_t *size)
{
    (void) size;
    return zl_option_give_int (value, s->type->id);
}

static int get_fd (zl_socket *s, void *value, size_t *size)
{
    (void) size;
    int fd = zl_socket_fd (s);
    return fd < 0 ? fd : zl_option_give_int (value, fd);
}

static int get_events (zl_socket *s, void *value, size_t *size)
{
    (void) size;
    return zl_option_give_int (value, zl_socket_events_now (s) & (ZL_POLLIN | ZL_POLLOUT));
}

static int set_ipv4only (zl_socket *s, const void *value, size_t size)
{
    int64_t v = zl_option_int (value);
    (void) size;
    if (v != 0 && v != 1)
        return -EINVAL;
    s->opt.ipv6 = !v;
    return 0;
}

static int get_ipv4only (zl_socket *s, void *value, size_t *size)
{
    (void) size;
    return zl_option_give_int (value, !s->opt.ipv6);
}

/* No socket is thread-safe in the sense of libzmq's draft types. */
static int get_zero (zl_socket *s, void *value, size_t *size)
{
    (void) s;
    (void) size;
    return zl_option_give_int (value, 0);
}

/* Milliseconds here, tenths of a second on the wire. */
static int set_heartbeat_ttl (zl_socket *s, const void *value, size_t size)
{
    int64_t tenths = zl_option_int (value) / 100;
    (void) size;
    if (tenths < 0 || tenths > UINT16_MAX)
        return -EINVAL;
    s->opt.heartbeat_ttl = (int) tenths;
    return 0;
}

static int get_heartbeat_ttl (zl_socket *s, void *value, size_t *size)
{
    (void) size;
    return zl_option_give_int (value, s->opt.heartbeat_ttl * 100);
}

/* It cannot be undone. */
static int set_router_raw (zl_socket *s, const void *value, size_t size)
{
    int64_t v = zl_option_int (value);
    (void) size;
    if (s->type->id != ZL_ROUTER || v < 0 || v > INT_MAX)
        return -EINVAL;
    s->opt.router_raw |= v != 0;
    return 0;
}

/* Lists: each call adds an entry. */
static int append (zl_blob **list, const void *entry, size_t size)
{
    size_t before = *list ? (*list)->size : 0;
    zl_blob *grown = zl_blob_alloc (before + size);
    if (!grown)
        return -ENOMEM;
    if (before)
        memcpy (zl_blob_bytes (grown), (*list)->data, before);
    memcpy (zl_blob_bytes (grown) + before, entry, size);
    zl_blob_drop (*list);
    *list = grown;
    return 0;
}

static int add_accept_filter (zl_socket *s, const void *value, size_t size)
{
    zl_network network = {0};
    char text[256];
    if (size == 0)
        return set_bytes (&s->opt.bytes[ZL_BYTES_ACCEPT_FILTERS], NULL, 0);
    if (size >= sizeof text)
        return -EINVAL;
    memcpy (text, value, size);
    text[size] = 0;
    int rc = zl_network_parse (text, &network);
    return rc < 0 ? rc : append (&s->opt.bytes[ZL_BYTES_ACCEPT_FILTERS], &network, sizeof network);
}

static int add_ipc_pid (zl_socket *s, const void *value, size_t size)
{
    pid_t pid = (pid_t) zl_option_int (value);
    (void) size;
    return append (&s->opt.bytes[ZL_BYTES_IPC_PIDS], &pid, sizeof pid);
}

static int add_ipc_uid (zl_socket *s, const void *value, size_t size)
{
    uid_t uid = (uid_t) zl_option_int (value);
    (void) size;
    return append (&s->opt.bytes[ZL_BYTES_IPC_UIDS], &uid, sizeof uid);
}

static int add_ipc_gid (zl_socket *s, const void *value, size_t size)
{
    gid_t gid = (gid_t) zl_option_int (value);
    (void) size;
    return append (&s->opt.bytes[ZL_BYTES_IPC_GIDS], &gid, sizeof gid);
}

/* "X-name:value" becomes a property of READY; the first value of a name stays. */
static int add_metadata (zl_socket *s, const void *value, size_t size)
{
    const char *colon = size ? memchr (value, ':', size) : NULL;
    size_t name = colon ? (size_t) (colon - (const char *) value) : 0;
    if (name < 2 || name > UINT8_MAX || name + 1 == size || memcmp (value, "X-", 2) != 0)
        return -EINVAL;
    zl_blob **list = &s->opt.bytes[ZL_BYTES_METADATA];
    zl_slice known = {data_of (&s->opt, ZL_BYTES_METADATA), size_of (&s->opt, ZL_BYTES_METADATA)}, key, old;
    while (zl_property_get (&known, &key, &old) == 1)
        if (key.n == name && memcmp (key.p, value, name) == 0)
            return 0;
    zl_blob *property = zl_blob_alloc (size + 4); /* lengths of 1 and 4 octets take the place of the colon */
    if (!property)
        return -ENOMEM;
    uint8_t *at = zl_blob_bytes (property);
    *at++ = (uint8_t) name;
    memcpy (at, value, name);
    zl_property_put_value (at + name, colon + 1, size - name - 1);
    int rc = append (list, property->data, property->size);
    zl_blob_drop (property);
    return rc;
}

static const zl_option_row special[] = {
    {5, "ROUTING_ID", ZL_OPT_BYTES, set_routing_id, get_routing_id},
    {13, "RCVMORE", ZL_OPT_INT, NULL, get_rcvmore},
    {14, "FD", ZL_OPT_INT, NULL, get_fd},
    {15, "EVENTS", ZL_OPT_INT, NULL, get_events},
    {16, "TYPE", ZL_OPT_INT, NULL, get_type},
    {23, "SNDHWM", ZL_OPT_INT, set_sndhwm, get_sndhwm},
    {24, "RCVHWM", ZL_OPT_INT, set_rcvhwm, get_rcvhwm},
    {31, "IPV4ONLY", ZL_OPT_INT, set_ipv4only, get_ipv4only},
    {32, "LAST_ENDPOINT", ZL_OPT_BYTES, NULL, get_last_endpoint},
    {38, "TCP_ACCEPT_FILTER", ZL_OPT_BYTES, add_accept_filter, NULL},
    {41, "ROUTER_RAW", ZL_OPT_INT, set_router_raw, NULL},
    {58, "IPC_FILTER_PID", ZL_OPT_INT, add_ipc_pid, NULL},
    {59, "IPC_FILTER_UID", ZL_OPT_INT, add_ipc_uid, NULL},
    {60, "IPC_FILTER_GID", ZL_OPT_INT, add_ipc_gid, NULL},
    {76, "HEARTBEAT_TTL", ZL_OPT_INT, set_heartbeat_ttl, get_heartbeat_ttl},
    {81, "THREAD_SAFE", ZL_OPT_INT, NULL, get_zero},
    {95, "METADATA", ZL_OPT_BYTES, add_metadata, NULL},
};

/* ---- look-up ---- */

static const zl_option_row *find_row (const zl_socket *s, int id)
{
    for (unsigned i = 0; i < s->type->option_count; i++)
        if (s->type->options[i].id == id)
            return &s->type->options[i];
    for (unsigned i = 0; i < ZL_LEN (special); i++)
        if (special[i].id == id)
            return &special[i];
    for (unsigned i = 0; i < zl_security_option_count; i++)
        if (zl_security_options[i].id == id)
            return &zl_security_options[i];
    return NULL;
}

int zl_option_kind_of (const zl_socket *s, int id)
{
    const zl_option_row *row = find_row (s, id);
    if (row)
        return (int) row->kind;
    const plain_row *p = find_plain (s, id);
    return p ? (int) p->kind : -EINVAL;
}

const char *zl_option_name (const zl_socket *s, int id)
{
    const zl_option_row *row = find_row (s, id);
    if (row)
        return row->name;
    const plain_row *p = find_plain (s, id);
    return p ? p->name : NULL;
}

int zl_option_set (zl_socket *s, int id, const void *value, size_t size)
{
    const zl_option_row *row = find_row (s, id);
    if (row)
        return row->set ? row->set (s, value, size) : -EINVAL;
    const plain_row *p = find_plain (s, id);
    return p ? set_plain (&s->opt, p, value, size) : -EINVAL;
}

int zl_option_get (zl_socket *s, int id, void *value, size_t *size)
{
    const zl_option_row *row = find_row (s, id);
    if (row)
        return row->get ? row->get (s, value, size) : -EINVAL;
    const plain_row *p = find_plain (s, id);
    return p ? get_plain (&s->opt, p, value, size) : -EINVAL;
}
