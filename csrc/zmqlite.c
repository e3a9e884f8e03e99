/* The calls of zmqlite.h, and the one place that lists all socket types. */
#include <string.h>

#include "core/ctx.h"
#include "core/into.h"
#include "core/pollset.h"
#include "core/proxy.h"
#include "core/socket.h"
#include "type/types.h"
#include "wire/crypto.h"
#include "zmqlite.h"

static const zl_type *const types[] = {
    &zl_type_pair,   &zl_type_pub,  &zl_type_sub,  &zl_type_req,  &zl_type_rep, &zl_type_dealer,
    &zl_type_router, &zl_type_pull, &zl_type_push, &zl_type_xpub, &zl_type_xsub, &zl_type_stream,
};

/* What the public header has of the core's, under names that need no core header. */
_Static_assert ((int) ZMQL_ROOM == (int) ZL_ROOM, "the same events");
_Static_assert (sizeof (zmql_frame) == sizeof (zl_view) && offsetof (zmql_frame, more) == offsetof (zl_view, more),
                "zmql_frame is zl_view");
_Static_assert (sizeof (zmql_loan) == sizeof (zl_loan) && offsetof (zmql_loan, size) == offsetof (zl_loan, size),
                "zmql_loan is zl_loan");

int zmql_ctx_new (zmql_ctx **out)
{
    return zl_ctx_open (out);
}

void zmql_ctx_hold (zmql_ctx *ctx)
{
    zl_hold (&ctx->refs);
}

void zmql_ctx_free (zmql_ctx *ctx)
{
    zl_ctx_drop (ctx);
}

void zmql_ctx_shutdown (zmql_ctx *ctx)
{
    zl_ctx_shutdown (ctx);
}

void zmql_ctx_close_sockets (zmql_ctx *ctx, const int *linger_ms)
{
    zl_ctx_close_sockets (ctx, linger_ms);
}

int zmql_ctx_term (zmql_ctx *ctx)
{
    return zl_ctx_term (ctx);
}

int zmql_ctx_set (zmql_ctx *ctx, int option, int value)
{
    return zl_ctx_set (ctx, option, value);
}

int zmql_ctx_get (zmql_ctx *ctx, int option, int *value)
{
    return zl_ctx_get (ctx, option, value);
}

bool zmql_ctx_inherited (const zmql_ctx *ctx)
{
    return zl_ctx_inherited (ctx);
}

const char *zmql_crypto_name (unsigned i)
{
    return i < ZL_CRYPTO_COUNT ? zl_crypto_names[i] : NULL;
}

void zmql_use_crypto (const uintptr_t *addresses)
{
    static zl_crypto table;
    static atomic_flag taken = ATOMIC_FLAG_INIT;
    if (atomic_flag_test_and_set (&taken))
        return;
    memcpy (&table, addresses, sizeof table);
    zl_crypto_in_use = &table;
}

int zmql_socket_new (zmql_ctx *ctx, int type, zmql_socket **out)
{
    for (unsigned i = 0; i < ZL_LEN (types); i++)
        if (types[i]->id == type)
            return zl_ctx_socket (ctx, types[i], out);
    return -EINVAL;
}

static int stop_monitor (zmql_socket *s)
{
    zl_socket_lock (s);
    int rc = zl_socket_check (s);
    if (rc == 0)
        zl_monitor_stop (s);
    zl_socket_unlock (s);
    return rc;
}

/* A socket for the events, bound and ready. */
static int open_monitor (zmql_socket *s, const char *endpoint, int type, zmql_socket **out)
{
    int rc = zmql_socket_new (s->ctx, type, out);
    if (rc < 0)
        return rc;
    rc = zl_inproc_bind (*out, endpoint);
    if (rc < 0) {
        zl_socket_close (*out, 0, true);
        zl_socket_drop (*out);
    }
    return rc;
}

int zmql_monitor (zmql_socket *s, const char *endpoint, uint64_t events, int version, int type)
{
    enum { MASK_V1 = 0xffff };
    zmql_socket *to;
    if (!endpoint)
        return stop_monitor (s);
    if (version < 1 || version > 2 || (version == 1 && (events > MASK_V1 || type != ZL_PAIR)) ||
        (type != ZL_PAIR && type != ZL_PUB && type != ZL_PUSH))
        return -EINVAL;
    if (!zl_is_inproc (endpoint))
        return strstr (endpoint, "://") && strncmp (endpoint, "inproc://", 9) != 0 ? -EPROTONOSUPPORT : -EINVAL;
    int rc = stop_monitor (s);
    if (rc == 0)
        rc = open_monitor (s, endpoint, type, &to);
    if (rc < 0)
        return rc;
    zl_socket_lock (s);
    rc = zl_socket_check (s);
    if (rc == 0)
        rc = zl_monitor_start (s, to, events, version);
    zl_socket_unlock (s);
    if (rc < 0) {
        zl_socket_close (to, 0, true);
        zl_socket_drop (to);
    }
    return rc;
}

int zmql_close (zmql_socket *s, int linger_ms, bool set_linger)
{
    return zl_socket_close (s, linger_ms, set_linger);
}

void zmql_socket_share (zmql_socket *s)
{
    zl_hold (&s->refs);
    zl_socket_lock (s);
    s->outer_users++;
    zl_socket_unlock (s);
}

void zmql_socket_unshare (zmql_socket *s)
{
    zl_socket_lock (s);
    zl_socket_fd_drop (s);
    zl_socket_unlock (s);
    zl_socket_drop (s);
}

bool zmql_socket_inherited (const zmql_socket *s)
{
    return zl_ctx_inherited (s->ctx);
}

void zmql_socket_free (zmql_socket *s)
{
    zl_socket_drop (s);
}

bool zmql_closed (zmql_socket *s)
{
    zl_socket_lock (s);
    bool closed = s->closed;
    zl_socket_unlock (s);
    return closed;
}

const char *zmql_type_name (const zmql_socket *s)
{
    return zl_type_name (s->type->id);
}

int zmql_bind (zmql_socket *s, const char *endpoint)
{
    return zl_socket_bind (s, endpoint);
}

int zmql_connect (zmql_socket *s, const char *endpoint)
{
    return zl_socket_connect (s, endpoint);
}

int zmql_unbind (zmql_socket *s, const char *endpoint)
{
    return zl_socket_unbind (s, endpoint);
}

int zmql_send (zmql_socket *s, const zl_msg *frames, unsigned n, int flags)
{
    return zl_socket_send (s, frames, n, flags);
}

int zmql_send_many (zmql_socket *s, const zl_msg *frames, const unsigned *counts, unsigned n, unsigned *sent)
{
    return zl_socket_send_many (s, frames, counts, n, sent);
}

void zmql_flush_now (zmql_socket *s)
{
    zl_socket_flush_now (s);
}

int zmql_recv (zmql_socket *s, zmql_sink *sink, bool whole)
{
    return zl_socket_recv (s, (zl_sink *) (void *) sink, whole);
}

int zmql_recv_many (zmql_socket *s, zmql_sink *sink, unsigned max)
{
    return zl_socket_recv_many (s, (zl_sink *) (void *) sink, max);
}

int zmql_put_back (zmql_socket *s, const zl_msg *frames, unsigned n, bool more, uint64_t order)
{
    return zl_socket_put_back (s, frames, n, more, order);
}

int zmql_recv_into (zmql_socket *s, zmql_loan *loans, unsigned n, bool whole, zl_time deadline)
{
    return zl_socket_recv_into (s, (zl_loan *) (void *) loans, n, whole, deadline);
}

size_t zmql_wants_spare (zmql_socket *s)
{
    return zl_socket_wants_spare (s);
}

void zmql_give_spare (zmql_socket *s, zl_blob *b)
{
    zl_socket_give_spare (s, b);
}

int zmql_wait (zmql_socket *s, int events, zl_time deadline)
{
    return zl_socket_wait (s, events, deadline);
}

int64_t zmql_flush (zmql_socket *s, zl_time deadline)
{
    return zl_socket_drain (s, deadline);
}

int zmql_option_kind (zmql_socket *s, int option)
{
    return zl_option_kind_of (s, option);
}

const char *zmql_option_name (zmql_socket *s, int option)
{
    return zl_option_name (s, option);
}

int zmql_set (zmql_socket *s, int option, const void *value, size_t size)
{
    zl_socket_lock (s);
    int rc = zl_socket_check (s);
    if (rc == 0)
        rc = zl_option_set (s, option, value, size);
    zl_flush_later (s);
    zl_socket_unlock (s);
    return rc;
}

int zmql_get (zmql_socket *s, int option, void *value, size_t *size)
{
    zl_socket_lock (s);
    int rc = zl_socket_check (s);
    if (rc == 0)
        rc = zl_option_get (s, option, value, size);
    zl_socket_unlock (s);
    return rc;
}

void zmql_stats (zmql_socket *s, void (*fn) (void *, const char *, const char *, uint64_t), void *arg)
{
    static const char *const dropped[] = {
#define X(id, name) name,
        ZL_DROP_REASONS (X)
#undef X
    };
    static const char *const closed[] = {
#define X(id, name, final, event) name,
        ZL_CLOSE_REASONS (X)
#undef X
    };
    zl_socket_lock (s);
    zl_stats st = s->stats;
    zl_socket_unlock (s);
    const struct {
        const char *name;
        uint64_t value;
    } plain[] = {
        {"sent", st.sent},
        {"received", st.received},
        {"accepted", st.accepted},
        {"connected", st.connected},
        {"handshakes", st.handshakes},
        {"connect_failures", st.connect_failures},
        {"last_connect_error", (uint64_t) st.last_connect_error},
    };
    for (unsigned i = 0; i < ZL_LEN (plain); i++)
        fn (arg, "", plain[i].name, plain[i].value);
    for (unsigned i = 0; i < ZL_DROP_COUNT; i++)
        fn (arg, "dropped", dropped[i], st.dropped[i]);
    for (unsigned i = ZL_CLOSE_LOCAL; i < ZL_CLOSE_COUNT; i++)
        fn (arg, "closed", closed[i], st.closed[i]);
}

int zmql_pollset_new (zmql_pollset **out)
{
    return zl_pollset_open (out);
}

void zmql_pollset_free (zmql_pollset *p)
{
    zl_pollset_free (p);
}

int zmql_pollset_add (zmql_pollset *p, zmql_socket *s, int fd, int events, void *tag)
{
    return zl_pollset_add (p, s, fd, events, tag);
}

void zmql_pollset_remove (zmql_pollset *p, zmql_socket *s, int fd)
{
    zl_pollset_remove (p, s, fd);
}

int zmql_pollset_wait (zmql_pollset *p, zmql_ready *ready, int max, zl_time deadline)
{
    return zl_pollset_wait (p, (zl_polled *) (void *) ready, max, deadline);
}

int zmql_proxy (zmql_socket *front, zmql_socket *back, zmql_socket *capture, zmql_socket *control,
                int (*interrupted) (void))
{
    const zl_proxy_config config = {
        .front = front, .back = back, .capture = capture, .control = control, .interrupted = interrupted};
    return zl_proxy (&config);
}

int zmql_monitored_queue (zmql_socket *in, zmql_socket *out, zmql_socket *monitor, const zl_msg *in_mark,
                          const zl_msg *out_mark, int (*interrupted) (void))
{
    const zl_proxy_config config = {
        .front = in,
        .back = out,
        .capture = monitor,
        .front_mark = {in_mark->data, in_mark->size},
        .back_mark = {out_mark->data, out_mark->size},
        .interrupted = interrupted,
        .swap_ids = in->type->id == ZL_ROUTER && out->type->id == ZL_ROUTER,
    };
    return zl_proxy (&config);
}
