/* The client's side of SOCKS 5. */
#include <arpa/inet.h>
#include <string.h>

#include "socks.h"

enum { VERSION = 5, LOGIN_VERSION = 1, CONNECT = 1 };
enum { NO_LOGIN = 0, LOGIN = 2 };              /* methods */
enum { IPV4 = 1, NAME = 3, IPV6 = 4 };         /* kinds of address */
enum { CHOICE, LOGIN_RESULT, REPLY, REPLY_REST }; /* what is awaited */

static void await (zl_socks *s, int state, size_t want)
{
    s->state = state;
    s->got = 0;
    s->want = want;
}

void zl_socks_begin (zl_socks *s)
{
    s->out[0] = VERSION;
    s->out[1] = 1;
    s->out[2] = s->user_len ? LOGIN : NO_LOGIN;
    s->out_len = 3;
    await (s, CHOICE, 2);
}

static void send_login (zl_socks *s)
{
    uint8_t *p = s->out;
    *p++ = LOGIN_VERSION;
    *p++ = (uint8_t) s->user_len;
    memcpy (p, s->user, s->user_len);
    p += s->user_len;
    *p++ = (uint8_t) s->password_len;
    if (s->password_len)
        memcpy (p, s->password, s->password_len);
    s->out_len = (size_t) (p - s->out) + s->password_len;
    await (s, LOGIN_RESULT, 2);
}

/* A name is for the proxy to look up: it may be known only there. */
static void send_request (zl_socks *s)
{
    const char *host = s->target->host;
    uint8_t *p = s->out;
    *p++ = VERSION;
    *p++ = CONNECT;
    *p++ = 0;
    if (inet_pton (AF_INET, host, p + 1) == 1) {
        *p = IPV4;
        p += 1 + 4;
    } else if (inet_pton (AF_INET6, host, p + 1) == 1) {
        *p = IPV6;
        p += 1 + 16;
    } else {
        size_t n = strlen (host);
        *p++ = NAME;
        *p++ = (uint8_t) n;
        memcpy (p, host, n);
        p += n;
    }
    *p++ = (uint8_t) (s->target->port >> 8);
    *p++ = (uint8_t) s->target->port;
    s->out_len = (size_t) (p - s->out);
    await (s, REPLY, 5);
}

static int refusal (uint8_t code)
{
    static const int errors[] = {0, EIO, EACCES, ENETUNREACH, EHOSTUNREACH, ECONNREFUSED, ETIMEDOUT, ENOTSUP, ENOTSUP};
    return code < ZL_LEN (errors) ? -errors[code] : -EPROTO;
}

/* The head of the reply tells how long the rest is: an address that we have no use for. */
static int take_reply (zl_socks *s)
{
    if (s->in[0] != VERSION)
        return -EPROTO;
    if (s->in[1] != 0)
        return refusal (s->in[1]);
    size_t address = s->in[3] == IPV4 ? 4 : s->in[3] == IPV6 ? 16 : s->in[3] == NAME ? 1u + s->in[4] : 0;
    if (address == 0)
        return -EPROTO;
    s->state = REPLY_REST;
    s->want = 4 + address + 2;
    return 0;
}

int zl_socks_step (zl_socks *s)
{
    switch (s->state) {
        case CHOICE:
            if (s->in[0] != VERSION || s->in[1] != (s->user_len ? LOGIN : NO_LOGIN))
                return -EACCES;
            if (s->user_len)
                send_login (s);
            else
                send_request (s);
            return 0;
        case LOGIN_RESULT:
            if (s->in[1] != 0)
                return -EACCES;
            send_request (s);
            return 0;
        case REPLY:
            return take_reply (s);
        default:
            return 1;
    }
}
