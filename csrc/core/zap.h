/* ZAP (RFC 27): asks the authenticator of the context, a socket bound to inproc://zeromq.zap.01, whether a client may come in.
 *
 * Each question goes over an inproc connection of its own, whose pipe lies in the asking socket but is unknown to its type:
 * the answer comes in on it, or its end if the authenticator goes. Guarded by the mutex of the socket. */
#ifndef ZL_CORE_ZAP_H
#define ZL_CORE_ZAP_H

#include "options.h"
#include "peer.h"

typedef struct {
    zl_peer *peer; /* that waits for the answer */
    const zl_options *options;
    const zl_mech *mech;
    const char *address; /* of the client */
    const zl_slice *credentials;
    unsigned credential_count; /* at most 2 */
} zl_zap_request;

/* An answer. */
struct zl_zap_reply {
    zl_close_reason why; /* not ZL_CLOSE_NONE: there is none, or it is malformed */
    unsigned status;     /* 200, 300, 400, 500 */
    zl_blob *properties; /* User-Id and the metadata, as a property list; NULL if there is nothing */
};

/* 0 with *question, and zl_peer_judge() will be called; -ECONNREFUSED if there is nobody to ask or nothing to be asked;
 * -ENOMEM. */
int zl_zap_ask (zl_socket *s, const zl_zap_request *request, zl_pipe **question);
/* Whether nobody comes in without having been asked about. */
bool zl_zap_is_needed (const zl_options *o, const zl_mech *mech);
/* The question is of no interest any more; NULL does nothing. */
void zl_zap_forget (zl_pipe *question);

/* For pipes that are questions: an answer has come; the authenticator has gone. */
void zl_zap_answered (zl_pipe *question);
void zl_zap_deserted (zl_pipe *question);

#endif
