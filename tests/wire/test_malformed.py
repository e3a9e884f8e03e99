"""Peers that break the rules: their connection ends and is counted, all others go on."""

import contextlib

import pytest
from support import TIMEOUT_MS, beyond_libzmq, drain, wait_until
from zmtp import GREETING, SIGNATURE, command, frame, frame_v1, greeting, metadata, ready

import zmqlite as zmq

MAXMSGSIZE = 1000

OPENING_2_0 = SIGNATURE + bytes([1, zmq.PUSH])

GREETINGS = {
    "zeros": (bytes(64), ["malformed greeting"]),
    "other mechanism": (greeting(mechanism=b"PLAIN"), ["mechanism mismatch"]),
    "longer mechanism": (greeting(mechanism=b"NULLX"), ["mechanism mismatch"]),
    "mechanism in lower case": (greeting(mechanism=b"null"), ["mechanism mismatch"]),
    "mechanism beyond its end": (
        greeting(mechanism=b"NULL" + bytes(15) + b"x"),
        ["mechanism mismatch"],
    ),
    "255 and text": (b"\xff" + b"text" * 15, ["malformed greeting", "malformed frame"]),
    "1.0, name beyond all memory": (b"\xff\x7f" + b"\xff" * 7 + b"\x00", ["oversize"]),
    "1.0, name of a negative length": (b"\xff\x80" + bytes(8), ["malformed greeting"]),
    "1.0, name without flags": (b"\xff" + bytes(9), ["malformed greeting"]),
    "2.0, name beyond all memory": (OPENING_2_0 + b"\x02\x7f" + b"\xff" * 7, ["oversize"]),
}

GREETINGS_LIBZMQ_TOLERATES = {
    "HTTP": (b"GET / HTTP/1.1\r\nHost: here\r\n\r\n", ["malformed greeting"]),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(60), ["malformed greeting"]),
    "SSH": (b"SSH-2.0-OpenSSH_9.2\r\n", ["malformed greeting"]),
    "1.0, name with more": (frame_v1(b"me", more=True), ["malformed greeting"]),
    "1.0, name with a flag": (b"\x03\x80me", ["malformed greeting"]),
    "1.0, name in a long frame with a flag": (
        b"\xff" + bytes(7) + b"\x03\x02me",
        ["malformed greeting"],
    ),
    "1.0, reserved name": (frame_v1(b"\x00abcd"), ["bad routing id"]),
    "1.0, too long a name": (frame_v1(bytes([1]) * 256), ["bad routing id"]),
    "2.0, reserved name": (OPENING_2_0 + frame(b"\x00abcd"), ["bad routing id"]),
    "2.0, too long a name": (OPENING_2_0 + frame(bytes([1]) * 256), ["bad routing id"]),
}

TRUNCATED_NAME = ready(b"PUSH", extra=b"\x05X-co")
TRUNCATED_VALUE = ready(b"PUSH", extra=metadata(b"X-colour", b"blue")[:-1])
HUGE_VALUE = ready(b"PUSH", extra=b"\x01X\xff\xff\xff\xff")

HANDSHAKES = {
    "message": (frame(b"hi"), ["unexpected command", "malformed command"]),
    "empty frame": (frame(command=True), ["unexpected command", "malformed command"]),
    "other command": (command(b"HELLO"), ["unexpected command"]),
    "name beyond the frame": (
        frame(b"\x09READY", command=True),
        ["unexpected command", "malformed command"],
    ),
    "ERROR": (command(b"ERROR", b"\x03400"), ["refused by peer"]),
    "ERROR beyond the frame": (command(b"ERROR", b"\x09400"), ["malformed error command"]),
    "unknown type": (ready(b"FOO"), ["incompatible socket type", "malformed metadata"]),
    "wrong type": (ready(b"SUB"), ["incompatible socket type"]),
    "truncated name": (TRUNCATED_NAME, ["malformed metadata"]),
    "truncated value": (TRUNCATED_VALUE, ["malformed metadata"]),
    "one octet too many": (ready(b"PUSH", extra=b"\x01"), ["malformed metadata"]),
    "oversize": (ready(b"PUSH", extra=metadata(b"X", bytes(MAXMSGSIZE))), ["oversize"]),
}

HANDSHAKES_LIBZMQ_TOLERATES = {
    "huge value": (HUGE_VALUE, ["malformed metadata"]),
    "no value length": (ready(b"PUSH", extra=b"\x01X"), ["malformed metadata"]),
    "long name": (ready(b"PUSH", identity=bytes([1]) * 256), ["bad routing id"]),
    "reserved name": (ready(b"PUSH", identity=b"\x00abcd"), ["bad routing id"]),
}

TRAFFIC = {
    "oversize": (frame(bytes(MAXMSGSIZE + 1)), ["oversize"]),
    "oversize in the middle": (frame(b"a", more=True) + frame(bytes(MAXMSGSIZE + 1)), ["oversize"]),
    "oversize by its header": (b"\x02" + (MAXMSGSIZE + 1).to_bytes(8, "big"), ["oversize"]),
    "oversize by far": (b"\x02\x7f" + b"\xff" * 7, ["oversize"]),
    "size with the highest bit": (b"\x02\x80" + bytes(7), ["oversize", "malformed frame"]),
    "all bits of the size": (b"\x03" + b"\xff" * 8, ["oversize", "malformed frame"]),
}

TRAFFIC_LIBZMQ_TOLERATES = {
    "ping without a time to live": (command(b"PING"), ["malformed command"]),
    "ping with half of it": (command(b"PING", b"\x00"), ["malformed command"]),
}

OLD_TRAFFIC = {
    "1.0, no length": (frame_v1(), bytes(4), ["malformed frame"]),
    "1.0, no length after more": (frame_v1(), frame_v1(more=True) + bytes(4), ["malformed frame"]),
    "1.0, long form of no length": (frame_v1(), b"\xff" + bytes(9), ["malformed frame"]),
    "1.0, oversize": (frame_v1(), frame_v1(bytes(MAXMSGSIZE + 1)), ["oversize"]),
    "1.0, oversize in the middle": (
        frame_v1(),
        frame_v1(b"a", more=True) + frame_v1(bytes(MAXMSGSIZE + 1)),
        ["oversize"],
    ),
    "1.0, all bits of the length": (
        frame_v1(),
        b"\xff" * 9 + b"\x00",
        ["oversize", "malformed frame"],
    ),
    "2.0, oversize": (OPENING_2_0 + frame(), frame(bytes(MAXMSGSIZE + 1)), ["oversize"]),
    "2.0, all bits of the size": (
        OPENING_2_0 + frame(),
        b"\x03" + b"\xff" * 8,
        ["oversize", "malformed frame"],
    ),
}


@pytest.fixture
def pull(bound):
    """A PULL with a well-behaved peer, which must get through whatever the others do."""
    made, address = bound("tcp", zmq.PULL, {zmq.MAXMSGSIZE: MAXMSGSIZE})
    return made, address


@pytest.fixture
def refuses(pull, socket, dial):
    """Check that a peer's octets end its connection, are counted, and disturb nobody."""
    ours, address = pull
    good = socket(zmq.PUSH)
    good.connect(address)

    def check(opening, culprit_octets, reasons, bytewise=False):
        _passes(good, ours)
        before = _closed(ours, reasons)
        culprit = dial(ours)
        opening(culprit)
        with contextlib.suppress(ConnectionError):  # it may be closed before all is sent
            (culprit.send_bytewise if bytewise else culprit.send)(culprit_octets)
        culprit.wait_closed()
        wait_until(lambda: _closed(ours, reasons) > before, f"one of {reasons} is counted")
        _passes(good, ours)
        later = socket(zmq.PUSH)
        later.connect(address)
        _passes(later, ours)
        assert not drain(ours)

    return check


def _closed(socket, reasons):
    counts = socket.stats()["closed"]
    return sum(counts.get(reason, 0) for reason in reasons)


def _passes(sender, receiver):
    sender.send_multipart([b"good", b"message"])
    assert receiver.recv_multipart() == [b"good", b"message"]


def _no_opening(peer):
    pass


def _greet(peer):
    peer.send(GREETING)
    peer.read(64)


def _shake_hands(peer):
    peer.shake_hands(b"PUSH")


@pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "bytewise"])
@pytest.mark.parametrize("name", GREETINGS)
def test_malformed_greeting(refuses, name, bytewise):
    refuses(_no_opening, *GREETINGS[name], bytewise)


@beyond_libzmq
@pytest.mark.parametrize("name", GREETINGS_LIBZMQ_TOLERATES)
def test_other_protocols(refuses, name):
    refuses(_no_opening, *GREETINGS_LIBZMQ_TOLERATES[name])


@pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "bytewise"])
@pytest.mark.parametrize("name", HANDSHAKES)
def test_malformed_handshake(refuses, name, bytewise):
    refuses(_greet, *HANDSHAKES[name], bytewise)


@beyond_libzmq
@pytest.mark.parametrize("name", HANDSHAKES_LIBZMQ_TOLERATES)
def test_malformed_handshake_that_libzmq_tolerates(refuses, name):
    refuses(_greet, *HANDSHAKES_LIBZMQ_TOLERATES[name])


@pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "bytewise"])
@pytest.mark.parametrize("name", TRAFFIC)
def test_malformed_traffic(refuses, name, bytewise):
    refuses(_shake_hands, *TRAFFIC[name], bytewise)


@beyond_libzmq
@pytest.mark.parametrize("name", TRAFFIC_LIBZMQ_TOLERATES)
def test_malformed_traffic_that_libzmq_tolerates(refuses, name):
    refuses(_shake_hands, *TRAFFIC_LIBZMQ_TOLERATES[name])


@pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "bytewise"])
@pytest.mark.parametrize("name", OLD_TRAFFIC)
def test_malformed_traffic_of_old_peers(refuses, name, bytewise):
    opening, octets, reasons = OLD_TRAFFIC[name]
    refuses(_no_opening, opening + octets, reasons, bytewise)


@beyond_libzmq
def test_a_command_from_a_peer_that_knows_none(refuses):
    opening = OPENING_2_0 + frame()
    refuses(_no_opening, opening + command(b"PING", bytes(2)), ["malformed frame"])


def test_we_connect_to_a_malformed_peer(socket, bound, accept):
    ours, address = bound("tcp", zmq.PULL)
    good = socket(zmq.PUSH)
    good.connect(address)
    _passes(good, ours)
    before = _closed(ours, ["mechanism mismatch"])
    culprit = accept(ours)
    culprit.send(greeting(mechanism=b"CURVE"))
    culprit.wait_closed()
    wait_until(lambda: _closed(ours, ["mechanism mismatch"]) > before, "it is counted")
    _passes(good, ours)


def test_a_frame_of_just_the_limit_passes(pull, dial):
    ours, _ = pull
    peer = dial(ours)
    peer.shake_hands(b"PUSH")
    peer.send(frame(bytes(MAXMSGSIZE), more=True) + frame(bytes(MAXMSGSIZE)))
    assert ours.recv_multipart() == [bytes(MAXMSGSIZE)] * 2


@pytest.mark.parametrize("size", [1 << 62, (1 << 63) - 1, 1 << 63, (1 << 64) - 1])
def test_a_size_that_no_memory_has(bound, dial, size):
    ours, _ = bound("tcp", zmq.PULL)
    culprit, good = dial(ours), dial(ours)
    culprit.shake_hands(b"PUSH")
    good.shake_hands(b"PUSH")
    culprit.send(b"\x02" + size.to_bytes(8, "big") + b"and some octets")
    culprit.wait_closed()
    good.send(frame(b"fine"))
    assert ours.recv() == b"fine"


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        GREETING[:1],
        GREETING[:11],
        GREETING[:63],
        GREETING,
        GREETING + b"\x04",
        SIGNATURE + b"\x01",
        pytest.param(OPENING_2_0, marks=beyond_libzmq),
        pytest.param(OPENING_2_0 + b"\x00\x05me", marks=beyond_libzmq),
        pytest.param(b"\x05", marks=beyond_libzmq),
        pytest.param(b"\x05\x00me", marks=beyond_libzmq),
    ],
)
def test_a_handshake_that_stops_ends_in_time(bound, dial, octets):
    ours, _ = bound("tcp", zmq.PULL, {zmq.HANDSHAKE_IVL: 100})
    good, silent = dial(ours), dial(ours)
    good.shake_hands(b"PUSH")
    before = _closed(ours, ["handshake timeout"])
    silent.send(octets)
    silent.wait_closed()
    wait_until(lambda: _closed(ours, ["handshake timeout"]) > before, "it is counted")
    good.send(frame(b"fine"))
    assert ours.recv() == b"fine"


@pytest.mark.parametrize("cut", [0, 1, 10, 11, 64, 65, 70, len(GREETING + ready(b"PUSH"))])
def test_a_peer_that_leaves_in_the_handshake(bound, dial, cut):
    ours, _ = bound("tcp", zmq.PULL)
    good, leaver = dial(ours), dial(ours)
    good.shake_hands(b"PUSH")
    leaver.send((GREETING + ready(b"PUSH"))[:cut])
    leaver.close()
    good.send(frame(b"fine"))
    assert ours.recv() == b"fine"


SPEAKERS = {
    "1.0": (lambda peer: peer.send(frame_v1()), frame_v1),
    "2.0": (lambda peer: peer.send(OPENING_2_0 + frame()), frame),
    "3.1": (_shake_hands, frame),
}


@pytest.mark.parametrize("cut", [1, 2, 4, 5, 6, 10, 14, 200, -6, -1])
@pytest.mark.parametrize("version", SPEAKERS)
def test_a_torn_message_is_never_delivered(bound, dial, version, cut):
    opening, frame_of = SPEAKERS[version]
    torn = frame_of(b"one", more=True) + frame_of(bytes(300), more=True) + frame_of(b"three")
    ours, _ = bound("tcp", zmq.PULL)
    leaver, good = dial(ours), dial(ours)
    for peer in (leaver, good):
        opening(peer)
    leaver.send(frame_of(b"whole") + torn[:cut])
    assert ours.recv_multipart() == [b"whole"]
    leavings = ["peer closed", "connection error"]
    before = _closed(ours, leavings)
    leaver.close()
    wait_until(lambda: _closed(ours, leavings) > before, "its departure is counted")
    good.send(torn)
    assert ours.recv_multipart() == [b"one", bytes(300), b"three"]
    good.send(frame_of(b"next"))
    assert ours.recv_multipart() == [b"next"]
    assert not drain(ours)


def test_a_reply_without_its_path_ends_the_connection(socket, accept):
    ours = socket(zmq.REQ)
    culprit = accept(ours)
    culprit.shake_hands(b"REP")
    ours.send(b"question")
    assert culprit.read_frame() == (1, b"")
    assert culprit.read_frame() == (0, b"question")
    culprit.send(frame(b"no path"))
    culprit.wait_closed()
    assert ours.poll(0) == 0


@beyond_libzmq
def test_a_subscription_is_not_a_message(bound, dial):
    ours, _ = bound("tcp", zmq.PULL)
    peer = dial(ours)
    peer.shake_hands(b"PUSH")
    peer.send(command(b"SUBSCRIBE", b"x") + command(b"CANCEL", b"x") + frame(b"message"))
    assert ours.recv_multipart() == [b"message"]


@beyond_libzmq
@pytest.mark.parametrize(("kind", "peer_kind"), [(zmq.PUSH, b"PULL"), (zmq.PUB, b"SUB")])
def test_messages_to_a_socket_that_never_receives_are_discarded(bound, dial, kind, peer_kind):
    ours, _ = bound("tcp", kind, {zmq.RCVHWM: 10})
    peer = dial(ours)
    peer.shake_hands(peer_kind)
    if kind == zmq.PUB:
        peer.send(command(b"SUBSCRIBE", b"end"))
    for _ in range(200):
        peer.send(frame(b"x" * 50_000))
    peer.send(command(b"PING", b"\x00\x00all"))
    assert peer.read_frame() == (4, b"\x04PONGall")
    assert ours.poll(TIMEOUT_MS, zmq.POLLOUT)
    ours.send(b"end")
    assert peer.read_frame() == (0, b"end")
    wait_until(lambda: sum(ours.stats()["dropped"].values()) >= 200, "the drops are counted")
