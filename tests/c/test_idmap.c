/* core/idmap.[ch] */
#include "check.h"
#include "core/idmap.h"

enum { PIPES = 2000 };

static zl_pipe pipes[PIPES];
static uint8_t ids[PIPES][8];

/* Ids of all lengths from 0 to 8, no two the same. */
static void name_pipes (void)
{
    for (unsigned i = 0; i < PIPES; i++) {
        unsigned len = i == 0 ? 0 : 2 + i % 7;
        memset (ids[i], 0, sizeof ids[i]);
        ids[i][0] = (uint8_t) i;
        ids[i][1] = (uint8_t) (i >> 8);
        pipes[i].id = ids[i];
        pipes[i].id_len = (uint8_t) len;
    }
}

TEST ("an empty table knows nobody")
{
    zl_idmap m = {0};
    CHECK (!zl_idmap_find (&m, (const uint8_t *) "x", 1));
    name_pipes ();
    zl_idmap_remove (&m, &pipes[1]);
    zl_idmap_fini (&m);
}

TEST ("each pipe is found by its id and by no other, after any additions and removals")
{
    zl_idmap m = {0};
    bool in[PIPES] = {0};
    size_t count = 0;
    name_pipes ();
    for (int step = 0; step < 100000; step++) {
        unsigned i = check_below (PIPES);
        CHECK (zl_idmap_find (&m, ids[i], pipes[i].id_len) == (in[i] ? &pipes[i] : NULL));
        if (in[i])
            zl_idmap_remove (&m, &pipes[i]);
        else
            CHECK_EQ (zl_idmap_add (&m, &pipes[i]), 0);
        count += in[i] ? -1 : 1;
        in[i] = !in[i];
        CHECK_EQ (m.count, count);
        if (!in[i])
            zl_idmap_remove (&m, &pipes[i]); /* a second time is harmless */
        CHECK_EQ (m.count, count);
    }
    zl_idmap_fini (&m);
}
