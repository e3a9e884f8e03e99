/* What PUB and XPUB are both made of. */
#include <stdlib.h>
#include <string.h>

#include "publisher.h"

void zl_publisher_fini (zl_socket *s)
{
    zl_publisher *pub = s->priv;
    zl_trie_fini (&pub->topics);
    free (pub->matches);
    if (pub->upstream) {
        zl_frameq_clear (&pub->upstream->in, &s->pool);
        free (pub->upstream);
    }
}

bool zl_publisher_attach (zl_socket *s, zl_pipe *p)
{
    (void) s;
    (void) p;
    return true;
}

/* Tells the application of an XPUB. */
static void report (zl_socket *s, const zl_msg *frames, unsigned n)
{
    zl_publisher *pub = s->priv;
    if (!pub->upstream)
        return;
    if (zl_frameq_push (&pub->upstream->in, &s->pool, frames, n) < 0)
        s->stats.dropped[ZL_DROP_MEMORY]++;
    zl_socket_changed (s);
}

static void report_subscription (zl_socket *s, bool subscribe, const uint8_t *topic, size_t n)
{
    if (!((zl_publisher *) s->priv)->upstream)
        return;
    zl_blob *b = zl_blob_alloc (n + 1);
    if (!b) {
        s->stats.dropped[ZL_DROP_MEMORY]++;
        return;
    }
    zl_blob_bytes (b)[0] = subscribe;
    if (n)
        memcpy (zl_blob_bytes (b) + 1, topic, n);
    zl_msg m = {b->data, b->size, b};
    report (s, &m, 1);
    zl_blob_drop (b);
}

static void topic_gone (const uint8_t *topic, size_t n, bool last, void *arg)
{
    if (last)
        report_subscription (arg, false, topic, n);
}

void zl_publisher_detach (zl_socket *s, zl_pipe *p)
{
    zl_trie_remove_all (&((zl_publisher *) s->priv)->topics, p, topic_gone, s);
}

void zl_publisher_subscription (zl_socket *s, zl_pipe *p, bool subscribe, const uint8_t *topic, size_t n)
{
    zl_trie *topics = &((zl_publisher *) s->priv)->topics;
    if (p->leaving || p->dead)
        return;
    int rc = subscribe ? zl_trie_add (topics, topic, n, p) : zl_trie_remove (topics, topic, n, p);
    if (rc == -ENOMEM)
        s->stats.dropped[ZL_DROP_MEMORY]++;
    /* The first to subscribe and the last to leave are reported, and the cancel of a topic that nobody holds. */
    if (rc == 1 || (!subscribe && rc == -ENOENT && !zl_trie_holds (topics, topic, n)))
        report_subscription (s, subscribe, topic, n);
}

/* One message from a subscriber: subscriptions in the form of 3.0 peers and of inproc, or a message of its own. */
static void take_message (zl_socket *s, zl_pipe *p)
{
    zl_view v = {.more = true};
    zl_msg few[16];
    unsigned n = 0;
    bool first = true, subscriptions = false;
    while (v.more && zl_frameq_peek (&p->in, &s->pool, &v)) {
        bool is_subscription = v.size && v.data[0] <= 1;
        if (first)
            subscriptions = is_subscription;
        first = false;
        if (subscriptions && is_subscription)
            zl_publisher_subscription (s, p, v.data[0], v.data + 1, v.size - 1);
        else if (!subscriptions && ((zl_publisher *) s->priv)->upstream && n < ZL_LEN (few)) {
            zl_msg m = {v.data, v.size, v.blob};
            zl_blob *b = zl_msg_blob (&m);
            if (b)
                few[n++] = (zl_msg){v.blob ? v.data : b->data, v.size, b};
        }
        zl_frameq_next (&p->in, &s->pool, &v);
    }
    if (n)
        report (s, few, n);
    else if (!subscriptions)
        s->stats.dropped[ZL_DROP_UNEXPECTED]++;
    while (n)
        zl_blob_drop (few[--n].blob);
}

void zl_publisher_arrived (zl_socket *s, zl_pipe *p)
{
    while (zl_pipe_readable (p)) {
        take_message (s, p);
        p->ops->consumed (p);
        if (!zl_pipe_readable (p) && p->ops->pull && !p->dead)
            p->ops->pull (p);
    }
}

/* ---- sending ---- */

static void add_match (void *value, void *arg)
{
    zl_pipe *p = value;
    zl_publisher *pub = arg;
    if (p->matched)
        return;
    if (pub->match_count == pub->match_cap) {
        size_t cap = pub->match_cap ? pub->match_cap * 2 : 16;
        zl_pipe **grown = realloc (pub->matches, cap * sizeof *grown);
        if (!grown) {
            pub->out_of_memory = true;
            return;
        }
        pub->matches = grown;
        pub->match_cap = cap;
    }
    p->matched = true;
    pub->matches[pub->match_count++] = p;
}

int zl_publisher_can_send (zl_socket *s)
{
    (void) s;
    return 0;
}

int zl_publisher_send (zl_socket *s, const zl_msg *frames, unsigned n)
{
    zl_publisher *pub = s->priv;
    zl_blob *shared = NULL;
    zl_msg single;
    pub->match_count = 0;
    pub->out_of_memory = false;
    zl_trie_match (&pub->topics, frames->data, frames->size, add_match, pub);
    if (pub->match_count > 1 && n == 1 && !frames->blob && frames->size >= ZL_REF_MIN) {
        shared = zl_msg_blob (frames); /* one copy for all */
        if (shared) {
            single = (zl_msg){shared->data, shared->size, shared};
            frames = &single;
        }
    }
    for (size_t i = 0; i < pub->match_count; i++) {
        zl_pipe *p = pub->matches[i];
        p->matched = false;
        if (!p->writable)
            s->stats.dropped[ZL_DROP_HWM]++;
        else if (p->ops->push (p, frames, n) < 0)
            s->stats.dropped[ZL_DROP_MEMORY]++;
    }
    if (pub->out_of_memory)
        s->stats.dropped[ZL_DROP_MEMORY]++;
    else if (!pub->match_count)
        s->stats.dropped[ZL_DROP_NO_PEER]++;
    zl_blob_drop (shared);
    return 0;
}
