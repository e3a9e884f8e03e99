/* Subscriptions: a radix tree from topic prefixes to whoever wants them.
 *
 * A node without value, count and children does not exist, nor does one without value and count that has a single child:
 * adding splits a label, removing merges it again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trie.h"

struct zl_trie_node {
    uint8_t *label; /* octets from the parent to here */
    uint32_t label_len;
    uint32_t count;
    uint32_t value_count, value_cap;
    void **values;
    uint16_t child_count, child_cap;
    uint8_t *first;           /* first label octet of each child, ascending */
    zl_trie_node **children;
};

static void node_free (zl_trie_node *n)
{
    free (n->label);
    free (n->values);
    free (n->first);
    free (n->children);
    free (n);
}

static zl_trie_node *node_new (const uint8_t *label, size_t len)
{
    zl_trie_node *n = calloc (1, sizeof *n);
    if (!n)
        return NULL;
    n->label = malloc (len ? len : 1);
    if (!n->label) {
        free (n);
        return NULL;
    }
    if (len)
        memcpy (n->label, label, len);
    n->label_len = (uint32_t) len;
    return n;
}

static void fini_below (zl_trie_node *n)
{
    for (unsigned i = 0; i < n->child_count; i++)
        fini_below (n->children[i]);
    node_free (n);
}

void zl_trie_fini (zl_trie *t)
{
    if (t->root)
        fini_below (t->root);
    *t = (zl_trie){0};
}

/* Where a child with that first octet is, or would be. */
static unsigned child_index (const zl_trie_node *n, uint8_t octet)
{
    unsigned low = 0, high = n->child_count;
    while (low < high) {
        unsigned mid = (low + high) / 2;
        if (n->first[mid] < octet)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static zl_trie_node *child_of (const zl_trie_node *n, uint8_t octet)
{
    unsigned i = child_index (n, octet);
    return i < n->child_count && n->first[i] == octet ? n->children[i] : NULL;
}

static int add_child (zl_trie_node *n, zl_trie_node *child)
{
    if (n->child_count == n->child_cap) {
        unsigned cap = n->child_cap ? n->child_cap * 2u : 2u;
        uint8_t *first = realloc (n->first, cap);
        if (first)
            n->first = first;
        zl_trie_node **children = realloc (n->children, cap * sizeof *children);
        if (children)
            n->children = children;
        if (!first || !children)
            return -ENOMEM;
        n->child_cap = (uint16_t) cap;
    }
    unsigned at = child_index (n, child->label[0]);
    memmove (n->first + at + 1, n->first + at, n->child_count - at);
    memmove (n->children + at + 1, n->children + at, (n->child_count - at) * sizeof *n->children);
    n->first[at] = child->label[0];
    n->children[at] = child;
    n->child_count++;
    return 0;
}

static void remove_child (zl_trie_node *n, zl_trie_node *child)
{
    unsigned at = child_index (n, child->label[0]);
    n->child_count--;
    memmove (n->first + at, n->first + at + 1, n->child_count - at);
    memmove (n->children + at, n->children + at + 1, (n->child_count - at) * sizeof *n->children);
}

static size_t common (const zl_trie_node *n, const uint8_t *topic, size_t len)
{
    size_t max = ZL_MIN (len, (size_t) n->label_len), i = 0;
    while (i < max && n->label[i] == topic[i])
        i++;
    return i;
}

/* Puts a node between n's parent and n that ends after `at` octets of n's label. NULL without memory. */
static zl_trie_node *split (zl_trie_node *parent, zl_trie_node *n, size_t at)
{
    zl_trie_node *upper = node_new (n->label, at);
    if (!upper)
        return NULL;
    unsigned slot = child_index (parent, n->label[0]);
    memmove (n->label, n->label + at, n->label_len - at);
    n->label_len -= (uint32_t) at;
    if (add_child (upper, n) < 0) {
        memmove (n->label + at, n->label, n->label_len);
        memcpy (n->label, upper->label, at);
        n->label_len += (uint32_t) at;
        node_free (upper);
        return NULL;
    }
    parent->children[slot] = upper;
    return upper;
}

/* The node of exactly that topic, made if it is not there. NULL without memory; the tree may then hold an empty node, which
 * the next removal around it takes away. */
static zl_trie_node *find_or_make (zl_trie *t, const uint8_t *topic, size_t n)
{
    if (!t->root && !(t->root = node_new (NULL, 0)))
        return NULL;
    zl_trie_node *at = t->root;
    while (n) {
        zl_trie_node *child = child_of (at, topic[0]);
        if (!child) {
            child = node_new (topic, n);
            if (child && add_child (at, child) < 0) {
                node_free (child);
                child = NULL;
            }
            return child;
        }
        size_t same = common (child, topic, n);
        if (same < child->label_len && !(child = split (at, child, same)))
            return NULL;
        topic += same;
        n -= same;
        at = child;
    }
    return at;
}

/* The way down to the node of a topic: the node, its parent and grandparent. */
typedef struct {
    zl_trie_node *node, *parent, *grandparent;
} path;

static path find (const zl_trie *t, const uint8_t *topic, size_t n)
{
    path p = {t->root, NULL, NULL};
    while (p.node && n) {
        zl_trie_node *child = child_of (p.node, topic[0]);
        if (!child || common (child, topic, n) < child->label_len)
            return (path){0};
        topic += child->label_len;
        n -= child->label_len;
        p = (path){child, p.node, p.parent};
    }
    return p;
}

static bool in_use (const zl_trie_node *n)
{
    return n->value_count || n->count;
}

/* Joins n with its only child, if it stands for nothing itself. */
static void merge (zl_trie_node *parent, zl_trie_node *n)
{
    if (!parent || in_use (n) || n->child_count != 1)
        return;
    zl_trie_node *child = n->children[0];
    uint8_t *label = malloc ((size_t) n->label_len + child->label_len);
    if (!label)
        return; /* only a node too many */
    memcpy (label, n->label, n->label_len);
    memcpy (label + n->label_len, child->label, child->label_len);
    free (child->label);
    child->label = label;
    child->label_len += n->label_len;
    parent->children[child_index (parent, label[0])] = child;
    node_free (n);
}

/* Takes away what a removal has left empty. */
static void prune (path p)
{
    if (in_use (p.node) || !p.parent)
        return;
    if (p.node->child_count == 0) {
        remove_child (p.parent, p.node);
        node_free (p.node);
        merge (p.grandparent, p.parent);
    } else
        merge (p.parent, p.node);
}

/* ---- sets of values ---- */

static int value_index (const zl_trie_node *n, const void *value)
{
    for (unsigned i = 0; i < n->value_count; i++)
        if (n->values[i] == value)
            return (int) i;
    return -1;
}

int zl_trie_add (zl_trie *t, const uint8_t *topic, size_t n, void *value)
{
    zl_trie_node *node = find_or_make (t, topic, n);
    if (!node)
        return -ENOMEM;
    if (value_index (node, value) >= 0)
        return -EEXIST;
    if (node->value_count == node->value_cap) {
        uint32_t cap = node->value_cap ? node->value_cap * 2 : 1;
        void **values = realloc (node->values, cap * sizeof *values);
        if (!values) {
            prune (find (t, topic, n));
            return -ENOMEM;
        }
        node->values = values;
        node->value_cap = cap;
    }
    bool fresh = !in_use (node);
    node->values[node->value_count++] = value;
    t->topics += fresh;
    return fresh;
}

int zl_trie_remove (zl_trie *t, const uint8_t *topic, size_t n, void *value)
{
    path p = find (t, topic, n);
    int at = p.node ? value_index (p.node, value) : -1;
    if (at < 0)
        return -ENOENT;
    p.node->values[at] = p.node->values[--p.node->value_count];
    if (in_use (p.node))
        return 0;
    t->topics--;
    prune (p);
    return 1;
}

bool zl_trie_holds (const zl_trie *t, const uint8_t *topic, size_t n)
{
    path p = find (t, topic, n);
    return p.node && in_use (p.node);
}

void zl_trie_match (const zl_trie *t, const uint8_t *data, size_t n, void (*fn) (void *, void *), void *arg)
{
    for (const zl_trie_node *at = t->root; at;) {
        for (unsigned i = 0; i < at->value_count; i++)
            fn (at->values[i], arg);
        if (!n)
            return;
        const zl_trie_node *child = child_of (at, data[0]);
        if (!child || child->label_len > n || memcmp (child->label, data, child->label_len) != 0)
            return;
        data += child->label_len;
        n -= child->label_len;
        at = child;
    }
}

/* A walk over the tree that keeps the topic of the node it is at. */
typedef struct {
    uint8_t *topic;
    size_t len, cap;
} topic_buffer;

static bool topic_push (topic_buffer *b, const zl_trie_node *n)
{
    if (b->len + n->label_len > b->cap) {
        size_t cap = (b->len + n->label_len) * 2;
        uint8_t *grown = realloc (b->topic, cap);
        if (!grown)
            return false;
        b->topic = grown;
        b->cap = cap;
    }
    memcpy (b->topic + b->len, n->label, n->label_len);
    b->len += n->label_len;
    return true;
}

typedef struct {
    zl_trie *trie;
    void *value;
    void (*fn) (const uint8_t *, size_t, bool, void *);
    void *arg;
    topic_buffer topic;
} removal;

/* Children first, so that a child that vanishes does so before its parent is looked at. */
static void remove_below (removal *r, zl_trie_node *parent, zl_trie_node *n)
{
    size_t len = r->topic.len;
    bool known = n->label_len == 0 || topic_push (&r->topic, n);
    for (unsigned i = n->child_count; i-- > 0;)
        remove_below (r, n, n->children[i]);
    int at = value_index (n, r->value);
    if (at >= 0) {
        n->values[at] = n->values[--n->value_count];
        bool last = !in_use (n);
        r->trie->topics -= last;
        if (r->fn && known)
            r->fn (r->topic.topic, r->topic.len, last, r->arg);
    }
    r->topic.len = len;
    if (parent)
        prune ((path){n, parent, NULL});
}

void zl_trie_remove_all (zl_trie *t, void *value, void (*fn) (const uint8_t *, size_t, bool, void *), void *arg)
{
    removal r = {.trie = t, .value = value, .fn = fn, .arg = arg};
    if (t->root)
        remove_below (&r, NULL, t->root);
    free (r.topic.topic);
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
    path p = find (t, topic, n);
    if (!p.node || !p.node->count)
        return -ENOENT;
    int left = (int) --p.node->count;
    if (!in_use (p.node)) {
        t->topics--;
        prune (p);
    }
    return left;
}

bool zl_trie_matches (const zl_trie *t, const uint8_t *data, size_t n)
{
    for (const zl_trie_node *at = t->root; at;) {
        if (at->count)
            return true;
        if (!n)
            return false;
        const zl_trie_node *child = child_of (at, data[0]);
        if (!child || child->label_len > n || memcmp (child->label, data, child->label_len) != 0)
            return false;
        data += child->label_len;
        n -= child->label_len;
        at = child;
    }
    return false;
}

static int each_below (const zl_trie_node *n, topic_buffer *b, int (*fn) (const uint8_t *, size_t, void *), void *arg)
{
    size_t len = b->len;
    if (n->label_len && !topic_push (b, n))
        return -ENOMEM;
    int rc = n->count ? fn (b->topic, b->len, arg) : 0;
    for (unsigned i = 0; i < n->child_count && rc >= 0; i++)
        rc = each_below (n->children[i], b, fn, arg);
    b->len = len;
    return rc < 0 ? rc : 0;
}

int zl_trie_each (const zl_trie *t, int (*fn) (const uint8_t *, size_t, void *), void *arg)
{
    topic_buffer b = {0};
    int rc = t->root ? each_below (t->root, &b, fn, arg) : 0;
    free (b.topic);
    return rc;
}
