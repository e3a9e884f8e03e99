/* Traffic in every form that it may have: what is found in a stream must not depend on the portions
 * that it comes in. */
#include "../c/toy_crypto.h"
#include "../c/wires.h"
#include "script.h"

enum { NEW, OLD_SUBSCRIBERS, V2, V1, RAW, SEALED, FORMS };

/* What was found, so far as it must be the same. */
typedef struct {
    uint64_t sum;
    zl_close_reason why;
} findings;

static void note (findings *f, const void *octets, size_t n)
{
    for (size_t i = 0; i < n; i++)
        f->sum = (f->sum ^ ((const uint8_t *) octets)[i]) * 0x100000001b3u;
}

static void note_frame (findings *f, unsigned flags, const uint8_t *body, size_t n)
{
    note (f, &flags, sizeof flags);
    note (f, &n, sizeof n);
    note (f, body, n);
}

/* ---- sides in traffic ---- */

static void open_sealed (side *s)
{
    static uint8_t public_key[ZL_KEY_SIZE], secret_key[ZL_KEY_SIZE];
    side peer;
    zl_crypto_in_use = &toy_crypto;
    toy_is_transparent = true;
    toy_state = 1;
    toy_keypair (public_key, secret_key);
    const zl_wire_config client = {.mech = &zl_mech_curve,
                                   .security = {.public_key = public_key,
                                                .secret_key = secret_key,
                                                .server_public_key = public_key},
                                   .own_type = ZL_PUSH,
                                   .max_size = -1};
    const zl_wire_config server = {.mech = &zl_mech_curve,
                                   .security = {.as_server = true, .secret_key = secret_key},
                                   .own_type = ZL_PULL,
                                   .max_size = -1};
    open_as (&peer, &client);
    open_as (s, &server);
    ZL_ASSERT (converse (&peer, s, SIZE_MAX) && judge (s, 200));
    end_side (&peer);
}

static void open_talking (side *s, unsigned form)
{
    const zl_wire_config config = {.mech = &zl_mech_null,
                                   .own_type = ZL_PULL,
                                   .own_id = slice (""),
                                   .raw = form == RAW,
                                   .max_size = -1};
    speech p = greeting_of (3, form == NEW, "NULL");
    if (form == SEALED) {
        open_sealed (s);
        return;
    }
    add_frame (&p, ZL_FRAME_COMMAND, "\5READY\13Socket-Type\0\0\0\4PUSH", 26);
    if (form == V2)
        p = (speech){"\xff\0\0\0\0\0\0\0\1\x7f\1\10\0\0", 14};
    if (form == V1)
        p = (speech){"\1\0", 2};
    open_as (s, &config);
    ZL_ASSERT (form == RAW || feed (s, p.octets, p.n));
}

/* ---- reading, as a connection does ---- */

static zl_close_reason hear_command (side *s, const uint8_t *body, size_t n)
{
    zl_slice name, data;
    int ttl = 0;
    if (!zl_command_get (body, n, &name, &data))
        return ZL_CLOSE_COMMAND;
    zl_close_reason why = ZL_CLOSE_NONE;
    if (ZL_IS (name, "PING"))
        why = zl_wire_pong (&s->wire, data, &ttl);
    ZL_ASSERT (ttl >= 0 && ttl <= UINT16_MAX && s->out.bytes <= 100);
    zl_frameq_clear (&s->out, &s->pool);
    return why;
}

static size_t hear_own_form (side *s, uint8_t *p, size_t n, findings *f)
{
    size_t used = 0;
    zl_cut cut = {0};
    do {
        zl_wire_cut (&s->wire, p + used, n - used, &cut);
        ZL_ASSERT (cut.taken <= n - used);
        unsigned msgs = 0;
        const uint8_t *at = p + used, *end = at + cut.taken;
        zl_header h;
        for (const uint8_t *body; (body = next_taken (&at, end, &h));) {
            msgs += !(h.flags & ZL_FRAME_MORE);
            note_frame (f, h.flags & ZL_FRAME_MORE, body, (size_t) h.size);
        }
        ZL_ASSERT (msgs == cut.msgs);
        used += cut.taken;
        if (cut.stop == ZL_CUT_COMMAND) {
            f->why = hear_command (s, p + used + cut.next.len, (size_t) cut.next.size);
            used += cut.next.len + (size_t) cut.next.size;
        }
    } while (cut.stop == ZL_CUT_COMMAND && !f->why);
    if (cut.stop == ZL_CUT_BAD)
        f->why = s->wire.reason;
    return used;
}

static size_t hear_foreign (side *s, uint8_t *p, size_t n, findings *f)
{
    size_t used = 0;
    zl_header h;
    int rc;
    while ((rc = zl_wire_cut_one (&s->wire, p + used, n - used, &h)) == 1 &&
           h.size <= n - used - h.len) {
        const uint8_t *body = p + used + h.len;
        if (s->wire.codec == &zl_codec_raw)
            note (f, body, (size_t) h.size);
        else
            note_frame (f, h.flags, body, (size_t) h.size);
        used += h.len + (size_t) h.size;
    }
    if (rc < 0)
        f->why = s->wire.reason;
    return used;
}

static findings read_by (unsigned form, int64_t max_size, zl_slice stream, size_t portion)
{
    static side s;
    findings f = {.sum = 1};
    open_talking (&s, form);
    zl_frameq_clear (&s.out, &s.pool);
    s.wire.max_size = form == RAW ? -1 : max_size;
    for (size_t from = 0, upto = 0; upto < stream.n && !f.why;) {
        upto += ZL_MIN (portion, stream.n - upto);
        edge e = at_edge (stream.p + from, upto - from);
        from += zl_wire_is_foreign (&s.wire) ? hear_foreign (&s, e.p, upto - from, &f)
                                             : hear_own_form (&s, e.p, upto - from, &f);
        end_edge (e);
    }
    end_side (&s);
    return f;
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    static const int64_t limits[] = {-1, 0, 10, 300};
    zl_slice script = {data, size};
    unsigned form = take (&script) % FORMS;
    int64_t limit = limits[take (&script) % ZL_LEN (limits)];
    size_t portion = 1u + take (&script);
    findings whole = read_by (form, limit, script, SIZE_MAX);
    findings parts = read_by (form, limit, script, portion);
    ZL_ASSERT (whole.why == parts.why && whole.sum == parts.sum);
    return 0;
}
