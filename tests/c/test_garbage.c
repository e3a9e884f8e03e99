/* base/garbage.h */
#include <pthread.h>

#include "base/garbage.h"
#include "check.h"

TEST ("the first block that is put tells so, and taking empties the heap")
{
    zl_garbage g = {NULL};
    zl_blob a = {0}, b = {0};
    CHECK (!zl_garbage_take (&g));
    CHECK (zl_garbage_put (&g, &a));
    CHECK (!zl_garbage_put (&g, &b));
    CHECK (zl_garbage_take (&g) == &b);
    CHECK (b.next == &a && !a.next);
    CHECK (!zl_garbage_take (&g));
    CHECK (zl_garbage_put (&g, &a));
}

enum { THREADS = 3, EACH = 20000 };

static zl_garbage shared;
static zl_blob blocks[THREADS][EACH];

static void *putting (void *arg)
{
    zl_blob *mine = arg;
    for (int i = 0; i < EACH; i++) {
        mine[i].size = 1;
        zl_garbage_put (&shared, &mine[i]);
    }
    return NULL;
}

TEST ("what many threads put is taken exactly once")
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ (pthread_create (&threads[i], NULL, putting, blocks[i]), 0);
    for (int taken = 0; taken < THREADS * EACH;)
        for (zl_blob *b = zl_garbage_take (&shared); b; b = b->next) {
            CHECK_EQ (b->size, 1);
            b->size = 2;
            taken++;
        }
    for (int i = 0; i < THREADS; i++)
        pthread_join (threads[i], NULL);
    CHECK (!zl_garbage_take (&shared));
}
