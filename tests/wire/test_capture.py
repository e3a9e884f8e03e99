"""What somebody sees who records every octet of a connection: of CURVE, nothing that was said."""

import select
import socket as plain
import threading

import pytest
from handshakes import CLIENT_KEYS, OPTIONS, SERVER_KEYS
from support import TIMEOUT, TIMEOUT_MS, port_of

import zmqlite

TYPES = [b"Socket-Type", b"DEALER", b"ROUTER"]
NAMES = [b"the-name-of-the-client", b"the-name-of-the-server"]
TOPIC = b"a-topic-that-nobody-knows"
BODY = b"the quick brown fox jumps over the lazy dog"
KEYS = [SERVER_KEYS.public, SERVER_KEYS.secret, CLIENT_KEYS.public, CLIENT_KEYS.secret]


class Tap(threading.Thread):
    """Stands between one client and a server, and records all that passes."""

    def __init__(self, port):
        super().__init__()
        self.recorded = b""
        self._port = port
        self._listener = plain.create_server(("127.0.0.1", 0))
        self._listener.settimeout(TIMEOUT)
        self.endpoint = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        self.start()

    def run(self):
        with self._listener:
            client = self._listener.accept()[0]
        with client, plain.create_connection(("127.0.0.1", self._port)) as server:
            passed = {client: b"", server: b""}
            while True:
                end = select.select([client, server], [], [])[0][0]
                octets = end.recv(65536)
                if not octets:
                    break
                passed[end] += octets
                (server if end is client else client).sendall(octets)
        self.recorded = passed[client] + passed[server]


@pytest.fixture
def record(no_leaks):
    """All that passes between a server and a client of a mechanism, of one library or of two."""

    def make(mechanism, libraries):
        serving, connecting = libraries
        with serving.Context() as a, connecting.Context() as b:
            recorded = b""
            for kinds, talk in ((("ROUTER", "DEALER"), _converse), (("XPUB", "SUB"), _publish)):
                with (
                    a.socket(getattr(serving, kinds[0])) as server,
                    b.socket(getattr(connecting, kinds[1])) as client,
                ):
                    _set_up(server, mechanism, "server", NAMES[1])
                    _set_up(client, mechanism, "client", NAMES[0])
                    server.bind("tcp://127.0.0.1:*")
                    tap = Tap(port_of(server.get(zmqlite.LAST_ENDPOINT)))
                    client.connect(tap.endpoint)
                    talk(server, client)
                tap.join(TIMEOUT)
                recorded += tap.recorded
        return recorded

    return make


def _set_up(socket, mechanism, role, name):
    for option, value in OPTIONS[mechanism, role].items():
        socket.set(option, value)
    socket.set(zmqlite.ROUTING_ID, name)
    socket.set(zmqlite.LINGER, 0)
    for option in (zmqlite.RCVTIMEO, zmqlite.SNDTIMEO):
        socket.set(option, TIMEOUT_MS)


def _converse(server, client):
    for count in (1, 1, 100, 10_000):  # up to some hundred thousand octets
        message = [BODY * count, b"", BODY]
        client.send_multipart(message)
        name, *parts = server.recv_multipart()
        assert (name, parts) == (NAMES[0], message)
        server.send_multipart([name, *parts])
        assert client.recv_multipart() == message


def _publish(server, client):
    client.subscribe(TOPIC)
    assert server.recv() == b"\x01" + TOPIC
    server.send(TOPIC + BODY)
    assert client.recv() == TOPIC + BODY
    client.unsubscribe(TOPIC)
    assert server.recv() == b"\x00" + TOPIC


LIBRARIES = [("zmqlite", "zmqlite"), ("zmqlite", "zmq"), ("zmq", "zmqlite")]


@pytest.fixture(params=LIBRARIES, ids=" and ".join)
def libraries(request):
    return [pytest.importorskip(name) for name in request.param]


def test_curve(record, libraries):
    recorded = record("CURVE", libraries)
    assert recorded.count(b"CURVE") == 4  # the greetings were recorded
    assert recorded.count(b"MESSAGE") > 24
    for said in (*TYPES, *NAMES, TOPIC, BODY[:8], *KEYS, b"SUBSCRIBE", b"CANCEL"):
        assert said not in recorded, said


def test_without_curve(record):
    """The tap would have heard it."""
    recorded = record("NULL", (zmqlite, zmqlite))
    for said in (*TYPES, *NAMES, TOPIC, BODY, b"SUBSCRIBE", b"CANCEL"):
        assert said in recorded, said
