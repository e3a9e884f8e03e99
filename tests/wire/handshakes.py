"""Handshakes of PLAIN and CURVE by hand, from either side, and sockets that they are made with.

Each side is a generator: it yields the octets that it sends, a command at a time, and reads what it
is answered before it makes the next. So a test can put its own in the place of any of them. After
the handshake there may be a PING, which is answered if it has succeeded.
"""

import contextlib
import select
import socket as plain

from curve import Client, Server, new_keys
from support import TIMEOUT, port_of, wait_until
from zmtp import GREETING, Peer, command, frame, greeting, metadata

import zmqlite as zmq

USER, PASSWORD = b"bob", b"secret"
SERVER_KEYS, CLIENT_KEYS = new_keys(), new_keys()

PROPERTIES = metadata(b"Socket-Type", b"DEALER") + metadata(b"Identity", b"me")

OPTIONS = {
    ("NULL", "server"): {},
    ("NULL", "client"): {},
    ("PLAIN", "server"): {zmq.PLAIN_SERVER: 1},
    ("PLAIN", "client"): {zmq.PLAIN_USERNAME: USER, zmq.PLAIN_PASSWORD: PASSWORD},
    ("CURVE", "server"): {zmq.CURVE_SERVER: 1, zmq.CURVE_SECRETKEY: SERVER_KEYS.secret},
    ("CURVE", "client"): {
        zmq.CURVE_SERVERKEY: SERVER_KEYS.public,
        zmq.CURVE_PUBLICKEY: CLIENT_KEYS.public,
        zmq.CURVE_SECRETKEY: CLIENT_KEYS.secret,
    },
}
"""What makes a socket a server or a client of a mechanism."""

PING, PONG = b"\x04PING\x00\x00context", b"\x04PONGcontext"

MORE, COMMAND = 1, 2
"""Flags inside of what CURVE has sealed."""

OTHER = {"client": "server", "server": "client"}


def greeting_of(mechanism, role):
    return greeting(mechanism=mechanism.encode(), as_server=role == "server")


def whole(body):
    """The frame of a command."""
    return frame(body, command=True)


def take(peer, name):
    """The body of the next frame, which must be this command."""
    body = peer.read_frame()[1]
    assert body.startswith(bytes([len(name)]) + name), body
    return body


def plain_hello(user=USER, password=PASSWORD):
    return command(b"HELLO", bytes([len(user)]) + user + bytes([len(password)]) + password)


def plain_client(peer, properties=PROPERTIES, hello=None, ping=False):
    yield hello or plain_hello()
    take(peer, b"WELCOME")
    yield command(b"INITIATE", properties)
    take(peer, b"READY")
    if ping:
        yield frame(PING, command=True)


def plain_server(peer, properties=PROPERTIES, ping=False):
    take(peer, b"HELLO")
    yield command(b"WELCOME")
    take(peer, b"INITIATE")
    yield command(b"READY", properties)
    if ping:
        yield frame(PING, command=True)


def curve_client(peer, properties=PROPERTIES, client=None, ping=False):
    client = client or Client(SERVER_KEYS.public, CLIENT_KEYS)
    yield whole(client.hello())
    client.hear_welcome(take(peer, b"WELCOME"))
    yield whole(client.initiate(properties))
    client.hear_ready(take(peer, b"READY"))
    if ping:
        yield frame(client.seal(PING, COMMAND))


def curve_server(peer, properties=PROPERTIES, server=None, ping=False):
    server = server or Server(SERVER_KEYS)
    server.hear_hello(take(peer, b"HELLO"))
    yield whole(server.welcome())
    server.hear_initiate(take(peer, b"INITIATE"))
    yield whole(server.ready(properties))
    if ping:
        yield frame(server.seal(PING, COMMAND))


TALKS = {
    ("PLAIN", "client"): plain_client,
    ("PLAIN", "server"): plain_server,
    ("CURVE", "client"): curve_client,
    ("CURVE", "server"): curve_server,
}
"""What a client or a server says."""


def shake_hands(peer, mechanism, role, **how):
    """Greeting and handshake, as a client or a server of the mechanism."""
    peer.send(greeting_of(mechanism, role))
    assert peer.read(64)[10:] == greeting_of(mechanism, OTHER[role])[10:]
    for octets in TALKS[mechanism, role](peer, **how):
        peer.send(octets)


class BadPeer(Peer):
    def half_close(self):
        self._connection.shutdown(plain.SHUT_WR)

    def answer(self):
        """The octets that it hears next; none if its connection has ended."""
        with contextlib.suppress(ConnectionError):
            return self._connection.recv(65536)
        return b""


class Target:
    """A DEALER, a server or a client, that meets bad peers one after the other."""

    def __init__(self, socket, mechanism, role, options=None):
        self._mechanism, self._role = mechanism, OTHER[role]  # of the peers
        self.socket = socket(
            zmq.DEALER,
            # A client that came again by itself would be taken for the next; and it must not be
            # writable for no more than the hope of a connection.
            {
                zmq.RECONNECT_IVL: -1,
                zmq.IMMEDIATE: 1,
                **OPTIONS[mechanism, role],
                **(options or {}),
            },
        )
        self._listener = None
        if role == "server":
            self.socket.bind("tcp://127.0.0.1:*")
            self._port = port_of(self.socket.get(zmq.LAST_ENDPOINT))
        else:
            self._listener = plain.create_server(("127.0.0.1", 0))
            self._listener.settimeout(TIMEOUT)
            self._port = self._listener.getsockname()[1]

    def close(self):
        if self._listener:
            self._listener.close()

    def meet(self):
        """The peer's end of a new connection."""
        if self._role == "client":
            return BadPeer(plain.create_connection(("127.0.0.1", self._port), TIMEOUT))
        address = f"tcp://127.0.0.1:{self._port}"
        with contextlib.suppress(zmq.ZMQError):  # it is gone if the last one has broken the rules
            self.socket.disconnect(address)
        self.socket.connect(address)
        return BadPeer(self._listener.accept()[0])

    def meets_nobody(self, seconds):
        """No client comes by itself."""
        return not select.select([self._listener], [], [], seconds)[0]

    @contextlib.contextmanager
    def _one_more(self, outcome):
        """A peer, and why its connection has been ended when the `with` block is left."""
        before = self.socket.stats()["closed"]
        with contextlib.closing(self.meet()) as peer:
            yield peer
        told = []

        def has_ended():
            now = self.socket.stats()["closed"]
            told[:] = [why for why in now if now[why] > before.get(why, 0)]
            return told

        wait_until(has_ended, "the end of the connection is counted")
        outcome += told

    def judge_greeting(self, octets):
        """What becomes of a peer that begins so: "accepted" if it is answered, or why it is not."""
        outcome = []
        with self._one_more(outcome) as peer:
            peer.send(octets)
            heard = b""
            while len(heard) <= len(GREETING) and (more := peer.answer()):
                heard += more
        return "accepted" if len(heard) > len(GREETING) else outcome[0]

    def judge(self, step, spoil, then="ping", **how):
        """What becomes of a peer whose command number `step` is not as it should be, likewise.

        `then` is what it does behind the command: "ping", so that there is an answer even to the
        last one; "close"; or "wait".
        """
        outcome = []
        with self._one_more(outcome) as peer:
            peer.send(greeting_of(self._mechanism, self._role))
            peer.read(64)
            talk = TALKS[self._mechanism, self._role](peer, ping=True, **how)
            for _ in range(step):
                peer.send(next(talk))
            octets = spoil(next(talk))
            if (self._role, step, then) == ("server", 1, "ping"):
                octets += next(talk)
            with contextlib.suppress(ConnectionError):
                peer.send(octets)
                if then == "close":
                    peer.half_close()
            answer = peer.answer()
        is_let_in = answer and b"RROR" not in answer[:8]
        return "accepted" if is_let_in else outcome[0]
