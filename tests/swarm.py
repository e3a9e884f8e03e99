"""Child of test_many_peers.py: many peers of a ROUTER in one process, on plain TCP sockets.

python swarm.py PORT FIRST COUNT

It says "ready" when COUNT peers, named by numbers from FIRST on, have shaken hands. Then it obeys:

queue COUNT      every peer sends so many messages; "queued" when the ROUTER has read them
talk COUNT       every peer sends so many, each after the answer to the last; "talked" at the end
flood NUMBER...  these send without end from now on; "flooding" when the ROUTER has ceased to read
leave NUMBER...  these close their connections; "left"
freeze NUMBER... these keep them open and do nothing any more; "frozen"

What "every peer" is told is not for those that flood, have left or are frozen.
"""

import selectors
import socket
import sys

from wire.zmtp import GREETING, command, frame, ready

HANDSHAKES_AT_ONCE = 20
"""Not every system lets more connections wait, whatever backlog a listener asks for."""

MESSAGE = frame(b"message")
PING = command(b"PING", bytes(2))
PONG = command(b"PONG")
FLOOD = memoryview(frame(bytes(200)) * 300)


class Peer:
    """One connection, which calls `done(self)` when what it was told is accomplished."""

    def __init__(self, port, number, done):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setblocking(False)
        self.socket.sendall(GREETING + ready(b"DEALER", b"%d" % number))
        self._done = done
        self._octets = bytearray()
        self._greeted = False
        self._answers_due = 0
        self._flood = FLOOD

    def queue(self, count):
        self.socket.sendall(MESSAGE * count + PING)

    def talk(self, count):
        self._answers_due = count
        self.socket.sendall(MESSAGE)

    def flood(self):
        try:
            while True:
                self._flood = self._flood[self.socket.send(self._flood) :] or FLOOD
        except BlockingIOError:
            self._done(self)

    def read(self):
        octets = self.socket.recv(65536)
        if not octets:
            raise ConnectionError("the ROUTER has closed the connection of a live peer")
        self._octets += octets
        for flags, body in self._frames():
            if body.startswith(b"\x04PING"):
                self.socket.sendall(PONG)
            elif flags & 4:  # READY, or the PONG to what queue() sent
                self._done(self)
            else:
                self._take_answer()

    def _frames(self):
        octets, at = self._octets, 0
        if not self._greeted and len(octets) >= len(GREETING):
            self._greeted, at = True, len(GREETING)
        while self._greeted and len(octets) >= at + 2 and len(octets) >= at + 2 + octets[at + 1]:
            begin, at = at + 2, at + 2 + octets[at + 1]
            yield octets[begin - 2], bytes(octets[begin:at])
        del octets[:at]

    def _take_answer(self):
        self._answers_due -= 1
        if self._answers_due:
            self.socket.sendall(MESSAGE)
        else:
            self._done(self)


class Swarm:
    """All peers of this process; at the end of each order it says that it is done."""

    def __init__(self, port, numbers):
        self._selector = selectors.DefaultSelector()
        self._peers = {}
        self._frozen = []
        self._busy = set()
        self._due = "ready"
        for number in numbers:
            while len(self._busy) == HANDSHAKES_AT_ONCE:
                self._wait()
            self._peers[number] = peer = Peer(port, number, self._busy.discard)
            self._busy.add(peer)
            self._selector.register(peer.socket, selectors.EVENT_READ, peer.read)
        self._selector.register(sys.stdin, selectors.EVENT_READ)

    def work(self):
        while True:
            if self._due and not self._busy:
                print(self._due, flush=True)
                self._due = None
            if self._wait():
                verb, *numbers = sys.stdin.readline().split()
                getattr(self, f"_{verb}")(*map(int, numbers))

    def _wait(self):
        """Let the peers act; True if there is an order."""
        ordered = False
        for key, _ in self._selector.select():
            if key.data:
                key.data()
            else:
                ordered = True
        return ordered

    def _queue(self, count):
        self._tell_all(lambda peer: peer.queue(count), "queued")

    def _talk(self, count):
        self._tell_all(lambda peer: peer.talk(count), "talked")

    def _tell_all(self, tell, word):
        self._due = word
        for peer in self._peers.values():
            self._busy.add(peer)
            tell(peer)

    def _flood(self, *numbers):
        self._due = "flooding"
        for peer in self._dismiss(numbers):
            self._busy.add(peer)
            self._selector.modify(peer.socket, selectors.EVENT_WRITE, peer.flood)

    def _leave(self, *numbers):
        self._due = "left"
        for peer in self._dismiss(numbers):
            self._selector.unregister(peer.socket)
            peer.socket.close()

    def _freeze(self, *numbers):
        self._due = "frozen"
        for peer in self._dismiss(numbers):
            self._selector.unregister(peer.socket)
            self._frozen.append(peer)

    def _dismiss(self, numbers):
        return [self._peers.pop(number) for number in numbers]


def main():
    port, first, count = map(int, sys.argv[1:])
    Swarm(port, range(first, first + count)).work()


main()
