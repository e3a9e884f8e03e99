"""Socket and context options: defaults, ranges, errors, and that each has its effect."""

import contextlib
import errno
import os
import select
import socket as plain
import stat

import pytest
from support import (
    TIMEOUT,
    Background,
    beyond_libzmq,
    fails_with,
    fill,
    free_port,
    linux_only,
    port_of,
    wait_readable,
    wait_until,
    wait_writable,
    writable,
)

import zmqlite as zmq

# Option, default, values that are taken, values that are not.
STORED = [
    ("LINGER", -1, [0, 1, 1000, -1], [-2]),
    ("SNDHWM", 1000, [0, 1, 1_000_000], [-1]),
    ("RCVHWM", 1000, [0, 1, 1_000_000], [-1]),
    ("SNDTIMEO", -1, [0, 1, 1000, -1], [-2]),
    ("RCVTIMEO", -1, [0, 1, 1000, -1], [-2]),
    ("ROUTING_ID", b"", [b"x", b"\x01\x00", b"x" * 255], [b"", b"x" * 256]),
    ("IMMEDIATE", 0, [1, 0], [2, -1]),
    ("RECONNECT_IVL", 100, [0, 1, 1000, -1], [-2]),
    ("RECONNECT_IVL_MAX", 0, [1, 1000, 0], [-1]),
    ("HANDSHAKE_IVL", 30000, [0, 1, 1000], [-1]),
    ("MAXMSGSIZE", -1, [0, 1000, 1 << 40, -1], []),
    ("IPV6", 0, [1, 0], [2, -1]),
    ("BACKLOG", 100, [0, 1, 1000], [-1]),
    ("SNDBUF", -1, [0, 4096, -1], [-2]),
    ("RCVBUF", -1, [0, 4096, -1], [-2]),
    ("TCP_KEEPALIVE", -1, [0, 1, -1], [2, -2]),
    ("TCP_KEEPALIVE_CNT", -1, [1, 5, -1], [-2]),
    ("TCP_KEEPALIVE_IDLE", -1, [1, 60, -1], [-2]),
    ("TCP_KEEPALIVE_INTVL", -1, [1, 60, -1], [-2]),
]

READ_ONLY = ["RCVMORE", "FD", "EVENTS", "TYPE", "LAST_ENDPOINT"]

WRITE_ONLY = [
    (zmq.SUB, "SUBSCRIBE", b"x"),
    (zmq.SUB, "UNSUBSCRIBE", b"x"),
    (zmq.ROUTER, "ROUTER_MANDATORY", 1),
]

PRESENT = {row[0] for row in STORED} | {row[1] for row in WRITE_ONLY} | set(READ_ONLY)


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
    assert name in str(failure.error)


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


@pytest.mark.parametrize(("kind", "name", "value"), WRITE_ONLY)
def test_write_only_option(socket, kind, name, value):
    made = socket(kind)
    made.set(number(name), value)
    with fails_with(zmq.EINVAL):
        made.get(number(name))


@pytest.mark.parametrize(("kind", "name", "value"), WRITE_ONLY)
def test_an_option_of_another_type(socket, kind, name, value):
    with fails_with(zmq.EINVAL):
        socket(zmq.PUSH).set(number(name), value)


def test_router_mandatory_is_not_negative(socket):
    with fails_with(zmq.EINVAL):
        socket(zmq.ROUTER).set(zmq.ROUTER_MANDATORY, -1)


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
    assert "9999" in str(failure.error)


@beyond_libzmq
@pytest.mark.parametrize("option", sorted(set(zmq.SocketOption) - {number(n) for n in PRESENT}))
def test_an_option_is_there_or_refused_by_its_name(socket, option):
    """None is accepted and ignored: what can be set and read keeps its value."""
    made = socket(zmq.DEALER)
    value = 1 if option._opt_type.name in ("int", "int64", "fd") else b"x"
    try:
        made.set(option, value)
    except zmq.ZMQError as error:
        assert error.errno == zmq.EINVAL
        assert option.name in str(error)
        return
    try:
        assert made.get(option) == value
    except zmq.ZMQError as error:
        assert error.errno == zmq.EINVAL


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


@pytest.mark.parametrize("linger", [0, 20])
def test_linger_ends(new_context, linger):
    context = new_context()
    with context.socket(zmq.PUSH) as push:
        push.set(zmq.LINGER, linger)
        push.connect(f"tcp://127.0.0.1:{free_port()}")
        push.send(b"never delivered")
    Background(context.term).result()


def test_linger_without_end_waits_for_the_peer(new_context, begin_term, socket):
    context = new_context()
    address = f"tcp://127.0.0.1:{free_port()}"
    with context.socket(zmq.PUSH) as push:
        push.connect(address)
        push.send(b"delivered at last")
    begin_term(context)
    pull = socket(zmq.PULL)
    pull.bind(address)
    assert pull.recv() == b"delivered at last"


def test_close_takes_a_linger_too(new_context):
    context = new_context()
    push = context.socket(zmq.PUSH)
    push.connect(f"tcp://127.0.0.1:{free_port()}")
    push.send(b"never delivered")
    push.close(linger=0)
    Background(context.term).result()


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_immediate_waits_for_a_connection(socket, endpoint, transport):
    address = f"tcp://127.0.0.1:{free_port()}" if transport == "tcp" else endpoint(transport)
    push, pull = (socket(zmq.PUSH, {zmq.IMMEDIATE: 1, zmq.RECONNECT_IVL: 10}), socket(zmq.PULL))
    push.connect(address)
    assert not writable(push)
    with pytest.raises(zmq.Again):
        push.send(b"x", zmq.DONTWAIT)
    pull.bind(address)
    wait_writable(push)
    push.send(b"x")
    assert pull.recv() == b"x"


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_without_immediate_messages_are_queued(socket, endpoint, transport):
    address = f"tcp://127.0.0.1:{free_port()}" if transport == "tcp" else endpoint(transport)
    push = socket(zmq.PUSH)
    push.connect(address)
    assert writable(push)


def test_reconnect_ivl_of_minus_one_never_tries_again(pair, socket):
    pull, lost = pair("tcp", zmq.PULL, zmq.PUSH, None, {zmq.RECONNECT_IVL: -1})
    lost.send(b"first")
    assert pull.recv() == b"first"
    address = pull.get(zmq.LAST_ENDPOINT)
    pull.close()
    wait_until(lambda: not writable(lost), "the connection is gone")
    again, other = socket(zmq.PULL), socket(zmq.PUSH)
    wait_until(lambda: _binds(again, address), "the port is free")
    other.connect(address)
    other.send(b"second")
    assert again.recv() == b"second"
    assert not writable(lost)


@pytest.mark.parametrize("longest", [0, 40])
def test_reconnect_ivl_tries_again(pair, socket, longest):
    options = {zmq.RECONNECT_IVL: 10, zmq.RECONNECT_IVL_MAX: longest, zmq.IMMEDIATE: 1}
    pull, push = pair("tcp", zmq.PULL, zmq.PUSH, None, options)
    address = pull.get(zmq.LAST_ENDPOINT)
    for turn in range(3):
        push.send(b"%d" % turn)
        assert pull.recv() == b"%d" % turn
        pull.close()
        wait_until(lambda: not writable(push), "the connection is gone")
        pull = socket(zmq.PULL)
        wait_until(lambda pull=pull: _binds(pull, address), "the port is free")
        wait_writable(push)


def _binds(made, address):
    try:
        made.bind(address)
    except zmq.ZMQError as error:
        assert error.errno == zmq.EADDRINUSE
        return False
    return True


def test_maxmsgsize_ends_the_connection(bound, socket):
    pull, address = bound("tcp", zmq.PULL, {zmq.MAXMSGSIZE: 1000})
    bad, good = socket(zmq.PUSH), socket(zmq.PUSH)
    for push in (bad, good):
        push.connect(address)
        push.send(bytes(1000))
        assert pull.recv() == bytes(1000)
    bad.send(b"before")
    bad.send(bytes(1001))
    bad.send(b"after")
    assert pull.recv() == b"before"
    sent = [b"good %d" % turn for turn in range(100)]
    received = []
    for body in sent:
        good.send(body)
    while len(received) < 100:
        # The bad one may connect again and go on behind the message that was too large.
        if (body := pull.recv()) != b"after":
            received.append(body)
    assert received == sent


@pytest.mark.parametrize("later", [1, 10])
def test_the_mark_of_a_sender_may_change_later(pair, later):
    push, _ = pair("inproc", zmq.PUSH, zmq.PULL, {zmq.SNDHWM: 5}, {zmq.RCVHWM: 3})
    push.set(zmq.SNDHWM, later)
    assert fill(push) == later + 3


@pytest.mark.parametrize("host", ["[::1]", "::1"])
def test_ipv6(socket, host):
    with plain.socket(plain.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("no IPv6 here")
    pull, push = (socket(kind, {zmq.IPV6: 1}) for kind in (zmq.PULL, zmq.PUSH))
    pull.bind(f"tcp://{host}:*")
    address = pull.get(zmq.LAST_ENDPOINT)
    assert address.startswith(b"tcp://[::1]:")
    push.connect(address)
    push.send(b"x")
    assert pull.recv() == b"x"


def test_ipv6_off_means_ipv4_only(socket):
    pull, push = socket(zmq.PULL), socket(zmq.PUSH)
    pull.bind("tcp://*:*")
    assert pull.get(zmq.LAST_ENDPOINT).startswith(b"tcp://0.0.0.0:")
    push.connect(f"tcp://127.0.0.1:{port_of(pull.get(zmq.LAST_ENDPOINT))}")
    push.send(b"x")
    assert pull.recv() == b"x"


@contextlib.contextmanager
def _borrowed(fd):
    """A plain socket object for a descriptor that stays open."""
    made = plain.socket(fileno=fd)
    try:
        yield made
    finally:
        made.detach()


def _tcp_connections(port):
    """The descriptors of this process that are TCP connections to or from a port."""
    found = []
    for fd in map(int, os.listdir("/proc/self/fd")):
        with contextlib.suppress(OSError):
            if stat.S_ISSOCK(os.fstat(fd).st_mode):
                with _borrowed(fd) as made:
                    ends = made.getsockname(), made.getpeername()
                if made.family == plain.AF_INET and port in (end[1] for end in ends):
                    found.append(fd)
    return found


def _kernel_options(pair, options, level, option):
    """What the kernel says of both ends of a connection made with these socket options."""
    pull, push = pair("tcp", zmq.PULL, zmq.PUSH, options, options)
    push.send(b"x")
    pull.recv()
    values = []
    for fd in _tcp_connections(port_of(pull.get(zmq.LAST_ENDPOINT))):
        with _borrowed(fd) as made:
            values.append(made.getsockopt(level, option))
    return values


@linux_only
def test_nagle_is_off(pair):
    values = _kernel_options(pair, None, plain.IPPROTO_TCP, plain.TCP_NODELAY)
    assert len(values) == 2 and all(values)


@linux_only
@pytest.mark.parametrize("name", ["SNDBUF", "RCVBUF"])
def test_kernel_buffers(pair, name):
    kernel_option = getattr(plain, f"SO_{name}")
    values = _kernel_options(pair, {number(name): 20_000}, plain.SOL_SOCKET, kernel_option)
    assert values == [40_000] * 2, "Linux doubles what it is asked for"


@linux_only
@pytest.mark.parametrize(("value", "due"), [(-1, 0), (0, 0), (1, 1)])
def test_keepalive(pair, value, due):
    options = {zmq.TCP_KEEPALIVE: value}
    values = _kernel_options(pair, options, plain.SOL_SOCKET, plain.SO_KEEPALIVE)
    assert values == [due] * 2


@linux_only
@pytest.mark.parametrize(
    ("name", "kernel_name"), [("CNT", "KEEPCNT"), ("IDLE", "KEEPIDLE"), ("INTVL", "KEEPINTVL")]
)
def test_keepalive_details(pair, name, kernel_name):
    options = {zmq.TCP_KEEPALIVE: 1, number(f"TCP_KEEPALIVE_{name}"): 33}
    kernel_option = getattr(plain, f"TCP_{kernel_name}")
    assert _kernel_options(pair, options, plain.IPPROTO_TCP, kernel_option) == [33] * 2


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


def test_context_options(new_context):
    made = new_context()
    assert made.get(zmq.IO_THREADS) == 1
    assert made.get(zmq.MAX_SOCKETS) == 1023
    made.set(zmq.IO_THREADS, 2)
    made.set(zmq.MAX_SOCKETS, 5)
    assert (made.get(zmq.IO_THREADS), made.get(zmq.MAX_SOCKETS)) == (2, 5)
    for option, value in (zmq.IO_THREADS, -1), (zmq.MAX_SOCKETS, 0), (9999, 1):
        with fails_with(zmq.EINVAL):
            made.set(option, value)
    with fails_with(zmq.EINVAL):
        made.get(9999)


def test_a_negative_number_of_threads():
    with fails_with(zmq.EINVAL):
        zmq.Context(-1)


def test_max_sockets(new_context, socket):
    few = new_context()
    few.set(zmq.MAX_SOCKETS, 3)
    made = [socket(zmq.PUSH, context=few) for _ in range(3)]
    with fails_with(errno.EMFILE):
        few.socket(zmq.PUSH)
    made[0].close()
    wait_until(lambda: _makes_socket(few, socket), "closing has made room")


def _makes_socket(context, socket):
    try:
        socket(zmq.PUSH, context=context)
    except zmq.ZMQError as error:
        assert error.errno == errno.EMFILE
        return False
    return True


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_io_threads(new_context, socket, endpoint, threads):
    made = new_context(threads)
    assert made.get(zmq.IO_THREADS) == threads
    pull = socket(zmq.PULL, context=made)
    pull.bind(endpoint("tcp"))
    pushes = [socket(zmq.PUSH, context=made) for _ in range(2 * threads)]
    for name, push in enumerate(pushes):
        push.connect(pull.get(zmq.LAST_ENDPOINT))
        push.send(b"%d" % name)
    received = {pull.recv() for _ in pushes}
    assert received == {b"%d" % name for name in range(2 * threads)}


def test_inproc_needs_no_io_thread(new_context, socket):
    none = new_context(0)
    pull, push = socket(zmq.PULL, context=none), socket(zmq.PUSH, context=none)
    pull.bind("inproc://here")
    push.connect("inproc://here")
    push.send(b"x")
    assert pull.recv() == b"x"
    with fails_with(zmq.EMTHREAD):
        pull.bind("tcp://127.0.0.1:*")
