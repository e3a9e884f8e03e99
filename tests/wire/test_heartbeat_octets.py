"""Heartbeats and handshake time-outs as a peer sees them that speaks ZMTP by hand."""

import select
import socket as plain
import struct
import types

import pytest
from support import (
    TIMEOUT,
    TIMEOUT_MS,
    Background,
    beyond_libzmq,
    fill,
    wait_until,
    wait_writable,
)
from zmtp import GREETING, SIGNATURE, Peer, command, frame, greeting, ready

import zmqlite as zmq

IVL = 20
"""Milliseconds between two PINGs: short, so that many fit into a test."""

TIMEOUT_OF_PEER = 300
"""Milliseconds that a silent peer is given: the test must never be as slow by mistake."""

BEATING = {zmq.HEARTBEAT_IVL: IVL, zmq.HEARTBEAT_TIMEOUT: TIMEOUT_OF_PEER}
PATIENT = {zmq.HEARTBEAT_IVL: IVL, zmq.HEARTBEAT_TIMEOUT: 0}

PEERS = [
    *(("PAIR", "PAIR"), ("PUB", "SUB"), ("SUB", "PUB"), ("XPUB", "XSUB"), ("XSUB", "XPUB")),
    *(("REQ", "REP"), ("REP", "REQ"), ("DEALER", "ROUTER"), ("ROUTER", "DEALER")),
    *(("PUSH", "PULL"), ("PULL", "PUSH")),
]

PONG = command(b"PONG")


def ping(deciseconds=0, context=b""):
    return command(b"PING", struct.pack(">H", deciseconds) + context)


def read_ping(peer, deciseconds=0):
    flags, body = peer.read_frame()
    assert (flags, body) == (4, b"\x04PING" + struct.pack(">H", deciseconds))


def closed_by(socket, reason):
    return socket.stats()["closed"].get(reason, 0)


# What an application may do with its socket while nothing arrives; all end with a message.


def in_recv(socket):
    return socket.recv()


def in_poll(socket):
    assert socket.poll(TIMEOUT_MS)
    return socket.recv(zmq.DONTWAIT)


def in_poller(socket):
    poller = zmq.Poller()
    poller.register(socket, zmq.POLLIN)
    assert poller.poll(TIMEOUT_MS)
    return socket.recv(zmq.DONTWAIT)


def in_select_on_its_fd(socket):
    while not socket.get(zmq.EVENTS) & zmq.POLLIN:
        assert select.select([socket.get(zmq.FD)], [], [], TIMEOUT)[0]
    return socket.recv(zmq.DONTWAIT)


@pytest.fixture(
    params=[in_recv, in_poll, in_poller, in_select_on_its_fd, None],
    ids=lambda use: use.__name__ if use else "elsewhere",
)
def application(request):
    """Let a thread wait for a message, or none until it is asked for; `result()` has it."""

    def begin(socket):
        if request.param:
            return Background(request.param, socket)
        return types.SimpleNamespace(result=socket.recv)

    return begin


@pytest.fixture
def server(no_leaks, peers):
    """Make a listener; returns its endpoint, and a call for the next peer that connects to it."""
    with plain.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(TIMEOUT)

        def accept():
            peers.append(Peer(listener.accept()[0]))
            return peers[-1]

        yield f"tcp://127.0.0.1:{listener.getsockname()[1]}", accept


# What we send.


@pytest.mark.parametrize(("kind", "theirs"), PEERS)
def test_every_type_sends_pings(joined, kind, theirs):
    _, peer = joined(getattr(zmq, kind), PATIENT)
    peer.shake_hands(theirs.encode())
    for _ in range(2):
        read_ping(peer)


@pytest.mark.parametrize(
    ("milliseconds", "deciseconds"), [(0, 0), (99, 0), (100, 1), (1999, 19), (65_599, 655)]
)
def test_time_to_live_in_a_ping(joined, milliseconds, deciseconds):
    _, peer = joined(zmq.PULL, {**PATIENT, zmq.HEARTBEAT_TTL: milliseconds})
    peer.shake_hands(b"PUSH")
    read_ping(peer, deciseconds)


@beyond_libzmq
@pytest.mark.parametrize("milliseconds", [65_600, 100_000, 6_553_599])
def test_a_time_to_live_that_libzmq_would_misread_is_clamped(joined, milliseconds):
    """libzmq reckons in 16 bits: of 65.6 s it makes 64 ms."""
    _, peer = joined(zmq.PULL, {**PATIENT, zmq.HEARTBEAT_TTL: milliseconds})
    peer.shake_hands(b"PUSH")
    read_ping(peer, 655)


def test_no_pings_unless_asked_for(joined):
    _, peer = joined(zmq.PULL, {zmq.HEARTBEAT_TTL: 1000, zmq.HEARTBEAT_TIMEOUT: 10})
    peer.shake_hands(b"PUSH")
    assert peer.hears_nothing(0.1)


def test_no_pings_before_the_peer_is_ready(joined):
    _, peer = joined(zmq.PULL, BEATING)
    peer.send(GREETING)
    peer.read(64)
    peer.read_frame()
    assert peer.hears_nothing(0.1)
    peer.send(ready(b"PUSH"))
    read_ping(peer)


def test_pings_while_we_send(joined):
    ours, peer = joined(zmq.PUSH, BEATING)
    peer.shake_hands(b"PULL")
    pings = 0
    while pings < 5:
        ours.send(b"message")
        flags, body = peer.read_frame()
        if flags & 4:
            peer.send(PONG)
            pings += 1
        else:
            assert body == b"message"


def test_pings_while_we_receive(joined):
    ours, peer = joined(zmq.PULL, BEATING)
    peer.shake_hands(b"PUSH")
    for _ in range(5):
        while peer.hears_nothing(0):
            peer.send(frame(b"message"))
            assert ours.recv() == b"message"
        read_ping(peer)


def test_a_peer_of_version_3_0_is_sent_pings(joined):
    _, peer = joined(zmq.PULL, BEATING)
    peer.shake_hands(b"PUSH", greeting(minor=0))
    for _ in range(3):
        read_ping(peer)
        peer.send(PONG)
    peer.wait_closed()


def test_a_peer_of_version_2_is_left_in_peace(joined):
    ours, peer = joined(zmq.PULL, {zmq.HEARTBEAT_IVL: IVL, zmq.HEARTBEAT_TTL: 1000})
    peer.send(SIGNATURE + b"\x01\x08" + frame(b""))
    peer.read(10 + 2 + 2)
    assert peer.hears_nothing(0.1)
    peer.send(frame(b"message"))
    assert ours.recv() == b"message"


def test_nothing_is_put_into_a_raw_stream(joined):
    ours, peer = joined(zmq.STREAM, {zmq.HEARTBEAT_IVL: IVL, zmq.HEARTBEAT_TTL: 1000})
    assert peer.hears_nothing(0.1)
    peer.send(b"octets")
    name, _ = ours.recv_multipart()
    assert ours.recv_multipart() == [name, b"octets"]


# What we make of a peer's silence.


def test_a_silent_peer_is_dropped(bound, dial, application):
    ours, _ = bound("tcp", zmq.PULL, BEATING)
    silent = dial(ours)
    silent.shake_hands(b"PUSH")
    waiting = application(ours)
    for _ in range(3):
        read_ping(silent)
        silent.send(PONG)
    silent.wait_closed()
    other = dial(ours)
    other.shake_hands(b"PUSH")
    other.send(frame(b"message"))
    assert waiting.result() == b"message"


def test_the_time_out_is_the_interval_by_default(joined):
    ours, peer = joined(zmq.PULL, {zmq.HEARTBEAT_IVL: IVL})
    assert ours.get(zmq.HEARTBEAT_TIMEOUT) == -1
    peer.shake_hands(b"PUSH")
    read_ping(peer)
    peer.wait_closed()


def test_without_a_time_out_silence_is_forgiven(joined):
    ours, peer = joined(zmq.PULL, PATIENT)
    peer.shake_hands(b"PUSH")
    for _ in range(10):
        read_ping(peer)
    peer.send(frame(b"message"))
    assert ours.recv() == b"message"


def test_we_connect_again_after_silence(socket, server):
    ours = socket(zmq.PULL, BEATING)
    address, accept = server
    ours.connect(address)
    for _ in range(2):
        peer = accept()
        peer.shake_hands(b"PUSH")
        read_ping(peer)
    peer.send(frame(b"message"))
    assert ours.recv() == b"message"


@beyond_libzmq
def test_dropped_peers_are_counted(joined):
    ours, peer = joined(zmq.PULL, BEATING)
    peer.shake_hands(b"PUSH")
    peer.wait_closed()
    wait_until(lambda: closed_by(ours, "heartbeat timeout"), "it is counted")


@beyond_libzmq
def test_a_peer_that_takes_nothing_is_dropped(bound, dial):
    """That its messages wait for room is no sign of life."""
    ours, _ = bound("tcp", zmq.PUSH, {**BEATING, zmq.SNDHWM: 1})
    peer = dial(ours)
    peer.shake_hands(b"PULL")
    wait_writable(ours)
    fill(ours, bytes(1 << 20))
    wait_until(lambda: closed_by(ours, "heartbeat timeout"), "it is dropped and counted")


SIGNS_OF_LIFE = {
    "pong": PONG,
    "pong with a context": command(b"PONG", b"never asked"),
    "ping": ping(),
    "message": frame(b"message"),
    "first frame of a message": frame(b"message", more=True),
    "unknown command": command(b"NEVERHEARD"),
    "empty command": frame(command=True),
}


@pytest.mark.parametrize("name", SIGNS_OF_LIFE)
def test_any_frame_is_a_sign_of_life(bound, dial, name):
    ours, _ = bound("tcp", zmq.PULL, BEATING)
    peer = dial(ours)
    peer.shake_hands(b"PUSH")
    pings = 0
    while pings * IVL < 1.5 * TIMEOUT_OF_PEER:
        if peer.read_frame()[1].startswith(b"\x04PING"):
            peer.send(SIGNS_OF_LIFE[name])
            pings += 1


@beyond_libzmq
def test_a_peer_is_not_dead_because_we_do_not_read(bound, dial):
    """At RCVHWM its PONGs stay unread, behind the messages that nobody takes."""
    ours, _ = bound("tcp", zmq.PULL, {**BEATING, zmq.HEARTBEAT_TIMEOUT: IVL, zmq.RCVHWM: 1})
    peer = dial(ours)
    peer.shake_hands(b"PUSH")
    bodies = [b"%d" % number + bytes(1000) for number in range(300)]
    peer.send(b"".join(map(frame, bodies)))
    for _ in range(10):
        read_ping(peer)
        peer.send(PONG)
    assert [ours.recv() for _ in bodies] == bodies
    peer.send(frame(b"still there"))
    assert ours.recv() == b"still there"


# What the peer wants us to make of its own silence.


def test_a_peer_whose_time_to_live_is_over_is_dropped(bound, dial, application):
    ours, _ = bound("tcp", zmq.PULL)
    mortal = dial(ours)
    mortal.shake_hands(b"PUSH")
    waiting = application(ours)
    mortal.send(ping(2))
    assert mortal.wait_closed() == PONG
    other = dial(ours)
    other.shake_hands(b"PUSH")
    other.send(frame(b"message"))
    assert waiting.result() == b"message"


@beyond_libzmq
def test_peers_whose_time_to_live_is_over_are_counted(joined):
    ours, peer = joined(zmq.PULL)
    peer.shake_hands(b"PUSH")
    peer.send(ping(1))
    peer.wait_closed()
    wait_until(lambda: closed_by(ours, "heartbeat timeout"), "it is counted")


@pytest.mark.parametrize("revival", [frame(b"message"), ping(0)], ids=["message", "ping"])
def test_the_next_frame_ends_a_time_to_live(bound, dial, revival):
    ours, _ = bound("tcp", zmq.PULL)
    peer = dial(ours)
    peer.shake_hands(b"PUSH")
    peer.send(ping(1) + revival + frame(b"behind"))
    while ours.recv() != b"behind":
        pass
    assert peer.read_frame() == (4, b"\x04PONG")
    if revival == ping(0):
        assert peer.read_frame() == (4, b"\x04PONG")
    assert peer.hears_nothing(0.2)
    peer.send(frame(b"message"))
    assert ours.recv() == b"message"


@beyond_libzmq
@pytest.mark.parametrize("deciseconds", [656, 65_535])
def test_a_long_time_to_live_is_as_long_as_it_says(bound, dial, deciseconds):
    """In 16 bits, as libzmq reckons, 656 would be 64 ms, and 65,535 would be 65.4 s."""
    ours, _ = bound("tcp", zmq.PULL)
    peer = dial(ours)
    peer.shake_hands(b"PUSH")
    peer.send(ping(deciseconds))
    assert peer.read_frame() == (4, b"\x04PONG")
    assert peer.hears_nothing(0.2)
    peer.send(frame(b"message"))
    assert ours.recv() == b"message"


# When the options count.


def test_a_bind_keeps_the_options_of_its_time(socket, dial):
    ours = socket(zmq.PULL)
    for interval in (0, IVL, 0):
        ours.set(zmq.HEARTBEAT_IVL, interval)
        ours.bind("tcp://127.0.0.1:*")
        ours.set(zmq.HEARTBEAT_IVL, IVL - interval)
        peer = dial(ours)
        peer.shake_hands(b"PUSH")
        if interval:
            read_ping(peer)
        else:
            assert peer.hears_nothing(0.1)


def test_a_connect_keeps_the_options_of_its_time(socket, accept):
    ours = socket(zmq.PULL)
    for interval in (0, IVL, 0):
        ours.set(zmq.HEARTBEAT_IVL, interval)
        peer = accept(ours)
        ours.set(zmq.HEARTBEAT_IVL, IVL - interval)
        peer.shake_hands(b"PUSH")
        if interval:
            read_ping(peer)
        else:
            assert peer.hears_nothing(0.1)


# Handshakes that do not get on.

OPENINGS = {"nothing": b"", "half a greeting": GREETING[:20], "greeting": GREETING}


@pytest.mark.parametrize("opening", OPENINGS)
def test_a_handshake_ends_in_time(bound, dial, application, opening):
    ours, _ = bound("tcp", zmq.PULL, {zmq.HANDSHAKE_IVL: 100})
    waiting = application(ours)
    late = dial(ours)
    late.send(OPENINGS[opening])
    late.wait_closed()
    other = dial(ours)
    other.shake_hands(b"PUSH")
    other.send(frame(b"message"))
    assert waiting.result() == b"message"


@pytest.mark.parametrize("opening", OPENINGS)
def test_we_connect_again_after_a_handshake_that_stopped(socket, server, opening):
    ours = socket(zmq.PULL, {zmq.HANDSHAKE_IVL: TIMEOUT_OF_PEER})
    address, accept = server
    ours.connect(address)
    accept().send(OPENINGS[opening])
    other = accept()
    other.shake_hands(b"PUSH")
    other.send(frame(b"message"))
    assert ours.recv() == b"message"


def test_an_interval_of_zero_lets_a_handshake_take_its_time(joined):
    ours, peer = joined(zmq.PULL, {zmq.HANDSHAKE_IVL: 0})
    peer.send(GREETING)
    peer.read(64)
    peer.read_frame()
    assert peer.hears_nothing(0.2)
    peer.send(ready(b"PUSH") + frame(b"message"))
    assert ours.recv() == b"message"


def test_the_handshake_interval_means_nothing_afterwards(joined):
    ours, peer = joined(zmq.PULL, {zmq.HANDSHAKE_IVL: 100})
    peer.shake_hands(b"PUSH")
    assert peer.hears_nothing(0.2)
    peer.send(frame(b"message"))
    assert ours.recv() == b"message"
