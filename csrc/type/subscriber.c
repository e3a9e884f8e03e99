/* What SUB and XSUB are both made of. */
#include "subscriber.h"

void zl_subscriber_fini (zl_socket *s)
{
    zl_trie_fini (&((zl_subscriber *) s->priv)->topics);
}

bool zl_subscriber_attach (zl_socket *s, zl_pipe *p)
{
    zl_fq_activate (&((zl_subscriber *) s->priv)->fq, p);
    return true;
}

static int tell (const uint8_t *topic, size_t n, void *arg)
{
    zl_pipe *p = arg;
    return p->ops->subscribe (p, true, topic, n);
}

void zl_subscriber_connected (zl_socket *s, zl_pipe *p)
{
    zl_trie_each (&((zl_subscriber *) s->priv)->topics, tell, p);
}

int zl_subscriber_change (zl_socket *s, bool subscribe, const uint8_t *topic, size_t n)
{
    zl_trie *topics = &((zl_subscriber *) s->priv)->topics;
    int count = subscribe ? zl_trie_count (topics, topic, n) : zl_trie_uncount (topics, topic, n);
    bool verbose = !subscribe && s->opt.xsub_verbose_unsubscribe;
    if (!verbose && (count == -ENOENT || (!subscribe && count > 0)))
        return 0; /* publishers hear of the last cancel only: they keep a set, not counts */
    if (count < 0 && count != -ENOENT)
        return count;
    int rc = 0;
    ZL_LIST_EACH (&s->pipes, zl_pipe, node, p)
        if (p->attached && !p->dead && !p->leaving && rc == 0)
            rc = p->ops->subscribe (p, subscribe, topic, n);
    return rc;
}

int zl_subscriber_topics_count (zl_socket *s, void *value, size_t *size)
{
    (void) size;
    return zl_option_give_int (value, (int64_t) ((zl_subscriber *) s->priv)->topics.topics);
}
