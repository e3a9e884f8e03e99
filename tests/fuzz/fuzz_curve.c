/* CURVE with toy cryptography. Either boxes are tight, and whatever comes through must be what
 * was said; or they are transparent, as if whoever stands between had all keys, and what lies
 * behind them sees everything. */
#include "../c/toy_crypto.h"
#include "between.h"

enum { KEY = ZL_KEY_SIZE, PAYLOAD_MAX = 300, FRAMES_MAX = 8 };

static uint8_t server_public[KEY], server_secret[KEY], client_public[KEY], client_secret[KEY];

static const zl_wire_config as_client = {.mech = &zl_mech_curve,
                                         .security = {.public_key = client_public,
                                                      .secret_key = client_secret,
                                                      .server_public_key = server_public},
                                         .own_type = ZL_DEALER,
                                         .own_id = {(const uint8_t *) "me", 2},
                                         .max_size = -1};
static const zl_wire_config as_server = {
    .mech = &zl_mech_curve,
    .security = {.as_server = true, .secret_key = server_secret},
    .own_type = ZL_ROUTER,
    .max_size = -1};

static void check_trust (const party *client, const party *server)
{
    const zl_wire *c = &client->side.wire, *s = &server->side.wire;
    zl_slice shown[2];
    if (toy_is_transparent)
        return;
    if (!server->over && is_talking (&server->side)) {
        ZL_ASSERT (zl_mech_curve.credentials (s, shown) == 1);
        ZL_ASSERT (memcmp (shown[0].p, client_public, KEY) == 0);
        ZL_ASSERT (s->peer_id_len == 2 && memcmp (s->peer_id, "me", 2) == 0);
    }
    if (!client->over && is_talking (&client->side))
        ZL_ASSERT (server->admitted && c->peer_id_len == 0);
}

/* What was opened must be what was said, unless boxes are transparent. */
static void check_opened (const zl_header *h, const uint8_t *body, const zl_msg *said, unsigned flags)
{
    if (toy_is_transparent)
        return;
    ZL_ASSERT ((h->flags & ~ZL_FRAME_LONG) == flags && h->size == said->size);
    ZL_ASSERT (!said->size || memcmp (body, said->data, said->size) == 0);
}

/* Opens what has come; how many frames. */
static unsigned open_all (party *to, uint8_t *p, size_t *n, const zl_msg *said, unsigned flags)
{
    unsigned opened = 0;
    zl_cut cut = {0};
    do {
        zl_wire_cut (&to->side.wire, p, *n, &cut);
        ZL_ASSERT (cut.taken <= *n);
        zl_header h;
        const uint8_t *at = p;
        for (const uint8_t *body; (body = next_taken (&at, p + cut.taken, &h)); opened++)
            check_opened (&h, body, said, flags);
        if (cut.stop == ZL_CUT_COMMAND) {
            ZL_ASSERT (cut.next.len + cut.next.size <= *n - cut.taken);
            check_opened (&cut.next, p + cut.taken + cut.next.len, said, flags);
            cut.taken += cut.next.len + (size_t) cut.next.size;
            opened++;
        }
        p += cut.taken;
        *n -= cut.taken;
    } while (cut.stop == ZL_CUT_COMMAND);
    return opened;
}

/* Seals a frame, has it meddled with, and opens what has become of it; false at the end. */
static bool send_frame (party *from, party *to, zl_slice *script)
{
    uint8_t words[WORDS_MAX + ZL_HEADER_MAX], how = take (script);
    unsigned flags = how % 3 == 1 ? ZL_FRAME_MORE : how % 3 == 2 ? ZL_FRAME_COMMAND : 0;
    const zl_slice payload = take_text (script, how & 0x80 ? PAYLOAD_MAX : how / 4);
    const zl_msg frame = {payload.p, payload.n, NULL};
    size_t portion;
    put_frame (&from->side, &frame, flags);
    size_t n = said (&from->side, words, WORDS_MAX);
    n = meddle (words, n, script, &portion);
    edge e = at_edge (words, n);
    unsigned opened = open_all (to, e.p, &n, &frame, flags);
    end_edge (e);
    ZL_ASSERT (opened <= 1 || toy_is_transparent); /* none twice */
    return n == 0;
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    static party client, server;
    zl_slice script = {data, size};
    zl_crypto_in_use = &toy_crypto;
    toy_state = 1;
    toy_keypair (server_public, server_secret);
    toy_keypair (client_public, client_secret);
    toy_is_transparent = take (&script) & 1;
    open_party (&client, &as_client);
    open_party (&server, &as_server);
    shake_hands (&client, &server, &script);
    check_trust (&client, &server);
    if (are_talking (&client, &server))
        for (unsigned i = 0; i < FRAMES_MAX && script.n; i++)
            if (!(i % 2 ? send_frame (&server, &client, &script)
                        : send_frame (&client, &server, &script)))
                break;
    end_side (&client.side);
    end_side (&server.side);
    return 0;
}
