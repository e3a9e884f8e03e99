/* XSUB (RFC 29): subscribes by sending messages that begin with 1 (or 0 to unsubscribe), receives unfiltered; any other
 * message goes to all publishers. */
#include "subscriber.h"

static int xsub_can_send (zl_socket *s)
{
    (void) s;
    return 0;
}

static bool is_subscription (const zl_msg *m)
{
    return m->size && m->data[0] <= 1;
}

static int send_to_all (zl_socket *s, const zl_msg *frames, unsigned n)
{
    int rc = 0;
    bool any = false;
    ZL_LIST_EACH (&s->pipes, zl_pipe, node, p)
    {
        if (!p->attached || p->dead || p->leaving)
            continue;
        any = true;
        if (!p->writable)
            s->stats.dropped[ZL_DROP_HWM]++;
        else if (rc == 0)
            rc = p->ops->push (p, frames, n);
    }
    if (!any)
        s->stats.dropped[ZL_DROP_NO_PEER]++;
    return rc;
}

/* Frames behind the first subscribe too, on their way to the publishers, who see them there; by a rule of libzmq's, unless
 * ONLY_FIRST_SUBSCRIBE. */
static int send_own (zl_socket *s, const zl_msg *frames, unsigned n)
{
    zl_trie *topics = &((zl_subscriber *) s->priv)->topics;
    int rc = send_to_all (s, frames, n);
    for (unsigned i = 1; i < n && rc == 0 && !s->opt.only_first_subscribe; i++) {
        const uint8_t *topic = frames[i].data + 1;
        if (!is_subscription (&frames[i]))
            continue;
        int count = frames[i].data[0] ? zl_trie_count (topics, topic, frames[i].size - 1)
                                      : zl_trie_uncount (topics, topic, frames[i].size - 1);
        rc = count == -ENOMEM ? count : 0;
    }
    return rc;
}

/* In a message that begins with a subscription every frame that looks like one is one. */
static int xsub_send (zl_socket *s, const zl_msg *frames, unsigned n)
{
    if (!is_subscription (frames))
        return send_own (s, frames, n);
    int rc = 0;
    for (unsigned i = 0; i < n && rc == 0; i++)
        if (is_subscription (&frames[i]))
            rc = zl_subscriber_change (s, frames[i].data[0], frames[i].data + 1, frames[i].size - 1);
    return rc;
}

static const zl_option_row options[] = {
    {116, "TOPICS_COUNT", ZL_OPT_INT, NULL, zl_subscriber_topics_count},
};

const zl_type zl_type_xsub = {
    .id = ZL_XSUB,
    .size = sizeof (zl_subscriber),
    .default_linger = 0,
    .init = zl_fair_init,
    .fini = zl_subscriber_fini,
    .attach = zl_subscriber_attach,
    .connected = zl_subscriber_connected,
    .detach = zl_type_nothing,
    .drained = zl_fair_drained,
    .readable = zl_fair_readable,
    .can_send = xsub_can_send,
    .send = xsub_send,
    .select = zl_fair_select,
    .end = zl_fair_end,
    .options = options,
    .option_count = ZL_LEN (options),
};
