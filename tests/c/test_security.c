/* core/security.[ch] through the public calls: which option makes what of a socket. */
#include "base/z85.h"
#include "core/security.h"
#include "core/socket.h"
#include "sockets.h"
#include "toy_crypto.h"

enum { KEY = ZL_KEY_SIZE, TEXT = KEY / 4 * 5 };

/* The key that a text of zeros stands for, and one that no octet is 0 of. */
static const char zeros[] = "0000000000000000000000000000000000000000";
static const char text_key[] = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";

static void use_toy_crypto (void)
{
    zmql_use_crypto ((const uintptr_t *) &toy_crypto);
}

static int set_value (zmql_socket *s, int option, int64_t value)
{
    return zmql_set (s, option, &value, sizeof value);
}

static int set_text (zmql_socket *s, int option, const char *text)
{
    return zmql_set (s, option, text, strlen (text));
}

/* What the options make of the next connections. */
static zl_security security_of (zmql_socket *s, const char *mechanism)
{
    zl_socket_lock (s);
    zl_security made = zl_security_of (&s->opt);
    CHECK_TEXT (zl_security_mech (&s->opt)->name, mechanism);
    zl_socket_unlock (s);
    return made;
}

static void check_key (zmql_socket *s, zl_key_option which, const char *text)
{
    uint8_t key[KEY];
    CHECK (zl_z85_decode (text, TEXT, key));
    zl_socket_lock (s);
    CHECK_BYTES (s->opt.keys[which], key, KEY);
    zl_socket_unlock (s);
}

/* ---- before there is a library: these come first ---- */

TEST ("without a library every option of CURVE is refused, and nothing changes")
{
    static const int options[] = {CURVE_PUBLICKEY, CURVE_SECRETKEY, CURVE_SERVERKEY};
    zmql_ctx *ctx = new_context ();
    zmql_socket *s = new_socket (ctx, ZL_DEALER);
    CHECK (!zl_crypto_in_use);
    CHECK_EQ (set_value (s, CURVE_SERVER, 1), -EINVAL);
    for (unsigned i = 0; i < ZL_LEN (options); i++)
        CHECK_EQ (set_text (s, options[i], text_key), -EINVAL);
    CHECK_EQ (get_int (s, MECHANISM), 0);
    CHECK_EQ (get_int (s, CURVE_SERVER), 0);
    end_socket (s);
    end_context (ctx);
}

TEST ("the library's functions are named, and the first that are given stay")
{
    static const char *const names[] = {
        "crypto_box_keypair",           "crypto_scalarmult_base",     "crypto_box_easy",
        "crypto_box_open_easy",         "crypto_box_beforenm",        "crypto_box_easy_afternm",
        "crypto_box_open_easy_afternm", "crypto_box_afternm",         "crypto_box_open_afternm",
        "crypto_secretbox_easy",        "crypto_secretbox_open_easy", "sodium_memcmp",
        "randombytes",
    };
    static const uintptr_t none[ZL_LEN (names)];
    for (unsigned i = 0; i < ZL_LEN (names); i++)
        CHECK_TEXT (zmql_crypto_name (i), names[i]);
    CHECK (!zmql_crypto_name (ZL_LEN (names)));
    use_toy_crypto ();
    zmql_use_crypto (none);
    CHECK (zl_crypto_in_use->randombytes == toy_randombytes);
}

/* ---- mechanisms and roles ---- */

TEST ("the last option that was set decides on the mechanism, and on the role")
{
    static const struct {
        int option;
        const char *text; /* NULL: a number */
        int64_t number, mechanism;
        const char *name;
        bool as_server;
    } rows[] = {
        {PLAIN_SERVER, NULL, 1, 1, "PLAIN", true},
        {PLAIN_SERVER, NULL, 0, 0, "NULL", false},
        {PLAIN_USERNAME, "ann", 0, 1, "PLAIN", false},
        {PLAIN_SERVER, NULL, 1, 1, "PLAIN", true},
        {PLAIN_PASSWORD, "secret", 0, 1, "PLAIN", false},
        {CURVE_SERVER, NULL, 1, 2, "CURVE", true},
        {CURVE_SECRETKEY, text_key, 0, 2, "CURVE", true},
        {CURVE_PUBLICKEY, text_key, 0, 2, "CURVE", true},
        {PLAIN_SERVER, NULL, 1, 1, "PLAIN", true},
        {CURVE_SECRETKEY, text_key, 0, 2, "CURVE", true},
        {CURVE_SERVERKEY, text_key, 0, 2, "CURVE", false},
        {CURVE_SERVER, NULL, 1, 2, "CURVE", true},
        {PLAIN_SERVER, NULL, 0, 0, "NULL", false},
        {PLAIN_SERVER, NULL, 1, 1, "PLAIN", true},
        {CURVE_SERVER, NULL, 0, 0, "NULL", false},
    };
    use_toy_crypto ();
    for (int type = 0; type < ZL_TYPE_COUNT; type++) {
        zmql_ctx *ctx = new_context ();
        zmql_socket *s = new_socket (ctx, type);
        for (unsigned i = 0; i < ZL_LEN (rows); i++) {
            CHECK_EQ (rows[i].text ? set_text (s, rows[i].option, rows[i].text)
                                   : set_value (s, rows[i].option, rows[i].number),
                      0);
            CHECK_EQ (get_int (s, MECHANISM), rows[i].mechanism);
            CHECK_EQ (security_of (s, rows[i].name).as_server, rows[i].as_server);
            CHECK_EQ (get_int (s, PLAIN_SERVER), rows[i].as_server && rows[i].mechanism == 1);
            CHECK_EQ (get_int (s, CURVE_SERVER), rows[i].as_server && rows[i].mechanism == 2);
        }
        end_socket (s);
        end_context (ctx);
    }
}

TEST ("a role is 0 or 1, and the mechanism is not set but follows")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *s = new_socket (ctx, ZL_DEALER);
    use_toy_crypto ();
    for (int64_t v = -1; v <= 2; v += 3) {
        CHECK_EQ (set_value (s, PLAIN_SERVER, v), -EINVAL);
        CHECK_EQ (set_value (s, CURVE_SERVER, v), -EINVAL);
    }
    CHECK_EQ (set_value (s, MECHANISM, 1), -EINVAL);
    CHECK_EQ (get_int (s, MECHANISM), 0);
    end_socket (s);
    end_context (ctx);
}

TEST ("NULL asks if it has a domain")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *s = new_socket (ctx, ZL_DEALER);
    CHECK (!security_of (s, "NULL").asks);
    CHECK_EQ (set_text (s, ZAP_DOMAIN, "domain"), 0);
    CHECK (security_of (s, "NULL").asks);
    CHECK_EQ (set_value (s, PLAIN_SERVER, 1), 0);
    CHECK (!security_of (s, "PLAIN").asks); /* its mechanism does */
    end_socket (s);
    end_context (ctx);
}

/* ---- texts ---- */

TEST ("a name, a password and a domain have 1 to 255 octets, and are not cut when they are read")
{
    static const int texts[] = {PLAIN_USERNAME, PLAIN_PASSWORD, ZAP_DOMAIN};
    zmql_ctx *ctx = new_context ();
    zmql_socket *s = new_socket (ctx, ZL_DEALER);
    char text[256], got[256];
    memset (text, 't', sizeof text);
    for (unsigned i = 0; i < ZL_LEN (texts); i++) {
        size_t size = sizeof got;
        CHECK_EQ (zmql_option_kind (s, texts[i]), ZMQL_BYTES);
        CHECK_EQ (zmql_get (s, texts[i], got, &size), 0);
        CHECK_EQ (size, 0);
        for (size_t n = 1; n <= 255; n += 254) {
            CHECK_EQ (zmql_set (s, texts[i], text, n), 0);
            CHECK_EQ (zmql_set (s, texts[i], text, 0), -EINVAL);
            CHECK_EQ (zmql_set (s, texts[i], text, 256), -EINVAL);
            size = n - 1;
            CHECK_EQ (zmql_get (s, texts[i], got, &size), -EINVAL);
            size = n;
            CHECK_EQ (zmql_get (s, texts[i], got, &size), 0);
            CHECK_EQ (size, n);
            CHECK_BYTES (got, text, n);
        }
    }
    zl_security made = security_of (s, "PLAIN");
    CHECK_EQ (made.username.n, 255);
    CHECK_EQ (made.password.n, 255);
    end_socket (s);
    end_context (ctx);
}

/* ---- keys ---- */

static const struct {
    int option;
    zl_key_option which;
} keys[] = {{CURVE_PUBLICKEY, ZL_OWN_PUBLIC_KEY},
            {CURVE_SECRETKEY, ZL_OWN_SECRET_KEY},
            {CURVE_SERVERKEY, ZL_SERVER_KEY}};

TEST ("a key is taken as octets, or as a text with a NUL behind it or none; and is never told")
{
    zmql_ctx *ctx = new_context ();
    uint8_t octets[KEY], got[100];
    use_toy_crypto ();
    CHECK (zl_z85_decode (text_key, TEXT, octets));
    for (unsigned i = 0; i < ZL_LEN (keys); i++) {
        zmql_socket *s = new_socket (ctx, ZL_DEALER);
        size_t size = sizeof got;
        check_key (s, keys[i].which, zeros);
        CHECK_EQ (zmql_set (s, keys[i].option, octets, KEY), 0);
        check_key (s, keys[i].which, text_key);
        CHECK_EQ (zmql_set (s, keys[i].option, zeros, TEXT), 0);
        check_key (s, keys[i].which, zeros);
        CHECK_EQ (zmql_set (s, keys[i].option, text_key, TEXT + 1), 0);
        check_key (s, keys[i].which, text_key);
        CHECK_EQ (zmql_get (s, keys[i].option, got, &size), -EINVAL);
        end_socket (s);
    }
    end_context (ctx);
}

TEST ("what is no key is refused, and the old one stays")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *s = new_socket (ctx, ZL_DEALER);
    char bad[TEXT + 2];
    use_toy_crypto ();
    for (unsigned i = 0; i < ZL_LEN (keys); i++) {
        CHECK_EQ (set_text (s, keys[i].option, text_key), 0);
        CHECK_EQ (set_value (s, PLAIN_SERVER, 1), 0);
        memset (bad, '0', sizeof bad);
        for (size_t n = 0; n <= sizeof bad; n++)
            if (n != KEY && n != TEXT)
                CHECK_EQ (zmql_set (s, keys[i].option, bad, n), -EINVAL);
        bad[TEXT - 1] = '~';
        CHECK_EQ (zmql_set (s, keys[i].option, bad, TEXT), -EINVAL);
        memset (bad, '#', TEXT); /* beyond 32 bits */
        CHECK_EQ (zmql_set (s, keys[i].option, bad, TEXT), -EINVAL);
        check_key (s, keys[i].which, text_key);
        CHECK_EQ (get_int (s, MECHANISM), 1);
    }
    end_socket (s);
    end_context (ctx);
}

TEST ("options that were copied have the keys, and options that have ended have none")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *s = new_socket (ctx, ZL_DEALER);
    static const uint8_t none[KEY];
    zl_options copy;
    uint8_t octets[KEY];
    use_toy_crypto ();
    CHECK (zl_z85_decode (text_key, TEXT, octets));
    for (unsigned i = 0; i < ZL_LEN (keys); i++)
        CHECK_EQ (set_text (s, keys[i].option, text_key), 0);
    zl_socket_lock (s);
    zl_options_copy (&copy, &s->opt);
    zl_socket_unlock (s);
    for (unsigned i = 0; i < ZL_LEN (keys); i++)
        CHECK_BYTES (copy.keys[keys[i].which], octets, KEY);
    zl_options_fini (&copy);
    for (unsigned i = 0; i < ZL_LEN (keys); i++)
        CHECK_BYTES (copy.keys[keys[i].which], none, KEY);
    end_socket (s);
    end_context (ctx);
}
