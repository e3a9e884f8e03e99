/* ROUTER (RFC 28): every message it receives begins with the routing id of its sender, and the first frame of every message
 * it sends says to whom. */
#include <string.h>

#include "../base/rand.h"
#include "../core/idmap.h"
#include "types.h"

typedef struct {
    zl_fq fq; /* first: zl_fair_* */
    zl_idmap ids;
    uint32_t next_id; /* of ids made up here: a zero octet and this */
    bool mandatory;
} router;

static int router_init (zl_socket *s)
{
    router *r = s->priv;
    zl_fq_init (&r->fq);
    r->next_id = zl_random ();
    return 0;
}

static void router_fini (zl_socket *s)
{
    zl_idmap_fini (&((router *) s->priv)->ids);
}

static bool router_attach (zl_socket *s, zl_pipe *p)
{
    (void) s;
    (void) p; /* it gets its id, and is heard, once the peer has said who it is */
    return true;
}

/* Whether p is in the table: by its mark, as the id alone does not tell. */
static bool has_id (const zl_pipe *p)
{
    return p->type_data != NULL;
}

static int make_up_id (router *r, zl_pipe *p)
{
    uint8_t id[5] = {0};
    do {
        uint32_t n = r->next_id++;
        for (int i = 4; i > 0; i--, n >>= 8)
            id[i] = (uint8_t) n;
    } while (zl_idmap_find (&r->ids, id, sizeof id));
    return zl_pipe_set_id (p, id, sizeof id);
}

static void router_connected (zl_socket *s, zl_pipe *p)
{
    router *r = s->priv;
    if (has_id (p))
        return; /* an id is for the life of the pipe */
    bool taken = p->id_len && zl_idmap_find (&r->ids, p->id, p->id_len);
    if (taken || (!p->id_len && make_up_id (r, p) < 0) || zl_idmap_add (&r->ids, p) < 0) {
        p->discard = true; /* the first holder of an id keeps it, and the newcomer is never heard */
        s->stats.dropped[ZL_DROP_DUPLICATE_ID] += p->in.msgs;
        return;
    }
    p->type_data = r;
    zl_fq_activate (&r->fq, p);
}

static void router_detach (zl_socket *s, zl_pipe *p)
{
    router *r = s->priv;
    if (has_id (p))
        zl_idmap_remove (&r->ids, p);
    p->type_data = NULL;
}

/* Whether a message to that id could go now: the pipe, or NULL and *rc is -EHOSTUNREACH or -EAGAIN. */
static zl_pipe *route (const router *r, const zl_msg *id, int *rc)
{
    zl_pipe *p = zl_idmap_find (&r->ids, id->data, id->size);
    *rc = !p ? -EHOSTUNREACH : p->writable ? 0 : -EAGAIN;
    return *rc ? NULL : p;
}

static int router_can_send (zl_socket *s)
{
    const router *r = s->priv;
    if (!r->mandatory)
        return 0;
    ZL_LIST_EACH (&s->pipes, zl_pipe, node, p)
        if (has_id (p) && p->writable)
            return 0;
    return -EAGAIN;
}

static int router_check_first (zl_socket *s, const zl_msg *first)
{
    const router *r = s->priv;
    int rc;
    route (r, first, &rc);
    return r->mandatory ? rc : 0;
}

static int router_send (zl_socket *s, const zl_msg *frames, unsigned n)
{
    const router *r = s->priv;
    int rc;
    zl_pipe *p = route (r, frames, &rc);
    if (p && n > 1)
        return p->ops->push (p, frames + 1, n - 1);
    if (r->mandatory && rc < 0)
        return rc;
    s->stats.dropped[rc == -EAGAIN ? ZL_DROP_HWM : ZL_DROP_UNROUTABLE]++;
    return 0;
}

static int router_begin (zl_socket *s, zl_pipe *p)
{
    s->rx_prefix = (zl_msg){p->id, p->id_len, NULL};
    s->rx_has_prefix = true;
    return 0;
}

static int set_mandatory (zl_socket *s, const void *value, size_t size)
{
    int64_t v = *(const int64_t *) value;
    (void) size;
    if (v < 0)
        return -EINVAL;
    ((router *) s->priv)->mandatory = v != 0;
    return 0;
}

static const zl_option_row options[] = {
    {33, "ROUTER_MANDATORY", ZL_OPT_INT, set_mandatory, NULL},
};

const zl_type zl_type_router = {
    .id = ZL_ROUTER,
    .size = sizeof (router),
    .default_linger = -1,
    .init = router_init,
    .fini = router_fini,
    .attach = router_attach,
    .connected = router_connected,
    .detach = router_detach,
    .drained = zl_fair_drained,
    .readable = zl_fair_readable,
    .can_send = router_can_send,
    .check_first = router_check_first,
    .send = router_send,
    .select = zl_fair_select,
    .begin = router_begin,
    .end = zl_fair_end,
    .options = options,
    .option_count = ZL_LEN (options),
};
