"""Thousands of connections that begin a handshake and go no further do not keep others out.

ZMQLITE_TEST_HALF_OPEN says how many they are.
"""

import os
import pathlib

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
    whole,
)
from support import allow_descriptors, port_of, wait_until

import zmqlite as zmq

HALF_OPEN = int(os.environ.get("ZMQLITE_TEST_HALF_OPEN", "1000"))
SCRIPT = pathlib.Path(__file__).with_name("half_open.py")

WELCOME = 2 + 168
PATIENT = {zmq.HANDSHAKE_IVL: 600_000}
"""Longer than it takes to make all these connections."""


def beginnings(mechanism):
    """What a client may begin with, and how many octets it is answered before it must go on."""
    greeting = greeting_of(mechanism, "client")
    begun = [(b"", 10), (greeting[:1], 10), (greeting[:12], 64), (greeting, 64)]
    if mechanism == "PLAIN":
        begun.append((greeting + plain_hello(b"mallory"), 64))
        begun.append((greeting + plain_hello()[:5], 64))
    if mechanism == "CURVE":
        hello = whole(Client(SERVER_KEYS.public).hello())
        begun.append((greeting + hello[:100], 64))
        begun.append((greeting + hello, 64 + WELCOME))
        begun.append((greeting + hello + b"\x06" + bytes(6) + b"\x01\x01\x08INIT", 64 + WELCOME))
    return begun


@pytest.fixture
def authenticator(socket):
    """It answers the questions after its clients alone; the others wait."""
    made = socket(zmq.ROUTER)
    made.bind("inproc://zeromq.zap.01")
    return made


CREDENTIALS = {"PLAIN": [USER, PASSWORD], "CURVE": [CLIENT_KEYS.public]}


def let_in(authenticator, credentials):
    """Answer the next question after a good client."""
    shown = None
    while shown != credentials:
        asker, _, version, number, _, _, _, _, *shown = authenticator.recv_multipart()
    authenticator.send_multipart([asker, b"", version, number, b"200", b"", b"", b""])


@pytest.fixture
def crowd(bound, child, no_leaks):
    """Make a server, whose descriptors suffice, and the half open connections to it."""
    with allow_descriptors(HALF_OPEN + 200):

        def make(mechanism, options):
            how = {zmq.BACKLOG: 1000, **OPTIONS[mechanism, "server"], **options}
            ours, address = bound("tcp", zmq.REP, how)
            texts = [f"{octets.hex()}:{due}" for octets, due in beginnings(mechanism)]
            others = child(SCRIPT, port_of(address), HALF_OPEN, *texts)
            return ours, address, others

        yield make


@pytest.fixture
def converse(socket, authenticator):
    """A new client that asks and is answered."""

    def make(mechanism, ours, address):
        with socket(zmq.REQ, OPTIONS[mechanism, "client"]) as client:
            client.connect(address)
            client.send(b"question")
            if mechanism in CREDENTIALS:
                let_in(authenticator, CREDENTIALS[mechanism])
            assert ours.recv() == b"question"
            ours.send(b"answer")
            assert client.recv() == b"answer"

    return make


@pytest.mark.parametrize("mechanism", ["NULL", "PLAIN", "CURVE"])
def test_others_get_in(crowd, converse, mechanism):
    ours, address, others = crowd(mechanism, PATIENT)
    others.expect("open")
    for _ in range(10):
        converse(mechanism, ours, address)
    assert ours.stats()["handshakes"] == 10
    # Nobody of the crowd has been closed to make room.
    assert sum(ours.stats()["closed"].values()) <= 10


@pytest.mark.parametrize("mechanism", ["NULL", "PLAIN", "CURVE"])
def test_others_get_in_while_they_come_and_go(crowd, converse, mechanism):
    ours, address, others = crowd(mechanism, PATIENT)
    for _ in range(3):
        others.tell("again")
    opened = 0
    while opened < 4:
        converse(mechanism, ours, address)
        while others.has_line(0):
            others.expect("open")
            opened += 1


@pytest.mark.parametrize("mechanism", ["NULL", "PLAIN", "CURVE"])
def test_they_are_closed_in_time(crowd, converse, mechanism):
    ours, address, others = crowd(mechanism, {zmq.HANDSHAKE_IVL: 1000})
    others.expect("open")

    def all_are_closed():
        return ours.stats()["closed"].get("handshake timeout", 0) == HALF_OPEN

    wait_until(all_are_closed, "all have had their time")
    converse(mechanism, ours, address)
