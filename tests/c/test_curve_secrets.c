/* wire/curve.c keeps keys no longer than it needs them, and leaves none behind. */
#include "toy_crypto.h"
#include "wires.h"

#include "watched.h"
#include "wire/curve.c"

static uint8_t server_public[KEY], server_secret[KEY], client_public[KEY], client_secret[KEY];
static uint8_t transient[2][KEY]; /* the newest two secret keys: c', s' */
static unsigned forgotten;

static bool is_zero (const void *p, size_t n)
{
    static const uint8_t zeros[sizeof (secrets)];
    return memcmp (p, zeros, n) == 0;
}

static bool holds (const void *p, size_t n, const uint8_t *key)
{
    return memmem (p, n, key, KEY) != NULL;
}

static void check_forgotten (const uint8_t *octets, size_t n)
{
    const uint8_t *const kept[] = {server_secret, client_secret, transient[0], transient[1]};
    for (unsigned i = 0; i < ZL_LEN (kept); i++)
        CHECK (!holds (octets, n, kept[i]));
    if (n == sizeof (secrets)) {
        CHECK (is_zero (octets, n));
        forgotten++;
    }
}

static int remembered_keypair (uint8_t *public_key, uint8_t *secret_key)
{
    memcpy (transient[0], transient[1], KEY);
    toy_keypair (public_key, secret_key);
    memcpy (transient[1], secret_key, KEY);
    return 0;
}

typedef struct {
    side client, server;
} couple;

static void open_couple (couple *c)
{
    static zl_crypto crypto;
    static const zl_wire_config client = {.mech = &zl_mech_curve,
                                          .security = {.public_key = client_public,
                                                       .secret_key = client_secret,
                                                       .server_public_key = server_public},
                                          .own_type = ZL_DEALER,
                                          .own_id = {(const uint8_t *) "", 0},
                                          .max_size = -1};
    static const zl_wire_config server = {
        .mech = &zl_mech_curve,
        .security = {.as_server = true, .secret_key = server_secret},
        .own_type = ZL_ROUTER,
        .own_id = {(const uint8_t *) "", 0},
        .max_size = -1};
    crypto = toy_crypto;
    crypto.box_keypair = remembered_keypair;
    zl_crypto_in_use = &crypto;
    toy_keypair (server_public, server_secret);
    toy_keypair (client_public, client_secret);
    forgotten = 0;
    open_as (&c->client, &client);
    open_as (&c->server, &server);
}

static void end_couple (couple *c)
{
    end_side (&c->client);
    end_side (&c->server);
    CHECK_EQ (watched_alive, 0);
    CHECK_EQ (forgotten, 2);
}

/* Relays one thing said, if there is one. */
static void tell (side *from, side *to)
{
    uint8_t words[600];
    CHECK (feed (to, words, said (from, words, sizeof words)));
}

TEST ("between WELCOME and INITIATE a server knows the key of its cookie, and nothing else")
{
    couple c;
    open_couple (&c);
    do {
        tell (&c.server, &c.client);
        tell (&c.client, &c.server);
    } while (c.server.wire.step != INITIATE_DUE);
    const secrets *own = c.server.wire.secrets, *theirs = c.client.wire.secrets;
    CHECK (!holds (own, sizeof *own, transient[1]));
    CHECK (!holds (own, sizeof *own, theirs->own_public));
    CHECK (!is_zero (own->key, KEY));
    end_couple (&c);
}

TEST ("once both sides talk, neither knows a secret key of the connection's")
{
    couple c;
    open_couple (&c);
    CHECK (converse (&c.client, &c.server, 64));
    CHECK (judge (&c.server, 200));
    CHECK (converse (&c.client, &c.server, 64));
    const secrets *ends[] = {c.client.wire.secrets, c.server.wire.secrets};
    for (unsigned i = 0; i < 2; i++)
        for (unsigned k = 0; k < 2; k++)
            CHECK (!holds (ends[i], sizeof *ends[i], transient[k]));
    CHECK_BYTES (ends[0]->key, ends[1]->key, KEY);
    end_couple (&c);
}

TEST ("whatever is known is forgotten when the connection ends, however far it has come")
{
    for (unsigned upto = 0; upto < 12; upto++) {
        couple c;
        open_couple (&c);
        for (unsigned i = 0; i < upto; i++) {
            tell (i % 2 ? &c.server : &c.client, i % 2 ? &c.client : &c.server);
            if (c.server.wire.state == ZL_WIRE_ASKING)
                CHECK (judge (&c.server, 200));
        }
        unsigned due = (c.client.wire.secrets != NULL) + (c.server.wire.secrets != NULL);
        end_side (&c.client);
        end_side (&c.server);
        CHECK_EQ (watched_alive, 0);
        CHECK_EQ (forgotten, due);
    }
}
