"""Socket monitors: what they tell of each connection, in which order, and how they end."""

import asyncio
import errno
import os
import pathlib
import stat
import struct

import pytest
from plain_ends import Ends
from support import (
    TIMEOUT,
    TIMEOUT_MS,
    Background,
    beyond_libzmq,
    drain,
    fails_with,
    free_port,
)
from wire.zmtp import GREETING, command, frame, greeting, metadata, ready

import zmqlite as zmq
from zmqlite.utils import monitor
from zmqlite.utils.monitor import parse_monitor_message, recv_monitor_message

EXAMPLE = pathlib.Path(__file__).parent.parent / "examples" / "monitor.py"

ALL = zmq.Event.ALL
LISTENING, ACCEPTED = zmq.Event.LISTENING, zmq.Event.ACCEPTED
CONNECT_DELAYED, CONNECTED = zmq.Event.CONNECT_DELAYED, zmq.Event.CONNECTED
CONNECT_RETRIED, DISCONNECTED = zmq.Event.CONNECT_RETRIED, zmq.Event.DISCONNECTED
BIND_FAILED, CLOSED = zmq.Event.BIND_FAILED, zmq.Event.CLOSED
SUCCEEDED = zmq.Event.HANDSHAKE_SUCCEEDED
NO_DETAIL = zmq.Event.HANDSHAKE_FAILED_NO_DETAIL
PROTOCOL = zmq.Event.HANDSHAKE_FAILED_PROTOCOL
AUTH = zmq.Event.HANDSHAKE_FAILED_AUTH
STOPPED = zmq.Event.MONITOR_STOPPED

# What a connecting socket tells before its connection is refused, or stands.
CONNECTING = {"tcp": [CONNECT_DELAYED], "ipc": []}

# libzmq's does so when the socket is used again.
LEAVES_AT_ONCE = pytest.param("disconnect", marks=beyond_libzmq)

both_transports = pytest.mark.parametrize("transport", CONNECTING)


def expect(reader, endpoint, *events):
    """The next events must be these, all of this endpoint; their values."""
    told = [recv_monitor_message(reader) for _ in events]
    heard = [(each["event"], each["endpoint"]) for each in told]
    assert heard == [(event, endpoint) for event in events]
    return [each["value"] for each in told]


def wait_for(reader, event):
    """Skip the events before this one."""
    while recv_monitor_message(reader)["event"] != event:
        pass


def is_socket(descriptor):
    return stat.S_ISSOCK(os.fstat(descriptor).st_mode)


@pytest.fixture
def watch():
    """Monitor a socket; returns the reader of the events."""
    watched = []

    def make(socket, events=None):
        reader = socket.get_monitor_socket(events)
        reader.set(zmq.RCVTIMEO, TIMEOUT_MS)
        watched.append((socket, reader))
        return reader

    yield make
    for socket, reader in watched:
        if not socket.closed:
            socket.disable_monitor()
        reader.close(linger=0)


@pytest.fixture
def reader_at(socket):
    """Make a socket that reads the monitor at an address."""

    def make(address, kind=zmq.PAIR):
        reader = socket(kind)
        reader.connect(address)
        return reader

    return make


@pytest.fixture
def bound_and_watched(socket, endpoint, watch):
    """Make a bound socket with a monitor; returns it, the reader and the endpoint."""

    def make(transport, kind=zmq.PULL, options=None):
        made = socket(kind, options)
        reader = watch(made)
        made.bind(endpoint(transport))
        return made, reader, made.get(zmq.LAST_ENDPOINT)

    return make


@pytest.fixture
def connected_and_watched(socket, watch):
    """Make a connecting socket with a monitor; returns it and the reader."""

    def make(address, kind=zmq.PUSH, options=None):
        made = socket(kind, {zmq.RECONNECT_IVL: 10, **(options or {})})
        reader = watch(made)
        made.connect(address)
        return made, reader

    return make


# ---- Connections


@both_transports
def test_a_connection_is_made(bound_and_watched, connected_and_watched, transport):
    _, heard, address = bound_and_watched(transport)
    _, told = connected_and_watched(address)
    *delayed, connection, none = expect(told, address, *CONNECTING[transport], CONNECTED, SUCCEEDED)
    assert delayed in ([errno.EINPROGRESS], [])
    listener, accepted, also_none = expect(heard, address, LISTENING, ACCEPTED, SUCCEEDED)
    assert all(map(is_socket, (listener, accepted, connection)))
    assert none == also_none == 0


@both_transports
def test_a_connection_is_refused(connected_and_watched, endpoint, transport):
    nowhere = f"tcp://127.0.0.1:{free_port()}" if transport == "tcp" else endpoint("ipc")
    _, told = connected_and_watched(nowhere)
    for _ in range(3):
        *_, wait = expect(told, nowhere.encode(), *CONNECTING[transport], CLOSED, CONNECT_RETRIED)
        assert 10 <= wait < 20


@both_transports
def test_no_retry(connected_and_watched, endpoint, transport):
    nowhere = f"tcp://127.0.0.1:{free_port()}" if transport == "tcp" else endpoint("ipc")
    ours, told = connected_and_watched(nowhere, options={zmq.RECONNECT_IVL: -1})
    expect(told, nowhere.encode(), *CONNECTING[transport], CLOSED)
    ours.disable_monitor()
    expect(told, b"", STOPPED)


@both_transports
def test_the_connecting_side_loses_its_peer(
    bound_and_watched, connected_and_watched, socket, transport
):
    server, heard, address = bound_and_watched(transport)
    _, told = connected_and_watched(address)
    wait_for(heard, SUCCEEDED)
    wait_for(told, SUCCEEDED)
    server.close()
    lost, wait = expect(told, address, DISCONNECTED, CONNECT_RETRIED)
    assert lost > 0 and 10 <= wait < 20
    socket(zmq.PULL).bind(address)
    wait_for(told, CONNECTED)
    expect(told, address, SUCCEEDED)


@both_transports
@pytest.mark.parametrize("leave", ["close", LEAVES_AT_ONCE])
def test_the_bound_side_loses_its_peer(bound_and_watched, connected_and_watched, transport, leave):
    _, heard, address = bound_and_watched(transport)
    client, told = connected_and_watched(address)
    wait_for(told, SUCCEEDED)
    _, accepted, _ = expect(heard, address, LISTENING, ACCEPTED, SUCCEEDED)
    client.close() if leave == "close" else client.disconnect(address)
    assert expect(heard, address, DISCONNECTED) == [accepted]
    if leave == "disconnect":
        client.disable_monitor()
    expect(told, b"", STOPPED)


@both_transports
def test_close(bound_and_watched, connected_and_watched, transport):
    server, heard, address = bound_and_watched(transport)
    _, told = connected_and_watched(address)
    wait_for(told, SUCCEEDED)
    listener, *_ = expect(heard, address, LISTENING, ACCEPTED, SUCCEEDED)
    server.close()
    assert expect(heard, address, CLOSED) == [listener]
    expect(heard, b"", STOPPED)


@both_transports
def test_unbind(bound_and_watched, transport):
    server, heard, address = bound_and_watched(transport)
    server.unbind(address)
    listener, closed = expect(heard, address, LISTENING, CLOSED)
    assert closed == listener
    server.disable_monitor()
    expect(heard, b"", STOPPED)


@beyond_libzmq
@both_transports
def test_unbind_ends_what_was_accepted(bound_and_watched, connected_and_watched, transport):
    """libzmq does so only when the socket is used again."""
    server, heard, address = bound_and_watched(transport)
    _, told = connected_and_watched(address)
    expect(heard, address, LISTENING, ACCEPTED, SUCCEEDED)
    wait_for(told, SUCCEEDED)
    server.unbind(address)
    expect(heard, address, CLOSED)
    expect(told, address, DISCONNECTED, CONNECT_RETRIED)
    server.disable_monitor()
    expect(heard, b"", STOPPED)


def test_a_tcp_address_in_use(bound, socket, watch):
    _, address = bound("tcp", zmq.PULL)
    late = socket(zmq.PULL)
    heard = watch(late)
    with fails_with(zmq.EADDRINUSE):
        late.bind(address)
    expect(heard, b"", CLOSED)
    assert expect(heard, address.removeprefix(b"tcp://"), BIND_FAILED) == [zmq.EADDRINUSE]


def test_an_ipc_path_that_cannot_be(socket, endpoint, watch):
    nowhere = endpoint("ipc") + "/no/such/folder"
    late = socket(zmq.PULL)
    heard = watch(late)
    with fails_with(errno.ENOENT):
        late.bind(nowhere)
    expect(heard, nowhere.encode(), CLOSED)
    assert expect(heard, nowhere.removeprefix("ipc://").encode(), BIND_FAILED) == [errno.ENOENT]


def test_inproc_is_silent(bound_and_watched, socket):
    server, heard, address = bound_and_watched("inproc")
    client = socket(zmq.PUSH)
    client.connect(address)
    client.send(b"x")
    assert server.recv() == b"x"
    server.disable_monitor()
    expect(heard, b"", STOPPED)


# ---- Handshakes


class Stranger:
    """A plain peer of a monitored socket, whose connection stands."""

    def __init__(self, end, reader, address, reconnects):
        self.end = end
        self.reconnects = reconnects
        self._reader = reader
        self._address = address

    def expect(self, *events):
        """The next events of the socket, after those of the connection."""
        return expect(self._reader, self._address, *events)


@pytest.fixture(params=["we bind", "we connect"])
def stranger(request, bound_and_watched, connected_and_watched):
    """Join a monitored PULL and a plain peer."""

    def accepted(ends, options):
        ours, reader, address = bound_and_watched("tcp", zmq.PULL, options)
        end = ends.dial(ours)
        expect(reader, address, LISTENING, ACCEPTED)
        return Stranger(end, reader, address, [])

    def connected(ends, options):
        listener = ends.listen()
        _, reader = connected_and_watched(listener.endpoint, zmq.PULL, options)
        address = listener.endpoint.encode()
        end = listener.accept()
        expect(reader, address, CONNECT_DELAYED, CONNECTED)
        return Stranger(end, reader, address, [CONNECT_RETRIED])

    join = accepted if request.param == "we bind" else connected
    with Ends() as ends:
        yield lambda options=None: join(ends, options)


UNEXPECTED = zmq.Event.PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND
MISMATCH = zmq.Event.PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH
MALFORMED_ERROR = zmq.Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_ERROR

BROKEN_HANDSHAKES = {
    "mechanism we have not": (greeting(mechanism=b"PLAIN"), MISMATCH),
    "mechanism unknown": (greeting(mechanism=b"XX"), MISMATCH),
    "message": (GREETING + frame(b"hi"), UNEXPECTED),
    "empty frame": (GREETING + frame(command=True), UNEXPECTED),
    "other command": (GREETING + command(b"HELLO"), UNEXPECTED),
    "command name beyond the frame": (GREETING + frame(b"\x09READY", command=True), UNEXPECTED),
    "ERROR beyond the frame": (GREETING + command(b"ERROR", b"\x09400"), MALFORMED_ERROR),
}


@pytest.mark.parametrize("name", BROKEN_HANDSHAKES)
def test_a_handshake_that_breaks_the_protocol(stranger, name):
    octets, code = BROKEN_HANDSHAKES[name]
    peer = stranger()
    peer.end.send(octets)
    assert peer.expect(PROTOCOL, DISCONNECTED)[0] == code


BAD_METADATA = zmq.Event.PROTOCOL_ERROR_ZMTP_INVALID_METADATA
UNSPECIFIED = zmq.Event.PROTOCOL_ERROR_ZMTP_UNSPECIFIED
CUT_OFF = metadata(b"X-colour", b"blue")[:-1]

BROKEN_HANDSHAKES_LIBZMQ_SAYS_NOTHING_OF = {
    "wrong type": (GREETING + ready(b"SUB"), BAD_METADATA),
    "unknown type": (GREETING + ready(b"FOO"), BAD_METADATA),
    "truncated metadata": (GREETING + ready(b"PUSH", extra=CUT_OFF), BAD_METADATA),
    "oversize": (GREETING + ready(b"PUSH", extra=metadata(b"X", bytes(2000))), UNSPECIFIED),
    "no greeting": (bytes(64), UNSPECIFIED),
}


@beyond_libzmq
@pytest.mark.parametrize("name", BROKEN_HANDSHAKES_LIBZMQ_SAYS_NOTHING_OF)
def test_a_handshake_that_libzmq_only_ends(stranger, name):
    octets, code = BROKEN_HANDSHAKES_LIBZMQ_SAYS_NOTHING_OF[name]
    peer = stranger({zmq.MAXMSGSIZE: 1000})
    peer.end.send(octets)
    assert peer.expect(PROTOCOL, DISCONNECTED)[0] == code


@beyond_libzmq
@pytest.mark.parametrize("reason", [300, 400, 500])
def test_a_peer_that_refuses_us(stranger, reason):
    """libzmq does not close such a connection when all comes in one burst."""
    peer = stranger()
    peer.end.send(GREETING + command(b"ERROR", b"\x03%d" % reason))
    assert peer.expect(AUTH, DISCONNECTED)[0] == reason


@pytest.mark.parametrize("octets", [b"", b"\xff", GREETING[:12], GREETING], ids=len)
def test_a_peer_that_leaves_during_the_handshake(stranger, octets):
    peer = stranger()
    peer.end.send(octets)
    peer.end.half_close()
    reason, *_ = peer.expect(NO_DETAIL, DISCONNECTED, *peer.reconnects)
    assert reason == errno.EPIPE


def test_a_connection_that_is_reset_during_the_handshake(stranger):
    peer = stranger()
    assert not peer.end.hears_nothing(TIMEOUT)
    peer.end.close()  # the greeting is unread, hence the reset
    reason, *_ = peer.expect(NO_DETAIL, DISCONNECTED, *peer.reconnects)
    assert reason == errno.ECONNRESET


@pytest.mark.parametrize("octets", [b"", GREETING[:12], GREETING], ids=len)
def test_a_handshake_that_takes_too_long(stranger, octets):
    peer = stranger({zmq.HANDSHAKE_IVL: 30})
    peer.end.send(octets)
    peer.expect(NO_DETAIL, DISCONNECTED, *peer.reconnects)


def test_a_peer_that_leaves_after_the_handshake(stranger):
    peer = stranger()
    peer.end.shake_hands(b"PUSH")
    peer.end.half_close()
    peer.expect(SUCCEEDED, DISCONNECTED, *peer.reconnects)


def test_a_peer_that_breaks_the_protocol_after_the_handshake(stranger):
    peer = stranger({zmq.MAXMSGSIZE: 100})
    peer.end.shake_hands(b"PUSH")
    peer.end.send(frame(bytes(101)))
    peer.expect(SUCCEEDED, DISCONNECTED)


def test_a_peer_without_a_heartbeat(stranger):
    peer = stranger({zmq.HEARTBEAT_IVL: 10, zmq.HEARTBEAT_TIMEOUT: 20})
    peer.end.shake_hands(b"PUSH")
    peer.expect(SUCCEEDED, DISCONNECTED, *peer.reconnects)


# ---- Monitors begin and end


def test_the_layout_of_a_message(bound_and_watched):
    _, heard, address = bound_and_watched("tcp")
    first, second = heard.recv_multipart()
    event, value = struct.unpack("=HI", first)
    assert event == LISTENING and is_socket(value) and second == address


def test_only_the_events_that_are_wanted(socket, endpoint, watch):
    server = socket(zmq.PULL)
    heard = watch(server, LISTENING | STOPPED)
    for _ in range(2):
        server.bind(endpoint("tcp"))
        expect(heard, server.get(zmq.LAST_ENDPOINT), LISTENING)
        server.unbind(server.get(zmq.LAST_ENDPOINT))
    server.disable_monitor()
    expect(heard, b"", STOPPED)


def test_a_monitor_that_does_not_tell_its_end(socket, watch):
    server = socket(zmq.PULL)
    heard = watch(server, LISTENING)
    server.disable_monitor()
    assert heard.poll(0) == 0


@pytest.mark.parametrize("form", [str, str.encode])
def test_a_monitor_at_an_address(socket, reader_at, endpoint, form):
    server = socket(zmq.PULL)
    address = endpoint("inproc")
    server.monitor(form(address))
    heard = reader_at(address)
    server.bind(endpoint("tcp"))
    expect(heard, server.get(zmq.LAST_ENDPOINT), LISTENING)
    server.monitor(None)
    expect(heard, b"", STOPPED)


def test_a_monitor_replaces_another(socket, reader_at, endpoint):
    server = socket(zmq.PULL)
    readers = []
    for _ in range(2):
        address = endpoint("inproc")
        server.monitor(address)
        readers.append(reader_at(address))
    old, new = readers
    expect(old, b"", STOPPED)
    server.bind(endpoint("tcp"))
    expect(new, server.get(zmq.LAST_ENDPOINT), LISTENING)
    assert old.poll(0) == 0
    server.monitor(None)
    expect(new, b"", STOPPED)


def test_a_stopped_monitor_may_be_stopped_again(socket):
    server = socket(zmq.PULL)
    server.monitor(None)
    server.disable_monitor()


@beyond_libzmq
def test_the_name_of_a_monitor_is_free_again_when_it_ends(socket, reader_at, endpoint):
    server = socket(zmq.PULL)
    address = endpoint("inproc")
    for _ in range(3):
        server.monitor(address)
        heard = reader_at(address)
        server.monitor(None)
        expect(heard, b"", STOPPED)


@pytest.mark.parametrize(
    ("address", "events", "due"),
    [
        ("tcp://127.0.0.1:*", ALL, zmq.EPROTONOSUPPORT),
        ("ipc://monitor", ALL, zmq.EPROTONOSUPPORT),
        ("monitor", ALL, zmq.EINVAL),
        ("inproc://", ALL, zmq.EINVAL),
        ("inproc://monitor", 0x10000, zmq.EINVAL),
        ("inproc://taken", ALL, zmq.EADDRINUSE),
    ],
)
def test_a_monitor_that_cannot_be(socket, address, events, due):
    socket(zmq.PAIR).bind("inproc://taken")
    with fails_with(due):
        socket(zmq.PULL).monitor(address, events)


def test_an_address_is_text(socket):
    with pytest.raises(TypeError):
        socket(zmq.PULL).monitor(5)


def test_a_closed_socket_has_no_monitor(socket):
    server = socket(zmq.PULL)
    server.close()
    for call in (lambda: server.monitor("inproc://monitor"), server.disable_monitor):
        with fails_with(zmq.ENOTSOCK):
            call()


def test_get_monitor_socket_again(socket):
    server = socket(zmq.PULL)
    first = server.get_monitor_socket()
    assert server.get_monitor_socket(LISTENING, "inproc://second") is first
    assert type(first) is type(server)
    assert first.type == zmq.PAIR
    assert first.context is server.context
    server.disable_monitor()
    expect(first, b"", STOPPED)
    first.close()
    second = server.get_monitor_socket(addr="inproc://second")
    assert second is not first
    assert second.get(zmq.LAST_ENDPOINT) == b"inproc://second"
    server.disable_monitor()
    second.close()


@beyond_libzmq
def test_get_monitor_socket_after_the_last_was_closed(socket, endpoint, watch):
    """libzmq may wait for ever for the last to read of its end."""
    server = socket(zmq.PULL)
    server.get_monitor_socket().close()
    heard = watch(server)
    server.bind(endpoint("tcp"))
    expect(heard, server.get(zmq.LAST_ENDPOINT), LISTENING)


def test_each_socket_has_a_monitor_of_its_own(socket, endpoint, watch):
    servers = [socket(zmq.PULL) for _ in range(5)]
    readers = [watch(server) for server in servers]
    for server in servers:
        server.bind(endpoint("tcp"))
    for server, reader in zip(servers, readers, strict=True):
        expect(reader, server.get(zmq.LAST_ENDPOINT), LISTENING)


@beyond_libzmq
def test_one_socket_after_another_has_a_monitor(socket):
    for _ in range(20):
        server = socket(zmq.PULL)
        reader = server.get_monitor_socket()
        server.close()
        expect(reader, b"", STOPPED)
        reader.close()


def test_the_end_of_the_context_wakes_a_reader(socket, begin_term):
    reader = socket(zmq.PULL).get_monitor_socket()
    waiting = Background(reader.recv)
    begin_term(reader.context)
    assert isinstance(waiting.outcome(), zmq.ContextTerminated)
    reader.close()


def test_a_context_is_destroyed_with_a_monitor(new_context, endpoint):
    context = new_context()
    server = context.socket(zmq.PULL)
    reader = server.get_monitor_socket()
    server.bind(endpoint("tcp"))
    context.destroy(linger=0)
    assert server.closed and reader.closed


# ---- Readers that do not read


@beyond_libzmq
def test_a_reader_that_stops_reading(bound_and_watched, pair, endpoint):
    """Events are dropped, and the socket goes on; libzmq's would stand still."""
    server, heard, address = bound_and_watched("ipc")
    for _ in range(2000):
        server.unbind(address)
        server.bind(address)
    assert 2 < len(drain(heard)) < 4000
    server.unbind(address)
    expect(heard, address, CLOSED)


@beyond_libzmq
def test_a_reader_that_is_gone(bound_and_watched, socket):
    """libzmq's I/O thread would wait for it."""
    server, heard, address = bound_and_watched("tcp")
    heard.close()
    client = socket(zmq.PUSH)
    client.connect(address)
    client.send(b"x")
    assert server.recv() == b"x"


@beyond_libzmq
def test_a_monitor_without_a_reader(socket, bound):
    server, address = bound("tcp", zmq.PULL)
    server.monitor("inproc://unread")
    client = socket(zmq.PUSH)
    client.connect(address)
    client.send(b"x")
    assert server.recv() == b"x"


# ---- Version 2, which pyzmq cannot ask for


@beyond_libzmq
def test_events_of_version_2(socket, reader_at, endpoint):
    server, client = socket(zmq.PULL), socket(zmq.PUSH)
    readers = []
    for each in (server, client):
        inside = endpoint("inproc")
        each.monitor(inside, zmq.Event.ALL_V2, version=2)
        readers.append(reader_at(inside))
    server.bind(endpoint("tcp"))
    address = server.get(zmq.LAST_ENDPOINT)
    client.connect(address)
    heard, told = ([_next_of_version_2(reader) for _ in range(3)] for reader in readers)
    assert [each["event"] for each in heard] == [LISTENING, ACCEPTED, SUCCEEDED]
    assert [each["event"] for each in told] == [CONNECT_DELAYED, CONNECTED, SUCCEEDED]
    assert all(len(each["values"]) == 1 for each in heard + told)
    listening, accepted, _ = heard
    delayed, connected, _ = told
    assert (listening["local"], listening["remote"]) == (address, b"")
    assert (delayed["local"], delayed["remote"]) == (b"", address)
    assert accepted["local"] == connected["remote"] == address
    assert accepted["remote"] == connected["local"] != b""


def _next_of_version_2(reader):
    return monitor.parse_monitor_message_v2(reader.recv_multipart())


@beyond_libzmq
def test_the_end_of_a_monitor_of_version_2(socket, reader_at):
    server = socket(zmq.PULL)
    server.monitor("inproc://monitor", version=2)
    heard = reader_at("inproc://monitor")
    server.monitor(None)
    end = {"event": STOPPED, "values": [0], "local": b"", "remote": b""}
    assert _next_of_version_2(heard) == end


@beyond_libzmq
@pytest.mark.parametrize(("kind", "reading"), [(zmq.PUB, zmq.SUB), (zmq.PUSH, zmq.PULL)])
def test_a_monitor_that_is_no_pair(socket, reader_at, endpoint, kind, reading):
    server = socket(zmq.PULL)
    server.monitor("inproc://monitor", version=2, socket_type=kind)
    readers = [reader_at("inproc://monitor", reading) for _ in range(2)]
    if reading == zmq.SUB:
        for reader in readers:
            reader.subscribe(b"")
    server.bind(endpoint("tcp"))
    server.unbind(server.get(zmq.LAST_ENDPOINT))
    told = [[LISTENING, CLOSED]] * 2 if reading == zmq.SUB else [[LISTENING], [CLOSED]]
    for reader, events in zip(readers, told, strict=True):
        assert [_next_of_version_2(reader)["event"] for _ in events] == events


@beyond_libzmq
@pytest.mark.parametrize(
    "wrong",
    [
        {"version": 0},
        {"version": 3},
        {"version": 1, "socket_type": zmq.PUB},
        {"version": 2, "socket_type": zmq.REP},
    ],
    ids=str,
)
def test_a_kind_of_monitor_that_cannot_be(socket, wrong):
    with fails_with(zmq.EINVAL):
        socket(zmq.PULL).monitor("inproc://monitor", **wrong)


# ---- Parsing


def _v1(event, value, endpoint=b"tcp://127.0.0.1:1"):
    return [struct.pack("=HI", event, value), endpoint]


def test_parse():
    told = parse_monitor_message(_v1(PROTOCOL, MISMATCH))
    assert told == {"event": PROTOCOL, "value": MISMATCH, "endpoint": b"tcp://127.0.0.1:1"}
    assert isinstance(told["event"], zmq.Event)
    assert repr(told["value"]).startswith("<Event.PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH: ")


@beyond_libzmq
def test_parse_what_has_the_highest_bit():
    """pyzmq takes both numbers for signed ones."""
    told = parse_monitor_message(_v1(0x8000, 0xFFFFFFFF))
    assert (told["event"], told["value"]) == (0x8000, 0xFFFFFFFF)


@pytest.mark.parametrize(
    "frames", [[], [bytes(6)], [bytes(5), b""], [bytes(7), b""], [bytes(6), b"", b""]]
)
def test_what_cannot_be_parsed(frames):
    with pytest.raises(RuntimeError):
        parse_monitor_message(frames)


def _v2(event, count, *values):
    return [struct.pack("=Q", number) for number in (event, count, *values)] + [b"here", b"there"]


@beyond_libzmq
@pytest.mark.parametrize("values", [[], [7], [1 << 40, 2]], ids=len)
def test_parse_version_2(values):
    assert monitor.parse_monitor_message_v2(_v2(0x10000, len(values), *values)) == {
        "event": zmq.Event.PIPES_STATS,
        "values": values,
        "local": b"here",
        "remote": b"there",
    }


@beyond_libzmq
@pytest.mark.parametrize(
    "frames",
    [[], _v2(1, 0)[:3], _v2(1, 0, 5), _v2(1, 2, 5), [bytes(4), *_v2(1, 0)], _v1(1, 2), [b""] * 4],
    ids=range(7),
)
def test_what_cannot_be_parsed_as_version_2(frames):
    with pytest.raises(RuntimeError):
        monitor.parse_monitor_message_v2(frames)


def test_do_not_wait_for_an_event(socket, watch):
    with pytest.raises(zmq.Again):
        recv_monitor_message(watch(socket(zmq.PULL)), zmq.DONTWAIT)


def test_receive_from_an_asyncio_socket():
    class AsyncSocket:
        async def recv_multipart(self, flags):
            assert flags == zmq.DONTWAIT
            return _v1(LISTENING, 7)

    told = recv_monitor_message(AsyncSocket(), zmq.DONTWAIT)
    assert asyncio.run(told) == parse_monitor_message(_v1(LISTENING, 7))


def test_the_example(child):
    process = child(EXAMPLE)
    made = [CONNECT_DELAYED, CONNECTED, SUCCEEDED]
    for event in (*made, DISCONNECTED, CONNECT_RETRIED, STOPPED):
        assert process.line().split()[0] == event.name
    assert process.wait() == 0
