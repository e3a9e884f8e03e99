"""Peers that speak ZMTP 1.0 and 2.0: what each side begins with, the frames, and the patterns."""

import pytest
from support import drain
from zmtp import SIGNATURE, frame, frame_v1

import zmqlite as zmq


class Version1:
    """Begins with its identity; takes the signature of others for the header of theirs."""

    frame = staticmethod(frame_v1)

    @staticmethod
    def opening(_, identity=b""):
        return frame_v1(identity)

    @staticmethod
    def read_opening(peer, _, identity=b""):
        due = b"\xff" + (len(identity) + 1).to_bytes(8, "big") + b"\x7f" + identity
        assert peer.read(len(due)) == due

    @staticmethod
    def read_frame(peer):
        return peer.read_frame_v1()


class Version2:
    """Begins with a signature, its revision and its type; its identity is the first frame."""

    frame = staticmethod(frame)

    @staticmethod
    def opening(kind, identity=b""):
        return SIGNATURE + bytes([1, kind]) + frame(identity)

    @staticmethod
    def read_opening(peer, kind, identity=b""):
        signature = peer.read(len(SIGNATURE))
        assert signature[0] == 0xFF and signature[9] & 1
        due = bytes([3, kind]) + frame(identity)
        assert peer.read(len(due)) == due

    @staticmethod
    def read_frame(peer):
        return peer.read_frame()


@pytest.fixture(params=[Version1, Version2], ids=["1.0", "2.0"])
def version(request):
    return request.param


@pytest.fixture(params=["whole", "bytewise"])
def send(request):
    def octets_to(peer, octets):
        peer.send(octets) if request.param == "whole" else peer.send_bytewise(octets)

    return octets_to


@pytest.fixture
def meet(joined, version):
    """Make a zmqlite socket and an old peer that have greeted each other."""

    def make(kind, peer_kind, identity=b"", options=None):
        ours, peer = joined(kind, options)
        peer.send(version.opening(peer_kind, identity))
        version.read_opening(peer, kind, (options or {}).get(zmq.ROUTING_ID, b""))
        return ours, peer

    return make


@pytest.fixture
def say(version):
    """Let a peer send a message."""

    def send_message(peer, *bodies):
        *others, last = bodies
        octets = [version.frame(body, more=True) for body in others]
        peer.send(b"".join([*octets, version.frame(last)]))

    return send_message


@pytest.fixture
def hear(version):
    """The next message that a peer is sent."""

    def read_message(peer):
        bodies, more = [], True
        while more:
            flags, body = version.read_frame(peer)
            more = flags & 1
            bodies.append(body)
        return bodies

    return read_message


LONG_ID = bytes(range(1, 256))
NOISE = bytes(range(256)) * 1100
MIXED_SIZES = [0, 1, 253, 254, 255, 256, 65_535, 65_536, (256 << 10) + 1, 0]

OPENINGS = {
    "1.0": (b"", "01 00", b"", "ff 00 00 00 00 00 00 00 01 7f"),
    "1.0 with names": (b"me", "03 00 6d 65", b"us", "ff 00 00 00 00 00 00 00 03 7f 75 73"),
    "1.0 with the longest names": (
        LONG_ID,
        "ff 00 00 00 00 00 00 01 00 00" + LONG_ID.hex(),
        LONG_ID,
        "ff 00 00 00 00 00 00 01 00 7f" + LONG_ID.hex(),
    ),
    "1.0 with a name in a long frame": (
        b"me",
        "ff 00 00 00 00 00 00 00 03 00 6d 65",
        b"",
        "ff 00 00 00 00 00 00 00 01 7f",
    ),
    "2.0": (
        b"",
        "ff 00 00 00 00 00 00 00 01 7f 01 05 00 00",
        b"",
        "ff 00 00 00 00 00 00 00 01 7f 03 06 00 00",
    ),
    "2.0 with names": (
        b"me",
        "ff 00 00 00 00 00 00 00 03 7f 01 05 00 02 6d 65",
        b"us",
        "ff 00 00 00 00 00 00 00 03 7f 03 06 00 02 75 73",
    ),
    "2.0 with the longest names": (
        LONG_ID,
        "ff 00 00 00 00 00 00 01 00 7f 01 05 00 ff" + LONG_ID.hex(),
        LONG_ID,
        "ff 00 00 00 00 00 00 01 00 7f 03 06 00 ff" + LONG_ID.hex(),
    ),
    "2.0 with a name in a long frame": (
        b"me",
        "ff 00 00 00 00 00 00 00 01 7f 01 05 02 00 00 00 00 00 00 00 02 6d 65",
        b"",
        "ff 00 00 00 00 00 00 00 01 7f 03 06 00 00",
    ),
}


@pytest.mark.parametrize("name", OPENINGS)
def test_openings(joined, send, name):
    identity, octets, own_identity, due = OPENINGS[name]
    version = Version1 if name.startswith("1.0") else Version2
    ours, peer = joined(zmq.ROUTER, {zmq.ROUTING_ID: own_identity} if own_identity else {})
    send(peer, bytes.fromhex(octets) + version.frame(b"Hello"))
    due = bytes.fromhex(due)
    assert peer.read(len(due)) == due
    from_whom, message = ours.recv_multipart()
    assert message == b"Hello"
    if identity:
        assert from_whom == identity
    else:
        assert len(from_whom) == 5 and from_whom[0] == 0
    ours.send_multipart([from_whom, b"answer"])
    assert version.read_frame(peer) == (0, b"answer")


def test_we_speak_first_and_only_our_signature(joined, version):
    """What follows depends on the peer's version."""
    _, peer = joined(zmq.PUSH)
    assert peer.read(10) == bytes.fromhex("ff 00 00 00 00 00 00 00 01 7f")
    assert peer.hears_nothing(0.05)


TYPES = [
    zmq.PAIR,
    zmq.PUB,
    zmq.SUB,
    zmq.REQ,
    zmq.REP,
    zmq.DEALER,
    zmq.ROUTER,
    zmq.PULL,
    zmq.PUSH,
    zmq.XPUB,
    zmq.XSUB,
]


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)
def test_each_type_tells_its_name(joined, version, kind):
    _, peer = joined(kind, {zmq.ROUTING_ID: b"us"})
    peer.send(version.opening(0))
    version.read_opening(peer, kind, b"us")


MESSAGES = {
    "1.0, Hello": (Version1, "06 00 48 65 6c 6c 6f", [b"Hello"]),
    "1.0, nothing": (Version1, "01 00", [b""]),
    "1.0, two frames": (Version1, "02 01 61 02 00 62", [b"a", b"b"]),
    "1.0, longest short frame": (Version1, "fe 00" + NOISE[:253].hex(), [NOISE[:253]]),
    "1.0, shortest long frames": (
        Version1,
        "ff 00 00 00 00 00 00 00 ff 01" + NOISE[:254].hex() + "01 00",
        [NOISE[:254], b""],
    ),
    "1.0, 256 octets": (
        Version1,
        "01 01 ff 00 00 00 00 00 00 01 01 00" + NOISE[:256].hex(),
        [b"", NOISE[:256]],
    ),
    "2.0, Hello": (Version2, "00 05 48 65 6c 6c 6f", [b"Hello"]),
    "2.0, nothing": (Version2, "00 00", [b""]),
    "2.0, two frames": (Version2, "01 01 61 00 01 62", [b"a", b"b"]),
    "2.0, longest short frame": (Version2, "00 ff" + NOISE[:255].hex(), [NOISE[:255]]),
    "2.0, shortest long frames": (
        Version2,
        "03 00 00 00 00 00 00 01 00" + NOISE[:256].hex() + "00 00",
        [NOISE[:256], b""],
    ),
}

ONLY_INCOMING = {
    "1.0, long form of a small size": (Version1, "ff 00 00 00 00 00 00 00 03 00 48 69", [b"Hi"]),
    "1.0, long form of nothing": (Version1, "ff 00 00 00 00 00 00 00 01 00", [b""]),
    "1.0, reserved flags": (Version1, "01 ff 03 fe 48 69", [b"", b"Hi"]),
    "2.0, long form of a small size": (Version2, "02 00 00 00 00 00 00 00 02 48 69", [b"Hi"]),
    "2.0, reserved flags": (Version2, "f9 00 f8 02 48 69", [b"", b"Hi"]),
}


@pytest.mark.parametrize("name", MESSAGES | ONLY_INCOMING)
def test_incoming(joined, send, name):
    version, octets, message = (MESSAGES | ONLY_INCOMING)[name]
    ours, peer = joined(zmq.PULL)
    send(peer, version.opening(zmq.PUSH) + bytes.fromhex(octets))
    assert ours.recv_multipart() == message


@pytest.mark.parametrize("cut", [1, 3])
@pytest.mark.parametrize("name", MESSAGES | ONLY_INCOMING)
def test_incoming_with_a_tail(joined, name, cut):
    version, octets, message = (MESSAGES | ONLY_INCOMING)[name]
    ours, peer = joined(zmq.PULL)
    tail = version.frame(b"", more=True) + version.frame(b"tail")
    peer.send(version.opening(zmq.PUSH) + bytes.fromhex(octets) + tail[:cut])
    assert ours.recv_multipart() == message
    peer.send(tail[cut:])
    assert ours.recv_multipart() == [b"", b"tail"]


@pytest.mark.parametrize("name", MESSAGES)
def test_outgoing(joined, name):
    version, octets, message = MESSAGES[name]
    ours, peer = joined(zmq.PUSH)
    peer.send(version.opening(zmq.PULL))
    version.read_opening(peer, zmq.PUSH)
    ours.send_multipart(message)
    due = bytes.fromhex(octets)
    assert peer.read(len(due)) == due


def test_a_message_of_all_sizes(meet, say, hear):
    ours, peer = meet(zmq.PAIR, zmq.PAIR)
    message = [NOISE[:size] for size in MIXED_SIZES]
    say(peer, *message)
    assert ours.recv_multipart() == message
    ours.send_multipart(message)
    assert hear(peer) == message


@pytest.mark.parametrize("step", [1, 4099, 100_000])
def test_a_stream_in_pieces(meet, version, step):
    ours, peer = meet(zmq.PULL, zmq.PUSH)
    messages = [[b"%d" % number, NOISE[: number % 300]] for number in range(200 if step > 1 else 5)]
    octets = b"".join(
        version.frame(number, more=True) + version.frame(body) for number, body in messages
    )
    for at in range(0, len(octets), step):
        peer.send(octets[at : at + step])
    assert [ours.recv_multipart() for _ in messages] == messages


def test_many_messages_out(meet, hear):
    ours, peer = meet(zmq.PUSH, zmq.PULL)
    messages = [[b"%d" % number, NOISE[: number % 300]] for number in range(500)]
    for message in messages:
        ours.send_multipart(message)
    assert [hear(peer) for _ in messages] == messages


def test_what_waits_for_a_peer_is_in_its_form(socket, accept, version, hear):
    ours = socket(zmq.PUSH)
    messages = [[b"early", NOISE[:size]] for size in (0, 253, 254, 255, 256, 100_000)]
    peer = accept(ours)
    for message in messages:
        ours.send_multipart(message)
    peer.send(version.opening(zmq.PULL))
    version.read_opening(peer, zmq.PUSH)
    assert [hear(peer) for _ in messages] == messages


def test_request_and_reply(meet, say, hear):
    ours, peer = meet(zmq.REQ, zmq.REP)
    ours.send_multipart([b"x", b"y"])
    assert hear(peer) == [b"", b"x", b"y"]
    say(peer, b"", b"z")
    assert ours.recv_multipart() == [b"z"]


def test_reply_to_a_request(meet, say, hear):
    ours, peer = meet(zmq.REP, zmq.REQ)
    say(peer, b"", b"x", b"y")
    assert ours.recv_multipart() == [b"x", b"y"]
    ours.send(b"z")
    assert hear(peer) == [b"", b"z"]


@pytest.mark.parametrize("peer_kind", [zmq.REQ, zmq.DEALER, zmq.ROUTER])
def test_router(meet, say, hear, peer_kind):
    ours, peer = meet(zmq.ROUTER, peer_kind, b"me")
    say(peer, b"", b"question")
    assert ours.recv_multipart() == [b"me", b"", b"question"]
    ours.send_multipart([b"me", b"", b"answer"])
    assert hear(peer) == [b"", b"answer"]


@pytest.mark.parametrize("kind", [zmq.DEALER, zmq.PAIR])
def test_names_mean_nothing_elsewhere(meet, say, hear, kind):
    ours, peer = meet(kind, kind, b"me", {zmq.ROUTING_ID: b"us"})
    say(peer, b"question")
    assert ours.recv_multipart() == [b"question"]
    ours.send(b"answer")
    assert hear(peer) == [b"answer"]


def test_a_router_tells_old_and_new_peers_apart(bound, dial):
    ours, _ = bound("tcp", zmq.ROUTER)
    first, second, third = (dial(ours) for _ in range(3))
    first.send(Version1.opening(zmq.DEALER, b"first"))
    second.send(Version2.opening(zmq.DEALER, b"second"))
    third.shake_hands(b"DEALER", identity=b"third")
    first.send(frame_v1(b"1"))
    second.send(frame(b"2"))
    third.send(frame(b"3"))
    due = [[b"first", b"1"], [b"second", b"2"], [b"third", b"3"]]
    assert sorted(ours.recv_multipart() for _ in due) == due
    for name, number in due:
        ours.send_multipart([name, number * 254])
    Version1.read_opening(first, zmq.ROUTER)
    Version2.read_opening(second, zmq.ROUTER)
    assert first.read_frame_v1() == (0, b"1" * 254)
    assert second.read_frame() == (0, b"2" * 254)
    assert third.read_frame() == (0, b"3" * 254)


@pytest.mark.parametrize("kind", [zmq.SUB, zmq.XSUB])
def test_subscriptions_are_messages(meet, say, hear, kind):
    ours, peer = meet(kind, zmq.PUB)
    _subscribe(ours, b"AB")
    assert hear(peer) == [b"\x01AB"]
    _subscribe(ours, bytes(400))
    assert hear(peer) == [b"\x01" + bytes(400)]
    _unsubscribe(ours, b"AB")
    assert hear(peer) == [b"\x00AB"]
    _subscribe(ours, b"")
    assert hear(peer) == [b"\x01"]
    say(peer, b"any", b"message")
    assert ours.recv_multipart() == [b"any", b"message"]


def _subscribe(socket, topic):
    socket.subscribe(topic) if socket.type == zmq.SUB else socket.send(b"\x01" + topic)


def _unsubscribe(socket, topic):
    socket.unsubscribe(topic) if socket.type == zmq.SUB else socket.send(b"\x00" + topic)


def test_sub_filters_what_an_old_publisher_sends(meet, say, hear):
    """A publisher of 1.0 sends everything to everybody."""
    ours, peer = meet(zmq.SUB, zmq.PUB)
    ours.subscribe(b"AB")
    hear(peer)
    for body in (b"A", b"AB", b"B", b"", b"ABC"):
        say(peer, body, b"tail")
    assert [ours.recv_multipart() for _ in range(2)] == [[b"AB", b"tail"], [b"ABC", b"tail"]]
    assert not drain(ours)


def test_what_was_subscribed_to_before_is_told(joined, version, hear):
    ours, peer = joined(zmq.SUB)
    for topic in (b"AB", b"CD"):
        ours.subscribe(topic)
    peer.send(version.opening(zmq.PUB))
    version.read_opening(peer, zmq.SUB)
    assert {hear(peer)[0] for _ in range(2)} == {b"\x01AB", b"\x01CD"}


def test_a_subscriber_of_version_2_says_what_it_wants(joined):
    ours, peer = joined(zmq.XPUB)
    peer.send(Version2.opening(zmq.SUB) + frame(b"\x01AB"))
    assert ours.recv() == b"\x01AB"
    Version2.read_opening(peer, zmq.XPUB)
    for body in (b"A", b"AB", b"ABC"):
        ours.send(body)
    assert peer.read_frame() == (0, b"AB")
    assert peer.read_frame() == (0, b"ABC")
    peer.send(frame(b"\x00AB") + frame(b"\x01B"))
    assert ours.recv() == b"\x00AB"
    assert ours.recv() == b"\x01B"
    for body in (b"AB", b"B"):
        ours.send(body)
    assert peer.read_frame() == (0, b"B")


def test_a_subscriber_of_version_1_gets_everything(joined):
    ours, peer = joined(zmq.XPUB)
    peer.send(Version1.opening(zmq.SUB))
    assert ours.recv() == b"\x01"
    Version1.read_opening(peer, zmq.XPUB)
    for body in (b"A", b"", b"B"):
        ours.send_multipart([body, b"tail"])
        assert peer.read_frame_v1() == (1, body)
        assert peer.read_frame_v1() == (0, b"tail")


def test_pub_sends_everything_to_a_subscriber_of_version_1(joined):
    ours, peer = joined(zmq.PUB)
    peer.send(Version1.opening(zmq.SUB))
    Version1.read_opening(peer, zmq.PUB)
    while peer.hears_nothing(0.001):
        ours.send(b"probe")
    ours.send(b"end of probes")
    while peer.read_frame_v1() != (0, b"end of probes"):
        pass
    for body in (b"A", b"", b"B"):
        ours.send(body)
        assert peer.read_frame_v1() == (0, body)


def test_no_heartbeats(meet, say, hear):
    ours, peer = meet(
        zmq.PAIR, zmq.PAIR, options={zmq.HEARTBEAT_IVL: 10, zmq.HEARTBEAT_TIMEOUT: 10}
    )
    assert peer.hears_nothing(0.1)
    say(peer, b"still here")
    assert ours.recv() == b"still here"
    ours.send(b"so are we")
    assert hear(peer) == [b"so are we"]


@pytest.mark.parametrize("octet", [0, 3, 9, 10, 11, 255])
def test_the_type_of_a_peer_of_version_2_is_not_looked_at(joined, octet):
    """libzmq has numbers for XPUB and XSUB that the specification has not, and it never looks."""
    ours, peer = joined(zmq.PULL)
    peer.send(Version2.opening(octet) + frame(b"Hello"))
    assert ours.recv() == b"Hello"
