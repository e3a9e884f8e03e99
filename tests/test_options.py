"""Socket options: defaults, ranges and errors; what EVENTS, FD and the time-outs promise."""

import select

import pytest
from support import (
    TIMEOUT,
    Background,
    beyond_libzmq,
    fails_with,
    wait_readable,
    wait_writable,
)

import zmqlite as zmq

# Option, default, values that are taken, values that are not.
STORED = [
    ("AFFINITY", 0, [1, 0xFF, 1 << 62, 0], []),
    ("BACKLOG", 100, [0, 1, 1000], [-1]),
    ("BINDTODEVICE", b"", [b"lo", b"x" * 16], [b"x" * 17]),
    ("CONFLATE", 0, [1, 0], [2, -1]),
    ("CONNECT_TIMEOUT", 0, [1, 1000, 0], [-1]),
    ("CURVE_SERVER", 0, [1, 0], [2, -1]),
    ("HANDSHAKE_IVL", 30000, [0, 1, 1000], [-1]),
    ("HEARTBEAT_IVL", 0, [1, 1000, 0], [-1]),
    ("HEARTBEAT_TIMEOUT", -1, [0, 1, 1000], [-1]),
    ("HEARTBEAT_TTL", 0, [100, 6_553_500, 0], [-100, 6_553_600]),
    ("IMMEDIATE", 0, [1, 0], [2, -1]),
    ("INVERT_MATCHING", 0, [1, 0], []),
    ("IPV4ONLY", 1, [0, 1], [2, -1]),
    ("IPV6", 0, [1, 0], [2, -1]),
    ("LINGER", -1, [0, 1, 1000, -1], [-2]),
    ("LOOPBACK_FASTPATH", 0, [1, 0], []),
    ("MAXMSGSIZE", -1, [0, 1000, 1 << 40, -1], []),
    ("MULTICAST_HOPS", 1, [1, 255], [0, -1]),
    ("MULTICAST_LOOP", 1, [0, 1], []),
    ("MULTICAST_MAXTPDU", 1500, [1, 9000], [0, -1]),
    ("PLAIN_PASSWORD", b"", [b"x", b"x" * 254], [b"", b"x" * 256]),
    ("PLAIN_SERVER", 0, [1, 0], [2, -1]),
    ("PLAIN_USERNAME", b"", [b"x", b"x" * 254], [b"", b"x" * 256]),
    ("RATE", 100, [1, 1000], [0, -1]),
    ("RCVBUF", -1, [0, 4096, -1], [-2]),
    ("RCVHWM", 1000, [0, 1, 1_000_000], [-1]),
    ("RCVTIMEO", -1, [0, 1, 1000, -1], [-2]),
    ("RECONNECT_IVL", 100, [0, 1, 1000, -1], [-2]),
    ("RECONNECT_IVL_MAX", 0, [1, 1000, 0], [-1]),
    ("RECONNECT_STOP", 0, [1, 7, 0], []),
    ("RECOVERY_IVL", 10_000, [0, 1, 1000], [-1]),
    ("ROUTING_ID", b"", [b"x", b"\x01\x00", b"x" * 255], [b"", b"x" * 256]),
    ("SNDBUF", -1, [0, 4096, -1], [-2]),
    ("SNDHWM", 1000, [0, 1, 1_000_000], [-1]),
    ("SNDTIMEO", -1, [0, 1, 1000, -1], [-2]),
    ("SOCKS_PASSWORD", b"", [b"x", b"x" * 254, b""], [b"x" * 256]),
    ("SOCKS_PROXY", b"", [b"localhost:1080", b"x" * 200], []),
    ("SOCKS_USERNAME", b"", [b"x", b"x" * 254, b""], [b"x" * 256]),
    ("TCP_KEEPALIVE", -1, [0, 1, -1], [2, -2]),
    ("TCP_KEEPALIVE_CNT", -1, [1, 5, -1], [-2]),
    ("TCP_KEEPALIVE_IDLE", -1, [1, 60, -1], [-2]),
    ("TCP_KEEPALIVE_INTVL", -1, [1, 60, -1], [-2]),
    ("TCP_MAXRT", 0, [1, 1000, 0], [-1]),
    ("TOS", 0, [8, 255, 0], [-1]),
    ("USE_FD", -1, [3, -1], [-2]),
    ("ZAP_DOMAIN", b"", [b"x", b"x" * 254], [b"", b"x" * 256]),
    ("ZAP_ENFORCE_DOMAIN", 0, [1, 0], []),
]

READ_ONLY = ["RCVMORE", "FD", "EVENTS", "TYPE", "LAST_ENDPOINT", "MECHANISM", "THREAD_SAFE"]

KEYS = [b"x" * 32, b"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7", b"0" * 40 + b"\0"]
NO_KEYS = [b"", b"x" * 31, b"0" * 39, b"~" * 40, b"#" * 40, b"0" * 41]

WRITE_ONLY = [
    ("CURVE_PUBLICKEY", KEYS, NO_KEYS),
    ("CURVE_SECRETKEY", KEYS, NO_KEYS),
    ("CURVE_SERVERKEY", KEYS, NO_KEYS),
    ("IPC_FILTER_GID", [0, 1000], []),
    ("IPC_FILTER_PID", [0, 1000], []),
    ("IPC_FILTER_UID", [0, 1000], []),
    ("METADATA", [b"X-a:b", b"X-key:a:b"], [b"", b"a:b", b"X-a:", b"x-a:b", b"Identity:me"]),
    ("TCP_ACCEPT_FILTER", [b"127.0.0.1", b"10.0.0.0/8"], [b"10.0.0.0/33", b"lo", b"*"]),
]

# Types, option, values that are taken, values that are not. Most types refuse all of these.
OF_A_TYPE = [
    ("SUB", "SUBSCRIBE", [b"", b"x"], []),
    ("SUB", "UNSUBSCRIBE", [b"", b"x"], []),
    ("REQ", "REQ_CORRELATE", [1, 0, 2], [-1]),
    ("REQ", "REQ_RELAXED", [1, 0, 2], [-1]),
    ("REQ DEALER ROUTER", "PROBE_ROUTER", [1, 0, 2], [-1]),
    ("ROUTER", "ROUTER_MANDATORY", [1, 0, 2], [-1]),
    ("ROUTER", "ROUTER_HANDOVER", [1, 0, 2], [-1]),
    ("ROUTER", "ROUTER_RAW", [0, 1, 2], [-1]),
    ("ROUTER STREAM", "CONNECT_ROUTING_ID", [b"x", b"x" * 255], [b""]),
    ("STREAM", "STREAM_NOTIFY", [0, 1], [2, -1]),
    ("XPUB PUB", "XPUB_VERBOSE", [1, 0, 2], [-1]),
    ("XPUB PUB", "XPUB_VERBOSER", [1, 0, 2], [-1]),
    ("XPUB PUB", "XPUB_MANUAL", [1, 0, 2], [-1]),
    ("XPUB PUB", "XPUB_MANUAL_LAST_VALUE", [1, 0, 2], [-1]),
    ("XPUB PUB", "XPUB_NODROP", [1, 0, 2], [-1]),
    ("XPUB PUB", "XPUB_WELCOME_MSG", [b"", b"x", b"x" * 1000], []),
    ("XPUB PUB XSUB", "ONLY_FIRST_SUBSCRIBE", [1, 0, 2], [-1]),
]

# As above, of drafts that no wheel of pyzmq has.
ADDED = [
    ("ROUTER DEALER", "HELLO_MSG", [b"x", b"x" * 1000, b""]),
    ("ROUTER", "DISCONNECT_MSG", [b"x", b"x" * 1000, b""]),
    ("DEALER", "HICCUP_MSG", [b"x", b"x" * 1000, b""]),
    ("ROUTER", "ROUTER_NOTIFY", [1, 2, 3, 0]),
    ("XSUB", "XSUB_VERBOSE_UNSUBSCRIBE", [1, 0]),
    ("PUSH DEALER SUB", "BUSY_POLL", [1, 0]),
]

HAD = {
    *(row[0] for row in (*STORED, *WRITE_ONLY)),
    *(row[1] for row in (*OF_A_TYPE, *ADDED)),
    *READ_ONLY,
    "TOPICS_COUNT",
}


def number(name):
    return getattr(zmq, name)


@pytest.mark.parametrize(("name", "default", "good", "bad"), STORED, ids=lambda value: str(value))
@pytest.mark.parametrize("kind", [zmq.PUSH, zmq.ROUTER])
def test_stored_option(socket, kind, name, default, good, bad):
    made, option = socket(kind, bounded=False), number(name)
    assert made.get(option) == default
    for value in good:
        made.set(option, value)
        assert made.get(option) == value
    for value in bad:
        with fails_with(zmq.EINVAL):
            made.set(option, value)
        assert made.get(option) == good[-1], "a refused value was kept"


@beyond_libzmq
@pytest.mark.parametrize("name", [row[0] for row in STORED if row[3]])
def test_a_refused_value_is_told_with_its_option(socket, name):
    bad = next(row[3] for row in STORED if row[0] == name)
    with fails_with(zmq.EINVAL) as failure:
        socket(zmq.PUSH).set(number(name), bad[-1])
    assert name in str(failure.error) and "PUSH" in str(failure.error)


@pytest.mark.parametrize("kind", [zmq.SUB, zmq.XSUB])
def test_subscribers_do_not_linger_by_default(socket, kind):
    assert socket(kind).get(zmq.LINGER) == 0


@pytest.mark.parametrize("name", READ_ONLY)
def test_read_only_option(socket, name):
    made = socket(zmq.PUSH)
    before = made.get(number(name))
    with fails_with(zmq.EINVAL):
        made.set(number(name), b"x" if isinstance(before, bytes) else 1)
    assert made.get(number(name)) == before


@pytest.mark.parametrize(("name", "good", "bad"), WRITE_ONLY)
def test_write_only_option(socket, name, good, bad):
    _write(socket(zmq.PUSH), number(name), good, bad)


@pytest.mark.parametrize(("kinds", "name", "good", "bad"), OF_A_TYPE)
def test_option_of_a_type(socket, kinds, name, good, bad):
    for kind in kinds.split():
        _write(socket(number(kind)), number(name), good, bad)


@beyond_libzmq
@pytest.mark.parametrize(("kinds", "name", "good"), ADDED)
def test_option_that_is_a_draft(socket, kinds, name, good):
    for kind in kinds.split():
        for value in good:
            socket(number(kind)).set(number(name), value)


def _write(made, option, good, bad):
    for value in good:
        made.set(option, value)
    for value in bad:
        with fails_with(zmq.EINVAL):
            made.set(option, value)
    with fails_with(zmq.EINVAL):
        made.get(option)


@pytest.mark.parametrize(("kinds", "name", "good", "bad"), OF_A_TYPE)
def test_option_of_another_type(socket, kinds, name, good, bad):
    for kind in ("PUSH", "PULL", "PAIR"):
        with fails_with(zmq.EINVAL):
            socket(number(kind)).set(number(name), good[0])


def test_an_unknown_option(socket):
    made = socket(zmq.PUSH)
    with fails_with(zmq.EINVAL):
        made.get(9999)
    with fails_with(zmq.EINVAL):
        made.set(9999, 1)


@beyond_libzmq
def test_an_unknown_option_is_told_by_its_number(socket):
    with fails_with(zmq.EINVAL) as failure:
        socket(zmq.PUSH).set(9999, 1)
    assert "9999" in str(failure.error) and "PUSH" in str(failure.error)


@beyond_libzmq
@pytest.mark.parametrize(
    "option", [o for o in zmq.SocketOption if o.name not in HAD], ids=lambda o: o.name
)
def test_an_option_that_is_not_there_is_told_by_its_name(socket, option):
    """None is accepted and ignored."""
    value = b"x" * 32 if option._opt_type.name == "bytes" else 1
    with fails_with(zmq.EINVAL) as failure:
        socket(zmq.DEALER).set(option, value)
    assert option.name in str(failure.error)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        (zmq.SNDHWM, b"5"),
        (zmq.SNDHWM, "5"),
        (zmq.SNDHWM, 5.0),
        (zmq.SNDHWM, None),
        (zmq.MAXMSGSIZE, b"5"),
        (zmq.ROUTING_ID, 5),
        (zmq.ROUTING_ID, "me"),
        (zmq.ROUTING_ID, bytearray(b"me")),
        (zmq.SUBSCRIBE, "topic"),
    ],
)
def test_a_value_of_the_wrong_kind(socket, option, value):
    with pytest.raises(TypeError):
        socket(zmq.SUB).set(option, value)


def test_a_value_beyond_int(socket):
    with pytest.raises(OverflowError):
        socket(zmq.PUSH).set(zmq.SNDHWM, 1 << 40)


def test_options_of_a_closed_socket(socket):
    made = socket(zmq.PUSH)
    made.close()
    with fails_with(zmq.ENOTSOCK):
        made.get(zmq.SNDHWM)
    with fails_with(zmq.ENOTSOCK):
        made.set(zmq.SNDHWM, 1)


def test_options_after_term(context, begin_term, socket):
    made = socket(zmq.PULL)
    begin_term(context)
    with pytest.raises(zmq.ContextTerminated):
        made.recv()
    for call in (lambda: made.get(zmq.SNDHWM), lambda: made.set(zmq.SNDHWM, 1)):
        with fails_with(zmq.ETERM):
            call()


def test_events_follow_the_state(pair, transport):
    a, b = pair(transport, zmq.PAIR, zmq.PAIR)
    wait_writable(b)
    assert a.get(zmq.EVENTS) == b.get(zmq.EVENTS) == zmq.POLLOUT
    a.send(b"x")
    wait_readable(b)
    assert b.get(zmq.EVENTS) == zmq.POLLIN | zmq.POLLOUT
    b.recv()
    assert b.get(zmq.EVENTS) == zmq.POLLOUT


def test_rcvmore(pair, transport):
    a, b = pair(transport, zmq.PAIR, zmq.PAIR)
    a.send_multipart([b"1", b"2"])
    assert b.get(zmq.RCVMORE) == 0
    b.recv()
    assert b.get(zmq.RCVMORE) == 1
    b.recv()
    assert b.get(zmq.RCVMORE) == 0


def test_a_timeout_of_zero_does_not_wait(socket, bound):
    push, _ = bound("tcp", zmq.PUSH, {zmq.SNDTIMEO: 0})
    with pytest.raises(zmq.Again):
        push.send(b"x")
    pull, _ = bound("tcp", zmq.PULL, {zmq.RCVTIMEO: 0})
    with pytest.raises(zmq.Again):
        pull.recv()


def test_a_timeout_may_change_between_calls(pair):
    _, pull = pair("tcp", zmq.PUSH, zmq.PULL)
    for timeout in (0, 1, 20, 0):
        pull.set(zmq.RCVTIMEO, timeout)
        with pytest.raises(zmq.Again):
            pull.recv()


def test_dontwait_overrides_a_timeout(pair):
    _, pull = pair("tcp", zmq.PUSH, zmq.PULL, None, {zmq.RCVTIMEO: -1})
    with pytest.raises(zmq.Again):
        pull.recv(zmq.DONTWAIT)


def _fd_is_set(socket, timeout=0.0):
    return bool(select.select([socket.get(zmq.FD)], [], [], timeout)[0])


def test_fd_stays_the_same(pair, transport):
    a, b = pair(transport, zmq.PAIR, zmq.PAIR)
    fd = b.get(zmq.FD)
    assert fd >= 0 and fd == b.fileno()
    a.send(b"x")
    b.recv()
    assert b.get(zmq.FD) == fd


def test_fd_wakes_for_a_message(pair, transport):
    a, b = pair(transport, zmq.PUSH, zmq.PULL)
    for turn in range(100):
        b.get(zmq.EVENTS)
        a.send(b"%d" % turn)
        while not b.get(zmq.EVENTS) & zmq.POLLIN:
            assert _fd_is_set(b, TIMEOUT), "a message waits and FD is silent"
        assert b.recv() == b"%d" % turn


def test_fd_wakes_for_room(pair, transport):
    a, b = pair(transport, zmq.PUSH, zmq.PULL, {zmq.SNDHWM: 5}, {zmq.RCVHWM: 5})
    sent = 0
    while a.get(zmq.EVENTS) & zmq.POLLOUT:
        a.send(bytes(100_000))
        sent += 1
    receiver = Background(lambda: [b.recv() for _ in range(sent)])
    while not a.get(zmq.EVENTS) & zmq.POLLOUT:
        assert _fd_is_set(a, TIMEOUT), "there is room and FD is silent"
    receiver.result()


@beyond_libzmq
def test_one_recv_per_wake_up_is_enough(pair, transport):
    """The loop that plain select, gevent or Tornado suggest, without a look at EVENTS."""
    a, b = pair(transport, zmq.PUSH, zmq.PULL)
    received = 0
    for burst in range(200):
        for _ in range(burst % 5 + 1):
            a.send(b"x")
        for _ in range(burst % 5 + 1):
            while True:
                assert _fd_is_set(b, TIMEOUT), "a message waits and FD is silent"
                try:
                    b.recv(zmq.DONTWAIT)
                except zmq.Again:
                    continue
                received += 1
                break
    with pytest.raises(zmq.Again):
        b.recv(zmq.DONTWAIT)
    assert not _fd_is_set(b), "nothing waits and FD keeps on waking"


@beyond_libzmq
def test_reading_events_silences_fd_until_the_next_change(pair):
    a, b = pair("inproc", zmq.PUSH, zmq.PULL)
    a.send(b"1")
    assert _fd_is_set(b, TIMEOUT)
    assert b.get(zmq.EVENTS) == zmq.POLLIN
    assert not _fd_is_set(b), "a loop that leaves a message unread would spin"
    a.send(b"2")
    assert b.get(zmq.EVENTS) == zmq.POLLIN
    assert b.recv() == b"1"
    assert _fd_is_set(b), "recv has left a message behind"
    assert b.recv() == b"2"
    assert not _fd_is_set(b)


@beyond_libzmq
def test_sending_does_not_silence_fd(pair):
    a, b = pair("inproc", zmq.PAIR, zmq.PAIR)
    b.get(zmq.EVENTS)
    a.send(b"x")
    assert _fd_is_set(b, TIMEOUT)
    b.send(b"y")
    assert _fd_is_set(b)
