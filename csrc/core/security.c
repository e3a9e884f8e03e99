/* Options of security. Each one that belongs to a mechanism selects it; PLAIN_SERVER and CURVE_SERVER make a server of the socket,
 * and what only a client has to know makes a client. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "../base/wipe.h"
#include "../base/z85.h"
#include "../wire/crypto.h"
#include "security.h"
#include "socket.h"

const zl_mech *zl_security_mech (const zl_options *o)
{
    static const zl_mech *const mechs[] = {&zl_mech_null, &zl_mech_plain, &zl_mech_curve};
    return mechs[o->mechanism];
}

static zl_slice slice_of (const zl_blob *b)
{
    return b ? (zl_slice){b->data, b->size} : (zl_slice){NULL, 0};
}

zl_security zl_security_of (const zl_options *o)
{
    return (zl_security){
        .as_server = o->as_server && o->mechanism != ZL_MECHANISM_NULL,
        .asks = o->mechanism == ZL_MECHANISM_NULL && o->bytes[ZL_BYTES_ZAP_DOMAIN],
        .username = slice_of (o->bytes[ZL_BYTES_PLAIN_USERNAME]),
        .password = slice_of (o->bytes[ZL_BYTES_PLAIN_PASSWORD]),
        .public_key = o->keys[ZL_OWN_PUBLIC_KEY],
        .secret_key = o->keys[ZL_OWN_SECRET_KEY],
        .server_public_key = o->keys[ZL_SERVER_KEY],
    };
}

static int get_mechanism (zl_socket *s, void *value, size_t *size)
{
    (void) size;
    return zl_option_give_int (value, s->opt.mechanism);
}

/* ---- roles ---- */

static int set_server (zl_socket *s, const void *value, int mechanism)
{
    int64_t v = zl_option_int (value);
    if (v != 0 && v != 1)
        return -EINVAL;
    s->opt.as_server = (int) v;
    s->opt.mechanism = v ? mechanism : ZL_MECHANISM_NULL;
    return 0;
}

static int get_server (zl_socket *s, void *value, int mechanism)
{
    return zl_option_give_int (value, s->opt.as_server && s->opt.mechanism == mechanism);
}

static int set_plain_server (zl_socket *s, const void *value, size_t size)
{
    (void) size;
    return set_server (s, value, ZL_MECHANISM_PLAIN);
}

static int get_plain_server (zl_socket *s, void *value, size_t *size)
{
    (void) size;
    return get_server (s, value, ZL_MECHANISM_PLAIN);
}

static int set_curve_server (zl_socket *s, const void *value, size_t size)
{
    (void) size;
    return zl_crypto_in_use ? set_server (s, value, ZL_MECHANISM_CURVE) : -EINVAL;
}

static int get_curve_server (zl_socket *s, void *value, size_t *size)
{
    (void) size;
    return get_server (s, value, ZL_MECHANISM_CURVE);
}

/* ---- names and passwords ---- */

static int set_plain_text (zl_socket *s, zl_bytes_option which, const void *value, size_t size)
{
    if (size < 1 || size > UINT8_MAX)
        return -EINVAL;
    int rc = zl_options_set_bytes (&s->opt, which, value, size);
    if (rc == 0) {
        s->opt.as_server = 0;
        s->opt.mechanism = ZL_MECHANISM_PLAIN;
    }
    return rc;
}

static int set_plain_username (zl_socket *s, const void *value, size_t size)
{
    return set_plain_text (s, ZL_BYTES_PLAIN_USERNAME, value, size);
}

static int set_plain_password (zl_socket *s, const void *value, size_t size)
{
    return set_plain_text (s, ZL_BYTES_PLAIN_PASSWORD, value, size);
}

static int get_plain_username (zl_socket *s, void *value, size_t *size)
{
    return zl_options_get_bytes (&s->opt, ZL_BYTES_PLAIN_USERNAME, value, size);
}

static int get_plain_password (zl_socket *s, void *value, size_t *size)
{
    return zl_options_get_bytes (&s->opt, ZL_BYTES_PLAIN_PASSWORD, value, size);
}

/* It cannot be cleared. */
static int set_zap_domain (zl_socket *s, const void *value, size_t size)
{
    return size < 1 || size > UINT8_MAX ? -EINVAL : zl_options_set_bytes (&s->opt, ZL_BYTES_ZAP_DOMAIN, value, size);
}

static int get_zap_domain (zl_socket *s, void *value, size_t *size)
{
    return zl_options_get_bytes (&s->opt, ZL_BYTES_ZAP_DOMAIN, value, size);
}

/* ---- keys ---- */

/* As 32 octets, or in Z85 with or without a NUL behind it. */
static int set_key (zl_socket *s, zl_key_option which, const void *value, size_t size)
{
    enum { TEXT = ZL_KEY_SIZE / 4 * 5 };
    uint8_t key[ZL_KEY_SIZE];
    const char *text = value;
    if (!zl_crypto_in_use)
        return -EINVAL;
    if (size == ZL_KEY_SIZE)
        memcpy (key, value, ZL_KEY_SIZE);
    else if ((size != TEXT && (size != TEXT + 1 || text[TEXT])) || !zl_z85_decode (text, TEXT, key))
        return -EINVAL;
    memcpy (s->opt.keys[which], key, ZL_KEY_SIZE);
    zl_wipe (key, sizeof key);
    s->opt.mechanism = ZL_MECHANISM_CURVE;
    if (which == ZL_SERVER_KEY)
        s->opt.as_server = 0;
    return 0;
}

static int set_public_key (zl_socket *s, const void *value, size_t size)
{
    return set_key (s, ZL_OWN_PUBLIC_KEY, value, size);
}

static int set_secret_key (zl_socket *s, const void *value, size_t size)
{
    return set_key (s, ZL_OWN_SECRET_KEY, value, size);
}

static int set_server_key (zl_socket *s, const void *value, size_t size)
{
    return set_key (s, ZL_SERVER_KEY, value, size);
}

const zl_option_row zl_security_options[] = {
    {43, "MECHANISM", ZL_OPT_INT, NULL, get_mechanism},
    {44, "PLAIN_SERVER", ZL_OPT_INT, set_plain_server, get_plain_server},
    {45, "PLAIN_USERNAME", ZL_OPT_BYTES, set_plain_username, get_plain_username},
    {46, "PLAIN_PASSWORD", ZL_OPT_BYTES, set_plain_password, get_plain_password},
    {47, "CURVE_SERVER", ZL_OPT_INT, set_curve_server, get_curve_server},
    {48, "CURVE_PUBLICKEY", ZL_OPT_BYTES, set_public_key, NULL},
    {49, "CURVE_SECRETKEY", ZL_OPT_BYTES, set_secret_key, NULL},
    {50, "CURVE_SERVERKEY", ZL_OPT_BYTES, set_server_key, NULL},
    {55, "ZAP_DOMAIN", ZL_OPT_BYTES, set_zap_domain, get_zap_domain},
};
const unsigned zl_security_option_count = ZL_LEN (zl_security_options);
