/* The table of a socket type: a page of glue between a socket and its pipes. type/ holds one file for each.
 *
 * Every slot is called with the socket's mutex held and must not block. A slot may be NULL where its comment says so. */
#ifndef ZL_CORE_TYPE_H
#define ZL_CORE_TYPE_H

#include "options.h"
#include "pipe.h"

typedef struct zl_type {
    int id; /* ZL_PAIR ... */
    size_t size; /* of the type's private state, allocated zeroed at s->priv */
    int default_linger; /* ms */
    /* A second connect() to the same endpoint string is ignored, as in libzmq. */
    bool one_connection_per_endpoint;
    bool raw;       /* its connections carry bare octets, not ZMTP */
    bool conflates; /* knows CONFLATE */
    bool keeps_frames; /* takes frames off a pipe for itself, so that they must not lie in memory which the caller has lent */
    /* So many frames are a message, whatever SNDMORE says of the last; 0: no such rule. */
    unsigned frames_per_message;

    int (*init) (zl_socket *s);  /* NULL: nothing to do. 0 or -errno */
    void (*fini) (zl_socket *s); /* NULL: nothing to do. All pipes are gone */

    /* Whether a connect() may be made under the options of this moment: 0, -EINVAL, -EROUTINGID. NULL: it may. */
    int (*may_connect) (zl_socket *s);
    /* A pipe can be used from now on. Returns false to leave it unused for ever (the pipe stays, its messages are
     * discarded). */
    bool (*attach) (zl_socket *s, zl_pipe *p);
    /* A connection came up under the pipe, the first or a later one. NULL: nothing to do. */
    void (*connected) (zl_socket *s, zl_pipe *p);
    /* The connection under the pipe is lost. The pipe may be detached next, or wait for another one. NULL: nothing to do. */
    void (*lost) (zl_socket *s, zl_pipe *p);
    /* The pipe takes no more messages; what it still holds for reading can be read until `drained`. */
    void (*detach) (zl_socket *s, zl_pipe *p);
    /* Forget the pipe: it is about to be freed. */
    void (*drained) (zl_socket *s, zl_pipe *p);

    void (*readable) (zl_socket *s, zl_pipe *p); /* it has a message again. NULL: type never receives */
    void (*writable) (zl_socket *s, zl_pipe *p); /* it has room again. NULL: type does not care */

    /* Whether a message could be sent now: 0, -EAGAIN, -EFSM. NULL: the type cannot send (-ENOTSUP). */
    int (*can_send) (zl_socket *s);
    /* Checks the first frame of a multipart message that is being gathered. NULL: can_send is all. */
    int (*check_first) (zl_socket *s, const zl_msg *first);
    /* Takes a whole message: 0 (also when it was discarded and counted), -EAGAIN, -EHOSTUNREACH, -ENOMEM; the frames
     * belong to the caller either way. */
    int (*send) (zl_socket *s, const zl_msg *frames, unsigned n);

    /* The pipe whose next message is to be delivered, after undeliverable ones have been dropped: 0 with *out, -EAGAIN,
     * -EFSM. Changes nothing that the user could notice. NULL: the type cannot receive (-ENOTSUP). */
    int (*select) (zl_socket *s, zl_pipe **out);
    /* The message selected is being delivered: strip or add the envelope (s->rx_prefix). NULL: nothing to do. */
    int (*begin) (zl_socket *s, zl_pipe *p);
    /* Its last frame has been delivered. */
    void (*end) (zl_socket *s, zl_pipe *p);

    /* A SUBSCRIBE or CANCEL command. NULL: dropped. */
    void (*subscription) (zl_socket *s, zl_pipe *p, bool subscribe, const uint8_t *topic, size_t n);
    /* Messages have come in: take them off p->in at once, whatever the application does. NULL: they wait for it. */
    void (*arrived) (zl_socket *s, zl_pipe *p);

    const zl_option_row *options;
    unsigned option_count;
} zl_type;

#endif
