/* The protocol of one connection, without its I/O; see the header for the states. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

/* ---- life ---- */

static int send_greeting_to (zl_wire *w, unsigned upto)
{
    uint8_t greeting[ZL_GREETING_SIZE];
    if (w->greeted >= upto)
        return 0;
    zl_greeting_put (greeting, w->mech->name, w->as_server);
    int rc = zl_frameq_push_raw (w->out, w->pool, greeting + w->greeted, upto - w->greeted);
    w->greeted = (uint8_t) upto;
    return rc;
}

int zl_wire_open (zl_wire *w, const zl_mech *mech, int own_type, const uint8_t *own_id, size_t own_id_len,
                  int64_t max_size, zl_frameq *out, zl_pool *pool)
{
    *w = (zl_wire){.mech = mech,
                   .out = out,
                   .pool = pool,
                   .own_id = own_id,
                   .own_id_len = (uint8_t) own_id_len,
                   .max_size = max_size,
                   .own_type = (uint8_t) own_type};
    return send_greeting_to (w, ZL_SIGNATURE_SIZE);
}

void zl_wire_fini (zl_wire *w)
{
    free (w->peer_id);
    w->peer_id = NULL;
}

/* ---- what the peer says of itself ---- */

static zl_close_reason set_peer_id (zl_wire *w, zl_slice id)
{
    if (id.n > ZL_ROUTING_ID_MAX || (id.n && id.p[0] == 0)) /* a leading 0 is for ids that the receiver makes up */
        return ZL_CLOSE_IDENTITY;
    free (w->peer_id);
    w->peer_id = NULL;
    w->peer_id_len = 0;
    if (id.n == 0)
        return ZL_CLOSE_NONE;
    w->peer_id = malloc (id.n);
    if (!w->peer_id)
        return ZL_CLOSE_MEMORY;
    memcpy (w->peer_id, id.p, id.n);
    w->peer_id_len = (uint8_t) id.n;
    return ZL_CLOSE_NONE;
}

zl_close_reason zl_wire_metadata (zl_wire *w, zl_slice list)
{
    zl_slice name, value;
    int rc;
    while ((rc = zl_property_get (&list, &name, &value)) == 1) {
        zl_close_reason why = ZL_CLOSE_NONE;
        if (ZL_IS (name, "Socket-Type")) {
            if (!zl_types_compatible (w->own_type, zl_type_from_name (value.p, value.n)))
                why = ZL_CLOSE_INCOMPATIBLE;
        } else if (ZL_IS (name, "Identity"))
            why = set_peer_id (w, value);
        if (why)
            return why;
    }
    return rc < 0 ? ZL_CLOSE_METADATA : ZL_CLOSE_NONE;
}

zl_close_reason zl_wire_send_metadata (zl_wire *w, const char *command)
{
    uint8_t body[512], *p = zl_command_put (body, command);
    const char *type = zl_type_name (w->own_type);
    p = zl_property_put (p, "Socket-Type", type, strlen (type));
    if (w->own_type == ZL_REQ || w->own_type == ZL_DEALER || w->own_type == ZL_ROUTER)
        p = zl_property_put (p, "Identity", w->own_id, w->own_id_len);
    return zl_frameq_push_command (w->out, w->pool, body, (size_t) (p - body)) < 0 ? ZL_CLOSE_MEMORY : ZL_CLOSE_NONE;
}

/* ---- up to traffic ---- */

/* A 2.0 peer is told our type and routing id in 2.0's form, and its first frame is its own id. */
static zl_close_reason greet_v2 (zl_wire *w)
{
    uint8_t hello[1 + 2 + ZL_ROUTING_ID_MAX];
    if (strcmp (w->mech->name, "NULL") != 0)
        return ZL_CLOSE_MECHANISM;
    hello[0] = w->own_type;
    hello[1] = 0;
    hello[2] = w->own_id_len;
    memcpy (hello + 3, w->own_id, w->own_id_len);
    w->peer_v2 = true;
    w->state = ZL_WIRE_IDENTITY;
    return zl_frameq_push_raw (w->out, w->pool, hello, 3u + w->own_id_len) < 0 ? ZL_CLOSE_MEMORY : ZL_CLOSE_NONE;
}

/* Returns how many octets were used up; the greeting is only used up as a whole. */
static ssize_t greeting (zl_wire *w, const uint8_t *p, size_t n)
{
    zl_greeting_step step = zl_greeting_get (p, n, &w->reason);
    switch (step) {
        case ZL_GREETING_BAD:
            return -1;
        case ZL_GREETING_MORE:
            return 0;
        default:
            break;
    }
    /* One octet more than the signature: a 2.0 peer must not see a 3.x greeting in full. */
    if (send_greeting_to (w, ZL_SIGNATURE_SIZE + 1) < 0)
        w->reason = ZL_CLOSE_MEMORY;
    else if (step == ZL_GREETING_V2) {
        if (n < 12)
            return 0; /* its socket type follows */
        w->reason = greet_v2 (w);
        if (!w->reason)
            return 12;
    } else if (step == ZL_GREETING_V3 || step == ZL_GREETING_DONE) {
        if (send_greeting_to (w, ZL_GREETING_SIZE) < 0)
            w->reason = ZL_CLOSE_MEMORY;
        else if (step == ZL_GREETING_DONE) {
            w->peer_minor = p[10] > 3 || p[11] > 0;
            w->state = ZL_WIRE_HANDSHAKE;
            w->reason = memcmp (p + 12, w->mech->name, ZL_MECHANISM_SIZE) ? ZL_CLOSE_MECHANISM : w->mech->start (w);
            if (!w->reason)
                return ZL_GREETING_SIZE;
        }
    }
    return w->reason ? -1 : 0;
}

/* One whole frame before traffic: a handshake command, or a 2.0 peer's routing id. */
static zl_close_reason early_frame (zl_wire *w, const uint8_t *body, size_t n)
{
    zl_slice name, data;
    if (w->state == ZL_WIRE_IDENTITY) {
        w->state = ZL_WIRE_TRAFFIC;
        return set_peer_id (w, (zl_slice){body, n});
    }
    if (n == 0)
        return ZL_CLOSE_UNEXPECTED;
    if (!zl_command_get (body, n, &name, &data))
        return ZL_CLOSE_COMMAND;
    zl_close_reason why = w->mech->command (w, name, data);
    if (!why && w->peer_ready)
        w->state = ZL_WIRE_TRAFFIC;
    return why;
}

ssize_t zl_wire_input (zl_wire *w, const uint8_t *p, size_t n)
{
    size_t used = 0;
    while (w->state == ZL_WIRE_GREETING) {
        ssize_t rc = greeting (w, p, n);
        if (rc <= 0)
            return rc;
        used = (size_t) rc;
    }
    while (w->state != ZL_WIRE_TRAFFIC) {
        zl_header h;
        int rc = zl_header_get (p + used, n - used, &h);
        if (rc < 0 || (rc && h.size > ZL_HANDSHAKE_COMMAND_MAX) ||
            (rc && w->max_size >= 0 && h.size > (uint64_t) w->max_size)) {
            w->reason = rc < 0 ? ZL_CLOSE_FRAME : ZL_CLOSE_OVERSIZE;
            return -1;
        }
        if (rc == 0 || n - used - h.len < h.size)
            break;
        w->reason = early_frame (w, p + used + h.len, (size_t) h.size);
        if (w->reason)
            return -1;
        used += h.len + (size_t) h.size;
    }
    return (ssize_t) used;
}

/* ---- traffic ---- */

void zl_wire_cut (zl_wire *w, const uint8_t *p, size_t n, zl_cut *cut)
{
    const uint8_t *start = p, *end = p + n;
    uint64_t max = w->max_size < 0 ? UINT64_MAX : (uint64_t) w->max_size;
    bool inside = cut->inside;
    unsigned msgs = 0;
    cut->stop = ZL_CUT_MORE;
    cut->next.len = 0;
    for (;;) {
        /* The short message frame is nearly all there is on a busy stream: decide it on two octets. */
        while (end - p >= 2 && !(p[0] & (ZL_FRAME_LONG | ZL_FRAME_COMMAND)) && p[1] <= max && end - p - 2 >= p[1]) {
            inside = p[0] & ZL_FRAME_MORE;
            msgs += !inside;
            p += 2 + p[1];
        }
        zl_header h;
        int rc = zl_header_get (p, (size_t) (end - p), &h);
        if (rc == 0)
            break;
        if (rc < 0 || h.size > max || h.size > SIZE_MAX / 2) {
            w->reason = rc < 0 ? ZL_CLOSE_FRAME : ZL_CLOSE_OVERSIZE;
            cut->stop = ZL_CUT_BAD;
            break;
        }
        if (h.flags & ZL_FRAME_COMMAND && w->peer_v2) {
            w->reason = ZL_CLOSE_FRAME; /* 2.0 has no commands */
            cut->stop = ZL_CUT_BAD;
            break;
        }
        cut->next = h;
        if ((uint64_t) (end - p) - h.len < h.size)
            break;
        if (h.flags & ZL_FRAME_COMMAND) {
            cut->stop = ZL_CUT_COMMAND;
            break;
        }
        inside = h.flags & ZL_FRAME_MORE;
        msgs += !inside;
        p += h.len + h.size;
        cut->next.len = 0;
    }
    cut->taken = (size_t) (p - start);
    cut->msgs = msgs;
    cut->inside = inside;
}

int zl_wire_send_subscription (zl_wire *w, bool subscribe, const uint8_t *topic, size_t n)
{
    bool as_command = w->peer_minor > 0 && !w->peer_v2;
    const char *name = subscribe ? "SUBSCRIBE" : "CANCEL";
    size_t head = as_command ? 1 + strlen (name) : zl_header_len (n + 1) + 1; /* octets before the topic */
    uint8_t small[512], *all = head + n <= sizeof small ? small : malloc (head + n);
    if (!all)
        return -ENOMEM;
    if (as_command)
        zl_command_put (all, name);
    else {
        zl_header_put (all, n + 1, 0);
        all[head - 1] = subscribe;
    }
    if (n)
        memcpy (all + head, topic, n);
    int rc = as_command ? zl_frameq_push_command (w->out, w->pool, all, head + n)
                        : zl_frameq_push_raw (w->out, w->pool, all, head + n);
    if (all != small)
        free (all);
    return rc;
}

zl_close_reason zl_wire_pong (zl_wire *w, zl_slice ping)
{
    enum { TTL = 2, CONTEXT_MAX = 16 };
    uint8_t body[5 + CONTEXT_MAX], *p;
    if (ping.n < TTL)
        return ZL_CLOSE_COMMAND;
    size_t n = ZL_MIN (ping.n - TTL, (size_t) CONTEXT_MAX);
    p = zl_command_put (body, "PONG");
    memcpy (p, ping.p + TTL, n);
    return zl_frameq_push_command (w->out, w->pool, body, (size_t) (p - body) + n) < 0 ? ZL_CLOSE_MEMORY
                                                                                      : ZL_CLOSE_NONE;
}
