/* PULL (RFC 30): receives from its peers in turn, never sends. */
#include "types.h"

static bool pull_attach (zl_socket *s, zl_pipe *p)
{
    zl_fair_readable (s, p);
    return true;
}

const zl_type zl_type_pull = {
    .id = ZL_PULL,
    .size = sizeof (zl_fq),
    .default_linger = -1,
    .conflates = true,
    .init = zl_fair_init,
    .attach = pull_attach,
    .detach = zl_type_nothing,
    .drained = zl_fair_drained,
    .readable = zl_fair_readable,
    .select = zl_fair_select,
    .end = zl_fair_end,
};
