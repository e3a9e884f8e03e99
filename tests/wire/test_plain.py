"""PLAIN octet for octet, both ways, and what an authenticator is shown of it."""

import pytest
from handshakes import OPTIONS, greeting_of, plain_hello, shake_hands, take
from zmtp import command, frame, metadata

import zmqlite as zmq

LONG = bytes(range(255))
PAIR = metadata(b"Socket-Type", b"PAIR")

HELLO = "04 11 05 48 45 4c 4c 4f 03 62 6f 62 06 73 65 63 72 65 74"
WELCOME = "04 08 07 57 45 4c 43 4f 4d 45"
INITIATE = (
    "04 1d 08 49 4e 49 54 49 41 54 45 0b 53 6f 63 6b 65 74 2d 54 79 70 65 00 00 00 04 50 41 49 52"
)
READY = "04 1a 05 52 45 41 44 59 0b 53 6f 63 6b 65 74 2d 54 79 70 65 00 00 00 04 50 41 49 52"
ERROR_400 = "04 09 5e 52 52 4f 52 03 34 30 30"
"""Spelt as libzmq does."""


@pytest.fixture
def authenticator(socket):
    """A REP that is asked, and answered for by the test."""
    made = socket(zmq.REP)
    made.bind("inproc://zeromq.zap.01")
    return made


def answer(authenticator, status=b"200"):
    """Answer the next question; its credentials."""
    version, number, *_, user, password = authenticator.recv_multipart()
    authenticator.send_multipart([version, number, status, b"", b"", b""])
    return user, password


def expect(peer, octets):
    octets = bytes.fromhex(octets)
    assert peer.read(len(octets)) == octets


def test_client(socket, accept):
    ours = socket(zmq.PAIR, OPTIONS["PLAIN", "client"])
    peer = accept(ours)
    peer.send(greeting_of("PLAIN", "server"))
    assert peer.read(64)[10:] == greeting_of("PLAIN", "client")[10:]
    expect(peer, HELLO)
    peer.send(bytes.fromhex(WELCOME))
    expect(peer, INITIATE)
    peer.send(bytes.fromhex(READY) + frame(b"hello"))
    assert ours.recv() == b"hello"
    ours.send(b"there")
    assert peer.read_frame() == (0, b"there")


def test_server(authenticator, bound, dial):
    ours, _ = bound("tcp", zmq.PAIR, OPTIONS["PLAIN", "server"])
    peer = dial(ours)
    peer.send(greeting_of("PLAIN", "client"))
    assert peer.read(64)[10:] == greeting_of("PLAIN", "server")[10:]
    peer.send(bytes.fromhex(HELLO))
    assert answer(authenticator) == (b"bob", b"secret")
    expect(peer, WELCOME)
    peer.send(bytes.fromhex(INITIATE) + frame(b"hello"))
    expect(peer, READY)
    assert ours.recv() == b"hello"
    ours.send(b"there")
    assert peer.read_frame() == (0, b"there")


def test_server_in_one_burst_or_bytewise(authenticator, bound, dial):
    ours, _ = bound("tcp", zmq.PULL, OPTIONS["PLAIN", "server"])
    properties = metadata(b"Socket-Type", b"PUSH")
    octets = greeting_of("PLAIN", "client") + plain_hello() + command(b"INITIATE", properties)
    for send in ("send", "send_bytewise"):
        peer = dial(ours)
        getattr(peer, send)(octets + frame(b"hello"))
        assert answer(authenticator) == (b"bob", b"secret")
        assert ours.recv() == b"hello"


def test_a_refused_client_is_told(authenticator, bound, dial):
    ours, _ = bound("tcp", zmq.PAIR, OPTIONS["PLAIN", "server"])
    peer = dial(ours)
    peer.send(greeting_of("PLAIN", "client") + plain_hello(b"bob", b"guess"))
    peer.read(64)
    assert answer(authenticator, b"400") == (b"bob", b"guess")
    assert peer.wait_closed() == bytes.fromhex(ERROR_400)
    assert ours.stats()["closed"] == {"refused by authenticator": 1}


@pytest.mark.parametrize(
    ("user", "password"),
    [(b"", b""), (b"", b"secret"), (b"bob", b""), (LONG, LONG), (b"\0", b"\xff\n\0")],
)
def test_any_name_and_password(authenticator, bound, dial, user, password):
    ours, _ = bound("tcp", zmq.PAIR, OPTIONS["PLAIN", "server"])
    peer = dial(ours)
    peer.send(greeting_of("PLAIN", "client") + plain_hello(user, password))
    assert answer(authenticator) == (user, password)
    peer.read(64)
    take(peer, b"WELCOME")


@pytest.mark.parametrize(
    ("options", "user", "password"),
    [
        ({zmq.PLAIN_USERNAME: b"bob"}, b"bob", b""),
        ({zmq.PLAIN_PASSWORD: b"secret"}, b"", b"secret"),
        ({zmq.PLAIN_USERNAME: LONG, zmq.PLAIN_PASSWORD: LONG}, LONG, LONG),
    ],
    ids=["no password", "no name", "long"],
)
def test_what_a_client_says(socket, accept, options, user, password):
    peer = accept(socket(zmq.PAIR, options))
    peer.send(greeting_of("PLAIN", "server"))
    peer.read(64)
    due = plain_hello(user, password)
    assert peer.read(len(due)) == due


def test_names_of_peers(authenticator, bound, dial):
    ours, _ = bound("tcp", zmq.ROUTER, OPTIONS["PLAIN", "server"])
    peer = dial(ours)
    properties = metadata(b"Socket-Type", b"DEALER") + metadata(b"Identity", b"me")
    peer.send(greeting_of("PLAIN", "client") + plain_hello())
    peer.read(64)
    answer(authenticator)
    take(peer, b"WELCOME")
    peer.send(command(b"INITIATE", properties) + frame(b"hello"))
    assert ours.recv_multipart() == [b"me", b"hello"]
    ready = take(peer, b"READY")
    assert ready[6:] == metadata(b"Socket-Type", b"ROUTER") + metadata(b"Identity", b"")


def test_the_next_connection_says_it_again(socket, ends):
    listener = ends.listen()
    ours = socket(zmq.PAIR, {**OPTIONS["PLAIN", "client"], zmq.RECONNECT_IVL: 10})
    ours.connect(listener.endpoint)
    for number in range(3):
        peer = listener.accept()
        shake_hands(peer, "PLAIN", "server", properties=PAIR)
        ours.send(b"%d" % number)
        assert peer.read_frame() == (0, b"%d" % number)
        peer.close()
