/* The monitor of a socket. */
#include <stdlib.h>
#include <string.h>

#include "monitor.h"
#include "socket.h"

typedef struct {
    zl_node node;
    zl_socket *to; /* a reference */
    int version;
    bool last;   /* the destination is closed after it */
    bool silent; /* and nothing is said */
    uint64_t event, value;
    char local[ZL_ENDPOINT_MAX], remote[ZL_ENDPOINT_MAX]; /* version 1 has the endpoint in `local` */
} report;

/* ---- queueing ---- */

static report *report_new (zl_socket *to, int version, uint64_t event, uint64_t value)
{
    report *r = calloc (1, sizeof *r);
    if (!r)
        return NULL;
    zl_hold (&to->refs);
    r->to = to;
    r->version = version;
    r->event = event;
    r->value = value;
    return r;
}

static void enqueue (zl_socket *s, report *r)
{
    zl_list_append (&s->monitor.queue, &r->node);
    s->news = true;
}

static void name_of (int fd, int (*ask) (int, struct sockaddr *, socklen_t *), char *out)
{
    zl_addr a = {.len = sizeof a.un};
    if (fd >= 0 && ask (fd, &a.any, &a.len) == 0)
        zl_addr_text (&a, out, ZL_ENDPOINT_MAX);
}

void zl_monitor_report (zl_socket *s, unsigned event, uint64_t value, const char *endpoint, bool local, int fd)
{
    if (ZL_LIKELY (!s->monitor.to) || !(s->monitor.mask & event))
        return;
    report *r = report_new (s->monitor.to, s->monitor.version, event, value);
    if (!r) {
        s->stats.dropped[ZL_DROP_MEMORY]++;
        return;
    }
    strncpy (r->version == 1 || local ? r->local : r->remote, endpoint, ZL_ENDPOINT_MAX - 1);
    if (r->version == 2)
        name_of (fd, local ? getpeername : getsockname, local ? r->remote : r->local);
    enqueue (s, r);
}

int zl_monitor_start (zl_socket *s, zl_socket *to, uint64_t mask, int version)
{
    report *farewell = report_new (to, version, ZL_EVENT_STOPPED, 0);
    if (!farewell)
        return -ENOMEM;
    farewell->last = true;
    farewell->silent = !(mask & ZL_EVENT_STOPPED);
    zl_monitor_stop (s);
    s->monitor.to = to;
    s->monitor.mask = mask;
    s->monitor.version = version;
    s->monitor.farewell = farewell;
    return 0;
}

void zl_monitor_stop (zl_socket *s)
{
    if (!s->monitor.to)
        return;
    s->monitor.to = NULL; /* its handle goes with the last event */
    enqueue (s, s->monitor.farewell);
}

/* ---- sending ---- */

/* 1: packed u16 event and u32 value, endpoint. */
static int send_v1 (const report *r)
{
    uint8_t head[6];
    uint16_t event = (uint16_t) r->event;
    uint32_t value = (uint32_t) r->value;
    memcpy (head, &event, sizeof event);
    memcpy (head + sizeof event, &value, sizeof value);
    const zl_msg frames[] = {{head, sizeof head, NULL}, {(const uint8_t *) r->local, strlen (r->local), NULL}};
    return zl_socket_send (r->to, frames, ZL_LEN (frames), 0);
}

/* 2: event, number of values, the value, local and remote endpoint; numbers are u64. */
static int send_v2 (const report *r)
{
    static const uint64_t one = 1;
    const zl_msg frames[] = {
        {(const uint8_t *) &r->event, sizeof r->event, NULL},
        {(const uint8_t *) &one, sizeof one, NULL},
        {(const uint8_t *) &r->value, sizeof r->value, NULL},
        {(const uint8_t *) r->local, strlen (r->local), NULL},
        {(const uint8_t *) r->remote, strlen (r->remote), NULL},
    };
    return zl_socket_send (r->to, frames, ZL_LEN (frames), 0);
}

static bool send_report (report *r)
{
    int rc = r->silent ? 0 : r->version == 1 ? send_v1 (r) : send_v2 (r);
    if (rc == 1)
        zl_socket_flush_now (r->to);
    if (r->last) {
        zl_socket_close (r->to, 0, true);
        zl_socket_drop (r->to);
    }
    zl_socket_drop (r->to);
    free (r);
    return rc >= 0;
}

void zl_monitor_send (zl_socket *s)
{
    if (s->monitor.sending)
        return; /* that thread will see what has come since */
    s->monitor.sending = true;
    for (zl_node *n; (n = zl_list_pop (&s->monitor.queue));) {
        zl_unlock (&s->mu);
        bool sent = send_report (ZL_CONTAINER (n, report, node));
        zl_lock (&s->mu);
        s->stats.dropped[ZL_DROP_MONITOR] += !sent;
    }
    s->monitor.sending = false;
}
