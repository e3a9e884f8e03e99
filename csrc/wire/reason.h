/* Why a connection was ended or a message discarded: one list, from which the counters' names are made too. A user reads
 * these names in Socket.stats(). */
#ifndef ZL_WIRE_REASON_H
#define ZL_WIRE_REASON_H

/* Ends of connections. FINAL ones are the peer's breach of protocol: the connecting side does not try again. */
#define ZL_CLOSE_REASONS(X)                                                                                            \
    X (NONE, "none", 0)                                                                                                \
    X (LOCAL, "closed here", 0)                                                                                        \
    X (PEER_CLOSED, "peer closed", 0)                                                                                  \
    X (RESET, "connection error", 0)                                                                                   \
    X (HANDSHAKE_CLOSED, "peer closed in handshake", 0)                                                                \
    X (HANDSHAKE_TIMEOUT, "handshake timeout", 0)                                                                      \
    X (GREETING, "malformed greeting", 1)                                                                              \
    X (VERSION, "unsupported version", 1)                                                                              \
    X (MECHANISM, "mechanism mismatch", 1)                                                                             \
    X (COMMAND, "malformed command", 1)                                                                                \
    X (UNEXPECTED, "unexpected command", 1)                                                                            \
    X (METADATA, "malformed metadata", 1)                                                                              \
    X (IDENTITY, "bad routing id", 1)                                                                                  \
    X (INCOMPATIBLE, "incompatible socket type", 1)                                                                    \
    X (REFUSED, "refused by peer", 1)                                                                                  \
    X (FRAME, "malformed frame", 1)                                                                                    \
    X (OVERSIZE, "oversize", 1)                                                                                        \
    X (MESSAGE, "malformed message", 1)                                                                                \
    X (MEMORY, "out of memory", 0)

/* Discarded messages. */
#define ZL_DROP_REASONS(X)                                                                                             \
    X (HWM, "high-water mark")                                                                                         \
    X (NO_PEER, "no peer")                                                                                             \
    X (UNROUTABLE, "unroutable")                                                                                       \
    X (UNMATCHED, "not subscribed")                                                                                    \
    X (UNEXPECTED, "unexpected")                                                                                       \
    X (CLOSED, "closed")                                                                                               \
    X (CONNECTION_LOST, "connection lost")                                                                             \
    X (DUPLICATE_ID, "duplicate routing id")                                                                           \
    X (MEMORY, "out of memory")

typedef enum {
#define X(id, name, final) ZL_CLOSE_##id,
    ZL_CLOSE_REASONS (X)
#undef X
        ZL_CLOSE_COUNT
} zl_close_reason;

typedef enum {
#define X(id, name) ZL_DROP_##id,
    ZL_DROP_REASONS (X)
#undef X
        ZL_DROP_COUNT
} zl_drop_reason;

#endif
