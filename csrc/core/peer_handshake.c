/* How a peer comes to traffic: greeting and mechanism, whether its client may come in, and what pipe it then serves. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "../net/fd.h"
#include "peer_state.h"
#include "security.h"
#include "zap.h"

enum { TIME_TO_TELL = 1000 }; /* ms that a peer whose handshake has failed may take to be told why */

zl_heartbeat *zl_peer_heart (zl_socket *s, zl_peer *p)
{
    if (!p->heart)
        p->heart = zl_heartbeat_new (s, p);
    return p->heart;
}

/* ---- traffic ---- */

static bool is_name (zl_slice name, const char *due)
{
    return name.n == strlen (due) && strncasecmp ((const char *) name.p, due, name.n) == 0;
}

/* Copies a property list but for what no peer may say of itself. */
static uint8_t *put_announced (uint8_t *at, const zl_blob *announced)
{
    zl_slice list = {announced->data, announced->size}, name, value;
    const uint8_t *from = list.p;
    while (zl_property_get (&list, &name, &value) == 1) {
        if (!is_name (name, "User-Id") && !is_name (name, "Peer-Address")) {
            memcpy (at, from, (size_t) (list.p - from));
            at += list.p - from;
        }
        from = list.p;
    }
    return at;
}

/* What the application may ask about the connection: where it is, what the authenticator said of it, and what the peer
 * announced. In this order, as the first of a name is what counts. */
static zl_blob *describe (const zl_peer *p)
{
    char address[64];
    zl_fd_peer_address (p->source.fd, address, sizeof address);
    const zl_blob *granted = p->granted, *announced = p->wire.peer_properties;
    zl_blob *all = zl_blob_alloc (1 + strlen ("Peer-Address") + 4 + strlen (address) + (granted ? granted->size : 0) +
                                  (announced ? announced->size : 0));
    if (!all)
        return NULL;
    uint8_t *at = zl_property_put (zl_blob_bytes (all), "Peer-Address", address, strlen (address));
    if (granted) {
        memcpy (at, granted->data, granted->size);
        at += granted->size;
    }
    if (announced)
        at = put_announced (at, announced);
    all->size = (size_t) (at - zl_blob_bytes (all));
    return all;
}

/* The pipe that this connection is to serve: the endpoint's, or a new one. NULL without memory. */
static zl_pipe *pipe_for (zl_peer *p)
{
    zl_pipe *pipe = zl_endpoint_pipe (p->endpoint);
    if (!pipe)
        pipe = zl_endpoint_new_pipe (p->endpoint);
    if (!pipe)
        return NULL;
    if (zl_pipe_takes_id (pipe) && zl_pipe_set_id (pipe, p->wire.peer_id, p->wire.peer_id_len) < 0)
        return NULL;
    zl_blob_drop (pipe->properties);
    pipe->properties = describe (p);
    return pipe;
}

/* Messages may flow. */
static void become_ready (zl_socket *s, zl_peer *p)
{
    const zl_options *o = zl_endpoint_options (p->endpoint);
    p->ready = true;
    zl_socket_alarm (s, &p->handshake, ZL_NEVER);
    s->stats.handshakes++;
    zl_endpoint_up (p->endpoint);
    if (!p->wire.legacy)
        zl_endpoint_report (p->endpoint, ZL_EVENT_HANDSHAKE_SUCCEEDED, 0, p->source.fd);
    if (s->closed && zl_endpoint_is_listener (p->endpoint)) {
        zl_peer_end (s, p, ZL_CLOSE_LOCAL);
        return;
    }
    zl_pipe *pipe = pipe_for (p);
    const zl_blob *hello = o->bytes[ZL_BYTES_HELLO_MSG];
    if (!pipe || (hello && zl_wire_send_first (&p->wire, hello->data, hello->size) < 0)) {
        zl_peer_end (s, p, ZL_CLOSE_MEMORY);
        return;
    }
    p->pipe = pipe;
    pipe->peer = p;
    pipe->takes_encoded = !pipe->conflate && !pipe->overhead && !zl_wire_is_foreign (&p->wire);
    zl_endpoint_set_pipe (p->endpoint, pipe);
    if (o->heartbeat_ivl && !p->wire.legacy && zl_peer_heart (s, p))
        zl_heartbeat_start (p->heart);
    if (!pipe->attached && !pipe->discard)
        zl_pipe_attach (pipe);
    if (pipe->attached && s->type->connected)
        s->type->connected (s, pipe);
    if (!p->dead && p->wire.codec == &zl_codec_v1 && s->type->subscription)
        s->type->subscription (s, pipe, true, NULL, 0); /* such a subscriber cannot say what it wants, and filters itself */
    zl_peer_make_dirty (p);
}

/* ---- the authenticator ---- */

/* The client is not let in, and told so, if so. */
static void deny (zl_socket *s, zl_peer *p, unsigned status)
{
    zl_close_reason why = zl_wire_deny (&p->wire, status);
    if (why || status == 300) {
        zl_peer_end (s, p, why ? why : ZL_CLOSE_DEFERRED);
        return;
    }
    zl_peer_make_dirty (p);
    zl_peer_finish (s, p, ZL_CLOSE_DENIED, TIME_TO_TELL);
}

/* Has the authenticator decide. True if that is not necessary, or was done at once: the handshake goes on. */
static bool ask (zl_socket *s, zl_peer *p)
{
    zl_slice credentials[2];
    char address[64];
    const zl_mech *mech = p->wire.mech;
    const zl_options *o = zl_endpoint_options (p->endpoint);
    zl_fd_peer_address (p->source.fd, address, sizeof address);
    unsigned n = mech->credentials ? mech->credentials (&p->wire, credentials) : 0;
    const zl_zap_request request = {p, o, mech, address, credentials, n};
    int rc = zl_zap_ask (s, &request, &p->question);
    if (rc == 0)
        return false;
    zl_close_reason why = rc == -ENOMEM                ? ZL_CLOSE_MEMORY
                          : zl_zap_is_needed (o, mech) ? ZL_CLOSE_NO_AUTHENTICATOR
                                                       : zl_wire_admit (&p->wire);
    if (why)
        zl_peer_end (s, p, why);
    return !why;
}

/* ---- the wire ---- */

/* Feeds the wire with what has been read; false if that was the end. */
static bool feed_wire (zl_socket *s, zl_peer *p)
{
    zl_chunk *c = p->slab; /* NULL: it goes on after an answer, and nothing has come since */
    ssize_t used = zl_wire_input (&p->wire, c ? c->data + p->cut : NULL, p->fill - p->cut);
    zl_peer_make_dirty (p);
    if (used < 0) {
        if (p->wire.reason == ZL_CLOSE_MECHANISM)
            zl_peer_finish (s, p, ZL_CLOSE_MECHANISM, TIME_TO_TELL); /* our greeting tells the peer why */
        else
            zl_peer_end (s, p, p->wire.reason);
        return false;
    }
    p->cut += (uint32_t) used;
    if (c)
        c->begin = c->end = p->cut;
    return true;
}

bool zl_peer_shake_hands (zl_socket *s, zl_peer *p)
{
    while (feed_wire (s, p) && p->wire.state == ZL_WIRE_ASKING)
        if (!ask (s, p))
            return false;
    if (p->dead || p->wire.state != ZL_WIRE_TRAFFIC)
        return false;
    become_ready (s, p);
    return !p->dead;
}

void zl_peer_judge (zl_socket *s, zl_peer *p, const zl_zap_reply *reply)
{
    p->question = NULL;
    zl_close_reason why = reply->why;
    if (!why && reply->status != 200)
        deny (s, p, reply->status);
    else if (!why) {
        p->granted = zl_blob_hold (reply->properties);
        why = zl_wire_admit (&p->wire);
    }
    if (why)
        zl_peer_end (s, p, why);
    if (!p->dead && !p->finishing) {
        p->hearing = true;
        zl_peer_hear (s, p);
        p->hearing = false;
        zl_peer_read_on (p);
    }
    zl_flush_later (s);
}

/* ---- the beginning ---- */

static void handshake_late (zl_socket *s, zl_alarm *a)
{
    zl_peer *p = ZL_CONTAINER (a, zl_peer, handshake);
    p->error = ETIMEDOUT;
    zl_peer_end (s, p, ZL_CLOSE_HANDSHAKE_TIMEOUT);
}

void zl_peer_start (zl_socket *s, zl_peer *p)
{
    const zl_options *o = zl_endpoint_options (p->endpoint);
    p->handshake.fire = handshake_late;
    if (zl_endpoint_is_raw (p->endpoint))
        become_ready (s, p);
    else if (o->handshake_ivl)
        zl_socket_alarm (s, &p->handshake, zl_now () + (zl_time) o->handshake_ivl * ZL_MS);
    zl_peer_make_dirty (p);
}
