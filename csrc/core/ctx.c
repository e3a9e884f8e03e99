/* A context: whatever outlives a socket. */
#include <poll.h>
#include <stdlib.h>

#include "ctx.h"

enum { IO_THREADS = 1, MAX_SOCKETS = 2, SOCKET_LIMIT = 3, MSG_T_SIZE = 6, IPV6 = 42, BLOCKY = 70 };
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
    ctx->blocky = 1;
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
        rc = zl_loop_start (&ctx->loops[ctx->loop_count], ctx->loop_count);
        if (rc == 0)
            ctx->loop_count++;
    }
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
    int rc = ctx->terminated ? -ZL_ETERM : ctx->socket_count >= (unsigned) ctx->max_sockets ? -EMFILE : 0;
    if (rc == 0 && !ctx->loops)
        rc = start_loops (ctx);
    if (rc == 0)
        rc = zl_socket_open (ctx, &ctx->loops[ctx->next_loop++ % ctx->loop_count], type, &s);
    if (rc == 0) {
        zl_hold (&ctx->refs);
        s->opt.ipv6 = ctx->ipv6;
        if (!ctx->blocky)
            s->opt.linger = 0;
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

bool zl_ctx_has_io (zl_ctx *ctx)
{
    zl_lock (&ctx->mu);
    bool has = ctx->io_threads > 0;
    zl_unlock (&ctx->mu);
    return has;
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

int zl_ctx_set (zl_ctx *ctx, int option, int value)
{
    int rc = value < 0 ? -EINVAL : 0;
    zl_lock (&ctx->mu);
    switch (rc ? 0 : option) {
        case IO_THREADS:
            ctx->io_threads = value;
            break;
        case MAX_SOCKETS:
            if (value < 1 || value > SOCKETS_MAX)
                rc = -EINVAL;
            else
                ctx->max_sockets = value;
            break;
        case IPV6:
            ctx->ipv6 = value != 0;
            break;
        case BLOCKY:
            ctx->blocky = value != 0;
            break;
        default:
            rc = -EINVAL;
    }
    zl_unlock (&ctx->mu);
    return rc;
}

int zl_ctx_get (zl_ctx *ctx, int option, int *value)
{
    int rc = 0;
    zl_lock (&ctx->mu);
    switch (option) {
        case IO_THREADS:
            *value = ctx->io_threads;
            break;
        case MAX_SOCKETS:
            *value = ctx->max_sockets;
            break;
        case SOCKET_LIMIT:
            *value = SOCKETS_MAX;
            break;
        case MSG_T_SIZE:
            *value = 64;
            break;
        case IPV6:
            *value = ctx->ipv6;
            break;
        case BLOCKY:
            *value = ctx->blocky;
            break;
        default:
            rc = -EINVAL;
    }
    zl_unlock (&ctx->mu);
    return rc;
}
