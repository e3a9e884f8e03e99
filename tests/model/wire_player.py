"""Plays a script over tcp or ipc, where nothing happens at once.

Connections are awaited by socket monitors. Nothing is sent while something is unread, so that a
message is known to have arrived when its receiver is readable. Queues that fill, and what is lost
under way, are left to inproc and to other tests.
"""

import errno
import sys
import time
from collections import Counter

from player import Player, serial
from support import TIMEOUT, TIMEOUT_MS
from wiring import Wire

BINDERS = {"REQ": "REP", "SUB": "XPUB", "XSUB": "XPUB"}
"""Who connects only, and who binds. To a REQ a reply could come late, from one it has never asked;
of a publisher that is cut off nobody tells what it takes for subscribed."""

WIRE_OPTIONS = {
    "REQ": {"REQ_RELAXED": 0},  # or a late reply is mistaken for another
    "XPUB": {"XPUB_VERBOSER": 1},  # so that every subscription is seen to arrive
}


class WirePlayer(Player):
    """One run of one script over tcp or ipc, with the endpoints given for (side, number)."""

    network = Wire

    def __init__(self, library, quirks, pattern, cast, endpoints):
        self._endpoints = endpoints
        self._monitors = {}
        super().__init__(library, quirks, pattern, cast)

    def endpoint(self, side, number):
        return self._endpoints[side, number]

    def configure(self, part, socket):
        socket.set(self.zmq.RECONNECT_IVL, 1)
        self._monitors[part] = Monitor(self.zmq, socket)
        special = WIRE_OPTIONS.get(self.cast[part].kind, {})
        return super().configure(part, socket) | {"SNDHWM": 0, "RCVHWM": 0} | special

    def bind(self, part, number):
        # Over ipc the second to bind an endpoint takes it from the first.
        taken = self.endpoint(self.cast[part].side, number) in self.worlds[0].bound
        if self.cast[part].kind not in BINDERS and not taken:
            super().bind(part, number)

    def connect(self, part, number):
        # A PAIR connects once: when it is free again after that, libzmq does not tell.
        once = self.cast[part].kind == "PAIR" and self.worlds[0].has_connected(part)
        if self.cast[part].kind not in BINDERS.values() and not once:
            super().connect(part, number)

    def unbind(self, part, number):
        if self.quirks.unbinds_late:
            self.read_everything()
            if self.cast[part].kind == "REP":
                self.reply(part)
        super().unbind(part, number)

    def disconnect(self, part, number):
        endpoint = self.endpoint(1 - self.cast[part].side, number)
        dials = self.quirks.dials_what_was_left
        if not (dials and self.might("would_leave_unmade", part, endpoint)):
            super().disconnect(part, number)

    def call(self, method, endpoint):
        give_up = time.monotonic() + TIMEOUT
        while True:
            try:
                return method(endpoint)
            except self.zmq.ZMQError as error:
                in_use = error.errno == errno.EADDRINUSE and self.quirks.unbinds_late
                if not in_use or time.monotonic() > give_up:
                    raise
            time.sleep(0.001)

    def send(self, part, topic, to):
        self.read_everything()
        # What an XSUB says, besides subscriptions, is forgotten when it is cut off, or is not.
        if self.cast[part].kind != "XSUB" and not self.might("would_go_astray", part):
            super().send(part, topic, to)

    def subscribe(self, part, topic):
        self.read_everything()
        super().subscribe(part, topic)

    def unsubscribe(self, part, topic):
        self.read_everything()
        super().unsubscribe(part, topic)

    def settle(self):
        super().settle()
        if any(world.unread() > 1 for world in self.worlds):
            self.read_everything()

    def look(self, allowed):
        """What the sockets are ready for, when all connections are made and all has arrived."""
        sockets = self.worlds[0].sockets.items()
        due = {part: (socket.handshakes, socket.losses) for part, socket in sockets}
        give_up = time.monotonic() + TIMEOUT
        while True:
            seen = self.seen()
            counts = {part: monitor.counts() for part, monitor in self._monitors.items()}
            if counts == due and seen in allowed:
                return seen
            if time.monotonic() > give_up:
                return f"{seen}, connections made and lost: {counts}, due are {due}"
            time.sleep(0.001)

    def end(self, part, socket):
        socket.close(0)
        self._monitors.pop(part).await_end()

    def finish(self):
        for part, socket in self.sockets.items():
            self.end(part, socket)
        self.context.term()


class Monitor:
    """Counts the connections of a socket that others begin and end."""

    def __init__(self, library, socket):
        self._zmq = library
        address = f"inproc://monitor {next(serial)}"
        socket.monitor(address, library.EVENT_ALL)
        self._events = socket.context.socket(library.PAIR)
        self._events.connect(address)
        self._seen = Counter()

    def counts(self):
        """How many connections were made, and how many of them the peers have ended."""
        while self._events.poll(0):
            self._note()
        return (
            self._seen[self._zmq.EVENT_HANDSHAKE_SUCCEEDED],
            self._seen[self._zmq.EVENT_DISCONNECTED],
        )

    def await_end(self):
        """Wait until the socket is closed for good, and close the monitor."""
        while not self._seen[self._zmq.EVENT_MONITOR_STOPPED]:
            assert self._events.poll(TIMEOUT_MS), "the socket was never closed"
            self._note()
        self._events.close(0)

    def _note(self):
        event, _ = self._events.recv_multipart()
        self._seen[int.from_bytes(event[:2], sys.byteorder)] += 1
