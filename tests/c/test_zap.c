/* core/zap.[ch] and what the rest of the core has of it: servers that ask an authenticator of their
 * context, authenticators that answer, answer nonsense, or go, and clients that do not wait. */
#include "plain.h"
#include "toy_crypto.h"
#include "wire/command.h"

enum { KEY = 32, ANSWER_FRAMES = 6 };

static const char zap_name[] = "inproc://zeromq.zap.01";
static const char address_property[] = "\14Peer-Address\0\0\0\11" "127.0.0.1";

static uint8_t server_public[KEY], server_secret[KEY], client_public[KEY], client_secret[KEY];

static void set_up_keys (void)
{
    zmql_use_crypto ((const uintptr_t *) &toy_crypto);
    toy_keypair (server_public, server_secret);
    toy_keypair (client_public, client_secret);
}

/* ---- servers and clients ---- */

static void set_text (zmql_socket *s, int option, const char *text)
{
    CHECK_EQ (zmql_set (s, option, text, strlen (text)), 0);
}

static void set_key (zmql_socket *s, int option, const uint8_t *key)
{
    CHECK_EQ (zmql_set (s, option, key, KEY), 0);
}

static const char *const mechanisms[] = {"NULL", "PLAIN", "CURVE"};
enum { NULL_MECHANISM, PLAIN, CURVE, MECHANISMS };

static void make_server (zmql_socket *s, int mechanism)
{
    if (mechanism == NULL_MECHANISM)
        set_text (s, ZAP_DOMAIN, "domain");
    else if (mechanism == PLAIN)
        set_int (s, PLAIN_SERVER, 1);
    else {
        set_key (s, CURVE_SECRETKEY, server_secret);
        set_int (s, CURVE_SERVER, 1);
    }
}

static void make_client (zmql_socket *s, int mechanism)
{
    if (mechanism == PLAIN) {
        set_text (s, PLAIN_USERNAME, "ann");
        set_text (s, PLAIN_PASSWORD, "secret");
    } else if (mechanism == CURVE) {
        set_key (s, CURVE_PUBLICKEY, client_public);
        set_key (s, CURVE_SECRETKEY, client_secret);
        set_key (s, CURVE_SERVERKEY, server_public);
    }
}

/* An authenticator, and a PULL that is a server of a mechanism. */
typedef struct {
    zmql_ctx *ctx;
    zmql_socket *zap, *server, *client;
    address a;
    int mechanism;
} scene;

static zmql_socket *new_zap (zmql_ctx *ctx, int type)
{
    zmql_socket *zap = new_socket (ctx, type);
    CHECK_EQ (zmql_bind (zap, zap_name), 0);
    return zap;
}

static scene open_scene (int zap_type, int mechanism)
{
    scene sc = {.ctx = new_context (), .mechanism = mechanism};
    set_up_keys ();
    sc.zap = zap_type < 0 ? NULL : new_zap (sc.ctx, zap_type);
    sc.server = new_socket (sc.ctx, ZL_PULL);
    make_server (sc.server, mechanism);
    sc.a = bind_to (sc.server, any_endpoint[0]);
    return sc;
}

/* It tries again at once if `patient`, or not within this test. */
static void add_client (scene *sc, bool patient)
{
    sc->client = new_socket (sc->ctx, ZL_PUSH);
    make_client (sc->client, sc->mechanism);
    set_int (sc->client, RECONNECT_IVL, patient ? 1 : -1);
    CHECK_EQ (zmql_connect (sc->client, sc->a.text), 0);
}

static void end_scene (scene *sc)
{
    zmql_socket *all[] = {sc->client, sc->server, sc->zap};
    for (unsigned i = 0; i < ZL_LEN (all); i++)
        if (all[i])
            end_socket (all[i]);
    end_context (sc->ctx);
}

/* ---- authenticators ---- */

/* A question: what comes before its version, and the rest. */
typedef struct {
    inbox in;
    unsigned envelope; /* frames before the version; REP has taken them off itself */
} question;

static question next_question (zmql_socket *zap)
{
    question q = {.in = new_inbox ()};
    CHECK_EQ (recv_message (zap, &q.in), 0);
    bool router = zmql_type_name (zap)[1] == 'O';
    q.envelope = router ? 2 : 0;
    if (router)
        CHECK_EQ (q.in.sizes[1], 0);
    CHECK (q.in.count >= q.envelope + 6);
    CHECK_TEXT (frame_text (&q.in, q.envelope), "1.0");
    return q;
}

/* Sends an answer behind the envelope, of any frames. */
static void answer_with (zmql_socket *zap, question *q, const zl_msg *frames, unsigned n)
{
    zl_msg all[INBOX_FRAMES];
    unsigned count = 0;
    for (; count < q->envelope; count++)
        all[count] = (zl_msg){q->in.bytes + q->in.offsets[count], q->in.sizes[count], NULL};
    for (unsigned i = 0; i < n; i++)
        all[count++] = frames[i];
    int rc = send_frames (zap, all, count);
    CHECK (rc == 0 || rc == -EHOSTUNREACH || rc == -ZL_ETERM); /* who asked, or the context, is gone */
    end_inbox (&q->in);
}

static void answer (zmql_socket *zap, question *q, const char *status, const char *user)
{
    const zl_msg frames[ANSWER_FRAMES] = {text_frame ("1.0"),  text_frame ("1"),
                                          text_frame (status), text_frame ("as a person reads it"),
                                          text_frame (user),   text_frame ("")};
    answer_with (zap, q, frames, ANSWER_FRAMES);
}

static void answer_next (zmql_socket *zap, const char *status)
{
    question q = next_question (zap);
    answer (zap, &q, status, "");
}

static const int zap_types[2] = {ZL_REP, ZL_ROUTER};

/* ---- questions and answers ---- */

TEST ("a question tells who wants in, and where")
{
    for (unsigned t = 0; t < 2; t++)
        for (int m = 0; m < MECHANISMS; m++) {
            scene sc = open_scene (zap_types[t], m);
            set_text (sc.server, ZAP_DOMAIN, "domain");
            set_text (sc.server, ROUTING_ID, "me");
            CHECK_EQ (zmql_unbind (sc.server, sc.a.text), 0);
            sc.a = bind_to (sc.server, any_endpoint[0]);
            add_client (&sc, false);
            question q = next_question (sc.zap);
            const char *due[] = {"1.0", "1",           "domain", "127.0.0.1",
                                 "me",  mechanisms[m], "ann",    "secret"};
            CHECK_EQ (q.in.count, q.envelope + (m == PLAIN ? 8 : m == CURVE ? 7 : 6));
            for (unsigned i = 0; i < (m == PLAIN ? 8 : 6); i++)
                CHECK_TEXT (frame_text (&q.in, q.envelope + i), due[i]);
            if (m == CURVE) {
                CHECK_EQ (q.in.sizes[q.envelope + 6], KEY);
                CHECK_BYTES (frame_text (&q.in, q.envelope + 6), client_public, KEY);
            }
            CHECK_EQ (stat_of (sc.server, "", "handshakes"), 0);
            answer (sc.zap, &q, "200", "");
            CHECK_EQ (send_text (sc.client, "hello"), 0);
            CHECK_RECV (sc.server, "hello");
            end_scene (&sc);
        }
}

/* Keeps the properties of the connection that a message came over. */
typedef struct {
    zmql_sink sink;
    uint8_t properties[300];
    size_t n;
} catcher;

static int catch_properties (zmql_sink *sink, const zmql_frame *f)
{
    catcher *c = ZL_CONTAINER (sink, catcher, sink);
    CHECK (f->properties && f->properties->size <= sizeof c->properties);
    c->n = f->properties->size;
    memcpy (c->properties, f->properties->data, c->n);
    return 0;
}

TEST ("what the authenticator says of a user comes before what the peer says of itself")
{
    static const struct {
        const char *user, *metadata, *due;
        size_t metadata_len, due_len;
    } rows[] = {
        {"", "", "\7User-Id\0\0\0\0", 0, 12},
        {"joe", "", "\7User-Id\0\0\0\3joe", 0, 15},
        {"", "\5Group\0\0\0\5staff", "\7User-Id\0\0\0\0\5Group\0\0\0\5staff", 15, 27},
        {"joe", "\5Group\0\0\0\5staff", "\7User-Id\0\0\0\3joe\5Group\0\0\0\5staff", 15, 30},
    };
    for (unsigned i = 0; i < ZL_LEN (rows); i++)
        for (int m = 0; m < MECHANISMS; m++) {
            scene sc = open_scene (ZL_REP, m);
            catcher c = {.sink.take = catch_properties};
            add_client (&sc, false);
            question q = next_question (sc.zap);
            const char *text = rows[i].metadata;
            const zl_msg metadata = {(const uint8_t *) text, rows[i].metadata_len, NULL};
            const zl_msg frames[ANSWER_FRAMES] = {text_frame ("1.0"), text_frame ("1"),
                                                  text_frame ("200"), text_frame (""),
                                                  text_frame (rows[i].user), metadata};
            answer_with (sc.zap, &q, frames, ANSWER_FRAMES);
            CHECK_EQ (send_text (sc.client, "hello"), 0);
            CHECK_EQ (zmql_wait (sc.server, ZMQL_POLLIN, patience ()), ZMQL_POLLIN);
            CHECK_EQ (zmql_recv (sc.server, &c.sink, true), 0);
            size_t own = sizeof address_property - 1;
            CHECK_BYTES (c.properties, address_property, own);
            CHECK_BYTES (c.properties + own, rows[i].due, rows[i].due_len);
            CHECK_BYTES (c.properties + own + rows[i].due_len, "\13Socket-Type", 12);
            end_scene (&sc);
        }
}

TEST ("a peer gives itself neither a name nor an address")
{
    static const char before[64] = "\xff\0\0\0\0\0\0\0\x01\x7f\x03\1PLAIN\0";
    static const char rest[] = "\4\10\5HELLO\0\0"
                               "\4\x48\10INITIATE\7User-Id\0\0\0\4root\14PEER-ADDRESS\0\0\0\1x"
                               "\13Socket-Type\0\0\0\4PUSH\3X-a\0\0\0\1b\0\5hello";
    scene sc = open_scene (ZL_REP, PLAIN);
    catcher c = {.sink.take = catch_properties};
    int fd = plain_connect (&sc.a);
    write_all (fd, before, sizeof before);
    write_all (fd, rest, sizeof rest - 1);
    answer_next (sc.zap, "200");
    CHECK_EQ (zmql_wait (sc.server, ZMQL_POLLIN, patience ()), ZMQL_POLLIN);
    CHECK_EQ (zmql_recv (sc.server, &c.sink, true), 0);
    static const char due[] = "\7User-Id\0\0\0\0\13Socket-Type\0\0\0\4PUSH\3X-a\0\0\0\1b";
    size_t own = sizeof address_property - 1;
    CHECK_EQ (c.n, own + sizeof due - 1);
    CHECK_BYTES (c.properties + own, due, sizeof due - 1);
    close (fd);
    end_scene (&sc);
}

TEST ("who is refused with 400 or 500 hears it and does not come again")
{
    static const char *const refusals[] = {"400", "500"};
    for (unsigned i = 0; i < 2; i++)
        for (int m = 0; m < MECHANISMS; m++) {
            scene sc = open_scene (zap_types[i], m);
            add_client (&sc, true);
            answer_next (sc.zap, refusals[i]);
            await_stat (sc.client, "closed", "refused by peer", 1);
            await_stat (sc.server, "closed", "refused by authenticator", 1);
            CHECK_EQ (stat_of (sc.server, "", "handshakes"), 0);
            CHECK_EQ (stat_of (sc.server, "", "accepted"), 1);
            end_scene (&sc);
        }
}

TEST ("who is put off with 300 hears nothing, comes again, and may be let in then")
{
    for (int m = 0; m < MECHANISMS; m++) {
        scene sc = open_scene (ZL_REP, m);
        add_client (&sc, true);
        answer_next (sc.zap, "300");
        answer_next (sc.zap, "300");
        CHECK_EQ (stat_of (sc.server, "closed", "put off by authenticator"), 2);
        answer_next (sc.zap, "200");
        CHECK_EQ (send_text (sc.client, "hello"), 0);
        CHECK_RECV (sc.server, "hello");
        CHECK_EQ (stat_of (sc.client, "closed", "refused by peer"), 0);
        end_scene (&sc);
    }
}

TEST ("an answer that is malformed has its reason, and lets nobody in")
{
    static const struct {
        const char *why;
        unsigned n;
        const char *frames[8];
        size_t metadata_len; /* 0: none */
    } rows[] = {
        {"malformed authenticator reply", 5, {"1.0", "1", "200", "", ""}, 0},
        {"malformed authenticator reply", 7, {"1.0", "1", "200", "", "", "", ""}, 0},
        {"malformed authenticator reply", 1, {"1.0"}, 0},
        {"authenticator version", 6, {"1.1", "1", "200", "", "", ""}, 0},
        {"authenticator version", 6, {"", "1", "200", "", "", ""}, 0},
        {"authenticator request id", 6, {"1.0", "2", "200", "", "", ""}, 0},
        {"authenticator request id", 6, {"1.0", "", "200", "", "", ""}, 0},
        {"authenticator status code", 6, {"1.0", "1", "", "", "", ""}, 0},
        {"authenticator status code", 6, {"1.0", "1", "100", "", "", ""}, 0},
        {"authenticator status code", 6, {"1.0", "1", "201", "", "", ""}, 0},
        {"authenticator status code", 6, {"1.0", "1", "2000", "", "", ""}, 0},
        {"authenticator status code", 6, {"1.0", "1", "200 ", "", "", ""}, 0},
        {"authenticator metadata", 6, {"1.0", "1", "200", "", "joe", "x"}, 1},
        {"authenticator metadata", 6, {"1.0", "1", "400", "", "", "\1a\0\0\0\2b"}, 7},
    };
    for (unsigned t = 0; t < 2; t++)
        for (unsigned i = 0; i < ZL_LEN (rows); i++) {
            scene sc = open_scene (zap_types[t], i % MECHANISMS);
            zl_msg frames[8];
            add_client (&sc, false);
            question q = next_question (sc.zap);
            for (unsigned k = 0; k < rows[i].n; k++)
                frames[k] = text_frame (rows[i].frames[k]);
            if (rows[i].metadata_len)
                frames[5].size = rows[i].metadata_len;
            answer_with (sc.zap, &q, frames, rows[i].n);
            await_stat (sc.server, "closed", rows[i].why, 1);
            CHECK_EQ (stat_of (sc.server, "", "handshakes"), 0);
            end_scene (&sc);
        }
}

TEST ("an answer needs its delimiter")
{
    scene sc = open_scene (ZL_ROUTER, PLAIN);
    add_client (&sc, false);
    question q = next_question (sc.zap);
    q.envelope = 1;
    const zl_msg frames[] = {text_frame ("x"),   text_frame ("1.0"), text_frame ("1"),
                             text_frame ("200"), text_frame (""),    text_frame (""),
                             text_frame ("")};
    answer_with (sc.zap, &q, frames, ZL_LEN (frames));
    await_stat (sc.server, "closed", "malformed authenticator reply", 1);
    end_scene (&sc);
}

TEST ("an authenticator may take its time, and answer in any order")
{
    enum { CLIENTS = 20 };
    scene sc = open_scene (ZL_ROUTER, PLAIN);
    zmql_socket *clients[CLIENTS];
    question asked[CLIENTS];
    for (unsigned i = 0; i < CLIENTS; i++) {
        add_client (&sc, false);
        clients[i] = sc.client;
    }
    sc.client = NULL;
    for (unsigned i = 0; i < CLIENTS; i++)
        asked[i] = next_question (sc.zap);
    CHECK_EQ (stat_of (sc.server, "", "handshakes"), 0);
    for (unsigned i = CLIENTS; i-- > 0;)
        answer (sc.zap, &asked[i], i % 2 ? "200" : "400", "");
    await_stat (sc.server, "", "handshakes", CLIENTS / 2);
    await_stat (sc.server, "closed", "refused by authenticator", CLIENTS / 2);
    for (unsigned i = 0; i < CLIENTS; i++)
        end_socket (clients[i]);
    end_scene (&sc);
}

TEST ("the second answer to a question goes nowhere")
{
    scene sc = open_scene (ZL_ROUTER, PLAIN);
    add_client (&sc, false);
    question q = next_question (sc.zap), again = q;
    again.in.bytes = memcpy (malloc (q.in.room), q.in.bytes, q.in.used);
    answer (sc.zap, &q, "200", "");
    answer (sc.zap, &again, "400", "");
    CHECK_EQ (send_text (sc.client, "hello"), 0);
    CHECK_RECV (sc.server, "hello");
    end_scene (&sc);
}

/* ---- nobody to ask ---- */

TEST ("without an authenticator PLAIN lets nobody in; the others do, if no domain is enforced")
{
    for (int m = 0; m < MECHANISMS; m++)
        for (int enforced = 0; enforced < 2; enforced++) {
            scene sc = open_scene (-1, m);
            set_text (sc.server, ZAP_DOMAIN, "domain");
            set_int (sc.server, ZAP_ENFORCE_DOMAIN, enforced);
            CHECK_EQ (zmql_unbind (sc.server, sc.a.text), 0);
            sc.a = bind_to (sc.server, any_endpoint[0]);
            add_client (&sc, false);
            if (m == PLAIN || enforced)
                await_stat (sc.server, "closed", "no authenticator", 1);
            else {
                CHECK_EQ (send_text (sc.client, "hello"), 0);
                CHECK_RECV (sc.server, "hello");
            }
            end_scene (&sc);
        }
}

TEST ("only a REP or a ROUTER is an authenticator")
{
    static const int others[] = {ZL_PULL, ZL_DEALER, ZL_PAIR, ZL_XPUB};
    for (unsigned i = 0; i < ZL_LEN (others); i++) {
        scene sc = open_scene (others[i], PLAIN);
        add_client (&sc, false);
        await_stat (sc.server, "closed", "no authenticator", 1);
        end_scene (&sc);
    }
}

TEST ("an authenticator of another context is not asked")
{
    zmql_ctx *other = new_context ();
    zmql_socket *zap = new_zap (other, ZL_REP);
    scene sc = open_scene (-1, PLAIN);
    add_client (&sc, false);
    await_stat (sc.server, "closed", "no authenticator", 1);
    end_scene (&sc);
    end_socket (zap);
    end_context (other);
}

/* ---- somebody leaves ---- */

TEST ("an authenticator that goes before it has answered lets nobody in; the next one may")
{
    for (unsigned t = 0; t < 2; t++)
        for (int has_read = 0; has_read < 2; has_read++) {
            scene sc = open_scene (zap_types[t], PLAIN);
            add_client (&sc, true);
            CHECK_EQ (zmql_wait (sc.zap, ZMQL_POLLIN, patience ()), ZMQL_POLLIN);
            if (has_read) {
                question q = next_question (sc.zap);
                end_inbox (&q.in);
            }
            end_socket (sc.zap);
            await_stat (sc.server, "closed", "no authenticator", 1);
            sc.zap = new_zap (sc.ctx, zap_types[!t]);
            answer_next (sc.zap, "200");
            CHECK_EQ (send_text (sc.client, "hello"), 0);
            CHECK_RECV (sc.server, "hello");
            end_scene (&sc);
        }
}

TEST ("an authenticator that gives up its name still answers what it was asked")
{
    scene sc = open_scene (ZL_REP, PLAIN);
    add_client (&sc, false);
    question q = next_question (sc.zap);
    CHECK_EQ (zmql_unbind (sc.zap, zap_name), 0);
    answer (sc.zap, &q, "200", "");
    CHECK_EQ (send_text (sc.client, "hello"), 0);
    CHECK_RECV (sc.server, "hello");
    end_scene (&sc);
}

static void say_hello (int fd)
{
    static const char greeting[64] = "\xff\0\0\0\0\0\0\0\x01\x7f\x03\1PLAIN";
    write_all (fd, greeting, sizeof greeting);
    write_all (fd, "\4\x11\5HELLO\3ann\6secret", 19);
}

TEST ("a peer that goes before the answer costs the next one nothing")
{
    static const char *const statuses[] = {"200", "300", "400", "500"};
    for (unsigned t = 0; t < 2; t++)
        for (unsigned i = 0; i < ZL_LEN (statuses); i++) {
            scene sc = open_scene (zap_types[t], PLAIN);
            int fd = plain_connect (&sc.a);
            say_hello (fd);
            question q = next_question (sc.zap);
            close (fd);
            answer (sc.zap, &q, statuses[i], "");
            add_client (&sc, false);
            answer_next (sc.zap, "200");
            CHECK_EQ (send_text (sc.client, "hello"), 0);
            CHECK_RECV (sc.server, "hello");
            CHECK_EQ (stat_of (sc.server, "", "handshakes"), 1);
            end_scene (&sc);
        }
}

TEST ("whoever waits longer for an answer than a handshake may take is closed, and the answer lost")
{
    for (unsigned t = 0; t < 2; t++) {
        scene sc = open_scene (zap_types[t], PLAIN);
        set_int (sc.server, HANDSHAKE_IVL, 20);
        CHECK_EQ (zmql_unbind (sc.server, sc.a.text), 0);
        sc.a = bind_to (sc.server, any_endpoint[0]);
        int fd = plain_connect (&sc.a);
        say_hello (fd);
        question q = next_question (sc.zap);
        await_close (fd);
        CHECK_EQ (stat_of (sc.server, "closed", "handshake timeout"), 1);
        answer (sc.zap, &q, "200", "");
        close (fd);
        fd = plain_connect (&sc.a); /* and the authenticator goes on */
        say_hello (fd);
        q = next_question (sc.zap);
        end_inbox (&q.in);
        close (fd);
        end_scene (&sc);
    }
}

TEST ("a server that closes before the answer leaves the authenticator as it was")
{
    for (unsigned t = 0; t < 2; t++)
        for (int has_read = 0; has_read < 2; has_read++) {
            scene sc = open_scene (zap_types[t], PLAIN);
            question q;
            add_client (&sc, false);
            CHECK_EQ (zmql_wait (sc.zap, ZMQL_POLLIN, patience ()), ZMQL_POLLIN);
            if (has_read)
                q = next_question (sc.zap);
            end_socket (sc.server);
            end_socket (sc.client);
            if (has_read)
                answer (sc.zap, &q, "200", "");
            sc.server = new_socket (sc.ctx, ZL_PULL);
            make_server (sc.server, PLAIN);
            sc.a = bind_to (sc.server, any_endpoint[0]);
            add_client (&sc, false);
            while (stat_of (sc.server, "", "handshakes") == 0) /* the old question may be there */
                if (zmql_wait (sc.zap, ZMQL_POLLIN, zl_deadline (1)))
                    answer_next (sc.zap, "200");
            end_scene (&sc);
        }
}

TEST ("a context ends while an authenticator is asked")
{
    for (unsigned t = 0; t < 2; t++)
        for (int m = 0; m < MECHANISMS; m++)
            for (int order = 0; order < 3; order++) {
                scene sc = open_scene (zap_types[t], m);
                add_client (&sc, true);
                question q = next_question (sc.zap);
                end_inbox (&q.in);
                if (order == 2)
                    zmql_ctx_shutdown (sc.ctx);
                if (order)
                    end_socket (sc.zap);
                end_socket (sc.server);
                end_socket (sc.client);
                if (!order)
                    end_socket (sc.zap);
                end_context (sc.ctx);
            }
}

TEST ("who waits for the authenticator is heard only after the answer, and loses nothing")
{
    scene sc = open_scene (ZL_REP, PLAIN);
    int fd = plain_connect (&sc.a);
    char text[16];
    say_hello (fd);
    static const char rest[] = "\4\35\10INITIATE\13Socket-Type\0\0\0\4PUSH\0\5hello\0\5again";
    write_all (fd, rest, sizeof rest - 1);
    question q = next_question (sc.zap);
    CHECK_EQ (stat_of (sc.server, "", "handshakes"), 0);
    answer (sc.zap, &q, "200", "");
    CHECK_RECV (sc.server, "hello");
    CHECK_RECV (sc.server, "again");
    read_exactly (fd, (char[64]){0}, 64);
    read_frame (fd, text, sizeof text);
    CHECK_TEXT (text, "\7WELCOME");
    close (fd);
    end_scene (&sc);
}

/* ---- many at once ---- */

enum { SERVERS = 3, CLIENTS = 8, ROUNDS = 20 };

/* Lets in, puts off and refuses by the last letter of the name. */
static void *authenticate (void *arg)
{
    zmql_socket *zap = arg;
    inbox in = new_inbox ();
    while (recv_message (zap, &in) == 0) {
        bool router = in.sizes[0] != 3;
        question q = {in, router ? 2 : 0};
        const char *user = frame_text (&in, q.envelope + 6);
        char last = user[strlen (user) - 1];
        answer (zap, &q, last == 'y' ? "200" : last == 'n' ? "400" : "300", user);
        in = new_inbox ();
    }
    end_inbox (&in);
    return NULL;
}

/* Servers come and go while some clients are let in, some refused, some put off for ever. */
static void *serve_rounds (void *arg)
{
    static const char *const names[] = {"may", "man", "mad"};
    for (unsigned round = 0; round < ROUNDS; round++) {
        scene sc = {.ctx = arg, .mechanism = PLAIN};
        zmql_socket *clients[CLIENTS];
        sc.server = new_socket (sc.ctx, ZL_PULL);
        make_server (sc.server, PLAIN);
        sc.a = bind_to (sc.server, any_endpoint[round % 2]);
        for (unsigned i = 0; i < CLIENTS; i++) {
            clients[i] = new_socket (sc.ctx, ZL_PUSH);
            set_int (clients[i], RECONNECT_IVL, 1);
            set_text (clients[i], PLAIN_USERNAME, names[i % 3]);
            set_text (clients[i], PLAIN_PASSWORD, "x");
            CHECK_EQ (zmql_connect (clients[i], sc.a.text), 0);
        }
        if (round % 3) {
            for (unsigned i = 0; i < CLIENTS; i += 3)
                CHECK_EQ (send_text (clients[i], "hello"), 0);
            for (unsigned i = 0; i < CLIENTS; i += 3)
                CHECK_RECV (sc.server, "hello");
            await_stat (sc.server, "", "handshakes", (CLIENTS + 2) / 3);
        }
        if (round % 2)
            end_socket (sc.server);
        for (unsigned i = 0; i < CLIENTS; i++)
            end_socket (clients[i]);
        if (round % 2 == 0)
            end_socket (sc.server);
    }
    return NULL;
}

TEST ("servers of several threads ask one authenticator, and come and go meanwhile")
{
    for (unsigned t = 0; t < 2; t++) {
        zmql_ctx *ctx = new_context ();
        zmql_socket *zap = new_zap (ctx, zap_types[t]);
        pthread_t servers[SERVERS], authenticator = start (authenticate, zap);
        for (unsigned i = 0; i < SERVERS; i++)
            servers[i] = start (serve_rounds, ctx);
        for (unsigned i = 0; i < SERVERS; i++)
            join (servers[i]);
        zmql_ctx_shutdown (ctx);
        join (authenticator);
        end_socket (zap);
        end_context (ctx);
    }
}
