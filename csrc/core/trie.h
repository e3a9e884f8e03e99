/* Subscriptions: a radix tree from topic prefixes to whoever wants them. A publisher keeps pipes in it (a set for each
 * topic), a subscriber its own counts.
 *
 *     "" -> "weather." -> "london"   a topic is the labels on the way down; a match walks down along the message's
 *                      -> "paris"    first frame and visits the values of every node it passes
 *
 * Guarded by the mutex of the socket it lies in. */
#ifndef ZL_CORE_TRIE_H
#define ZL_CORE_TRIE_H

#include "../base/defs.h"

typedef struct zl_trie_node zl_trie_node;

typedef struct {
    zl_trie_node *root;
    size_t topics; /* that have a value or a count */
} zl_trie;

void zl_trie_fini (zl_trie *t);

/* Sets of values. add: 1 the topic is new, 0 it had other values, -EEXIST it had this one, -ENOMEM.
 * remove: 1 that was its last value, 0 others remain, -ENOENT it had not this one. */
int zl_trie_add (zl_trie *t, const uint8_t *topic, size_t n, void *value);
int zl_trie_remove (zl_trie *t, const uint8_t *topic, size_t n, void *value);
/* Whether the topic itself has a value or a count. */
bool zl_trie_holds (const zl_trie *t, const uint8_t *topic, size_t n);
/* Calls fn for each value of each topic that is a prefix of data; a value may come more than once. */
void zl_trie_match (const zl_trie *t, const uint8_t *data, size_t n, void (*fn) (void *value, void *arg), void *arg);
/* Takes value out of every topic; fn (NULL: none) hears each, and whether that was its last value. */
void zl_trie_remove_all (zl_trie *t, void *value,
                         void (*fn) (const uint8_t *topic, size_t n, bool last, void *arg), void *arg);

/* Counts. Both return the new count, or -ENOMEM, or -ENOENT for one that was not there. */
int zl_trie_count (zl_trie *t, const uint8_t *topic, size_t n);
int zl_trie_uncount (zl_trie *t, const uint8_t *topic, size_t n);
/* Whether a counted topic is a prefix of data. */
bool zl_trie_matches (const zl_trie *t, const uint8_t *data, size_t n);
/* Calls fn for each counted topic; stops at a negative result and returns it. */
int zl_trie_each (const zl_trie *t, int (*fn) (const uint8_t *topic, size_t n, void *arg), void *arg);

#endif
