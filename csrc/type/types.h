/* The socket types there are, and the few lines that several of them share. */
#ifndef ZL_TYPE_TYPES_H
#define ZL_TYPE_TYPES_H

#include <errno.h>

#include "../core/fq.h"
#include "../core/lb.h"
#include "../core/socket.h"
#include "../core/type.h"

extern const zl_type zl_type_pair, zl_type_pub, zl_type_sub, zl_type_req, zl_type_rep, zl_type_dealer, zl_type_router,
    zl_type_pull, zl_type_push, zl_type_xpub, zl_type_xsub, zl_type_stream;

/* Slots for a type that receives from all its peers in turn and whose private state begins with a zl_fq. */
int zl_fair_init (zl_socket *s);
void zl_fair_readable (zl_socket *s, zl_pipe *p);
int zl_fair_select (zl_socket *s, zl_pipe **out);
void zl_fair_end (zl_socket *s, zl_pipe *p);
void zl_fair_drained (zl_socket *s, zl_pipe *p);

/* A slot for what needs no doing. */
void zl_type_nothing (zl_socket *s, zl_pipe *p);

/* PROBE_ROUTER: a new pipe begins with an empty message. */
void zl_probe (zl_socket *s, zl_pipe *p);

/* A message is sent with frames of the type's own before it: REQ's delimiter, REP's envelope. */
int zl_send_enveloped (zl_pipe *p, const zl_msg *head, unsigned head_count, const zl_msg *frames, unsigned n);

#endif
