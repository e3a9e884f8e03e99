/* Socket options: the table of plain stored values, and the look-up that also finds the rows with a function. */
#include <limits.h>
#include <string.h>

#include "options.h"
#include "socket.h"

/* ---- plain values ---- */

typedef struct {
    int id;
    const char *name;
    zl_option_kind kind;
    size_t offset; /* in zl_options */
    int64_t min, max, dflt;
} plain_row;

#define INT(id, name, member, min, max, dflt) {id, name, ZL_OPT_INT, offsetof (zl_options, member), min, max, dflt}
#define I64(id, name, member, min, max, dflt) {id, name, ZL_OPT_INT64, offsetof (zl_options, member), min, max, dflt}

static const plain_row plain[] = {
    INT (11, "SNDBUF", sndbuf, -1, INT_MAX, -1),
    INT (12, "RCVBUF", rcvbuf, -1, INT_MAX, -1),
    INT (17, "LINGER", linger, -1, INT_MAX, -1),
    INT (18, "RECONNECT_IVL", reconnect_ivl, -1, INT_MAX, 100),
    INT (19, "BACKLOG", backlog, 0, INT_MAX, 100),
    INT (21, "RECONNECT_IVL_MAX", reconnect_ivl_max, 0, INT_MAX, 0),
    I64 (22, "MAXMSGSIZE", maxmsgsize, INT64_MIN, INT64_MAX, -1),
    INT (27, "RCVTIMEO", rcvtimeo, -1, INT_MAX, -1),
    INT (28, "SNDTIMEO", sndtimeo, -1, INT_MAX, -1),
    INT (34, "TCP_KEEPALIVE", keepalive, -1, 1, -1),
    INT (35, "TCP_KEEPALIVE_CNT", keepalive_cnt, -1, INT_MAX, -1),
    INT (36, "TCP_KEEPALIVE_IDLE", keepalive_idle, -1, INT_MAX, -1),
    INT (37, "TCP_KEEPALIVE_INTVL", keepalive_intvl, -1, INT_MAX, -1),
    INT (39, "IMMEDIATE", immediate, 0, 1, 0),
    INT (42, "IPV6", ipv6, 0, 1, 0),
    INT (66, "HANDSHAKE_IVL", handshake_ivl, 0, INT_MAX, 30000),
};

static const plain_row *find_plain (int id)
{
    for (unsigned i = 0; i < ZL_LEN (plain); i++)
        if (plain[i].id == id)
            return &plain[i];
    return NULL;
}

static int64_t load (const zl_options *o, const plain_row *r)
{
    const char *at = (const char *) o + r->offset;
    return r->kind == ZL_OPT_INT ? *(const int *) (const void *) at : *(const int64_t *) (const void *) at;
}

static void store (zl_options *o, const plain_row *r, int64_t v)
{
    char *at = (char *) o + r->offset;
    if (r->kind == ZL_OPT_INT)
        *(int *) (void *) at = (int) v;
    else
        *(int64_t *) (void *) at = v;
}

void zl_options_init (zl_options *o)
{
    memset (o, 0, sizeof *o);
    for (unsigned i = 0; i < ZL_LEN (plain); i++)
        store (o, &plain[i], plain[i].dflt);
    o->sndhwm = o->rcvhwm = 1000;
}

void zl_options_net (const zl_options *o, zl_net_options *out)
{
    *out = (zl_net_options){.sndbuf = o->sndbuf,
                            .rcvbuf = o->rcvbuf,
                            .backlog = o->backlog,
                            .keepalive = o->keepalive,
                            .keepalive_cnt = o->keepalive_cnt,
                            .keepalive_idle = o->keepalive_idle,
                            .keepalive_intvl = o->keepalive_intvl,
                            .ipv6 = o->ipv6};
}

/* ---- values with consequences ---- */

static int64_t as_int (const void *value)
{
    return *(const int64_t *) value;
}

static int give_int (void *value, int64_t v)
{
    *(int64_t *) value = v;
    return 0;
}

static int set_hwm (zl_socket *s, int *hwm, const void *value)
{
    if (as_int (value) < 0 || as_int (value) > INT_MAX)
        return -EINVAL;
    *hwm = (int) as_int (value);
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
    return give_int (value, s->opt.sndhwm);
}

static int get_rcvhwm (zl_socket *s, void *value, size_t *size)
{
    (void) size;
    return give_int (value, s->opt.rcvhwm);
}

static int set_routing_id (zl_socket *s, const void *value, size_t size)
{
    if (size < 1 || size > ZL_ROUTING_ID_MAX)
        return -EINVAL;
    memcpy (s->opt.routing_id, value, size);
    s->opt.routing_id_len = (uint8_t) size;
    return 0;
}

static int give_bytes (void *value, size_t *size, const void *from, size_t n)
{
    if (*size < n)
        return -EINVAL;
    memcpy (value, from, n);
    *size = n;
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
    return give_int (value, s->rx_more);
}

static int get_type (zl_socket *s, void *value, size_t *size)
{
    (void) size;
    return give_int (value, s->type->id);
}

static int get_fd (zl_socket *s, void *value, size_t *size)
{
    (void) size;
    int fd = zl_socket_fd (s);
    return fd < 0 ? fd : give_int (value, fd);
}

static int get_events (zl_socket *s, void *value, size_t *size)
{
    (void) size;
    return give_int (value, zl_socket_events_now (s));
}

static const zl_option_row special[] = {
    {5, "ROUTING_ID", ZL_OPT_BYTES, set_routing_id, get_routing_id},
    {13, "RCVMORE", ZL_OPT_INT, NULL, get_rcvmore},
    {14, "FD", ZL_OPT_INT, NULL, get_fd},
    {15, "EVENTS", ZL_OPT_INT, NULL, get_events},
    {16, "TYPE", ZL_OPT_INT, NULL, get_type},
    {23, "SNDHWM", ZL_OPT_INT, set_sndhwm, get_sndhwm},
    {24, "RCVHWM", ZL_OPT_INT, set_rcvhwm, get_rcvhwm},
    {32, "LAST_ENDPOINT", ZL_OPT_BYTES, NULL, get_last_endpoint},
};

static const zl_option_row *find_row (const zl_socket *s, int id)
{
    for (unsigned i = 0; i < s->type->option_count; i++)
        if (s->type->options[i].id == id)
            return &s->type->options[i];
    for (unsigned i = 0; i < ZL_LEN (special); i++)
        if (special[i].id == id)
            return &special[i];
    return NULL;
}

/* ---- look-up ---- */

int zl_option_kind_of (const zl_socket *s, int id)
{
    const zl_option_row *row = find_row (s, id);
    if (row)
        return (int) row->kind;
    const plain_row *p = find_plain (id);
    return p ? (int) p->kind : -EINVAL;
}

const char *zl_option_name (const zl_socket *s, int id)
{
    const zl_option_row *row = find_row (s, id);
    if (row)
        return row->name;
    const plain_row *p = find_plain (id);
    return p ? p->name : NULL;
}

int zl_option_set (zl_socket *s, int id, const void *value, size_t size)
{
    const zl_option_row *row = find_row (s, id);
    if (row)
        return row->set ? row->set (s, value, size) : -EINVAL;
    const plain_row *p = find_plain (id);
    if (!p || as_int (value) < p->min || as_int (value) > p->max)
        return -EINVAL;
    store (&s->opt, p, as_int (value));
    return 0;
}

int zl_option_get (zl_socket *s, int id, void *value, size_t *size)
{
    const zl_option_row *row = find_row (s, id);
    if (row)
        return row->get ? row->get (s, value, size) : -EINVAL;
    const plain_row *p = find_plain (id);
    return p ? give_int (value, load (&s->opt, p)) : -EINVAL;
}
