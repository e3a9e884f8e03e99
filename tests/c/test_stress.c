/* Many threads on few sockets, over every transport: everything is counted and nothing may be lost.
 * Worth most under the sanitizers. */
#include <poll.h>
#include <sched.h>
#include <unistd.h>

#include "core/ctx.h"
#include "loop/wake.h"
#include "plain.h"
#include "toy_crypto.h"

/* ---- the same under CURVE ---- */

static uint8_t server_public[TOY_KEY], server_secret[TOY_KEY], client_public[TOY_KEY], client_secret[TOY_KEY];

static void make_client (zmql_socket *s)
{
    CHECK_EQ (zmql_set (s, CURVE_SERVERKEY, server_public, TOY_KEY), 0);
    CHECK_EQ (zmql_set (s, CURVE_PUBLICKEY, client_public, TOY_KEY), 0);
    CHECK_EQ (zmql_set (s, CURVE_SECRETKEY, client_secret, TOY_KEY), 0);
}

static void make_server (zmql_socket *s)
{
    set_int (s, CURVE_SERVER, 1);
    CHECK_EQ (zmql_set (s, CURVE_SECRETKEY, server_secret, TOY_KEY), 0);
}

static void under_curve (void (*test) (const char *endpoint), const char *endpoint)
{
    zmql_use_crypto ((const uintptr_t *) &toy_crypto);
    toy_keypair (server_public, server_secret);
    toy_keypair (client_public, client_secret);
    on_new_socket = make_client;
    on_bind = make_server;
    test (endpoint);
    on_new_socket = on_bind = NULL;
}

/* ---- messages that prove themselves: (sender, number), then frames that follow from it ---- */

typedef struct {
    uint32_t sender, number;
} stamp;

enum { EXTRA_FRAMES = 3, HUGE_BODY = 300000 };

static uint32_t mix (stamp st, unsigned i)
{
    uint32_t h = st.sender * 2654435761u ^ st.number * 2246822519u ^ i * 3266489917u;
    h ^= h >> 15;
    h *= 2246822519u;
    return h ^ h >> 13;
}

static unsigned extra_frames (stamp st)
{
    return mix (st, 99) % (EXTRA_FRAMES + 1);
}

static size_t body_size (stamp st, unsigned i)
{
    uint32_t h = mix (st, i);
    if (h % 1024 == 0)
        return HUGE_BODY + h % 100;
    if (h % 64 == 0)
        return 8000 + h % 4000;
    return h % 16 == 0 ? 200 + h % 200 : h % 40;
}

static int send_stamped (zmql_socket *s, stamp st)
{
    static uint8_t zeros[HUGE_BODY + 100];
    zl_msg frames[1 + EXTRA_FRAMES] = {{(const uint8_t *) &st, sizeof st, NULL}};
    unsigned n = 1 + extra_frames (st);
    for (unsigned i = 1; i < n; i++) {
        size_t size = body_size (st, i);
        frames[i] = (zl_msg){zeros, size, NULL};
        if (size && mix (st, i + 50) % 2) {
            zl_blob *b = counted_blob (size);
            memset (zl_blob_bytes (b), 0, size);
            zl_blob_bytes (b)[size - 1] = (uint8_t) st.number;
            frames[i] = (zl_msg){b->data, size, b};
        }
    }
    int rc = send_frames (s, frames, n);
    for (unsigned i = 1; i < n; i++)
        zl_blob_drop (frames[i].blob);
    return rc;
}

/* Checks the stamped message that begins with frame `at`. */
static stamp check_stamped (const inbox *in, unsigned at)
{
    stamp st;
    CHECK (in->count > at);
    CHECK_EQ (in->sizes[at], sizeof st);
    memcpy (&st, frame_text (in, at), sizeof st);
    CHECK_EQ (in->count, at + 1 + extra_frames (st));
    for (unsigned i = 1; at + i < in->count; i++) {
        size_t size = body_size (st, i);
        CHECK_EQ (in->sizes[at + i], size);
        if (size && mix (st, i + 50) % 2)
            CHECK_EQ ((uint8_t) frame_text (in, at + i)[size - 1], (uint8_t) st.number);
    }
    return st;
}

/* ---- who has got what ---- */

enum { SENDERS_MAX = 32, NUMBERS_MAX = 4096 };

typedef struct {
    zmql_socket *sock;
    uint32_t sender, count;
} sending;

typedef struct {
    zmql_socket *sock;
    atomic_uint left;
    zl_wake done;
    atomic_uchar seen[SENDERS_MAX][NUMBERS_MAX];
} tally;

static tally *new_tally (zmql_socket *s, unsigned expected)
{
    tally *t = calloc (1, sizeof *t);
    CHECK (t);
    t->sock = s;
    atomic_init (&t->left, expected);
    CHECK_EQ (zl_wake_init (&t->done), 0);
    return t;
}

static void mark (tally *t, stamp st)
{
    CHECK (st.sender < SENDERS_MAX && st.number < NUMBERS_MAX);
    CHECK_EQ (atomic_fetch_add (&t->seen[st.sender][st.number], 1), 0);
    if (atomic_fetch_sub (&t->left, 1) == 1)
        zl_wake_set (&t->done);
}

/* Waits until everything that was expected has come. */
static void await_tally (tally *t)
{
    struct pollfd fd = {.fd = t->done.fd, .events = POLLIN};
    if (poll (&fd, 1, 30000) != 1) {
        printf ("\n%u messages are missing\n", atomic_load (&t->left));
        CHECK (!"everything has come");
    }
}

static void end_tally (tally *t)
{
    zl_wake_fini (&t->done);
    free (t);
}

static void *sender_thread (void *arg)
{
    sending *w = arg;
    for (uint32_t i = 0; i < w->count; i++)
        CHECK_EQ (send_stamped (w->sock, (stamp){w->sender, i}), 0);
    return NULL;
}

/* Receives until the socket is closed. */
static void *tally_thread (void *arg)
{
    tally *t = arg;
    inbox in = new_inbox ();
    int rc;
    while ((rc = recv_message (t->sock, &in)) == 0)
        mark (t, check_stamped (&in, 0));
    CHECK_EQ (rc, -ENOTSOCK);
    end_inbox (&in);
    return NULL;
}

static void check_blocks_returned (void)
{
    CHECK_EQ (atomic_load (&blocks_alive), 0);
}

/* ---- PUSH and PULL ---- */

enum { PUSHERS = 3, PUSH_THREADS = 3, PULL_THREADS = 3, PUSHED = 1500 };

static void push_pull (const char *endpoint)
{
    zmql_ctx *ctx = new_context ();
    address a;
    zmql_socket *pull = new_bound (ctx, ZL_PULL, endpoint, &a), *push[PUSHERS];
    tally *t = new_tally (pull, PUSHERS * PUSH_THREADS * PUSHED);
    pthread_t receivers[PULL_THREADS], senders[PUSHERS * PUSH_THREADS];
    sending work[PUSHERS * PUSH_THREADS];
    for (unsigned i = 0; i < PULL_THREADS; i++)
        receivers[i] = start (tally_thread, t);
    for (unsigned i = 0; i < PUSHERS; i++)
        push[i] = new_connected (ctx, ZL_PUSH, &a);
    for (unsigned i = 0; i < PUSHERS * PUSH_THREADS; i++) {
        work[i] = (sending){push[i % PUSHERS], i, PUSHED};
        senders[i] = start (sender_thread, &work[i]);
    }
    for (unsigned i = 0; i < PUSHERS * PUSH_THREADS; i++)
        join (senders[i]);
    await_tally (t);
    CHECK_EQ (zmql_close (pull, 0, false), 0);
    for (unsigned i = 0; i < PULL_THREADS; i++)
        join (receivers[i]);
    for (unsigned i = 0; i < PUSHERS; i++)
        end_socket (push[i]);
    zmql_socket_free (pull);
    end_context (ctx);
    end_tally (t);
    check_blocks_returned ();
}

TEST ("many threads push through few sockets and many threads pull from one, over tcp")
{
    push_pull (any_endpoint[0]);
}

TEST ("many threads push through few sockets and many threads pull from one, over ipc")
{
    push_pull (any_endpoint[1]);
}

TEST ("many threads push through few sockets and many threads pull from one, over inproc")
{
    push_pull (any_endpoint[2]);
}

TEST ("many threads push through few sockets and many threads pull from one, under CURVE")
{
    under_curve (push_pull, any_endpoint[0]);
}

/* Each opens a socket, sends one message and closes it at once; LINGER must deliver it. */
typedef struct {
    zmql_ctx *ctx;
    const address *to;
    uint32_t sender, count;
} brief_life;

static void *brief_thread (void *arg)
{
    brief_life *life = arg;
    for (uint32_t i = 0; i < life->count; i++) {
        zmql_socket *s = new_connected (life->ctx, ZL_PUSH, life->to);
        CHECK_EQ (send_stamped (s, (stamp){life->sender, i}), 0);
        CHECK_EQ (zmql_close (s, -1, true), 0);
        zmql_socket_free (s);
    }
    return NULL;
}

TEST ("what a socket sent before it was closed arrives, however short its life")
{
    enum { THREADS = 4, LIVES = 80 };
    for (unsigned i = 0; i < TRANSPORTS; i++) {
        zmql_ctx *ctx = new_context ();
        address a;
        zmql_socket *pull = new_bound (ctx, ZL_PULL, any_endpoint[i], &a);
        tally *t = new_tally (pull, THREADS * LIVES);
        brief_life lives[THREADS];
        pthread_t threads[THREADS], receiver = start (tally_thread, t);
        for (unsigned k = 0; k < THREADS; k++) {
            lives[k] = (brief_life){ctx, &a, k, LIVES};
            threads[k] = start (brief_thread, &lives[k]);
        }
        for (unsigned k = 0; k < THREADS; k++)
            join (threads[k]);
        await_tally (t);
        CHECK_EQ (zmql_close (pull, 0, false), 0);
        join (receiver);
        zmql_socket_free (pull);
        end_context (ctx);
        end_tally (t);
        check_blocks_returned ();
    }
}

/* ---- DEALER and ROUTER ---- */

enum { DEALERS = 3, ROUTER_THREADS = 3, ASKED = 2000, WINDOW = 50 };

/* Sends every message back to where it came from, until the socket is closed. */
static void *echo_thread (void *arg)
{
    zmql_socket *router = arg;
    inbox in = new_inbox ();
    int rc;
    while ((rc = recv_message (router, &in)) == 0) {
        zl_msg frames[INBOX_FRAMES];
        for (unsigned i = 0; i < in.count; i++)
            frames[i] = (zl_msg){(const uint8_t *) frame_text (&in, i), in.sizes[i], NULL};
        rc = send_frames (router, frames, in.count);
        if (rc < 0)
            break;
    }
    CHECK_EQ (rc, -ENOTSOCK);
    end_inbox (&in);
    return NULL;
}

/* Two threads for each DEALER: one asks, at most WINDOW ahead of the other, who hears. */
typedef struct {
    zmql_socket *sock;
    uint32_t sender;
    pthread_mutex_t mu;
    pthread_cond_t heard;
    unsigned open; /* questions without an answer; guarded by mu */
} conversation;

static void ask_within_window (conversation *c)
{
    pthread_mutex_lock (&c->mu);
    while (c->open == WINDOW)
        pthread_cond_wait (&c->heard, &c->mu);
    c->open++;
    pthread_mutex_unlock (&c->mu);
}

static void answered (conversation *c)
{
    pthread_mutex_lock (&c->mu);
    c->open--;
    pthread_cond_signal (&c->heard);
    pthread_mutex_unlock (&c->mu);
}

static void *asking_thread (void *arg)
{
    conversation *c = arg;
    for (uint32_t i = 0; i < ASKED; i++) {
        ask_within_window (c);
        CHECK_EQ (send_stamped (c->sock, (stamp){c->sender, i}), 0);
    }
    return NULL;
}

static void *hearing_thread (void *arg)
{
    conversation *c = arg;
    inbox in = new_inbox ();
    static atomic_uchar seen[DEALERS][ASKED];
    memset (seen[c->sender], 0, sizeof seen[0]);
    for (uint32_t i = 0; i < ASKED; i++) {
        CHECK_EQ (recv_message (c->sock, &in), 0);
        stamp st = check_stamped (&in, 0);
        CHECK_EQ (st.sender, c->sender);
        CHECK (st.number < ASKED);
        CHECK_EQ (atomic_fetch_add (&seen[c->sender][st.number], 1), 0);
        answered (c);
    }
    end_inbox (&in);
    return NULL;
}

static void dealer_router (const char *endpoint)
{
    zmql_ctx *ctx = new_context ();
    address a;
    zmql_socket *router = new_bound (ctx, ZL_ROUTER, endpoint, &a);
    conversation talks[DEALERS];
    pthread_t echoes[ROUTER_THREADS], asking[DEALERS], hearing[DEALERS];
    for (unsigned i = 0; i < ROUTER_THREADS; i++)
        echoes[i] = start (echo_thread, router);
    for (unsigned i = 0; i < DEALERS; i++) {
        talks[i] = (conversation){.sock = new_connected (ctx, ZL_DEALER, &a), .sender = i};
        pthread_mutex_init (&talks[i].mu, NULL);
        pthread_cond_init (&talks[i].heard, NULL);
        hearing[i] = start (hearing_thread, &talks[i]);
        asking[i] = start (asking_thread, &talks[i]);
    }
    for (unsigned i = 0; i < DEALERS; i++) {
        join (asking[i]);
        join (hearing[i]);
        end_socket (talks[i].sock);
        pthread_mutex_destroy (&talks[i].mu);
        pthread_cond_destroy (&talks[i].heard);
    }
    CHECK_EQ (zmql_close (router, 0, false), 0);
    for (unsigned i = 0; i < ROUTER_THREADS; i++)
        join (echoes[i]);
    zmql_socket_free (router);
    end_context (ctx);
    check_blocks_returned ();
}

TEST ("dealers are answered by many threads on one router, over tcp")
{
    dealer_router (any_endpoint[0]);
}

TEST ("dealers are answered by many threads on one router, over ipc")
{
    dealer_router (any_endpoint[1]);
}

TEST ("dealers are answered by many threads on one router, over inproc")
{
    dealer_router (any_endpoint[2]);
}

TEST ("dealers are answered by many threads on one router, under CURVE")
{
    under_curve (dealer_router, any_endpoint[0]);
}

/* ---- PUB and SUB ---- */

enum { SUBSCRIBERS = 3, PUBLISHING = 3, PUBLISHED = 1500 };

/* Hears every publisher thread from its first message to its last, in order. */
static void *subscriber_thread (void *arg)
{
    zmql_socket *sub = arg;
    uint32_t next[PUBLISHING] = {0};
    inbox in = new_inbox ();
    for (unsigned i = 0; i < PUBLISHING * PUBLISHED; i++) {
        CHECK_EQ (recv_message (sub, &in), 0);
        stamp st = check_stamped (&in, 0);
        CHECK (st.sender < PUBLISHING);
        CHECK_EQ (st.number, next[st.sender]++);
    }
    end_inbox (&in);
    return NULL;
}

/* Subscribes and unsubscribes what nobody publishes, while messages pass by. */
typedef struct {
    zmql_socket *sub;
    atomic_bool stop;
} fickle;

static void *fickle_thread (void *arg)
{
    fickle *f = arg;
    char topic[16];
    for (unsigned i = 0; !atomic_load (&f->stop); i++) {
        int n = snprintf (topic, sizeof topic, "\xff%u", i % 50);
        int option = i / 50 % 2 ? UNSUBSCRIBE : SUBSCRIBE;
        CHECK_EQ (zmql_set (f->sub, option, topic, (size_t) n), 0);
        if (i % 50 == 49)
            sched_yield ();
    }
    return NULL;
}

static void pub_sub (const char *endpoint)
{
    zmql_ctx *ctx = new_context ();
    address a;
    zmql_socket *pub = new_socket (ctx, ZL_XPUB), *sub[SUBSCRIBERS];
    set_int (pub, SNDHWM, 0);
    set_int (pub, RCVHWM, 0);
    a = bind_to (pub, endpoint);
    pthread_t hearing[SUBSCRIBERS], publishing[PUBLISHING];
    sending work[PUBLISHING];
    for (unsigned i = 0; i < SUBSCRIBERS; i++) {
        sub[i] = new_socket (ctx, ZL_SUB);
        set_int (sub[i], RCVHWM, 0);
        CHECK_EQ (zmql_connect (sub[i], a.text), 0);
        char own[16];
        snprintf (own, sizeof own, "own topic %u", i);
        CHECK_EQ (zmql_set (sub[i], SUBSCRIBE, "", 0), 0);
        subscribe_and_settle (sub[i], pub, own);
        hearing[i] = start (subscriber_thread, sub[i]);
    }
    fickle f = {.sub = sub[0]};
    pthread_t fickle_one = start (fickle_thread, &f);
    for (uint32_t i = 0; i < PUBLISHING; i++) {
        work[i] = (sending){pub, i, PUBLISHED};
        publishing[i] = start (sender_thread, &work[i]);
    }
    for (unsigned i = 0; i < PUBLISHING; i++)
        join (publishing[i]);
    for (unsigned i = 0; i < SUBSCRIBERS; i++)
        join (hearing[i]);
    atomic_store (&f.stop, true);
    join (fickle_one);
    for (unsigned i = 0; i < SUBSCRIBERS; i++)
        end_socket (sub[i]);
    end_socket (pub);
    end_context (ctx);
    check_blocks_returned ();
}

TEST ("every subscriber hears every publishing thread in order, over tcp")
{
    pub_sub (any_endpoint[0]);
}

TEST ("every subscriber hears every publishing thread in order, over ipc")
{
    pub_sub (any_endpoint[1]);
}

TEST ("every subscriber hears every publishing thread in order, over inproc")
{
    pub_sub (any_endpoint[2]);
}

TEST ("every subscriber hears every publishing thread in order, under CURVE")
{
    under_curve (pub_sub, any_endpoint[0]);
}

/* ---- REQ and REP, with a proxy between ---- */

enum { CLIENTS = 4, WORKERS = 3, REQUESTS = 500 };

static void *client_thread (void *arg)
{
    zmql_socket *req = arg;
    inbox in = new_inbox ();
    for (uint32_t i = 0; i < REQUESTS; i++) {
        CHECK_EQ (send_stamped (req, (stamp){1, i}), 0);
        CHECK_EQ (recv_message (req, &in), 0);
        CHECK_EQ (check_stamped (&in, 0).number, i);
    }
    end_inbox (&in);
    return NULL;
}

typedef struct {
    zmql_socket *front, *back;
} between;

static int never (void)
{
    return 0;
}

static void *proxy_thread (void *arg)
{
    between *b = arg;
    CHECK_EQ (zmql_proxy (b->front, b->back, NULL, NULL, never), -ENOTSOCK);
    return NULL;
}

static void req_rep (const char *front_endpoint, const char *back_endpoint)
{
    zmql_ctx *ctx = new_context ();
    address front, back;
    between b = {new_bound (ctx, ZL_ROUTER, front_endpoint, &front),
                 new_bound (ctx, ZL_DEALER, back_endpoint, &back)};
    pthread_t proxy = start (proxy_thread, &b), clients[CLIENTS], workers[WORKERS];
    zmql_socket *req[CLIENTS], *rep[WORKERS];
    for (unsigned i = 0; i < WORKERS; i++) {
        rep[i] = new_connected (ctx, ZL_REP, &back);
        workers[i] = start (echo_thread, rep[i]);
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        req[i] = new_connected (ctx, ZL_REQ, &front);
        clients[i] = start (client_thread, req[i]);
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        join (clients[i]);
        end_socket (req[i]);
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        CHECK_EQ (zmql_close (rep[i], 0, false), 0);
        join (workers[i]);
        zmql_socket_free (rep[i]);
    }
    CHECK_EQ (zmql_close (b.front, 0, false), 0);
    join (proxy);
    zmql_socket_free (b.front);
    end_socket (b.back);
    end_context (ctx);
    check_blocks_returned ();
}

TEST ("each request through a proxy gets its own reply, over tcp and inproc")
{
    req_rep (any_endpoint[0], any_endpoint[2]);
}

TEST ("each request through a proxy gets its own reply, over ipc and tcp")
{
    req_rep (any_endpoint[1], any_endpoint[0]);
}

TEST ("each request through a proxy gets its own reply, over inproc")
{
    req_rep ("inproc://front", "inproc://back");
}

/* ---- connections that come and go ---- */

/* Serves one endpoint in several lives, each a socket of its own, until it is told to end. */
typedef struct {
    zmql_ctx *ctx;
    address a;
    unsigned lives;
} phoenix;

static void *phoenix_thread (void *arg)
{
    phoenix *p = arg;
    inbox in = new_inbox ();
    bool over = false;
    for (unsigned life = 1; !over; life++) {
        zmql_socket *router = new_socket (p->ctx, ZL_ROUTER);
        int rc;
        if (on_bind)
            on_bind (router);
        while ((rc = zmql_bind (router, p->a.text)) == -EADDRINUSE)
            sched_yield (); /* the life before is still closing */
        CHECK_EQ (rc, 0);
        for (unsigned served = 0; !over && (life == p->lives || served < 60); served++) {
            CHECK_EQ (recv_message (router, &in), 0);
            CHECK_EQ (in.count, 2);
            zl_msg frames[2] = {{(const uint8_t *) frame_text (&in, 0), in.sizes[0], NULL},
                                text_frame (frame_text (&in, 1))};
            over = strcmp (frame_text (&in, 1), "end") == 0;
            if (!over)
                CHECK_EQ (send_frames (router, frames, 2), 0);
        }
        end_socket (router);
    }
    end_inbox (&in);
    return NULL;
}

/* Asks each question again until it is answered. */
static void *stubborn_thread (void *arg)
{
    zmql_socket *dealer = arg;
    inbox in = new_inbox ();
    char text[16];
    for (unsigned i = 0; i < 150; i++) {
        snprintf (text, sizeof text, "%u", i);
        for (unsigned tries = 0;; tries++) {
            CHECK (tries < 500);
            CHECK_EQ (send_text (dealer, text), 0);
            int rc = zmql_wait (dealer, ZMQL_POLLIN, zl_deadline (100));
            CHECK (rc >= 0);
            bool answered = false;
            while (recv_now (dealer, &in) == 0) /* maybe an old answer too */
                answered |= strcmp (frame_text (&in, 0), text) == 0;
            if (answered)
                break;
        }
    }
    end_inbox (&in);
    return NULL;
}

static void reconnecting (const char *endpoint)
{
    enum { STUBBORN = 3 };
    zmql_ctx *ctx = new_context ();
    phoenix p = {.ctx = ctx, .lives = 6};
    zmql_socket *first = new_bound (ctx, ZL_ROUTER, endpoint, &p.a), *dealers[STUBBORN];
    pthread_t threads[STUBBORN];
    for (unsigned i = 0; i < STUBBORN; i++) {
        dealers[i] = new_socket (ctx, ZL_DEALER);
        set_int (dealers[i], RECONNECT_IVL, 1);
        set_int (dealers[i], LINGER, 0);
        CHECK_EQ (zmql_connect (dealers[i], p.a.text), 0);
    }
    end_socket (first);
    pthread_t server = start (phoenix_thread, &p);
    for (unsigned i = 0; i < STUBBORN; i++)
        threads[i] = start (stubborn_thread, dealers[i]);
    for (unsigned i = 0; i < STUBBORN; i++)
        join (threads[i]);
    CHECK_EQ (send_text (dealers[0], "end"), 0);
    join (server);
    for (unsigned i = 0; i < STUBBORN; i++)
        end_socket (dealers[i]);
    end_context (ctx);
}

TEST ("clients outlive the lives of their server, over tcp")
{
    reconnecting (any_endpoint[0]);
}

TEST ("clients outlive the lives of their server, over ipc")
{
    char folder[] = "/tmp/zlXXXXXX", endpoint[64];
    CHECK (mkdtemp (folder));
    snprintf (endpoint, sizeof endpoint, "ipc://%s/s", folder);
    reconnecting (endpoint);
    CHECK_EQ (unlink (endpoint + sizeof "ipc://" - 1), 0); /* the name stays when the socket goes */
    CHECK_EQ (rmdir (folder), 0);
}

TEST ("clients outlive the lives of their server, under CURVE")
{
    under_curve (reconnecting, any_endpoint[0]);
}

/* Parts from one PULL and meets the other, again and again; what was sent before must arrive. */
TEST ("a socket that connects and disconnects while threads send loses nothing")
{
    enum { THREADS = 2, MESSAGES = 4000 };
    for (unsigned i = 0; i < TRANSPORTS; i++) {
        zmql_ctx *ctx = new_context ();
        address a;
        zmql_socket *pull = new_bound (ctx, ZL_PULL, any_endpoint[i], &a);
        zmql_socket *push = new_connected (ctx, ZL_PUSH, &a);
        tally *t = new_tally (pull, THREADS * MESSAGES);
        sending work[THREADS];
        pthread_t receiver = start (tally_thread, t), senders[THREADS];
        for (uint32_t k = 0; k < THREADS; k++) {
            work[k] = (sending){push, k, MESSAGES};
            senders[k] = start (sender_thread, &work[k]);
        }
        for (unsigned k = 0; k < 60; k++) {
            CHECK_EQ (zmql_unbind (push, a.text), 0);
            CHECK_EQ (zmql_connect (push, a.text), 0);
        }
        for (unsigned k = 0; k < THREADS; k++)
            join (senders[k]);
        await_tally (t);
        CHECK_EQ (zmql_close (pull, 0, false), 0);
        join (receiver);
        zmql_socket_free (pull);
        end_socket (push);
        end_context (ctx);
        end_tally (t);
        check_blocks_returned ();
    }
}

/* ---- monitors, heartbeats and takeovers while everything else goes on ---- */

/* Monitors a socket, again and again, with readers of little patience. */
typedef struct {
    zmql_ctx *ctx;
    zmql_socket *sock;
    unsigned index;
    atomic_bool stop;
} nosy;

/* Lets those who are still closing go first. */
static void await_few_sockets (zmql_ctx *ctx)
{
    for (bool many = true; many; sched_yield ()) {
        zl_lock (&ctx->mu);
        many = ctx->socket_count > 50;
        zl_unlock (&ctx->mu);
    }
}

static void *nosy_thread (void *arg)
{
    nosy *n = arg;
    inbox in = new_inbox ();
    char name[32];
    snprintf (name, sizeof name, "inproc://nosy %u", n->index);
    for (unsigned round = 0; !atomic_load (&n->stop); round++) {
        await_few_sockets (n->ctx);
        int version = 1 + round % 2, rc = zmql_monitor (n->sock, name, 0xffff, version, ZL_PAIR);
        if (rc == -EADDRINUSE)
            continue; /* somebody else's monitor replaced ours, and ours is about to end */
        CHECK_EQ (rc, 0);
        zmql_socket *reader = new_socket (n->ctx, ZL_PAIR);
        CHECK_EQ (zmql_connect (reader, name), 0);
        for (unsigned i = 0; i < round % 5; i++)
            if (zmql_wait (reader, ZMQL_POLLIN, zl_deadline (1)))
                CHECK (recv_now (reader, &in) == 0);
        if (round % 3 == 0)
            CHECK_EQ (zmql_monitor (n->sock, NULL, 0, 1, ZL_PAIR), 0);
        end_socket (reader);
    }
    end_inbox (&in);
    return NULL;
}

enum { NOSY = 2 };

typedef struct {
    nosy who[NOSY];
    pthread_t threads[NOSY];
} onlookers;

static void watch (onlookers *o, zmql_ctx *ctx, zmql_socket *a, zmql_socket *b)
{
    for (unsigned i = 0; i < NOSY; i++) {
        o->who[i] = (nosy){.ctx = ctx, .sock = i ? b : a, .index = i};
        o->threads[i] = start (nosy_thread, &o->who[i]);
    }
}

static void look_away (onlookers *o)
{
    for (unsigned i = 0; i < NOSY; i++) {
        atomic_store (&o->who[i].stop, true);
        join (o->threads[i]);
    }
}

static void beat_fast (zmql_socket *s)
{
    set_int (s, HEARTBEAT_IVL, 1);
    set_int (s, HEARTBEAT_TIMEOUT, 20000); /* nobody is late for want of a processor */
    set_int (s, HEARTBEAT_TTL, 20000);
}

/* Threads send while others look on, hearts beat or not, and the PUSH parts from the PULL so many
 * times and meets it again. Nothing may be lost, but where a peer still writes to one who is
 * leaving: then the system may throw away what is on its way, and to end well is all that is asked.
 */
static void send_under_watch (const char *endpoint, bool beats, unsigned partings)
{
    enum { THREADS = 2, MESSAGES = 2000 };
    zmql_ctx *ctx = new_context ();
    CHECK_EQ (zmql_ctx_set (ctx, CTX_IO_THREADS, 2), 0);
    zmql_socket *pull = new_socket (ctx, ZL_PULL), *push = new_socket (ctx, ZL_PUSH);
    onlookers o;
    if (beats) {
        beat_fast (pull);
        beat_fast (push);
    }
    set_int (push, AFFINITY, 2);
    address a = bind_to (pull, endpoint);
    CHECK_EQ (zmql_connect (push, a.text), 0);
    watch (&o, ctx, pull, push);
    tally *t = new_tally (pull, THREADS * MESSAGES);
    sending work[THREADS];
    pthread_t receiver = start (tally_thread, t), senders[THREADS];
    for (uint32_t k = 0; k < THREADS; k++) {
        work[k] = (sending){push, k, MESSAGES};
        senders[k] = start (sender_thread, &work[k]);
    }
    for (unsigned k = 0; k < partings; k++) {
        CHECK_EQ (zmql_unbind (push, a.text), 0);
        CHECK_EQ (zmql_connect (push, a.text), 0);
        usleep (check_below (500)); /* not a wait for anything: at various moments */
    }
    for (unsigned k = 0; k < THREADS; k++)
        join (senders[k]);
    if (!beats || !partings)
        await_tally (t);
    look_away (&o);
    CHECK_EQ (zmql_close (pull, 0, false), 0);
    join (receiver);
    zmql_socket_free (pull);
    CHECK_EQ (zmql_close (push, 0, true), 0);
    zmql_socket_free (push);
    end_context (ctx);
    end_tally (t);
    check_blocks_returned ();
}

TEST ("heartbeats and monitors take nothing from what is sent meanwhile")
{
    for (unsigned i = 0; i < TRANSPORTS; i++)
        send_under_watch (any_endpoint[i], true, 0);
}

TEST ("monitors and disconnects take nothing from what is sent meanwhile")
{
    for (unsigned i = 0; i < TRANSPORTS; i++)
        send_under_watch (any_endpoint[i], false, 40);
}

TEST ("heartbeats, monitors and disconnects together leave everybody well")
{
    for (unsigned i = 0; i < TRANSPORTS; i++)
        send_under_watch (any_endpoint[i], true, 40);
}

/* Lives under a name that others take over, and asks as long as it has it. */
static void *namesake_thread (void *arg)
{
    enum { LIVES = 40 };
    brief_life *life = arg;
    inbox in = new_inbox ();
    for (unsigned i = 0; i < LIVES; i++) {
        zmql_socket *s = new_socket (life->ctx, ZL_DEALER);
        CHECK_EQ (zmql_set (s, ROUTING_ID, "name", 4), 0);
        set_int (s, RECONNECT_IVL, 1);
        set_int (s, HEARTBEAT_IVL, 1);
        CHECK_EQ (zmql_connect (s, life->to->text), 0);
        for (unsigned k = 0; k < i % 6; k++) {
            zl_msg m = text_frame ("question");
            int rc = zmql_send (s, &m, 1, 0);
            CHECK (rc >= 0 || rc == -EAGAIN);
            if (rc == 1)
                zmql_flush_now (s);
            if (zmql_wait (s, ZMQL_POLLIN, zl_deadline (1)))
                CHECK (recv_now (s, &in) == 0);
        }
        CHECK_EQ (zmql_close (s, i % 3, true), 0);
        zmql_socket_free (s);
    }
    end_inbox (&in);
    return NULL;
}

TEST ("a name that many take from each other leaves everybody well")
{
    enum { NAMESAKES = 3 };
    for (unsigned i = 0; i < TRANSPORTS; i++) {
        zmql_ctx *ctx = new_context ();
        zmql_socket *router = new_socket (ctx, ZL_ROUTER);
        onlookers o;
        brief_life lives[NAMESAKES];
        pthread_t namesakes[NAMESAKES], echo = start (echo_thread, router);
        set_int (router, ROUTER_HANDOVER, 1);
        set_int (router, ROUTER_NOTIFY, 3);
        set_int (router, HEARTBEAT_IVL, 1);
        CHECK_EQ (zmql_set (router, DISCONNECT_MSG, "gone", 4), 0);
        CHECK_EQ (zmql_set (router, HELLO_MSG, "hello", 5), 0);
        address a = bind_to (router, any_endpoint[i]);
        watch (&o, ctx, router, router);
        for (unsigned k = 0; k < NAMESAKES; k++) {
            lives[k] = (brief_life){.ctx = ctx, .to = &a};
            namesakes[k] = start (namesake_thread, &lives[k]);
        }
        for (unsigned k = 0; k < NAMESAKES; k++)
            join (namesakes[k]);
        look_away (&o);
        CHECK_EQ (zmql_close (router, 0, true), 0);
        join (echo);
        zmql_socket_free (router);
        end_context (ctx);
    }
}

/* ---- bare octets ---- */

/* Sends back what comes, and now and then ends a connection, until the socket is closed. */
static void *bare_echo_thread (void *arg)
{
    inbox in = new_inbox ();
    int rc;
    for (unsigned i = 1; (rc = recv_message (arg, &in)) == 0; i++) {
        CHECK_EQ (in.count, 2);
        zl_msg frames[2] = {{(const uint8_t *) frame_text (&in, 0), in.sizes[0], NULL},
                            {(const uint8_t *) frame_text (&in, 1), in.sizes[1], NULL}};
        if (i % 40 == 0)
            frames[1].size = 0;
        else if (in.sizes[1] == 0)
            continue;
        rc = send_frames (arg, frames, 2);
        if (rc == -EHOSTUNREACH)
            continue; /* gone meanwhile */
        if (rc < 0)
            break;
    }
    CHECK_EQ (rc, -ENOTSOCK);
    end_inbox (&in);
    return NULL;
}

/* Connects, talks, and hangs up at any moment, politely or not. */
static void *bare_client_thread (void *arg)
{
    enum { LIVES = 60 };
    const address *to = arg;
    static char octets[20000];
    for (unsigned i = 0; i < LIVES; i++) {
        int fd = plain_connect (to);
        for (unsigned k = 0; k < i % 4; k++) {
            char got[4096];
            if (send (fd, octets, (i * 2963 + k) % sizeof octets, MSG_NOSIGNAL) < 0)
                break;
            struct pollfd p = {.fd = fd, .events = POLLIN};
            if (poll (&p, 1, 2) == 1 && recv (fd, got, sizeof got, 0) <= 0)
                break;
        }
        const struct linger at_once = {.l_onoff = 1};
        if (i % 3 == 0)
            CHECK_EQ (setsockopt (fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
        close (fd);
    }
    return NULL;
}

/* The same with a STREAM of our own. */
static void *stream_client_thread (void *arg)
{
    enum { LIVES = 40 };
    brief_life *life = arg;
    static char octets[20000];
    inbox in = new_inbox ();
    for (unsigned i = 0; i < LIVES; i++) {
        zmql_socket *s = new_socket (life->ctx, ZL_STREAM);
        set_int (s, RECONNECT_IVL, 1);
        CHECK_EQ (zmql_set (s, CONNECT_ROUTING_ID, "there", 5), 0);
        CHECK_EQ (zmql_connect (s, life->to->text), 0);
        int rc = 0;
        for (unsigned k = 0; k < i % 5 && rc >= 0; k++) {
            const zl_msg data = {(const uint8_t *) octets, i * 499 % sizeof octets, NULL};
            const zl_msg frames[] = {text_frame ("there"), data};
            rc = send_frames (s, frames, 2); /* an empty one is the end */
            CHECK (rc == 0 || rc == -EHOSTUNREACH);
            if (zmql_wait (s, ZMQL_POLLIN, zl_deadline (1)))
                CHECK (recv_now (s, &in) == 0);
        }
        if (i % 4 == 0)
            CHECK (zmql_unbind (s, life->to->text) <= 0);
        CHECK_EQ (zmql_close (s, i % 3, true), 0);
        zmql_socket_free (s);
    }
    end_inbox (&in);
    return NULL;
}

TEST ("a STREAM serves many who come and go as they like")
{
    enum { PAIR = 2 };
    zmql_ctx *ctx = new_context ();
    CHECK_EQ (zmql_ctx_set (ctx, CTX_IO_THREADS, 2), 0);
    address a;
    onlookers o;
    zmql_socket *stream = new_bound (ctx, ZL_STREAM, any_endpoint[0], &a);
    brief_life life = {.ctx = ctx, .to = &a};
    pthread_t bare[PAIR], streams[PAIR], echoes[PAIR];
    watch (&o, ctx, stream, stream);
    for (unsigned i = 0; i < PAIR; i++) {
        echoes[i] = start (bare_echo_thread, stream);
        bare[i] = start (bare_client_thread, &a);
        streams[i] = start (stream_client_thread, &life);
    }
    for (unsigned i = 0; i < PAIR; i++) {
        join (bare[i]);
        join (streams[i]);
    }
    look_away (&o);
    CHECK_EQ (zmql_close (stream, 0, true), 0);
    for (unsigned i = 0; i < PAIR; i++)
        join (echoes[i]);
    zmql_socket_free (stream);
    end_context (ctx);
}

/* ---- closing and terminating from elsewhere ---- */

static void *sending_until_the_end (void *arg)
{
    int rc = 0;
    for (uint32_t i = 0; rc == 0; i++)
        rc = send_stamped (arg, (stamp){1, i});
    CHECK (rc == -ENOTSOCK || rc == -ZL_ETERM);
    return NULL;
}

static void *receiving_until_the_end (void *arg)
{
    inbox in = new_inbox ();
    int rc;
    while ((rc = recv_message (arg, &in)) == 0)
        ;
    CHECK (rc == -ENOTSOCK || rc == -ZL_ETERM);
    end_inbox (&in);
    return NULL;
}

static void *asking_until_the_end (void *arg)
{
    zmql_socket *s = arg;
    int64_t rc = 0;
    for (unsigned i = 0; rc >= 0; i++) {
        int64_t value;
        size_t size = sizeof value;
        (void) stat_of (s, "", "sent");
        if (i % 3 == 0)
            rc = zmql_flush (s, zl_deadline (1));
        else if (i % 3 == 1)
            rc = zmql_get (s, EVENTS, &value, &size);
        else
            rc = zmql_wait (s, ZMQL_POLLIN, zl_deadline (1));
    }
    CHECK (rc == -ENOTSOCK || rc == -ZL_ETERM);
    return NULL;
}

static void *closing_thread (void *arg)
{
    CHECK_EQ (zmql_close (arg, 0, true), 0);
    return NULL;
}

static void *shutdown_thread (void *arg)
{
    zmql_ctx_shutdown (arg);
    return NULL;
}

static void ending_in_the_midst (const char *endpoint, bool by_context, unsigned delay_us)
{
    enum { KINDS = 3 };
    static void *(*const bodies[2][KINDS]) (void *) = {
        {sending_until_the_end, sending_until_the_end, asking_until_the_end},
        {receiving_until_the_end, receiving_until_the_end, asking_until_the_end},
    };
    zmql_ctx *ctx = new_context ();
    address a;
    zmql_socket *s[2];
    s[1] = new_bound (ctx, ZL_PULL, endpoint, &a);
    s[0] = new_connected (ctx, ZL_PUSH, &a);
    pthread_t threads[2][KINDS], closers[2];
    for (unsigned i = 0; i < 2; i++)
        for (unsigned k = 0; k < KINDS; k++)
            threads[i][k] = start (bodies[i][k], s[i]);
    usleep (delay_us); /* not a wait for anything: the end shall come at various moments */
    for (unsigned i = 0; i < 2; i++)
        closers[i] = by_context ? start (shutdown_thread, ctx) : start (closing_thread, s[i]);
    for (unsigned i = 0; i < 2; i++) {
        join (closers[i]);
        for (unsigned k = 0; k < KINDS; k++)
            join (threads[i][k]);
    }
    for (unsigned i = 0; i < 2; i++) {
        CHECK_EQ (zmql_close (s[i], 0, true), by_context ? 0 : -ENOTSOCK);
        zmql_socket_free (s[i]);
    }
    end_context (ctx);
    check_blocks_returned ();
}

TEST ("a close from another thread ends every call on the socket")
{
    for (unsigned i = 0; i < 60; i++)
        ending_in_the_midst (any_endpoint[i % TRANSPORTS], false, check_below (3000));
}

TEST ("a shutdown of the context ends every call on its sockets")
{
    for (unsigned i = 0; i < 60; i++)
        ending_in_the_midst (any_endpoint[i % TRANSPORTS], true, check_below (3000));
}

/* term() waits in one thread while others still make, use and close sockets. */
static void *making_until_the_end (void *arg)
{
    for (;;) {
        zmql_socket *a, *b;
        int rc = zmql_socket_new (arg, ZL_PAIR, &a);
        if (rc == 0) {
            rc = zmql_socket_new (arg, ZL_PAIR, &b);
            if (rc == 0) {
                /* The name may be another thread's: then nobody is met, and that is well too. */
                zmql_bind (b, "inproc://meeting");
                zmql_connect (a, "inproc://meeting");
                zl_msg m = text_frame ("hello");
                if (zmql_send (a, &m, 1, 0) == 1)
                    zmql_flush_now (a);
                CHECK_EQ (zmql_close (b, 0, true), 0);
                zmql_socket_free (b);
            }
            CHECK_EQ (zmql_close (a, 0, true), 0);
            zmql_socket_free (a);
        }
        if (rc == -ZL_ETERM)
            return NULL;
        CHECK (rc == 0 || rc == -EMFILE); /* those still closing count */
    }
}

TEST ("a context can be terminated while threads make and close sockets")
{
    for (unsigned i = 0; i < 20; i++) {
        zmql_ctx *ctx = new_context ();
        pthread_t threads[3];
        for (unsigned k = 0; k < 3; k++)
            threads[k] = start (making_until_the_end, ctx);
        usleep (check_below (3000));
        CHECK_EQ (zmql_ctx_term (ctx), 0);
        for (unsigned k = 0; k < 3; k++)
            join (threads[k]);
        zmql_ctx_free (ctx);
    }
}
