/* A socket without its type: options, endpoints, connections, pipes, and the lock that user threads take.
 *
 * Who waits. All descriptors of a socket are in its own poll set (client.set). Whoever holds the `turn` waits on that set and
 * handles what is ready: the reactor, or an application thread that blocks in recv, in send or in a poller, so that the
 * kernel wakes the very thread that wants the message. Further blocked threads sleep on wake-ups of their own (waiters).
 *
 * How the reactor steps back. Its registration of the set is one-shot:
 *     ARMED    the reactor is told of the next event
 *     WATCHED  it was told while an application thread had the turn or had just been there; it looks again after
 *              some milliseconds, and takes over if no application thread has come back since
 *     PARKED   it looked and found that one thread had had the turn all the time: whoever gives the turn back arms it
 * A thread in a request-reply loop thus never pays for arming, and nothing waits longer than those milliseconds.
 *
 * How it closes (the one place): zl_socket_close() marks it closed, closes its listeners and wakes all who wait. From then on
 * the reactor alone acts on it: it flushes until nothing is left or LINGER has passed (closing_step), ends every
 * connection, waits until no thread is inside, takes the socket off the loop and the context, and drops its reference.
 * The last reference frees. */
#ifndef ZL_CORE_SOCKET_H
#define ZL_CORE_SOCKET_H

#include "../base/clock.h"
#include "../base/spin.h"
#include "../base/sync.h"
#include "../loop/loop.h"
#include "endpoint.h"
#include "flush.h"
#include "monitor.h"
#include "options.h"
#include "stats.h"
#include "type.h"

typedef struct zl_ctx zl_ctx;
typedef struct zl_into zl_into;
typedef struct zl_loan zl_loan;

/* A descriptor in the socket's poll set. Handlers run with the turn and the mutex held. */
typedef struct zl_source zl_source;
struct zl_source {
    int fd; /* -1: not registered */
    void (*ready) (zl_socket *s, zl_source *src, unsigned events);
};

/* Somebody besides blocked threads who wants to know of every change. changed() is called with the socket's mutex held and must
 * not block. */
typedef struct zl_watcher zl_watcher;
struct zl_watcher {
    zl_node node; /* in socket->watchers */
    void (*changed) (zl_watcher *w);
};

enum zl_arm { ZL_ARMED, ZL_WATCHED, ZL_PARKED };

/* A received frame that was given back. */
typedef struct zl_returned {
    zl_node node;
    uint64_t order;
    zl_blob *blob;
    bool more;
} zl_returned;

struct zl_socket {
    zl_client client; /* constant after creation */
    zl_ctx *ctx;
    const zl_type *type;
    zl_count refs; /* the handle, the context until it is reaped, each inproc link */

    zl_mutex mu; /* guards everything below */
    void *priv;  /* of the type */
    zl_options opt;
    zl_stats stats;
    zl_pool pool;

    bool closed;     /* by the user */
    bool terminated; /* the context ends */
    bool reaped;     /* off the loop */

    bool stuck;   /* a send was refused with EAGAIN, and nothing has changed since */
    bool turn;    /* somebody waits on the poll set or handles what it reported */
    bool asleep;  /* that one is in the kernel, or about to be */
    bool woken;   /* wake is set */
    bool waited;  /* an application thread has waited or polled since the last write: what it sends now is an answer */
    bool answer_due; /* the thread that waits has sent something before */
    bool bulk;       /* the newest read has brought much */
    zl_spin spin;
    uint8_t arm;  /* enum zl_arm */
    unsigned epoch, seen_epoch; /* counts the turns of application threads; what the reactor saw of it */
    zl_alarm look;
    zl_time look_in; /* ns until the reactor looks again */
    zl_wake wake; /* in the poll set */
    zl_source wake_source;
    zl_node waiters; /* blocked threads without the turn */
    zl_node watchers;

    int outer; /* ZL_FD: a poll set around ours and fd_wake, made at first use; -1 */
    unsigned outer_users; /* poll sets that have it, shadows that may */
    zl_wake fd_wake;
    bool fd_set;

    zl_node endpoints; /* zl_endpoint.node */
    zl_node peers;     /* zl_peer.node */
    zl_node pipes;     /* zl_pipe.node */
    zl_node readable;  /* zl_peer.readable: the kernel may hold more for them */
    zl_node dirty;     /* zl_peer.dirty: have something to write and nobody writing */
    zl_node graves;    /* zl_peer.node: ended, freed when nobody has the turn */
    unsigned blocked;  /* peers whose output the kernel does not take now */
    zl_flush flush;
    unsigned draining; /* threads in zl_socket_drain() */
    bool news;       /* somebody is to be told something once the mutex is released: */
    zl_node touches; /* zl_link: other sockets */
    zl_node questions; /* of zl_inproc_ask(): an authenticator */
    zl_monitor monitor;

    size_t max_frame; /* MAX_MSGSZ of the context: larger ones are not sent */
    zl_msg *parts; /* frames sent with SNDMORE so far */
    unsigned part_count, part_cap;

    zl_pipe *rx_pipe; /* the message of it is being delivered */
    zl_msg rx_prefix; /* a frame to deliver before that message's own */
    bool rx_has_prefix;
    bool rx_more;
    zl_node returned; /* zl_returned.node: frames that were received and given back, received again before any other */
    zl_into *into;   /* of the thread that has the turn: it waits to receive into its own memory */
    zl_blob *spare;  /* memory that the application wants the next large body in, if the size fits */
    size_t big_size; /* of the newest large body, come or coming */
    zl_blob *sealed; /* what the newest large sealed body was read into, to serve again */

    zl_heap timers; /* of zl_alarm.timer */
    zl_time timers_told;
    zl_alarm tidy; /* looks after memory in the pool that is not needed any more */
    zl_alarm linger;
    bool linger_over;
    uint64_t next_id; /* for endpoints */
    bool placed;      /* on the reactor that AFFINITY selects */
    zl_loop *move_to; /* the reactor that shall serve it instead, once the present one has let it go */
    char last_endpoint[ZL_ENDPOINT_MAX];
    zl_node ctx_node; /* in ctx->sockets; guarded by ctx->mu */
};

/* Where received frames go. take() runs with the socket's mutex held and must neither block nor call the core; a negative
 * result leaves the frame where it was and is returned by the receiving call. */
typedef struct zl_sink {
    int (*take) (struct zl_sink *sink, const zl_view *v);
} zl_sink;

enum { ZL_DONTWAIT = 1, ZL_SNDMORE = 2 };
/* ZL_ROOM is for a sender that was refused: something has changed since, it may try again. */
enum { ZL_POLLIN = 1, ZL_POLLOUT = 2, ZL_ROOM = 16 };

/* ---- life ---- */

int zl_socket_open (zl_ctx *ctx, zl_loop *loop, const zl_type *type, zl_socket **out);
int zl_socket_close (zl_socket *s, int linger_ms, bool set_linger);
void zl_socket_drop (zl_socket *s);
/* The context ends: every call fails with ETERM from now on. */
void zl_socket_terminate (zl_socket *s);

/* The mutex. unlock also delivers what must be told to other sockets. */
static inline void zl_socket_lock (zl_socket *s)
{
    zl_lock (&s->mu);
}

void zl_socket_unlock_and_tell (zl_socket *s);

static inline void zl_socket_unlock (zl_socket *s)
{
    if (ZL_LIKELY (!s->news))
        zl_unlock (&s->mu);
    else
        zl_socket_unlock_and_tell (s);
}

/* ---- calls of the user; the mutex is not held ---- */

int zl_socket_bind (zl_socket *s, const char *endpoint);
int zl_socket_connect (zl_socket *s, const char *endpoint);
int zl_socket_unbind (zl_socket *s, const char *endpoint);

/* Both never block. 1: done, and the caller shall call zl_socket_flush_now() without delay and without the GIL. */
int zl_socket_send (zl_socket *s, const zl_msg *frames, unsigned n, int flags);
/* The same for n messages, of counts[i] frames each, in one go; *sent were taken. If that is none, a negative code. */
int zl_socket_send_many (zl_socket *s, const zl_msg *frames, const unsigned *counts, unsigned n, unsigned *sent);
/* Receives up to max (not 0) whole messages: how many, or if that is none, a negative code. */
int zl_socket_recv_many (zl_socket *s, zl_sink *sink, unsigned max);
/* Receives one frame, or a whole message if `whole`. 1: more frames follow, 0: it was the last. */
int zl_socket_recv (zl_socket *s, zl_sink *sink, bool whole);
/* Gives n received frames of a message back, to be received again before any other, in ascending order; `more`: further
 * frames of it are still in the socket. 0, or -ENOMEM; on a closed socket they are dropped. */
int zl_socket_put_back (zl_socket *s, const zl_msg *frames, unsigned n, bool more, uint64_t order);
void zl_socket_flush_now (zl_socket *s);
/* The same if nobody else is bound to: for a thread that has sent and now goes to wait for something else. */
void zl_socket_flush_idle (zl_socket *s);

/* Size of the newest body that was too large for a read buffer, while there is no spare block; 0: none. */
size_t zl_socket_wants_spare (zl_socket *s);
/* Takes the reference. The bytes of the block must be writable. */
void zl_socket_give_spare (zl_socket *s, zl_blob *b);

/* Receives one frame, or the rest of a message if `whole`, into n buffers of the caller: how many frames. A single one is cut to
 * what its buffer holds; a message that does not fit is refused with -EMSGSIZE and stays. Blocks until the deadline (0: not at
 * all). Else as zl_socket_recv() and zl_socket_wait(), -EAGAIN at the deadline. */
int zl_socket_recv_into (zl_socket *s, zl_loan *loans, unsigned n, bool whole, zl_time deadline);

/* Blocks until one of `events` holds: the events that hold, 0 at the deadline, -EINTR, -ENOTSOCK, -ETERM. */
int zl_socket_wait (zl_socket *s, int events, zl_time deadline);
/* Blocks until all that was sent is with the kernel: how many messages are not, at the deadline; or an error as above. */
int64_t zl_socket_drain (zl_socket *s, zl_time deadline);

/* ---- for the parts of a socket; the mutex is held ---- */

/* 0, -ENOTSOCK or -ETERM. */
int zl_socket_check (const zl_socket *s);
int zl_socket_events (zl_socket *s);
/* The same after doing what I/O is ready now. */
int zl_socket_events_now (zl_socket *s);
/* ZL_FD. */
int zl_socket_fd (zl_socket *s);
/* The same for a poll set, which keeps the descriptor open beyond the close of the socket until it drops it. */
int zl_socket_fd_hold (zl_socket *s);
void zl_socket_fd_drop (zl_socket *s);
void zl_socket_hwm_changed (zl_socket *s);
/* At the first bind or connect: puts the socket on a reactor that AFFINITY allows. 0 or -EMTHREAD. */
int zl_socket_place (zl_socket *s);

/* Something has changed that a blocked thread or the owner of the FD may be waiting for. */
void zl_socket_changed (zl_socket *s);
/* Throws away what is left of the message that is being received. */
void zl_socket_abandon_message (zl_socket *s);
/* The spare block, if it has the size of the large body that has begun; NULL if not. */
zl_blob *zl_socket_take_spare (zl_socket *s, size_t size);
/* The block that the last large sealed body came in, if it has the size of the one that has begun; NULL if not. */
zl_blob *zl_socket_take_sealed (zl_socket *s, size_t size);
/* That body has been moved out of b: takes the reference. */
void zl_socket_give_sealed (zl_socket *s, zl_blob *b);
/* Looks at the pool in a second, and again while there is more in it than is needed. */
void zl_socket_tidy_later (zl_socket *s);
int zl_socket_watch (zl_socket *s, zl_source *src, unsigned events);
void zl_socket_unwatch (zl_socket *s, zl_source *src);

/* More chunks than usual may have come to the pool: those that nobody needs are to be given back. */
static inline void zl_socket_mind_pool (zl_socket *s)
{
    if (ZL_UNLIKELY (s->pool.count[ZL_LARGE] > ZL_POOL_FEW && s->tidy.timer.at == ZL_NEVER))
        zl_socket_tidy_later (s);
}

#endif
