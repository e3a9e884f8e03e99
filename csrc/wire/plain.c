/* The PLAIN mechanism (RFC 24): the client shows a user name and a password in clear text.
 *
 *     client  HELLO user password -->            INITIATE properties -->
 *     server                       <-- WELCOME                        <-- READY properties
 *
 * The server has an authenticator look at them before it answers. */
#include <stdlib.h>
#include <string.h>

#include "../base/wipe.h"
#include "mech.h"
#include "wire.h"

enum { HELLO_DUE, INITIATE_DUE, WELCOME_DUE, READY_DUE };

/* w->secrets of a server: what HELLO showed, until it has been judged. */
typedef struct {
    size_t n;
    uint8_t hello[];
} shown;

static void plain_fini (zl_wire *w)
{
    shown *s = w->secrets;
    if (s)
        zl_wipe (s->hello, s->n);
    free (s);
    w->secrets = NULL;
}

static zl_close_reason send_hello (zl_wire *w)
{
    uint8_t body[6 + 2 * 256], *p = zl_command_put (body, "HELLO");
    const zl_slice texts[] = {w->security.username, w->security.password};
    for (unsigned i = 0; i < ZL_LEN (texts); i++) {
        *p++ = (uint8_t) texts[i].n;
        if (texts[i].n)
            memcpy (p, texts[i].p, texts[i].n);
        p += texts[i].n;
    }
    zl_close_reason why = zl_wire_send_command (w, body, (size_t) (p - body));
    zl_wipe (body, sizeof body);
    return why;
}

static zl_close_reason plain_start (zl_wire *w)
{
    w->step = w->security.as_server ? HELLO_DUE : WELCOME_DUE;
    return w->security.as_server ? ZL_CLOSE_NONE : send_hello (w);
}

/* Takes a text of a one-octet length off the front; false if it is cut short. */
static bool take_text (zl_slice *list, zl_slice *text)
{
    if (list->n == 0 || list->p[0] > list->n - 1)
        return false;
    *text = (zl_slice){list->p + 1, list->p[0]};
    *list = (zl_slice){text->p + text->n, list->n - 1 - text->n};
    return true;
}

static bool split_hello (zl_slice hello, zl_slice out[2])
{
    return take_text (&hello, &out[0]) && take_text (&hello, &out[1]) && hello.n == 0;
}

static unsigned plain_credentials (const zl_wire *w, zl_slice out[2])
{
    const shown *s = w->secrets;
    return split_hello ((zl_slice){s->hello, s->n}, out) ? 2 : 0;
}

static zl_close_reason on_hello (zl_wire *w, zl_slice data)
{
    zl_slice texts[2];
    if (!split_hello (data, texts))
        return ZL_CLOSE_HELLO;
    shown *s = malloc (sizeof *s + data.n);
    if (!s)
        return ZL_CLOSE_MEMORY;
    s->n = data.n;
    memcpy (s->hello, data.p, data.n);
    w->secrets = s;
    return zl_wire_ask (w);
}

static zl_close_reason plain_admit (zl_wire *w)
{
    plain_fini (w);
    w->step = INITIATE_DUE;
    return zl_wire_send_command (w, "\7WELCOME", 8);
}

static zl_close_reason plain_command (zl_wire *w, zl_slice name, zl_slice data)
{
    bool client = !w->security.as_server;
    if (client && ZL_IS (name, "ERROR"))
        return zl_wire_refused (w, data);
    if (w->step == HELLO_DUE && ZL_IS (name, "HELLO"))
        return on_hello (w, data);
    if (w->step == WELCOME_DUE && ZL_IS (name, "WELCOME")) {
        w->step = READY_DUE;
        return data.n ? ZL_CLOSE_WELCOME : zl_wire_send_metadata (w, "INITIATE");
    }
    if (w->step == INITIATE_DUE && ZL_IS (name, "INITIATE")) {
        zl_close_reason why = zl_wire_metadata (w, data);
        w->peer_ready = true;
        return why ? why : zl_wire_send_metadata (w, "READY");
    }
    if (w->step == READY_DUE && ZL_IS (name, "READY")) {
        w->peer_ready = true;
        return zl_wire_metadata (w, data);
    }
    return ZL_CLOSE_UNEXPECTED;
}

const zl_mech zl_mech_plain = {.name = "PLAIN",
                               .needs_authenticator = true,
                               .start = plain_start,
                               .command = plain_command,
                               .admit = plain_admit,
                               .credentials = plain_credentials,
                               .fini = plain_fini};
