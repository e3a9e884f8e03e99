/* What ROUTER and STREAM are both made of. */
#include "../base/rand.h"
#include "routed.h"

int zl_routed_init (zl_socket *s)
{
    zl_routed *r = s->priv;
    zl_fq_init (&r->fq);
    r->next_id = zl_random ();
    return 0;
}

void zl_routed_fini (zl_socket *s)
{
    zl_idmap_fini (&((zl_routed *) s->priv)->ids);
}

int zl_routed_may_connect (zl_socket *s)
{
    const zl_routed *r = s->priv;
    const zl_blob *id = s->opt.bytes[ZL_BYTES_CONNECT_ROUTING_ID];
    return id && (id->data[0] == 0 || zl_idmap_find (&r->ids, id->data, id->size)) ? -ZL_EROUTINGID : 0;
}

/* By a mark on the pipe, as its id alone does not tell. */
bool zl_routed_knows (const zl_pipe *p)
{
    return p->type_data != NULL;
}

static int make_up_id (zl_routed *r, zl_pipe *p)
{
    uint8_t id[5] = {0};
    do {
        uint32_t n = r->next_id++;
        for (int i = 4; i > 0; i--, n >>= 8)
            id[i] = (uint8_t) n;
    } while (zl_idmap_find (&r->ids, id, sizeof id));
    return zl_pipe_set_id (p, id, sizeof id);
}

int zl_routed_enter (zl_socket *s, zl_pipe *p)
{
    zl_routed *r = s->priv;
    int rc = 0;
    if (!p->id_len)
        rc = make_up_id (r, p);
    else if (zl_idmap_find (&r->ids, p->id, p->id_len))
        rc = -EADDRINUSE;
    if (rc == 0)
        rc = zl_idmap_add (&r->ids, p);
    if (rc < 0)
        return rc;
    p->type_data = r;
    zl_fq_activate (&r->fq, p);
    return 0;
}

void zl_routed_detach (zl_socket *s, zl_pipe *p)
{
    if (zl_routed_knows (p))
        zl_idmap_remove (&((zl_routed *) s->priv)->ids, p);
    p->type_data = NULL;
}

int zl_routed_find (zl_socket *s, const zl_msg *id, zl_pipe **out)
{
    *out = zl_idmap_find (&((zl_routed *) s->priv)->ids, id->data, id->size);
    return !*out ? -EHOSTUNREACH : (*out)->writable ? 0 : -EAGAIN;
}

int zl_routed_begin (zl_socket *s, zl_pipe *p)
{
    s->rx_prefix = (zl_msg){p->id, p->id_len, NULL};
    s->rx_has_prefix = true;
    return 0;
}

int zl_routed_send_raw (zl_pipe *p, const zl_msg *data)
{
    if (data->size)
        return p->ops->push (p, data, 1);
    zl_pipe_finish (p);
    return 0;
}
