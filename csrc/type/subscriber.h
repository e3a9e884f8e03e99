/* What SUB and XSUB are both made of: fair-queued receiving, and counted subscriptions that every publisher is told, again
 * after each reconnection (RFC 29). */
#ifndef ZL_TYPE_SUBSCRIBER_H
#define ZL_TYPE_SUBSCRIBER_H

#include "../core/trie.h"
#include "types.h"

typedef struct {
    zl_fq fq; /* first: zl_fair_* */
    zl_trie topics;
} zl_subscriber;

void zl_subscriber_fini (zl_socket *s);
bool zl_subscriber_attach (zl_socket *s, zl_pipe *p);
void zl_subscriber_connected (zl_socket *s, zl_pipe *p);

/* Counts a subscription up or down and tells the publishers what they need to know. 0 or -ENOMEM; one that is not there can
 * be ended without error. */
int zl_subscriber_change (zl_socket *s, bool subscribe, const uint8_t *topic, size_t n);

/* TOPICS_COUNT */
int zl_subscriber_topics_count (zl_socket *s, void *value, size_t *size);

#endif
