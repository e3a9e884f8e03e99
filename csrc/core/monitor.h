/* The monitor of a socket: tells the events of its connections to another socket, as messages over inproc.
 *
 * Events are queued under the mutex of the monitored socket and sent once that has been released, in their order, by
 * whichever thread releases it. What the reader does not take in time is dropped and counted: a monitor never stalls the
 * socket that it looks at. */
#ifndef ZL_CORE_MONITOR_H
#define ZL_CORE_MONITOR_H

#include "../base/defs.h"
#include "../base/list.h"

typedef struct zl_socket zl_socket;

enum {
    ZL_EVENT_CONNECTED = 0x1,
    ZL_EVENT_CONNECT_DELAYED = 0x2,
    ZL_EVENT_CONNECT_RETRIED = 0x4,
    ZL_EVENT_LISTENING = 0x8,
    ZL_EVENT_BIND_FAILED = 0x10,
    ZL_EVENT_ACCEPTED = 0x20,
    ZL_EVENT_ACCEPT_FAILED = 0x40,
    ZL_EVENT_CLOSED = 0x80,
    ZL_EVENT_DISCONNECTED = 0x200,
    ZL_EVENT_STOPPED = 0x400,
    ZL_EVENT_HANDSHAKE_FAILED = 0x800,
    ZL_EVENT_HANDSHAKE_SUCCEEDED = 0x1000,
    ZL_EVENT_HANDSHAKE_FAILED_PROTOCOL = 0x2000,
    ZL_EVENT_HANDSHAKE_FAILED_AUTH = 0x4000,
};

typedef struct {
    zl_socket *to; /* the handle of a socket of our own, or NULL */
    uint64_t mask;
    int version; /* 1 or 2: the form of the messages */
    void *farewell; /* the last event, made in advance: the end must not fail for want of memory */
    zl_node queue;  /* events not sent yet */
    bool sending;   /* some thread is at it */
} zl_monitor;

/* All with the mutex of s held. */

/* Replaces the monitor, if there is one. Takes over the handle of `to`. 0, or -ENOMEM and nothing has changed. */
int zl_monitor_start (zl_socket *s, zl_socket *to, uint64_t mask, int version);
/* The last event, and the end of the monitor. */
void zl_monitor_stop (zl_socket *s);

/* What happened at an endpoint. local: we are bound to it; else it is where we connect to. fd: of the connection, or -1. */
void zl_monitor_report (zl_socket *s, unsigned event, uint64_t value, const char *endpoint, bool local, int fd);

/* Sends what is queued, unless another thread is at it. Releases the mutex meanwhile. */
void zl_monitor_send (zl_socket *s);

#endif
