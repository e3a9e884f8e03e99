/* A pipe: the two queues between a socket and one peer, and their high-water marks.
 *
 * What lies behind a pipe is a link: a stream connection (peer.c) or another socket of the same context (inproc.c). The pipe
 * of an outgoing connection lives on while the connection comes and goes; that of an accepted one goes with it.
 *
 * Guarded by the mutex of its socket. Freed by zl_pipe_close() or, if unread messages remain, when the last was read. */
#ifndef ZL_CORE_PIPE_H
#define ZL_CORE_PIPE_H

#include "../base/list.h"
#include "../wire/frameq.h"
#include "../wire/reason.h"

typedef struct zl_socket zl_socket;
typedef struct zl_pipe zl_pipe;
typedef struct zl_peer zl_peer;
typedef struct zl_link zl_link;

/* How a pipe's messages travel. */
typedef struct {
    /* Takes one message, room or not: 0 or -ENOMEM. Updates p->writable. */
    int (*push) (zl_pipe *p, const zl_msg *frames, unsigned n);
    /* The same for a message that was encoded for several pipes. Only while p->takes_encoded. */
    int (*push_encoded) (zl_pipe *p, const zl_encoded *message);
    /* p->in is empty: fetch what the other side holds ready. NULL: it comes by itself. */
    void (*pull) (zl_pipe *p);
    /* Some messages have been read from p->in. */
    void (*consumed) (zl_pipe *p);
    /* Looks again whether there is room, after the high-water mark has changed. */
    void (*recheck) (zl_pipe *p);
    /* Subscriptions to the other side: 0 or -ENOMEM. */
    int (*subscribe) (zl_pipe *p, bool subscribe, const uint8_t *topic, size_t n);
    /* Ends the connection for good; the pipe may be gone on return. */
    void (*hangup) (zl_pipe *p, zl_close_reason why);
    /* The same, once all that was sent is with the kernel or LINGER is over. */
    void (*finish) (zl_pipe *p);
    /* The pipe is being closed; p->link or p->peer are let go. */
    void (*close) (zl_pipe *p);
} zl_pipe_ops;

struct zl_pipe {
    const zl_pipe_ops *ops;
    zl_socket *sock;
    zl_frameq in;  /* to be read; its last chunk may still be filled by the connection */
    zl_frameq out; /* to be written; stays empty with inproc, whose channel holds the messages */
    zl_peer *peer; /* the connection that is up, or NULL */
    zl_link *link; /* inproc */
    uint8_t side;  /* inproc: which end of the link this is */
    zl_peer *asker; /* inproc: it carries a question about this one's client (zap.h), and the type knows nothing of it */
    bool joined;   /* inproc: the other side is there, and the socket type knows */

    bool writable;  /* below the high-water mark; a full pipe stays unwritable down to the low-water mark */
    bool attached;  /* the socket type uses it: attach() has returned true, drained() is still to come */
    bool leaving;   /* detached from the type by disconnect */
    bool dead;      /* only p->in is left */
    bool discard;   /* what comes in is thrown away */
    bool outgoing;  /* connect() made it, not an accepted connection */
    bool named;     /* its id was given with CONNECT_ROUTING_ID, whatever the peer announces */
    bool conflate;  /* each queue keeps one frame, the newest */
    bool takes_encoded; /* it has a connection on which messages look as they do in a queue */
    uint8_t overhead; /* what its messages are longer by on the way, each frame: they are stored with room for it */
    bool matched;   /* dist: gets the message that is being sent */
    unsigned unreported, report_at; /* inproc: messages read since the sender was told; when to tell it again */
    char *name; /* inproc, connecting side: the endpoint; malloc'ed */

    uint8_t *id; /* routing id of the peer as announced or made up; malloc'ed */
    uint8_t id_len;
    zl_blob *properties; /* what the peer announced of itself, as a property list; or NULL */

    zl_node node; /* in sock->pipes */
    zl_node fq;   /* in the fair queue's ring, while readable */
    zl_node lb;   /* in the load balancer's ring, while writable; or in the list of dist */
    zl_pipe *hash_next; /* ROUTER, REP: table of ids */
    void *type_data;    /* of the socket type; freed by its `drained` */
};

/* A pipe of s, not attached yet. NULL without memory. */
zl_pipe *zl_pipe_new (zl_socket *s, const zl_pipe_ops *ops, bool conflate);
/* Whether the id that a peer announces is to be remembered: one that is in use is for the life of the pipe. */
static inline bool zl_pipe_takes_id (const zl_pipe *p)
{
    return !p->named && (!p->id || !p->attached);
}

/* Remembers the id that the peer announced. 0 or -ENOMEM. */
int zl_pipe_set_id (zl_pipe *p, const uint8_t *id, size_t n);
/* Hands it to the socket type. */
void zl_pipe_attach (zl_pipe *p);
/* Puts a message of one frame into p->in, as if the peer had sent it last. Not while the connection reads into p->in. */
void zl_pipe_inject (zl_pipe *p, const void *body, size_t n);
/* The connection under it is lost, and perhaps made again: tells the socket type. */
void zl_pipe_lost (zl_pipe *p);
/* The user has disconnected it: no more messages in either direction, but what is in p->out still goes. */
void zl_pipe_leave (zl_pipe *p);
/* The socket type will have nothing more of it: leaves it and hangs up. It may be gone on return. */
void zl_pipe_expel (zl_pipe *p, zl_close_reason why);
/* The application will have nothing more of it: leaves it and finishes. It may be gone on return. */
void zl_pipe_finish (zl_pipe *p);
/* Ends it: what was to be written is counted as dropped for `why`. Inbound messages stay readable if keep_inbound. */
void zl_pipe_close (zl_pipe *p, zl_drop_reason why, bool keep_inbound);

static inline bool zl_pipe_readable (const zl_pipe *p)
{
    return p->in.msgs > 0;
}

/* p->in has got `msgs` more messages: tells the socket type and whoever waits. */
void zl_pipe_arrived (zl_pipe *p, size_t msgs);
/* Room has appeared: tells the socket type and whoever waits. */
void zl_pipe_set_writable (zl_pipe *p);

/* Drops the message at the head of p->in. */
void zl_pipe_drop_head (zl_pipe *p, zl_drop_reason why);

/* The last frame of a message has been delivered: frees the pipe if that was all that kept it. */
void zl_pipe_read_done (zl_pipe *p);

/* The low-water mark of a high-water mark. */
static inline size_t zl_low_water (int hwm)
{
    return ((size_t) hwm + 1) / 2;
}

#endif
