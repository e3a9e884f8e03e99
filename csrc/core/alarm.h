/* A timer of a socket; fires on the reactor's thread with the socket's mutex held. */
#ifndef ZL_CORE_ALARM_H
#define ZL_CORE_ALARM_H

#include "../base/heap.h"

typedef struct zl_socket zl_socket;
typedef struct zl_alarm zl_alarm;
struct zl_alarm {
    zl_timer timer;
    void (*fire) (zl_socket *s, zl_alarm *a);
};

void zl_socket_alarm (zl_socket *s, zl_alarm *a, zl_time at);

#endif
