/* Sockets in a few words, for the tests that use the core as an application does: calls that wait
 * up to a deadline, received messages, threads, counted blocks. */
#ifndef SOCKETS_H
#define SOCKETS_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "check.h"
#include "wire/compat.h"
#include "zmqlite.h"

/* Options of sockets and of contexts, by the numbers of ZeroMQ's public header. */
enum {
    AFFINITY = 4,
    ROUTING_ID = 5,
    SUBSCRIBE = 6,
    UNSUBSCRIBE = 7,
    SNDBUF = 11,
    RCVMORE = 13,
    OPTION_FD = 14,
    EVENTS = 15,
    TYPE = 16,
    LINGER = 17,
    RECONNECT_IVL = 18,
    BACKLOG = 19,
    RECONNECT_IVL_MAX = 21,
    MAXMSGSIZE = 22,
    SNDHWM = 23,
    RCVHWM = 24,
    IPV4ONLY = 31,
    LAST_ENDPOINT = 32,
    ROUTER_MANDATORY = 33,
    KEEPALIVE = 34,
    TCP_ACCEPT_FILTER = 38,
    IMMEDIATE = 39,
    ROUTER_RAW = 41,
    IPV6 = 42,
    MECHANISM = 43,
    PLAIN_SERVER = 44,
    PLAIN_USERNAME = 45,
    PLAIN_PASSWORD = 46,
    CURVE_SERVER = 47,
    CURVE_PUBLICKEY = 48,
    CURVE_SECRETKEY = 49,
    CURVE_SERVERKEY = 50,
    PROBE_ROUTER = 51,
    REQ_CORRELATE = 52,
    REQ_RELAXED = 53,
    CONFLATE = 54,
    ZAP_DOMAIN = 55,
    ROUTER_HANDOVER = 56,
    TOS = 57,
    IPC_FILTER_PID = 58,
    IPC_FILTER_UID = 59,
    IPC_FILTER_GID = 60,
    CONNECT_ROUTING_ID = 61,
    HANDSHAKE_IVL = 66,
    SOCKS_PROXY = 68,
    WELCOME_MSG = 72,
    STREAM_NOTIFY = 73,
    HEARTBEAT_IVL = 75,
    HEARTBEAT_TTL = 76,
    HEARTBEAT_TIMEOUT = 77,
    CONNECT_TIMEOUT = 79,
    TCP_MAXRT = 80,
    USE_FD = 89,
    BINDTODEVICE = 92,
    ZAP_ENFORCE_DOMAIN = 93,
    METADATA = 95,
    ROUTER_NOTIFY = 97,
    SOCKS_USERNAME = 99,
    SOCKS_PASSWORD = 100,
    RECONNECT_STOP = 109,
    HELLO_MSG = 110,
    DISCONNECT_MSG = 111,
    BUSY_POLL = 113,
    HICCUP_MSG = 114,
};
enum {
    CTX_IO_THREADS = 1,
    CTX_MAX_SOCKETS = 2,
    CTX_SOCKET_LIMIT = 3, /* when read */
    CTX_THREAD_PRIORITY = 3,
    CTX_THREAD_SCHED_POLICY = 4,
    CTX_MAX_MSGSZ = 5,
    CTX_MSG_T_SIZE = 6,
    CTX_ADD_CPU = 7,
    CTX_REMOVE_CPU = 8,
    CTX_NAME_PREFIX = 9,
    CTX_IPV6 = 42,
    CTX_BLOCKY = 70,
};

enum { TRANSPORTS = 3 };
static const char *const any_endpoint[TRANSPORTS] = {"tcp://127.0.0.1:*", "ipc://*", "inproc://a"};

/* A wait that takes longer is a hang. */
static inline zl_time patience (void)
{
    return zl_deadline (30000);
}

static inline zmql_ctx *new_context (void)
{
    zmql_ctx *ctx;
    CHECK_EQ (zmql_ctx_new (&ctx), 0);
    return ctx;
}

static inline void end_context (zmql_ctx *ctx)
{
    CHECK_EQ (zmql_ctx_term (ctx), 0);
    zmql_ctx_free (ctx);
}

static inline void set_int (zmql_socket *s, int option, int64_t value)
{
    CHECK_EQ (zmql_set (s, option, &value, sizeof value), 0);
}

static inline int64_t get_int (zmql_socket *s, int option)
{
    int64_t value;
    size_t size = sizeof value;
    CHECK_EQ (zmql_get (s, option, &value, &size), 0);
    return value;
}

/* What else is done to a new socket, and to one that is to be bound; NULL: nothing. */
static void (*on_new_socket) (zmql_socket *s);
static void (*on_bind) (zmql_socket *s);

static inline zmql_socket *new_socket (zmql_ctx *ctx, int type)
{
    zmql_socket *s;
    CHECK_EQ (zmql_socket_new (ctx, type, &s), 0);
    if (on_new_socket)
        on_new_socket (s);
    return s;
}

static inline void end_socket (zmql_socket *s)
{
    CHECK_EQ (zmql_close (s, 0, false), 0);
    zmql_socket_free (s);
}

typedef struct {
    char text[512];
} address;

static inline address bind_to (zmql_socket *s, const char *endpoint)
{
    address a = {{0}};
    size_t size = sizeof a.text - 1;
    if (on_bind)
        on_bind (s);
    CHECK_EQ (zmql_bind (s, endpoint), 0);
    CHECK_EQ (zmql_get (s, LAST_ENDPOINT, a.text, &size), 0);
    return a;
}

static inline zmql_socket *new_bound (zmql_ctx *ctx, int type, const char *endpoint, address *a)
{
    zmql_socket *s = new_socket (ctx, type);
    *a = bind_to (s, endpoint);
    return s;
}

static inline zmql_socket *new_connected (zmql_ctx *ctx, int type, const address *a)
{
    zmql_socket *s = new_socket (ctx, type);
    CHECK_EQ (zmql_connect (s, a->text), 0);
    return s;
}

/* ---- sending ---- */

/* Waits for room: 0, or the code that ended the wait. */
static inline int send_frames (zmql_socket *s, const zl_msg *frames, unsigned n)
{
    int rc;
    while ((rc = zmql_send (s, frames, n, 0)) == -EAGAIN) {
        rc = zmql_wait (s, ZMQL_POLLOUT, patience ());
        CHECK (rc != 0);
        if (rc < 0)
            return rc;
    }
    if (rc == 1)
        zmql_flush_now (s);
    return rc < 0 ? rc : 0;
}

static inline zl_msg text_frame (const char *text)
{
    return (zl_msg){(const uint8_t *) text, strlen (text), NULL};
}

static inline int send_text (zmql_socket *s, const char *text)
{
    zl_msg m = text_frame (text);
    return send_frames (s, &m, 1);
}

/* ---- receiving ---- */

enum { INBOX_FRAMES = 16 };

/* The frames of the newest message. */
typedef struct {
    zmql_sink sink;
    unsigned count;
    size_t sizes[INBOX_FRAMES], offsets[INBOX_FRAMES];
    uint8_t *bytes;
    size_t used, room;
} inbox;

static inline int inbox_take (zmql_sink *sink, const zmql_frame *f)
{
    inbox *in = ZL_CONTAINER (sink, inbox, sink);
    CHECK (in->count < INBOX_FRAMES);
    if (in->used + f->size + 1 > in->room) {
        in->room = (in->used + f->size + 1) * 2;
        in->bytes = realloc (in->bytes, in->room);
        CHECK (in->bytes);
    }
    if (f->size)
        memcpy (in->bytes + in->used, f->data, f->size);
    in->bytes[in->used + f->size] = 0;
    in->sizes[in->count] = f->size;
    in->offsets[in->count++] = in->used;
    in->used += f->size + 1;
    return 0;
}

static inline inbox new_inbox (void)
{
    return (inbox){.sink.take = inbox_take};
}

static inline void end_inbox (inbox *in)
{
    free (in->bytes);
}

static inline const char *frame_text (const inbox *in, unsigned i)
{
    CHECK (i < in->count);
    return (const char *) in->bytes + in->offsets[i];
}

/* What is there now: 0, or a code. */
static inline int recv_now (zmql_socket *s, inbox *in)
{
    in->count = 0;
    in->used = 0;
    return zmql_recv (s, &in->sink, true);
}

/* Waits for a whole message: 0, or the code that ended the wait. */
static inline int recv_message (zmql_socket *s, inbox *in)
{
    int rc;
    while ((rc = recv_now (s, in)) == -EAGAIN) {
        rc = zmql_wait (s, ZMQL_POLLIN, patience ());
        CHECK (rc != 0);
        if (rc < 0)
            break;
    }
    return rc;
}

/* The next message must be this one frame. */
#define CHECK_RECV(s, text)                                                                        \
    do {                                                                                           \
        inbox in_ = new_inbox ();                                                                  \
        CHECK_EQ (recv_message (s, &in_), 0);                                                      \
        CHECK_EQ (in_.count, 1);                                                                   \
        CHECK_TEXT (frame_text (&in_, 0), text);                                                   \
        end_inbox (&in_);                                                                          \
    } while (0)

/* Subscribes and waits until the XPUB was told; the topic must be new to it. */
static inline void subscribe_and_settle (zmql_socket *sub, zmql_socket *xpub, const char *topic)
{
    inbox in = new_inbox ();
    CHECK_EQ (zmql_set (sub, SUBSCRIBE, topic, strlen (topic)), 0);
    do
        CHECK_EQ (recv_message (xpub, &in), 0);
    while (frame_text (&in, 0)[0] != 1 || strcmp (frame_text (&in, 0) + 1, topic) != 0);
    end_inbox (&in);
}

/* ---- counters ---- */

typedef struct {
    const char *group, *name;
    uint64_t value;
} wanted_stat;

static inline void pick_stat (void *arg, const char *group, const char *name, uint64_t value)
{
    wanted_stat *w = arg;
    if (strcmp (group, w->group) == 0 && strcmp (name, w->name) == 0)
        w->value = value;
}

static inline uint64_t stat_of (zmql_socket *s, const char *group, const char *name)
{
    wanted_stat w = {group, name, UINT64_MAX};
    zmql_stats (s, pick_stat, &w);
    CHECK (w.value != UINT64_MAX);
    return w.value;
}

/* Waits until a counter of s is at least so high; what counts announces nothing. */
static inline void await_stat (zmql_socket *s, const char *group, const char *name, uint64_t value)
{
    for (zl_time end = patience (); stat_of (s, group, name) < value;) {
        CHECK (zl_now () < end);
        CHECK_EQ (zmql_wait (s, 0, zl_deadline (1)), 0);
    }
}

/* ---- blocks that are counted ---- */

static atomic_long blocks_alive;

static inline void counted_release (zl_blob *b)
{
    atomic_fetch_sub (&blocks_alive, 1);
    free (b);
}

static inline zl_blob *counted_blob (size_t size)
{
    zl_blob *b = zl_blob_alloc (size);
    CHECK (b);
    b->release = counted_release;
    atomic_fetch_add (&blocks_alive, 1);
    return b;
}

/* ---- threads ---- */

static inline pthread_t start (void *(*body) (void *), void *arg)
{
    pthread_t t;
    CHECK_EQ (pthread_create (&t, NULL, body, arg), 0);
    return t;
}

static inline void join (pthread_t t)
{
    CHECK_EQ (pthread_join (t, NULL), 0);
}

#endif
