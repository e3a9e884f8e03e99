/* The table of a security mechanism: what happens between the greeting and the first message, and what is done to each
 * frame after that. null.c fills one. */
#ifndef ZL_WIRE_MECH_H
#define ZL_WIRE_MECH_H

#include "command.h"
#include "reason.h"

typedef struct zl_wire zl_wire;

typedef struct zl_mech {
    char name[20]; /* as in the greeting, zero padded */
    /* The greetings have been exchanged: send the opening command, if it is ours to send. ZL_CLOSE_NONE or the reason to
     * close. Not NULL. */
    zl_close_reason (*start) (zl_wire *w);
    /* A handshake command has come. Sets w->peer_ready when nothing more is expected. Not NULL. */
    zl_close_reason (*command) (zl_wire *w, zl_slice name, zl_slice data);
} zl_mech;

extern const zl_mech zl_mech_null;

/* For the tables: takes Socket-Type and Identity out of a property list and checks them. */
zl_close_reason zl_wire_metadata (zl_wire *w, zl_slice properties);
/* For the tables: an ERROR command has come. */
zl_close_reason zl_wire_refused (zl_wire *w, zl_slice data);
/* For the tables: sends `name` followed by our own property list. */
zl_close_reason zl_wire_send_metadata (zl_wire *w, const char *name);

#endif
