"""PLAIN, CURVE and ZAP between zmqlite and libzmq: either is the server, either is bound.

Messages go to pyzmq in another process. Whoever is refused is so in this process, where both sides
can be watched: zmqlite and libzmq, and zmqlite alone.
"""

import importlib.util
import pathlib

import pytest
import security
from remote import (
    Remote,
    both_roles,
    both_servers,
    both_ways,
    each_mechanism,
    each_transport,
)
from support import TIMEOUT_MS

import zmqlite
from zmqlite.utils.monitor import parse_monitor_message

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(not importlib.util.find_spec("zmq"), reason="pyzmq is not installed"),
]

PATTERNS = [
    *(("PUSH", "PULL"), ("PUB", "SUB"), ("XPUB", "XSUB"), ("PAIR", "PAIR")),
    *(("DEALER", "ROUTER"), ("ROUTER", "DEALER"), ("REQ", "REP")),
]

BEATING = {"HEARTBEAT_IVL": 1, "HEARTBEAT_TIMEOUT": 10_000}


@pytest.fixture(scope="session")
def remote():
    made = Remote(pathlib.Path(__file__).with_name("peer.py"))
    yield made
    made.kill()


@both_ways
@both_roles
@both_servers
@each_mechanism
@each_transport
@pytest.mark.parametrize(("sender", "receiver"), PATTERNS)
def test_messages(run_secured, transport, sender, receiver, mechanism, we_serve, we_bind, we_send):
    run_secured(
        *(transport, sender, receiver, we_bind, we_send, "mixed", 400),
        mechanism=mechanism,
        we_serve=we_serve,
    )


@both_ways
@both_servers
@each_transport
def test_all_sizes(run_secured, transport, we_serve, we_send):
    how = {"mechanism": "CURVE", "we_serve": we_serve}
    run_secured(transport, "PUSH", "PULL", we_serve, we_send, "sweep", **how)


@both_ways
@both_roles
@both_servers
@each_mechanism
@pytest.mark.parametrize(
    ("sender", "receiver"),
    [("PUB", "SUB"), ("PUB", "XSUB"), ("XPUB", "SUB"), ("XPUB", "XSUB")],
)
def test_subscriptions(run_secured, sender, receiver, mechanism, we_serve, we_bind, we_send):
    run_secured(
        *("tcp", sender, receiver, we_bind, we_send, "changing topics", 100),
        mechanism=mechanism,
        we_serve=we_serve,
    )


@both_ways
@both_servers
@each_mechanism
@pytest.mark.parametrize(("sender", "receiver"), [("PUSH", "PULL"), ("REQ", "REP")])
def test_heartbeats(run_secured, sender, receiver, mechanism, we_serve, we_send):
    """PINGs both ways, between and beside the messages."""
    run_secured(
        *("tcp", sender, receiver, we_serve, we_send, "mixed", 500),
        mechanism=mechanism,
        we_serve=we_serve,
        besides=BEATING,
    )


# ---- Who is refused, and what either side is told

Event = zmqlite.Event
SUCCEEDED, DISCONNECTED = Event.HANDSHAKE_SUCCEEDED, Event.DISCONNECTED
NO_DETAIL, AUTH = Event.HANDSHAKE_FAILED_NO_DETAIL, Event.HANDSHAKE_FAILED_AUTH
PROTOCOL = Event.HANDSHAKE_FAILED_PROTOCOL
RETRIED = Event.CONNECT_RETRIED

PATIENCE = 200
"""HANDSHAKE_IVL of servers: with a monitor libzmq leaves some refused connections open until then."""


class End:
    """A DEALER of either library, its monitor, and the context of both."""

    def __init__(self, library, options, answer=None):
        self.is_ours = library is zmqlite
        self._library = library
        self._context = library.Context()
        if answer:
            security.Doorkeeper(library, self._context, answer)
        self.socket = self._context.socket(library.DEALER)
        self.socket.set(library.LINGER, 0)
        self.socket.set(library.RCVTIMEO, TIMEOUT_MS)
        security.set_options(
            library,
            self.socket,
            {"IMMEDIATE": 1, "RECONNECT_IVL": 10, **options},
        )
        events = SUCCEEDED | NO_DETAIL | AUTH | PROTOCOL | DISCONNECTED | RETRIED
        self._reader = self.socket.get_monitor_socket(int(events))
        self._reader.set(library.RCVTIMEO, TIMEOUT_MS)

    def events(self, count):
        """The next events, each with its value if that tells a reason."""
        told = [parse_monitor_message(self._reader.recv_multipart()) for _ in range(count)]
        return [
            (each["event"], each["value"]) if each["event"] in (AUTH, PROTOCOL) else each["event"]
            for each in told
        ]

    def end_of_connection(self):
        """The failure that it tells of before the next DISCONNECTED."""
        failure, *others = iter(lambda: self.events(1)[0], DISCONNECTED)
        # Of a connection that libzmq first forgets to close it tells twice.
        assert not others or (not self.is_ours and others == [NO_DETAIL])
        return failure

    def hears_nothing(self):
        return not self._reader.poll(100)

    def is_idle(self):
        """Nobody has been let in."""
        return not self.socket.poll(0, self._library.POLLIN | self._library.POLLOUT)

    def reasons(self):
        """Why connections have ended; libzmq does not count them."""
        return set(self.socket.stats()["closed"]) if self.is_ours else None

    def close(self):
        self.socket.disable_monitor()
        self._reader.close(linger=0)
        self.socket.close()
        self._context.term()


@pytest.fixture(
    params=[("zmqlite", "zmq"), ("zmq", "zmqlite"), ("zmqlite", "zmqlite")],
    ids=["our server, their client", "their server, our client", "both ours"],
)
def ends(request, no_leaks):
    """Make a server, whose authenticator answers so, and a client that has connected to it."""
    libraries = [pytest.importorskip(name) for name in request.param]
    made = []

    def make(server_options, client_options, answer=security.judge):
        server_options = {"HANDSHAKE_IVL": PATIENCE, **server_options}
        made.append(End(libraries[0], server_options, answer))
        made.append(End(libraries[1], client_options))
        server, client = made
        server.socket.bind("tcp://127.0.0.1:*")
        client.socket.connect(server.socket.get(zmqlite.LAST_ENDPOINT).decode())
        return server, client

    yield make
    for each in reversed(made):
        each.close()


def of(mechanism, role, **changed):
    return {**security.OPTIONS[mechanism, role], **changed}


def expect_final(server, client, server_told, client_told, server_reason, client_reason):
    """The client is refused for good: both have been told."""
    assert server.end_of_connection() == server_told
    assert client.end_of_connection() == client_told
    assert server.reasons() in (None, {server_reason})
    assert client.reasons() in (None, {client_reason})
    # A client of libzmq's with a monitor sometimes forgets what it was told, and comes again.
    assert not client.is_ours or (client.hears_nothing() and server.hears_nothing())
    assert server.is_idle() and client.is_idle()


def expect_retry(server, client, server_told, server_reason):
    """The connection ends, the client is told no more than that, and comes again and again."""
    for _ in range(2):
        assert server.end_of_connection() == server_told
        assert client.end_of_connection() == NO_DETAIL
        assert client.events(1) == [RETRIED]
    assert server.reasons() in (None, {server_reason})
    assert client.reasons() in (None, {"peer closed in handshake"})
    assert server.is_idle() and client.is_idle()


@pytest.mark.parametrize("mechanism", ["NULL", "PLAIN", "CURVE"])
def test_let_in(ends, mechanism):
    server, client = ends(of(mechanism, "server"), of(mechanism, "client"))
    assert server.events(1) == client.events(1) == [SUCCEEDED]
    client.socket.send(b"hello")
    part = server.socket.recv(copy=False)
    assert part.bytes == b"hello"
    assert part.get("User-Id") == "a user"
    server.socket.send(b"there")
    assert client.socket.recv() == b"there"


@pytest.mark.parametrize("mechanism", ["PLAIN", "CURVE"])
def test_idle_with_heartbeats(ends, mechanism):
    """PINGs are answered, or the connection would end within a second."""
    beating = {"HEARTBEAT_IVL": 20, "HEARTBEAT_TIMEOUT": 1000}
    server, client = ends(of(mechanism, "server", **beating), of(mechanism, "client", **beating))
    assert server.events(1) == client.events(1) == [SUCCEEDED]
    client.socket.send(b"hello")
    assert server.socket.recv() == b"hello"
    assert not server.socket.poll(1200)
    client.socket.send(b"still here")
    assert server.socket.recv() == b"still here"
    assert client.hears_nothing() and server.hears_nothing()


OTHER_KEY = zmqlite.curve_keypair()[0].decode()

UNKNOWN = {
    "password": ("PLAIN", {"PLAIN_PASSWORD": "a guess"}),
    "name": ("PLAIN", {"PLAIN_USERNAME": "another"}),
    "client key": (
        "CURVE",
        {"CURVE_PUBLICKEY": security.SERVER[0], "CURVE_SECRETKEY": security.SERVER[1]},
    ),
}


@pytest.mark.parametrize("what", UNKNOWN)
def test_unknown(ends, what):
    mechanism, changed = UNKNOWN[what]
    server, client = ends(of(mechanism, "server"), of(mechanism, "client", **changed))
    told = (AUTH, 400)
    expect_final(server, client, told, told, "refused by authenticator", "refused by peer")


@pytest.mark.parametrize("status", [400, 500])
@pytest.mark.parametrize("mechanism", ["NULL", "PLAIN", "CURVE"])
def test_refused(ends, mechanism, status):
    server, client = ends(
        of(mechanism, "server"),
        of(mechanism, "client"),
        lambda *_: [b"%d" % status, b"", b"", b""],
    )
    told = (AUTH, status)
    expect_final(server, client, told, told, "refused by authenticator", "refused by peer")


@pytest.mark.parametrize("mechanism", ["NULL", "PLAIN", "CURVE"])
def test_put_off(ends, mechanism):
    server, client = ends(
        of(mechanism, "server"), of(mechanism, "client"), lambda *_: [b"300", b"", b"", b""]
    )
    expect_retry(server, client, (AUTH, 300), "put off by authenticator")


def test_the_key_of_another_server(ends):
    """What it says cannot be opened, and it is told nothing."""
    server, client = ends(of("CURVE", "server"), of("CURVE", "client", CURVE_SERVERKEY=OTHER_KEY))
    told = (PROTOCOL, Event.PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC)
    expect_retry(server, client, told, "decryption failed")


def test_a_secret_key_that_does_not_fit(ends):
    """The client cannot vouch for its public key."""
    server, client = ends(of("CURVE", "server"), of("CURVE", "client", CURVE_PUBLICKEY=OTHER_KEY))
    told = (PROTOCOL, Event.PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC)
    expect_retry(server, client, told, "decryption failed")


@pytest.mark.parametrize(
    ("serving", "connecting"),
    [(a, b) for a in ("NULL", "PLAIN", "CURVE") for b in ("NULL", "PLAIN", "CURVE") if a != b],
)
def test_another_mechanism(ends, serving, connecting):
    """One side sees it and closes; the other may see it too, or no more than that."""
    server, client = ends(of(serving, "server"), of(connecting, "client"))
    told = {server.end_of_connection(), client.end_of_connection()}
    mismatch = (PROTOCOL, Event.PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH)
    assert mismatch in told and told <= {mismatch, NO_DETAIL}
    assert server.is_idle() and client.is_idle()


@pytest.mark.parametrize(
    ("answer", "code", "reason"),
    [
        ([b"200", b"", b""], "ZAP_MALFORMED_REPLY", "malformed authenticator reply"),
        ([b"200", b"", b"", b"", b""], "ZAP_MALFORMED_REPLY", "malformed authenticator reply"),
        ([b"999", b"", b"", b""], "ZAP_INVALID_STATUS_CODE", "authenticator status code"),
        ([b"200", b"", b"", b"\x01X\x00"], "ZAP_INVALID_METADATA", "authenticator metadata"),
    ],
)
@pytest.mark.parametrize("mechanism", ["NULL", "PLAIN", "CURVE"])
def test_a_malformed_answer(ends, mechanism, answer, code, reason):
    server, client = ends(of(mechanism, "server"), of(mechanism, "client"), lambda *_: answer)
    told = (PROTOCOL, Event[f"PROTOCOL_ERROR_{code}"])
    expect_retry(server, client, told, reason)


def test_plain_without_an_authenticator(ends):
    server, client = ends(of("PLAIN", "server"), of("PLAIN", "client"), answer=None)
    expect_retry(server, client, NO_DETAIL, "no authenticator")


def test_curve_without_an_authenticator(ends):
    server, client = ends(of("CURVE", "server"), of("CURVE", "client"), answer=None)
    assert server.events(1) == client.events(1) == [SUCCEEDED]
    client.socket.send(b"hello")
    assert server.socket.recv() == b"hello"
