/* wire/wire.[ch] and wire/null.c: two of them against each other, and against bytes written down.
 * Every case runs whole, octet by octet, and with a tail that is not for this state. */
#include "check.h"
#include "wires.h"

static void open_side (side *s, int type, const char *id, int64_t max_size)
{
    const zl_wire_config config = {
        .mech = &zl_mech_null, .own_type = type, .own_id = slice (id), .max_size = max_size};
    open_as (s, &config);
}

static void shake (side *a, side *b, size_t portion)
{
    CHECK (converse (a, b, portion));
}

TEST ("two sides come to traffic and know each other's ids, in whatever portions they hear")
{
    for (unsigned i = 0; i < ZL_LEN (portions); i++) {
        side a, b;
        open_side (&a, ZL_DEALER, "alice", -1);
        open_side (&b, ZL_ROUTER, "", -1);
        shake (&a, &b, portions[i]);
        CHECK_EQ (a.wire.state, ZL_WIRE_TRAFFIC);
        CHECK_EQ (b.wire.state, ZL_WIRE_TRAFFIC);
        CHECK_EQ (b.wire.peer_id_len, 5);
        CHECK_BYTES (b.wire.peer_id, "alice", 5);
        CHECK (!a.wire.peer_id);
        CHECK_EQ (a.wire.peer_minor, 1);
        CHECK_EQ (a.have + b.have, 0);
        end_side (&a);
        end_side (&b);
    }
}

static void add_ready (speech *s, const char *type, const char *id, size_t id_len)
{
    uint8_t body[400], *end = zl_command_put (body, "READY");
    end = zl_property_put (end, "Socket-Type", type, strlen (type));
    end = zl_property_put (end, "Identity", id, id_len);
    end = zl_property_put (end, "X-Unknown", "whatever", 8);
    add_frame (s, ZL_FRAME_COMMAND, body, (size_t) (end - body));
}

static speech good_speech (void)
{
    speech s = greeting_of (3, 1, "NULL");
    add_ready (&s, "PUSH", "", 0);
    return s;
}

/* What becomes of a PULL that hears this, whole, by portions, and with a message behind it. */
static zl_close_reason fate_of (const speech *s, int64_t max_size)
{
    zl_close_reason fate = ZL_CLOSE_NONE;
    for (unsigned i = 0; i < ZL_LEN (portions); i++)
        for (int tail = 0; tail < 2; tail++) {
            side pull;
            speech all = *s;
            if (tail)
                add_frame (&all, 0, "message", 7);
            open_side (&pull, ZL_PULL, "", max_size);
            bool well = feed_by (&pull, all.octets, s->n, portions[i]) &&
                        (!tail || feed (&pull, all.octets + s->n, all.n - s->n));
            zl_close_reason this_time = well ? ZL_CLOSE_NONE : pull.wire.reason;
            CHECK (well || this_time != ZL_CLOSE_NONE);
            if (well && pull.wire.state == ZL_WIRE_TRAFFIC)
                CHECK_EQ (pull.have, tail ? 9 : 0);
            if (i || tail)
                CHECK_EQ (this_time, fate);
            fate = this_time;
            end_side (&pull);
        }
    return fate;
}

TEST ("a peer that keeps to the protocol is accepted, unknown properties and all")
{
    speech s = good_speech ();
    CHECK_EQ (fate_of (&s, -1), ZL_CLOSE_NONE);
    s = greeting_of (3, 0, "NULL");
    add_ready (&s, "PUSH", "", 0);
    CHECK_EQ (fate_of (&s, -1), ZL_CLOSE_NONE);
}

TEST ("each breach of the handshake has its reason")
{
    speech s = greeting_of (3, 1, "PLAIN");
    CHECK_EQ (fate_of (&s, -1), ZL_CLOSE_MECHANISM);
    s = greeting_of (0, 1, "NULL");
    CHECK_EQ (fate_of (&s, -1), ZL_CLOSE_VERSION);
    s = greeting_of (3, 1, "NULL");
    memcpy (s.octets, "GET / HTTP/1.1\r\n", 16);
    CHECK_EQ (fate_of (&s, -1), ZL_CLOSE_GREETING);

    s = greeting_of (3, 1, "NULL");
    add_ready (&s, "SUB", "", 0);
    CHECK_EQ (fate_of (&s, -1), ZL_CLOSE_INCOMPATIBLE);
    s = greeting_of (3, 1, "NULL");
    add_ready (&s, "PUSHY", "", 0);
    CHECK_EQ (fate_of (&s, -1), ZL_CLOSE_INCOMPATIBLE);
    s = greeting_of (3, 1, "NULL");
    add_ready (&s, "PUSH", "\0bad", 4);
    CHECK_EQ (fate_of (&s, -1), ZL_CLOSE_IDENTITY);
    char long_id[256];
    memset (long_id, 'x', sizeof long_id);
    s = greeting_of (3, 1, "NULL");
    add_ready (&s, "PUSH", long_id, sizeof long_id);
    CHECK_EQ (fate_of (&s, -1), ZL_CLOSE_IDENTITY);

    s = greeting_of (3, 1, "NULL");
    add_frame (&s, ZL_FRAME_COMMAND, "\5READY\1A\0\0\0\5x", 13);
    CHECK_EQ (fate_of (&s, -1), ZL_CLOSE_METADATA);
    s = greeting_of (3, 1, "NULL");
    add_frame (&s, ZL_FRAME_COMMAND, "\5READ", 5);
    CHECK_EQ (fate_of (&s, -1), ZL_CLOSE_COMMAND);
    s = greeting_of (3, 1, "NULL");
    add_frame (&s, ZL_FRAME_COMMAND, "\5HELLO", 6);
    CHECK_EQ (fate_of (&s, -1), ZL_CLOSE_UNEXPECTED);
    s = greeting_of (3, 1, "NULL");
    add_frame (&s, ZL_FRAME_COMMAND, "\5ERROR\2no", 9);
    CHECK_EQ (fate_of (&s, -1), ZL_CLOSE_REFUSED);
    s = greeting_of (3, 1, "NULL");
    add_frame (&s, ZL_FRAME_COMMAND, "\5ERROR\3no", 9);
    CHECK_EQ (fate_of (&s, -1), ZL_CLOSE_ERROR_COMMAND);
    s = greeting_of (3, 1, "NULL");
    add_frame (&s, ZL_FRAME_COMMAND, "", 0);
    CHECK_EQ (fate_of (&s, -1), ZL_CLOSE_UNEXPECTED);
}

TEST ("a handshake is limited at the header, before its body is there")
{
    speech s = greeting_of (3, 1, "NULL");
    s.n += zl_header_put (s.octets + s.n, ZL_HANDSHAKE_COMMAND_MAX + 1, ZL_FRAME_COMMAND);
    CHECK_EQ (fate_of (&s, -1), ZL_CLOSE_OVERSIZE);
    s = greeting_of (3, 1, "NULL");
    memcpy (s.octets + s.n, "\6\x80\0\0\0\0\0\0\0", 9);
    s.n += 9;
    CHECK_EQ (fate_of (&s, -1), ZL_CLOSE_FRAME);
    s = good_speech ();
    CHECK_EQ (fate_of (&s, 10), ZL_CLOSE_OVERSIZE);
}

TEST ("a peer of version 2.0 is spoken to in its own words")
{
    for (unsigned i = 0; i < ZL_LEN (portions); i++) {
        side router;
        uint8_t words[200];
        speech s = {.n = 12};
        memcpy (s.octets, "\xff\0\0\0\0\0\0\0\1\x7f\1\5", 12); /* revision 1, DEALER */
        add_frame (&s, 0, "old", 3);
        open_side (&router, ZL_ROUTER, "new", -1);
        CHECK (feed_by (&router, s.octets, s.n, portions[i]));
        CHECK_EQ (router.wire.state, ZL_WIRE_TRAFFIC);
        CHECK (router.wire.legacy);
        CHECK_EQ (router.wire.peer_id_len, 3);
        CHECK_BYTES (router.wire.peer_id, "old", 3);
        CHECK_EQ (said (&router, words, sizeof words), 11 + 1 + 2 + 3);
        CHECK_BYTES (words, "\xff\0\0\0\0\0\0\0\4\x7f\3\6\0\3new", 17);
        end_side (&router);
    }
}

TEST ("random octets never make it crash")
{
    for (int round = 0; round < 3000; round++) {
        side pull;
        speech s = good_speech ();
        for (unsigned hits = 1 + check_below (4); hits; hits--)
            s.octets[check_below ((unsigned) s.n)] = (uint8_t) check_random ();
        open_side (&pull, ZL_PULL, "", -1);
        feed_by (&pull, s.octets, s.n, 1 + check_below (100));
        end_side (&pull);
    }
}

/* ---- traffic ---- */

/* A side in traffic that knows a peer of that minor version. */
static void open_talking (side *s, int64_t max_size, uint8_t minor)
{
    speech p = greeting_of (3, minor, "NULL");
    uint8_t words[500];
    add_ready (&p, "PUSH", "", 0);
    open_side (s, ZL_PULL, "", -1);
    CHECK (feed (s, p.octets, p.n));
    CHECK_EQ (s->wire.state, ZL_WIRE_TRAFFIC);
    said (s, words, sizeof words);
    s->wire.max_size = max_size;
}

static zl_cut cut_at (side *s, const uint8_t *octets, size_t n)
{
    edge e = at_edge (octets, n);
    zl_cut cut = {0};
    zl_wire_cut (&s->wire, e.p, n, &cut);
    end_edge (e);
    return cut;
}

TEST ("frames are found in a buffer, wherever it ends")
{
    side s;
    speech p = {.n = 0};
    size_t ends[5];
    char body[300] = {0};
    open_talking (&s, -1, 1);
    static const size_t sizes[5] = {3, 0, 255, 256, 7};
    static const unsigned flags[5] = {ZL_FRAME_MORE, 0, ZL_FRAME_MORE, ZL_FRAME_MORE, 0};
    for (int i = 0; i < 5; i++) {
        if (i == 3)
            p.n = ends[2]; /* nothing between */
        p.n += zl_header_put (p.octets + p.n, sizes[i], flags[i]);
        memcpy (p.octets + p.n, body, sizes[i]);
        p.n += sizes[i];
        ends[i] = p.n;
    }
    for (size_t n = 0; n <= p.n; n++) {
        zl_cut cut = cut_at (&s, p.octets, n);
        unsigned whole = 0, msgs = 0;
        while (whole < 5 && ends[whole] <= n)
            msgs += !flags[whole++];
        size_t start = whole ? ends[whole - 1] : 0;
        CHECK_EQ (cut.stop, ZL_CUT_MORE);
        CHECK_EQ (cut.taken, start);
        CHECK_EQ (cut.msgs, msgs);
        CHECK_EQ (cut.inside, whole && flags[whole - 1]);
        if (whole < 5) {
            unsigned header = zl_header_len (sizes[whole]);
            CHECK_EQ (cut.next.len, n - start >= header ? header : 0);
            if (cut.next.len)
                CHECK_EQ (cut.next.size, sizes[whole]);
        }
    }
    end_side (&s);
}

TEST ("a command stops the cutting once it is whole")
{
    side s;
    speech p = {.n = 0};
    open_talking (&s, -1, 1);
    add_frame (&p, 0, "abc", 3);
    size_t start = p.n;
    add_frame (&p, ZL_FRAME_COMMAND, "\4PING\0\0", 7);
    size_t end = p.n;
    add_frame (&p, 0, "tail", 4);
    for (size_t n = start; n <= p.n; n++) {
        zl_cut cut = cut_at (&s, p.octets, n);
        CHECK_EQ (cut.taken, start);
        CHECK_EQ (cut.stop, n < end ? ZL_CUT_MORE : ZL_CUT_COMMAND);
        if (n >= end)
            CHECK_EQ (cut.next.size, 7);
    }
    end_side (&s);
}

TEST ("a body larger than the limit is refused at its header, one as large is not")
{
    side s;
    uint8_t octets[ZL_HEADER_MAX];
    for (uint64_t limit = 0; limit < 70000; limit = limit * 2 + 1) {
        open_talking (&s, (int64_t) limit, 1);
        CHECK_EQ (cut_at (&s, octets, zl_header_put (octets, limit, 0)).stop, ZL_CUT_MORE);
        CHECK_EQ (cut_at (&s, octets, zl_header_put (octets, limit + 1, 0)).stop, ZL_CUT_BAD);
        CHECK_EQ (s.wire.reason, ZL_CLOSE_OVERSIZE);
        end_side (&s);
    }
    open_talking (&s, -1, 1);
    CHECK_EQ (cut_at (&s, (const uint8_t *) "\2\xff\0\0\0\0\0\0\0", 9).stop, ZL_CUT_BAD);
    CHECK_EQ (s.wire.reason, ZL_CLOSE_FRAME);
    end_side (&s);
}

TEST ("subscriptions take the form that the peer understands")
{
    side s;
    uint8_t words[2000];
    open_talking (&s, -1, 1);
    CHECK_EQ (zl_wire_send_subscription (&s.wire, true, (const uint8_t *) "abc", 3), 0);
    CHECK_EQ (said (&s, words, sizeof words), 15);
    CHECK_BYTES (words, "\4\x0d\x09SUBSCRIBEabc", 15);
    CHECK_EQ (zl_wire_send_subscription (&s.wire, false, NULL, 0), 0);
    CHECK_EQ (said (&s, words, sizeof words), 9);
    CHECK_BYTES (words, "\4\7\6CANCEL", 9);
    end_side (&s);

    open_talking (&s, -1, 0);
    CHECK_EQ (zl_wire_send_subscription (&s.wire, true, (const uint8_t *) "abc", 3), 0);
    CHECK_EQ (said (&s, words, sizeof words), 6);
    CHECK_BYTES (words, "\0\4\1abc", 6);
    char topic[1000] = {0};
    CHECK_EQ (zl_wire_send_subscription (&s.wire, false, (const uint8_t *) topic, sizeof topic), 0);
    CHECK_EQ (said (&s, words, sizeof words), 9 + 1 + 1000);
    CHECK_BYTES (words, "\2\0\0\0\0\0\0\x03\xe9\0", 10);
    end_side (&s);
}

static zl_close_reason pong (side *s, const char *ping, size_t n)
{
    int ttl;
    return zl_wire_pong (&s->wire, (zl_slice){(const uint8_t *) ping, n}, &ttl);
}

/* What it has to say must be these octets. */
#define CHECK_SAID(s, text)                                                                        \
    do {                                                                                           \
        uint8_t said_[2000];                                                                       \
        CHECK_EQ (said (s, said_, sizeof said_), sizeof (text) - 1);                               \
        CHECK_BYTES (said_, text, sizeof (text) - 1);                                              \
    } while (0)

TEST ("a ping is answered with its context, and not with more of it than is allowed")
{
    side s;
    uint8_t words[100];
    open_talking (&s, -1, 1);
    CHECK_EQ (pong (&s, "\0\1ctx", 5), ZL_CLOSE_NONE);
    CHECK_EQ (said (&s, words, sizeof words), 10);
    CHECK_BYTES (words, "\4\x08\4PONGctx", 10);
    CHECK_EQ (pong (&s, "\0\1", 2), ZL_CLOSE_NONE);
    CHECK_EQ (said (&s, words, sizeof words), 7);
    CHECK_EQ (pong (&s, "\0\1aaaaaaaaaaaaaaaaZZZ", 21), ZL_CLOSE_NONE);
    CHECK_EQ (said (&s, words, sizeof words), 2 + 5 + 16);
    CHECK_EQ (pong (&s, "\0", 1), ZL_CLOSE_COMMAND);
    end_side (&s);
}

TEST ("a ping tells its time to live, and no more than libzmq can count")
{
    side s;
    int ttl = -1;
    open_talking (&s, -1, 1);
    CHECK_EQ (zl_wire_ping (&s.wire, 0), 0);
    CHECK_SAID (&s, "\4\7\4PING\0\0");
    CHECK_EQ (zl_wire_ping (&s.wire, 258), 0);
    CHECK_SAID (&s, "\4\7\4PING\1\2");
    CHECK_EQ (zl_wire_ping (&s.wire, 65535), 0);
    CHECK_SAID (&s, "\4\7\4PING\2\x8f"); /* 655 */
    const zl_slice long_life = {(const uint8_t *) "\xff\xfe", 2};
    const zl_slice any = {(const uint8_t *) "\0\0x", 3};
    CHECK_EQ (zl_wire_pong (&s.wire, long_life, &ttl), ZL_CLOSE_NONE);
    CHECK_EQ (ttl, 65534);
    CHECK_EQ (zl_wire_pong (&s.wire, any, &ttl), ZL_CLOSE_NONE);
    CHECK_EQ (ttl, 0);
    end_side (&s);
}

TEST ("the first message of all is one frame in the peer's own form")
{
    side s;
    open_talking (&s, -1, 1);
    CHECK_EQ (zl_wire_send_first (&s.wire, "hello", 5), 0);
    CHECK_SAID (&s, "\0\5hello");
    CHECK_EQ (zl_wire_send_first (&s.wire, "", 0), 0);
    CHECK_SAID (&s, "\0\0");
    char *large = calloc (1, 200000);
    CHECK_EQ (zl_wire_send_first (&s.wire, large, 200000), 0);
    CHECK_EQ (s.out.bytes, ZL_HEADER_MAX + 200000);
    free (large);
    end_side (&s);
}

TEST ("properties of our own travel in READY, and all that the peer says is kept")
{
    static const uint8_t own[] = "\6X-Name\0\0\0\5value";
    const zl_wire_config config = {
        .mech = &zl_mech_null,
        .own_type = ZL_DEALER,
        .own_id = slice ("alice"),
        .properties = {own, sizeof own - 1},
        .max_size = -1,
    };
    static const char due[] = "\x0bSocket-Type\0\0\0\6DEALER\x08Identity\0\0\0\5alice"
                              "\6X-Name\0\0\0\5value";
    for (unsigned i = 0; i < ZL_LEN (portions); i++) {
        side a, b;
        open_as (&a, &config);
        open_side (&b, ZL_ROUTER, "", -1);
        shake (&a, &b, portions[i]);
        CHECK_EQ (b.wire.state, ZL_WIRE_TRAFFIC);
        CHECK_EQ (b.wire.peer_properties->size, sizeof due - 1);
        CHECK_BYTES (b.wire.peer_properties->data, due, sizeof due - 1);
        end_side (&a);
        end_side (&b);
    }
}

TEST ("a refusal that says why is remembered, any other is just one")
{
    static const struct {
        const char *error;
        size_t n;
        unsigned code;
    } rows[] = {
        {"\5ERROR\003300", 10, 300}, {"\5ERROR\003400", 10, 400}, {"\5ERROR\003500", 10, 500},
        {"\5ERROR\003200", 10, 0},   {"\5ERROR\003600", 10, 0},   {"\5ERROR\0", 7, 0},
        {"\5ERROR\00240", 9, 0},     {"\5ERROR\0044000", 11, 0},  {"\5ERROR\003400 tail", 15, 400},
    };
    for (unsigned i = 0; i < ZL_LEN (rows); i++) {
        side s;
        speech p = greeting_of (3, 1, "NULL");
        add_frame (&p, ZL_FRAME_COMMAND, rows[i].error, rows[i].n);
        open_side (&s, ZL_PULL, "", -1);
        CHECK (!feed (&s, p.octets, p.n));
        CHECK_EQ (s.wire.reason, ZL_CLOSE_REFUSED);
        CHECK_EQ (s.wire.refusal, rows[i].code);
        end_side (&s);
    }
}

/* ---- version 1.0 ---- */

static speech v1_speech (const void *identity, size_t n)
{
    speech s = {.n = 0};
    s.n = zl_codec_v1.put (s.octets, n, false);
    memcpy (s.octets + s.n, identity, n);
    s.n += n;
    return s;
}

/* Takes a message frame of a 1.0 peer off what has come, and what it was. */
static zl_header take_v1 (side *s, char *text)
{
    zl_header h;
    CHECK_EQ (zl_wire_cut_one (&s->wire, s->in, s->have, &h), 1);
    CHECK (s->have >= h.len + h.size);
    memcpy (text, s->in + h.len, (size_t) h.size);
    text[h.size] = 0;
    s->have -= h.len + (size_t) h.size;
    memmove (s->in, s->in + h.len + h.size, s->have);
    return h;
}

TEST ("a session with a peer of version 1.0, octet for octet")
{
    static const char *const openings[] = {"\4\0old", "\xff\0\0\0\0\0\0\0\4\0old"};
    static const size_t lengths[] = {5, 13};
    for (unsigned form = 0; form < 2; form++)
        for (unsigned i = 0; i < ZL_LEN (portions); i++) {
            side s;
            char text[20];
            open_side (&s, ZL_XSUB, "me", -1);
            CHECK_SAID (&s, "\xff\0\0\0\0\0\0\0\3\x7f");
            CHECK (feed_by (&s, (const uint8_t *) openings[form], lengths[form], portions[i]));
            CHECK_EQ (s.wire.state, ZL_WIRE_TRAFFIC);
            CHECK (s.wire.legacy && s.wire.codec == &zl_codec_v1);
            CHECK_EQ (s.wire.peer_id_len, 3);
            CHECK_BYTES (s.wire.peer_id, "old", 3);
            CHECK_SAID (&s, "me"); /* behind our signature: one long frame */

            CHECK_EQ (zl_wire_send_subscription (&s.wire, true, (const uint8_t *) "abc", 3), 0);
            CHECK_EQ (zl_wire_send_subscription (&s.wire, false, NULL, 0), 0);
            CHECK_EQ (zl_wire_send_first (&s.wire, "hello", 5), 0);
            CHECK_SAID (&s, "\5\0\1abc\2\0\0\6\0hello");

            memcpy (s.in, "\2\1a\4\0bcd", 8);
            s.have = 8;
            CHECK_EQ (take_v1 (&s, text).flags, ZL_FRAME_MORE);
            CHECK_TEXT (text, "a");
            CHECK_EQ (take_v1 (&s, text).flags, 0);
            CHECK_TEXT (text, "bcd");
            CHECK_EQ (s.have, 0);
            end_side (&s);
        }
}

TEST ("a topic may be so long that it takes the long form of version 1.0")
{
    uint8_t topic[1000] = {0}, words[1100];
    for (size_t n = 250; n < sizeof topic; n += n < 260 ? 1 : 700) {
        side s;
        zl_header h;
        open_side (&s, ZL_SUB, "", -1);
        CHECK (feed (&s, "\1\0", 2));
        said (&s, words, sizeof words);
        CHECK_EQ (zl_wire_send_subscription (&s.wire, true, topic, n), 0);
        size_t total = said (&s, words, sizeof words);
        CHECK_EQ (zl_codec_v1.get (words, total, &h), 1);
        CHECK_EQ (h.size, n + 1);
        CHECK_EQ (total, h.len + h.size);
        CHECK_EQ (words[h.len], 1);
        end_side (&s);
    }
}

TEST ("the routing id of a 1.0 peer keeps to the rules, or it is no such peer")
{
    uint8_t id[300];
    memset (id, 'x', sizeof id);
    speech s = v1_speech ("", 0);
    CHECK_EQ (fate_of (&s, -1), ZL_CLOSE_NONE);
    s = v1_speech (id, 255);
    CHECK_EQ (fate_of (&s, -1), ZL_CLOSE_NONE);
    s = v1_speech (id, 256);
    CHECK_EQ (fate_of (&s, -1), ZL_CLOSE_IDENTITY);
    s = v1_speech ("\0bad", 4);
    CHECK_EQ (fate_of (&s, -1), ZL_CLOSE_IDENTITY);
    s = v1_speech ("more", 4);
    s.octets[1] = ZL_FRAME_MORE;
    CHECK_EQ (fate_of (&s, -1), ZL_CLOSE_GREETING);
    s = (speech){.n = 2}; /* a frame without flags */
    CHECK_EQ (fate_of (&s, -1), ZL_CLOSE_GREETING);
    s.n = zl_codec_v1.put (s.octets, ZL_HANDSHAKE_COMMAND_MAX + 1, false);
    CHECK_EQ (fate_of (&s, -1), ZL_CLOSE_OVERSIZE);
    s = v1_speech (id, 11);
    CHECK_EQ (fate_of (&s, 10), ZL_CLOSE_OVERSIZE);
}

TEST ("frames of version 1.0 keep to the limit and to their form")
{
    side s;
    zl_header h;
    uint8_t octets[ZL_CODEC_HEADER_MAX];
    open_side (&s, ZL_PULL, "", 100);
    CHECK (feed (&s, "\1\0", 2));
    CHECK_EQ (zl_wire_cut_one (&s.wire, octets, zl_codec_v1.put (octets, 100, false), &h), 1);
    CHECK_EQ (zl_wire_cut_one (&s.wire, octets, 1, &h), 0);
    CHECK_EQ (zl_wire_cut_one (&s.wire, octets, zl_codec_v1.put (octets, 101, false), &h), -1);
    CHECK_EQ (s.wire.reason, ZL_CLOSE_OVERSIZE);
    CHECK_EQ (zl_wire_cut_one (&s.wire, (const uint8_t *) "\0\0", 2, &h), -1);
    CHECK_EQ (s.wire.reason, ZL_CLOSE_FRAME);
    end_side (&s);
}

static zl_close_reason no_start (zl_wire *w)
{
    (void) w;
    return ZL_CLOSE_NONE;
}

TEST ("where a mechanism is asked for, old peers are not met")
{
    static const zl_mech strict = {.name = "STRICT", .start = no_start};
    const zl_wire_config config = {.mech = &strict, .own_type = ZL_PULL, .max_size = -1};
    static const char *const old[] = {"\1\0", "\xff\0\0\0\0\0\0\0\1\x7f\1\x08\0\0"};
    static const size_t lengths[] = {2, 14};
    for (unsigned i = 0; i < ZL_LEN (old); i++) {
        side s;
        open_as (&s, &config);
        CHECK (!feed (&s, old[i], lengths[i]));
        CHECK_EQ (s.wire.reason, ZL_CLOSE_MECHANISM);
        end_side (&s);
    }
}

/* ---- no protocol at all ---- */

TEST ("a raw connection says nothing of its own and takes everything as it comes")
{
    const zl_wire_config config = {
        .own_type = ZL_STREAM, .raw = true, .own_id = slice ("me"), .max_size = 1};
    side s;
    zl_header h;
    open_as (&s, &config);
    CHECK_EQ (s.wire.state, ZL_WIRE_TRAFFIC);
    CHECK_SAID (&s, "");
    CHECK_EQ (zl_wire_cut_one (&s.wire, (const uint8_t *) "\xff\0octets", 8, &h), 1);
    CHECK_EQ (h.size, 8);
    CHECK_EQ (zl_wire_send_first (&s.wire, "hello", 5), 0);
    CHECK_SAID (&s, "hello");
    end_side (&s);
}
