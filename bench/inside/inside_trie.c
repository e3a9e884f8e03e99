/* Subscriptions come, match and go, in a trie of so many topics. */
#include <stdio.h>
#include <stdlib.h>

#include "core/trie.h"
#include "inside.h"

enum { TOPIC = 24 };
static char (*topics)[TOPIC];
static size_t topic_count; /* of those that stay; INSIDE_MAX more come and go */
static unsigned extra;     /* of these, how many are there */
static size_t looked_up;
static zl_trie trie;

/* All over the alphabet of ten digits, and no two alike. */
static void name_topics (void)
{
    for (size_t i = 0; i < topic_count + INSIDE_MAX; i++)
        snprintf (topics[i], TOPIC, "prices.%010u.last", (unsigned) i * 2654435761u);
}

static void add_topic (size_t i)
{
    ZL_ASSERT (zl_trie_add (&trie, (const uint8_t *) topics[i], TOPIC - 1, &trie) == 1);
}

static void remove_topic (size_t i)
{
    ZL_ASSERT (zl_trie_remove (&trie, (const uint8_t *) topics[i], TOPIC - 1, &trie) == 1);
}

static void open_trie (size_t count)
{
    topic_count = count;
    topics = calloc (count + INSIDE_MAX, TOPIC);
    ZL_ASSERT (topics);
    name_topics ();
    for (size_t i = 0; i < count; i++)
        add_topic (i);
}

static void insert_topics (unsigned n)
{
    for (; n; n--)
        add_topic (topic_count + extra++);
}

static void remove_topics (unsigned n)
{
    for (; n; n--)
        remove_topic (topic_count + --extra);
}

static void without_extra (unsigned n)
{
    (void) n;
    remove_topics (extra);
}

static void count_match (void *value, void *count)
{
    (void) value;
    ++*(unsigned *) count;
}

static void match_topics (unsigned n)
{
    unsigned found = 0;
    for (unsigned i = 0; i < n; i++)
        zl_trie_match (&trie, (const uint8_t *) topics[looked_up++ % topic_count], TOPIC - 1, count_match, &found);
    ZL_ASSERT (found == n);
}

static void close_trie (void)
{
    zl_trie_fini (&trie);
    free (topics);
    extra = 0;
    looked_up = 0;
}

const path inside_trie_paths[] = {
    {"trie insert", open_trie, without_extra, insert_topics, close_trie},
    {"trie match", open_trie, inside_nothing, match_topics, close_trie},
    {"trie remove", open_trie, insert_topics, remove_topics, close_trie},
    {0},
};
