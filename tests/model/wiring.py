"""What all sockets share in the model: names, connections, and the queues of a connection.

This file and patterns.py are a ZeroMQ without time: whatever an operation leads to has happened
when it returns. Where more than one thing may happen, `network.choose` decides (choices.py).
"""

import errno


class Refused(Exception):
    """A call that fails."""

    def __init__(self, number):
        super().__init__(errno.errorcode.get(number, number))
        self.errno = number


class Lane:
    """The queue of one direction. A capacity of 0 is none.

    A writer that has found it full hears of room at the latest when half of the capacity has been
    read since it last heard of any.
    """

    def __init__(self, capacity):
        self.capacity = capacity
        self.messages = []
        self.untold = 0  # messages taken of which the writer does not know
        self.stuck = False  # full for ever

    @property
    def full(self):
        """As its writer knows it."""
        if not self.capacity:
            return self.stuck
        return len(self.messages) + self.untold >= self.capacity


class Pipe:
    """What a socket holds of one connection."""

    def __init__(self, owner, endpoint, dialled):
        self.owner = owner
        self.endpoint = endpoint
        self.dialled = dialled
        self.inward = Lane(0)
        self.outward = Lane(owner.options.get("SNDHWM", 0))
        self.other = None  # the peer's pipe, once it is there
        self.deserted = False  # the peer is gone
        self.unwanted = False  # not used by its owner
        self.peer_name = None  # its routing id, if the owner wants to know

    @property
    def writable(self):
        return not self.deserted and not self.unwanted and not self.outward.full

    @property
    def readable(self):
        return bool(self.inward.messages) and not self.unwanted

    def put(self, message):
        self.outward.messages.append(message)
        if self.other:
            self.other.notice()

    def notice(self):
        """Something may have come in."""
        if self.unwanted or self not in self.owner.pipes:
            self.inward.messages.clear()
        elif self.inward.messages:
            self.owner.arrived(self)

    def take(self):
        """The next message."""
        message = self.inward.messages.pop(0)
        self.inward.untold += 1
        self.owner.network.bury(self)
        return message

    def taken(self):
        """A message has been delivered. The writer hears of it when that makes enough room."""
        if self.inward.untold >= (self.inward.capacity + 1) // 2:
            self.inward.untold = 0


class Network:
    """The sockets of one context, joined by inproc."""

    choose = None  # set while a step is made

    def __init__(self, quirks):
        self.quirks = quirks
        self.sockets = {}  # by name
        self.bound = {}  # the name of the socket, by endpoint
        self.waiting = []  # pipes that nobody has bound the endpoint of

    def poll(self):
        """What each socket is ready for: to receive, to send."""
        for socket in self.sockets.values():
            for lane in [pipe.outward for pipe in socket.pipes]:
                if lane.full and lane.untold and self.choose([False, True]):
                    lane.untold = 0
        return {name: socket.poll() for name, socket in sorted(self.sockets.items())}

    def open(self, name, kind, options):
        self.sockets[name] = kind(self, name, options)

    def bind(self, name, endpoint):
        if endpoint in self.bound:
            raise Refused(errno.EADDRINUSE)
        self.bound[endpoint] = name
        socket = self.sockets[name]
        while waiting := [pipe for pipe in self.waiting if pipe.endpoint == endpoint]:
            pipe = self._first(waiting, socket)
            self.waiting.remove(pipe)
            self._join(pipe, socket)

    def _first(self, waiting, binder):
        """Which of the connections that waited for a bind comes first."""
        return waiting[0]

    def connect(self, name, endpoint):
        socket = self.sockets[name]
        pipe = Pipe(socket, endpoint, dialled=True)
        socket.pipes.append(pipe)
        pipe.unwanted = not socket.attach(pipe)
        self._dial(pipe)
        if pipe.unwanted and not pipe.other and not self.quirks.pair_is_taken_until_the_end:
            self.hang_up(pipe)

    def _dial(self, pipe):
        if pipe.endpoint in self.bound:
            self._join(pipe, self.sockets[self.bound[pipe.endpoint]])
        else:
            self.waiting.append(pipe)

    def leave(self, name, endpoint):
        """Unbind, after which connections live on, or disconnect."""
        if self.bound.get(endpoint) == name:
            del self.bound[endpoint]
            return
        for pipe in self._dialled(name, endpoint):
            if pipe.deserted:
                pipe.dialled = False  # its last messages can still be read
            else:
                self.hang_up(pipe)

    def _dialled(self, name, endpoint):
        socket = self.sockets[name]
        dialled = [pipe for pipe in socket.pipes if pipe.dialled and pipe.endpoint == endpoint]
        late = self.quirks.forgets_late and endpoint in socket.forgotten
        if not dialled and not (late and self.choose([True, False])):
            raise Refused(errno.ENOENT)
        return dialled

    def close(self, name):
        self.bound = {e: binder for e, binder in self.bound.items() if binder != name}
        for pipe in list(self.sockets.pop(name).pipes):
            self.hang_up(pipe)

    def _join(self, pipe, binder):
        """The connecting pipe, whose socket may have left it since, gets its other end."""
        other = Pipe(binder, pipe.endpoint, dialled=False)
        pipe.other, other.other = other, pipe
        other.inward, other.outward = pipe.outward, pipe.inward
        for writer, reader in ((pipe, other), (other, pipe)):
            was_full = writer.outward.full
            ours, theirs = writer.owner.options["SNDHWM"], reader.owner.options["RCVHWM"]
            writer.outward.capacity = ours + theirs if ours and theirs else 0
            if was_full and binder.looks_ahead and self.quirks.stays_full:
                writer.outward.stuck = self.choose([False, True])
        binder.pipes.append(other)
        for end in (pipe, other):
            end.owner.acquaintances.append(end.other.owner.routing_id)
        other.unwanted = not binder.attach(other)
        for end in (pipe, other):
            if end in end.owner.pipes and not end.unwanted:
                end.owner.joined(end)
        other.notice()
        if pipe not in pipe.owner.pipes:
            self._desert(other)
        for end in (pipe, other):
            if end.unwanted and end in end.owner.pipes:
                self.hang_up(end)

    def _desert(self, pipe):
        if pipe in pipe.owner.pipes:
            pipe.deserted = True
            pipe.owner.left(pipe)
            self.bury(pipe)

    def lingering(self, socket):
        """The pipes that the socket has left, while nobody or somebody still is on the other side."""
        theirs = [pipe.other for each in self.sockets.values() for pipe in each.pipes]
        return [
            pipe
            for pipe in self.waiting + theirs
            if pipe and pipe.owner is socket and pipe not in socket.pipes
        ]

    def hang_up(self, pipe):
        """End the pipe from our side: what it held for us is lost, the peer may still read."""
        pipe.inward.messages.clear()
        pipe.deserted = True
        self._forget(pipe)
        if pipe.other:
            self._desert(pipe.other)

    def bury(self, pipe):
        """Forget a pipe of which nothing more can come."""
        if pipe.deserted and not pipe.readable and pipe in pipe.owner.pipes:
            self._forget(pipe)

    def _forget(self, pipe):
        pipe.owner.pipes.remove(pipe)
        pipe.owner.forgotten.append(pipe.endpoint)
        pipe.owner.forget(pipe)

    # ---- questions, for players ----

    def has_connected(self, name):
        """Whether the socket has a connection, or ever had."""
        socket = self.sockets.get(name)
        return socket and (socket.pipes or socket.forgotten)

    def unread(self):
        """The most messages that wait in one socket."""
        return max((socket.unread() for socket in self.sockets.values()), default=0)

    def would_go_astray(self, name):
        """Whether a message may go to one peer of several and not arrive; or go to one that never
        reads it, and is kept by that from seeing the end."""
        others = [pipe.other for pipe in self.sockets[name].destinations()]
        waits = any(other is None for other in others) and len(others) > 1
        return waits or any(other and other.unwanted for other in others)

    def would_meet_the_left(self, endpoint):
        """Whether a bind would meet a connection that its socket has left, or never wanted."""
        return any(
            pipe.endpoint == endpoint and (pipe.unwanted or pipe not in pipe.owner.pipes)
            for pipe in self.waiting
        )

    def would_leave_unmade(self, name, endpoint):
        """Whether a disconnect would end a connection that has not been made."""
        return any(pipe.owner.name == name and pipe.endpoint == endpoint for pipe in self.waiting)

    def would_tear(self, name, endpoint):
        """Whether a disconnect would end a connection whose message of several frames is in hand."""
        pipe, message = self.sockets[name].in_hand or (None, ())
        return pipe in self.sockets[name].pipes and pipe.endpoint == endpoint and len(message) > 1

    def would_leave_busy(self, name, endpoint):
        """Whether a disconnect would end connections to peers who have something to read."""
        return any(
            pipe.endpoint == endpoint and pipe.other and pipe.other.owner.has_unread()
            for pipe in self.sockets[name].pipes
        )

    def would_bind_twice(self, name, endpoint):
        """Whether a bind would join a socket with one that it has been joined with before."""
        acquaintances = self.sockets[name].acquaintances
        waiting = [pipe.owner for pipe in self.waiting if pipe.endpoint == endpoint]
        return any(owner.routing_id in acquaintances for owner in waiting)

    def would_connect_twice(self, name, endpoint):
        """Whether a connect would join a socket with one that it has been joined with before."""
        socket = self.sockets[name]
        if any(pipe.endpoint == endpoint and pipe.owner is socket for pipe in self.waiting):
            return True
        binder = self.sockets.get(self.bound.get(endpoint))
        return binder is not None and binder.routing_id in socket.acquaintances


class Wire(Network):
    """The sockets of one context, joined by tcp or ipc. A connecting socket keeps its pipe, and
    what it could not send, when the connection is lost, and goes on to dial. High-water marks
    are left alone: the buffers of the system count besides."""

    def connect(self, name, endpoint):
        socket = self.sockets[name]
        if socket.connects_once and any(
            pipe.dialled and pipe.endpoint == endpoint for pipe in socket.pipes
        ):
            return
        super().connect(name, endpoint)

    def _first(self, waiting, binder):
        return self.choose(waiting) if binder.minds_order else waiting[0]

    def leave(self, name, endpoint):
        """Unbind, which ends what was accepted there, or disconnect."""
        if self.bound.get(endpoint) == name:
            del self.bound[endpoint]
            pipes = self.sockets[name].pipes
            for pipe in list(pipes):
                if pipe.endpoint == endpoint and not pipe.dialled and not pipe.deserted:
                    self._cut(pipe.other)
            return
        for pipe in self._dialled(name, endpoint):
            self.hang_up(pipe)

    def _join(self, pipe, binder):
        other = Pipe(binder, pipe.endpoint, dialled=False)
        pipe.other, other.other = other, pipe
        other.inward, other.outward = pipe.outward, pipe.inward
        binder.pipes.append(other)
        for end in (pipe, other):
            end.owner.acquaintances.append(end.other.owner.routing_id)
        other.unwanted = not binder.attach(other)
        for end in (pipe, other):
            end.owner.handshakes += 1
            if not end.unwanted:
                end.owner.joined(end)
        other.notice()

    def _cut(self, pipe):
        """The connection of a pipe that has dialled is lost: it dials again."""
        other, pipe.other = pipe.other, None
        pipe.outward = Lane(0)
        pipe.owner.losses += 1
        pipe.owner.cut(pipe)
        self._desert(other)
        self._dial(pipe)

    def hang_up(self, pipe):
        if not pipe.dialled:
            pipe.owner.pipes.remove(pipe)
            if not pipe.deserted:
                self._cut(pipe.other)
            return
        if pipe in self.waiting:
            self.waiting.remove(pipe)
        self._forget(pipe)
        if pipe.other:
            pipe.other.owner.losses += 1
            self._desert(pipe.other)
