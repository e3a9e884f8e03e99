"""All constants, as enums and as names of this module, with pyzmq's names and numbers.

A constant is declared once, in its enum. The assignments below each enum make its members names
of the module too, spelt out so that editors and type checkers know them.
"""

import errno
import typing
from enum import Enum, IntEnum, IntFlag


class _OptType(Enum):
    """The kind of value that a socket option takes."""

    int = "int"
    int64 = "int64"
    bytes = "bytes"
    fd = "fd"


class Errno(IntEnum):
    """What `ZMQError.errno` may be besides any other errno of the system."""

    EAGAIN = errno.EAGAIN
    EFAULT = errno.EFAULT
    EINVAL = errno.EINVAL
    ENOTSUP = errno.ENOTSUP
    EPROTONOSUPPORT = errno.EPROTONOSUPPORT
    ENOBUFS = errno.ENOBUFS
    ENETDOWN = errno.ENETDOWN
    EADDRINUSE = errno.EADDRINUSE
    EADDRNOTAVAIL = errno.EADDRNOTAVAIL
    ECONNREFUSED = errno.ECONNREFUSED
    EINPROGRESS = errno.EINPROGRESS
    ENOTSOCK = errno.ENOTSOCK
    EMSGSIZE = errno.EMSGSIZE
    EAFNOSUPPORT = errno.EAFNOSUPPORT
    ENETUNREACH = errno.ENETUNREACH
    ECONNABORTED = errno.ECONNABORTED
    ECONNRESET = errno.ECONNRESET
    ENOTCONN = errno.ENOTCONN
    ETIMEDOUT = errno.ETIMEDOUT
    EHOSTUNREACH = errno.EHOSTUNREACH
    ENETRESET = errno.ENETRESET
    EFSM = 156384763
    ENOCOMPATPROTO = 156384764
    ETERM = 156384765
    EMTHREAD = 156384766


EAGAIN: typing.Final = Errno.EAGAIN
EFAULT: typing.Final = Errno.EFAULT
EINVAL: typing.Final = Errno.EINVAL
ENOTSUP: typing.Final = Errno.ENOTSUP
EPROTONOSUPPORT: typing.Final = Errno.EPROTONOSUPPORT
ENOBUFS: typing.Final = Errno.ENOBUFS
ENETDOWN: typing.Final = Errno.ENETDOWN
EADDRINUSE: typing.Final = Errno.EADDRINUSE
EADDRNOTAVAIL: typing.Final = Errno.EADDRNOTAVAIL
ECONNREFUSED: typing.Final = Errno.ECONNREFUSED
EINPROGRESS: typing.Final = Errno.EINPROGRESS
ENOTSOCK: typing.Final = Errno.ENOTSOCK
EMSGSIZE: typing.Final = Errno.EMSGSIZE
EAFNOSUPPORT: typing.Final = Errno.EAFNOSUPPORT
ENETUNREACH: typing.Final = Errno.ENETUNREACH
ECONNABORTED: typing.Final = Errno.ECONNABORTED
ECONNRESET: typing.Final = Errno.ECONNRESET
ENOTCONN: typing.Final = Errno.ENOTCONN
ETIMEDOUT: typing.Final = Errno.ETIMEDOUT
EHOSTUNREACH: typing.Final = Errno.EHOSTUNREACH
ENETRESET: typing.Final = Errno.ENETRESET
EFSM: typing.Final = Errno.EFSM
ENOCOMPATPROTO: typing.Final = Errno.ENOCOMPATPROTO
ETERM: typing.Final = Errno.ETERM
EMTHREAD: typing.Final = Errno.EMTHREAD


class ContextOption(IntEnum):
    """Options of a context."""

    IO_THREADS = 1
    MAX_SOCKETS = 2
    SOCKET_LIMIT = 3
    THREAD_PRIORITY = 3
    THREAD_SCHED_POLICY = 4
    MAX_MSGSZ = 5
    MSG_T_SIZE = 6
    THREAD_AFFINITY_CPU_ADD = 7
    THREAD_AFFINITY_CPU_REMOVE = 8
    THREAD_NAME_PREFIX = 9


IO_THREADS: typing.Final = ContextOption.IO_THREADS
MAX_SOCKETS: typing.Final = ContextOption.MAX_SOCKETS
SOCKET_LIMIT: typing.Final = ContextOption.SOCKET_LIMIT
THREAD_PRIORITY: typing.Final = ContextOption.THREAD_PRIORITY
THREAD_SCHED_POLICY: typing.Final = ContextOption.THREAD_SCHED_POLICY
MAX_MSGSZ: typing.Final = ContextOption.MAX_MSGSZ
MSG_T_SIZE: typing.Final = ContextOption.MSG_T_SIZE
THREAD_AFFINITY_CPU_ADD: typing.Final = ContextOption.THREAD_AFFINITY_CPU_ADD
THREAD_AFFINITY_CPU_REMOVE: typing.Final = ContextOption.THREAD_AFFINITY_CPU_REMOVE
THREAD_NAME_PREFIX: typing.Final = ContextOption.THREAD_NAME_PREFIX


class SocketType(IntEnum):
    """Kinds of socket; those from SERVER on are drafts."""

    PAIR = 0
    PUB = 1
    SUB = 2
    REQ = 3
    REP = 4
    DEALER = 5
    XREQ = DEALER
    ROUTER = 6
    XREP = ROUTER
    PULL = 7
    PUSH = 8
    XPUB = 9
    XSUB = 10
    STREAM = 11
    SERVER = 12
    CLIENT = 13
    RADIO = 14
    DISH = 15
    GATHER = 16
    SCATTER = 17
    DGRAM = 18
    PEER = 19
    CHANNEL = 20


PAIR: typing.Final = SocketType.PAIR
PUB: typing.Final = SocketType.PUB
SUB: typing.Final = SocketType.SUB
REQ: typing.Final = SocketType.REQ
REP: typing.Final = SocketType.REP
DEALER: typing.Final = SocketType.DEALER
XREQ: typing.Final = SocketType.XREQ
ROUTER: typing.Final = SocketType.ROUTER
XREP: typing.Final = SocketType.XREP
PULL: typing.Final = SocketType.PULL
PUSH: typing.Final = SocketType.PUSH
XPUB: typing.Final = SocketType.XPUB
XSUB: typing.Final = SocketType.XSUB
STREAM: typing.Final = SocketType.STREAM
SERVER: typing.Final = SocketType.SERVER
CLIENT: typing.Final = SocketType.CLIENT
RADIO: typing.Final = SocketType.RADIO
DISH: typing.Final = SocketType.DISH
GATHER: typing.Final = SocketType.GATHER
SCATTER: typing.Final = SocketType.SCATTER
DGRAM: typing.Final = SocketType.DGRAM
PEER: typing.Final = SocketType.PEER
CHANNEL: typing.Final = SocketType.CHANNEL


class SocketOption(IntEnum):
    """Options of a socket, each with the kind of value it takes; from 93 on they are drafts."""

    _value_: int
    _opt_type: _OptType

    def __new__(cls, value: int, opt_type: _OptType = _OptType.int):  # type: ignore[no-untyped-def]
        option = int.__new__(cls, value)
        option._value_ = value
        option._opt_type = opt_type
        return option

    HWM = 1
    AFFINITY = 4, _OptType.int64
    ROUTING_ID = 5, _OptType.bytes
    IDENTITY = ROUTING_ID
    SUBSCRIBE = 6, _OptType.bytes
    UNSUBSCRIBE = 7, _OptType.bytes
    RATE = 8
    RECOVERY_IVL = 9
    SNDBUF = 11
    RCVBUF = 12
    RCVMORE = 13
    FD = 14, _OptType.fd
    EVENTS = 15
    TYPE = 16
    LINGER = 17
    RECONNECT_IVL = 18
    BACKLOG = 19
    RECONNECT_IVL_MAX = 21
    MAXMSGSIZE = 22, _OptType.int64
    SNDHWM = 23
    RCVHWM = 24
    MULTICAST_HOPS = 25
    RCVTIMEO = 27
    SNDTIMEO = 28
    IPV4ONLY = 31
    LAST_ENDPOINT = 32, _OptType.bytes
    ROUTER_MANDATORY = 33
    FAIL_UNROUTABLE = ROUTER_MANDATORY
    ROUTER_BEHAVIOR = ROUTER_MANDATORY
    TCP_KEEPALIVE = 34
    TCP_KEEPALIVE_CNT = 35
    TCP_KEEPALIVE_IDLE = 36
    TCP_KEEPALIVE_INTVL = 37
    TCP_ACCEPT_FILTER = 38, _OptType.bytes
    IMMEDIATE = 39
    DELAY_ATTACH_ON_CONNECT = IMMEDIATE
    XPUB_VERBOSE = 40
    ROUTER_RAW = 41
    IPV6 = 42
    MECHANISM = 43
    PLAIN_SERVER = 44
    PLAIN_USERNAME = 45, _OptType.bytes
    PLAIN_PASSWORD = 46, _OptType.bytes
    CURVE_SERVER = 47
    CURVE_PUBLICKEY = 48, _OptType.bytes
    CURVE_SECRETKEY = 49, _OptType.bytes
    CURVE_SERVERKEY = 50, _OptType.bytes
    PROBE_ROUTER = 51
    REQ_CORRELATE = 52
    REQ_RELAXED = 53
    CONFLATE = 54
    ZAP_DOMAIN = 55, _OptType.bytes
    ROUTER_HANDOVER = 56
    TOS = 57
    IPC_FILTER_PID = 58
    IPC_FILTER_UID = 59
    IPC_FILTER_GID = 60
    CONNECT_ROUTING_ID = 61, _OptType.bytes
    CONNECT_RID = CONNECT_ROUTING_ID
    GSSAPI_SERVER = 62
    GSSAPI_PRINCIPAL = 63, _OptType.bytes
    GSSAPI_SERVICE_PRINCIPAL = 64, _OptType.bytes
    GSSAPI_PLAINTEXT = 65
    HANDSHAKE_IVL = 66
    SOCKS_PROXY = 68, _OptType.bytes
    XPUB_NODROP = 69
    BLOCKY = 70
    XPUB_MANUAL = 71
    XPUB_WELCOME_MSG = 72, _OptType.bytes
    STREAM_NOTIFY = 73
    INVERT_MATCHING = 74
    HEARTBEAT_IVL = 75
    HEARTBEAT_TTL = 76
    HEARTBEAT_TIMEOUT = 77
    XPUB_VERBOSER = 78
    CONNECT_TIMEOUT = 79
    TCP_MAXRT = 80
    THREAD_SAFE = 81
    MULTICAST_MAXTPDU = 84
    VMCI_BUFFER_SIZE = 85, _OptType.int64
    VMCI_BUFFER_MIN_SIZE = 86, _OptType.int64
    VMCI_BUFFER_MAX_SIZE = 87, _OptType.int64
    VMCI_CONNECT_TIMEOUT = 88
    USE_FD = 89
    GSSAPI_PRINCIPAL_NAMETYPE = 90
    GSSAPI_SERVICE_PRINCIPAL_NAMETYPE = 91
    BINDTODEVICE = 92, _OptType.bytes
    ZAP_ENFORCE_DOMAIN = 93
    LOOPBACK_FASTPATH = 94
    METADATA = 95, _OptType.bytes
    MULTICAST_LOOP = 96
    ROUTER_NOTIFY = 97
    XPUB_MANUAL_LAST_VALUE = 98
    SOCKS_USERNAME = 99, _OptType.bytes
    SOCKS_PASSWORD = 100, _OptType.bytes
    IN_BATCH_SIZE = 101
    OUT_BATCH_SIZE = 102
    WSS_KEY_PEM = 103, _OptType.bytes
    WSS_CERT_PEM = 104, _OptType.bytes
    WSS_TRUST_PEM = 105, _OptType.bytes
    WSS_HOSTNAME = 106, _OptType.bytes
    WSS_TRUST_SYSTEM = 107
    ONLY_FIRST_SUBSCRIBE = 108
    RECONNECT_STOP = 109
    HELLO_MSG = 110, _OptType.bytes
    DISCONNECT_MSG = 111, _OptType.bytes
    PRIORITY = 112
    BUSY_POLL = 113
    HICCUP_MSG = 114, _OptType.bytes
    XSUB_VERBOSE_UNSUBSCRIBE = 115
    TOPICS_COUNT = 116
    NORM_MODE = 117
    NORM_UNICAST_NACK = 118
    NORM_BUFFER_SIZE = 119
    NORM_SEGMENT_SIZE = 120
    NORM_BLOCK_SIZE = 121
    NORM_NUM_PARITY = 122
    NORM_NUM_AUTOPARITY = 123
    NORM_PUSH = 124


HWM: typing.Final = SocketOption.HWM
AFFINITY: typing.Final = SocketOption.AFFINITY
ROUTING_ID: typing.Final = SocketOption.ROUTING_ID
IDENTITY: typing.Final = SocketOption.IDENTITY
SUBSCRIBE: typing.Final = SocketOption.SUBSCRIBE
UNSUBSCRIBE: typing.Final = SocketOption.UNSUBSCRIBE
RATE: typing.Final = SocketOption.RATE
RECOVERY_IVL: typing.Final = SocketOption.RECOVERY_IVL
SNDBUF: typing.Final = SocketOption.SNDBUF
RCVBUF: typing.Final = SocketOption.RCVBUF
RCVMORE: typing.Final = SocketOption.RCVMORE
FD: typing.Final = SocketOption.FD
EVENTS: typing.Final = SocketOption.EVENTS
TYPE: typing.Final = SocketOption.TYPE
LINGER: typing.Final = SocketOption.LINGER
RECONNECT_IVL: typing.Final = SocketOption.RECONNECT_IVL
BACKLOG: typing.Final = SocketOption.BACKLOG
RECONNECT_IVL_MAX: typing.Final = SocketOption.RECONNECT_IVL_MAX
MAXMSGSIZE: typing.Final = SocketOption.MAXMSGSIZE
SNDHWM: typing.Final = SocketOption.SNDHWM
RCVHWM: typing.Final = SocketOption.RCVHWM
MULTICAST_HOPS: typing.Final = SocketOption.MULTICAST_HOPS
RCVTIMEO: typing.Final = SocketOption.RCVTIMEO
SNDTIMEO: typing.Final = SocketOption.SNDTIMEO
IPV4ONLY: typing.Final = SocketOption.IPV4ONLY
LAST_ENDPOINT: typing.Final = SocketOption.LAST_ENDPOINT
ROUTER_MANDATORY: typing.Final = SocketOption.ROUTER_MANDATORY
FAIL_UNROUTABLE: typing.Final = SocketOption.FAIL_UNROUTABLE
ROUTER_BEHAVIOR: typing.Final = SocketOption.ROUTER_BEHAVIOR
TCP_KEEPALIVE: typing.Final = SocketOption.TCP_KEEPALIVE
TCP_KEEPALIVE_CNT: typing.Final = SocketOption.TCP_KEEPALIVE_CNT
TCP_KEEPALIVE_IDLE: typing.Final = SocketOption.TCP_KEEPALIVE_IDLE
TCP_KEEPALIVE_INTVL: typing.Final = SocketOption.TCP_KEEPALIVE_INTVL
TCP_ACCEPT_FILTER: typing.Final = SocketOption.TCP_ACCEPT_FILTER
IMMEDIATE: typing.Final = SocketOption.IMMEDIATE
DELAY_ATTACH_ON_CONNECT: typing.Final = SocketOption.DELAY_ATTACH_ON_CONNECT
XPUB_VERBOSE: typing.Final = SocketOption.XPUB_VERBOSE
ROUTER_RAW: typing.Final = SocketOption.ROUTER_RAW
IPV6: typing.Final = SocketOption.IPV6
MECHANISM: typing.Final = SocketOption.MECHANISM
PLAIN_SERVER: typing.Final = SocketOption.PLAIN_SERVER
PLAIN_USERNAME: typing.Final = SocketOption.PLAIN_USERNAME
PLAIN_PASSWORD: typing.Final = SocketOption.PLAIN_PASSWORD
CURVE_SERVER: typing.Final = SocketOption.CURVE_SERVER
CURVE_PUBLICKEY: typing.Final = SocketOption.CURVE_PUBLICKEY
CURVE_SECRETKEY: typing.Final = SocketOption.CURVE_SECRETKEY
CURVE_SERVERKEY: typing.Final = SocketOption.CURVE_SERVERKEY
PROBE_ROUTER: typing.Final = SocketOption.PROBE_ROUTER
REQ_CORRELATE: typing.Final = SocketOption.REQ_CORRELATE
REQ_RELAXED: typing.Final = SocketOption.REQ_RELAXED
CONFLATE: typing.Final = SocketOption.CONFLATE
ZAP_DOMAIN: typing.Final = SocketOption.ZAP_DOMAIN
ROUTER_HANDOVER: typing.Final = SocketOption.ROUTER_HANDOVER
TOS: typing.Final = SocketOption.TOS
IPC_FILTER_PID: typing.Final = SocketOption.IPC_FILTER_PID
IPC_FILTER_UID: typing.Final = SocketOption.IPC_FILTER_UID
IPC_FILTER_GID: typing.Final = SocketOption.IPC_FILTER_GID
CONNECT_ROUTING_ID: typing.Final = SocketOption.CONNECT_ROUTING_ID
CONNECT_RID: typing.Final = SocketOption.CONNECT_RID
GSSAPI_SERVER: typing.Final = SocketOption.GSSAPI_SERVER
GSSAPI_PRINCIPAL: typing.Final = SocketOption.GSSAPI_PRINCIPAL
GSSAPI_SERVICE_PRINCIPAL: typing.Final = SocketOption.GSSAPI_SERVICE_PRINCIPAL
GSSAPI_PLAINTEXT: typing.Final = SocketOption.GSSAPI_PLAINTEXT
HANDSHAKE_IVL: typing.Final = SocketOption.HANDSHAKE_IVL
SOCKS_PROXY: typing.Final = SocketOption.SOCKS_PROXY
XPUB_NODROP: typing.Final = SocketOption.XPUB_NODROP
BLOCKY: typing.Final = SocketOption.BLOCKY
XPUB_MANUAL: typing.Final = SocketOption.XPUB_MANUAL
XPUB_WELCOME_MSG: typing.Final = SocketOption.XPUB_WELCOME_MSG
STREAM_NOTIFY: typing.Final = SocketOption.STREAM_NOTIFY
INVERT_MATCHING: typing.Final = SocketOption.INVERT_MATCHING
HEARTBEAT_IVL: typing.Final = SocketOption.HEARTBEAT_IVL
HEARTBEAT_TTL: typing.Final = SocketOption.HEARTBEAT_TTL
HEARTBEAT_TIMEOUT: typing.Final = SocketOption.HEARTBEAT_TIMEOUT
XPUB_VERBOSER: typing.Final = SocketOption.XPUB_VERBOSER
CONNECT_TIMEOUT: typing.Final = SocketOption.CONNECT_TIMEOUT
TCP_MAXRT: typing.Final = SocketOption.TCP_MAXRT
THREAD_SAFE: typing.Final = SocketOption.THREAD_SAFE
MULTICAST_MAXTPDU: typing.Final = SocketOption.MULTICAST_MAXTPDU
VMCI_BUFFER_SIZE: typing.Final = SocketOption.VMCI_BUFFER_SIZE
VMCI_BUFFER_MIN_SIZE: typing.Final = SocketOption.VMCI_BUFFER_MIN_SIZE
VMCI_BUFFER_MAX_SIZE: typing.Final = SocketOption.VMCI_BUFFER_MAX_SIZE
VMCI_CONNECT_TIMEOUT: typing.Final = SocketOption.VMCI_CONNECT_TIMEOUT
USE_FD: typing.Final = SocketOption.USE_FD
GSSAPI_PRINCIPAL_NAMETYPE: typing.Final = SocketOption.GSSAPI_PRINCIPAL_NAMETYPE
GSSAPI_SERVICE_PRINCIPAL_NAMETYPE: typing.Final = SocketOption.GSSAPI_SERVICE_PRINCIPAL_NAMETYPE
BINDTODEVICE: typing.Final = SocketOption.BINDTODEVICE
ZAP_ENFORCE_DOMAIN: typing.Final = SocketOption.ZAP_ENFORCE_DOMAIN
LOOPBACK_FASTPATH: typing.Final = SocketOption.LOOPBACK_FASTPATH
METADATA: typing.Final = SocketOption.METADATA
MULTICAST_LOOP: typing.Final = SocketOption.MULTICAST_LOOP
ROUTER_NOTIFY: typing.Final = SocketOption.ROUTER_NOTIFY
XPUB_MANUAL_LAST_VALUE: typing.Final = SocketOption.XPUB_MANUAL_LAST_VALUE
SOCKS_USERNAME: typing.Final = SocketOption.SOCKS_USERNAME
SOCKS_PASSWORD: typing.Final = SocketOption.SOCKS_PASSWORD
IN_BATCH_SIZE: typing.Final = SocketOption.IN_BATCH_SIZE
OUT_BATCH_SIZE: typing.Final = SocketOption.OUT_BATCH_SIZE
WSS_KEY_PEM: typing.Final = SocketOption.WSS_KEY_PEM
WSS_CERT_PEM: typing.Final = SocketOption.WSS_CERT_PEM
WSS_TRUST_PEM: typing.Final = SocketOption.WSS_TRUST_PEM
WSS_HOSTNAME: typing.Final = SocketOption.WSS_HOSTNAME
WSS_TRUST_SYSTEM: typing.Final = SocketOption.WSS_TRUST_SYSTEM
ONLY_FIRST_SUBSCRIBE: typing.Final = SocketOption.ONLY_FIRST_SUBSCRIBE
RECONNECT_STOP: typing.Final = SocketOption.RECONNECT_STOP
HELLO_MSG: typing.Final = SocketOption.HELLO_MSG
DISCONNECT_MSG: typing.Final = SocketOption.DISCONNECT_MSG
PRIORITY: typing.Final = SocketOption.PRIORITY
BUSY_POLL: typing.Final = SocketOption.BUSY_POLL
HICCUP_MSG: typing.Final = SocketOption.HICCUP_MSG
XSUB_VERBOSE_UNSUBSCRIBE: typing.Final = SocketOption.XSUB_VERBOSE_UNSUBSCRIBE
TOPICS_COUNT: typing.Final = SocketOption.TOPICS_COUNT
NORM_MODE: typing.Final = SocketOption.NORM_MODE
NORM_UNICAST_NACK: typing.Final = SocketOption.NORM_UNICAST_NACK
NORM_BUFFER_SIZE: typing.Final = SocketOption.NORM_BUFFER_SIZE
NORM_SEGMENT_SIZE: typing.Final = SocketOption.NORM_SEGMENT_SIZE
NORM_BLOCK_SIZE: typing.Final = SocketOption.NORM_BLOCK_SIZE
NORM_NUM_PARITY: typing.Final = SocketOption.NORM_NUM_PARITY
NORM_NUM_AUTOPARITY: typing.Final = SocketOption.NORM_NUM_AUTOPARITY
NORM_PUSH: typing.Final = SocketOption.NORM_PUSH


class MessageOption(IntEnum):
    """What `Frame.get` can tell of a message."""

    MORE = 1
    SRCFD = 2
    SHARED = 3


MORE: typing.Final = MessageOption.MORE
SRCFD: typing.Final = MessageOption.SRCFD
SHARED: typing.Final = MessageOption.SHARED


class Flag(IntFlag):
    """Flags of send and recv."""

    DONTWAIT = 1
    NOBLOCK = DONTWAIT
    SNDMORE = 2


DONTWAIT: typing.Final = Flag.DONTWAIT
NOBLOCK: typing.Final = Flag.NOBLOCK
SNDMORE: typing.Final = Flag.SNDMORE


class PollEvent(IntFlag):
    """What to wait for, and what came, when polling."""

    POLLIN = 1
    POLLOUT = 2
    POLLERR = 4
    POLLPRI = 8


POLLIN: typing.Final = PollEvent.POLLIN
POLLOUT: typing.Final = PollEvent.POLLOUT
POLLERR: typing.Final = PollEvent.POLLERR
POLLPRI: typing.Final = PollEvent.POLLPRI


class Event(IntFlag):
    """What a socket monitor reports, and why a handshake failed."""

    # First, because the value of some contains bits of plain events, whose names would else be
    # made up of theirs.
    PROTOCOL_ERROR_ZMTP_UNSPECIFIED = 0x10000000
    PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND = 0x10000001
    PROTOCOL_ERROR_ZMTP_INVALID_SEQUENCE = 0x10000002
    PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE = 0x10000003
    PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_UNSPECIFIED = 0x10000011
    PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_MESSAGE = 0x10000012
    PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_HELLO = 0x10000013
    PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_INITIATE = 0x10000014
    PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_ERROR = 0x10000015
    PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_READY = 0x10000016
    PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_WELCOME = 0x10000017
    PROTOCOL_ERROR_ZMTP_INVALID_METADATA = 0x10000018
    PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC = 0x11000001
    PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH = 0x11000002
    PROTOCOL_ERROR_ZAP_UNSPECIFIED = 0x20000000
    PROTOCOL_ERROR_ZAP_MALFORMED_REPLY = 0x20000001
    PROTOCOL_ERROR_ZAP_BAD_REQUEST_ID = 0x20000002
    PROTOCOL_ERROR_ZAP_BAD_VERSION = 0x20000003
    PROTOCOL_ERROR_ZAP_INVALID_STATUS_CODE = 0x20000004
    PROTOCOL_ERROR_ZAP_INVALID_METADATA = 0x20000005
    PROTOCOL_ERROR_WS_UNSPECIFIED = 0x30000000
    CONNECTED = 0x1
    CONNECT_DELAYED = 0x2
    CONNECT_RETRIED = 0x4
    LISTENING = 0x8
    BIND_FAILED = 0x10
    ACCEPTED = 0x20
    ACCEPT_FAILED = 0x40
    CLOSED = 0x80
    CLOSE_FAILED = 0x100
    DISCONNECTED = 0x200
    MONITOR_STOPPED = 0x400
    HANDSHAKE_FAILED_NO_DETAIL = 0x800
    HANDSHAKE_SUCCEEDED = 0x1000
    HANDSHAKE_FAILED_PROTOCOL = 0x2000
    HANDSHAKE_FAILED_AUTH = 0x4000
    ALL_V1 = 0xFFFF
    ALL = ALL_V1
    PIPES_STATS = 0x10000
    ALL_V2 = 0x1FFFF


PROTOCOL_ERROR_ZMTP_UNSPECIFIED: typing.Final = Event.PROTOCOL_ERROR_ZMTP_UNSPECIFIED
PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND: typing.Final = Event.PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND
PROTOCOL_ERROR_ZMTP_INVALID_SEQUENCE: typing.Final = Event.PROTOCOL_ERROR_ZMTP_INVALID_SEQUENCE
PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE: typing.Final = Event.PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE
PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_UNSPECIFIED: typing.Final = (
    Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_UNSPECIFIED
)
PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_MESSAGE: typing.Final = (
    Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_MESSAGE
)
PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_HELLO: typing.Final = (
    Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_HELLO
)
PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_INITIATE: typing.Final = (
    Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_INITIATE
)
PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_ERROR: typing.Final = (
    Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_ERROR
)
PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_READY: typing.Final = (
    Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_READY
)
PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_WELCOME: typing.Final = (
    Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_WELCOME
)
PROTOCOL_ERROR_ZMTP_INVALID_METADATA: typing.Final = Event.PROTOCOL_ERROR_ZMTP_INVALID_METADATA
PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC: typing.Final = Event.PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC
PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH: typing.Final = Event.PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH
PROTOCOL_ERROR_ZAP_UNSPECIFIED: typing.Final = Event.PROTOCOL_ERROR_ZAP_UNSPECIFIED
PROTOCOL_ERROR_ZAP_MALFORMED_REPLY: typing.Final = Event.PROTOCOL_ERROR_ZAP_MALFORMED_REPLY
PROTOCOL_ERROR_ZAP_BAD_REQUEST_ID: typing.Final = Event.PROTOCOL_ERROR_ZAP_BAD_REQUEST_ID
PROTOCOL_ERROR_ZAP_BAD_VERSION: typing.Final = Event.PROTOCOL_ERROR_ZAP_BAD_VERSION
PROTOCOL_ERROR_ZAP_INVALID_STATUS_CODE: typing.Final = Event.PROTOCOL_ERROR_ZAP_INVALID_STATUS_CODE
PROTOCOL_ERROR_ZAP_INVALID_METADATA: typing.Final = Event.PROTOCOL_ERROR_ZAP_INVALID_METADATA
PROTOCOL_ERROR_WS_UNSPECIFIED: typing.Final = Event.PROTOCOL_ERROR_WS_UNSPECIFIED
EVENT_CONNECTED: typing.Final = Event.CONNECTED
EVENT_CONNECT_DELAYED: typing.Final = Event.CONNECT_DELAYED
EVENT_CONNECT_RETRIED: typing.Final = Event.CONNECT_RETRIED
EVENT_LISTENING: typing.Final = Event.LISTENING
EVENT_BIND_FAILED: typing.Final = Event.BIND_FAILED
EVENT_ACCEPTED: typing.Final = Event.ACCEPTED
EVENT_ACCEPT_FAILED: typing.Final = Event.ACCEPT_FAILED
EVENT_CLOSED: typing.Final = Event.CLOSED
EVENT_CLOSE_FAILED: typing.Final = Event.CLOSE_FAILED
EVENT_DISCONNECTED: typing.Final = Event.DISCONNECTED
EVENT_MONITOR_STOPPED: typing.Final = Event.MONITOR_STOPPED
EVENT_HANDSHAKE_FAILED_NO_DETAIL: typing.Final = Event.HANDSHAKE_FAILED_NO_DETAIL
EVENT_HANDSHAKE_SUCCEEDED: typing.Final = Event.HANDSHAKE_SUCCEEDED
EVENT_HANDSHAKE_FAILED_PROTOCOL: typing.Final = Event.HANDSHAKE_FAILED_PROTOCOL
EVENT_HANDSHAKE_FAILED_AUTH: typing.Final = Event.HANDSHAKE_FAILED_AUTH
EVENT_ALL_V1: typing.Final = Event.ALL_V1
EVENT_ALL: typing.Final = Event.ALL
EVENT_PIPES_STATS: typing.Final = Event.PIPES_STATS
EVENT_ALL_V2: typing.Final = Event.ALL_V2


class SecurityMechanism(IntEnum):
    """Values of the option MECHANISM."""

    NULL = 0
    PLAIN = 1
    CURVE = 2
    GSSAPI = 3


NULL: typing.Final = SecurityMechanism.NULL
PLAIN: typing.Final = SecurityMechanism.PLAIN
CURVE: typing.Final = SecurityMechanism.CURVE
GSSAPI: typing.Final = SecurityMechanism.GSSAPI


class RouterNotify(IntEnum):
    """Values of the option ROUTER_NOTIFY."""

    CONNECT = 1
    DISCONNECT = 2


NOTIFY_CONNECT: typing.Final = RouterNotify.CONNECT
NOTIFY_DISCONNECT: typing.Final = RouterNotify.DISCONNECT


class NormMode(IntEnum):
    """Values of the option NORM_MODE."""

    FIXED = 0
    CC = 1
    CCL = 2
    CCE = 3
    CCE_ECNONLY = 4


NORM_FIXED: typing.Final = NormMode.FIXED
NORM_CC: typing.Final = NormMode.CC
NORM_CCL: typing.Final = NormMode.CCL
NORM_CCE: typing.Final = NormMode.CCE
NORM_CCE_ECNONLY: typing.Final = NormMode.CCE_ECNONLY


class ReconnectStop(IntEnum):
    """Values of the option RECONNECT_STOP."""

    CONN_REFUSED = 1
    HANDSHAKE_FAILED = 2
    AFTER_DISCONNECT = 4


RECONNECT_STOP_CONN_REFUSED: typing.Final = ReconnectStop.CONN_REFUSED
RECONNECT_STOP_HANDSHAKE_FAILED: typing.Final = ReconnectStop.HANDSHAKE_FAILED
RECONNECT_STOP_AFTER_DISCONNECT: typing.Final = ReconnectStop.AFTER_DISCONNECT


class DeviceType(IntEnum):
    """The first argument of `device`."""

    STREAMER = 1
    FORWARDER = 2
    QUEUE = 3


STREAMER: typing.Final = DeviceType.STREAMER
FORWARDER: typing.Final = DeviceType.FORWARDER
QUEUE: typing.Final = DeviceType.QUEUE

if not typing.TYPE_CHECKING:  # a list that is computed would hide the names from type checkers
    _MODULES = ("errno", "typing")
    __all__ = [name for name in globals() if not name.startswith("_") and name not in _MODULES]
