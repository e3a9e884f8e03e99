"""Thousands of connections that begin a handshake and go no further do not keep others out.

ZMQLITE_TEST_HALF_OPEN says how many they are.
"""

import os
import pathlib

import pytest
from support import descriptors, port_of, wait_until
from wire.handshakes import OPTIONS, USER, Client, SERVER_KEYS, greeting_of, plain_hello, whole
from wire.zmtp import GREETING

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
