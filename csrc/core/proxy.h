/* Moves messages between two sockets without coming back to the application. */
#ifndef ZL_CORE_PROXY_H
#define ZL_CORE_PROXY_H

#include "../wire/command.h"
#include "socket.h"

typedef struct {
    zl_socket *front, *back; /* may be the same: then one way only */
    zl_socket *capture;      /* gets a copy of every message, or NULL */
    zl_socket *control;      /* says PAUSE, RESUME, TERMINATE, STATISTICS; or NULL */
    /* A first frame of the copies of what comes from the front, and from the back; with data NULL there is none. */
    zl_slice front_mark, back_mark;
    int (*interrupted) (void); /* a signal has come: whether to end with -EINTR. Called without locks */
    bool swap_ids; /* the first two frames change places: from the id of the sender to that of the receiver */
} zl_proxy_config;

/* 0 once it was told to terminate; -ETERM, -ENOTSOCK, -EINTR, or what else ended it. */
int zl_proxy (const zl_proxy_config *config);

#endif
