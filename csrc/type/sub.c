/* SUB (RFC 29): receives what it has subscribed to, and filters once more itself, so that nothing stale comes through. */
#include "subscriber.h"

static int sub_select (zl_socket *s, zl_pipe **out)
{
    zl_subscriber *sub = s->priv;
    zl_view v;
    for (zl_pipe *p; (p = zl_fq_head (&sub->fq));) {
        ZL_ASSERT (zl_frameq_peek (&p->in, &s->pool, &v));
        if (ZL_LIKELY (zl_trie_matches (&sub->topics, v.data, v.size) != s->opt.invert_matching)) {
            *out = p;
            return 0;
        }
        zl_pipe_drop_head (p, ZL_DROP_UNMATCHED);
    }
    return -EAGAIN;
}

static int set_subscribe (zl_socket *s, const void *value, size_t size)
{
    return zl_subscriber_change (s, true, value, size);
}

static int set_unsubscribe (zl_socket *s, const void *value, size_t size)
{
    return zl_subscriber_change (s, false, value, size);
}

static const zl_option_row options[] = {
    {6, "SUBSCRIBE", ZL_OPT_BYTES, set_subscribe, NULL},
    {7, "UNSUBSCRIBE", ZL_OPT_BYTES, set_unsubscribe, NULL},
    {116, "TOPICS_COUNT", ZL_OPT_INT, NULL, zl_subscriber_topics_count},
};

const zl_type zl_type_sub = {
    .id = ZL_SUB,
    .size = sizeof (zl_subscriber),
    .default_linger = 0,
    .conflates = true,
    .one_connection_per_endpoint = true,
    .init = zl_fair_init,
    .fini = zl_subscriber_fini,
    .attach = zl_subscriber_attach,
    .connected = zl_subscriber_connected,
    .detach = zl_type_nothing,
    .drained = zl_fair_drained,
    .readable = zl_fair_readable,
    .select = sub_select,
    .end = zl_fair_end,
    .options = options,
    .option_count = ZL_LEN (options),
};
