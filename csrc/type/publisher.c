/* What PUB and XPUB are both made of. */
#include <stdlib.h>
#include <string.h>

#include "publisher.h"

enum { MANY = 4 };

void zl_publisher_fini (zl_socket *s)
{
    zl_publisher *pub = s->priv;
    zl_trie_fini (&pub->topics);
    zl_trie_fini (&pub->asked);
    free (pub->matches);
    zl_blob_drop (pub->encoded.blob);
    free (pub->origins);
    if (pub->upstream) {
        zl_frameq_clear (&pub->upstream->in, &s->pool);
        free (pub->upstream);
    }
}

/* XPUB_WELCOME_MSG is the first that a new pipe gets. */
bool zl_publisher_attach (zl_socket *s, zl_pipe *p)
{
    const zl_blob *welcome = s->opt.bytes[ZL_BYTES_WELCOME_MSG];
    zl_msg m = {0};
    if (welcome)
        m = (zl_msg){welcome->data, welcome->size, NULL};
    if (welcome && p->ops->push (p, &m, 1) < 0)
        s->stats.dropped[ZL_DROP_MEMORY]++;
    return true;
}

/* ---- telling the application of an XPUB ---- */

static bool add_origin (zl_publisher *pub, zl_origin origin)
{
    if (pub->origin_count == pub->origin_cap) {
        size_t cap = pub->origin_cap ? pub->origin_cap * 2 : 16;
        zl_origin *grown = realloc (pub->origins, cap * sizeof *grown);
        if (!grown)
            return false;
        pub->origins = grown;
        pub->origin_cap = cap;
    }
    pub->origins[pub->origin_count++] = origin;
    return true;
}

static void tell (zl_socket *s, const zl_msg *frames, unsigned n, zl_origin origin)
{
    zl_publisher *pub = s->priv;
    if (!pub->upstream)
        return;
    if (!add_origin (pub, origin))
        s->stats.dropped[ZL_DROP_MEMORY]++;
    else if (zl_frameq_push (&pub->upstream->in, &s->pool, frames, n) < 0) {
        pub->origin_count--;
        s->stats.dropped[ZL_DROP_MEMORY]++;
    } else
        zl_socket_changed (s);
}

static void tell_subscription (zl_socket *s, zl_pipe *from, bool subscribe, const uint8_t *topic, size_t n)
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
    tell (s, &m, 1, (zl_origin){from, true});
    zl_blob_drop (b);
}

void zl_publisher_told (zl_socket *s)
{
    zl_publisher *pub = s->priv;
    zl_origin told = pub->origins[0];
    memmove (pub->origins, pub->origins + 1, --pub->origin_count * sizeof told);
    if (told.is_request)
        pub->last = told.from;
}

/* ---- subscriptions ---- */

static void topic_gone (const uint8_t *topic, size_t n, bool last, void *socket)
{
    zl_socket *s = socket;
    if (last || s->opt.xpub_verbose_cancel || s->opt.xpub_manual)
        tell_subscription (s, NULL, false, topic, n);
}

/* In manual mode the application hears of what the peer had asked for, otherwise of what it had. */
void zl_publisher_detach (zl_socket *s, zl_pipe *p)
{
    zl_publisher *pub = s->priv;
    bool manual = s->opt.xpub_manual;
    for (size_t i = 0; i < pub->origin_count; i++)
        if (pub->origins[i].from == p)
            pub->origins[i].from = NULL;
    if (pub->last == p)
        pub->last = NULL;
    zl_trie_remove_all (&pub->asked, p, manual ? topic_gone : NULL, s);
    zl_trie_remove_all (&pub->topics, p, manual ? NULL : topic_gone, s);
}

static int change (zl_socket *s, zl_trie *t, zl_pipe *p, bool subscribe, const uint8_t *topic, size_t n)
{
    int rc = subscribe ? zl_trie_add (t, topic, n, p) : zl_trie_remove (t, topic, n, p);
    if (rc == -ENOMEM)
        s->stats.dropped[ZL_DROP_MEMORY]++;
    return rc;
}

void zl_publisher_subscription (zl_socket *s, zl_pipe *p, bool subscribe, const uint8_t *topic, size_t n)
{
    zl_publisher *pub = s->priv;
    if (p->leaving || p->dead)
        return;
    if (s->opt.xpub_manual) {
        change (s, &pub->asked, p, subscribe, topic, n);
        tell_subscription (s, p, subscribe, topic, n);
        return;
    }
    int rc = change (s, &pub->topics, p, subscribe, topic, n);
    /* The first to subscribe and the last to leave are told of, and the cancel of a topic that nobody holds. */
    bool matters = rc == 1 || (!subscribe && rc == -ENOENT && !zl_trie_holds (&pub->topics, topic, n));
    if (matters || (subscribe ? s->opt.xpub_verbose : s->opt.xpub_verbose_cancel))
        tell_subscription (s, p, subscribe, topic, n);
}

/* ---- messages from subscribers ---- */

static bool is_subscription (const zl_view *v)
{
    return v->size && v->data[0] <= 1;
}

/* The frames of a message that is to be passed up; each holds a block. */
typedef struct {
    zl_msg *frames;
    unsigned count, cap;
} copied;

static bool copy_frame (copied *c, const zl_view *v)
{
    if (c->count == c->cap) {
        unsigned cap = c->cap ? c->cap * 2 : 8;
        zl_msg *grown = realloc (c->frames, cap * sizeof *grown);
        if (!grown)
            return false;
        c->frames = grown;
        c->cap = cap;
    }
    zl_msg m = {v->data, v->size, v->blob};
    zl_blob *b = zl_msg_blob (&m);
    if (!b)
        return false;
    c->frames[c->count++] = (zl_msg){v->blob ? v->data : b->data, v->size, b};
    return true;
}

/* A message of its own, or subscriptions in the form of 3.0 peers and of inproc. What kind it is the first frame says, but for
 * a rule of libzmq's: later frames of any message subscribe too, unless ONLY_FIRST_SUBSCRIBE. */
static void take_message (zl_socket *s, zl_pipe *p)
{
    zl_publisher *pub = s->priv;
    bool first = true, is_own = false, complete = true;
    zl_view v = {.more = true};
    copied own = {0};
    while (v.more && zl_frameq_peek (&p->in, &s->pool, &v)) {
        if (first)
            is_own = !is_subscription (&v);
        if (is_subscription (&v) && !is_own)
            zl_publisher_subscription (s, p, v.data[0], v.data + 1, v.size - 1);
        else if (is_subscription (&v) && !s->opt.only_first_subscribe) /* the message itself tells of it */
            change (s, s->opt.xpub_manual ? &pub->asked : &pub->topics, p, v.data[0], v.data + 1, v.size - 1);
        if (is_own && pub->upstream)
            complete &= copy_frame (&own, &v);
        first = false;
        zl_frameq_next (&p->in, &s->pool, &v);
    }
    if (!complete)
        s->stats.dropped[ZL_DROP_MEMORY]++;
    else if (own.count)
        tell (s, own.frames, own.count, (zl_origin){p, false});
    else if (is_own)
        s->stats.dropped[ZL_DROP_UNEXPECTED]++;
    while (own.count)
        zl_blob_drop (own.frames[--own.count].blob);
    free (own.frames);
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

/* INVERT_MATCHING: those who match stay out, all others come in. */
static void invert_matches (zl_socket *s)
{
    zl_publisher *pub = s->priv;
    pub->match_count = 0;
    ZL_LIST_EACH (&s->pipes, zl_pipe, node, p)
        if (p->attached && !p->dead && !p->leaving && !p->matched)
            add_match (p, pub);
        else
            p->matched = false;
}

/* XPUB_MANUAL_LAST_VALUE: the peer that was heard last, alone, if it matches. */
static void only_last (zl_publisher *pub)
{
    size_t kept = 0;
    for (size_t i = 0; i < pub->match_count; i++)
        if (pub->matches[i] == pub->last)
            pub->matches[kept++] = pub->last;
        else
            pub->matches[i]->matched = false;
    pub->match_count = kept;
}

static void find_matches (zl_socket *s, const zl_msg *first)
{
    zl_publisher *pub = s->priv;
    pub->match_count = 0;
    pub->out_of_memory = false;
    zl_trie_match (&pub->topics, first->data, first->size, add_match, pub);
    if (s->opt.invert_matching)
        invert_matches (s);
    if (s->opt.xpub_manual_last_value && pub->last)
        only_last (pub);
}

/* XPUB_NODROP: nobody gets what one of them has no room for. */
static bool all_have_room (const zl_publisher *pub)
{
    for (size_t i = 0; i < pub->match_count; i++)
        if (!pub->matches[i]->writable)
            return false;
    return true;
}

int zl_publisher_can_send (zl_socket *s)
{
    (void) s;
    return 0;
}

static void forget_matches (zl_publisher *pub)
{
    for (size_t i = 0; i < pub->match_count; i++)
        pub->matches[i]->matched = false;
}

int zl_publisher_check_first (zl_socket *s, const zl_msg *first)
{
    zl_publisher *pub = s->priv;
    if (!s->opt.xpub_nodrop)
        return 0;
    find_matches (s, first);
    forget_matches (pub);
    return all_have_room (pub) ? 0 : -EAGAIN;
}

/* To everyone in the matches, who are none any more afterwards. What goes to many is encoded once for all who can take it so. */
static void fan_out (zl_socket *s, const zl_msg *frames, unsigned n)
{
    zl_publisher *pub = s->priv;
    bool encoded = pub->match_count >= MANY && zl_encoded_put (&pub->encoded, frames, n) == 0;
    for (size_t i = 0; i < pub->match_count; i++) {
        zl_pipe *p = pub->matches[i];
        p->matched = false;
        int rc = !p->writable                 ? -EAGAIN
                 : encoded && p->takes_encoded ? p->ops->push_encoded (p, &pub->encoded)
                                               : p->ops->push (p, frames, n);
        if (rc < 0)
            s->stats.dropped[rc == -EAGAIN ? ZL_DROP_HWM : ZL_DROP_MEMORY]++;
    }
}

int zl_publisher_send (zl_socket *s, const zl_msg *frames, unsigned n)
{
    zl_publisher *pub = s->priv;
    zl_blob *shared = NULL;
    zl_msg single;
    find_matches (s, frames);
    if (ZL_UNLIKELY (s->opt.xpub_nodrop) && !all_have_room (pub)) {
        forget_matches (pub);
        return -EAGAIN;
    }
    if (pub->match_count > 1 && n == 1 && !frames->blob && frames->size >= ZL_REF_MIN) {
        shared = zl_msg_blob (frames); /* one copy for all */
        if (shared) {
            single = (zl_msg){shared->data, shared->size, shared};
            frames = &single;
        }
    }
    fan_out (s, frames, n);
    if (s->opt.xpub_manual_last_value)
        pub->last = NULL;
    if (pub->out_of_memory)
        s->stats.dropped[ZL_DROP_MEMORY]++;
    else if (!pub->match_count)
        s->stats.dropped[ZL_DROP_NO_PEER]++;
    zl_blob_drop (shared);
    return 0;
}

/* ---- options ---- */

static int as_flag (const void *value, int *flag)
{
    int64_t v = zl_option_int (value);
    if (v < 0)
        return -EINVAL;
    *flag = v != 0;
    return 0;
}

/* VERBOSE and VERBOSER share two switches: the first sets one and clears the other, the second sets both alike. */
static int set_verbose (zl_socket *s, const void *value, size_t size)
{
    (void) size;
    int rc = as_flag (value, &s->opt.xpub_verbose);
    if (rc == 0)
        s->opt.xpub_verbose_cancel = 0;
    return rc;
}

static int set_verboser (zl_socket *s, const void *value, size_t size)
{
    (void) size;
    int rc = as_flag (value, &s->opt.xpub_verbose);
    if (rc == 0)
        s->opt.xpub_verbose_cancel = s->opt.xpub_verbose;
    return rc;
}

static int set_manual_last_value (zl_socket *s, const void *value, size_t size)
{
    (void) size;
    int rc = as_flag (value, &s->opt.xpub_manual_last_value);
    if (rc == 0)
        s->opt.xpub_manual = s->opt.xpub_manual_last_value;
    return rc;
}

/* For the peer that the application heard last, if it is still there. */
static int change_for_last (zl_socket *s, bool subscribe, const void *topic, size_t n)
{
    zl_publisher *pub = s->priv;
    if (!s->opt.xpub_manual)
        return -EINVAL;
    return pub->last && change (s, &pub->topics, pub->last, subscribe, topic, n) == -ENOMEM ? -ENOMEM : 0;
}

static int set_subscribe (zl_socket *s, const void *value, size_t size)
{
    return change_for_last (s, true, value, size);
}

static int set_unsubscribe (zl_socket *s, const void *value, size_t size)
{
    return change_for_last (s, false, value, size);
}

static int get_topics_count (zl_socket *s, void *value, size_t *size)
{
    (void) size;
    return zl_option_give_int (value, (int64_t) ((zl_publisher *) s->priv)->topics.topics);
}

const zl_option_row zl_publisher_options[ZL_PUBLISHER_OPTIONS] = {
    {6, "SUBSCRIBE", ZL_OPT_BYTES, set_subscribe, NULL},
    {7, "UNSUBSCRIBE", ZL_OPT_BYTES, set_unsubscribe, NULL},
    {40, "XPUB_VERBOSE", ZL_OPT_INT, set_verbose, NULL},
    {78, "XPUB_VERBOSER", ZL_OPT_INT, set_verboser, NULL},
    {98, "XPUB_MANUAL_LAST_VALUE", ZL_OPT_INT, set_manual_last_value, NULL},
    {116, "TOPICS_COUNT", ZL_OPT_INT, NULL, get_topics_count},
};
