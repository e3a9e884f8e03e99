"""Fixtures that join a zmqlite socket and a plain one that speaks ZMTP by hand."""

import socket as plain

import pytest
from handshakes import PASSWORD, USER, Target
from support import TIMEOUT, port_of, readable, writable
from zmtp import Peer

import zmqlite as zmq
from zmqlite.auth.thread import ThreadAuthenticator


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


@pytest.fixture
def target(context, socket):
    """Make a socket for bad peers, which must not have let anybody in at the end.

    A server of PLAIN has an authenticator that knows the right password.
    """
    targets, authenticators = [], []

    def make(mechanism, role, options=None):
        if (mechanism, role) == ("PLAIN", "server"):
            authenticators.append(ThreadAuthenticator(context))
            authenticators[-1].start()
            authenticators[-1].configure_plain(passwords={USER.decode(): PASSWORD.decode()})
        targets.append(Target(socket, mechanism, role, options))
        return targets[-1]

    yield make
    for each in targets:
        each.close()
    for each in authenticators:
        each.stop()
    for each in targets:
        assert not readable(each.socket) and not writable(each.socket)
