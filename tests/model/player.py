"""Plays a script on a library and in the model, and compares what they say.

The model is a list of worlds: all that may be the case after what was seen so far. A step is
made in each of them, in every way there is, and on the library; the worlds that saw the same
live on. None left: the library does what the specification does not allow.
"""

import errno
import itertools

import patterns
from choices import distinct, explore
from support import wait_until
from wiring import Network, Refused

TOO_MANY = 16
"""So many worlds are told apart by reading all there is to read."""

serial = itertools.count()


class Player:
    """One run of one script over inproc."""

    network = Network

    def __init__(self, library, quirks, pattern, cast):
        self.zmq = library
        self.quirks = quirks
        self.pattern = pattern
        self.cast = cast
        self.context = library.Context()
        self.sockets = {}  # by part
        self._lives = [0] * len(cast)
        self._run = next(serial)
        self._sent = 0
        self._log = []
        self.worlds = [self.network(quirks)]
        for part in range(len(cast)):
            self.open(part)

    def play(self, script):
        for step in script:
            if (step.part in self.sockets) == (step.verb != "open"):
                getattr(self, step.verb)(step.part, *step.details)
            if len(self.worlds) > TOO_MANY:
                self.read_everything()
        self.read_everything()

    def finish(self):
        for socket in self.sockets.values():
            socket.close(0)
        self.context.term()

    # ---- the steps ----

    def open(self, part):
        self._lives[part] += 1
        kind = self.cast[part].kind
        socket = self.sockets[part] = self.context.socket(getattr(self.zmq, kind))
        socket.set(self.zmq.LINGER, 0)
        options = self.configure(part, socket)
        for option, value in options.items():
            socket.set(getattr(self.zmq, option), value)
        model = getattr(patterns, kind.capitalize())
        self.step(f"open {part}", lambda world: world.open(part, model, options))

    def close(self, part):
        socket = self.sockets.pop(part)
        self.step(f"close {part}", lambda world: world.close(part), lambda: self.end(part, socket))

    def bind(self, part, number):
        endpoint = self.endpoint(self.cast[part].side, number)
        aborts = self.quirks.aborts_at_the_left and self.might("would_meet_the_left", endpoint)
        if not aborts and not self.meets_twice("would_bind_twice", part, endpoint):
            self.reach("bind", "bind", part, endpoint)

    def connect(self, part, number):
        endpoint = self.endpoint(1 - self.cast[part].side, number)
        if not self.meets_twice("would_connect_twice", part, endpoint):
            self.reach("connect", "connect", part, endpoint)

    def unbind(self, part, number):
        self.reach("unbind", "leave", part, self.endpoint(self.cast[part].side, number))

    def disconnect(self, part, number):
        endpoint = self.endpoint(1 - self.cast[part].side, number)
        late = self.quirks.forgets_late and self.cast[part].kind == "XPUB"
        if late and self.might("would_leave_busy", part, endpoint):
            return
        if not self.might("would_tear", part, endpoint):
            self.reach("disconnect", "leave", part, endpoint)

    def subscribe(self, part, topic):
        self._subscription(part, "subscribe", b"\1", topic)

    def unsubscribe(self, part, topic):
        self._subscription(part, "unsubscribe", b"\0", topic)

    def send(self, part, topic, to):
        kind = self.cast[part].kind
        self._sent += 1
        frames = (topic + b"%d" % self._sent,)
        if self._sent % 3 == 0:
            frames = (*frames, b"")
        if self.pattern.delimited and kind in {"DEALER", "ROUTER"}:
            frames = (b"", *frames)
        if kind == "ROUTER":
            frames = (self._name(to), *frames)
        self._emit(part, frames)

    def recv(self, part):
        self.step(
            f"recv {part}",
            lambda world: world.sockets[part].recv(),
            lambda: tuple(self.sockets[part].recv_multipart(self.zmq.DONTWAIT)),
        )

    # ---- what they are made of ----

    def configure(self, part, socket):
        """The options of a new socket."""
        name = {"ROUTING_ID": self._name(part)} if self.pattern.named else {}
        return self.cast[part].options | name

    def _name(self, part):
        """The name of the part in its present life; in none, if there is no such part."""
        life = self._lives[part] if part < len(self.cast) else 0
        return b"part %d life %d" % (part, life)

    def endpoint(self, side, number):
        return f"inproc://model {self._run} {side} {number}"

    def reach(self, verb, model, part, endpoint):
        self.step(
            f"{verb} {part} {endpoint}",
            lambda world: getattr(world, model)(part, endpoint),
            lambda: self.call(getattr(self.sockets[part], verb), endpoint),
        )

    def call(self, method, endpoint):
        if self.quirks.pair_is_taken_until_the_end:
            self._let_sockets_end()
            self.seen()
        method(endpoint)

    def might(self, question, *args):
        """Whether the answer is yes in any of the worlds."""
        return any(getattr(world, question)(*args) for world in self.worlds)

    def meets_twice(self, question, part, endpoint):
        return self.pattern.named and self.might(question, part, endpoint)

    def _subscription(self, part, verb, mark, topic):
        kind = self.cast[part].kind
        if kind == "SUB":
            self.step(
                f"{verb} {part} {topic}",
                lambda world: getattr(world.sockets[part], verb)(topic),
                lambda: getattr(self.sockets[part], verb)(topic),
            )
        elif kind == "XSUB":
            self._emit(part, (mark + topic,))

    def _emit(self, part, frames):
        self.step(
            f"send {part} {frames}",
            lambda world: world.sockets[part].send(frames),
            lambda: self.sockets[part].send_multipart(frames, self.zmq.DONTWAIT),
        )

    def read_everything(self):
        while ready := [part for part, (can_recv, _) in self.seen().items() if can_recv]:
            for part in ready:
                self.recv(part)
                if self.cast[part].kind == "REP":
                    self.reply(part)

    def reply(self, part):
        self._emit(part, (b"reply",))

    def end(self, part, socket):
        """Close, and wait until the thread that closes sockets in libzmq has told the peers, and
        has heard their answers."""
        socket.close(0)
        for _ in range(2):
            self._let_sockets_end()
            self.seen()

    def _let_sockets_end(self):
        """Wait until that thread has closed another socket, which a third one notices."""
        witness, other = (self.context.socket(self.zmq.PAIR) for _ in range(2))
        endpoint = f"inproc://witness {next(serial)}"
        witness.bind(endpoint)
        other.connect(endpoint)
        other.close(0)
        wait_until(lambda: not witness.get(self.zmq.EVENTS) & self.zmq.POLLOUT, "it is closed")
        witness.close(0)

    # ---- a step, and what it shows ----

    def step(self, what, model, act=lambda: None):
        expected = [
            pair
            for world in self.worlds
            for pair in explore(world, lambda copy: outcome(lambda: model(copy), Refused))
        ]
        observed = outcome(act, self.zmq.ZMQError)
        self._log.append(f"{what} -> {observed}")
        self._keep(expected, observed)
        self.settle()

    def settle(self):
        """What the sockets are ready for must be so in one of the worlds."""
        expected = [pair for world in self.worlds for pair in explore(world, Network.poll)]
        seen = self.look([said for said, _ in expected])
        self._log.append(f"      {seen}")
        self._keep(expected, seen)

    def _keep(self, expected, observed):
        self.worlds = distinct(world for said, world in expected if said == observed)
        if not self.worlds:
            allowed = sorted({repr(said) for said, _ in expected})
            raise AssertionError("\n".join([*self._log, "allowed:", *allowed]))

    def look(self, allowed):
        """What the sockets are ready for, when all has come through. Over inproc either end of a
        connection must be looked at twice before both know of its end."""
        for _ in range(4):
            seen = self.seen()
        return seen

    def seen(self):
        """Whether each socket can receive, and send."""
        events = {part: socket.get(self.zmq.EVENTS) for part, socket in self.sockets.items()}
        return {
            part: (bool(ready & self.zmq.POLLIN), bool(ready & self.zmq.POLLOUT))
            for part, ready in sorted(events.items())
        }


def outcome(call, failure):
    """The message that the call returned, or the name of the error it raised, or "done"."""
    try:
        result = call()
    except failure as error:
        return errno.errorcode.get(error.errno, error.errno)
    return result if isinstance(result, tuple) else "done"
