"""CURVE octet for octet: with known keys and random numbers, each command is known to the last bit.

The numbers that a socket draws are fixed in a process of its own, as all of a process share the
cryptography.
"""

import hashlib
import itertools
import pathlib
import socket as plain

import pytest
from curve import Client, Server, keys_of
from support import TIMEOUT, port_of
from zmtp import Peer, frame, greeting, metadata

SCRIPT = pathlib.Path(__file__).with_name("fixed_random.py")

# libzmq's documentation has these keys.
CLIENT = keys_of(bytes.fromhex("7bb864b489afa3671fbe69101f94b38972f24816dfb01b51656b3fec8dfd0888"))
SERVER = keys_of(bytes.fromhex("8e0bdd697628b91d8f245587ee95c5b04d48963f79259877b49cd9063aead3b7"))
CLIENT_TRANSIENT = keys_of(bytes(range(0x01, 0x21)))
SERVER_TRANSIENT = keys_of(bytes(range(0x21, 0x41)))

COOKIE_NONCE, WELCOME_NONCE, VOUCH_NONCE = (
    bytes(range(first, first + 16)) for first in (0x41, 0x51, 0x61)
)
COOKIE_KEY = bytes(range(0x80, 0xA0))
DRAWN_BY_SERVER = COOKIE_KEY + COOKIE_NONCE + WELCOME_NONCE
DRAWN_BY_CLIENT = VOUCH_NONCE

DEALER = metadata(b"Socket-Type", b"DEALER") + metadata(b"Identity", b"")
ROUTER = metadata(b"Socket-Type", b"ROUTER") + metadata(b"Identity", b"")

# Computed with NaCl itself; of the long ones the SHA-256.
HELLO = "15d56cee519727c713e494b4487a640f9d2fe53bc03f62db828a183674c97669"
WELCOME = "620ee9d934fb7d632fa0e72eb84c5a6e4df549811943b81f637cb66c4ef227c2"
INITIATE = "1574921e24c8571685252d1c961d1ff7fe4124acd5d351cc9da9fb50b192743f"
READY = (
    "0552454144590000000000000001640086d1ab154a21cf6b4b63c8994a57e5b976c483ec0654f901c19a18bef5ba"
    "8a058356adbb7f4fd971d3a3f9629bff74d79f"
)
HELLO_MESSAGE = "0026074d4553534147450000000000000003b4527c114f53c3cec414859fb9d8a931222731a3f5fd"
HI_MORE_MESSAGE = "0023074d4553534147450000000000000002c96f9f953721161f42c58a83536b36792149ed"


def sha256(octets):
    return hashlib.sha256(octets).hexdigest()


def draws(octets):
    """Stands for a source of random octets."""
    left = iter(octets)
    return lambda size: bytes(itertools.islice(left, size))


@pytest.fixture
def start(child):
    """Start a zmqlite socket that draws the known numbers."""

    def make(role, address):
        own, transient, drawn = {
            "client": (CLIENT, CLIENT_TRANSIENT, DRAWN_BY_CLIENT),
            "server": (SERVER, SERVER_TRANSIENT, DRAWN_BY_SERVER),
        }[role]
        keys = (own.secret, SERVER.public, transient.secret, drawn)
        return child(SCRIPT, role, *(key.hex() for key in keys), address)

    return make


def test_server(start, peers):
    """A ROUTER is the server, the test the client."""
    served = start("server", "tcp://127.0.0.1:*")
    peer = Peer(plain.create_connection(("127.0.0.1", port_of(served.line())), TIMEOUT))
    peers.append(peer)
    client = Client(SERVER.public, CLIENT, CLIENT_TRANSIENT, random=draws(DRAWN_BY_CLIENT))

    hello = greeting(mechanism=b"CURVE", as_server=1)
    peer.send(greeting(mechanism=b"CURVE"))
    assert peer.read(64)[10:] == hello[10:]

    peer.send(frame(client.hello(), command=True))
    flags, welcome = peer.read_frame()
    assert (flags, len(welcome), sha256(welcome)) == (4, 168, WELCOME)

    client.hear_welcome(welcome)
    peer.send(frame(client.initiate(DEALER), command=True))
    flags, ready = peer.read_frame()
    assert (flags, ready.hex()) == (4, READY)
    assert client.hear_ready(ready) == ROUTER

    peer.send(bytes.fromhex(HELLO_MESSAGE))
    assert served.line() == str([b"hello"])
    due = bytes.fromhex(HI_MORE_MESSAGE)
    assert peer.read(len(due)) == due


def test_client(start, peers):
    """A DEALER is the client, the test the server."""
    with plain.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(TIMEOUT)
        asking = start("client", f"tcp://127.0.0.1:{listener.getsockname()[1]}")
        peer = Peer(listener.accept()[0])
    peers.append(peer)
    server = Server(SERVER, SERVER_TRANSIENT, random=draws(DRAWN_BY_SERVER))

    peer.send(greeting(mechanism=b"CURVE", as_server=1))
    assert peer.read(64)[10:] == greeting(mechanism=b"CURVE")[10:]

    flags, hello = peer.read_frame()
    assert (flags, len(hello), sha256(hello)) == (4, 200, HELLO)

    server.hear_hello(hello)
    peer.send(frame(server.welcome(), command=True))
    flags, initiate = peer.read_frame()
    assert (flags, len(initiate), sha256(initiate)) == (6, 292, INITIATE)
    assert server.hear_initiate(initiate) == DEALER

    peer.send(frame(server.ready(ROUTER), command=True))
    due = bytes.fromhex(HELLO_MESSAGE)
    assert peer.read(len(due)) == due
    peer.send(frame(server.seal(b"hi", 1)) + frame(server.seal(b"")))
    assert asking.line() == str([b"hi", b""])


def test_the_known_numbers_are_known_to_the_test_too():
    """What stands in for either side in the other tests of CURVE says the same as a socket does."""
    client = Client(SERVER.public, CLIENT, CLIENT_TRANSIENT, random=draws(DRAWN_BY_CLIENT))
    server = Server(SERVER, SERVER_TRANSIENT, random=draws(DRAWN_BY_SERVER))
    hello = client.hello()
    server.hear_hello(hello)
    welcome = server.welcome()
    client.hear_welcome(welcome)
    initiate = client.initiate(DEALER)
    server.hear_initiate(initiate)
    assert [sha256(each) for each in (hello, welcome, initiate)] == [HELLO, WELCOME, INITIATE]
    assert server.ready(ROUTER).hex() == READY
    assert frame(client.seal(b"hello")).hex() == HELLO_MESSAGE
    assert frame(server.seal(b"hi", 1)).hex() == HI_MORE_MESSAGE
