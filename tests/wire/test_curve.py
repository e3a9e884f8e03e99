"""CURVE beyond its golden octets: order, replays, keys, clear text, and what is sealed."""

import pytest
from curve import Client, Keys, Server, new_keys
from handshakes import (
    CLIENT_KEYS,
    COMMAND,
    MORE,
    OPTIONS,
    PING,
    PONG,
    PROPERTIES,
    SERVER_KEYS,
    curve_client,
    greeting_of,
    shake_hands,
    take,
    whole,
)
from support import drain, wait_until
from zmtp import command, frame, metadata

import zmqlite as zmq

SERVER, CLIENT = (OPTIONS["CURVE", role] for role in ("server", "client"))


@pytest.fixture(params=["server", "client"])
def role(request):
    """Ours."""
    return request.param


@pytest.fixture
def session(role, bound, socket, dial, accept):
    """Make a zmqlite socket, its peer, and the peer's side of their CURVE session."""

    def make(kind, peer_kind, options=None):
        properties = metadata(b"Socket-Type", peer_kind)
        if role == "server":
            ours, _ = bound("tcp", kind, {**SERVER, **(options or {})})
            peer, side = dial(ours), Client(SERVER_KEYS.public, CLIENT_KEYS)
            shake_hands(peer, "CURVE", "client", properties=properties, client=side)
        else:
            ours = socket(kind, {**CLIENT, **(options or {})})
            peer, side = accept(ours), Server(SERVER_KEYS)
            shake_hands(peer, "CURVE", "server", properties=properties, server=side)
        return ours, peer, side

    return make


def hear(peer, side):
    """(inner flags, payload) of the next sealed frame; its outer flags say nothing."""
    flags, body = peer.read_frame()
    assert flags & ~2 == 0
    return side.open(body)


def closed_by(socket, reason):
    return socket.stats()["closed"].get(reason, 0)


def expect_end(ours, peer, octets, reason):
    peer.send(octets)
    peer.wait_closed()
    wait_until(lambda: closed_by(ours, reason) == 1, f"the end is counted: {reason}")
    assert not drain(ours)


# ---- What travels


def test_messages(session):
    ours, peer, side = session(zmq.PAIR, b"PAIR")
    message = [b"", b"a", bytes(222), bytes(223), bytes(300_000)]
    for part in message[:-1]:
        peer.send(frame(side.seal(part, MORE)))
    peer.send(frame(side.seal(message[-1])))
    assert ours.recv_multipart() == message
    ours.send_multipart(message)
    assert [hear(peer, side) for _ in message] == [
        *((MORE, part) for part in message[:-1]),
        (0, message[-1]),
    ]


@pytest.mark.parametrize("outer", [0, 1, 4, 5])
def test_the_flags_outside_mean_nothing(session, outer):
    ours, peer, side = session(zmq.PAIR, b"PAIR")
    first, second = frame(side.seal(b"a", MORE)), frame(side.seal(b"b"))
    peer.send(bytes([outer]) + first[1:] + bytes([outer]) + second[1:])
    assert ours.recv_multipart() == [b"a", b"b"]


def test_bytewise(session):
    ours, peer, side = session(zmq.PAIR, b"PAIR")
    peer.send_bytewise(frame(side.seal(b"a", MORE)) + frame(side.seal(PING, COMMAND)))
    peer.send_bytewise(frame(side.seal(b"b")))
    assert ours.recv_multipart() == [b"a", b"b"]
    assert hear(peer, side) == (COMMAND, PONG)


def test_commands_are_sealed(session):
    ours, peer, side = session(zmq.PAIR, b"PAIR", {zmq.HEARTBEAT_IVL: 20})
    assert hear(peer, side) == (COMMAND, b"\x04PING\x00\x00")
    peer.send(frame(side.seal(b"\x04PONG", COMMAND)) + frame(side.seal(b"\x04NONE", COMMAND)))
    peer.send(frame(side.seal(PING, COMMAND)) + frame(side.seal(b"message")))
    assert ours.recv() == b"message"
    while hear(peer, side) != (COMMAND, PONG):
        pass


def test_a_silent_peer_is_dropped(session):
    ours, peer, _ = session(zmq.PAIR, b"PAIR", {zmq.HEARTBEAT_IVL: 20, zmq.HEARTBEAT_TIMEOUT: 100})
    peer.wait_closed()
    wait_until(lambda: closed_by(ours, "heartbeat timeout"), "it is counted")


def test_our_subscriptions_are_sealed(session):
    ours, peer, side = session(zmq.SUB, b"PUB")
    ours.subscribe(b"AB")
    assert hear(peer, side) == (COMMAND, b"\x09SUBSCRIBEAB")
    ours.unsubscribe(b"AB")
    assert hear(peer, side) == (COMMAND, b"\x06CANCELAB")


def test_subscriptions_to_us_are_sealed(session):
    ours, peer, side = session(zmq.XPUB, b"SUB")
    peer.send(frame(side.seal(b"\x09SUBSCRIBEAB", COMMAND)) + frame(side.seal(b"\x01CD")))
    assert [ours.recv(), ours.recv()] == [b"\x01AB", b"\x01CD"]
    for body in (b"A", b"ABC", b"CDE"):
        ours.send(body)
    assert [hear(peer, side) for _ in range(2)] == [(0, b"ABC"), (0, b"CDE")]


def test_each_frame_has_its_own_number(session):
    ours, peer, side = session(zmq.PAIR, b"PAIR")
    for _ in range(3):
        ours.send_multipart([b"same", b"same"])
    bodies = [peer.read_frame()[1] for _ in range(6)]
    numbers = [int.from_bytes(body[8:16], "big") for body in bodies]
    assert numbers == list(range(numbers[0], numbers[0] + 6))
    assert len({body[16:] for body in bodies}) == 6
    assert {side.open(body)[1] for body in bodies} == {b"same"}


def test_nothing_is_the_same_on_the_next_connection(bound, dial):
    ours, _ = bound("tcp", zmq.DEALER, SERVER)
    welcomes = []
    for _ in range(20):
        peer, client = dial(ours), Client(SERVER_KEYS.public, CLIENT_KEYS)
        peer.send(greeting_of("CURVE", "client") + whole(client.hello()))
        peer.read(64)
        welcomes.append(take(peer, b"WELCOME"))
        client.hear_welcome(welcomes[-1])
        welcomes += [client.their_transient, client.cookie]
    parts = [welcome[8:24] for welcome in welcomes[::3]] + welcomes[1::3]
    parts += [cookie[:16] for cookie in welcomes[2::3]] + [cookie[16:] for cookie in welcomes[2::3]]
    assert len(set(parts)) == 80


def test_a_client_is_new_on_each_connection(socket, accept):
    ours = socket(zmq.PUSH, CLIENT)
    seen = set()
    for _ in range(10):
        peer = accept(ours)
        peer.send(greeting_of("CURVE", "server"))
        peer.read(64)
        seen.add(take(peer, b"HELLO")[80:112])
    assert len(seen) == 10


# ---- Replays


@pytest.fixture
def spoken_to(session):
    """A session in which one message has been read: (ours, peer, side, the message sealed)."""
    ours, peer, side = session(zmq.PAIR, b"PAIR")
    sealed = frame(side.seal(b"once"))
    peer.send(sealed)
    assert ours.recv() == b"once"
    return ours, peer, side, sealed


def test_a_replayed_message(spoken_to):
    ours, peer, _, sealed = spoken_to
    expect_end(ours, peer, sealed, "nonce out of sequence")


def test_messages_out_of_order(spoken_to):
    ours, peer, side, _ = spoken_to
    first, second = frame(side.seal(b"first")), frame(side.seal(b"second"))
    peer.send(second)
    assert ours.recv() == b"second"
    expect_end(ours, peer, first, "nonce out of sequence")


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_number_of_the_handshake(spoken_to, number):
    ours, peer, side, _ = spoken_to
    side.number = number - 1
    expect_end(ours, peer, frame(side.seal(b"again")), "nonce out of sequence")


def test_numbers_may_be_left_out(spoken_to):
    ours, peer, side, _ = spoken_to
    for number in (100, 1 << 32, (1 << 64) - 2):
        side.number = number
        peer.send(frame(side.seal(b"%d" % number)))
        assert ours.recv() == b"%d" % number
    side.number = -1  # nothing comes behind the highest of all
    expect_end(ours, peer, frame(side.seal(b"over")), "nonce out of sequence")


def test_our_own_message_sent_back(spoken_to):
    ours, peer, _, _ = spoken_to
    for _ in range(5):
        ours.send(b"echo")
    echo = [frame(peer.read_frame()[1]) for _ in range(5)][-1]
    expect_end(ours, peer, echo, "decryption failed")


def test_a_message_of_another_session(session, spoken_to):
    ours, peer, side, _ = spoken_to
    _, _, other = session(zmq.PAIR, b"PAIR")
    other.number = side.number
    expect_end(ours, peer, frame(other.seal(b"lost")), "decryption failed")


def test_a_replayed_session(bound, dial):
    """What a client once said is worth nothing on another connection."""
    ours, _ = bound("tcp", zmq.DEALER, SERVER)
    client = Client(SERVER_KEYS.public, CLIENT_KEYS)
    recorded = []
    first, second = dial(ours), dial(ours)
    first.send(greeting_of("CURVE", "client"))
    first.read(64)
    for octets in curve_client(first, client=client):
        recorded.append(octets)
        first.send(octets)
    recorded.append(frame(client.seal(b"once")))
    first.send(recorded[-1])
    assert ours.recv() == b"once"

    second.send(greeting_of("CURVE", "client") + recorded[0])
    second.read(64)
    take(second, b"WELCOME")
    expect_end(ours, second, recorded[1] + recorded[2], "decryption failed")


def test_a_cookie_of_another_connection(bound, dial):
    """Even of the same client, who has not used it yet."""
    ours, _ = bound("tcp", zmq.DEALER, SERVER)
    client = Client(SERVER_KEYS.public, CLIENT_KEYS)
    first, second = dial(ours), dial(ours)
    for peer in (first, second):
        peer.send(greeting_of("CURVE", "client"))
        peer.read(64)
    hello = whole(client.hello())
    first.send(hello)
    client.hear_welcome(take(first, b"WELCOME"))
    second.send(hello)
    take(second, b"WELCOME")
    expect_end(ours, second, whole(client.initiate(PROPERTIES)), "decryption failed")
    client.number = 1
    first.send(whole(client.initiate(PROPERTIES)))
    client.hear_ready(take(first, b"READY"))


@pytest.mark.parametrize(("hello", "initiate"), [(5, 5), (5, 1), (1, 0), (0, 0)])
def test_the_numbers_of_a_clients_handshake_grow(target, hello, initiate):
    client = Client(SERVER_KEYS.public, CLIENT_KEYS)
    client.number = hello - 1

    def stale(octets):
        client.number = initiate - 1
        return whole(client.initiate(PROPERTIES))

    outcome = target("CURVE", "server").judge(1, stale, client=client)
    assert outcome == "nonce out of sequence"


def test_the_number_of_a_servers_handshake_is_not_0(target):
    server = Server(SERVER_KEYS)
    server.number = -1
    outcome = target("CURVE", "client").judge(1, lambda octets: octets, server=server)
    assert outcome == "nonce out of sequence"


# ---- What is not sealed, or badly

CLEAR = {
    "message": frame(b"clear"),
    "empty message": frame(),
    "empty command": frame(command=True),
    "name beyond the frame": frame(b"\x09MESSAGE", command=True),
    "the name of a sealed one, misspelt": frame(b"\x07MESSAGF" + bytes(40)),
    **{
        name: command(name.encode(), bytes(200))
        for name in ("HELLO", "WELCOME", "INITIATE", "READY", "PING", "PONG", "SUBSCRIBE")
    },
    "ERROR": command(b"ERROR", b"\x03400"),
}


@pytest.mark.parametrize("name", CLEAR)
def test_clear_text(spoken_to, name):
    ours, peer, _, _ = spoken_to
    expect_end(ours, peer, CLEAR[name], "unexpected command")


def test_clear_text_inside_of_a_message(spoken_to):
    ours, peer, side, _ = spoken_to
    peer.send(frame(side.seal(b"begun", MORE)))
    expect_end(ours, peer, frame(b"clear"), "unexpected command")


@pytest.mark.parametrize("size", [8, 16, 31, 32])
def test_too_short_to_be_sealed(spoken_to, size):
    ours, peer, side, _ = spoken_to
    expect_end(ours, peer, frame(side.seal(b"")[:size]), "malformed sealed message")


def test_clear_text_right_behind_the_handshake(target, role):
    """In one piece with the last command of the peer's."""
    outcome = target("CURVE", role).judge(1, lambda octets: octets + frame(b"clear"), then="close")
    assert outcome == "unexpected command"


def test_one_bit_of_each_octet_of_a_sealed_command(target, role):
    ours = target("CURVE", role)
    for position in range(2, 2 + 33 + len(PING)):

        def spoil(octets, at=position):
            return octets[:at] + bytes([octets[at] ^ 1 << at % 8]) + octets[at + 1 :]

        due = {"unexpected command"} if position < 10 else {"decryption failed"}
        if 10 <= position < 18:
            due.add("nonce out of sequence")
        assert ours.judge(2, spoil) in due, position


def test_each_size_of_a_sealed_command(target, role):
    ours = target("CURVE", role)
    for size in range(33 + len(PING) + 1):
        due = "accepted" if size == 33 + len(PING) else "decryption failed"
        if size < 33:
            due = "unexpected command" if size < 8 else "malformed sealed message"
        outcome = ours.judge(2, lambda octets, size=size: frame(octets[2:][:size]))
        assert outcome == due, size


# ---- Keys


@pytest.mark.parametrize(
    "vouched",
    [
        lambda client: client.transient.public + new_keys().public,
        lambda client: new_keys().public + SERVER_KEYS.public,
        lambda client: SERVER_KEYS.public + client.transient.public,
        lambda client: bytes(64),
    ],
    ids=["another server", "another connection", "swapped", "nothing"],
)
def test_a_vouch_for_something_else(target, vouched):
    """For another server: a server that the client trusts must not pass for the client here."""
    client = Client(SERVER_KEYS.public, CLIENT_KEYS)

    def spoil(_):
        return whole(client.initiate(PROPERTIES, vouched(client)))

    assert target("CURVE", "server").judge(1, spoil, client=client) == "decryption failed"


def test_a_key_that_the_client_has_not(target):
    """It knows the public key of another, but cannot vouch for it."""
    pretender = Client(SERVER_KEYS.public, Keys(CLIENT_KEYS.public, new_keys().secret))
    outcome = target("CURVE", "server").judge(1, lambda octets: octets, client=pretender)
    assert outcome == "decryption failed"


def test_a_client_of_another_server(target):
    stranger = Client(new_keys().public, CLIENT_KEYS)
    outcome = target("CURVE", "server").judge(0, lambda octets: octets, client=stranger)
    assert outcome == "decryption failed"


def test_a_server_that_only_knows_the_public_key(target):
    ours = target("CURVE", "client")
    outcome = ours.judge(0, lambda _: whole(b"\x07WELCOME" + bytes(range(160))))
    assert outcome == "decryption failed"


SMALL_ORDER = {
    "zero": bytes(32),
    "one": b"\x01" + bytes(31),
    "order 8": bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    "p": b"\xed" + b"\xff" * 30 + b"\x7f",
}
"""Points with which every secret key gives the same shared one."""


@pytest.mark.parametrize("point", SMALL_ORDER)
def test_a_transient_key_of_small_order(target, point):
    client = Client(SERVER_KEYS.public, CLIENT_KEYS)
    hello = whole(client.hello())
    hello = hello.replace(client.transient.public, SMALL_ORDER[point])
    outcome = target("CURVE", "server").judge(0, lambda _: hello)
    assert outcome in {"decryption failed", "unusable key"}


@pytest.mark.parametrize("point", SMALL_ORDER)
def test_a_servers_transient_key_of_small_order(target, point):
    server = Server(SERVER_KEYS, Keys(SMALL_ORDER[point], bytes(32)))
    outcome = target("CURVE", "client").judge(0, lambda octets: octets, server=server)
    assert outcome == "unusable key"
