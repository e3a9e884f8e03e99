/* The table of a security mechanism: what happens between the greeting and the first message, and what is done to each
 * frame after that. null.c, plain.c and curve.c fill one each. */
#ifndef ZL_WIRE_MECH_H
#define ZL_WIRE_MECH_H

#include "../base/msg.h"
#include "command.h"
#include "frameq.h"
#include "reason.h"

typedef struct zl_wire zl_wire;

enum { ZL_MECHANISM_NULL = 0, ZL_MECHANISM_PLAIN = 1, ZL_MECHANISM_CURVE = 2 };

#define ZL_KEY_SIZE 32u

/* What our side of a mechanism has to know. The keys and texts must outlive the wire. */
typedef struct {
    bool as_server;
    bool asks; /* of NULL: an authenticator is asked */
    zl_slice username, password;                               /* PLAIN, client */
    const uint8_t *public_key, *secret_key, *server_public_key; /* CURVE */
} zl_security;

typedef struct zl_mech {
    char name[20]; /* as in the greeting, zero padded */
    /* Nobody is let in while there is no authenticator to ask. */
    bool needs_authenticator;
    /* The greetings have been exchanged: send the opening command, if it is ours to send. ZL_CLOSE_NONE or the reason to
     * close. Not NULL. */
    zl_close_reason (*start) (zl_wire *w);
    /* A handshake command has come. Sets w->peer_ready when nothing more is expected. Not NULL. */
    zl_close_reason (*command) (zl_wire *w, zl_slice name, zl_slice data);
    /* The client is let in, after zl_wire_ask(). Not NULL. */
    zl_close_reason (*admit) (zl_wire *w);
    /* What the client has shown of itself, for the authenticator: up to 2 values, how many. NULL: nothing. */
    unsigned (*credentials) (const zl_wire *w, zl_slice out[2]);
    /* Traffic. So many octets longer is the body of a frame that travels sealed, all before what it was; 0: frames travel as they
     * are, and what follows is NULL. */
    unsigned overhead;
    /* Seals a frame where it lies: n octets behind the overhead. `flags` are of ZL_FRAME_*. */
    void (*seal) (zl_wire *w, uint8_t *body, size_t n, unsigned flags);
    /* Opens one where it lies: n octets, the overhead among them, behind which is then what was sealed; *flags likewise. */
    zl_close_reason (*open) (zl_wire *w, uint8_t *body, size_t n, unsigned *flags);
    /* Frees w->secrets. NULL: there are none. */
    void (*fini) (zl_wire *w);
} zl_mech;

extern const zl_mech zl_mech_null, zl_mech_plain, zl_mech_curve;

/* ---- for the tables ---- */

/* The client is to be let in or not: w->mech->admit() comes next, or never. */
zl_close_reason zl_wire_ask (zl_wire *w);
/* Takes Socket-Type and Identity out of a property list and checks them. */
zl_close_reason zl_wire_metadata (zl_wire *w, zl_slice properties);
/* An ERROR command has come. */
zl_close_reason zl_wire_refused (zl_wire *w, zl_slice data);
/* Our own property list, written to p: the new end. zl_wire_own_metadata_max() says how long it may be. */
uint8_t *zl_wire_put_own_metadata (const zl_wire *w, uint8_t *p);
size_t zl_wire_own_metadata_max (const zl_wire *w);
/* Sends `name` followed by our own property list. */
zl_close_reason zl_wire_send_metadata (zl_wire *w, const char *name);
/* Sends a handshake command. */
zl_close_reason zl_wire_send_command (zl_wire *w, const void *body, size_t n);

#endif
