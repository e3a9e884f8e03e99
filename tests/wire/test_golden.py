"""Golden octets, both ways: whole, octet by octet, and with the start of the next behind them."""

import pytest
from zmtp import GREETING, command, frame, greeting, metadata, ready

import zmqlite as zmq

NAMED = (zmq.REQ, zmq.DEALER, zmq.ROUTER)
"""Types that tell their routing id."""

PEER_OF = {
    zmq.PAIR: b"PAIR",
    zmq.PUB: b"SUB",
    zmq.SUB: b"PUB",
    zmq.REQ: b"REP",
    zmq.REP: b"REQ",
    zmq.DEALER: b"ROUTER",
    zmq.ROUTER: b"DEALER",
    zmq.PULL: b"PUSH",
    zmq.PUSH: b"PULL",
    zmq.XPUB: b"XSUB",
    zmq.XSUB: b"XPUB",
}

HELLO = "00 05 48 65 6c 6c 6f"
EMPTY_AND_HI = "01 00 00 02 48 69"
NOISE = bytes(range(256)) + bytes(44)
LONG_256 = "02 00 00 00 00 00 00 01 00" + NOISE[:256].hex()
LONG_300_MORE = "03 00 00 00 00 00 00 01 2c" + NOISE.hex()
READY = "05 52 45 41 44 59 0b 53 6f 63 6b 65 74 2d 54 79 70 65"
READY_PULL = "04 1a" + READY + "00 00 00 04 50 55 4c 4c"
READY_ROUTER = (
    "04 29" + READY + "00 00 00 06 52 4f 55 54 45 52 08 49 64 65 6e 74 69 74 79 00 00 00 00"
)
PING = "04 07 04 50 49 4e 47 00 13"
PING_ABC = "04 0a 04 50 49 4e 47 00 13 61 62 63"
PONG_ABC = "04 08 04 50 4f 4e 47 61 62 63"
SUBSCRIBE_AB = "04 0c 09 53 55 42 53 43 52 49 42 45 41 42"
SUBSCRIBE_ALL = "04 0a 09 53 55 42 53 43 52 49 42 45"
CANCEL_AB = "04 09 06 43 41 4e 43 45 4c 41 42"
OLD_SUBSCRIBE_AB = "00 03 01 41 42"
OLD_CANCEL_AB = "00 03 00 41 42"

INCOMING = {
    "message": (zmq.PULL, HELLO, [b"Hello"]),
    "empty message": (zmq.PULL, "00 00", [b""]),
    "two frames": (zmq.PULL, EMPTY_AND_HI, [b"", b"Hi"]),
    "long frame": (zmq.PULL, LONG_256, [NOISE[:256]]),
    "long frame and more": (zmq.PULL, LONG_300_MORE + "00 00", [NOISE, b""]),
    "long form of a small size": (zmq.PULL, "02 00 00 00 00 00 00 00 02 48 69", [b"Hi"]),
    "long form of nothing": (zmq.PULL, "02 00 00 00 00 00 00 00 00", [b""]),
    "reserved flags": (zmq.PULL, "f9 00 f8 02 48 69", [b"", b"Hi"]),
    "ping between frames": (zmq.PULL, "01 00" + PING + "00 02 48 69", [b"", b"Hi"]),
    "request": (zmq.REP, "01 00 00 01 78", [b"x"]),
    "subscribe": (zmq.XPUB, SUBSCRIBE_AB, [b"\x01AB"]),
    "subscribe to all": (zmq.XPUB, SUBSCRIBE_ALL, [b"\x01"]),
    "subscribe, old form": (zmq.XPUB, OLD_SUBSCRIBE_AB, [b"\x01AB"]),
    "cancel": (zmq.XPUB, CANCEL_AB, [b"\x00AB"]),
    "cancel, old form": (zmq.XPUB, OLD_CANCEL_AB, [b"\x00AB"]),
}

IGNORED = {
    "ping": command(b"PING", bytes(2)),
    "pong": command(b"PONG", b"abc"),
    "unknown command": command(b"NEVERHEARD", b"of"),
    "empty command": frame(command=True),
    "name longer than its frame": frame(b"\x09PING", command=True),
    "a second READY": ready(b"PUSH"),
    "two more READYs": ready(b"PUSH") * 2,
    "ERROR": command(b"ERROR", b"\x03400"),
}


@pytest.mark.parametrize("name", INCOMING)
def test_incoming_whole(joined, name):
    kind, octets, message = INCOMING[name]
    ours, peer = joined(kind)
    peer.shake_hands(PEER_OF[kind])
    peer.send(bytes.fromhex(octets))
    assert ours.recv_multipart() == message


@pytest.mark.parametrize("name", INCOMING)
def test_incoming_bytewise(joined, name):
    kind, octets, message = INCOMING[name]
    ours, peer = joined(kind)
    peer.shake_hands(PEER_OF[kind])
    peer.send_bytewise(bytes.fromhex(octets))
    assert ours.recv_multipart() == message


@pytest.mark.parametrize("cut", [1, 2, 3])
@pytest.mark.parametrize("name", INCOMING)
def test_incoming_with_a_tail(joined, name, cut):
    kind, octets, message = INCOMING[name]
    ours, peer = joined(kind)
    peer.shake_hands(PEER_OF[kind])
    tail, due = {
        zmq.PULL: (frame(b"", more=True) + frame(b"tail"), [b"", b"tail"]),
        zmq.REP: (frame(b"", more=True) + frame(b"tail"), [b"tail"]),
        zmq.XPUB: (command(b"SUBSCRIBE", b"tail"), [b"\x01tail"]),
    }[kind]
    peer.send(bytes.fromhex(octets) + tail[:cut])
    assert ours.recv_multipart() == message
    if kind == zmq.REP:
        ours.send(b"")
    peer.send(tail[cut:])
    assert ours.recv_multipart() == due


@pytest.mark.parametrize("cut", ["whole", "bytewise"])
@pytest.mark.parametrize("name", IGNORED)
def test_commands_that_mean_nothing_here(joined, name, cut):
    ours, peer = joined(zmq.PULL)
    peer.shake_hands(b"PUSH")
    octets = IGNORED[name] + frame(b"a", more=True) + IGNORED[name] + frame(b"b")
    peer.send(octets) if cut == "whole" else peer.send_bytewise(octets)
    assert ours.recv_multipart() == [b"a", b"b"]


@pytest.mark.parametrize("kind", PEER_OF, ids=lambda kind: kind.name)
def test_our_greeting_and_ready(joined, kind):
    _, peer = joined(kind)
    peer.send(GREETING)
    hello = peer.read(64)
    assert hello[0] == 0xFF and hello[9] == 0x7F
    assert hello[10:] == GREETING[10:]
    due = ready(kind.name.encode(), b"" if kind in NAMED else None)
    assert peer.read(len(due)) == due


@pytest.mark.parametrize(("kind", "golden"), [(zmq.PULL, READY_PULL), (zmq.ROUTER, READY_ROUTER)])
def test_our_ready_in_full(joined, kind, golden):
    _, peer = joined(kind)
    peer.send(GREETING)
    peer.read(64)
    due = bytes.fromhex(golden)
    assert peer.read(len(due)) == due


@pytest.mark.parametrize("kind", NAMED)
def test_our_ready_tells_our_name(joined, kind):
    _, peer = joined(kind, {zmq.ROUTING_ID: b"me"})
    peer.send(GREETING)
    peer.read(64)
    due = ready(kind.name.encode(), b"me")
    assert peer.read(len(due)) == due


def test_we_greet_first(joined):
    """Two peers that both wait for the other's greeting would wait for ever."""
    _, peer = joined(zmq.PULL)
    assert peer.read(10)[9] == 0x7F


@pytest.mark.parametrize("cut", ["whole", "bytewise", "in one burst"])
def test_handshake(joined, cut):
    ours, peer = joined(zmq.PULL)
    if cut == "in one burst":
        peer.shake_hands(b"PUSH")
    else:
        send = peer.send if cut == "whole" else peer.send_bytewise
        send(GREETING)
        peer.read(64)
        send(ready(b"PUSH"))
        peer.read_frame()
    peer.send(frame(b"Hello"))
    assert ours.recv() == b"Hello"


HANDSHAKES = {
    "odd padding": (b"\xff" + b"12345678" + GREETING[9:], ready(b"PUSH")),
    "filler": (greeting(filler=b"x" * 31), ready(b"PUSH")),
    "as server": (greeting(as_server=1), ready(b"PUSH")),
    "minor version 9": (greeting(minor=9), ready(b"PUSH")),
    "major version 4": (greeting(major=4, minor=0), ready(b"PUSH")),
    "long form": (GREETING, frame(ready(b"PUSH")[2:], command=True, long=True)),
    "more flag": (GREETING, frame(ready(b"PUSH")[2:], command=True, more=True)),
    "no command flag": (GREETING, frame(ready(b"PUSH")[2:])),
    "no socket type": (GREETING, command(b"READY")),
    "unknown property": (GREETING, ready(b"PUSH", extra=metadata(b"X-colour", b"blue"))),
    "empty value": (GREETING, ready(b"PUSH", extra=metadata(b"X-colour", b""))),
    "name": (GREETING, ready(b"PUSH", identity=b"me")),
    "large property": (GREETING, ready(b"PUSH", extra=metadata(b"X-large", bytes(5000)))),
}


@pytest.mark.parametrize("name", HANDSHAKES)
def test_handshakes_that_are_accepted(joined, name):
    hello, there = HANDSHAKES[name]
    ours, peer = joined(zmq.PULL)
    peer.send(hello + there)
    peer.read(64)
    peer.read_frame()
    peer.send(frame(b"Hello"))
    assert ours.recv() == b"Hello"


OUTGOING = [
    ([b"Hello"], HELLO),
    ([b""], "00 00"),
    ([b"", b"Hi"], EMPTY_AND_HI),
    ([NOISE[:255]], "00 ff" + NOISE[:255].hex()),
    ([NOISE[:256]], LONG_256),
    ([NOISE, b""], LONG_300_MORE + "00 00"),
]


@pytest.mark.parametrize(("message", "octets"), OUTGOING)
def test_outgoing(joined, message, octets):
    ours, peer = joined(zmq.PUSH)
    peer.shake_hands(b"PULL")
    ours.send_multipart(message)
    due = bytes.fromhex(octets)
    assert peer.read(len(due)) == due


def test_outgoing_request_and_reply(joined):
    ours, peer = joined(zmq.REQ)
    peer.shake_hands(b"REP")
    ours.send(b"x")
    assert peer.read(5) == bytes.fromhex("01 00 00 01 78")
    peer.send(bytes.fromhex("01 00 00 01 79"))
    assert ours.recv() == b"y"


@pytest.mark.parametrize(
    ("minor", "subscribe", "cancel"),
    [(1, SUBSCRIBE_AB, CANCEL_AB), (0, OLD_SUBSCRIBE_AB, OLD_CANCEL_AB)],
)
def test_subscriptions_in_the_form_the_peer_knows(joined, minor, subscribe, cancel):
    ours, peer = joined(zmq.SUB)
    ours.subscribe(b"AB")
    peer.shake_hands(b"PUB", greeting(minor=minor))
    due = bytes.fromhex(subscribe)
    # A bound libzmq looks at a new peer only when the socket is used.
    assert ours.poll(0) == 0
    assert peer.read(len(due)) == due
    ours.unsubscribe(b"AB")
    due = bytes.fromhex(cancel)
    assert peer.read(len(due)) == due
    peer.send(frame(b"AB stale") + frame(b"ABC"))
    ours.subscribe(b"ABC")
    assert peer.read_frame()[1].endswith(b"ABC")
    peer.send(frame(b"ABCD"))
    while ours.recv() != b"ABCD":
        pass


def test_sub_repeats_each_topic_once(socket, accept):
    ours = socket(zmq.SUB)
    for topic in (b"a", b"b", b"b", b"c"):
        ours.subscribe(topic)
    ours.unsubscribe(b"c")
    for _ in range(2):
        peer = accept(ours)
        peer.shake_hands(b"PUB")
        told = {peer.read_frame() for _ in range(2)}
        assert told == {(4, b"\x09SUBSCRIBEa"), (4, b"\x09SUBSCRIBEb")}
    ours.subscribe(b"end")
    assert peer.read_frame() == (4, b"\x09SUBSCRIBEend")


@pytest.mark.parametrize("subscribe", [SUBSCRIBE_AB, OLD_SUBSCRIBE_AB])
def test_pub_filters_for_the_peer(joined, subscribe):
    ours, peer = joined(zmq.XPUB)
    peer.shake_hands(b"SUB")
    peer.send(bytes.fromhex(subscribe))
    assert ours.recv() == b"\x01AB"
    for message in (b"A", b"AB", b"B", b"ABC"):
        ours.send(message)
    assert peer.read(9) == frame(b"AB") + frame(b"ABC")


@pytest.mark.parametrize("cut", ["whole", "bytewise", "twice"])
@pytest.mark.parametrize(
    ("ping", "pong"),
    [(PING, "04 05 04 50 4f 4e 47"), (PING_ABC, PONG_ABC)],
    ids=["bare", "with context"],
)
def test_ping_is_answered(joined, ping, pong, cut):
    _, peer = joined(zmq.PULL)
    peer.shake_hands(b"PUSH")
    ping, pong = bytes.fromhex(ping), bytes.fromhex(pong)
    if cut == "bytewise":
        peer.send_bytewise(ping)
    else:
        peer.send(ping * (2 if cut == "twice" else 1))
    for _ in range(2 if cut == "twice" else 1):
        assert peer.read(len(pong)) == pong


def test_ping_with_the_longest_context(joined):
    _, peer = joined(zmq.PULL)
    peer.shake_hands(b"PUSH")
    peer.send(command(b"PING", bytes(2) + b"0123456789abcdef"))
    assert peer.read_frame() == (4, b"\x04PONG0123456789abcdef")


def test_ping_during_a_stream_of_messages(joined):
    ours, peer = joined(zmq.PUSH)
    peer.shake_hands(b"PULL")
    for number in range(100):
        ours.send_multipart([b"%d" % number, b"tail"])
        peer.send(command(b"PING", b"\x00\x00%d" % number))
    bodies, pongs = [], []
    while len(bodies) < 200 or len(pongs) < 100:
        flags, body = peer.read_frame()
        (pongs if flags & 4 else bodies).append(body)
    assert pongs == [b"\x04PONG%d" % number for number in range(100)]
    assert bodies == [part for number in range(100) for part in (b"%d" % number, b"tail")]


@pytest.mark.parametrize("kind", [zmq.PUSH, zmq.REQ, zmq.DEALER])
def test_nothing_is_sent_before_the_peer_is_ready(socket, accept, kind):
    """libzmq takes whatever comes before its own READY for a broken handshake, and is gone."""
    ours = socket(kind)
    peer = accept(ours)
    ours.send(b"early")
    peer.send(GREETING)
    peer.read(64)
    peer.read_frame()
    assert peer.hears_nothing(0.05)
    peer.send(ready(PEER_OF[kind]))
    assert peer.read_frame()[1] in (b"early", b"")
