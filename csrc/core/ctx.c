/* A context: whatever outlives a socket. */
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctx.h"

enum { SOCKETS_MAX = 65535 };

/* Counts forks: in a child it differs from what its parent's contexts remember. */
static unsigned fork_generation;
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static void in_child (void)
{
    fork_generation++;
}

static void watch_forks (void)
{
    pthread_atfork (NULL, NULL, in_child);
}

bool zl_ctx_inherited (const zl_ctx *ctx)
{
    return ctx->fork_generation != fork_generation;
}

int zl_ctx_open (zl_ctx **out)
{
    pthread_once (&fork_once, watch_forks);
    zl_ctx *ctx = calloc (1, sizeof *ctx);
    if (!ctx)
        return -ENOMEM;
    atomic_init (&ctx->refs, 1);
    zl_mutex_init (&ctx->mu);
    zl_list_init (&ctx->sockets);
    zl_list_init (&ctx->names);
    zl_list_init (&ctx->pending);
    ctx->io_threads = 1;
    ctx->max_sockets = 1023;
    ctx->max_msgsz = INT_MAX;
    ctx->socket_limit = SOCKETS_MAX;
    ctx->msg_t_size = 64;
    ctx->blocky = 1;
    ctx->threads.policy = ctx->threads.priority = -1;
    ctx->idle.fd = ctx->idle.write = -1;
    ctx->fork_generation = fork_generation;
    *out = ctx;
    return 0;
}

static void stop_loops (zl_loop *loops, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        zl_loop_stop (&loops[i]);
    free (loops);
}

void zl_ctx_drop (zl_ctx *ctx)
{
    if (!zl_drop (&ctx->refs))
        return;
    for (zl_node *n; (n = zl_list_pop (&ctx->pending));)
        zl_pending_free (ZL_CONTAINER (n, zl_pending, node));
    zl_wake_fini (&ctx->idle);
    zl_mutex_fini (&ctx->mu);
    free (ctx);
}

/* ctx->mu held. */
static int start_loops (zl_ctx *ctx)
{
    unsigned n = (unsigned) ZL_MAX (ctx->io_threads, 1); /* with none asked for, one still closes sockets */
    ctx->loops = calloc (n, sizeof *ctx->loops);
    int rc = ctx->loops ? zl_wake_init (&ctx->idle) : -ENOMEM;
    while (rc == 0 && ctx->loop_count < n) {
        rc = zl_loop_start (&ctx->loops[ctx->loop_count], ctx->loop_count, &ctx->threads);
        if (rc == 0)
            ctx->loop_count++;
    }
    ctx->has_io = ctx->io_threads > 0;
    ctx->socket_max = (unsigned) ctx->max_sockets;
    if (rc == 0)
        return 0;
    stop_loops (ctx->loops, ctx->loop_count);
    ctx->loops = NULL;
    ctx->loop_count = 0;
    zl_wake_fini (&ctx->idle);
    return rc == -EAGAIN ? -ENOMEM : rc;
}

int zl_ctx_socket (zl_ctx *ctx, const zl_type *type, zl_socket **out)
{
    zl_socket *s;
    zl_lock (&ctx->mu);
    int rc = ctx->terminated ? -ZL_ETERM : 0;
    if (rc == 0 && !ctx->loops)
        rc = start_loops (ctx);
    if (rc == 0 && ctx->socket_count >= ctx->socket_max)
        rc = -EMFILE;
    if (rc == 0)
        rc = zl_socket_open (ctx, &ctx->loops[ctx->next_loop++ % ctx->loop_count], type, &s);
    if (rc == 0) {
        zl_hold (&ctx->refs);
        s->opt.ipv6 = ctx->ipv6;
        if (!ctx->blocky)
            s->opt.linger = 0;
        if (ctx->max_msgsz < INT_MAX)
            s->max_frame = (size_t) ctx->max_msgsz;
        zl_list_append (&ctx->sockets, &s->ctx_node);
        ctx->socket_count++;
        *out = s;
    }
    zl_unlock (&ctx->mu);
    return rc;
}

void zl_ctx_reaped (zl_socket *s)
{
    zl_ctx *ctx = s->ctx;
    zl_lock (&ctx->mu);
    zl_list_remove (&s->ctx_node);
    ctx->socket_count--;
    if (ctx->terminated && ctx->socket_count == 0)
        zl_wake_set (&ctx->idle);
    zl_unlock (&ctx->mu);
}

zl_loop *zl_ctx_loop (zl_ctx *ctx, uint64_t affinity, zl_loop *current)
{
    zl_loop *found = NULL;
    zl_lock (&ctx->mu);
    for (unsigned i = 0; ctx->has_io && i < ctx->loop_count && found != current; i++) {
        bool eligible = !affinity || (i < 64 && affinity >> i & 1);
        if (eligible && (!found || &ctx->loops[i] == current))
            found = &ctx->loops[i];
    }
    zl_unlock (&ctx->mu);
    return found;
}

/* A socket's mutex comes before the context's, so the list is walked with references instead of the lock. */
static void each_socket (zl_ctx *ctx, void (*fn) (zl_socket *s, void *arg), void *arg)
{
    zl_lock (&ctx->mu);
    unsigned n = 0;
    zl_socket **all = ctx->socket_count ? malloc (ctx->socket_count * sizeof *all) : NULL;
    if (all)
        ZL_LIST_EACH (&ctx->sockets, zl_socket, ctx_node, s)
        {
            zl_hold (&s->refs);
            all[n++] = s;
        }
    zl_unlock (&ctx->mu);
    for (unsigned i = 0; i < n; i++) {
        fn (all[i], arg);
        zl_socket_drop (all[i]);
    }
    free (all);
}

static void terminate_one (zl_socket *s, void *arg)
{
    (void) arg;
    zl_socket_terminate (s);
}

void zl_ctx_shutdown (zl_ctx *ctx)
{
    zl_lock (&ctx->mu);
    ctx->terminated = true;
    zl_unlock (&ctx->mu);
    each_socket (ctx, terminate_one, NULL);
}

static void close_one (zl_socket *s, void *linger_ms)
{
    const int *ms = linger_ms;
    zl_socket_close (s, ms ? *ms : 0, ms != NULL);
}

void zl_ctx_close_sockets (zl_ctx *ctx, const int *linger_ms)
{
    each_socket (ctx, close_one, (void *) linger_ms);
}

int zl_ctx_term (zl_ctx *ctx)
{
    zl_ctx_shutdown (ctx);
    int rc = 0;
    zl_lock (&ctx->mu);
    ctx->terms++;
    while (ctx->socket_count > 0 && rc == 0) {
        struct pollfd fd = {.fd = ctx->idle.fd, .events = POLLIN};
        zl_unlock (&ctx->mu);
        rc = poll (&fd, 1, -1) < 0 ? -errno : 0;
        zl_lock (&ctx->mu);
    }
    ctx->terms--;
    if (rc < 0) {
        zl_unlock (&ctx->mu);
        return rc;
    }
    zl_loop *loops = ctx->loops;
    unsigned n = ctx->loop_count;
    ctx->loops = NULL;
    ctx->loop_count = 0;
    zl_node abandoned;
    zl_list_init (&abandoned);
    for (zl_node *i; (i = zl_list_pop (&ctx->pending));)
        zl_list_append (&abandoned, i);
    if (ctx->terms == 0)
        zl_wake_fini (&ctx->idle);
    zl_unlock (&ctx->mu);
    for (zl_node *i; (i = zl_list_pop (&abandoned));)
        zl_pending_free (ZL_CONTAINER (i, zl_pending, node));
    stop_loops (loops, n);
    return 0;
}

/* ---- options ---- */

static bool has_cpu (const zl_ctx *ctx, int cpu)
{
    return ctx->threads.cpus[cpu / 8] >> cpu % 8 & 1;
}

static int add_cpu (zl_ctx *ctx, int value)
{
    ctx->threads.cpus[value / 8] |= (uint8_t) (1u << value % 8);
    return 0;
}

static int remove_cpu (zl_ctx *ctx, int value)
{
    if (!has_cpu (ctx, value))
        return -EINVAL;
    ctx->threads.cpus[value / 8] &= (uint8_t) ~(1u << value % 8);
    return 0;
}

/* A number, as text: the one form that this call can carry. */
static int set_name_prefix (zl_ctx *ctx, int value)
{
    ctx->name_prefix = value;
    snprintf (ctx->threads.name_prefix, sizeof ctx->threads.name_prefix, "%d", value);
    return 0;
}

enum { GET = 1, SET = 2 };

/* Numbers of ZeroMQ's public header, where 3 means one thing when set and another when read. ctx->mu is held. */
static const struct {
    int id, access;
    size_t offset; /* of an int in zl_ctx, unless set() is there */
    int min, max;
    bool flag; /* any value is stored as 0 or 1 */
    int (*set) (zl_ctx *ctx, int value);
} options[] = {
    {1, GET | SET, offsetof (zl_ctx, io_threads), 0, INT_MAX, false, NULL},
    {2, GET | SET, offsetof (zl_ctx, max_sockets), 1, INT_MAX, false, NULL},
    {3, SET, offsetof (zl_ctx, threads.priority), 0, INT_MAX, false, NULL},
    {3, GET, offsetof (zl_ctx, socket_limit), 0, 0, false, NULL},
    {4, GET | SET, offsetof (zl_ctx, threads.policy), 0, INT_MAX, false, NULL},
    {5, GET | SET, offsetof (zl_ctx, max_msgsz), 0, INT_MAX, false, NULL},
    {6, GET, offsetof (zl_ctx, msg_t_size), 0, 0, false, NULL},
    {7, SET, 0, 0, ZL_CPUS_MAX - 1, false, add_cpu},
    {8, SET, 0, 0, ZL_CPUS_MAX - 1, false, remove_cpu},
    {9, GET | SET, offsetof (zl_ctx, name_prefix), INT_MIN, INT_MAX, false, set_name_prefix},
    {42, GET | SET, offsetof (zl_ctx, ipv6), 0, INT_MAX, true, NULL},
    {70, GET | SET, offsetof (zl_ctx, blocky), 0, INT_MAX, true, NULL},
};

static int *place (zl_ctx *ctx, unsigned row)
{
    return (int *) (void *) ((char *) ctx + options[row].offset);
}

int zl_ctx_set (zl_ctx *ctx, int option, int value)
{
    int rc = -EINVAL;
    zl_lock (&ctx->mu);
    for (unsigned i = 0; i < ZL_LEN (options); i++) {
        if (options[i].id != option || !(options[i].access & SET) || value < options[i].min || value > options[i].max)
            continue;
        rc = options[i].set ? options[i].set (ctx, value) : 0;
        if (!options[i].set)
            *place (ctx, i) = options[i].flag ? value != 0 : value;
    }
    zl_unlock (&ctx->mu);
    return rc;
}

int zl_ctx_get (zl_ctx *ctx, int option, int *value)
{
    int rc = -EINVAL;
    zl_lock (&ctx->mu);
    for (unsigned i = 0; i < ZL_LEN (options); i++)
        if (options[i].id == option && options[i].access & GET) {
            *value = *place (ctx, i);
            rc = 0;
        }
    zl_unlock (&ctx->mu);
    return rc;
}
