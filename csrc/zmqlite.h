/* The core as the binding sees it. Every call may come from any thread. Codes are negative errno values (base/err.h); times are
 * nanoseconds of the monotonic clock.
 *
 * Calls marked [blocks] wait or do system calls: make them without the GIL. The others only touch memory. */
#ifndef ZMQLITE_H
#define ZMQLITE_H

#include "base/err.h"
#include "base/msg.h"

typedef struct zl_ctx zmql_ctx;
typedef struct zl_socket zmql_socket;
typedef struct zl_pollset zmql_pollset;

enum { ZMQL_DONTWAIT = 1, ZMQL_SNDMORE = 2 };
/* ZMQL_ROOM, only to wait for: something has changed since a send was refused, it may be tried again. */
enum { ZMQL_POLLIN = 1, ZMQL_POLLOUT = 2, ZMQL_POLLERR = 4, ZMQL_ROOM = 16 };
enum { ZMQL_INT, ZMQL_INT64, ZMQL_BYTES };

/* ---- contexts ---- */

/* 0 or -ENOMEM. Threads start with the first socket. */
int zmql_ctx_new (zmql_ctx **out);
/* Another handle on the same context, to be given back too. */
void zmql_ctx_hold (zmql_ctx *ctx);
/* Gives the handle back; after term. */
void zmql_ctx_free (zmql_ctx *ctx);
/* Every call on its sockets fails with ETERM from now on. */
void zmql_ctx_shutdown (zmql_ctx *ctx);
/* Closes every socket that is still open; with that linger unless linger_ms is NULL. */
void zmql_ctx_close_sockets (zmql_ctx *ctx, const int *linger_ms);
/* Shuts down and waits until all sockets are closed and have lingered: 0, -EINTR (call again). [blocks] */
int zmql_ctx_term (zmql_ctx *ctx);
/* -EINVAL for an unknown option or a bad value. */
int zmql_ctx_set (zmql_ctx *ctx, int option, int value);
int zmql_ctx_get (zmql_ctx *ctx, int option, int *value);
/* Made before a fork by another process: nothing may be done with it or its sockets here. */
bool zmql_ctx_inherited (const zmql_ctx *ctx);

/* ---- security ---- */

/* The functions of libsodium that CURVE needs: the name of number i, NULL behind the last; and their addresses, in that order,
 * before any socket is given an option of CURVE; only the first call counts. */
const char *zmql_crypto_name (unsigned i);
void zmql_use_crypto (const uintptr_t *addresses);

/* ---- sockets ---- */

/* -EINVAL for an unknown type, -EMFILE, -ETERM, -ENOMEM or what the system says. [blocks] */
int zmql_socket_new (zmql_ctx *ctx, int type, zmql_socket **out);
/* Closes; linger_ms counts if set_linger. Returns at once. -ENOTSOCK the second time. */
int zmql_close (zmql_socket *s, int linger_ms, bool set_linger);
/* Gives the handle back; after close. */
void zmql_socket_free (zmql_socket *s);
/* Another handle on a socket. While there is one the descriptor of FD stays open, readable after close, so that whoever waits
 * for it hears of that. */
void zmql_socket_share (zmql_socket *s);
void zmql_socket_unshare (zmql_socket *s);
/* Its context was made before a fork by another process. */
bool zmql_socket_inherited (const zmql_socket *s);
bool zmql_closed (zmql_socket *s);
const char *zmql_type_name (const zmql_socket *s);

/* [blocks], a bind may look up a name. */
int zmql_bind (zmql_socket *s, const char *endpoint);
int zmql_connect (zmql_socket *s, const char *endpoint);
/* Unbinds or disconnects. */
int zmql_unbind (zmql_socket *s, const char *endpoint);

/* Sends frames as one message, or as more of one with ZMQL_SNDMORE. Frames without a block are copied. Never waits.
 * 0 done; 1 done, and the caller must call zmql_flush_now() next; or
 * -EAGAIN, -EFSM, -ENOTSUP, -EHOSTUNREACH, -ENOTSOCK, -ETERM, -ENOMEM, and nothing was taken. */
int zmql_send (zmql_socket *s, const zl_msg *frames, unsigned n, int flags);
/* The same for n messages of counts[i] frames each; *sent of them were taken, one after the other. If none was, a negative
 * code. */
int zmql_send_many (zmql_socket *s, const zl_msg *frames, const unsigned *counts, unsigned n, unsigned *sent);
/* Writes what has gathered. [blocks] */
void zmql_flush_now (zmql_socket *s);

/* A received frame, valid during take(). */
typedef struct {
    const uint8_t *data;
    size_t size;
    zl_blob *blob;
    bool more;
    unsigned header;
    const zl_blob *properties; /* of its connection: list of name(1 + n) value(4 + n); NULL if there is none */
} zmql_frame;

typedef struct zmql_sink {
    /* Gets each frame, with the socket's mutex held: must neither block nor call the core. A negative result leaves the
     * frame in the socket and is returned by zmql_recv(). */
    int (*take) (struct zmql_sink *sink, const zmql_frame *f);
} zmql_sink;

/* Receives the next frame, or with `whole` the rest of the message. Never waits. 1: more frames follow, 0: that was the last;
 * or -EAGAIN, -EFSM, -ENOTSUP, -ENOTSOCK, -ETERM. */
int zmql_recv (zmql_socket *s, zmql_sink *sink, bool whole);

/* Receives up to max whole messages. Never waits. How many, or if that is none, a negative code as above; one that take() gives
 * ends it too, and leaves the frame that it was given, with what follows in its message, in the socket. */
int zmql_recv_many (zmql_socket *s, zmql_sink *sink, unsigned max);

/* Gives n received frames of a message back, to be received again before any other, in ascending `order`; `more`: further
 * frames of it are still in the socket. 0, or -ENOMEM; a closed socket drops them. */
int zmql_put_back (zmql_socket *s, const zl_msg *frames, unsigned n, bool more, uint64_t order);

/* Memory of the caller's for one frame; `size` is that of the frame, whole, even if it did not fit. The rest must be 0. */
typedef struct {
    uint8_t *memory;
    size_t room, size;
    void *blob, *home; /* the core's */
} zmql_loan;

/* Receives one frame, or with `whole` the rest of a message, into n buffers: how many frames. Large bodies that have not come yet
 * are read by the kernel straight into them. A single frame is cut to what its buffer holds; a message of more frames than n, or
 * with one too large for its buffer, is refused with -EMSGSIZE and stays in the socket. Waits until the deadline (0: not at all),
 * -EAGAIN when it has come. Else as zmql_recv() and zmql_wait(). [blocks] */
int zmql_recv_into (zmql_socket *s, zmql_loan *loans, unsigned n, bool whole, zl_time deadline);

/* Zero-copy receiving of large bodies: the size of the newest one, if the socket has no spare block; and a way to give it
 * one, whose writable bytes a body of exactly that size is then read into. Takes the reference. */
size_t zmql_wants_spare (zmql_socket *s);
void zmql_give_spare (zmql_socket *s, zl_blob *b);

/* Waits for events until the deadline: which hold, 0 at the deadline, -EINTR, -ENOTSOCK, -ETERM. [blocks] */
int zmql_wait (zmql_socket *s, int events, zl_time deadline);
/* Waits until all that was sent is with the kernel: how many messages are not. [blocks] */
int64_t zmql_flush (zmql_socket *s, zl_time deadline);

/* ZMQL_INT, ZMQL_INT64 or ZMQL_BYTES; -EINVAL if this socket has no such option. Integers travel as int64_t. */
int zmql_option_kind (zmql_socket *s, int option);
const char *zmql_option_name (zmql_socket *s, int option);
int zmql_set (zmql_socket *s, int option, const void *value, size_t size);
/* EVENTS does pending I/O. [blocks] */
int zmql_get (zmql_socket *s, int option, void *value, size_t *size);

/* Tells the events of s (a mask of ZMQ_EVENT_*) to an inproc endpoint, which a new socket of the given type (ZMQ_PAIR, ZMQ_PUB,
 * ZMQ_PUSH) is bound to; in messages of version 1 or 2. Replaces the monitor that is there; endpoint NULL ends it.
 * -EPROTONOSUPPORT, -EINVAL, -EADDRINUSE, -EMFILE, or what a bind says. [blocks] */
int zmql_monitor (zmql_socket *s, const char *endpoint, uint64_t events, int version, int type);

/* Calls fn for every counter: group "" or "dropped" or "closed". */
void zmql_stats (zmql_socket *s, void (*fn) (void *arg, const char *group, const char *name, uint64_t value), void *arg);

/* ---- waiting for many ---- */

int zmql_pollset_new (zmql_pollset **out);
void zmql_pollset_free (zmql_pollset *p);
/* Adds a socket (fd -1) or a descriptor (s NULL), or changes its events. tag comes back from wait. -ENOTSOCK, -EBADF. */
int zmql_pollset_add (zmql_pollset *p, zmql_socket *s, int fd, int events, void *tag);
void zmql_pollset_remove (zmql_pollset *p, zmql_socket *s, int fd);
/* Waits until something is ready: fills up to max and returns how many, 0 at the deadline, -EINTR, -ENOTSOCK, -ETERM.
 * [blocks] */
typedef struct {
    void *tag;
    int events;
} zmql_ready;
int zmql_pollset_wait (zmql_pollset *p, zmql_ready *ready, int max, zl_time deadline);

/* Moves messages between two sockets both ways, with a copy to capture (or NULL), until control (or NULL) says TERMINATE: 0;
 * or until an error: -ETERM, -ENOTSOCK, -EINTR. When a signal has come, interrupted() decides whether that is the end.
 * [blocks] */
int zmql_proxy (zmql_socket *front, zmql_socket *back, zmql_socket *capture, zmql_socket *control,
                int (*interrupted) (void));
/* The same between ROUTERs too (the ids at the head of a message change places), and each copy begins with a frame that says
 * which way the message went. [blocks] */
int zmql_monitored_queue (zmql_socket *in, zmql_socket *out, zmql_socket *monitor, const zl_msg *in_mark,
                          const zl_msg *out_mark, int (*interrupted) (void));

#endif
