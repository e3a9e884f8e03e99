"""Each pair of socket types over each transport, either side bound, either one first, all sizes."""

from typing import NamedTuple

import pytest
from plain_ends import Ends
from support import Background, free_port, port_of, settle, wait_until, wait_writable

import zmqlite as zmq

A, B = b"A", b"B"


class Link(NamedTuple):
    """Two types that may meet, with the frames that envelope a message on its way.

    The sockets are called A and B; `there` and `back` are what the sender puts before a message
    and what the receiver finds before it. `back` is None if nothing goes that way.
    """

    a: zmq.SocketType
    b: zmq.SocketType
    there: tuple = ([], [])
    back: tuple | None = None

    def __str__(self):
        return f"{self.a.name}-{self.b.name}"


LINKS = (
    Link(zmq.PUSH, zmq.PULL),
    Link(zmq.PUB, zmq.SUB),
    Link(zmq.PUB, zmq.XSUB),
    Link(zmq.XPUB, zmq.SUB),
    Link(zmq.XPUB, zmq.XSUB),
    Link(zmq.PAIR, zmq.PAIR, back=([], [])),
    Link(zmq.DEALER, zmq.DEALER, back=([], [])),
    Link(zmq.REQ, zmq.REP, back=([], [])),
    Link(zmq.DEALER, zmq.REP, there=([b""], []), back=([], [b""])),
    Link(zmq.REQ, zmq.ROUTER, there=([], [A, b""]), back=([A, b""], [])),
    Link(zmq.DEALER, zmq.ROUTER, there=([], [A]), back=([A], [])),
    Link(zmq.ROUTER, zmq.ROUTER, there=([B], [A]), back=([A], [B])),
)

SIZES = (0, 1, 255, 256, 8191, 8192, 65536, 1 << 20, 8 << 20)

NOISE = bytes(number * 7 % 251 for number in range(251)) * ((8 << 20) // 251 + 1)

MESSAGES = [[NOISE[:size]] for size in SIZES] + [
    [b"", b""],
    [NOISE[size : 2 * size] for size in SIZES[:-1]],
    [NOISE[:65536], b"", NOISE[:1], b""],
]


@pytest.fixture
def join(endpoint):
    """Bind one socket and connect the other, in this order or the other way round."""

    def make(transport, server, client, first):
        client.set(zmq.RECONNECT_IVL, 10)
        if first == "bind":
            server.bind(endpoint(transport))
            client.connect(server.get(zmq.LAST_ENDPOINT))
        else:
            address = endpoint(transport).replace("*", str(free_port()))
            client.connect(address)
            server.bind(address)

    return make


@pytest.mark.parametrize(
    ("first", "copy"),
    [("bind", True), ("bind", False), ("connect", True)],
    ids=["copied", "shared", "connected first"],
)
@pytest.mark.parametrize("bind", ["a", "b"])
@pytest.mark.parametrize("link", LINKS, ids=str)
def test_messages_arrive_unchanged(socket, join, transport, link, bind, first, copy):
    a = socket(link.a, {zmq.ROUTING_ID: A, **_mandatory(link.a)})
    b = socket(link.b, {zmq.ROUTING_ID: B})
    server, client = (a, b) if bind == "a" else (b, a)
    join(transport, server, client, first)
    _make_ready(a, b, link)
    for message in MESSAGES:
        _pass(a, b, link.there, message, copy)
        if link.back is not None:
            _pass(b, a, link.back, message, copy)


def _mandatory(kind):
    return {zmq.ROUTER_MANDATORY: 1} if kind == zmq.ROUTER else {}


def _make_ready(a, b, link):
    if link.a in (zmq.PUB, zmq.XPUB):
        if link.b == zmq.SUB:
            b.subscribe(b"")
        else:
            b.send(b"\x01")
        settle(a, b)
    elif link.a == zmq.ROUTER:
        wait_until(lambda: _reaches(a, B), "the peer has told its name")
        b.recv_multipart()
    else:
        wait_writable(a)


def _reaches(router, name):
    try:
        router.send_multipart([name, b"probe"])
    except zmq.ZMQError as error:
        assert error.errno == zmq.EHOSTUNREACH
        return False
    return True


def _pass(sender, receiver, envelope, message, copy):
    put, found = envelope
    sender.send_multipart(put + message, copy=copy)
    received = receiver.recv_multipart(copy=copy)
    if not copy:
        assert [frame.more for frame in received] == [True] * (len(received) - 1) + [False]
        received = [frame.bytes for frame in received]
    # Compared first, as pytest would take minutes to explain the difference of two large lists.
    same = received == found + message
    assert same, f"frames of {list(map(len, received))} octets for {list(map(len, message))}"


OCTETS = b"".join(NOISE[:size] for size in SIZES)


@pytest.mark.parametrize("first", ["bind", "connect"])
def test_streams_carry_octets(socket, join, transport, first):
    server, client = socket(zmq.STREAM), socket(zmq.STREAM)
    join(transport, server, client, first)
    to_server = client.get(zmq.ROUTING_ID)
    _pour(client, to_server)
    to_client = _catch(server)
    _pour(server, to_client)
    assert _catch(client) == to_server


def _stream_binds(stream, address, ends):
    stream.bind(address)
    return ends.dial(stream)


def _stream_connects(stream, address, ends):
    listener = ends.listen(port_of(address))
    stream.connect(address)
    return listener.accept()


def _stream_connects_first(stream, address, ends):
    stream.connect(address)
    return ends.listen(port_of(address)).accept()


@pytest.mark.parametrize("join", [_stream_binds, _stream_connects, _stream_connects_first])
def test_a_stream_carries_octets_to_a_plain_socket(socket, join):
    stream = socket(zmq.STREAM, {zmq.RECONNECT_IVL: 10})
    with Ends() as ends:
        peer = join(stream, f"tcp://127.0.0.1:{free_port()}", ends)
        sending = Background(peer.send, OCTETS)
        name = _catch(stream)
        sending.result()
        reading = Background(peer.read, len(OCTETS))
        _pour(stream, name)
        same = reading.result() == OCTETS
        assert same


def _pour(stream, name):
    for size in filter(None, SIZES):  # nothing would end the connection
        stream.send_multipart([name, NOISE[:size]])


def _catch(stream):
    """Receive what was poured in, in parts of any size; the id of the sender."""
    parts, size = [], 0
    while size < len(OCTETS):
        name, part = stream.recv_multipart()
        parts.append(part)
        size += len(part)
    same = b"".join(parts) == OCTETS
    assert same
    return name
