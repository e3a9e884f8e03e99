/* base/heap.h against an array that is searched. */
#include "base/heap.h"
#include "check.h"

enum { TIMERS = 60, STEPS = 200000 };

static zl_time naive_min (const zl_timer *timers)
{
    zl_time min = ZL_NEVER;
    for (int i = 0; i < TIMERS; i++)
        min = ZL_MIN (min, timers[i].at);
    return min;
}

TEST ("a heap without timers has no deadline")
{
    zl_heap h = {0};
    zl_timer t;
    zl_timer_init (&t);
    CHECK (zl_heap_min (&h) == ZL_NEVER);
    zl_timer_stop (&h, &t);
    zl_timer_start (&h, &t, ZL_NEVER);
    CHECK (!h.root);
}

TEST ("timers come in the order of their deadlines")
{
    zl_heap h = {0};
    zl_timer timers[TIMERS];
    for (int i = 0; i < TIMERS; i++) {
        zl_timer_init (&timers[i]);
        zl_timer_start (&h, &timers[i], check_below (20));
    }
    zl_time last = 0;
    for (int i = 0; i < TIMERS; i++) {
        CHECK (h.root->at >= last);
        last = h.root->at;
        zl_timer_stop (&h, h.root);
    }
    CHECK (!h.root);
}

TEST ("the least deadline is known after any starts, restarts and stops")
{
    zl_heap h = {0};
    zl_timer timers[TIMERS];
    for (int i = 0; i < TIMERS; i++)
        zl_timer_init (&timers[i]);
    for (int step = 0; step < STEPS; step++) {
        zl_timer *t = &timers[check_below (TIMERS)];
        if (check_below (3))
            zl_timer_start (&h, t, check_below (50) ? check_below (1000) : ZL_NEVER);
        else
            zl_timer_stop (&h, check_below (4) || !h.root ? t : h.root);
        CHECK (zl_heap_min (&h) == naive_min (timers));
    }
}
