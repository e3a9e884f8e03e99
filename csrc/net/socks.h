/* The client's side of SOCKS 5 (RFC 1928), with or without a user name and password (RFC 1929). Pure: bytes in, bytes out. */
#ifndef ZL_NET_SOCKS_H
#define ZL_NET_SOCKS_H

#include "addr.h"

typedef struct {
    int state;
    const zl_hostport *target; /* borrowed, as are the next */
    const uint8_t *user, *password;
    size_t user_len, password_len; /* no user: none is offered */
    uint8_t in[262];
    size_t got, want; /* octets of `in` that are there; how many it takes to go on */
    uint8_t out[520];
    size_t out_len; /* to be written now */
} zl_socks;

/* Begins; the caller writes out and clears out_len. */
void zl_socks_begin (zl_socks *s);
/* s->want octets are in s->in: 1 the proxy has connected, 0 go on, or -errno for a refusal or nonsense. */
int zl_socks_step (zl_socks *s);

#endif
