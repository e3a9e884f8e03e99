/* What PUB and XPUB are both made of: the table of subscriptions, and fan-out to those who match (RFC 29). */
#ifndef ZL_TYPE_PUBLISHER_H
#define ZL_TYPE_PUBLISHER_H

#include "../core/trie.h"
#include "types.h"

typedef struct {
    zl_trie topics; /* to pipes */
    zl_pipe **matches; /* of the message being sent */
    size_t match_count, match_cap;
    bool out_of_memory;

    /* XPUB: what the application is told, in order of arrival; a pipe without an other side, in no list of the socket. */
    zl_pipe *upstream;
} zl_publisher;

void zl_publisher_fini (zl_socket *s);
bool zl_publisher_attach (zl_socket *s, zl_pipe *p);
void zl_publisher_detach (zl_socket *s, zl_pipe *p);
int zl_publisher_can_send (zl_socket *s);
int zl_publisher_send (zl_socket *s, const zl_msg *frames, unsigned n);
void zl_publisher_subscription (zl_socket *s, zl_pipe *p, bool subscribe, const uint8_t *topic, size_t n);
void zl_publisher_arrived (zl_socket *s, zl_pipe *p);

#endif
