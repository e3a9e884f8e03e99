/* Why a connection was ended or a message discarded: one list, from which the counters' names are made too. A user reads
 * these names in Socket.stats(). */
#ifndef ZL_WIRE_REASON_H
#define ZL_WIRE_REASON_H

/* What a monitor is told when a connection ends for a reason before its handshake is complete, besides that it has ended:
 * nothing, HANDSHAKE_FAILED_NO_DETAIL, HANDSHAKE_FAILED_AUTH, or HANDSHAKE_FAILED_PROTOCOL with one of these codes. */
enum {
    ZL_FAILS_SILENTLY = 0,
    ZL_FAILS_PLAINLY = 1,
    ZL_FAILS_REFUSED = 2,
    ZL_PROTOCOL_UNSPECIFIED = 0x10000000,
    ZL_PROTOCOL_UNEXPECTED_COMMAND = 0x10000001,
    ZL_PROTOCOL_INVALID_SEQUENCE = 0x10000002,
    ZL_PROTOCOL_KEY_EXCHANGE = 0x10000003,
    ZL_PROTOCOL_MALFORMED_MESSAGE = 0x10000012,
    ZL_PROTOCOL_MALFORMED_HELLO = 0x10000013,
    ZL_PROTOCOL_MALFORMED_INITIATE = 0x10000014,
    ZL_PROTOCOL_MALFORMED_ERROR = 0x10000015,
    ZL_PROTOCOL_MALFORMED_READY = 0x10000016,
    ZL_PROTOCOL_MALFORMED_WELCOME = 0x10000017,
    ZL_PROTOCOL_INVALID_METADATA = 0x10000018,
    ZL_PROTOCOL_CRYPTOGRAPHIC = 0x11000001,
    ZL_PROTOCOL_MECHANISM_MISMATCH = 0x11000002,
    ZL_PROTOCOL_ZAP_MALFORMED_REPLY = 0x20000001,
    ZL_PROTOCOL_ZAP_BAD_REQUEST_ID = 0x20000002,
    ZL_PROTOCOL_ZAP_BAD_VERSION = 0x20000003,
    ZL_PROTOCOL_ZAP_INVALID_STATUS_CODE = 0x20000004,
    ZL_PROTOCOL_ZAP_INVALID_METADATA = 0x20000005,
};

/* Ends of connections. FINAL ones are the peer's breach of protocol: the connecting side does not try again. */
#define ZL_CLOSE_REASONS(X)                                                                                            \
    X (NONE, "none", 0, ZL_FAILS_SILENTLY)                                                                             \
    X (LOCAL, "closed here", 0, ZL_FAILS_SILENTLY)                                                                     \
    X (NOT_ALLOWED, "address not allowed", 0, ZL_FAILS_SILENTLY)                                                       \
    X (PEER_CLOSED, "peer closed", 0, ZL_FAILS_SILENTLY)                                                               \
    X (RESET, "connection error", 0, ZL_FAILS_SILENTLY)                                                                \
    X (HANDSHAKE_CLOSED, "peer closed in handshake", 0, ZL_FAILS_PLAINLY)                                              \
    X (HANDSHAKE_TIMEOUT, "handshake timeout", 0, ZL_FAILS_PLAINLY)                                                    \
    X (HEARTBEAT, "heartbeat timeout", 0, ZL_FAILS_SILENTLY)                                                           \
    X (TAKEN_OVER, "routing id taken over", 1, ZL_FAILS_SILENTLY)                                                      \
    X (GREETING, "malformed greeting", 1, ZL_PROTOCOL_UNSPECIFIED)                                                     \
    X (VERSION, "unsupported version", 1, ZL_PROTOCOL_UNSPECIFIED)                                                     \
    X (MECHANISM, "mechanism mismatch", 1, ZL_PROTOCOL_MECHANISM_MISMATCH)                                             \
    X (COMMAND, "malformed command", 1, ZL_PROTOCOL_UNEXPECTED_COMMAND)                                                \
    X (ERROR_COMMAND, "malformed error command", 1, ZL_PROTOCOL_MALFORMED_ERROR)                                       \
    X (UNEXPECTED, "unexpected command", 1, ZL_PROTOCOL_UNEXPECTED_COMMAND)                                            \
    X (METADATA, "malformed metadata", 1, ZL_PROTOCOL_INVALID_METADATA)                                                \
    X (IDENTITY, "bad routing id", 1, ZL_PROTOCOL_INVALID_METADATA)                                                    \
    X (INCOMPATIBLE, "incompatible socket type", 1, ZL_PROTOCOL_INVALID_METADATA)                                      \
    X (REFUSED, "refused by peer", 1, ZL_FAILS_REFUSED)                                                                \
    X (DENIED, "refused by authenticator", 1, ZL_FAILS_REFUSED)                                                        \
    X (DEFERRED, "put off by authenticator", 0, ZL_FAILS_REFUSED)                                                      \
    X (NO_AUTHENTICATOR, "no authenticator", 0, ZL_FAILS_PLAINLY)                                                      \
    X (ZAP_REPLY, "malformed authenticator reply", 1, ZL_PROTOCOL_ZAP_MALFORMED_REPLY)                                 \
    X (ZAP_VERSION, "authenticator version", 1, ZL_PROTOCOL_ZAP_BAD_VERSION)                                           \
    X (ZAP_REQUEST_ID, "authenticator request id", 1, ZL_PROTOCOL_ZAP_BAD_REQUEST_ID)                                  \
    X (ZAP_STATUS, "authenticator status code", 1, ZL_PROTOCOL_ZAP_INVALID_STATUS_CODE)                                \
    X (ZAP_METADATA, "authenticator metadata", 1, ZL_PROTOCOL_ZAP_INVALID_METADATA)                                    \
    X (HELLO, "malformed hello", 1, ZL_PROTOCOL_MALFORMED_HELLO)                                                       \
    X (WELCOME, "malformed welcome", 1, ZL_PROTOCOL_MALFORMED_WELCOME)                                                 \
    X (INITIATE, "malformed initiate", 1, ZL_PROTOCOL_MALFORMED_INITIATE)                                              \
    X (READY, "malformed ready", 1, ZL_PROTOCOL_MALFORMED_READY)                                                       \
    X (KEY, "unusable key", 1, ZL_PROTOCOL_KEY_EXCHANGE)                                                               \
    X (CRYPTO, "decryption failed", 1, ZL_PROTOCOL_CRYPTOGRAPHIC)                                                      \
    X (SEQUENCE, "nonce out of sequence", 1, ZL_PROTOCOL_INVALID_SEQUENCE)                                             \
    X (SEALED, "malformed sealed message", 1, ZL_PROTOCOL_MALFORMED_MESSAGE)                                           \
    X (FRAME, "malformed frame", 1, ZL_PROTOCOL_UNSPECIFIED)                                                           \
    X (OVERSIZE, "oversize", 1, ZL_PROTOCOL_UNSPECIFIED)                                                               \
    X (MESSAGE, "malformed message", 1, ZL_FAILS_SILENTLY)                                                             \
    X (MEMORY, "out of memory", 0, ZL_FAILS_SILENTLY)

/* Discarded messages. */
#define ZL_DROP_REASONS(X)                                                                                             \
    X (HWM, "high-water mark")                                                                                         \
    X (NO_PEER, "no peer")                                                                                             \
    X (UNROUTABLE, "unroutable")                                                                                       \
    X (UNMATCHED, "not subscribed")                                                                                    \
    X (CONFLATED, "conflated")                                                                                         \
    X (UNEXPECTED, "unexpected")                                                                                       \
    X (CLOSED, "closed")                                                                                               \
    X (CONNECTION_LOST, "connection lost")                                                                             \
    X (DUPLICATE_ID, "duplicate routing id")                                                                           \
    X (MONITOR, "monitor event")                                                                                       \
    X (MEMORY, "out of memory")

typedef enum {
#define X(id, name, final, event) ZL_CLOSE_##id,
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
