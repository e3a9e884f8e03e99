"""What a server asks its authenticator, frame by frame, and what becomes of each answer.

The authenticator is a ROUTER at ZAP's address, which the test answers for: so its answers may be as
malformed as any.
"""

import os

import pytest
from curve import Client
from handshakes import (
    CLIENT_KEYS,
    OPTIONS,
    PASSWORD,
    SERVER_KEYS,
    USER,
    greeting_of,
    plain_hello,
    shake_hands,
)
from support import (
    TIMEOUT_MS,
    Background,
    beyond_libzmq,
    drain,
    fails_with,
    readable,
    wait_until,
    writable,
)
from zmtp import command, frame, metadata, ready

import zmqlite as zmq
from zmqlite.utils.monitor import recv_monitor_message

ENDPOINT = "inproc://zeromq.zap.01"
CREDENTIALS = {"NULL": [], "PLAIN": [USER, PASSWORD], "CURVE": [CLIENT_KEYS.public]}

MECHANISMS = pytest.mark.parametrize("mechanism", CREDENTIALS)

AUTH = zmq.Event.HANDSHAKE_FAILED_AUTH
NO_DETAIL = zmq.Event.HANDSHAKE_FAILED_NO_DETAIL
PROTOCOL = zmq.Event.HANDSHAKE_FAILED_PROTOCOL
SUCCEEDED = zmq.Event.HANDSHAKE_SUCCEEDED
DISCONNECTED = zmq.Event.DISCONNECTED


class Authenticator:
    def __init__(self, socket):
        self.socket = socket
        socket.bind(ENDPOINT)

    def question(self):
        """Whom to answer, and the frames of a question."""
        name, delimiter, *frames = self.socket.recv_multipart()
        assert delimiter == b""
        return name, frames

    def answer(self, status=b"200", user=b"", properties=b""):
        """Take a question and answer it as one should."""
        name, frames = self.question()
        self.tell(name, b"", b"1.0", frames[1], status, b"a text", user, properties)
        return frames

    def tell(self, name, *frames):
        self.socket.send_multipart([name, *frames])


@pytest.fixture
def authenticator(socket):
    return Authenticator(socket(zmq.ROUTER))


@pytest.fixture
def server(bound):
    """Make a bound server, which asks; NULL does so for its domain's sake."""

    def make(mechanism, kind=zmq.DEALER, options=None, transport="tcp"):
        domain = {zmq.ZAP_DOMAIN: b"domain"} if mechanism == "NULL" else {}
        return bound(transport, kind, {**domain, **OPTIONS[mechanism, "server"], **(options or {})})

    return make


@pytest.fixture
def client(socket):
    """Make a connected client; it is writable only if it is let in."""

    def make(mechanism, address, kind=zmq.DEALER, options=None):
        how = {zmq.IMMEDIATE: 1, zmq.RECONNECT_IVL: 10, **OPTIONS[mechanism, "client"]}
        made = socket(kind, {**how, **(options or {})})
        made.connect(address)
        return made

    return make


@pytest.fixture
def watch():
    """Monitor a socket for how its connections begin and end."""
    watched = []

    def make(socket):
        reader = socket.get_monitor_socket(AUTH | NO_DETAIL | PROTOCOL | SUCCEEDED | DISCONNECTED)
        reader.set(zmq.RCVTIMEO, TIMEOUT_MS)
        watched.append((socket, reader))
        return reader

    yield make
    for socket, reader in watched:
        if not socket.closed:
            socket.disable_monitor()
        reader.close()


def event(reader):
    told = recv_monitor_message(reader)
    return told["event"], told["value"]


def closed_by(socket, reason):
    return socket.stats()["closed"].get(reason, 0)


# ---- The question


@MECHANISMS
def test_the_question(authenticator, server, client, mechanism):
    options = {zmq.ZAP_DOMAIN: b"the domain", zmq.ROUTING_ID: b"the server"}
    ours, address = server(mechanism, options=options)
    theirs = client(mechanism, address, options={zmq.ROUTING_ID: b"the client"})
    frames = authenticator.answer()
    assert frames[:2] == [b"1.0", b"1"]
    assert frames[2:6] == [b"the domain", b"127.0.0.1", b"the server", mechanism.encode()]
    assert frames[6:] == CREDENTIALS[mechanism]
    theirs.send(b"hello")
    assert ours.recv() == b"hello"


@pytest.mark.parametrize("mechanism", ["PLAIN", "CURVE"])
def test_no_domain_and_no_identity(authenticator, server, client, mechanism):
    _, address = server(mechanism)
    client(mechanism, address)
    frames = authenticator.answer()
    assert (frames[2], frames[4]) == (b"", b"")


@MECHANISMS
def test_the_address_of_a_process(authenticator, server, client, mechanism):
    _, address = server(mechanism, transport="ipc")
    client(mechanism, address)
    due = f"localhost:{os.getuid()}:{os.getgid()}:{os.getpid()}"
    assert authenticator.answer()[3] == due.encode()


def test_without_security_nobody_asks(authenticator, pair):
    ours, theirs = pair("tcp", zmq.DEALER, zmq.DEALER)
    theirs.send(b"hello")
    assert ours.recv() == b"hello"
    assert not readable(authenticator.socket)


def test_the_connecting_side_of_null_asks_too(authenticator, bound, client):
    ours, address = bound("tcp", zmq.DEALER)
    theirs = client("NULL", address, options={zmq.ZAP_DOMAIN: b"mine"})
    assert authenticator.answer()[2:4] == [b"mine", b"127.0.0.1"]
    theirs.send(b"hello")
    assert ours.recv() == b"hello"


@pytest.mark.parametrize("mechanism", ["PLAIN", "CURVE"])
def test_clients_do_not_ask(authenticator, server, client, mechanism):
    ours, address = server(mechanism)
    theirs = client(mechanism, address, options={zmq.ZAP_DOMAIN: b"mine"})
    authenticator.answer()
    theirs.send(b"hello")
    assert ours.recv() == b"hello"
    assert not readable(authenticator.socket)


@MECHANISMS
def test_each_connection_is_asked_about(authenticator, server, client, mechanism):
    """Also the second of the same client."""
    ours, address = server(mechanism, zmq.ROUTER)
    theirs = client(mechanism, address, options={zmq.ROUTING_ID: b"me"})
    for _ in range(3):
        authenticator.answer()
        theirs.send(b"hello")
        assert ours.recv_multipart() == [b"me", b"hello"]
        theirs.disconnect(address)
        theirs.connect(address)


def test_answers_in_another_order(authenticator, server, client):
    ours, address = server("PLAIN", zmq.PULL)
    users = [b"user %d" % number for number in range(10)]
    asked = {}
    for user in users:
        theirs = client("PLAIN", address, zmq.PUSH, {zmq.PLAIN_USERNAME: user})
        name, frames = authenticator.question()
        asked[frames[6]] = name
    assert set(asked) == set(users)
    for user in reversed(users):
        authenticator.tell(asked[user], b"", b"1.0", b"1", b"200", b"", user, b"")
    wait_until(lambda: ours.stats()["handshakes"] == len(users), "all have been let in")
    theirs.send(b"hello")
    assert ours.recv(copy=False).get("User-Id") == users[-1].decode()


# ---- Whom it lets in


@MECHANISMS
def test_let_in(authenticator, server, client, watch, mechanism):
    ours, address = server(mechanism)
    heard = watch(ours)
    theirs = client(mechanism, address)
    told = watch(theirs)
    authenticator.answer(b"200", b"the user", metadata(b"Colour", b"blue"))
    assert event(heard) == event(told) == (SUCCEEDED, 0)
    theirs.send_multipart([b"hello", b"there"])
    for part in ours.recv_multipart(copy=False):
        assert (part.get("User-Id"), part["Colour"]) == ("the user", "blue")
        assert (part["Peer-Address"], part["Socket-Type"]) == ("127.0.0.1", "DEALER")


REFUSALS = pytest.mark.parametrize("status", [b"400", b"500"])


@REFUSALS
@MECHANISMS
def test_refused(authenticator, server, client, watch, mechanism, status):
    """Both sides know why, and the client leaves it at that."""
    ours, address = server(mechanism)
    heard = watch(ours)
    theirs = client(mechanism, address)
    told = watch(theirs)
    authenticator.answer(status, b"a user", metadata(b"Colour", b"blue"))
    assert event(heard) == event(told) == (AUTH, int(status))
    assert event(heard)[0] == event(told)[0] == DISCONNECTED
    assert ours.stats()["closed"] == {"refused by authenticator": 1}
    assert theirs.stats()["closed"] == {"refused by peer": 1}
    assert not authenticator.socket.poll(100), "the client has come again"
    for each in (ours, theirs):
        assert not writable(each) and not readable(each)


@MECHANISMS
def test_put_off(authenticator, server, client, watch, mechanism):
    """With 300 the client is told nothing, and comes again."""
    ours, address = server(mechanism)
    heard = watch(ours)
    theirs = client(mechanism, address)
    for _ in range(3):
        authenticator.answer(b"300")
        assert event(heard) == (AUTH, 300)
        assert event(heard)[0] == DISCONNECTED
        assert not writable(ours)
    authenticator.answer(b"200")
    assert event(heard) == (SUCCEEDED, 0)
    theirs.send(b"hello")
    assert ours.recv() == b"hello"
    assert ours.stats()["closed"] == {"put off by authenticator": 3}
    assert theirs.stats()["closed"] == {"peer closed in handshake": 3}


ERRORS = {
    "NULL": b"\x05ERROR\x03",
    "PLAIN": b"^RROR\x03",
    "CURVE": b"\x05ERROR\x03",
}


@pytest.fixture
def stranger(server, dial):
    """Make a server and a plain peer of it that has said all there is to say before the answer."""

    def make(mechanism, behind=b"", options=None):
        ours, _ = server(mechanism, options=options)
        peer = dial(ours)
        peer.send(greeting_of(mechanism, "client"))
        peer.read(64)
        if mechanism == "NULL":
            peer.send(ready(b"DEALER") + behind)
        elif mechanism == "PLAIN":
            peer.send(plain_hello() + behind)
        else:
            side = Client(SERVER_KEYS.public, CLIENT_KEYS)
            peer.send(frame(side.hello(), command=True))
            side.hear_welcome(peer.read_frame()[1])
            properties = metadata(b"Socket-Type", b"DEALER")
            peer.send(frame(side.initiate(properties), command=True) + behind)
        return ours, peer

    return make


@REFUSALS
@MECHANISMS
def test_the_refusal(authenticator, stranger, mechanism, status):
    """And what was sent ahead of it is never looked at."""
    ours, peer = stranger(mechanism, behind=frame(b"early") + bytes(10_000))
    authenticator.answer(status)
    assert peer.wait_closed() == frame(ERRORS[mechanism] + status, command=True)
    assert not drain(ours)


@MECHANISMS
def test_put_off_in_silence(authenticator, stranger, mechanism):
    _, peer = stranger(mechanism)
    authenticator.answer(b"300")
    assert peer.wait_closed() == b""


@MECHANISMS
def test_nothing_happens_before_the_answer(authenticator, stranger, mechanism):
    ours, peer = stranger(mechanism)
    name, _ = authenticator.question()
    assert peer.hears_nothing(0.05)
    assert not writable(ours)
    authenticator.tell(name, b"", b"1.0", b"1", b"200", b"", b"", b"")
    assert not peer.hears_nothing(TIMEOUT_MS / 1000)


# ---- Malformed answers

GOOD = [b"1.0", b"1", b"200", b"", b"", b""]


def but(position, value):
    return [b"", *GOOD[:position], value, *GOOD[position + 1 :]]


MALFORMED = {
    "no delimiter": (GOOD, 0x20000001, "malformed authenticator reply"),
    "something for a delimiter": ([b"x", *GOOD], 0x20000001, "malformed authenticator reply"),
    "delimiter alone": ([b""], 0x20000001, "malformed authenticator reply"),
    "a frame too few": ([b"", *GOOD[:-1]], 0x20000001, "malformed authenticator reply"),
    "a frame too many": ([b"", *GOOD, b""], 0x20000001, "malformed authenticator reply"),
    "many frames": ([b"", *GOOD * 100], 0x20000001, "malformed authenticator reply"),
    "version 1.1": (but(0, b"1.1"), 0x20000003, "authenticator version"),
    "no version": (but(0, b""), 0x20000003, "authenticator version"),
    "longer version": (but(0, b"1.0 "), 0x20000003, "authenticator version"),
    "another id": (but(1, b"2"), 0x20000002, "authenticator request id"),
    "no id": (but(1, b""), 0x20000002, "authenticator request id"),
    "longer id": (but(1, b"11"), 0x20000002, "authenticator request id"),
    **{
        f"status {status.decode() or 'empty'}": (
            but(2, status),
            0x20000004,
            "authenticator status code",
        )
        for status in (b"", b"2", b"20", b"2000", b"100", b"201", b"600", b"abc", b" 200")
    },
    **{
        f"properties {number}": (but(5, properties), 0x20000005, "authenticator metadata")
        for number, properties in enumerate(
            [b"\x01", b"\x01X", b"\x01X\x00\x00", b"\x01X\x00\x00\x00\x02a", b"\x09User", b"x" * 99]
        )
    },
}


@pytest.mark.parametrize("mechanism", ["NULL", "PLAIN", "CURVE"])
def test_malformed_answers(authenticator, stranger, watch, mechanism):
    for name, (frames, code, reason) in MALFORMED.items():
        ours, peer = stranger(mechanism)
        heard = watch(ours)
        asker, _ = authenticator.question()
        authenticator.tell(asker, *frames)
        assert peer.wait_closed() == b"", name
        assert event(heard) == (PROTOCOL, code), name
        assert event(heard)[0] == DISCONNECTED
        assert ours.stats()["closed"] == {reason: 1}, name
        assert not writable(ours) and not readable(ours)
        ours.close()


def test_an_answer_too_many(authenticator, stranger):
    ours, peer = stranger("PLAIN")
    name, _ = authenticator.question()
    for status in (b"200", b"400", b"200"):
        authenticator.tell(name, b"", b"1.0", b"1", status, b"", b"", b"")
    peer.read_frame()
    peer.send(command(b"INITIATE", metadata(b"Socket-Type", b"DEALER")) + frame(b"hello"))
    assert ours.recv() == b"hello"


def test_large_properties(authenticator, server, client):
    ours, address = server("CURVE")
    theirs = client("CURVE", address)
    user = b"u" * 10_000
    properties = b"".join(metadata(b"X%d" % number, b"x" * number) for number in range(500))
    authenticator.answer(b"200", user, properties)
    theirs.send(b"hello")
    part = ours.recv(copy=False)
    assert part["User-Id"] == user.decode()
    assert all(part[f"X{number}"] == "x" * number for number in range(500))


# ---- Properties that nobody may make up


CLAIMS = {b"User-Id": b"root", b"user-id": b"root", b"Peer-Address": b"6.6.6.6", b"Colour": b"red"}
CLAIMED = b"".join(metadata(name, value) for name, value in CLAIMS.items())


@pytest.fixture
def claimant(server, dial):
    """The first frame from a client that announces CLAIMS; `judge` is called while it waits."""

    def make(mechanism, judge, options=None):
        ours, _ = server(mechanism, zmq.PULL, options)
        peer, side = dial(ours), Client(SERVER_KEYS.public, CLIENT_KEYS)
        if mechanism == "NULL":
            talk = Background(lambda: peer.shake_hands(b"PUSH", extra=CLAIMED))
        else:
            properties = metadata(b"Socket-Type", b"PUSH") + CLAIMED
            how = {"client": side} if mechanism == "CURVE" else {}
            talk = Background(
                lambda: shake_hands(peer, mechanism, "client", properties=properties, **how)
            )
        judge()
        talk.result()
        peer.send(frame(side.seal(b"hello") if mechanism == "CURVE" else b"hello"))
        part = ours.recv(copy=False)
        assert part.bytes == b"hello"
        return part

    return make


@MECHANISMS
def test_what_the_authenticator_says_counts(authenticator, claimant, mechanism):
    properties = metadata(b"Colour", b"blue")
    part = claimant(mechanism, lambda: authenticator.answer(b"200", b"a user", properties))
    assert [part[name] for name in ("User-Id", "user-id", "USER-ID")] == ["a user"] * 3
    assert (part["Peer-Address"], part["Colour"]) == ("127.0.0.1", "blue")


@beyond_libzmq  # in that no spelling of the name gets through
@MECHANISMS
def test_a_user_whom_the_authenticator_did_not_name(authenticator, claimant, mechanism):
    part = claimant(mechanism, lambda: authenticator.answer(b"200"))
    assert part["User-Id"] == part["user-id"] == ""
    assert (part["Peer-Address"], part["Colour"]) == ("127.0.0.1", "red")


@beyond_libzmq
@pytest.mark.parametrize("mechanism", ["NULL", "CURVE"])
def test_a_user_whom_nobody_was_asked_about(claimant, mechanism):
    part = claimant(mechanism, lambda: None)
    for name in ("User-Id", "user-id"):
        with fails_with(zmq.EINVAL):
            part.get(name)
    assert (part["Peer-Address"], part["Colour"]) == ("127.0.0.1", "red")


# ---- No authenticator


@pytest.mark.parametrize("mechanism", ["NULL", "CURVE"])
def test_nobody_to_ask(server, client, mechanism):
    ours, address = server(mechanism, options={zmq.ZAP_DOMAIN: b"domain"})
    theirs = client(mechanism, address)
    theirs.send(b"hello")
    part = ours.recv(copy=False)
    with fails_with(zmq.EINVAL):
        part.get("User-Id")


ENFORCED = {zmq.ZAP_DOMAIN: b"domain", zmq.ZAP_ENFORCE_DOMAIN: 1}


@pytest.mark.parametrize(
    ("mechanism", "options"),
    [("PLAIN", {}), ("NULL", ENFORCED), ("PLAIN", ENFORCED), ("CURVE", ENFORCED)],
)
def test_nobody_to_ask_but_an_answer_is_needed(server, client, watch, mechanism, options):
    """The client tries again, until there is an authenticator."""
    ours, address = server(mechanism, options=options)
    heard = watch(ours)
    theirs = client(mechanism, address)
    for _ in range(2):
        assert event(heard)[0] == NO_DETAIL
        assert event(heard)[0] == DISCONNECTED
    assert not writable(ours) and not readable(ours)
    assert not writable(theirs)
    assert set(ours.stats()["closed"]) == {"no authenticator"}


def test_an_authenticator_that_comes_late(server, client, socket):
    ours, address = server("PLAIN")
    theirs = client("PLAIN", address)
    wait_until(lambda: closed_by(ours, "no authenticator"), "the first attempt has failed")
    Authenticator(socket(zmq.ROUTER)).answer()
    theirs.send(b"hello")
    assert ours.recv() == b"hello"


def test_enforced_without_a_domain(authenticator, server, client):
    """Then CURVE asks nobody."""
    ours, address = server("CURVE", options={zmq.ZAP_ENFORCE_DOMAIN: 1})
    theirs = client("CURVE", address)
    theirs.send(b"hello")
    assert ours.recv() == b"hello"
    assert not readable(authenticator.socket)


@MECHANISMS
def test_an_authenticator_that_leaves(authenticator, stranger, mechanism):
    ours, peer = stranger(mechanism)
    authenticator.question()
    authenticator.socket.close()
    assert peer.wait_closed() == b""
    assert ours.stats()["closed"] == {"no authenticator": 1}
    assert not writable(ours)


def test_an_authenticator_of_another_context(new_context, socket, server, client):
    other = Authenticator(socket(zmq.ROUTER, context=new_context()))
    ours, address = server("PLAIN")
    client("PLAIN", address)
    wait_until(lambda: closed_by(ours, "no authenticator"), "the attempt has failed")
    assert not readable(other.socket)


# ---- No answer


@MECHANISMS
def test_an_answer_that_never_comes(authenticator, stranger, mechanism):
    ours, peer = stranger(mechanism, options={zmq.HANDSHAKE_IVL: 100})
    name, _ = authenticator.question()
    assert peer.wait_closed() == b""
    assert ours.stats()["closed"] == {"handshake timeout": 1}
    authenticator.tell(name, b"", *GOOD)  # too late
    assert not writable(ours)


@MECHANISMS
def test_a_client_that_does_not_wait(authenticator, stranger, mechanism):
    ours, peer = stranger(mechanism)
    name, _ = authenticator.question()
    peer.close()
    authenticator.tell(name, b"", *GOOD)
    wait_until(lambda: sum(ours.stats()["closed"].values()) == 1, "its departure is noticed")
    assert not readable(ours)


@MECHANISMS
def test_a_server_that_does_not_wait(authenticator, stranger, mechanism):
    ours, peer = stranger(mechanism)
    name, _ = authenticator.question()
    ours.close(linger=0)
    peer.wait_closed()
    authenticator.tell(name, b"", *GOOD)
