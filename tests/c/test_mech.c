/* wire/plain.c, and what wire/wire.c has of asking an authenticator: two sides that shake hands,
 * and sides that hear what they should not. */
#include "check.h"
#include "wires.h"

enum { STATUSES = 4 };
static const unsigned statuses[STATUSES] = {200, 300, 400, 500};

static zl_wire_config plain_client (void)
{
    return (zl_wire_config){.mech = &zl_mech_plain,
                            .security = {.username = slice ("ann"), .password = slice ("secret")},
                            .own_type = ZL_DEALER,
                            .own_id = slice ("alice"),
                            .max_size = -1};
}

static zl_wire_config plain_server (void)
{
    return (zl_wire_config){.mech = &zl_mech_plain,
                            .security = {.as_server = true},
                            .own_type = ZL_ROUTER,
                            .max_size = -1};
}

static zl_wire_config asking_null (int type)
{
    return (zl_wire_config){.mech = &zl_mech_null,
                            .security = {.asks = true},
                            .own_type = type,
                            .max_size = -1};
}

/* What it has to say must be these octets. */
#define CHECK_SAID(s, text)                                                                        \
    do {                                                                                           \
        uint8_t said_[2000];                                                                       \
        CHECK_EQ (said (s, said_, sizeof said_), sizeof (text) - 1);                               \
        CHECK_BYTES (said_, text, sizeof (text) - 1);                                              \
    } while (0)

static void check_credentials (const side *s, const char *user, const char *password)
{
    const zl_slice due[2] = {slice (user), slice (password)};
    zl_slice shown[2];
    CHECK_EQ (s->wire.mech->credentials (&s->wire, shown), 2);
    for (unsigned i = 0; i < 2; i++) {
        CHECK_EQ (shown[i].n, due[i].n);
        CHECK_BYTES (shown[i].p, due[i].p, due[i].n);
    }
}

/* ---- PLAIN as it should be ---- */

TEST ("a PLAIN client that is let in comes to traffic, in whatever portions they hear")
{
    const zl_wire_config client = plain_client (), server = plain_server ();
    for (unsigned i = 0; i < ZL_LEN (portions); i++) {
        side c, s;
        open_as (&c, &client);
        open_as (&s, &server);
        CHECK (converse (&c, &s, portions[i]));
        CHECK_EQ (s.wire.state, ZL_WIRE_ASKING);
        check_credentials (&s, "ann", "secret");
        CHECK (judge (&s, 200));
        CHECK (!s.wire.secrets); /* the password is forgotten at once */
        CHECK (converse (&c, &s, portions[i]));
        CHECK (is_talking (&c) && is_talking (&s));
        CHECK (!c.wire.sealed && !s.wire.sealed);
        CHECK_EQ (s.wire.peer_id_len, 5);
        CHECK_BYTES (s.wire.peer_id, "alice", 5);
        CHECK_EQ (c.have + s.have, 0);
        end_side (&c);
        end_side (&s);
    }
}

TEST ("a PLAIN handshake, octet for octet")
{
    const zl_wire_config client = plain_client (), server = plain_server ();
    side c, s;
    speech p = greeting_of (3, 1, "PLAIN");
    uint8_t words[100];
    open_as (&c, &client);
    CHECK (feed (&c, p.octets, p.n));
    CHECK_EQ (said (&c, words, sizeof words), 64 + 2 + 6 + 4 + 7);
    CHECK_EQ (words[32], 0);
    CHECK_BYTES (words + 64, "\4\x11\5HELLO\3ann\6secret", 19);
    CHECK (feed (&c, "\4\10\7WELCOME", 10));
    CHECK_SAID (&c, "\4\x31\10INITIATE\13Socket-Type\0\0\0\6DEALER\10Identity\0\0\0\5alice");
    CHECK (feed (&c, "\4\6\5READY", 8));
    CHECK (is_talking (&c));
    end_side (&c);

    open_as (&s, &server);
    CHECK (feed (&s, p.octets, p.n));
    CHECK_EQ (said (&s, words, sizeof words), 64);
    CHECK_EQ (words[32], 1);
    CHECK (feed (&s, "\4\10\5HELLO\0\0", 10));
    check_credentials (&s, "", "");
    CHECK_SAID (&s, "");
    CHECK (judge (&s, 200));
    CHECK_SAID (&s, "\4\10\7WELCOME");
    CHECK (feed (&s, "\4\11\10INITIATE", 11));
    CHECK_SAID (&s, "\4\x29\5READY\13Socket-Type\0\0\0\6ROUTER\10Identity\0\0\0\0");
    CHECK (is_talking (&s));
    end_side (&s);
}

TEST ("a name and a password may be as long as an octet can tell")
{
    char text[256];
    memset (text, 'x', 255);
    text[255] = 0;
    zl_wire_config client = plain_client ();
    const zl_wire_config server = plain_server ();
    client.security.username = client.security.password = slice (text);
    side c, s;
    open_as (&c, &client);
    open_as (&s, &server);
    CHECK (converse (&c, &s, 100));
    check_credentials (&s, text, text);
    end_side (&c);
    end_side (&s); /* in the midst of it */
}

/* ---- refusals ---- */

TEST ("who is not let in is told 400 or 500, and nothing with 300")
{
    for (unsigned i = 1; i < STATUSES; i++) {
        const zl_wire_config client = plain_client (), server = plain_server ();
        side c, s;
        open_as (&c, &client);
        open_as (&s, &server);
        CHECK (converse (&c, &s, 64));
        CHECK (!judge (&s, statuses[i]));
        CHECK_EQ (s.wire.refusal, statuses[i]);
        CHECK_EQ (converse (&c, &s, 1), statuses[i] == 300);
        if (statuses[i] != 300) {
            CHECK_EQ (c.wire.reason, ZL_CLOSE_REFUSED);
            CHECK_EQ (c.wire.refusal, statuses[i]);
        }
        CHECK (!is_talking (&c) && !is_talking (&s));
        end_side (&c);
        end_side (&s);
    }
}

TEST ("a refusal is said as libzmq says it, and understood in both spellings")
{
    static const struct {
        const char *command;
        size_t n;
        zl_close_reason why;
        uint16_t code;
    } rows[] = {
        {"^RROR\3" "400", 9, ZL_CLOSE_REFUSED, 400},
        {"\5ERROR\3" "500", 10, ZL_CLOSE_REFUSED, 500},
        {"^RROR\0", 6, ZL_CLOSE_REFUSED, 0},
        {"\5ERROR\3" "200", 10, ZL_CLOSE_REFUSED, 0},
        {"^RROR", 5, ZL_CLOSE_ERROR_COMMAND, 0},
        {"^RROR\2" "4", 7, ZL_CLOSE_ERROR_COMMAND, 0},
        {"\5ERROR\3" "40", 9, ZL_CLOSE_ERROR_COMMAND, 0},
        {"^RRO", 4, ZL_CLOSE_COMMAND, 0},
    };
    const zl_wire_config client = plain_client (), server = plain_server ();
    side s;
    speech hello = greeting_of (3, 1, "PLAIN");
    uint8_t words[100];
    for (unsigned i = 0; i < ZL_LEN (rows); i++) {
        speech p = greeting_of (3, 1, "PLAIN");
        add_frame (&p, ZL_FRAME_COMMAND, rows[i].command, rows[i].n);
        open_as (&s, &client);
        CHECK (!feed (&s, p.octets, p.n));
        CHECK_EQ (s.wire.reason, rows[i].why);
        CHECK_EQ (s.wire.refusal, rows[i].code);
        end_side (&s);
    }
    add_frame (&hello, ZL_FRAME_COMMAND, "\5HELLO\0\0", 8);
    open_as (&s, &server);
    CHECK (feed (&s, hello.octets, hello.n));
    said (&s, words, sizeof words);
    CHECK (!judge (&s, 400));
    CHECK_SAID (&s, "\4\11^RROR\3" "400");
    end_side (&s);
}

/* What a side that has heard `before` says to a command. */
static zl_close_reason fate_of (const zl_wire_config *config, const speech *before,
                                const void *command, size_t n)
{
    for (unsigned i = 0; i < ZL_LEN (portions); i++) {
        side s;
        speech p = {.n = 0};
        open_as (&s, config);
        CHECK (feed (&s, before->octets, before->n));
        if (s.wire.state == ZL_WIRE_ASKING)
            CHECK (judge (&s, 200));
        add_frame (&p, ZL_FRAME_COMMAND, command, n);
        bool well = feed_by (&s, p.octets, p.n, portions[i]);
        CHECK_EQ (well, s.wire.reason == ZL_CLOSE_NONE);
        zl_close_reason why = s.wire.reason;
        end_side (&s);
        if (!well || i + 1 == ZL_LEN (portions))
            return why;
    }
    return ZL_CLOSE_NONE;
}

typedef struct {
    const char *text;
    size_t n;
} command;
#define COMMAND(text) {text, sizeof (text) - 1}

static const command plain_commands[] = {
    COMMAND ("\5HELLO\3ann\6secret"), COMMAND ("\7WELCOME"), COMMAND ("\10INITIATE"),
    COMMAND ("\5READY"), COMMAND ("\5ERROR\3" "400"), COMMAND ("^RROR\3" "400"),
    COMMAND ("\7MESSAGE"), COMMAND ("\4PING\0\0"), COMMAND ("\11SUBSCRIBE"), COMMAND ("\1x"),
};
enum { HELLO, WELCOME, INITIATE, READY, ERROR_AS_DUE, ERROR_MISSPELT };

/* Every command that is not due is refused. */
static void check_order (const zl_wire_config *config, const speech *before, int due)
{
    bool client = !config->security.as_server;
    for (int i = 0; i < (int) ZL_LEN (plain_commands); i++) {
        bool is_error = i == ERROR_AS_DUE || i == ERROR_MISSPELT;
        const command *c = &plain_commands[i];
        CHECK_EQ (fate_of (config, before, c->text, c->n),
                  i == due             ? ZL_CLOSE_NONE
                  : client && is_error ? ZL_CLOSE_REFUSED
                                       : ZL_CLOSE_UNEXPECTED);
    }
    CHECK_EQ (fate_of (config, before, "", 0), ZL_CLOSE_UNEXPECTED);
    CHECK_EQ (fate_of (config, before, "\0HELLO", 6), ZL_CLOSE_COMMAND);
    CHECK_EQ (fate_of (config, before, "\6HELLO", 6), ZL_CLOSE_COMMAND);
}

TEST ("a command of PLAIN that is not due is refused, whenever it comes")
{
    const zl_wire_config client = plain_client (), server = plain_server ();
    speech p = greeting_of (3, 1, "PLAIN");
    check_order (&client, &p, WELCOME);
    add_frame (&p, ZL_FRAME_COMMAND, plain_commands[WELCOME].text, plain_commands[WELCOME].n);
    check_order (&client, &p, READY);
    p = greeting_of (3, 1, "PLAIN");
    check_order (&server, &p, HELLO);
    add_frame (&p, ZL_FRAME_COMMAND, plain_commands[HELLO].text, plain_commands[HELLO].n);
    check_order (&server, &p, INITIATE);
}

TEST ("a malformed command of PLAIN has its reason")
{
    static const command hellos[] = {
        COMMAND ("\5HELLO"),         COMMAND ("\5HELLO\0"),      COMMAND ("\5HELLO\3an"),
        COMMAND ("\5HELLO\3ann"),    COMMAND ("\5HELLO\3ann\1"), COMMAND ("\5HELLO\0\0\0"),
        COMMAND ("\5HELLO\3ann\0x"), COMMAND ("\5HELLO\xff"),
    };
    const zl_wire_config client = plain_client (), server = plain_server ();
    speech p = greeting_of (3, 1, "PLAIN");
    for (unsigned i = 0; i < ZL_LEN (hellos); i++)
        CHECK_EQ (fate_of (&server, &p, hellos[i].text, hellos[i].n), ZL_CLOSE_HELLO);
    CHECK_EQ (fate_of (&client, &p, "\7WELCOMEx", 9), ZL_CLOSE_WELCOME);
    add_frame (&p, ZL_FRAME_COMMAND, "\5HELLO\0\0", 8);
    CHECK_EQ (fate_of (&server, &p, "\10INITIATE\1x", 11), ZL_CLOSE_METADATA);
    CHECK_EQ (fate_of (&server, &p, "\10INITIATE\13Socket-Type\0\0\0\3SUB", 28),
              ZL_CLOSE_INCOMPATIBLE);
}

/* ---- asking ---- */

TEST ("nothing is looked at while the authenticator is asked, and all of it after that")
{
    const zl_wire_config server = plain_server ();
    side s;
    uint8_t words[200];
    speech p = greeting_of (3, 1, "PLAIN");
    add_frame (&p, ZL_FRAME_COMMAND, "\5HELLO\0\0", 8);
    size_t asked = p.n;
    add_frame (&p, ZL_FRAME_COMMAND, "\10INITIATE", 9);
    add_frame (&p, 0, "message", 7);
    open_as (&s, &server);
    CHECK (feed (&s, p.octets, p.n));
    CHECK_EQ (s.have, p.n - asked);
    said (&s, words, sizeof words);
    for (int i = 0; i < 3; i++)
        CHECK (feed (&s, NULL, 0));
    CHECK_EQ (s.have, p.n - asked);
    CHECK_SAID (&s, "");
    CHECK (judge (&s, 200));
    CHECK (is_talking (&s));
    CHECK_EQ (s.have, 9); /* the message is no affair of the handshake */
    end_side (&s);
}

TEST ("a NULL side that asks says and hears nothing before it is answered, whichever it is")
{
    static const int types[2] = {ZL_PUSH, ZL_PULL};
    for (unsigned i = 0; i < ZL_LEN (portions); i++)
        for (int both = 0; both < 2; both++) {
            zl_wire_config a = asking_null (types[0]), b = asking_null (types[1]);
            side x, y;
            b.security.asks = both;
            open_as (&x, &a);
            open_as (&y, &b);
            CHECK (converse (&x, &y, portions[i]));
            CHECK_EQ (x.wire.state, ZL_WIRE_ASKING);
            CHECK_EQ (y.wire.state, both ? ZL_WIRE_ASKING : ZL_WIRE_HANDSHAKE);
            CHECK (!zl_mech_null.credentials);
            CHECK (judge (&x, 200));
            CHECK_EQ (is_talking (&x), !both);
            CHECK (converse (&x, &y, portions[i]));
            CHECK_EQ (is_talking (&y), !both);
            if (both)
                CHECK (judge (&y, 200));
            CHECK (converse (&x, &y, portions[i]));
            CHECK (is_talking (&x) && is_talking (&y));
            end_side (&x);
            end_side (&y);
        }
}

TEST ("a NULL peer that is not let in is told so")
{
    for (unsigned i = 1; i < STATUSES; i++) {
        const zl_wire_config server = asking_null (ZL_PULL);
        side s;
        uint8_t words[100];
        speech p = greeting_of (3, 1, "NULL");
        open_as (&s, &server);
        CHECK (feed (&s, p.octets, p.n));
        said (&s, words, sizeof words);
        CHECK (!judge (&s, statuses[i]));
        CHECK_EQ (s.wire.refusal, statuses[i]);
        if (statuses[i] == 300)
            CHECK_SAID (&s, "");
        else if (statuses[i] == 400)
            CHECK_SAID (&s, "\4\12\5ERROR\3" "400");
        else
            CHECK_SAID (&s, "\4\12\5ERROR\3" "500");
        end_side (&s);
    }
}

/* ---- what two sides must agree on ---- */

TEST ("sides of different mechanisms do not meet, and nobody falls back to NULL")
{
    static const char *const names[] = {"NULL", "PLAIN", "CURVE", "GSSAPI", "PLAINX", "plain", ""};
    const zl_wire_config configs[] = {plain_client (), plain_server (), asking_null (ZL_ROUTER)};
    for (unsigned i = 0; i < ZL_LEN (configs); i++) {
        for (unsigned k = 0; k < ZL_LEN (names); k++) {
            side s;
            speech p = greeting_of (3, 1, names[k]);
            open_as (&s, &configs[i]);
            bool well = feed (&s, p.octets, p.n);
            CHECK_EQ (well, strcmp (configs[i].mech->name, names[k]) == 0);
            if (!well)
                CHECK_EQ (s.wire.reason, ZL_CLOSE_MECHANISM);
            end_side (&s);
        }
        static const command old[] = {COMMAND ("\1\0"), COMMAND ("\xff\0\0\0\0\0\0\0\1\x7f\1\x05")};
        for (unsigned k = 0; k < ZL_LEN (old); k++) {
            side s;
            open_as (&s, &configs[i]);
            CHECK (!feed (&s, old[k].text, old[k].n));
            CHECK_EQ (s.wire.reason, ZL_CLOSE_MECHANISM);
            CHECK (!s.wire.legacy);
            end_side (&s);
        }
    }
}

TEST ("two clients, or two servers, come to nothing")
{
    const zl_wire_config client = plain_client (), server = plain_server ();
    side a, b;
    open_as (&a, &client);
    open_as (&b, &client);
    CHECK (!converse (&a, &b, 64));
    CHECK_EQ (a.wire.reason + b.wire.reason, ZL_CLOSE_UNEXPECTED); /* whoever hears it first */
    end_side (&a);
    end_side (&b);
    open_as (&a, &server);
    open_as (&b, &server);
    CHECK (converse (&a, &b, 64)); /* each waits for a HELLO; time ends it */
    CHECK_EQ (a.wire.state, ZL_WIRE_HANDSHAKE);
    end_side (&a);
    end_side (&b);
}

/* ---- every command cut short anywhere, and every bit of it turned ---- */

/* A side, what it has heard, and a command that is due then. */
typedef struct {
    zl_wire_config config;
    speech before;
    uint8_t body[100];
    size_t n;
} stage;

static stage stage_of (zl_wire_config config, const char *mechanism, int heard, const void *body,
                       size_t n)
{
    stage s = {.config = config, .before = greeting_of (3, 1, mechanism), .n = n};
    if (heard >= 0) {
        const command *c = &plain_commands[heard];
        add_frame (&s.before, ZL_FRAME_COMMAND, c->text, c->n);
    }
    memcpy (s.body, body, n);
    return s;
}

enum { STAGES = 6 };

static void make_stages (stage *s)
{
    static const char initiate[] = "\10INITIATE\13Socket-Type\0\0\0\6DEALER\10Identity\0\0\0\2me";
    static const char ready[] = "\5READY\13Socket-Type\0\0\0\6ROUTER\10Identity\0\0\0\2me";
    const command *hello = &plain_commands[HELLO], *welcome = &plain_commands[WELCOME];
    zl_wire_config null = {.mech = &zl_mech_null, .own_type = ZL_DEALER, .max_size = -1};
    s[0] = stage_of (plain_server (), "PLAIN", -1, hello->text, hello->n);
    s[1] = stage_of (plain_client (), "PLAIN", -1, welcome->text, welcome->n);
    s[2] = stage_of (plain_server (), "PLAIN", HELLO, initiate, sizeof initiate - 1);
    s[3] = stage_of (plain_client (), "PLAIN", WELCOME, ready, sizeof ready - 1);
    s[4] = stage_of (null, "NULL", -1, ready, sizeof ready - 1);
    s[5] = stage_of (plain_client (), "PLAIN", -1, "^RROR\3" "400", 9);
}

/* Whether a property list may end here. */
static bool ends_a_property (const stage *s, size_t at)
{
    zl_slice name, list, value;
    CHECK (zl_command_get (s->body, s->n, &name, &list));
    if (!ZL_IS (name, "INITIATE") && !ZL_IS (name, "READY"))
        return false;
    bool ends = list.p == s->body + at;
    while (zl_property_get (&list, &name, &value) == 1)
        ends |= list.p == s->body + at;
    return ends;
}

TEST ("a command that ends too early is refused, wherever it ends")
{
    stage stages[STAGES];
    make_stages (stages);
    for (unsigned i = 0; i < STAGES; i++) {
        const stage *s = &stages[i];
        bool is_error = s->body[0] == '^';
        CHECK_EQ (fate_of (&s->config, &s->before, s->body, s->n),
                  is_error ? ZL_CLOSE_REFUSED : ZL_CLOSE_NONE);
        for (size_t n = 0; n < s->n; n++) {
            zl_close_reason why = fate_of (&s->config, &s->before, s->body, n);
            CHECK_EQ (why == ZL_CLOSE_NONE, !is_error && ends_a_property (s, n));
            CHECK (why != ZL_CLOSE_REFUSED);
        }
    }
}

TEST ("a frame that never comes in full is waited for, and nothing is done about it")
{
    stage stages[STAGES];
    make_stages (stages);
    for (unsigned i = 0; i < STAGES; i++)
        for (size_t n = 0; n < 2 + stages[i].n; n++) {
            side s;
            speech p = {.n = 0};
            uint8_t words[500];
            open_as (&s, &stages[i].config);
            CHECK (feed (&s, stages[i].before.octets, stages[i].before.n));
            if (s.wire.state == ZL_WIRE_ASKING)
                CHECK (judge (&s, 200));
            said (&s, words, sizeof words);
            add_frame (&p, ZL_FRAME_COMMAND, stages[i].body, stages[i].n);
            CHECK (feed (&s, p.octets, n));
            CHECK_EQ (s.wire.state, ZL_WIRE_HANDSHAKE);
            CHECK_SAID (&s, "");
            end_side (&s);
        }
}

TEST ("a bit that was turned is refused, or changes only what was said with it")
{
    stage stages[STAGES];
    make_stages (stages);
    for (unsigned i = 0; i < STAGES; i++)
        for (size_t bit = 0; bit < 8 * stages[i].n; bit++) {
            stage s = stages[i];
            s.body[bit / 8] ^= (uint8_t) (1 << bit % 8);
            size_t name = s.body[0] == '^' ? 5 : 1 + stages[i].body[0];
            zl_close_reason why = fate_of (&s.config, &s.before, s.body, s.n);
            if (bit / 8 < name)
                CHECK (why == ZL_CLOSE_UNEXPECTED || why == ZL_CLOSE_COMMAND);
        }
}
