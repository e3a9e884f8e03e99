/* A context: whatever outlives a socket. The reactors, the list of sockets, the inproc names, the end of it all. */
#ifndef ZL_CORE_CTX_H
#define ZL_CORE_CTX_H

#include "../base/msg.h"
#include "../loop/loop.h"
#include "inproc.h"
#include "socket.h"

struct zl_ctx {
    zl_count refs; /* the handle, each socket */
    zl_mutex mu;   /* guards everything below */
    zl_node sockets; /* zl_socket.ctx_node */
    unsigned socket_count, socket_max; /* socket_max: MAX_SOCKETS when the first socket was made */
    bool has_io; /* IO_THREADS was not 0 then; if it was, there is a reactor all the same, but it only closes sockets */
    int io_threads, max_sockets, max_msgsz, name_prefix, ipv6, blocky;
    int socket_limit, msg_t_size; /* constant: the most sockets there can be; of libzmq's zmq_msg_t, as programs know it */
    zl_thread_options threads;
    zl_loop *loops;
    unsigned loop_count;
    unsigned next_loop;
    bool terminated;
    unsigned terms; /* threads in zl_ctx_term() */
    zl_wake idle;  /* set when the last socket has gone while terminated */
    zl_node names;   /* zl_name */
    zl_node pending; /* zl_pending */
    unsigned fork_generation; /* constant: which process made it */
};

int zl_ctx_open (zl_ctx **out);
void zl_ctx_drop (zl_ctx *ctx);
/* Every call on its sockets fails from now on. Does not wait. */
void zl_ctx_shutdown (zl_ctx *ctx);
/* Closes every socket that is still open; with a linger of *linger_ms unless NULL. */
void zl_ctx_close_sockets (zl_ctx *ctx, const int *linger_ms);
/* Waits until all sockets are closed and flushed, and stops the reactors: 0, -EINTR (call again). */
int zl_ctx_term (zl_ctx *ctx);
int zl_ctx_set (zl_ctx *ctx, int option, int value);
int zl_ctx_get (zl_ctx *ctx, int option, int *value);
int zl_ctx_socket (zl_ctx *ctx, const zl_type *type, zl_socket **out);
/* Made by a process that this one was forked from: its threads are not here. */
bool zl_ctx_inherited (const zl_ctx *ctx);

/* For sockets. */
void zl_ctx_reaped (zl_socket *s);
/* The reactor for a socket that makes its first connection under this AFFINITY: `current` if that is among them, else one
 * that is; NULL if the mask has none of this context's. */
zl_loop *zl_ctx_loop (zl_ctx *ctx, uint64_t affinity, zl_loop *current);
void zl_ctx_forget_names (zl_socket *s);

#endif
