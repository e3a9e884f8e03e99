/* What ROUTER and STREAM are both made of: peers known by routing ids, of which the first frame of each message tells one. */
#ifndef ZL_TYPE_ROUTED_H
#define ZL_TYPE_ROUTED_H

#include "../core/idmap.h"
#include "types.h"

typedef struct {
    zl_fq fq; /* first: zl_fair_* */
    zl_idmap ids;
    uint32_t next_id; /* of ids made up here: a zero octet and this */
} zl_routed;

int zl_routed_init (zl_socket *s);
void zl_routed_fini (zl_socket *s);
/* CONNECT_ROUTING_ID must be free, and not of the kind that is made up here: 0 or -EROUTINGID. */
int zl_routed_may_connect (zl_socket *s);
/* Enters the pipe under the id that it has, or one made up here if it has none; from then on it is heard. 0, -EADDRINUSE,
 * -ENOMEM. */
int zl_routed_enter (zl_socket *s, zl_pipe *p);
/* Whether it has been entered. */
bool zl_routed_knows (const zl_pipe *p);
void zl_routed_detach (zl_socket *s, zl_pipe *p);
/* The pipe for that id with room for a message: 0, -EHOSTUNREACH, -EAGAIN. */
int zl_routed_find (zl_socket *s, const zl_msg *id, zl_pipe **out);
int zl_routed_begin (zl_socket *s, zl_pipe *p);
/* Sends to a raw connection; an empty frame closes it, after all that was sent before. */
int zl_routed_send_raw (zl_pipe *p, const zl_msg *data);

#endif
