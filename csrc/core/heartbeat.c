/* Signs of life of one connection. */
#include <stdlib.h>

#include "heartbeat.h"

static zl_time in_ms (int ms)
{
    return zl_now () + (zl_time) ms * ZL_MS;
}

/* While the application does not read, neither do we: the silence is ours. */
static bool is_alive (const zl_heartbeat *h, bool heard)
{
    return heard || zl_peer_is_paused (h->peer);
}

static void on_beat (zl_socket *s, zl_alarm *a)
{
    zl_heartbeat *h = ZL_CONTAINER (a, zl_heartbeat, beat);
    const zl_options *o = zl_endpoint_options (zl_peer_endpoint (h->peer));
    int timeout = o->heartbeat_timeout < 0 ? o->heartbeat_ivl : o->heartbeat_timeout;
    zl_socket_alarm (s, &h->beat, in_ms (o->heartbeat_ivl));
    if (timeout > 0 && (!h->awaiting || h->heard)) {
        h->awaiting = true;
        h->heard = false;
        zl_socket_alarm (s, &h->verdict, in_ms (timeout));
    }
    zl_peer_ping (s, h->peer, o->heartbeat_ttl);
}

static void on_verdict (zl_socket *s, zl_alarm *a)
{
    zl_heartbeat *h = ZL_CONTAINER (a, zl_heartbeat, verdict);
    h->awaiting = false;
    if (!is_alive (h, h->heard))
        zl_peer_end (s, h->peer, ZL_CLOSE_HEARTBEAT);
}

static void on_expiry (zl_socket *s, zl_alarm *a)
{
    zl_heartbeat *h = ZL_CONTAINER (a, zl_heartbeat, expiry);
    if (!is_alive (h, h->heard_later))
        zl_peer_end (s, h->peer, ZL_CLOSE_HEARTBEAT);
}

zl_heartbeat *zl_heartbeat_new (zl_socket *s, zl_peer *p)
{
    zl_heartbeat *h = calloc (1, sizeof *h);
    if (!h)
        return NULL;
    h->sock = s;
    h->peer = p;
    h->beat.fire = on_beat;
    h->verdict.fire = on_verdict;
    h->expiry.fire = on_expiry;
    zl_timer_init (&h->beat.timer);
    zl_timer_init (&h->verdict.timer);
    zl_timer_init (&h->expiry.timer);
    return h;
}

void zl_heartbeat_free (zl_heartbeat *h)
{
    if (!h)
        return;
    zl_socket_alarm (h->sock, &h->beat, ZL_NEVER);
    zl_socket_alarm (h->sock, &h->verdict, ZL_NEVER);
    zl_socket_alarm (h->sock, &h->expiry, ZL_NEVER);
    free (h);
}

void zl_heartbeat_start (zl_heartbeat *h)
{
    zl_socket_alarm (h->sock, &h->beat, in_ms (zl_endpoint_options (zl_peer_endpoint (h->peer))->heartbeat_ivl));
}

void zl_heartbeat_expire (zl_heartbeat *h, int ttl)
{
    h->heard_later = false;
    zl_socket_alarm (h->sock, &h->expiry, in_ms (ttl * 100));
}
