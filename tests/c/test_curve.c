/* wire/curve.c with toy cryptography: the handshake, the traffic, and whoever stands between. */
#include "check.h"
#include "toy_crypto.h"
#include "wires.h"

enum { KEY = ZL_KEY_SIZE, HELLO_LEN = 200, WELCOME_LEN = 168, INITIATE_MIN = 257, READY_MIN = 30 };

static uint8_t server_public[KEY], server_secret[KEY], client_public[KEY], client_secret[KEY];

/* The same keys and the same random octets each time, so that one run can be compared to
 * another. */
static void set_up (void)
{
    zl_crypto_in_use = &toy_crypto;
    toy_state = 1;
    toy_keypair (server_public, server_secret);
    toy_keypair (client_public, client_secret);
}

static zl_wire_config curve_client (void)
{
    return (zl_wire_config){.mech = &zl_mech_curve,
                            .security = {.public_key = client_public,
                                         .secret_key = client_secret,
                                         .server_public_key = server_public},
                            .own_type = ZL_DEALER,
                            .own_id = slice ("alice"),
                            .max_size = -1};
}

static zl_wire_config curve_server (void)
{
    return (zl_wire_config){.mech = &zl_mech_curve,
                            .security = {.as_server = true, .secret_key = server_secret},
                            .own_type = ZL_ROUTER,
                            .own_id = slice ("bob"),
                            .max_size = -1};
}

typedef struct {
    side client, server;
} couple;

/* `luck`: the random octets are others than without. */
static void open_lucky (couple *c, uint64_t luck)
{
    const zl_wire_config client = curve_client (), server = curve_server ();
    set_up ();
    toy_state += luck;
    open_as (&c->client, &client);
    open_as (&c->server, &server);
}

static void open_couple (couple *c)
{
    open_lucky (c, 0);
}

static void end_couple (couple *c)
{
    end_side (&c->client);
    end_side (&c->server);
}

static void open_talking (couple *c)
{
    open_couple (c);
    CHECK (converse (&c->client, &c->server, 64));
    CHECK (judge (&c->server, 200));
    CHECK (converse (&c->client, &c->server, 64));
    CHECK (is_talking (&c->client) && is_talking (&c->server));
}

/* ---- the handshake as it should be ---- */

TEST ("two sides with the right keys come to traffic, in whatever portions they hear")
{
    for (unsigned i = 0; i < ZL_LEN (portions); i++) {
        couple c;
        zl_slice shown[2];
        open_couple (&c);
        CHECK (converse (&c.client, &c.server, portions[i]));
        CHECK_EQ (c.server.wire.state, ZL_WIRE_ASKING);
        CHECK_EQ (c.client.wire.state, ZL_WIRE_HANDSHAKE);
        CHECK_EQ (zl_mech_curve.credentials (&c.server.wire, shown), 1);
        CHECK_EQ (shown[0].n, KEY);
        CHECK_BYTES (shown[0].p, client_public, KEY);
        CHECK (judge (&c.server, 200));
        CHECK (converse (&c.client, &c.server, portions[i]));
        CHECK (is_talking (&c.client) && is_talking (&c.server));
        CHECK (c.client.wire.sealed && c.server.wire.sealed);
        CHECK_EQ (c.server.wire.peer_id_len, 5);
        CHECK_BYTES (c.server.wire.peer_id, "alice", 5);
        CHECK_EQ (c.client.wire.peer_id_len, 3);
        CHECK_BYTES (c.client.wire.peer_id, "bob", 3);
        end_couple (&c);
    }
}

TEST ("who is not let in is told 400 or 500, and nothing with 300")
{
    for (unsigned status = 300; status <= 500; status += 100) {
        couple c;
        open_couple (&c);
        CHECK (converse (&c.client, &c.server, 64));
        CHECK (!judge (&c.server, status));
        CHECK_EQ (converse (&c.client, &c.server, 1), status == 300);
        if (status != 300) {
            CHECK_EQ (c.client.wire.reason, ZL_CLOSE_REFUSED);
            CHECK_EQ (c.client.wire.refusal, status);
        }
        CHECK (!is_talking (&c.client) && !is_talking (&c.server));
        end_couple (&c);
    }
}

/* ---- what was said, one by one, and somebody who changes it ---- */

enum { HELLO, WELCOME, INITIATE, READY, COMMANDS, UTTERANCE_MAX = 600 };

/* A command with the header of its frame. */
typedef struct {
    uint8_t octets[UTTERANCE_MAX];
    size_t n;
    unsigned header;
} utterance;

static side *speaker_of (couple *c, int command)
{
    return command == HELLO || command == INITIATE ? &c->client : &c->server;
}

static side *hearer_of (couple *c, int command)
{
    return command == HELLO || command == INITIATE ? &c->server : &c->client;
}

static utterance next_utterance (couple *c, int command)
{
    utterance u;
    zl_header h;
    u.n = said (speaker_of (c, command), u.octets, sizeof u.octets);
    CHECK_EQ (zl_header_get (u.octets, u.n, &h), 1);
    CHECK_EQ (h.flags & ~(unsigned) ZL_FRAME_LONG, ZL_FRAME_COMMAND);
    CHECK_EQ (h.len + h.size, u.n);
    u.header = h.len;
    return u;
}

/* Goes on until `command` has been said and not yet been heard. */
static utterance lead_lucky (couple *c, int command, uint64_t luck)
{
    uint8_t greeting[ZL_GREETING_SIZE];
    open_lucky (c, luck);
    said (&c->client, greeting, sizeof greeting);
    said (&c->server, greeting, sizeof greeting);
    zl_greeting_put (greeting, "CURVE\0\0\0\0\0\0\0\0\0\0\0\0\0\0", true, 0);
    CHECK (feed (&c->client, greeting, sizeof greeting));
    CHECK (feed (&c->server, greeting, sizeof greeting));
    size_t n = said (&c->server, greeting, sizeof greeting);
    CHECK_EQ (n, ZL_GREETING_SIZE - ZL_SIGNATURE_SIZE);
    utterance u;
    uint8_t words[UTTERANCE_MAX];
    n = said (&c->client, words, sizeof words); /* the rest of its greeting, and HELLO */
    u.n = n - (ZL_GREETING_SIZE - ZL_SIGNATURE_SIZE);
    u.header = 2;
    memcpy (u.octets, words + n - u.n, u.n);
    for (int i = HELLO; i < command; i++) {
        CHECK (feed (hearer_of (c, i), u.octets, u.n));
        if (i == INITIATE)
            CHECK (judge (&c->server, 200));
        u = next_utterance (c, i + 1);
    }
    return u;
}

static utterance lead_to (couple *c, int command)
{
    return lead_lucky (c, command, 0);
}

TEST ("each command has its size, and its clear part is that of the protocol")
{
    static const struct {
        const char *name;
        size_t size, metadata;
    } rows[COMMANDS] = {{"\5HELLO\1\0", HELLO_LEN, 0},
                        {"\7WELCOME", WELCOME_LEN, 0},
                        {"\10INITIATE", INITIATE_MIN, 22 + 18},
                        {"\5READY", READY_MIN, 22 + 16}};
    for (int i = 0; i < COMMANDS; i++) {
        couple c;
        utterance u = lead_to (&c, i);
        const uint8_t *body = u.octets + u.header;
        CHECK_EQ (u.n - u.header, rows[i].size + rows[i].metadata);
        CHECK_BYTES (body, rows[i].name, strlen (rows[i].name));
        if (i == HELLO) {
            static const uint8_t zeros[72];
            CHECK_BYTES (body + 8, zeros, sizeof zeros);
            CHECK_EQ (zl_get64 (body + 112), 1);
        }
        if (i == INITIATE)
            CHECK_EQ (zl_get64 (body + 105), 2);
        if (i == READY)
            CHECK_EQ (zl_get64 (body + 6), 1);
        end_couple (&c);
    }
}

TEST ("no name, key or property of the client crosses the wire in clear")
{
    for (int i = 0; i < COMMANDS; i++) {
        couple c;
        utterance u = lead_to (&c, i);
        CHECK (!memmem (u.octets, u.n, client_public, KEY));
        CHECK (!memmem (u.octets, u.n, "alice", 5));
        CHECK (!memmem (u.octets, u.n, "DEALER", 6));
        CHECK (!memmem (u.octets, u.n, "ROUTER", 6));
        end_couple (&c);
    }
}

/* What becomes of whoever hears this in place of a command. */
static zl_close_reason fate_of (int command, const uint8_t *octets, size_t n)
{
    couple c;
    lead_to (&c, command);
    side *hearer = hearer_of (&c, command);
    bool well = feed (hearer, octets, n);
    CHECK_EQ (well, hearer->wire.reason == ZL_CLOSE_NONE);
    zl_close_reason why = hearer->wire.reason;
    if (!well)
        CHECK (!hearer->wire.sealed && !is_talking (hearer));
    end_couple (&c);
    return why;
}

static zl_close_reason fate_of_body (int command, const uint8_t *body, size_t n)
{
    speech p = {.n = 0};
    add_frame (&p, ZL_FRAME_COMMAND, body, n);
    return fate_of (command, p.octets, p.n);
}

/* The zeros of HELLO, which nobody looks at. */
static bool is_padding (int command, size_t at)
{
    return command == HELLO && at >= 8 && at < 80;
}

TEST ("a bit that was turned anywhere in a command is found")
{
    for (int i = 0; i < COMMANDS; i++) {
        couple c;
        const utterance u = lead_to (&c, i);
        end_couple (&c);
        CHECK_EQ (fate_of (i, u.octets, u.n), ZL_CLOSE_NONE);
        for (size_t bit = 8 * u.header; bit < 8 * u.n; bit++) {
            utterance bad = u;
            bad.octets[bit / 8] ^= (uint8_t) (1 << bit % 8);
            zl_close_reason why = fate_of (i, bad.octets, bad.n);
            CHECK_EQ (why == ZL_CLOSE_NONE, is_padding (i, bit / 8 - u.header));
        }
    }
}

TEST ("a command that ends too early is refused, wherever it ends, and one that is too long")
{
    static const zl_close_reason reasons[COMMANDS] = {ZL_CLOSE_HELLO, ZL_CLOSE_WELCOME,
                                                      ZL_CLOSE_INITIATE, ZL_CLOSE_READY};
    static const size_t smallest[COMMANDS] = {HELLO_LEN, WELCOME_LEN, INITIATE_MIN, READY_MIN};
    for (int i = 0; i < COMMANDS; i++) {
        couple c;
        utterance u = lead_to (&c, i);
        const uint8_t *body = u.octets + u.header;
        size_t size = u.n - u.header, name = 1 + body[0];
        end_couple (&c);
        for (size_t n = 0; n < size; n++)
            CHECK_EQ (fate_of_body (i, body, n), n == 0            ? ZL_CLOSE_UNEXPECTED
                                                 : n < name        ? ZL_CLOSE_COMMAND
                                                 : n < smallest[i] ? reasons[i]
                                                                   : ZL_CLOSE_CRYPTO);
        CHECK_EQ (fate_of_body (i, body, size + 1),
                  i <= WELCOME ? reasons[i] : ZL_CLOSE_CRYPTO);
    }
}

TEST ("a frame that never comes in full is waited for, and nothing is done about it")
{
    for (int i = 0; i < COMMANDS; i++) {
        couple c;
        utterance u = lead_to (&c, i);
        side *hearer = hearer_of (&c, i);
        for (size_t n = 0; n + 1 < u.n; n++) {
            CHECK (feed (hearer, u.octets + n, 1));
            CHECK (!hearer->out.head && !hearer->wire.sealed);
        }
        CHECK (feed (hearer, u.octets + u.n - 1, 1));
        CHECK (is_talking (hearer) || hearer->wire.state == ZL_WIRE_ASKING || hearer->out.head);
        end_couple (&c);
    }
}

TEST ("a command that is not due is refused, whenever it comes")
{
    utterance spoken[COMMANDS];
    couple c;
    for (int i = 0; i < COMMANDS; i++) {
        spoken[i] = lead_to (&c, i);
        end_couple (&c);
    }
    for (int due = 0; due < COMMANDS; due++) {
        bool hears_errors = due == WELCOME || due == READY; /* a client */
        for (int i = 0; i < COMMANDS; i++)
            CHECK_EQ (fate_of (due, spoken[i].octets, spoken[i].n),
                      i == due ? ZL_CLOSE_NONE : ZL_CLOSE_UNEXPECTED);
        CHECK_EQ (fate_of_body (due, (const uint8_t *) "\5ERROR\3" "400", 10),
                  hears_errors ? ZL_CLOSE_REFUSED : ZL_CLOSE_UNEXPECTED);
        CHECK_EQ (fate_of_body (due, (const uint8_t *) "^RROR\3" "400", 9), ZL_CLOSE_COMMAND);
        CHECK_EQ (fate_of_body (due, (const uint8_t *) "\7MESSAGE", 8), ZL_CLOSE_UNEXPECTED);
        CHECK_EQ (fate_of_body (due, (const uint8_t *) "\4PING\0\0", 7), ZL_CLOSE_UNEXPECTED);
    }
}

TEST ("a number that is not higher than the one before is refused in the handshake too")
{
    static const unsigned offset[COMMANDS] = {[INITIATE] = 9 + 96, [READY] = 6};
    for (int i = INITIATE; i <= READY; i++) {
        couple c;
        utterance u = lead_to (&c, i);
        end_couple (&c);
        uint8_t *number = u.octets + u.header + offset[i];
        zl_put64 (number, i == INITIATE ? 1 : 0); /* HELLO had 1 */
        CHECK_EQ (fate_of (i, u.octets, u.n), ZL_CLOSE_SEQUENCE);
        zl_put64 (number, 3); /* a gap is no fault, but the box was made for another number */
        CHECK_EQ (fate_of (i, u.octets, u.n), ZL_CLOSE_CRYPTO);
    }
}

/* ---- keys ---- */

/* Who refuses, and why, between a client and a server of these configurations. */
static zl_close_reason refusal (const zl_wire_config *client, const zl_wire_config *server,
                                bool *by_server)
{
    couple c;
    open_as (&c.client, client);
    open_as (&c.server, server);
    CHECK (!converse (&c.client, &c.server, 64));
    *by_server = c.server.wire.reason != ZL_CLOSE_NONE;
    CHECK (!is_talking (&c.client) && !is_talking (&c.server));
    zl_close_reason why = *by_server ? c.server.wire.reason : c.client.wire.reason;
    end_couple (&c);
    return why;
}

TEST ("a key that is not the right one is found by the other side")
{
    bool by_server;
    uint8_t other_public[KEY], other_secret[KEY];
    set_up ();
    toy_keypair (other_public, other_secret);
    zl_wire_config client = curve_client (), server = curve_server ();
    client.security.server_public_key = other_public;
    CHECK_EQ (refusal (&client, &server, &by_server), ZL_CLOSE_CRYPTO); /* at HELLO */
    CHECK (by_server);
    client = curve_client ();
    client.security.secret_key = other_secret;
    CHECK_EQ (refusal (&client, &server, &by_server), ZL_CLOSE_CRYPTO); /* at the vouch */
    CHECK (by_server);
    client = curve_client ();
    client.security.public_key = other_public;
    CHECK_EQ (refusal (&client, &server, &by_server), ZL_CLOSE_CRYPTO);
    CHECK (by_server);
    server.security.secret_key = other_secret;
    client = curve_client ();
    CHECK_EQ (refusal (&client, &server, &by_server), ZL_CLOSE_CRYPTO);
    CHECK (by_server);
}

TEST ("a key that leads to no secret is refused on either side")
{
    static const uint8_t zeros[KEY];
    bool by_server;
    set_up ();
    zl_wire_config client = curve_client (), server = curve_server ();
    client.security.server_public_key = zeros;
    CHECK_EQ (refusal (&client, &server, &by_server), ZL_CLOSE_KEY);
    CHECK (!by_server);

    couple c;
    utterance u = lead_to (&c, HELLO);
    memset (u.octets + u.header + 80, 0, KEY); /* C' */
    CHECK (!feed (&c.server, u.octets, u.n));
    CHECK_EQ (c.server.wire.reason, ZL_CLOSE_CRYPTO);
    end_couple (&c);
}

static int no_keypair (uint8_t *public_key, uint8_t *secret_key)
{
    (void) public_key;
    (void) secret_key;
    return -1;
}

TEST ("where no key can be made there is no connection")
{
    static zl_crypto keyless;
    bool by_server;
    keyless = toy_crypto;
    keyless.box_keypair = no_keypair;
    set_up ();
    const zl_wire_config client = curve_client (), server = curve_server ();
    zl_crypto_in_use = &keyless;
    CHECK_EQ (refusal (&client, &server, &by_server), ZL_CLOSE_KEY);

    couple c;
    utterance u = lead_to (&c, HELLO);
    zl_crypto_in_use = &keyless;
    CHECK (!feed (&c.server, u.octets, u.n));
    CHECK_EQ (c.server.wire.reason, ZL_CLOSE_KEY);
    end_couple (&c);
}

/* ---- what belongs to another connection ---- */

TEST ("a command of another connection is of no use on this one")
{
    for (int i = WELCOME; i < COMMANDS; i++) {
        couple c;
        const utterance stolen = lead_lucky (&c, i, 1);
        end_couple (&c);
        lead_to (&c, i);
        CHECK (!feed (hearer_of (&c, i), stolen.octets, stolen.n));
        CHECK_EQ (hearer_of (&c, i)->wire.reason, ZL_CLOSE_CRYPTO);
        end_couple (&c);
    }
}

/* A client that is made by hand, to say what no honest one would. */
typedef struct {
    const uint8_t *claimed;        /* the permanent key that it shows */
    const uint8_t *signing;        /* the secret that its vouch is made with */
    const uint8_t *vouched_server; /* what the vouch says */
    bool vouches_another;          /* not for this connection */
    const char *metadata;
    size_t metadata_len;
} forger;

/* What the server says to its INITIATE. */
static zl_close_reason fate_of_forger (const forger *f)
{
    uint8_t public_key[KEY], secret_key[KEY], key[KEY], nonce[24], words[500];
    uint8_t hello[HELLO_LEN] = "\5HELLO\1", zeros[64] = {0}, welcome[KEY + 96];
    uint8_t plain[300], vouch[2 * KEY], initiate[INITIATE_MIN + 100] = "\10INITIATE";
    const zl_wire_config server = curve_server ();
    speech p = greeting_of (3, 1, "CURVE");
    side s;
    toy_keypair (public_key, secret_key);
    memcpy (hello + 80, public_key, KEY);
    zl_put64 (hello + 112, 7);
    memcpy (nonce, "CurveZMQHELLO---\0\0\0\0\0\0\0\7", 24);
    toy_easy (hello + 120, zeros, 64, nonce, server_public, secret_key);
    add_frame (&p, ZL_FRAME_COMMAND, hello, sizeof hello);
    open_as (&s, &server);
    CHECK (feed (&s, p.octets, p.n));

    size_t n = said (&s, words, sizeof words);
    CHECK_EQ (n, ZL_GREETING_SIZE + 2 + WELCOME_LEN);
    const uint8_t *answer = words + n - WELCOME_LEN;
    memcpy (nonce, "WELCOME-", 8);
    memcpy (nonce + 8, answer + 8, 16);
    CHECK_EQ (toy_open_easy (welcome, answer + 24, 144, nonce, server_public, secret_key), 0);
    CHECK_EQ (toy_beforenm (key, welcome, secret_key), 0);

    memcpy (plain, f->claimed, KEY);
    memcpy (vouch, public_key, KEY);
    vouch[0] ^= f->vouches_another;
    memcpy (vouch + KEY, f->vouched_server, KEY);
    toy_randombytes (plain + KEY, 16);
    memcpy (nonce, "VOUCH---", 8);
    memcpy (nonce + 8, plain + KEY, 16);
    toy_easy (plain + KEY + 16, vouch, sizeof vouch, nonce, welcome, f->signing);
    memcpy (plain + KEY + 96, f->metadata, f->metadata_len);
    memcpy (initiate + 9, welcome + KEY, 96);
    zl_put64 (initiate + 105, 9);
    memcpy (nonce, "CurveZMQINITIATE\0\0\0\0\0\0\0\11", 24);
    toy_easy_afternm (initiate + 113, plain, KEY + 96 + f->metadata_len, nonce, key);
    p.n = 0;
    add_frame (&p, ZL_FRAME_COMMAND, initiate, INITIATE_MIN + f->metadata_len);
    bool well = feed (&s, p.octets, p.n);
    CHECK_EQ (well, s.wire.state == ZL_WIRE_ASKING);
    zl_close_reason why = s.wire.reason;
    end_side (&s);
    return why;
}

TEST ("a vouch must be by the client, for this connection and for this server")
{
    uint8_t other_public[KEY], other_secret[KEY];
    set_up ();
    toy_keypair (other_public, other_secret);
    const forger honest = {.claimed = client_public,
                           .signing = client_secret,
                           .vouched_server = server_public,
                           .metadata = ""};
    forger f = honest;
    CHECK_EQ (fate_of_forger (&f), ZL_CLOSE_NONE);
    f.claimed = other_public;
    CHECK_EQ (fate_of_forger (&f), ZL_CLOSE_CRYPTO);
    f = honest;
    f.signing = other_secret;
    CHECK_EQ (fate_of_forger (&f), ZL_CLOSE_CRYPTO);
    f = honest;
    f.vouched_server = other_public;
    CHECK_EQ (fate_of_forger (&f), ZL_CLOSE_CRYPTO);
    f = honest;
    f.vouches_another = true;
    CHECK_EQ (fate_of_forger (&f), ZL_CLOSE_CRYPTO);
}

TEST ("what a client says of itself keeps to the rules, sealed or not")
{
    static const struct {
        const char *text;
        size_t n;
        zl_close_reason why;
    } rows[] = {
        {"\13Socket-Type\0\0\0\3REQ", 19, ZL_CLOSE_NONE},
        {"\13Socket-Type\0\0\0\3SUB", 19, ZL_CLOSE_INCOMPATIBLE},
        {"\10Identity\0\0\0\2\0x", 15, ZL_CLOSE_IDENTITY},
        {"\13Socket-Type\0\0\0\4REQ", 19, ZL_CLOSE_METADATA},
        {"x", 1, ZL_CLOSE_METADATA},
    };
    set_up ();
    for (unsigned i = 0; i < ZL_LEN (rows); i++) {
        const forger f = {.claimed = client_public,
                          .signing = client_secret,
                          .vouched_server = server_public,
                          .metadata = rows[i].text,
                          .metadata_len = rows[i].n};
        CHECK_EQ (fate_of_forger (&f), rows[i].why);
    }
}

/* ---- traffic ---- */

enum { MESSAGE_HEAD = 32, FLAGS_AT = MESSAGE_HEAD };

/* A sealed frame as it travels. */
typedef struct {
    uint8_t *octets;
    size_t n;
} parcel;

static parcel all_said (side *s)
{
    parcel p = {malloc (s->out.bytes + 1), s->out.bytes};
    CHECK (p.octets);
    CHECK_EQ (said (s, p.octets, p.n), p.n);
    return p;
}

static parcel seal (side *from, const void *data, size_t n, unsigned flags)
{
    put_frame (from, &(zl_msg){data, n, NULL}, flags);
    return all_said (from);
}

static parcel seal_text (side *from, const char *text)
{
    return seal (from, text, strlen (text), 0);
}

/* Opens a frame; what it holds must be these octets. */
static zl_close_reason open_parcel (side *to, parcel p, const void *due, size_t due_len,
                                    unsigned due_flags)
{
    zl_cut c = {0};
    edge e = at_edge (p.octets, p.n);
    to->wire.reason = ZL_CLOSE_NONE;
    zl_wire_cut (&to->wire, e.p, p.n, &c);
    if (c.stop != ZL_CUT_BAD) {
        zl_header h;
        const uint8_t *at = e.p, *body = next_taken (&at, e.p + c.taken, &h);
        CHECK (at == e.p + c.taken && !body == (c.stop == ZL_CUT_COMMAND));
        if (!body) {
            h = c.next;
            body = at + h.len;
        }
        CHECK (body + h.size == e.p + p.n);
        CHECK_EQ (h.size, due_len);
        CHECK_BYTES (body, due, due_len);
        CHECK_EQ (h.flags & ~ZL_FRAME_LONG, due_flags);
        CHECK_EQ (c.msgs, due_flags == 0);
    }
    end_edge (e);
    return to->wire.reason;
}

static zl_close_reason open_text (side *to, parcel p, const char *due)
{
    return open_parcel (to, p, due, strlen (due), 0);
}

/* Opens a frame that was not sealed as it is. */
static zl_close_reason open_frame (side *to, unsigned flags, const void *body, size_t n)
{
    speech p = {.n = 0};
    add_frame (&p, flags, body, n);
    return open_parcel (to, (parcel){p.octets, p.n}, "", 0, 0);
}

TEST ("frames of every size travel sealed, both ways, with their flags")
{
    static const size_t sizes[] = {0, 1, 222, 223, 255, 256, 8192, 70000, 131030, 131100, 200000};
    static const unsigned flags[] = {0, ZL_FRAME_MORE, ZL_FRAME_COMMAND};
    couple c;
    uint8_t *data = malloc (200000);
    for (unsigned i = 0; i < 200000; i++)
        data[i] = (uint8_t) check_random ();
    open_talking (&c);
    for (unsigned i = 0; i < ZL_LEN (sizes); i++)
        for (unsigned k = 0; k < 2 * ZL_LEN (flags); k++) {
            side *from = k % 2 ? &c.server : &c.client, *to = k % 2 ? &c.client : &c.server;
            parcel p = seal (from, data, sizes[i], flags[k / 2]);
            CHECK_EQ (p.n, zl_header_len (33 + sizes[i]) + 33 + sizes[i]);
            CHECK_EQ (p.octets[0], sizes[i] + 33 > 255 ? ZL_FRAME_LONG : 0);
            CHECK (sizes[i] < 16 || !memmem (p.octets, p.n, data, 16));
            CHECK_EQ (open_parcel (to, p, data, sizes[i], flags[k / 2]), ZL_CLOSE_NONE);
            free (p.octets);
        }
    free (data);
    end_couple (&c);
}

TEST ("what is said besides messages travels sealed too")
{
    couple c;
    int ttl;
    open_talking (&c);
    CHECK_EQ (zl_wire_send_first (&c.client.wire, "hello", 5), 0);
    parcel p = all_said (&c.client);
    CHECK_EQ (open_text (&c.server, p, "hello"), ZL_CLOSE_NONE);
    free (p.octets);
    CHECK_EQ (zl_wire_send_subscription (&c.client.wire, true, (const uint8_t *) "topic", 5), 0);
    p = all_said (&c.client);
    CHECK (!memmem (p.octets, p.n, "topic", 5));
    CHECK_EQ (open_parcel (&c.server, p, "\11SUBSCRIBEtopic", 15, ZL_FRAME_COMMAND), ZL_CLOSE_NONE);
    free (p.octets);
    CHECK_EQ (zl_wire_ping (&c.client.wire, 1), 0);
    p = all_said (&c.client);
    CHECK_EQ (open_parcel (&c.server, p, "\4PING\0\1", 7, ZL_FRAME_COMMAND), ZL_CLOSE_NONE);
    free (p.octets);
    CHECK_EQ (zl_wire_pong (&c.server.wire, (zl_slice){(const uint8_t *) "\0\1abc", 5}, &ttl),
              ZL_CLOSE_NONE);
    p = all_said (&c.server);
    CHECK_EQ (open_parcel (&c.client, p, "\4PONGabc", 8, ZL_FRAME_COMMAND), ZL_CLOSE_NONE);
    free (p.octets);
    end_couple (&c);
}

TEST ("a peer of version 3.0 gets its subscriptions as sealed messages")
{
    couple c;
    open_talking (&c);
    c.client.wire.peer_minor = 0;
    CHECK_EQ (zl_wire_send_subscription (&c.client.wire, true, (const uint8_t *) "topic", 5), 0);
    parcel p = all_said (&c.client);
    CHECK_EQ (open_text (&c.server, p, "\1topic"), ZL_CLOSE_NONE);
    free (p.octets);
    end_couple (&c);
}

TEST ("a sealed frame is opened whatever flags its outside has, and only the inner ones count")
{
    for (unsigned flags = 0; flags < 256; flags++) {
        couple c;
        open_talking (&c);
        parcel p = seal (&c.client, "x", 1, ZL_FRAME_MORE);
        p.octets[0] = (uint8_t) (flags & ~(unsigned) ZL_FRAME_LONG);
        CHECK_EQ (open_parcel (&c.server, p, "x", 1, ZL_FRAME_MORE), ZL_CLOSE_NONE);
        free (p.octets);
        end_couple (&c);
    }
}

TEST ("a frame that was there before is refused, and one that was left out is not missed")
{
    couple c;
    parcel p[4];
    open_talking (&c);
    for (int i = 0; i < 4; i++)
        p[i] = seal_text (&c.client, "text");
    CHECK_EQ (open_text (&c.server, p[0], "text"), ZL_CLOSE_NONE);
    CHECK_EQ (open_text (&c.server, p[2], "text"), ZL_CLOSE_NONE);
    CHECK_EQ (open_text (&c.server, p[2], "text"), ZL_CLOSE_SEQUENCE);
    CHECK_EQ (open_text (&c.server, p[1], "text"), ZL_CLOSE_SEQUENCE);
    CHECK_EQ (open_text (&c.server, p[0], "text"), ZL_CLOSE_SEQUENCE);
    CHECK_EQ (open_text (&c.server, p[3], "text"), ZL_CLOSE_NONE);
    for (int i = 0; i < 4; i++)
        free (p[i].octets);
    end_couple (&c);
}

TEST ("no two frames have the same number, and numbers go on from the handshake")
{
    couple c;
    open_talking (&c);
    for (uint64_t i = 0; i < 20; i++) {
        parcel p = seal_text (&c.client, "x"), q = seal_text (&c.server, "x");
        CHECK_EQ (zl_get64 (p.octets + 2 + 8), 3 + i); /* HELLO 1, INITIATE 2 */
        CHECK_EQ (zl_get64 (q.octets + 2 + 8), 2 + i); /* READY 1 */
        free (p.octets);
        free (q.octets);
    }
    end_couple (&c);
}

TEST ("a frame that comes back to its sender, or from another connection, is refused")
{
    couple c, other;
    open_talking (&other);
    parcel p = seal_text (&other.client, "x");
    end_couple (&other);
    open_lucky (&c, 1);
    CHECK (converse (&c.client, &c.server, 64));
    CHECK (judge (&c.server, 200));
    CHECK (converse (&c.client, &c.server, 64));
    CHECK_EQ (open_text (&c.server, p, "x"), ZL_CLOSE_CRYPTO);
    free (p.octets);
    p = seal_text (&c.client, "x");
    CHECK_EQ (open_text (&c.client, p, "x"), ZL_CLOSE_CRYPTO);
    free (p.octets);
    end_couple (&c);
}

TEST ("a bit that was turned anywhere in a sealed frame is found")
{
    couple c;
    open_talking (&c);
    parcel p = seal_text (&c.client, "a text");
    for (size_t bit = 8 * 2; bit < 8 * p.n; bit++) {
        uint64_t seen = 2; /* INITIATE */
        couple fresh;
        open_talking (&fresh);
        p.octets[bit / 8] ^= (uint8_t) (1 << bit % 8);
        zl_close_reason why = open_text (&fresh.server, p, "");
        zl_close_reason due = ZL_CLOSE_CRYPTO;
        if (bit / 8 < 2 + 8)
            due = ZL_CLOSE_UNEXPECTED; /* the name */
        else if (bit / 8 < 2 + 16 && zl_get64 (p.octets + 2 + 8) <= seen)
            due = ZL_CLOSE_SEQUENCE;
        CHECK_EQ (why, due);
        p.octets[bit / 8] ^= (uint8_t) (1 << bit % 8);
        end_couple (&fresh);
    }
    CHECK_EQ (open_text (&c.server, p, "a text"), ZL_CLOSE_NONE);
    free (p.octets);
    end_couple (&c);
}

TEST ("a sealed frame that ends too early is refused, wherever it ends")
{
    couple c;
    open_talking (&c);
    parcel p = seal_text (&c.client, "a text");
    end_couple (&c);
    for (size_t n = 0; n + 2 < p.n; n++) {
        open_talking (&c);
        CHECK_EQ (open_frame (&c.server, 0, p.octets + 2, n), n < 8    ? ZL_CLOSE_UNEXPECTED
                                                             : n < 33 ? ZL_CLOSE_SEALED
                                                                      : ZL_CLOSE_CRYPTO);
        end_couple (&c);
    }
    free (p.octets);
}

TEST ("whatever is not sealed is refused once there is traffic")
{
    static const struct {
        unsigned flags;
        const char *body;
        size_t n;
    } rows[] = {
        {0, "", 0},
        {0, "hello", 5},
        {ZL_FRAME_MORE, "hello", 5},
        {ZL_FRAME_COMMAND, "\4PING\0\0", 7},
        {ZL_FRAME_COMMAND, "\5ERROR\3" "400", 10},
        {ZL_FRAME_COMMAND, "\5READY", 6},
        {0, "\7MESSAGX-------------------------------", 40},
        {0, "\6MESSAGE-------------------------------", 40},
    };
    for (unsigned i = 0; i < ZL_LEN (rows); i++)
        for (int at_server = 0; at_server < 2; at_server++) {
            couple c;
            open_talking (&c);
            CHECK_EQ (open_frame (at_server ? &c.server : &c.client, rows[i].flags, rows[i].body,
                                  rows[i].n),
                      ZL_CLOSE_UNEXPECTED);
            end_couple (&c);
        }
}

TEST ("the limit of size holds for what comes, at its header")
{
    couple c;
    zl_cut cut = {0};
    uint8_t octets[ZL_HEADER_MAX];
    open_talking (&c);
    c.server.wire.max_size = 1000;
    size_t n = zl_header_put (octets, 1000, 0);
    zl_wire_cut (&c.server.wire, octets, n, &cut);
    CHECK_EQ (cut.stop, ZL_CUT_MORE);
    CHECK_EQ (cut.next.size, 1000);
    n = zl_header_put (octets, 1001, 0);
    zl_wire_cut (&c.server.wire, octets, n, &cut);
    CHECK_EQ (cut.stop, ZL_CUT_BAD);
    CHECK_EQ (c.server.wire.reason, ZL_CLOSE_OVERSIZE);
    end_couple (&c);
}

/* ---- streams ---- */

enum { STREAM_MESSAGES = 300, STREAM_MAX = 3000000 };

/* The sizes of the frames of a message that is sent, drawn again by who receives. */
static unsigned draw_message (uint64_t seed, size_t *sizes)
{
    static const size_t drawn[] = {0, 1, 16, 222, 223, 255, 256, 4096, 8192, 20000, 140000};
    unsigned n = 1 + (unsigned) (toy_mix (seed) % 3);
    for (unsigned i = 0; i < n; i++)
        sizes[i] = drawn[toy_mix (seed * 7 + i) % (toy_mix (seed + i) % 20 ? 9 : ZL_LEN (drawn))];
    return n;
}

/* Sent as a pipe stores them: what is large in a block, spaced. */
static void send_stream (side *s, unsigned count)
{
    for (unsigned k = 0; k < count; k++) {
        size_t sizes[3];
        zl_msg frames[3];
        unsigned n = draw_message (k, sizes);
        for (unsigned i = 0; i < n; i++) {
            zl_blob *b = zl_blob_alloc (sizes[i]);
            CHECK (b);
            memset (zl_blob_bytes (b), (int) (k + i), sizes[i]);
            frames[i] = (zl_msg){b->data, sizes[i], k % 3 ? b : NULL};
        }
        if (k % 3)
            CHECK_EQ (zl_frameq_push_spaced (&s->out, &s->pool, frames, n, 33), 0);
        else
            for (unsigned i = 0; i < n; i++)
                put_frame (s, &frames[i], i + 1 < n ? ZL_FRAME_MORE : 0);
        for (unsigned i = 0; i < n; i++)
            zl_blob_drop (frames[i].blob ? frames[i].blob : (zl_blob *) frames[i].data - 1);
        if (k % 10 == 0)
            CHECK_EQ (zl_wire_ping (&s->wire, 0), 0);
    }
}

TEST ("a stream is sealed in its place and opened in its place, in whatever portions it comes")
{
    static const size_t steps[] = {1000, 65536, STREAM_MAX};
    uint8_t *octets = malloc (STREAM_MAX);
    CHECK (octets);
    for (unsigned row = 0; row < ZL_LEN (steps); row++) {
        couple c;
        unsigned k = 0, i = 0, pings = 0;
        size_t sizes[3], upto = 0, from = 0;
        zl_cut cut = {0};
        open_talking (&c);
        send_stream (&c.client, STREAM_MESSAGES);
        size_t bytes = c.client.out.bytes, all = said (&c.client, octets, STREAM_MAX);
        CHECK_EQ (all, bytes); /* no longer than it was before */
        unsigned n = draw_message (0, sizes);
        while (from < all) {
            upto = ZL_MIN (upto + steps[row], all);
            do {
                zl_wire_cut (&c.server.wire, octets + from, upto - from, &cut);
                CHECK (cut.stop != ZL_CUT_BAD);
                const uint8_t *at = octets + from, *end = at + cut.taken;
                zl_header h;
                for (const uint8_t *body; (body = next_taken (&at, end, &h));) {
                    CHECK_EQ (h.size, sizes[i]);
                    for (size_t o = 0; o < h.size; o++)
                        CHECK_EQ (body[o], (uint8_t) (k + i));
                    CHECK_EQ (h.flags & ZL_FRAME_MORE, i + 1 < n);
                    if (++i == n) {
                        n = draw_message (++k, sizes);
                        i = 0;
                    }
                }
                from += cut.taken;
                if (cut.stop == ZL_CUT_COMMAND) {
                    CHECK_BYTES (octets + from + cut.next.len, "\4PING", 5);
                    from += cut.next.len + (size_t) cut.next.size;
                    pings++;
                }
            } while (cut.stop == ZL_CUT_COMMAND);
        }
        CHECK_EQ (k, STREAM_MESSAGES);
        CHECK_EQ (pings, STREAM_MESSAGES / 10);
        end_couple (&c);
    }
    free (octets);
}
