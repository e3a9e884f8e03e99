"""HELLO_MSG, DISCONNECT_MSG, HICCUP_MSG: messages that tell of connections, drafts of libzmq."""

import pytest
from support import drain, fails_with, free_port, wait_alone
from wire.zmtp import frame

import zmqlite as zmq

pytestmark = pytest.mark.beyond_libzmq

QUICK = {zmq.RECONNECT_IVL: 10}
HELLO = {zmq.HELLO_MSG: b"hello"}
BYE = {zmq.DISCONNECT_MSG: b"bye"}
HICCUP = {zmq.HICCUP_MSG: b"hiccup"}

wired = pytest.mark.parametrize("transport", ["tcp", "ipc"])


def named(name):
    return {zmq.ROUTING_ID: name}


@pytest.fixture
def meet(ends):
    """Accept what a DEALER connects to a listener; the plain peer after the handshake."""

    def make(listener):
        peer = listener.accept()
        peer.shake_hands(b"ROUTER")
        return peer

    return make


# HELLO_MSG --------------------------------------------------------------------------------------


def test_who_connects_says_hello(bound, socket, transport):
    router, address = bound(transport, zmq.ROUTER)
    for name in b"a", b"b":
        dealer = socket(zmq.DEALER, {**HELLO, **named(name)})
        dealer.connect(address)
        dealer.send(b"next")
        assert router.recv_multipart() == [name, b"hello"]
        assert router.recv_multipart() == [name, b"next"]


def test_who_is_connected_to_says_hello(bound, socket, transport):
    _, address = bound(transport, zmq.ROUTER, HELLO)
    for _ in range(2):
        dealer = socket(zmq.DEALER)
        dealer.connect(address)
        assert dealer.recv_multipart() == [b"hello"]


def test_both_say_hello(bound, socket, transport):
    bound_one, address = bound(transport, zmq.ROUTER, {zmq.HELLO_MSG: b"1", **named(b"bound")})
    connected = socket(zmq.ROUTER, {zmq.HELLO_MSG: b"2", **named(b"connected")})
    connected.connect(address)
    assert connected.recv_multipart() == [b"bound", b"1"]
    assert bound_one.recv_multipart() == [b"connected", b"2"]


def test_hello_before_the_inproc_peer_binds(socket, endpoint):
    address = endpoint("inproc")
    dealer = socket(zmq.DEALER, {**HELLO, **named(b"me")})
    dealer.connect(address)
    dealer.send(b"next")
    router = socket(zmq.ROUTER, {zmq.HELLO_MSG: b"hello to you"})
    router.bind(address)
    assert router.recv_multipart() == [b"me", b"hello"]
    assert router.recv_multipart() == [b"me", b"next"]
    assert dealer.recv_multipart() == [b"hello to you"]


def test_every_connection_begins_with_hello(socket, ends, meet):
    listener = ends.listen()
    dealer = socket(zmq.DEALER, {**HELLO, **QUICK})
    dealer.connect(listener.endpoint)
    for number in range(3):
        peer = meet(listener)
        assert peer.read_frame() == (0, b"hello")
        dealer.send(b"%d" % number)
        assert peer.read_frame() == (0, b"%d" % number)
        peer.close()


def test_hello_overtakes_what_waits(socket):
    address = f"tcp://127.0.0.1:{free_port()}"
    dealer = socket(zmq.DEALER, {**HELLO, **QUICK, **named(b"me")})
    dealer.connect(address)
    for number in range(3):
        dealer.send(b"%d" % number)
    router = socket(zmq.ROUTER)
    router.bind(address)
    bodies = [router.recv_multipart()[1] for _ in range(4)]
    assert bodies == [b"hello", b"0", b"1", b"2"]


def test_hello_needs_no_room(bound, socket, transport):
    router, address = bound(transport, zmq.ROUTER)
    dealer = socket(zmq.DEALER, {**HELLO, zmq.SNDHWM: 1})
    dealer.connect(address)
    dealer.send(b"next")
    assert [router.recv_multipart()[1] for _ in range(2)] == [b"hello", b"next"]


def test_hello_is_taken_as_it_is_when_connecting(bound, socket, transport):
    router, address = bound(transport, zmq.ROUTER)
    dealer = socket(zmq.DEALER, HELLO)
    dealer.connect(address)
    dealer.set(zmq.HELLO_MSG, b"too late")
    assert router.recv_multipart()[1] == b"hello"
    dealer.set(zmq.HELLO_MSG, b"")
    other, other_address = bound(transport, zmq.DEALER)
    dealer.connect(other_address)
    assert not other.poll(50)


# DISCONNECT_MSG ---------------------------------------------------------------------------------


def test_a_peer_that_leaves_says_bye(bound, socket, transport):
    router, address = bound(transport, zmq.ROUTER, {**BYE, zmq.ROUTER_MANDATORY: 1})
    for name in b"a", b"b":
        dealer = socket(zmq.DEALER, named(name))
        dealer.connect(address)
        dealer.send_multipart([b"next", b"to last"])
        dealer.close()
        assert router.recv_multipart() == [name, b"next", b"to last"]
        assert router.recv_multipart() == [name, b"bye"]
        wait_alone(router)
        with fails_with(zmq.EHOSTUNREACH):
            router.send_multipart([name, b"gone"])


def test_half_a_message_does_not_become_part_of_bye(bound, ends):
    router, _ = bound("tcp", zmq.ROUTER, BYE)
    peer = ends.dial(router)
    peer.shake_hands(b"DEALER", identity=b"me")
    peer.send(frame(b"whole") + frame(b"half", more=True))
    assert router.recv_multipart() == [b"me", b"whole"]
    peer.close()
    assert router.recv_multipart() == [b"me", b"bye"]


def test_a_stranger_does_not_say_bye(bound, socket, ends):
    router, address = bound("tcp", zmq.ROUTER, BYE)
    stranger = ends.dial(router)
    stranger.read(10)
    stranger.close()
    assert not router.poll(50)
    dealer = socket(zmq.DEALER, named(b"me"))
    dealer.connect(address)
    dealer.send(b"next")
    assert router.recv_multipart() == [b"me", b"next"]


def test_who_was_connected_to_does_not_say_bye(socket, bound, transport):
    dealer, address = bound(transport, zmq.DEALER, named(b"me"))
    router = socket(zmq.ROUTER, BYE)
    router.connect(address)
    dealer.send(b"next")
    assert router.recv_multipart() == [b"me", b"next"]
    dealer.close()
    assert not router.poll(50)


# HICCUP_MSG -------------------------------------------------------------------------------------


def test_a_lost_connection_is_a_hiccup(socket, ends, meet):
    listener = ends.listen()
    dealer = socket(zmq.DEALER, {**HICCUP, **QUICK})
    dealer.connect(listener.endpoint)
    for number in range(3):
        peer = meet(listener)
        peer.send(frame(b"%d" % number) + frame(b"half", more=True))
        assert dealer.recv_multipart() == [b"%d" % number]
        peer.close()
        assert dealer.recv_multipart() == [b"hiccup"]


@wired
def test_a_peer_that_leaves_is_no_hiccup_for_who_was_bound(bound, socket, transport):
    dealer, address = bound(transport, zmq.DEALER, HICCUP)
    other = socket(zmq.DEALER)
    other.connect(address)
    other.send(b"next")
    assert dealer.recv_multipart() == [b"next"]
    other.close()
    assert not dealer.poll(50)


def test_without_a_handshake_there_is_no_hiccup(socket, ends, meet):
    listener = ends.listen()
    dealer = socket(zmq.DEALER, {**HICCUP, **QUICK})
    dealer.connect(listener.endpoint)
    for _ in range(3):
        stranger = listener.accept()
        stranger.read(10)
        stranger.close()
    meet(listener)
    assert not dealer.poll(50)


def test_disconnecting_is_no_hiccup(bound, socket):
    router, address = bound("tcp", zmq.ROUTER)
    dealer = socket(zmq.DEALER, HICCUP)
    dealer.connect(address)
    dealer.send(b"next")
    router.recv_multipart()
    dealer.disconnect(address)
    assert not dealer.poll(50) and not drain(dealer)


# All of them ------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", [*HELLO, *BYE, *HICCUP], ids=lambda option: option.name)
def test_they_can_only_be_set(socket, option):
    made = socket(zmq.ROUTER if option == zmq.DISCONNECT_MSG else zmq.DEALER)
    with fails_with(zmq.EINVAL):
        made.get(option)


def test_a_long_message(bound, socket, transport):
    long = bytes(range(256)) * 1000
    router, address = bound(transport, zmq.ROUTER)
    dealer = socket(zmq.DEALER, {zmq.HELLO_MSG: long})
    dealer.connect(address)
    assert router.recv_multipart()[1] == long
