/* core/trie.[ch] against a list of (topic, value) pairs that is searched. */
#include <errno.h>
#include <pthread.h>

#include "check.h"
#include "core/trie.h"

enum { TOPIC_MAX = 6, PAIRS = 400, VALUES = 5, STEPS = 30000 };

typedef struct {
    uint8_t topic[TOPIC_MAX];
    size_t n;
    unsigned value, count;
} entry;

typedef struct {
    entry entries[PAIRS];
    unsigned used;
} model;

static int values[VALUES]; /* their addresses are what the tree holds */

/* Short words over few letters, so that they share prefixes. */
static entry some_topic (void)
{
    entry e = {.n = check_below (TOPIC_MAX + 1), .value = check_below (VALUES)};
    for (size_t i = 0; i < e.n; i++)
        e.topic[i] = "ab\0\xff"[check_below (check_below (4) ? 2 : 4)];
    return e;
}

static bool same_topic (const entry *a, const entry *b)
{
    return a->n == b->n && memcmp (a->topic, b->topic, a->n) == 0;
}

static bool is_prefix (const entry *a, const uint8_t *data, size_t n)
{
    return a->n <= n && memcmp (a->topic, data, a->n) == 0;
}

static entry *find (model *m, const entry *e, bool by_value)
{
    for (unsigned i = 0; i < m->used; i++)
        if (same_topic (&m->entries[i], e) && (!by_value || m->entries[i].value == e->value))
            return &m->entries[i];
    return NULL;
}

static void drop (model *m, entry *e)
{
    *e = m->entries[--m->used];
}

static unsigned topics_of (model *m)
{
    unsigned topics = 0;
    for (unsigned i = 0; i < m->used; i++)
        topics += find (m, &m->entries[i], false) == &m->entries[i];
    return topics;
}

static void mark_value (void *value, void *arg)
{
    ((unsigned *) arg)[(int *) value - values]++;
}

static void check_match (const zl_trie *t, const model *m)
{
    unsigned got[VALUES] = {0}, due[VALUES] = {0};
    entry e = some_topic ();
    zl_trie_match (t, e.topic, e.n, mark_value, got);
    for (unsigned i = 0; i < m->used; i++)
        due[m->entries[i].value] += is_prefix (&m->entries[i], e.topic, e.n);
    CHECK_BYTES (got, due, sizeof due);
}

/* Checks what remove_all tells, and strikes it off the model. */
typedef struct {
    model *m;
    unsigned value, told;
} farewell;

static void on_removed (const uint8_t *topic, size_t n, bool last, void *arg)
{
    farewell *f = arg;
    entry e = {.n = n, .value = f->value};
    CHECK (n <= TOPIC_MAX);
    if (n)
        memcpy (e.topic, topic, n);
    entry *known = find (f->m, &e, true);
    CHECK (known);
    drop (f->m, known);
    CHECK_EQ (last, !find (f->m, &e, false));
    f->told++;
}

TEST ("sets of values behave like a list, after any additions and removals")
{
    zl_trie t = {0};
    model m = {.used = 0};
    for (int step = 0; step < STEPS; step++) {
        entry e = some_topic ();
        bool topic_known = find (&m, &e, false);
        entry *known = find (&m, &e, true);
        void *value = &values[e.value];
        if (step % 997 == 0) {
            farewell f = {&m, e.value, 0};
            unsigned before = m.used, left = 0;
            zl_trie_remove_all (&t, value, on_removed, &f);
            for (unsigned i = 0; i < m.used; i++)
                left += m.entries[i].value == e.value;
            CHECK_EQ (left, 0);
            CHECK_EQ (before - m.used, f.told);
        } else if (check_below (2) && m.used < PAIRS) {
            CHECK_EQ (zl_trie_add (&t, e.topic, e.n, value), known ? -EEXIST : !topic_known);
            if (!known)
                m.entries[m.used++] = e;
        } else {
            int rc = zl_trie_remove (&t, e.topic, e.n, value);
            if (known)
                drop (&m, known);
            CHECK_EQ (rc, !known ? -ENOENT : !find (&m, &e, false));
        }
        check_match (&t, &m);
        CHECK_EQ (zl_trie_holds (&t, e.topic, e.n), find (&m, &e, false) != NULL);
        if (step % 100 == 0)
            CHECK_EQ (t.topics, topics_of (&m));
    }
    for (unsigned v = 0; v < VALUES; v++)
        zl_trie_remove_all (&t, &values[v], NULL, NULL);
    CHECK_EQ (t.topics, 0);
    zl_trie_fini (&t);
}

static int check_counted (const uint8_t *topic, size_t n, void *arg)
{
    farewell *f = arg;
    entry e = {.n = n};
    CHECK (n <= TOPIC_MAX);
    if (n)
        memcpy (e.topic, topic, n);
    CHECK (find (f->m, &e, false));
    return ++f->told == 7 ? -1000 : 0;
}

TEST ("counts behave like a list of counts")
{
    zl_trie t = {0};
    model m = {.used = 0};
    for (int step = 0; step < STEPS; step++) {
        entry e = some_topic (), data = some_topic ();
        entry *known = find (&m, &e, false);
        if (check_below (2) && m.used < PAIRS) {
            if (!known) {
                known = &m.entries[m.used++];
                *known = e;
            }
            CHECK_EQ (zl_trie_count (&t, e.topic, e.n), ++known->count);
        } else if (!known)
            CHECK_EQ (zl_trie_uncount (&t, e.topic, e.n), -ENOENT);
        else {
            CHECK_EQ (zl_trie_uncount (&t, e.topic, e.n), --known->count);
            if (!known->count)
                drop (&m, known);
        }
        bool due = false;
        for (unsigned i = 0; i < m.used; i++)
            due |= is_prefix (&m.entries[i], data.topic, data.n);
        CHECK_EQ (zl_trie_matches (&t, data.topic, data.n), due);
        CHECK_EQ (zl_trie_holds (&t, e.topic, e.n), find (&m, &e, false) != NULL);
        CHECK_EQ (t.topics, m.used);
        if (step % 100 == 0) {
            farewell f = {.m = &m};
            CHECK_EQ (zl_trie_each (&t, check_counted, &f), m.used >= 7 ? -1000 : 0);
            CHECK_EQ (f.told, ZL_MIN (m.used, 7u));
        }
    }
    zl_trie_fini (&t);
}

TEST ("a node has room for a child of every octet")
{
    zl_trie t = {0};
    for (unsigned i = 0; i < 256; i++) {
        uint8_t topic[2] = {'x', (uint8_t) (i * 7)};
        CHECK_EQ (zl_trie_count (&t, topic, 2), 1);
    }
    for (unsigned i = 0; i < 256; i++) {
        uint8_t data[3] = {'x', (uint8_t) i, 'y'};
        CHECK (zl_trie_matches (&t, data, 3));
        CHECK (!zl_trie_matches (&t, data, 1));
        CHECK_EQ (zl_trie_uncount (&t, data, 2), 0);
    }
    CHECK_EQ (t.topics, 0);
    zl_trie_fini (&t);
}

TEST ("long topics and many topics are matched")
{
    enum { LONG = 50000, MANY = 20000 };
    zl_trie t = {0};
    uint8_t *topic = calloc (1, LONG);
    CHECK_EQ (zl_trie_count (&t, topic, LONG), 1);
    topic[LONG - 1] = 1;
    CHECK (!zl_trie_matches (&t, topic, LONG));
    CHECK_EQ (zl_trie_count (&t, topic, LONG - 1), 1);
    CHECK (zl_trie_matches (&t, topic, LONG));
    char name[20];
    for (int i = 0; i < MANY; i++) {
        int n = snprintf (name, sizeof name, "topic %d.", i);
        CHECK_EQ (zl_trie_count (&t, (uint8_t *) name, (size_t) n), 1);
    }
    CHECK_EQ (t.topics, MANY + 2);
    CHECK (zl_trie_matches (&t, (const uint8_t *) "topic 777.x", 11));
    CHECK (!zl_trie_matches (&t, (const uint8_t *) "topic 777", 9));
    zl_trie_fini (&t);
    free (topic);
}

enum { DEPTH = 5000 };

static void count_topic (const uint8_t *topic, size_t n, bool last, void *arg)
{
    (void) topic;
    CHECK_EQ (last, n % 2 == 0);
    ++*(unsigned *) arg;
}

static int count_counted (const uint8_t *topic, size_t n, void *arg)
{
    (void) topic;
    CHECK_EQ (n % 2, 1);
    ++*(unsigned *) arg;
    return 0;
}

/* A tree of a topic within a topic, as deep as it is long. */
static void *nest (void *arg)
{
    zl_trie *t = arg;
    static const uint8_t topic[DEPTH];
    unsigned found = 0;
    for (size_t n = 1; n <= DEPTH; n++) {
        CHECK_EQ (zl_trie_add (t, topic, n, &values[0]), 1);
        if (n % 2)
            CHECK_EQ (zl_trie_count (t, topic, n), 1);
    }
    CHECK_EQ (zl_trie_each (t, count_counted, &found), 0);
    CHECK_EQ (found, DEPTH / 2);
    found = 0;
    zl_trie_remove_all (t, &values[0], count_topic, &found);
    CHECK_EQ (found, DEPTH);
    CHECK_EQ (t->topics, DEPTH / 2);
    zl_trie_fini (t);
    return NULL;
}

TEST ("topics may be nested deeper than a stack is")
{
    zl_trie t = {0};
    pthread_attr_t small;
    pthread_t thread;
    CHECK_EQ (pthread_attr_init (&small), 0);
    CHECK_EQ (pthread_attr_setstacksize (&small, 128 * 1024), 0);
    CHECK_EQ (pthread_create (&thread, &small, nest, &t), 0);
    CHECK_EQ (pthread_join (thread, NULL), 0);
    CHECK_EQ (pthread_attr_destroy (&small), 0);
}
