"""Fixtures that join a zmqlite socket and a plain one that speaks ZMTP by hand."""

import socket as plain

import pytest
from support import TIMEOUT, port_of
from zmtp import Peer

import zmqlite as zmq


@pytest.fixture
def peers(no_leaks):
    """What is put in this list is closed at teardown."""
    made = []
    yield made
    for each in made:
        each.close()


@pytest.fixture
def dial(peers):
    """Connect a plain peer to a bound zmqlite socket."""

    def make(socket):
        port = port_of(socket.get(zmq.LAST_ENDPOINT))
        peers.append(Peer(plain.create_connection(("127.0.0.1", port), TIMEOUT)))
        return peers[-1]

    return make


@pytest.fixture
def accept(peers):
    """Let a zmqlite socket connect to a plain peer."""

    def make(socket):
        with plain.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(TIMEOUT)
            socket.connect(f"tcp://127.0.0.1:{server.getsockname()[1]}")
            peers.append(Peer(server.accept()[0]))
        return peers[-1]

    return make


@pytest.fixture(params=["we bind", "we connect"])
def joined(request, bound, socket, dial, accept):
    """Make a zmqlite socket and a plain peer on either side of a fresh connection."""

    def make(kind, options=None):
        if request.param == "we bind":
            ours, _ = bound("tcp", kind, options)
            return ours, dial(ours)
        ours = socket(kind, options)
        return ours, accept(ours)

    return make
