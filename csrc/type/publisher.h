/* What PUB and XPUB are both made of: the table of subscriptions, and fan-out to those who match (RFC 29). */
#ifndef ZL_TYPE_PUBLISHER_H
#define ZL_TYPE_PUBLISHER_H

#include "../core/trie.h"
#include "types.h"

/* Where a message on its way up came from. */
typedef struct {
    zl_pipe *from;   /* whose request it is; NULL if that one is gone, or for what the socket itself tells */
    bool is_request; /* or the end of a peer: it decides who was heard last */
} zl_origin;

typedef struct {
    zl_trie topics; /* to the pipes that get them */
    zl_trie asked;  /* XPUB_MANUAL: to the pipes that have asked for them */
    zl_pipe **matches; /* of the message being sent */
    size_t match_count, match_cap;
    bool out_of_memory;
    zl_encoded encoded; /* messages that go to many */

    /* XPUB: what the application is told, in order of arrival; a pipe without an other side, in no list of the socket. */
    zl_pipe *upstream;
    zl_origin *origins; /* of the messages in it, the oldest first */
    size_t origin_count, origin_cap;
    zl_pipe *last; /* whose request the application received last, or NULL */
} zl_publisher;

void zl_publisher_fini (zl_socket *s);
bool zl_publisher_attach (zl_socket *s, zl_pipe *p);
void zl_publisher_detach (zl_socket *s, zl_pipe *p);
int zl_publisher_can_send (zl_socket *s);
int zl_publisher_check_first (zl_socket *s, const zl_msg *first);
int zl_publisher_send (zl_socket *s, const zl_msg *frames, unsigned n);
void zl_publisher_subscription (zl_socket *s, zl_pipe *p, bool subscribe, const uint8_t *topic, size_t n);
void zl_publisher_arrived (zl_socket *s, zl_pipe *p);
/* The oldest message of `upstream` has been delivered. */
void zl_publisher_told (zl_socket *s);

/* XPUB_VERBOSE and others that are more than a stored value; TOPICS_COUNT. */
enum { ZL_PUBLISHER_OPTIONS = 6 };
extern const zl_option_row zl_publisher_options[ZL_PUBLISHER_OPTIONS];

#endif
