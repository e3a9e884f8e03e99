/* The CURVE mechanism (RFC 25, RFC 26): everything between the two sides is sealed, and each knows the other by its key.
 *
 *     client  HELLO C' [proof] -->                      INITIATE cookie [C, vouch, properties] -->
 *     server                   <-- WELCOME [S', cookie]                                        <-- READY [properties]
 *
 * C and S are the permanent public keys, C' and S' those of this connection. What the server knew when it made the cookie it
 * forgets; only the key of the cookie stays, which never serves twice, so that a cookie is good on its own connection alone.
 *
 * Nonces are a text that says what they are for, and a number that grows with each box; those of boxes made with permanent keys
 * are random. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/wipe.h"
#include "crypto.h"
#include "mech.h"
#include "wire.h"

enum {
    KEY = ZL_KEY_SIZE,
    NONCE = 24,
    SHORT = 8, /* the part of a nonce that is sent, if it is a number */
    LONG = 16, /* if it is random */
    MAC = 16,  /* by so much a box is longer than its contents */

    HELLO_ZEROS = 72,
    HELLO_PROOF = 64,
    HELLO_SIZE = 2 + HELLO_ZEROS + KEY + SHORT + MAC + HELLO_PROOF,
    COOKIE_SIZE = LONG + MAC + 2 * KEY,
    WELCOME_SIZE = LONG + MAC + KEY + COOKIE_SIZE,
    VOUCH_SIZE = LONG + MAC + 2 * KEY,
    INITIATE_MIN = COOKIE_SIZE + SHORT + MAC + KEY + VOUCH_SIZE,
    READY_MIN = SHORT + MAC,
    MESSAGE_NAME = 8,
    MESSAGE_HEAD = MESSAGE_NAME + SHORT + MAC, /* before the flags and the payload */
    MESSAGE_OVERHEAD = MESSAGE_HEAD + 1,
};

enum { HELLO_DUE, INITIATE_DUE, WELCOME_DUE, READY_DUE, ADMISSION_DUE };
enum { INNER_MORE = 1, INNER_COMMAND = 2 };

const zl_crypto *zl_crypto_in_use;

const char *const zl_crypto_names[] = {
    "crypto_box_keypair",           "crypto_scalarmult_base",     "crypto_box_easy",
    "crypto_box_open_easy",         "crypto_box_beforenm",        "crypto_box_easy_afternm",
    "crypto_box_open_easy_afternm", "crypto_box_afternm",         "crypto_box_open_afternm",
    "crypto_secretbox_easy",        "crypto_secretbox_open_easy", "sodium_memcmp",
    "randombytes",
};

/* w->secrets. */
typedef struct {
    uint8_t key[KEY]; /* of all boxes between C' and S'; the server's cookie key before that is known */
    union {
        uint8_t own_secret[KEY]; /* client: c' until WELCOME */
        uint8_t client_key[KEY]; /* server: C, once INITIATE has proved it */
    };
    uint8_t own_public[KEY]; /* client: C' until WELCOME */
    uint64_t sent, seen;     /* the newest number in a nonce of ours and of the peer's */
} secrets;

static void curve_fini (zl_wire *w)
{
    if (w->secrets)
        zl_wipe (w->secrets, sizeof (secrets));
    free (w->secrets);
    w->secrets = NULL;
}

/* ---- nonces ---- */

static void numbered (uint8_t nonce[NONCE], const char *text, uint64_t number)
{
    memcpy (nonce, text, NONCE - SHORT);
    zl_put64 (nonce + NONCE - SHORT, number);
}

static void longer (uint8_t nonce[NONCE], const char *text, const uint8_t random[LONG])
{
    memcpy (nonce, text, NONCE - LONG);
    memcpy (nonce + NONCE - LONG, random, LONG);
}

/* A number that the peer has put into a nonce: it must be higher than all before. */
static bool is_next (secrets *x, const uint8_t number[SHORT])
{
    uint64_t n = zl_get64 (number);
    if (n <= x->seen)
        return false;
    x->seen = n;
    return true;
}

/* ---- client ---- */

static zl_close_reason send_hello (zl_wire *w)
{
    static const uint8_t zeros[HELLO_PROOF];
    const zl_crypto *c = zl_crypto_in_use;
    uint8_t body[6 + HELLO_SIZE] = "\5HELLO\1", *p = body + 6 + 2 + HELLO_ZEROS, nonce[NONCE];
    secrets *x = calloc (1, sizeof *x);
    if (!x)
        return ZL_CLOSE_MEMORY;
    w->secrets = x;
    if (c->box_keypair (x->own_public, x->own_secret))
        return ZL_CLOSE_KEY;
    memcpy (p, x->own_public, KEY);
    numbered (nonce, "CurveZMQHELLO---", ++x->sent);
    zl_put64 (p + KEY, x->sent);
    if (c->box_easy (p + KEY + SHORT, zeros, HELLO_PROOF, nonce, w->security.server_public_key, x->own_secret))
        return ZL_CLOSE_KEY;
    return zl_wire_send_command (w, body, sizeof body);
}

/* Box[C'(32) S(32)] from C to S': the client has this connection's secret key and its own permanent one. */
static zl_close_reason put_vouch (zl_wire *w, uint8_t *p, const uint8_t *server_transient)
{
    const zl_crypto *c = zl_crypto_in_use;
    const secrets *x = w->secrets;
    uint8_t nonce[NONCE], plain[2 * KEY];
    c->randombytes (p, LONG);
    longer (nonce, "VOUCH---", p);
    memcpy (plain, x->own_public, KEY);
    memcpy (plain + KEY, w->security.server_public_key, KEY);
    return c->box_easy (p + LONG, plain, sizeof plain, nonce, server_transient, w->security.secret_key) ? ZL_CLOSE_KEY
                                                                                                      : ZL_CLOSE_NONE;
}

static zl_close_reason send_initiate (zl_wire *w, const uint8_t *cookie, const uint8_t *server_transient)
{
    enum { HEAD = 9 + COOKIE_SIZE + SHORT };
    const zl_crypto *c = zl_crypto_in_use;
    secrets *x = w->secrets;
    uint8_t nonce[NONCE], *body = malloc (9 + INITIATE_MIN + zl_wire_own_metadata_max (w));
    if (!body)
        return ZL_CLOSE_MEMORY;
    uint8_t *plain = body + HEAD + MAC;
    memcpy (body, "\10INITIATE", 9);
    memcpy (body + 9, cookie, COOKIE_SIZE);
    memcpy (plain, w->security.public_key, KEY);
    zl_close_reason why = put_vouch (w, plain + KEY, server_transient);
    if (!why) {
        uint8_t *end = zl_wire_put_own_metadata (w, plain + KEY + VOUCH_SIZE);
        numbered (nonce, "CurveZMQINITIATE", ++x->sent);
        zl_put64 (body + 9 + COOKIE_SIZE, x->sent);
        c->box_easy_afternm (body + HEAD, plain, (size_t) (end - plain), nonce, x->key);
        why = zl_wire_send_command (w, body, (size_t) (end - body));
    }
    free (body);
    return why;
}

static zl_close_reason on_welcome (zl_wire *w, zl_slice data)
{
    const zl_crypto *c = zl_crypto_in_use;
    secrets *x = w->secrets;
    uint8_t nonce[NONCE], plain[KEY + COOKIE_SIZE]; /* S', cookie */
    if (data.n != WELCOME_SIZE)
        return ZL_CLOSE_WELCOME;
    longer (nonce, "WELCOME-", data.p);
    if (c->box_open_easy (plain, data.p + LONG, WELCOME_SIZE - LONG, nonce, w->security.server_public_key, x->own_secret))
        return ZL_CLOSE_CRYPTO;
    if (c->box_beforenm (x->key, plain, x->own_secret))
        return ZL_CLOSE_KEY;
    w->step = READY_DUE;
    zl_close_reason why = send_initiate (w, plain + KEY, plain);
    zl_wipe (x->own_secret, KEY);
    return why;
}

/* Opens a list of properties that was sealed with the connection's key. */
static zl_close_reason on_ready (zl_wire *w, zl_slice data)
{
    secrets *x = w->secrets;
    uint8_t nonce[NONCE], plain[ZL_HANDSHAKE_COMMAND_MAX];
    if (data.n < READY_MIN)
        return ZL_CLOSE_READY;
    if (!is_next (x, data.p))
        return ZL_CLOSE_SEQUENCE;
    numbered (nonce, "CurveZMQREADY---", x->seen);
    if (zl_crypto_in_use->box_open_easy_afternm (plain, data.p + SHORT, data.n - SHORT, nonce, x->key))
        return ZL_CLOSE_CRYPTO;
    w->peer_ready = w->sealed = true;
    return zl_wire_metadata (w, (zl_slice){plain, data.n - READY_MIN});
}

/* ---- server ---- */

/* The cookie is C' and s', boxed under a key that nobody else has; what it holds is forgotten here. */
static zl_close_reason send_welcome (zl_wire *w, const uint8_t *client_transient)
{
    const zl_crypto *c = zl_crypto_in_use;
    secrets *x = w->secrets;
    uint8_t body[8 + WELCOME_SIZE] = "\7WELCOME", *cookie, nonce[NONCE];
    uint8_t plain[KEY + COOKIE_SIZE], memory[2 * KEY]; /* S', cookie; C', s' */
    zl_close_reason why = ZL_CLOSE_NONE;
    memcpy (memory, client_transient, KEY);
    if (c->box_keypair (plain, memory + KEY))
        return ZL_CLOSE_KEY;
    cookie = plain + KEY;
    c->randombytes (x->key, KEY);
    c->randombytes (cookie, LONG);
    longer (nonce, "COOKIE--", cookie);
    c->secretbox_easy (cookie + LONG, memory, sizeof memory, nonce, x->key);
    c->randombytes (body + 8, LONG);
    longer (nonce, "WELCOME-", body + 8);
    if (c->box_easy (body + 8 + LONG, plain, sizeof plain, nonce, client_transient, w->security.secret_key))
        why = ZL_CLOSE_KEY;
    zl_wipe (memory, sizeof memory);
    w->step = INITIATE_DUE;
    return why ? why : zl_wire_send_command (w, body, sizeof body);
}

static zl_close_reason on_hello (zl_wire *w, zl_slice data)
{
    static const uint8_t zeros[HELLO_PROOF];
    const zl_crypto *c = zl_crypto_in_use;
    const uint8_t *client_transient = data.p + 2 + HELLO_ZEROS, *number = client_transient + KEY;
    uint8_t nonce[NONCE], proof[HELLO_PROOF];
    if (data.n != HELLO_SIZE || data.p[0] != 1 || data.p[1] != 0)
        return ZL_CLOSE_HELLO;
    secrets *x = calloc (1, sizeof *x);
    if (!x)
        return ZL_CLOSE_MEMORY;
    w->secrets = x;
    x->seen = zl_get64 (number);
    numbered (nonce, "CurveZMQHELLO---", x->seen);
    if (c->box_open_easy (proof, number + SHORT, MAC + HELLO_PROOF, nonce, client_transient, w->security.secret_key) ||
        c->memcmp (proof, zeros, sizeof proof))
        return ZL_CLOSE_CRYPTO;
    return send_welcome (w, client_transient);
}

/* Whether the vouch shows that the owner of `client` has made C' for a connection with this server. */
static bool is_vouched (const zl_wire *w, const uint8_t *vouch, const uint8_t *client, const uint8_t *transient,
                        const uint8_t *own_transient_secret)
{
    const zl_crypto *c = zl_crypto_in_use;
    uint8_t nonce[NONCE], plain[2 * KEY], own[KEY];
    longer (nonce, "VOUCH---", vouch);
    return c->box_open_easy (plain, vouch + LONG, VOUCH_SIZE - LONG, nonce, client, own_transient_secret) == 0 &&
           c->memcmp (plain, transient, KEY) == 0 && c->scalarmult_base (own, w->security.secret_key) == 0 &&
           c->memcmp (plain + KEY, own, KEY) == 0;
}

static zl_close_reason on_initiate (zl_wire *w, zl_slice data)
{
    const zl_crypto *c = zl_crypto_in_use;
    secrets *x = w->secrets;
    uint8_t nonce[NONCE], memory[2 * KEY], plain[ZL_HANDSHAKE_COMMAND_MAX];
    const uint8_t *cookie = data.p, *box = data.p + COOKIE_SIZE + SHORT;
    zl_close_reason why = ZL_CLOSE_CRYPTO;
    if (data.n < INITIATE_MIN)
        return ZL_CLOSE_INITIATE;
    size_t boxed = data.n - COOKIE_SIZE - SHORT;
    longer (nonce, "COOKIE--", cookie);
    if (c->secretbox_open_easy (memory, cookie + LONG, COOKIE_SIZE - LONG, nonce, x->key) ||
        c->box_beforenm (x->key, memory, memory + KEY))
        goto out;
    if (!is_next (x, data.p + COOKIE_SIZE)) {
        why = ZL_CLOSE_SEQUENCE;
        goto out;
    }
    numbered (nonce, "CurveZMQINITIATE", x->seen);
    if (c->box_open_easy_afternm (plain, box, boxed, nonce, x->key) ||
        !is_vouched (w, plain + KEY, plain, memory, memory + KEY))
        goto out;
    memcpy (x->client_key, plain, KEY);
    w->step = ADMISSION_DUE;
    why = zl_wire_metadata (w, (zl_slice){plain + KEY + VOUCH_SIZE, boxed - MAC - KEY - VOUCH_SIZE});
out:
    zl_wipe (memory, sizeof memory);
    return why ? why : zl_wire_ask (w);
}

static zl_close_reason send_ready (zl_wire *w)
{
    secrets *x = w->secrets;
    uint8_t nonce[NONCE], *body = malloc (6 + READY_MIN + zl_wire_own_metadata_max (w));
    if (!body)
        return ZL_CLOSE_MEMORY;
    uint8_t *plain = body + 6 + READY_MIN, *end = zl_wire_put_own_metadata (w, plain);
    memcpy (body, "\5READY", 6);
    numbered (nonce, "CurveZMQREADY---", ++x->sent);
    zl_put64 (body + 6, x->sent);
    zl_crypto_in_use->box_easy_afternm (body + 6 + SHORT, plain, (size_t) (end - plain), nonce, x->key);
    zl_close_reason why = zl_wire_send_command (w, body, (size_t) (end - body));
    free (body);
    return why;
}

static zl_close_reason curve_admit (zl_wire *w)
{
    zl_close_reason why = send_ready (w);
    w->peer_ready = w->sealed = true;
    return why;
}

static unsigned curve_credentials (const zl_wire *w, zl_slice out[2])
{
    out[0] = (zl_slice){((secrets *) w->secrets)->client_key, KEY};
    return 1;
}

/* ---- both ---- */

static zl_close_reason curve_start (zl_wire *w)
{
    w->step = w->security.as_server ? HELLO_DUE : WELCOME_DUE;
    return w->security.as_server ? ZL_CLOSE_NONE : send_hello (w);
}

static zl_close_reason curve_command (zl_wire *w, zl_slice name, zl_slice data)
{
    if (!w->security.as_server && ZL_IS (name, "ERROR"))
        return zl_wire_refused (w, data);
    if (w->step == HELLO_DUE && ZL_IS (name, "HELLO"))
        return on_hello (w, data);
    if (w->step == WELCOME_DUE && ZL_IS (name, "WELCOME"))
        return on_welcome (w, data);
    if (w->step == INITIATE_DUE && ZL_IS (name, "INITIATE"))
        return on_initiate (w, data);
    if (w->step == READY_DUE && ZL_IS (name, "READY"))
        return on_ready (w, data);
    return ZL_CLOSE_UNEXPECTED;
}

/* ---- traffic ---- */

static const char *message_text (bool from_server)
{
    return from_server ? "CurveZMQMESSAGES" : "CurveZMQMESSAGEC";
}

/* The frame travels as the payload of a MESSAGE, which is a message frame and not a command, as libzmq has it. What stands before
 * the flags has the length of the zeros that libsodium wants there, in the form of its functions which spends the fewest blocks. */
static void curve_seal (zl_wire *w, uint8_t *body, size_t n, unsigned flags)
{
    secrets *x = w->secrets;
    uint8_t nonce[NONCE];
    numbered (nonce, message_text (w->security.as_server), ++x->sent);
    memset (body, 0, MESSAGE_HEAD);
    body[MESSAGE_HEAD] =
        (uint8_t) ((flags & ZL_FRAME_MORE ? INNER_MORE : 0) | (flags & ZL_FRAME_COMMAND ? INNER_COMMAND : 0));
    zl_crypto_in_use->box_afternm (body, body, MESSAGE_OVERHEAD + n, nonce, x->key);
    memcpy (body, "\7MESSAGE", MESSAGE_NAME);
    zl_put64 (body + MESSAGE_NAME, x->sent);
}

/* Whether a box is opened faster with its zeros before it. That takes the derivation of another key, but wastes no half block for
 * them; libsodium does four blocks of 64 octets at once and what is left over one by one, which then costs more if it is nearly
 * four. Measured: 3 to 25 % faster then, and else slower by the one derivation. */
static bool opens_better_padded (size_t n)
{
    enum { BLOCK = 64, AT_ONCE = 4 * BLOCK };
    return n >= AT_ONCE && n % AT_ONCE < BLOCK;
}

static zl_close_reason curve_open (zl_wire *w, uint8_t *body, size_t n, unsigned *flags)
{
    const zl_crypto *c = zl_crypto_in_use;
    secrets *x = w->secrets;
    uint8_t nonce[NONCE], *plain = body + MESSAGE_HEAD, *box = plain - MAC;
    if (n < MESSAGE_NAME || memcmp (body, "\7MESSAGE", MESSAGE_NAME) != 0)
        return ZL_CLOSE_UNEXPECTED;
    if (n < MESSAGE_OVERHEAD)
        return ZL_CLOSE_SEALED;
    if (!is_next (x, body + MESSAGE_NAME))
        return ZL_CLOSE_SEQUENCE;
    numbered (nonce, message_text (!w->security.as_server), x->seen);
    if (opens_better_padded (n) ? c->box_open_afternm (body, body, n, nonce, x->key)
                                : c->box_open_easy_afternm (plain, box, n - MESSAGE_HEAD + MAC, nonce, x->key))
        return ZL_CLOSE_CRYPTO;
    *flags = (plain[0] & INNER_MORE ? ZL_FRAME_MORE : 0u) | (plain[0] & INNER_COMMAND ? ZL_FRAME_COMMAND : 0u);
    return ZL_CLOSE_NONE;
}

const zl_mech zl_mech_curve = {.name = "CURVE",
                               .start = curve_start,
                               .command = curve_command,
                               .admit = curve_admit,
                               .credentials = curve_credentials,
                               .overhead = MESSAGE_OVERHEAD,
                               .seal = curve_seal,
                               .open = curve_open,
                               .fini = curve_fini};
