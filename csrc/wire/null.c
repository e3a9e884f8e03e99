/* The NULL mechanism (RFC 37): both sides send READY with their properties as soon as the greetings are complete, or when an
 * authenticator has agreed (RFC 27). */
#include "mech.h"
#include "wire.h"

static zl_close_reason null_admit (zl_wire *w)
{
    return zl_wire_send_metadata (w, "READY");
}

static zl_close_reason null_start (zl_wire *w)
{
    return w->security.asks ? zl_wire_ask (w) : null_admit (w);
}

static zl_close_reason null_command (zl_wire *w, zl_slice name, zl_slice data)
{
    if (ZL_IS (name, "ERROR"))
        return zl_wire_refused (w, data);
    if (!ZL_IS (name, "READY"))
        return ZL_CLOSE_UNEXPECTED;
    w->peer_ready = true;
    return zl_wire_metadata (w, data);
}

const zl_mech zl_mech_null = {.name = "NULL", .start = null_start, .command = null_command, .admit = null_admit};
