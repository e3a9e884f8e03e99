/* Subscriptions: a radix tree from topic prefixes to whoever wants them.
 *
 * A node without value, count and children does not exist, nor does one without value and count that has a single child:
 * adding splits a label, removing merges it again. A node is one piece of memory, label and a single value included, and so are the
 * places of its children: what a match costs is the memory that it has to look at.
 *
 * No walk recurses, as the depth of the tree is for the peers to choose. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trie.h"

struct zl_trie_node {
    zl_trie_node *parent;
    zl_trie_node **children; /* child_cap places; behind them the first label octet of each, ascending */
    union {
        void *one;
        void **many;
    } values;
    uint32_t value_count;
    uint32_t value_cap; /* of `many`; 0: there is room for `one` */
    uint32_t count;
    uint32_t label_len;
    uint16_t child_count, child_cap;
    uint8_t label[]; /* octets from the parent to here */
};

static void node_free (zl_trie_node *n)
{
    if (n->value_cap)
        free (n->values.many);
    free (n->children);
    free (n);
}

static zl_trie_node *node_new (zl_trie_node *parent, const uint8_t *label, size_t len)
{
    zl_trie_node *n = malloc (sizeof *n + len);
    if (!n)
        return NULL;
    *n = (zl_trie_node){.parent = parent, .label_len = (uint32_t) len};
    if (len)
        memcpy (n->label, label, len);
    return n;
}

void zl_trie_fini (zl_trie *t)
{
    for (zl_trie_node *n = t->root, *parent; n;)
        if (n->child_count)
            n = n->children[--n->child_count];
        else {
            parent = n->parent;
            node_free (n);
            n = parent;
        }
    *t = (zl_trie){0};
}

/* ---- children ---- */

static uint8_t *first_octets (const zl_trie_node *n)
{
    return (uint8_t *) (n->children + n->child_cap);
}

static zl_trie_node *child_of (const zl_trie_node *n, uint8_t octet)
{
    if (!n->child_count)
        return NULL;
    const uint8_t *first = first_octets (n);
    unsigned guess = (unsigned) octet - first[0]; /* right if they follow each other, as digits do */
    if (guess < n->child_count && first[guess] == octet)
        return n->children[guess];
    const uint8_t *hit = memchr (first, octet, n->child_count);
    return hit ? n->children[hit - first] : NULL;
}

/* Where a child with that first octet is, or would be. */
static unsigned child_index (const zl_trie_node *n, uint8_t octet)
{
    const uint8_t *first = first_octets (n);
    unsigned i = 0;
    while (i < n->child_count && first[i] < octet)
        i++;
    return i;
}

static unsigned own_index (const zl_trie_node *n)
{
    return child_index (n->parent, n->label[0]);
}

static int grow_children (zl_trie_node *n)
{
    unsigned cap = n->child_cap ? n->child_cap * 2u : 2u;
    zl_trie_node **grown = malloc (cap * (sizeof *grown + 1));
    if (!grown)
        return -ENOMEM;
    if (n->child_count) {
        memcpy (grown, n->children, n->child_count * sizeof *grown);
        memcpy (grown + cap, first_octets (n), n->child_count);
    }
    free (n->children);
    n->children = grown;
    n->child_cap = (uint16_t) cap;
    return 0;
}

static int add_child (zl_trie_node *n, zl_trie_node *child)
{
    if (n->child_count == n->child_cap && grow_children (n) < 0)
        return -ENOMEM;
    unsigned at = child_index (n, child->label[0]);
    uint8_t *first = first_octets (n);
    memmove (first + at + 1, first + at, n->child_count - at);
    memmove (n->children + at + 1, n->children + at, (n->child_count - at) * sizeof *n->children);
    first[at] = child->label[0];
    n->children[at] = child;
    n->child_count++;
    return 0;
}

static void remove_child (zl_trie_node *n, const zl_trie_node *child)
{
    unsigned at = child_index (n, child->label[0]);
    uint8_t *first = first_octets (n);
    n->child_count--;
    memmove (first + at, first + at + 1, n->child_count - at);
    memmove (n->children + at, n->children + at + 1, (n->child_count - at) * sizeof *n->children);
}

static size_t common (const zl_trie_node *n, const uint8_t *topic, size_t len)
{
    size_t max = ZL_MIN (len, (size_t) n->label_len), i = 0;
    while (i < max && n->label[i] == topic[i])
        i++;
    return i;
}

/* Puts a node between n and its parent that ends after `at` octets of n's label. NULL without memory. */
static zl_trie_node *split (zl_trie_node *n, size_t at)
{
    zl_trie_node *parent = n->parent, *upper = node_new (parent, n->label, at);
    if (!upper || grow_children (upper) < 0) {
        free (upper);
        return NULL;
    }
    parent->children[own_index (n)] = upper;
    memmove (n->label, n->label + at, n->label_len - at);
    n->label_len -= (uint32_t) at;
    n->parent = upper;
    add_child (upper, n);
    return upper;
}

/* The node of exactly that topic, made if it is not there. NULL without memory; the tree may then hold an empty node, which
 * the next removal around it takes away. */
static zl_trie_node *find_or_make (zl_trie *t, const uint8_t *topic, size_t n)
{
    if (!t->root && !(t->root = node_new (NULL, NULL, 0)))
        return NULL;
    zl_trie_node *at = t->root;
    while (n) {
        zl_trie_node *child = child_of (at, topic[0]);
        if (!child) {
            child = node_new (at, topic, n);
            if (child && add_child (at, child) < 0) {
                node_free (child);
                child = NULL;
            }
            return child;
        }
        size_t same = common (child, topic, n);
        if (same < child->label_len && !(child = split (child, same)))
            return NULL;
        topic += same;
        n -= same;
        at = child;
    }
    return at;
}

/* The node of exactly that topic, or NULL. */
static zl_trie_node *find (const zl_trie *t, const uint8_t *topic, size_t n)
{
    zl_trie_node *at = t->root;
    while (at && n) {
        zl_trie_node *child = child_of (at, topic[0]);
        if (!child || common (child, topic, n) < child->label_len)
            return NULL;
        topic += child->label_len;
        n -= child->label_len;
        at = child;
    }
    return at;
}

static bool in_use (const zl_trie_node *n)
{
    return n->value_count || n->count;
}

/* Joins n with its only child, if it stands for nothing itself. */
static void merge (zl_trie_node *n)
{
    if (!n->parent || in_use (n) || n->child_count != 1)
        return;
    zl_trie_node *child = n->children[0];
    zl_trie_node *joined = malloc (sizeof *joined + n->label_len + child->label_len);
    if (!joined)
        return; /* only a node too many */
    *joined = *child;
    joined->parent = n->parent;
    joined->label_len += n->label_len;
    memcpy (joined->label, n->label, n->label_len);
    memcpy (joined->label + n->label_len, child->label, child->label_len);
    for (unsigned i = 0; i < joined->child_count; i++)
        joined->children[i]->parent = joined;
    n->parent->children[own_index (n)] = joined;
    free (child); /* what it referred to is with its heir */
    node_free (n);
}

/* Takes n away if a removal has left it empty. */
static void prune (zl_trie_node *n)
{
    if (in_use (n) || !n->parent)
        return;
    if (n->child_count == 0) {
        remove_child (n->parent, n);
        node_free (n);
    } else
        merge (n);
}

/* The same, and likewise its parent, for which it may have been one of two children. */
static void prune_up (zl_trie_node *n)
{
    zl_trie_node *parent = n->child_count ? NULL : n->parent;
    bool goes = !in_use (n);
    prune (n);
    if (goes && parent)
        merge (parent);
}

/* ---- sets of values ---- */

static void **values_of (zl_trie_node *n)
{
    return n->value_cap ? n->values.many : &n->values.one;
}

static int value_index (zl_trie_node *n, const void *value)
{
    void **values = values_of (n);
    for (unsigned i = 0; i < n->value_count; i++)
        if (values[i] == value)
            return (int) i;
    return -1;
}

/* Room for one more. */
static int grow_values (zl_trie_node *n)
{
    if (n->value_count < ZL_MAX (n->value_cap, 1u))
        return 0;
    uint32_t cap = ZL_MAX (n->value_cap, 1u) * 2;
    void **many = malloc (cap * sizeof *many);
    if (!many)
        return -ENOMEM;
    memcpy (many, values_of (n), n->value_count * sizeof *many);
    if (n->value_cap)
        free (n->values.many);
    n->values.many = many;
    n->value_cap = cap;
    return 0;
}

int zl_trie_add (zl_trie *t, const uint8_t *topic, size_t n, void *value)
{
    zl_trie_node *node = find_or_make (t, topic, n);
    if (!node)
        return -ENOMEM;
    if (value_index (node, value) >= 0)
        return -EEXIST;
    if (grow_values (node) < 0) {
        prune_up (node);
        return -ENOMEM;
    }
    bool fresh = !in_use (node);
    values_of (node)[node->value_count++] = value;
    t->topics += fresh;
    return fresh;
}

static void drop_value (zl_trie *t, zl_trie_node *n, int at)
{
    void **values = values_of (n);
    values[at] = values[--n->value_count];
    t->topics -= !in_use (n);
}

int zl_trie_remove (zl_trie *t, const uint8_t *topic, size_t n, void *value)
{
    zl_trie_node *node = find (t, topic, n);
    int at = node ? value_index (node, value) : -1;
    if (at < 0)
        return -ENOENT;
    drop_value (t, node, at);
    if (in_use (node))
        return 0;
    prune_up (node);
    return 1;
}

bool zl_trie_holds (const zl_trie *t, const uint8_t *topic, size_t n)
{
    const zl_trie_node *node = find (t, topic, n);
    return node && in_use (node);
}

/* The child on the way that data goes, with its label; NULL if there is none. */
static inline zl_trie_node *step (const zl_trie_node *at, const uint8_t *data, size_t n)
{
    zl_trie_node *child = child_of (at, data[0]);
    if (!child || child->label_len == 1) /* which is what it was found by */
        return child;
    return child->label_len <= n && memcmp (child->label, data, child->label_len) == 0 ? child : NULL;
}

void zl_trie_match (const zl_trie *t, const uint8_t *data, size_t n, void (*fn) (void *, void *), void *arg)
{
    for (zl_trie_node *at = t->root; at; at = n ? step (at, data, n) : NULL) {
        data += at->label_len;
        n -= at->label_len;
        void **values = values_of (at);
        for (unsigned i = 0; i < at->value_count; i++)
            fn (values[i], arg);
    }
}

/* A walk over the tree that keeps the topic of the node it is at; `broken` from when there was no memory for one. */
typedef struct {
    uint8_t *topic;
    size_t len, cap;
    bool broken;
} topic_buffer;

static void topic_push (topic_buffer *b, const zl_trie_node *n)
{
    size_t len = b->len + n->label_len;
    if (len > b->cap && !b->broken) {
        uint8_t *grown = realloc (b->topic, len * 2);
        b->broken = !grown;
        if (grown) {
            b->topic = grown;
            b->cap = len * 2;
        }
    }
    if (n->label_len && !b->broken)
        memcpy (b->topic + b->len, n->label, n->label_len);
    b->len = len;
}

/* Down the last children, to the first node of a walk that sees children before their parent. */
static zl_trie_node *descend (topic_buffer *b, zl_trie_node *n)
{
    topic_push (b, n);
    while (n->child_count) {
        n = n->children[n->child_count - 1];
        topic_push (b, n);
    }
    return n;
}

void zl_trie_remove_all (zl_trie *t, void *value, void (*fn) (const uint8_t *, size_t, bool, void *), void *arg)
{
    topic_buffer b = {0};
    zl_trie_node *n = t->root ? descend (&b, t->root) : NULL;
    while (n) {
        int at = value_index (n, value);
        if (at >= 0) {
            drop_value (t, n, at);
            if (fn && !b.broken)
                fn (b.topic, b.len, !in_use (n), arg);
        }
        b.len -= n->label_len;
        zl_trie_node *parent = n->parent;
        unsigned index = parent ? own_index (n) : 0;
        prune (n); /* the parent's turn comes when all its children have been seen */
        n = index ? descend (&b, parent->children[index - 1]) : parent;
    }
    free (b.topic);
}

/* ---- counts ---- */

int zl_trie_count (zl_trie *t, const uint8_t *topic, size_t n)
{
    zl_trie_node *node = find_or_make (t, topic, n);
    if (!node)
        return -ENOMEM;
    t->topics += !in_use (node);
    return (int) ++node->count;
}

int zl_trie_uncount (zl_trie *t, const uint8_t *topic, size_t n)
{
    zl_trie_node *node = find (t, topic, n);
    if (!node || !node->count)
        return -ENOENT;
    int left = (int) --node->count;
    if (!in_use (node)) {
        t->topics--;
        prune_up (node);
    }
    return left;
}

bool zl_trie_matches (const zl_trie *t, const uint8_t *data, size_t n)
{
    for (const zl_trie_node *at = t->root; at; at = n ? step (at, data, n) : NULL) {
        data += at->label_len;
        n -= at->label_len;
        if (at->count)
            return true;
    }
    return false;
}

/* The next node of a walk that sees parents before their children; NULL at its end. */
static const zl_trie_node *next_of (topic_buffer *b, const zl_trie_node *n)
{
    if (n->child_count) {
        topic_push (b, n->children[0]);
        return n->children[0];
    }
    for (; n->parent; n = n->parent) {
        unsigned index = own_index (n) + 1;
        b->len -= n->label_len;
        if (index < n->parent->child_count) {
            topic_push (b, n->parent->children[index]);
            return n->parent->children[index];
        }
    }
    return NULL;
}

int zl_trie_each (const zl_trie *t, int (*fn) (const uint8_t *, size_t, void *), void *arg)
{
    topic_buffer b = {0};
    int rc = 0;
    for (const zl_trie_node *n = t->root; n && rc >= 0; n = next_of (&b, n))
        rc = b.broken ? -ENOMEM : n->count ? fn (b.topic, b.len, arg) : 0;
    free (b.topic);
    return rc < 0 ? rc : 0;
}
