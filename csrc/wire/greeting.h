/* The greeting that opens a ZMTP connection, and what the peer's greeting says of the protocol it speaks (RFC 37
 * "Greeting", RFC 15 for 2.0, RFC 13 for 1.0). Pure functions over bytes. */
#ifndef ZL_WIRE_GREETING_H
#define ZL_WIRE_GREETING_H

#include "reason.h"
#include "../base/defs.h"

enum {
    ZL_SIGNATURE_SIZE = 10,
    ZL_GREETING_SIZE = 64,
    ZL_MECHANISM_SIZE = 20,
};

/* Writes our 3.1 greeting. mechanism is zero padded to 20 octets; to a 1.0 peer the signature is the header of a frame with
 * our routing id, whose length it therefore tells. */
void zl_greeting_put (uint8_t out[ZL_GREETING_SIZE], const char mechanism[ZL_MECHANISM_SIZE], bool as_server,
                      size_t own_id_len);

typedef enum {
    ZL_GREETING_MORE,      /* nothing new can be said yet */
    ZL_GREETING_V1,        /* no signature: the header of a 1.0 peer's first frame, if it is a ZeroMQ peer at all */
    ZL_GREETING_SIGNATURE, /* 10 octets: a versioned peer; tell it our version */
    ZL_GREETING_V2,        /* 11 octets: revision 1, ZMTP 2.0 */
    ZL_GREETING_V3,        /* 11 octets: 3.x, send the rest of the greeting */
    ZL_GREETING_DONE,      /* 64 octets */
    ZL_GREETING_BAD,
} zl_greeting_step;

/* What the first n octets of the peer's greeting tell. *reason is set with ZL_GREETING_BAD. */
zl_greeting_step zl_greeting_get (const uint8_t *p, size_t n, zl_close_reason *reason);

#endif
