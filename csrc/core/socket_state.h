/* What the files that make a socket share: socket.c its life and the reactor's side, socket_wait.c those who wait, socket_send.c and
 * socket_recv.c the ways of a message. The mutex is held in all of it. */
#ifndef ZL_CORE_SOCKET_STATE_H
#define ZL_CORE_SOCKET_STATE_H

#include "socket.h"

enum { ZL_EVENT_BATCH = 64 };

/* ---- the turn ---- */

/* With the turn: waits up to timeout ns for events, at most a batch, handles them, reads and writes. How many there were, or
 * -EINTR. */
int zl_socket_io_step (zl_socket *s, zl_time timeout);
/* Frees what has ended. Without the turn, which may be looking at it. */
void zl_socket_sweep (zl_socket *s);
void zl_socket_give_turn (zl_socket *s);
void zl_socket_wake_waiters (zl_socket *s);
/* Waits as zl_socket_wait() does. *mine: the caller has the turn, or has got it here, and gives it back. With `into`, what is read
 * meanwhile may be read into the caller's memory. */
int zl_socket_wait_for (zl_socket *s, int events, zl_time deadline, bool *mine, zl_into *into);

/* ---- the descriptor for those who wait elsewhere ---- */

void zl_socket_raise_fd (zl_socket *s);
void zl_socket_update_fd (zl_socket *s);
void zl_socket_close_fd (zl_socket *s);

/* What its owner, if it has one, shall see after a receive. */
static inline void zl_socket_fd_after_receive (zl_socket *s)
{
    if (s->outer >= 0)
        zl_socket_update_fd (s);
}

/* ---- what the socket keeps for its user ---- */

/* Frames sent with SNDMORE. */
void zl_socket_drop_parts (zl_socket *s);
/* Frames that were given back. */
void zl_socket_drop_returned (zl_socket *s);

#endif
