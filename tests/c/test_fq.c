/* core/fq.h and core/lb.h: whose turn it is. */
#include "check.h"
#include "core/fq.h"
#include "core/lb.h"

enum { PIPES = 4 };

static zl_pipe pipes[PIPES];
static zl_pool pool;
static unsigned pulled, pushed[PIPES];

/* The other side holds one more message for pipe 0, the first time that it is asked. */
static void pull_once (zl_pipe *p)
{
    if (pulled++ == 0 && p == &pipes[0]) {
        zl_msg m = {(const uint8_t *) "x", 1, NULL};
        CHECK_EQ (zl_frameq_push (&p->in, &pool, &m, 1), 0);
    }
}

static int push_until_full (zl_pipe *p, const zl_msg *frames, unsigned n)
{
    (void) frames;
    CHECK_EQ (n, 1);
    unsigned i = (unsigned) (p - pipes);
    p->writable = ++pushed[i] < 3;
    return 0;
}

static int push_without_memory (zl_pipe *p, const zl_msg *frames, unsigned n)
{
    (void) p;
    (void) frames;
    (void) n;
    return -ENOMEM;
}

static const zl_pipe_ops ops = {.pull = pull_once, .push = push_until_full};
static const zl_pipe_ops poor = {.push = push_without_memory};

static void set_up (unsigned messages)
{
    pulled = 0;
    memset (pushed, 0, sizeof pushed);
    for (unsigned i = 0; i < PIPES; i++) {
        pipes[i] = (zl_pipe){.ops = &ops, .writable = true};
        zl_list_init (&pipes[i].fq);
        zl_list_init (&pipes[i].lb);
        zl_msg m = {(const uint8_t *) "x", 1, NULL};
        for (unsigned k = 0; k < messages; k++)
            CHECK_EQ (zl_frameq_push (&pipes[i].in, &pool, &m, 1), 0);
    }
}

static void tear_down (void)
{
    for (unsigned i = 0; i < PIPES; i++)
        zl_frameq_clear (&pipes[i].in, &pool);
    zl_pool_fini (&pool);
}

TEST ("the fair queue takes a message from each pipe in turn and asks dry ones for more")
{
    zl_fq f;
    zl_fq_init (&f);
    CHECK (!zl_fq_head (&f));
    set_up (2);
    for (unsigned i = 0; i < PIPES; i++) {
        zl_fq_activate (&f, &pipes[i]);
        zl_fq_activate (&f, &pipes[i]);
    }
    for (unsigned turn = 0; turn < 2 * PIPES; turn++) {
        zl_pipe *p = zl_fq_head (&f);
        CHECK (p == &pipes[turn % PIPES]);
        CHECK (zl_fq_head (&f) == p);
        zl_frameq_skip_message (&p->in, &pool);
        zl_fq_rotate (&f, p);
    }
    CHECK (zl_fq_head (&f) == &pipes[0]); /* the one more that was asked for */
    zl_frameq_skip_message (&pipes[0].in, &pool);
    CHECK (!zl_fq_head (&f));
    for (unsigned i = 0; i < PIPES; i++)
        CHECK (!zl_linked (&pipes[i].fq));
    tear_down ();
}

TEST ("a lone pipe keeps its turn, and a removed one loses it")
{
    zl_fq f;
    zl_fq_init (&f);
    set_up (3);
    zl_fq_activate (&f, &pipes[1]);
    zl_fq_rotate (&f, &pipes[1]);
    CHECK (zl_fq_head (&f) == &pipes[1]);
    zl_fq_activate (&f, &pipes[2]);
    zl_fq_remove (&pipes[1]);
    CHECK (zl_fq_head (&f) == &pipes[2]);
    zl_fq_remove (&pipes[2]);
    CHECK (!zl_fq_head (&f));
    tear_down ();
}

TEST ("the load balancer gives a message to each pipe in turn and leaves full ones out")
{
    zl_lb l;
    zl_msg m = {(const uint8_t *) "x", 1, NULL};
    zl_lb_init (&l);
    set_up (0);
    CHECK_EQ (zl_lb_send (&l, &m, 1), -EAGAIN);
    for (unsigned i = 0; i < PIPES; i++) {
        zl_lb_activate (&l, &pipes[i]);
        zl_lb_activate (&l, &pipes[i]);
    }
    for (unsigned turn = 0; turn < 3 * PIPES; turn++) {
        CHECK (zl_lb_head (&l) == &pipes[turn % PIPES]);
        CHECK_EQ (zl_lb_send (&l, &m, 1), 0);
    }
    CHECK (!zl_lb_writable (&l));
    CHECK_EQ (zl_lb_send (&l, &m, 1), -EAGAIN);
    pipes[2].writable = true;
    pushed[2] = 0;
    zl_lb_activate (&l, &pipes[2]);
    CHECK_EQ (zl_lb_send (&l, &m, 1), 0);
    CHECK_EQ (pushed[2], 1);
    zl_lb_remove (&pipes[2]);
    CHECK (!zl_lb_head (&l));
    tear_down ();
}

TEST ("a failed send leaves the turn where it was")
{
    zl_lb l;
    zl_msg m = {(const uint8_t *) "x", 1, NULL};
    zl_lb_init (&l);
    set_up (0);
    zl_lb_activate (&l, &pipes[0]);
    zl_lb_activate (&l, &pipes[1]);
    pipes[0].ops = &poor;
    CHECK_EQ (zl_lb_send (&l, &m, 1), -ENOMEM);
    CHECK (zl_lb_head (&l) == &pipes[0]);
    tear_down ();
}
