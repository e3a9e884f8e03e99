"""Each socket option has its effect, and at the right moment."""

import contextlib
import os
import select
import socket as plain
import stat
import struct

import pytest
from network import listening
from support import (
    TIMEOUT,
    Background,
    beyond_libzmq,
    fails_with,
    fill,
    free_port,
    linux_only,
    port_of,
    readable,
    wait_readable,
    wait_until,
    wait_writable,
    writable,
)

import zmqlite as zmq

SO_BUSY_POLL = 46
TCP_USER_TIMEOUT = 18


def number(name):
    return getattr(zmq, name)


@pytest.fixture
def listener():
    with listening("127.0.0.1") as made:
        yield made


# ---- LINGER, IMMEDIATE, MAXMSGSIZE, SNDHWM


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


# ---- Trying again


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


def _waits(socket, options, count):
    """How many milliseconds a socket that is refused waits before its first tries."""
    push = socket(zmq.PUSH, options)
    retries = push.get_monitor_socket(zmq.EVENT_CONNECT_RETRIED)
    retries.set(zmq.RCVTIMEO, int(TIMEOUT * 1000))
    push.connect(f"tcp://127.0.0.1:{free_port()}")
    waits = [struct.unpack("=HI", retries.recv_multipart()[0])[1] for _ in range(count)]
    push.disable_monitor()
    retries.close()
    return waits


@pytest.mark.parametrize(
    ("shortest", "longest", "due"), [(2, 9, [2, 4, 8, 9, 9]), (1, 4, [1, 2, 4, 4]), (20, 9, [9, 9])]
)
def test_reconnect_ivl_max_doubles_the_wait(socket, shortest, longest, due):
    options = {zmq.RECONNECT_IVL: shortest, zmq.RECONNECT_IVL_MAX: longest}
    assert _waits(socket, options, len(due)) == due


def test_reconnect_ivl_alone_is_spread(socket):
    assert all(5 <= wait < 10 for wait in _waits(socket, {zmq.RECONNECT_IVL: 5}, 8))


def test_reconnect_stop_after_a_refusal(socket):
    options = {zmq.RECONNECT_STOP: zmq.RECONNECT_STOP_CONN_REFUSED, zmq.RECONNECT_IVL: 1}
    push, address = socket(zmq.PUSH, options), f"tcp://127.0.0.1:{free_port()}"
    push.connect(address)
    wait_until(lambda: not writable(push), "the endpoint is given up")
    with pytest.raises(zmq.Again):
        push.send(b"x", zmq.DONTWAIT)


def test_reconnect_stop_after_a_failed_handshake(socket, listener):
    """One that goes on, from 127.0.0.3, shows that the other had the time to."""
    target = f"127.0.0.1:{listener.getsockname()[1]}"
    stopped = {zmq.RECONNECT_STOP: zmq.RECONNECT_STOP_HANDSHAKE_FAILED}
    for source, options in (("127.0.0.2", stopped), ("127.0.0.3", {})):
        socket(zmq.PUSH, {zmq.RECONNECT_IVL: 1, **options}).connect(f"tcp://{source}:0;{target}")
    peers = []
    while peers.count("127.0.0.3") < 10:
        connection, peer = listener.accept()
        connection.close()
        peers.append(peer[0])
    assert peers.count("127.0.0.2") == 1


def test_handshake_ivl(socket, listener):
    dealer = socket(zmq.DEALER, {zmq.HANDSHAKE_IVL: 50, zmq.RECONNECT_IVL: 1})
    dealer.connect(f"tcp://127.0.0.1:{listener.getsockname()[1]}")
    for _ in range(3):
        with listener.accept()[0] as connection:
            connection.settimeout(TIMEOUT)
            while connection.recv(100):
                pass


@linux_only
def test_connect_timeout(socket):
    """The listener takes no more than its backlog, so further connections stay on their way."""
    with contextlib.ExitStack() as opened:
        server = opened.enter_context(plain.create_server(("127.0.0.1", 0), backlog=0))
        accepted = True
        while accepted:
            waiting = opened.enter_context(plain.socket())
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
            accepted = select.select([], [waiting], [], 0.1)[1]
        push = socket(zmq.PUSH, {zmq.CONNECT_TIMEOUT: 20, zmq.RECONNECT_IVL: 1})
        retries = push.get_monitor_socket(zmq.EVENT_CONNECT_RETRIED)
        push.connect(f"tcp://127.0.0.1:{server.getsockname()[1]}")
        for _ in range(3):
            wait_readable(retries)
            retries.recv_multipart()
        push.disable_monitor()
        retries.close()


# ---- What the kernel is told of a connection


@contextlib.contextmanager
def _borrowed(fd):
    """A plain socket object for a descriptor that stays open."""
    made = plain.socket(fileno=fd)
    try:
        yield made
    finally:
        made.detach()


def _tcp_sockets(wanted):
    """The descriptors of this process that are TCP sockets of which `wanted` holds."""
    found = []
    for fd in map(int, os.listdir("/proc/self/fd")):
        with contextlib.suppress(OSError):
            if stat.S_ISSOCK(os.fstat(fd).st_mode):
                with _borrowed(fd) as made:
                    if made.family != plain.AF_UNIX and wanted(made):
                        found.append(fd)
    return found


def _tcp_connections(port):
    """The descriptors of this process that are TCP connections to or from a port."""
    return _tcp_sockets(lambda made: port in (made.getsockname()[1], made.getpeername()[1]))


def _ask(fd, level, option):
    with _borrowed(fd) as made:
        return made.getsockopt(level, option)


def _kernel_options(pair, options, level, option):
    """What the kernel says of both ends of a connection made with these socket options."""
    pull, push = pair("tcp", zmq.PULL, zmq.PUSH, options, options)
    push.send(b"x")
    pull.recv()
    port = port_of(pull.get(zmq.LAST_ENDPOINT))
    return [_ask(fd, level, option) for fd in _tcp_connections(port)]


def _may_set(level, option, value):
    """Whether the kernel lets this process set an option of a TCP socket."""
    with plain.socket() as probe:
        try:
            probe.setsockopt(level, option, value)
        except OSError:
            return False
    return True


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


@linux_only
def test_tos(pair):
    values = _kernel_options(pair, {zmq.TOS: 0x28}, plain.IPPROTO_IP, plain.IP_TOS)
    assert values == [0x28] * 2


@linux_only
def test_tos_of_ipv6(socket):
    options = {zmq.TOS: 0x28, zmq.IPV6: 1}
    pull, push = socket(zmq.PULL, options), socket(zmq.PUSH, options)
    try:
        pull.bind("tcp://[::1]:*")
    except zmq.ZMQError:
        pytest.skip("no IPv6 here")
    push.connect(pull.get(zmq.LAST_ENDPOINT))
    push.send(b"x")
    assert pull.recv() == b"x"
    fds = _tcp_connections(port_of(pull.get(zmq.LAST_ENDPOINT)))
    assert [_ask(fd, plain.IPPROTO_IPV6, plain.IPV6_TCLASS) for fd in fds] == [0x28] * 2


@linux_only
def test_tcp_maxrt(pair):
    values = _kernel_options(pair, {zmq.TCP_MAXRT: 5000}, plain.IPPROTO_TCP, TCP_USER_TIMEOUT)
    assert values == [5000] * 2


@beyond_libzmq
@linux_only
def test_busy_poll(pair):
    if not _may_set(plain.SOL_SOCKET, SO_BUSY_POLL, 7):
        pytest.skip("busy polling needs privileges")
    values = _kernel_options(pair, {zmq.BUSY_POLL: 7}, plain.SOL_SOCKET, SO_BUSY_POLL)
    assert values == [7] * 2


@linux_only
def test_bindtodevice(socket):
    if not _may_set(plain.SOL_SOCKET, plain.SO_BINDTODEVICE, b"lo"):
        pytest.skip("binding to a device needs privileges")
    pull, push = (socket(kind, {zmq.BINDTODEVICE: b"lo"}) for kind in (zmq.PULL, zmq.PUSH))
    pull.bind("tcp://127.0.0.1:*")
    push.connect(pull.get(zmq.LAST_ENDPOINT))
    push.send(b"x")
    assert pull.recv() == b"x"
    for fd in _tcp_connections(port_of(pull.get(zmq.LAST_ENDPOINT))):
        with _borrowed(fd) as made:
            assert made.getsockopt(plain.SOL_SOCKET, plain.SO_BINDTODEVICE, 16) == b"lo\0"


@linux_only
def test_bindtodevice_without_such_a_device(socket):
    pull = socket(zmq.PULL, {zmq.BINDTODEVICE: b"nosuch0"})
    with pytest.raises(zmq.ZMQError) as failure:
        pull.bind("tcp://127.0.0.1:5555")
    assert "tcp://127.0.0.1:5555" in str(failure.value)


@linux_only
def test_bind_and_connect_keep_the_options_of_their_moment(socket):
    pull, push = socket(zmq.PULL), socket(zmq.PUSH)
    due = {}
    for bind, connect in ((8, 16), (24, 32)):
        pull.set(zmq.TOS, bind)
        pull.bind("tcp://127.0.0.1:*")
        push.set(zmq.TOS, connect)
        push.connect(pull.get(zmq.LAST_ENDPOINT))
        due[port_of(pull.get(zmq.LAST_ENDPOINT))] = {bind, connect}
    for made in (pull, push):
        made.set(zmq.TOS, 40)
    for _ in due:
        push.send(b"x")
    for _ in due:
        pull.recv()
    for port, values in due.items():
        fds = _tcp_connections(port)
        assert {_ask(fd, plain.IPPROTO_IP, plain.IP_TOS) for fd in fds} == values


@linux_only
def test_backlog(bound):
    _, address = bound("tcp", zmq.PULL, {zmq.BACKLOG: 7})
    port = port_of(address)
    (fd,) = _tcp_sockets(lambda made: made.getsockname()[1] == port)
    with _borrowed(fd) as made:
        info = made.getsockopt(plain.IPPROTO_TCP, plain.TCP_INFO, 32)
    # Of a listener, what tcp_info calls `sacked` is how many may wait to be accepted.
    assert struct.unpack("8x6I", info)[5] == 7


def test_ipv4only_is_the_contrary_of_ipv6(socket):
    made = socket(zmq.PULL, {zmq.IPV4ONLY: 0})
    assert made.get(zmq.IPV6) == 1
    made.set(zmq.IPV6, 0)
    assert made.get(zmq.IPV4ONLY) == 1


# ---- Who may come


def _is_let_in(connection):
    """Whether ZeroMQ greets a connection instead of closing it."""
    with connection:
        connection.settimeout(TIMEOUT)
        try:
            return connection.recv(10) == bytes.fromhex("ff 00 00 00 00 00 00 00 01 7f")
        except ConnectionError:
            return False


def _comes_from(host, socket):
    """Whether a socket that is bound lets a connection from this address in."""
    port = port_of(socket.get(zmq.LAST_ENDPOINT))
    return _is_let_in(plain.create_connection(("127.0.0.1", port), TIMEOUT, (host, 0)))


@linux_only
def test_tcp_accept_filter(socket):
    pull = socket(zmq.PULL)
    pull.bind("tcp://127.0.0.1:*")
    assert _comes_from("127.0.0.1", pull)
    for address in (b"127.0.0.2", b"127.0.1.0/24"):
        pull.set(zmq.TCP_ACCEPT_FILTER, address)
    assert _comes_from("127.0.0.1", pull), "filters are for the next bind"
    pull.bind("tcp://127.0.0.1:*")
    let_in = {host: _comes_from(host, pull) for host in ("127.0.0.1", "127.0.0.2", "127.0.1.7")}
    assert let_in == {"127.0.0.1": False, "127.0.0.2": True, "127.0.1.7": True}


def test_tcp_accept_filter_of_ipv6(socket):
    pull = socket(zmq.PULL, {zmq.IPV6: 1, zmq.TCP_ACCEPT_FILTER: b"::1"})
    pull.bind("tcp://*:*")
    port = port_of(pull.get(zmq.LAST_ENDPOINT))
    try:
        six = plain.create_connection(("::1", port), TIMEOUT)
    except OSError:
        pytest.skip("no IPv6 here")
    assert _is_let_in(six)
    assert not _comes_from("127.0.0.1", pull)


@linux_only
@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("IPC_FILTER_UID", os.geteuid),
        ("IPC_FILTER_GID", os.getegid),
        ("IPC_FILTER_PID", os.getpid),
    ],
)
def test_ipc_filters(bound, name, own):
    own = own()
    strange = own + 1
    for values, due in ([[own], True], [[strange], False], [[strange, own], True]):
        pull, address = _filtered(bound, [(number(name), value) for value in values])
        with plain.socket(plain.AF_UNIX) as connection:
            connection.connect(address)
            assert _is_let_in(connection) is due
        pull.close()


@linux_only
def test_one_ipc_filter_of_several_is_enough(bound):
    filters = [(zmq.IPC_FILTER_UID, os.geteuid() + 1), (zmq.IPC_FILTER_PID, os.getpid())]
    _, address = _filtered(bound, filters)
    with plain.socket(plain.AF_UNIX) as connection:
        connection.connect(address)
        assert _is_let_in(connection)


def _filtered(bound, filters):
    """A bound socket with these filters, and its path."""
    pull, address = bound("ipc", zmq.PULL)
    pull.unbind(address)
    for option, value in filters:
        pull.set(option, value)
    pull.bind(address)
    return pull, address.removeprefix(b"ipc://")


# ---- USE_FD


def test_use_fd_of_tcp(socket):
    pull, push = socket(zmq.PULL), socket(zmq.PUSH)
    with plain.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        pull.set(zmq.USE_FD, listening.fileno())
        pull.bind("tcp://127.0.0.1:1")
        listening.detach()
    assert pull.get(zmq.LAST_ENDPOINT) == f"tcp://127.0.0.1:{port}".encode()
    push.connect(f"tcp://127.0.0.1:{port}")
    push.send(b"x")
    assert pull.recv() == b"x"
    pull.unbind(f"tcp://127.0.0.1:{port}")
    with plain.socket() as again:
        wait_until(lambda: again.connect_ex(("127.0.0.1", port)) != 0, "nobody listens")


def test_use_fd_of_ipc(socket, endpoint):
    pull, push = socket(zmq.PULL), socket(zmq.PUSH)
    path = endpoint("ipc").removeprefix("ipc://")
    with plain.socket(plain.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        pull.set(zmq.USE_FD, listening.fileno())
        pull.bind("ipc://ignored")
        listening.detach()
    assert pull.get(zmq.LAST_ENDPOINT) == f"ipc://{path}".encode()
    push.connect(f"ipc://{path}")
    push.send(b"x")
    assert pull.recv() == b"x"


@beyond_libzmq
@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_use_fd_of_no_listener(socket, endpoint, transport):
    """libzmq takes it and ends the process."""
    reading, writing = os.pipe()
    address = endpoint(transport)
    try:
        for fd in (reading, 1 << 20):
            with pytest.raises(zmq.ZMQError) as failure:
                socket(zmq.PULL, {zmq.USE_FD: fd}).bind(address)
            assert address in str(failure.value)
    finally:
        os.close(reading)
        os.close(writing)


# ---- AFFINITY


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_affinity_to_no_thread(socket, endpoint, transport):
    pull, push = socket(zmq.PULL, {zmq.AFFINITY: 2}), socket(zmq.PUSH, {zmq.AFFINITY: 2})
    for call in (pull.bind, pull.connect):
        address = endpoint(transport).replace("*", "5555")
        with fails_with(zmq.EMTHREAD) as failure:
            call(address)
        assert address in str(failure.error)
    pull.bind("inproc://needs-none")
    push.connect("inproc://needs-none")
    push.send(b"x")
    assert pull.recv() == b"x"


def _watched(epoll):
    """The descriptors in an epoll set; none if this is another kind of descriptor."""
    with contextlib.suppress(OSError), open(f"/proc/self/fdinfo/{epoll}") as info:
        return {int(line.split()[1]) for line in info if line.startswith("tfd:")}
    return set()


def _reactors(port):
    """The outermost epoll sets that hold the connections of a port, by themselves or in a set."""
    sets = {fd: _watched(fd) for fd in map(int, os.listdir("/proc/self/fd"))}
    held = set(_tcp_connections(port))
    while outer := {fd for fd, members in sets.items() if members & held}:
        held = outer
    return held


@linux_only
def test_affinity_chooses_the_thread(new_context, socket):
    context = new_context(2)
    ports = []
    for affinity in (1, 2, 1, 3):
        pull, push = (socket(kind, context=context) for kind in (zmq.PULL, zmq.PUSH))
        for made in (pull, push):
            made.set(zmq.AFFINITY, affinity)
        pull.bind("tcp://127.0.0.1:*")
        push.connect(pull.get(zmq.LAST_ENDPOINT))
        push.send(b"x")
        assert pull.recv() == b"x"
        ports.append(port_of(pull.get(zmq.LAST_ENDPOINT)))

    def chosen():
        first, second, again, either = map(_reactors, ports)
        one_each = len(first) == len(second) == 1
        return one_each and first == again != second and either <= first | second

    wait_until(chosen, "each connection is with the thread of its affinity")


@beyond_libzmq
@linux_only
def test_the_first_bind_or_connect_chooses_the_thread(new_context, socket):
    """libzmq spreads the connections of one socket over its threads."""
    context = new_context(2)
    pull = socket(zmq.PULL, context=context)
    ports = []
    for affinity in (2, 1, 0):
        pull.set(zmq.AFFINITY, affinity)
        pull.bind("tcp://127.0.0.1:*")
        ports.append(port_of(pull.get(zmq.LAST_ENDPOINT)))
    with contextlib.ExitStack() as connections:
        for port in ports:
            peer = connections.enter_context(plain.create_connection(("127.0.0.1", port), TIMEOUT))
            assert peer.recv(10)
        assert len({frozenset(_reactors(port)) for port in ports}) == 1


# ---- METADATA and messages that stand for events


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_metadata_is_seen_with_each_frame(pair, transport):
    options = [{zmq.METADATA: f"X-side:{side}".encode()} for side in ("bound", "connected")]
    a, b = pair(transport, zmq.PAIR, zmq.PAIR, *options)
    b.set(zmq.METADATA, b"X-late:too late")
    for sender, receiver, side in ((b, a, "connected"), (a, b, "bound")):
        sender.send_multipart([b"1", b"2"])
        for frame in receiver.recv_multipart(copy=False):
            assert frame.get("X-side") == side
            with fails_with(zmq.EINVAL):
                frame.get("X-late")


def test_metadata_adds_up(socket, bound):
    pull, address = bound("tcp", zmq.PULL)
    push = socket(zmq.PUSH)
    for part in (b"X-one:1", b"X-two:2:2", b"X-one:again"):
        push.set(zmq.METADATA, part)
    push.connect(address)
    push.send(b"x")
    frame = pull.recv(copy=False)
    assert (frame.get("X-one"), frame.get("X-two")) == ("1", "2:2")


@pytest.mark.interop
def test_metadata_is_seen_by_libzmq(socket, bound):
    theirs = pytest.importorskip("zmq")
    router, address = bound("tcp", zmq.ROUTER, {zmq.METADATA: b"X-from:us"})
    with theirs.Context() as context, context.socket(theirs.DEALER) as dealer:
        dealer.setsockopt(theirs.METADATA, b"X-from:them")
        dealer.connect(address.decode())
        dealer.send(b"x")
        name, body = router.recv_multipart(copy=False)
        assert body.get("X-from") == "them"
        router.send_multipart([name.bytes, b"y"])
        assert dealer.poll(int(TIMEOUT * 1000))
        assert dealer.recv(copy=False).get("X-from") == "us"


@beyond_libzmq
@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_hello_msg_is_the_first_message(pair, transport):
    router, dealer = pair(
        transport, zmq.ROUTER, zmq.DEALER, {zmq.HELLO_MSG: b"hello"}, {zmq.HELLO_MSG: b"hi"}
    )
    dealer.send(b"then this")
    name, first = router.recv_multipart()
    assert first == b"hi"
    assert router.recv_multipart() == [name, b"then this"]
    router.send_multipart([name, b"then that"])
    assert [dealer.recv(), dealer.recv()] == [b"hello", b"then that"]


@beyond_libzmq
@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_disconnect_msg_tells_who_has_left(pair, transport):
    router, dealer = pair(
        transport, zmq.ROUTER, zmq.DEALER, {zmq.DISCONNECT_MSG: b"gone"}, {zmq.ROUTING_ID: b"me"}
    )
    dealer.send(b"last words")
    dealer.close()
    assert router.recv_multipart() == [b"me", b"last words"]
    assert router.recv_multipart() == [b"me", b"gone"]


@beyond_libzmq
def test_hiccup_msg_tells_of_a_lost_connection(pair):
    options = {zmq.HICCUP_MSG: b"hiccup", zmq.RECONNECT_IVL: 1}
    router, dealer = pair("tcp", zmq.ROUTER, zmq.DEALER, None, options)
    dealer.send(b"x")
    router.recv_multipart()
    assert not readable(dealer)
    router.close()
    assert dealer.recv() == b"hiccup"
