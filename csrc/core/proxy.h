/* Moves messages between two sockets without coming back to the application. */
#ifndef ZL_CORE_PROXY_H
#define ZL_CORE_PROXY_H

#include "socket.h"

/* See zmqlite.h. front and back may be the same socket; capture may be NULL. */
int zl_proxy (zl_socket *front, zl_socket *back, zl_socket *capture);

#endif
