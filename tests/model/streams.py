"""STREAM: the model of a bound STREAM socket with plain TCP peers, and the player of its scripts.

What the model says of a connection: a notice, the octets in any portions, a notice. The model
does not foresee what is received next, as portions and order are free: it judges what was.
"""

import contextlib
import select
import socket as plain
import struct
from typing import NamedTuple

from choices import distinct, explore
from hypothesis import strategies as st
from support import TIMEOUT, TIMEOUT_MS, port_of, wait_until

NOTICE = b""
CLIENTS = 3


class Step(NamedTuple):
    verb: str
    client: int


VERBS = ["dial", "say", "answer", "listen", "read", "hang_up", "reset", "drop"]
OFTEN = ["say", "say", "answer", "read", "read"]


def scripts():
    """Whether the STREAM gives notice, and a list of `Step`."""
    step = st.builds(Step, st.sampled_from(VERBS + OFTEN), st.integers(0, CLIENTS - 1))
    return st.tuples(st.booleans(), st.lists(step, min_size=20, max_size=60))


class Connection:
    """What the STREAM has still to receive from one peer."""

    def __init__(self, client, notify):
        self.client = client
        self.id = None  # unknown until something was received
        self.notify = notify
        self.opening = notify  # the first notice is due
        self.octets = b""
        self.ended = False  # by the peer
        self.torn = False  # by the peer, so that the last octets may be lost
        self.dropped = False  # by the STREAM: what is unread may be lost, no notice is due

    def due(self):
        """Whether there is something that must be received."""
        if self.dropped:
            return False
        certain = self.octets and not self.torn
        return self.opening or bool(certain) or (self.ended and self.notify)


class StreamWorld:
    """What may be the case: the connections, and which of them has which id."""

    choose = None

    def __init__(self, notify):
        self.notify = notify
        self.connections = []
        self.ids = []

    def due(self):
        return any(each.due() for each in self.connections)

    def last(self, client):
        """The client's last connection."""
        return [each for each in self.connections if each.client == client][-1]

    def dial(self, client):
        self.connections.append(Connection(client, self.notify))

    def received(self, id, octets):
        """Whether this is what could be received."""
        connection = self._of(id)
        if connection is None:
            return False
        if connection.opening:
            connection.opening = False
            return octets == NOTICE
        if octets != NOTICE:
            fits = connection.octets.startswith(octets)
            connection.octets = connection.octets[len(octets) :]
            return fits
        self.connections.remove(connection)
        complete = connection.torn or connection.dropped or not connection.octets
        return connection.ended and connection.notify and complete

    def _of(self, id):
        """The connection of that id, which may be a new one's."""
        known = [each for each in self.connections if each.id == id]
        if known or id in self.ids:
            return known[0] if known else None
        self.ids.append(id)
        strangers = [each for each in self.connections if each.id is None]
        if not strangers or len(id) != 5 or id[0] != 0:
            return None
        connection = self.choose(strangers)
        connection.id = id
        return connection


class StreamPlayer:
    """One run of one script."""

    def __init__(self, library, notify):
        self.zmq = library
        self.context = library.Context()
        self.stream = self.context.socket(library.STREAM)
        self.stream.set(library.LINGER, 0)
        self.stream.set(library.STREAM_NOTIFY, int(notify))
        self.stream.bind("tcp://127.0.0.1:*")
        self.address = ("127.0.0.1", port_of(self.stream.get(library.LAST_ENDPOINT)))
        self.clients = {}
        self.owed = {}  # to each client: what the STREAM has sent
        self.said = 0
        self.worlds = [StreamWorld(notify)]
        self.log = []

    def play(self, script):
        for step in script:
            if step.verb in {"dial", "read"} or step.client in self.clients:
                getattr(self, step.verb)(step.client)
        while all(world.due() for world in self.worlds):
            self.read(None)

    def dial(self, client):
        if client not in self.clients:
            self.clients[client] = plain.create_connection(self.address, TIMEOUT)
            self.owed[client] = b""
            self.change(f"dial {client}", lambda world: world.dial(client))

    def say(self, client):
        self.said += 1
        octets = b"<%d of %d>" % (self.said, client)
        self.clients[client].sendall(octets)

        def more(world):
            world.last(client).octets += octets

        self.change(f"say {client} {octets}", more)

    def read(self, _):
        must = all(world.due() for world in self.worlds)
        if not self.stream.poll(TIMEOUT_MS if must else 0):
            assert not must, self.story("nothing is received")
            return
        id, octets = self.stream.recv_multipart()
        self.log.append(f"read {id} {octets}")
        judged = [e for w in self.worlds for e in explore(w, lambda w: w.received(id, octets))]
        self.worlds = distinct(world for fits, world in judged if fits)
        assert self.worlds, self.story("that cannot be")

    def answer(self, client):
        if id := self.id(client):
            octets = b"(%d)" % len(self.log)
            self.stream.send_multipart([id, octets])
            self.owed[client] += octets
            self.log.append(f"answer {client} {octets}")

    def listen(self, client):
        self.log.append(f"listen {client} {self.owed[client]}")
        while owed := self.owed[client]:
            heard = self.clients[client].recv(len(owed))
            assert heard and owed.startswith(heard), self.story(f"client {client} hears {heard}")
            self.owed[client] = owed[len(heard) :]

    def hang_up(self, client):
        self.listen(client)  # or the system would tear the connection
        self.leave(client, torn=False)

    def reset(self, client):
        at_once = struct.pack("ii", 1, 0)
        self.clients[client].setsockopt(plain.SOL_SOCKET, plain.SO_LINGER, at_once)
        self.leave(client, torn=True)

    def leave(self, client, torn):
        self.clients.pop(client).close()

        def end(world):
            connection = world.last(client)
            connection.ended, connection.torn = True, torn

        self.change(f"client {client} leaves, torn: {torn}", end)

    def drop(self, client):
        if id := self.id(client):
            self.stream.send_multipart([id, b""])
            self.change(f"drop {client}", lambda w: setattr(w.last(client), "dropped", True))
            with contextlib.closing(self.clients.pop(client)) as socket:
                wait_until(lambda: self.has_ended(socket), "the connection is dropped")

    def has_ended(self, socket):
        self.stream.get(self.zmq.EVENTS)  # libzmq ends the connection when it is used again
        if not select.select([socket], [], [], 0)[0]:
            return False
        try:
            return not socket.recv(1000)
        except ConnectionResetError:
            return True

    def id(self, client):
        """The id of the client's connection, if that is certain."""
        ids = {world.last(client).id for world in self.worlds}
        return ids.pop() if len(ids) == 1 else None

    def change(self, what, happen):
        self.log.append(what)
        for world in self.worlds:
            happen(world)

    def story(self, end):
        return "\n".join([*self.log, end])

    def finish(self):
        for client in self.clients.values():
            client.close()
        self.stream.close()
        self.context.term()
