/* The protocol of one connection, without its I/O; see the header for the states. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

/* ---- life ---- */

static int send_greeting_to (zl_wire *w, unsigned upto)
{
    uint8_t greeting[ZL_GREETING_SIZE];
    if (w->greeted >= upto)
        return 0;
    zl_greeting_put (greeting, w->mech->name, w->security.as_server, w->own_id_len);
    int rc = zl_frameq_push_raw (w->out, w->pool, greeting + w->greeted, upto - w->greeted);
    w->greeted = (uint8_t) upto;
    return rc;
}

int zl_wire_open (zl_wire *w, const zl_wire_config *c, zl_frameq *out, zl_pool *pool)
{
    *w = (zl_wire){.mech = c->mech,
                   .security = c->security,
                   .out = out,
                   .pool = pool,
                   .own_id = c->own_id.p,
                   .own_id_len = (uint8_t) c->own_id.n,
                   .own_properties = c->properties,
                   .max_size = c->max_size,
                   .own_type = (uint8_t) c->own_type};
    if (!c->raw)
        return send_greeting_to (w, ZL_SIGNATURE_SIZE);
    w->codec = &zl_codec_raw;
    w->max_size = -1;
    w->legacy = true;
    w->state = ZL_WIRE_TRAFFIC;
    return 0;
}

void zl_wire_fini (zl_wire *w)
{
    if (w->mech && w->mech->fini)
        w->mech->fini (w);
    free (w->peer_id);
    w->peer_id = NULL;
    zl_blob_drop (w->peer_properties);
    w->peer_properties = NULL;
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
    zl_msg all = {list.p, list.n, NULL};
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
    if (rc < 0)
        return ZL_CLOSE_METADATA;
    zl_blob_drop (w->peer_properties);
    w->peer_properties = all.size ? zl_msg_blob (&all) : NULL;
    return ZL_CLOSE_NONE;
}

zl_close_reason zl_wire_refused (zl_wire *w, zl_slice data)
{
    static const char *const codes[] = {"300", "400", "500"};
    if (data.n < 1 || data.p[0] > data.n - 1)
        return ZL_CLOSE_ERROR_COMMAND;
    for (unsigned i = 0; i < ZL_LEN (codes); i++)
        if (data.p[0] == 3 && memcmp (data.p + 1, codes[i], 3) == 0)
            w->refusal = (uint16_t) (300 + 100 * i);
    return ZL_CLOSE_REFUSED;
}

zl_close_reason zl_wire_send_command (zl_wire *w, const void *body, size_t n)
{
    const zl_msg frame = {body, n, NULL};
    return zl_frameq_push_control (w->out, w->pool, &frame, ZL_FRAME_COMMAND, 0) < 0 ? ZL_CLOSE_MEMORY : ZL_CLOSE_NONE;
}

size_t zl_wire_own_metadata_max (const zl_wire *w)
{
    enum { OWN_MAX = 384 }; /* socket type and routing id */
    return OWN_MAX + w->own_properties.n;
}

uint8_t *zl_wire_put_own_metadata (const zl_wire *w, uint8_t *p)
{
    const char *type = zl_type_name (w->own_type);
    p = zl_property_put (p, "Socket-Type", type, strlen (type));
    if (w->own_type == ZL_REQ || w->own_type == ZL_DEALER || w->own_type == ZL_ROUTER)
        p = zl_property_put (p, "Identity", w->own_id, w->own_id_len);
    if (w->own_properties.n)
        memcpy (p, w->own_properties.p, w->own_properties.n);
    return p + w->own_properties.n;
}

zl_close_reason zl_wire_send_metadata (zl_wire *w, const char *command)
{
    uint8_t *body = malloc (1 + strlen (command) + zl_wire_own_metadata_max (w));
    if (!body)
        return ZL_CLOSE_MEMORY;
    uint8_t *end = zl_wire_put_own_metadata (w, zl_command_put (body, command));
    zl_close_reason why = zl_wire_send_command (w, body, (size_t) (end - body));
    free (body);
    return why;
}

/* ---- who may come in ---- */

zl_close_reason zl_wire_ask (zl_wire *w)
{
    w->state = ZL_WIRE_ASKING;
    return ZL_CLOSE_NONE;
}

zl_close_reason zl_wire_admit (zl_wire *w)
{
    w->state = ZL_WIRE_HANDSHAKE;
    zl_close_reason why = w->mech->admit (w);
    if (!why && w->peer_ready)
        w->state = ZL_WIRE_TRAFFIC;
    return why;
}

/* libzmq misspells ERROR in PLAIN, a slip in a hexadecimal escape, and its clients understand no other. */
static const char plain_error[] = "^RROR";

zl_close_reason zl_wire_deny (zl_wire *w, unsigned status)
{
    char body[16];
    w->refusal = (uint16_t) status;
    if (status == 300)
        return ZL_CLOSE_NONE;
    int n = snprintf (body, sizeof body, "%s\3%u", w->mech == &zl_mech_plain ? plain_error : "\5ERROR", status);
    return zl_wire_send_command (w, body, (size_t) n);
}

/* A command of the handshake. */
static bool split_command (const zl_wire *w, const uint8_t *body, size_t n, zl_slice *name, zl_slice *data)
{
    enum { LEN = sizeof plain_error - 1 };
    if (w->mech != &zl_mech_plain || n < LEN || memcmp (body, plain_error, LEN) != 0)
        return zl_command_get (body, n, name, data);
    *name = (zl_slice){(const uint8_t *) "ERROR", LEN};
    *data = (zl_slice){body + LEN, n - LEN};
    return true;
}

/* ---- up to traffic ---- */

/* Old peers know no mechanisms: they are only met where nothing is asked of them. */
static bool may_be_legacy (const zl_wire *w)
{
    return w->mech == &zl_mech_null && !w->security.asks;
}

/* A 1.0 peer has taken our signature for the header of a frame: its body is our routing id. */
static zl_close_reason greet_v1 (zl_wire *w)
{
    if (!may_be_legacy (w))
        return ZL_CLOSE_MECHANISM;
    w->codec = &zl_codec_v1;
    w->legacy = true;
    w->state = ZL_WIRE_IDENTITY;
    return zl_frameq_push_raw (w->out, w->pool, w->own_id, w->own_id_len) < 0 ? ZL_CLOSE_MEMORY : ZL_CLOSE_NONE;
}

/* A 2.0 peer is told our type and routing id in 2.0's form, and its first frame is its own id. */
static zl_close_reason greet_v2 (zl_wire *w)
{
    uint8_t hello[1 + 2 + ZL_ROUTING_ID_MAX];
    if (!may_be_legacy (w))
        return ZL_CLOSE_MECHANISM;
    hello[0] = w->own_type;
    hello[1] = 0;
    hello[2] = w->own_id_len;
    memcpy (hello + 3, w->own_id, w->own_id_len);
    w->legacy = true;
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
        case ZL_GREETING_V1:
            w->reason = greet_v1 (w); /* what it has sent is its first frame */
            return w->reason ? -1 : 0;
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

/* One whole frame before traffic: a handshake command, or an old peer's routing id. */
static zl_close_reason early_frame (zl_wire *w, const uint8_t *body, size_t n)
{
    zl_slice name, data;
    if (w->state == ZL_WIRE_IDENTITY) {
        w->state = ZL_WIRE_TRAFFIC;
        return set_peer_id (w, (zl_slice){body, n});
    }
    if (n == 0)
        return ZL_CLOSE_UNEXPECTED;
    if (!split_command (w, body, n, &name, &data))
        return ZL_CLOSE_COMMAND;
    zl_close_reason why = w->mech->command (w, name, data);
    if (!why && w->peer_ready && w->state == ZL_WIRE_HANDSHAKE)
        w->state = ZL_WIRE_TRAFFIC;
    return why;
}

ssize_t zl_wire_input (zl_wire *w, const uint8_t *p, size_t n)
{
    size_t used = 0;
    while (w->state == ZL_WIRE_GREETING) {
        ssize_t rc = greeting (w, p, n);
        if (rc < 0 || (rc == 0 && w->state == ZL_WIRE_GREETING))
            return rc;
        used = (size_t) rc;
    }
    while (w->state != ZL_WIRE_TRAFFIC && w->state != ZL_WIRE_ASKING) {
        zl_header h;
        int rc = w->codec ? w->codec->get (p + used, n - used, &h) : zl_header_get (p + used, n - used, &h);
        if (w->codec && (rc < 0 || (rc && p[used + h.len - 1] != 0))) {
            w->reason = ZL_CLOSE_GREETING; /* no routing id of a 1.0 peer: HTTP, TLS, or whatever came to this port */
            return -1;
        }
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

int zl_wire_cut_one (zl_wire *w, const uint8_t *p, size_t n, zl_header *h)
{
    uint64_t max = w->max_size < 0 ? SIZE_MAX / 2 : (uint64_t) w->max_size;
    int rc = w->codec ? w->codec->get (p, n, h) : zl_header_get (p, n, h);
    if (rc < 0)
        w->reason = ZL_CLOSE_FRAME;
    if (rc <= 0 || h->size <= max)
        return rc;
    w->reason = ZL_CLOSE_OVERSIZE;
    return -1;
}

zl_close_reason zl_wire_open_body (zl_wire *w, zl_header *h, uint8_t *body)
{
    unsigned flags = 0;
    zl_close_reason why = w->mech->open (w, body, (size_t) h->size, &flags);
    if (!why) {
        h->size -= w->mech->overhead;
        h->len = zl_header_len (h->size);
        h->flags = (uint8_t) flags;
    }
    return why;
}

/* Opens the frame at p and gives it the form that it has in the queues, where it lies: a gap and the frame, which *h then tells of.
 * Returns where that begins, or NULL and w->reason. */
static uint8_t *open_frame (zl_wire *w, uint8_t *p, zl_header *h)
{
    uint8_t *body = p + h->len;
    zl_close_reason why = zl_wire_open_body (w, h, body);
    if (why) {
        w->reason = why;
        return NULL;
    }
    uint8_t *frame = body + w->mech->overhead - h->len;
    zl_gap_put (p, (size_t) (frame - p));
    zl_header_put (frame, h->size, h->flags);
    return frame;
}

static void cut_sealed (zl_wire *w, uint8_t *p, size_t n, zl_cut *cut)
{
    uint8_t *start = p, *end = p + n;
    int rc;
    for (;;) {
        cut->next.len = 0;
        rc = zl_wire_cut_one (w, p, (size_t) (end - p), &cut->next);
        if (rc != 1 || cut->next.size > (uint64_t) (end - p) - cut->next.len)
            break;
        uint8_t *frame = open_frame (w, p, &cut->next);
        if (!frame) {
            rc = -1;
            break;
        }
        p = frame;
        if (cut->next.flags & ZL_FRAME_COMMAND) {
            cut->stop = ZL_CUT_COMMAND;
            break;
        }
        cut->inside = cut->next.flags & ZL_FRAME_MORE;
        cut->msgs += !cut->inside;
        p += cut->next.len + cut->next.size;
    }
    if (rc < 0)
        cut->stop = ZL_CUT_BAD;
    cut->taken = (size_t) (p - start);
}

static void cut_plain (zl_wire *w, const uint8_t *p, size_t n, zl_cut *cut)
{
    const uint8_t *start = p, *end = p + n;
    uint64_t max = w->max_size < 0 ? UINT64_MAX : (uint64_t) w->max_size;
    bool inside = cut->inside;
    unsigned msgs = 0;
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
        if (h.flags & ZL_FRAME_COMMAND && w->legacy) {
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

void zl_wire_cut (zl_wire *w, uint8_t *p, size_t n, zl_cut *cut)
{
    *cut = (zl_cut){.inside = cut->inside, .stop = ZL_CUT_MORE};
    if (w->sealed)
        cut_sealed (w, p, n, cut);
    else
        cut_plain (w, p, n, cut);
}

/* ---- what is to be written ---- */

/* Seals the frames of a chunk where they lie, and the body outside in a block of its own. 0, or -ENOMEM and it is as before. */
static int seal_chunk (zl_wire *w, zl_chunk *c)
{
    unsigned overhead = w->mech->overhead;
    zl_blob *outside = c->blob ? zl_blob_alloc (overhead + c->body_size) : NULL;
    if (c->blob && !outside)
        return -ENOMEM;
    uint8_t *at = c->data + c->begin, *end = c->data + c->end;
    while (at < end) {
        zl_header gap, h;
        ZL_ASSERT (zl_header_get (at, (size_t) (end - at), &gap) == 1);
        const uint8_t *frame = at + gap.len + gap.size;
        ZL_ASSERT (zl_header_get (frame, (size_t) (end - frame), &h) == 1);
        at += zl_header_put (at, h.size + overhead, 0);
        if (outside && frame + h.len == end) {
            memcpy (zl_blob_bytes (outside) + overhead, c->body, c->body_size);
            w->mech->seal (w, zl_blob_bytes (outside), c->body_size, h.flags);
            break;
        }
        w->mech->seal (w, at, (size_t) h.size, h.flags);
        at += overhead + h.size;
    }
    if (outside) {
        zl_blob_drop (c->blob);
        c->blob = outside;
        c->body = outside->data;
        c->body_size = outside->size;
        c->end = (uint32_t) (at - c->data);
    }
    c->kind = ZL_CONTROL;
    return 0;
}

int zl_wire_seal (zl_wire *w, const zl_frameq *q)
{
    int rc = 0;
    for (zl_chunk *c = q->head; c && rc == 0; c = c->next)
        if (c->kind & ZL_SPACED)
            rc = seal_chunk (w, c);
    return rc;
}

static int put_foreign (zl_wire *w, zl_frameq *q, const zl_msg *frame, bool more, bool last)
{
    uint8_t header[ZL_CODEC_HEADER_MAX];
    return zl_frameq_push_foreign (q, w->pool, header, w->codec->put (header, frame->size, more), frame, last);
}

int zl_wire_put_frame (zl_wire *w, zl_frameq *q, const zl_msg *frame, bool more)
{
    return put_foreign (w, q, frame, more, !more);
}

/* ---- what we have to say besides messages ---- */

/* Once there is traffic: what is no command ends no message of the application's either. */
static int send_late (zl_wire *w, const void *body, size_t n, unsigned flags)
{
    const zl_msg frame = {body, n, NULL};
    return w->codec ? put_foreign (w, w->out, &frame, false, false)
                    : zl_frameq_push_control (w->out, w->pool, &frame, flags, zl_wire_overhead (w));
}

int zl_wire_send_first (zl_wire *w, const void *body, size_t n)
{
    return send_late (w, body, n, 0);
}

int zl_wire_send_subscription (zl_wire *w, bool subscribe, const uint8_t *topic, size_t n)
{
    bool as_command = w->peer_minor > 0 && !w->legacy;
    enum { HEAD_MAX = 10 }; /* octets before the topic */
    uint8_t small[512], *all = HEAD_MAX + n <= sizeof small ? small : malloc (HEAD_MAX + n), *p;
    if (!all)
        return -ENOMEM;
    if (as_command)
        p = zl_command_put (all, subscribe ? "SUBSCRIBE" : "CANCEL");
    else {
        all[0] = subscribe;
        p = all + 1;
    }
    if (n)
        memcpy (p, topic, n);
    n += (size_t) (p - all);
    int rc = send_late (w, all, n, as_command ? ZL_FRAME_COMMAND : 0);
    if (all != small)
        free (all);
    return rc;
}

enum { TTL = 2 }; /* octets */

int zl_wire_ping (zl_wire *w, int ttl)
{
    /* libzmq takes more than this for less: it counts the milliseconds in 16 bits. */
    enum { TTL_MAX = 655 };
    uint8_t body[5 + TTL], *p = zl_command_put (body, "PING");
    ttl = ZL_MIN (ttl, TTL_MAX);
    p[0] = (uint8_t) (ttl >> 8);
    p[1] = (uint8_t) ttl;
    return send_late (w, body, sizeof body, ZL_FRAME_COMMAND);
}

zl_close_reason zl_wire_pong (zl_wire *w, zl_slice ping, int *ttl)
{
    enum { CONTEXT_MAX = 16 };
    uint8_t body[5 + CONTEXT_MAX], *p;
    if (ping.n < TTL)
        return ZL_CLOSE_COMMAND;
    *ttl = ping.p[0] << 8 | ping.p[1];
    size_t n = ZL_MIN (ping.n - TTL, (size_t) CONTEXT_MAX);
    p = zl_command_put (body, "PONG");
    memcpy (p, ping.p + TTL, n);
    return send_late (w, body, (size_t) (p - body) + n, ZL_FRAME_COMMAND) < 0 ? ZL_CLOSE_MEMORY : ZL_CLOSE_NONE;
}
