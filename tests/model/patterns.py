"""The socket types: whom each one sends to, whom it hears, and when it must wait.

A class for each type. Read `Socket` and the three ways to route below it first, then the type
you want to know.
"""

import errno
from collections import Counter

from wiring import Refused

EFSM = 156384763  # libzmq's own: the call is not due in this state


class Socket:
    """A socket that can do nothing yet."""

    looks_ahead = False  # in libzmq
    minds_order = False  # it can be told who came first
    connects_once = False  # over a wire: a second connect to the same endpoint does nothing

    def __init__(self, network, name, options):
        self.network = network
        self.name = name
        self.options = options
        self.routing_id = options.get("ROUTING_ID")
        self.pipes = []
        self.acquaintances = []  # routing ids of all whom it was ever joined with
        self.in_hand = None  # a pipe and the message that was taken off it at a poll
        self.forgotten = []  # endpoints of connections that are over
        self.handshakes = 0
        self.losses = 0  # connections that others have ended

    # ---- what the network tells ----

    def attach(self, pipe):
        """A connection begins. False: it is not wanted."""
        return True

    def joined(self, pipe):
        """The peer is there."""

    def arrived(self, pipe):
        """Something may have come in."""

    def cut(self, pipe):
        """The connection is lost and will be made again."""

    def left(self, pipe):
        """The peer is gone; what it sent can still be read."""

    def forget(self, pipe):
        """The connection is over."""

    def destinations(self):
        """The pipes of which a send takes one."""
        return []

    def unread(self):
        """How many messages wait for the application."""
        return sum(len(pipe.inward.messages) for pipe in self.pipes if not pipe.unwanted)

    def has_unread(self):
        return bool(self.in_hand or self.unread())

    # ---- what the application asks ----

    def send_error(self):
        """Why a send would fail now; None if it would not."""
        return errno.ENOTSUP

    def recv_error(self):
        """Why a recv would fail now; None if it would not."""
        return errno.ENOTSUP

    def send(self, frames):
        if error := self.send_error():
            raise Refused(error)
        self.emit(frames)

    def recv(self):
        if error := self.recv_error():
            raise Refused(error)
        return self.deliver()

    def poll(self):
        """Whether a message could be received, and sent."""
        return self.recv_error() is None, self.send_error() is None


class Turns:
    """Round robin: nobody comes twice while another, ready all the time, has to wait."""

    def __init__(self):
        self._ready = []
        self._served = []

    def next(self, ready, choose):
        if ready != self._ready:
            self._ready, self._served = ready, []
        due = [each for each in ready if each not in self._served]
        if not due:
            self._served, due = [], ready
        picked = choose(due)
        self._served = [*self._served, picked]
        return picked


class Balancing(Socket):
    """Sends each message to one peer, in turn; without one that has room it must wait."""

    def __init__(self, *args):
        super().__init__(*args)
        self._sending = Turns()

    def destinations(self):
        return [pipe for pipe in self.pipes if pipe.writable]

    def send_error(self):
        return None if self.destinations() else errno.EAGAIN

    def emit(self, frames):
        self._sending.next(self.destinations(), self.network.choose).put(frames)


class Hearing(Socket):
    """Receives from all peers, in turn."""

    def __init__(self, *args):
        super().__init__(*args)
        self._hearing = Turns()

    def readable(self):
        return [pipe for pipe in self.pipes if pipe.readable]

    def recv_error(self):
        return None if self.in_hand or self.readable() else errno.EAGAIN

    def deliver(self):
        (pipe, message), self.in_hand = self.in_hand or self._fetch(), None
        pipe.taken()
        return message

    def _fetch(self):
        pipe = self._hearing.next(self.readable(), self.network.choose)
        return pipe, self.presented(pipe, pipe.take())

    def presented(self, pipe, frames):
        """The message as the application gets it."""
        return frames

    def poll(self):
        ready = super().poll()
        if ready[0] and self.looks_ahead and self.network.quirks.looks_ahead:
            self.in_hand = self.in_hand or self._fetch()
        return ready


class Announcing(Socket):
    """Sends to all peers that want the message and have room; never waits."""

    def send_error(self):
        return None

    def wants(self, pipe, frames):
        return True

    def emit(self, frames):
        for pipe in list(self.pipes):
            if pipe.writable and self.wants(pipe, frames):
                pipe.put(frames)


class Push(Balancing):
    """Each message to one of the peers."""


class Pull(Hearing):
    """Messages from all peers."""


class Dealer(Balancing, Hearing):
    """PUSH and PULL over the same connections."""

    connects_once = True


class Pair(Balancing, Hearing):
    """One peer only. Who comes when there is one is turned away for ever."""

    minds_order = True

    def readable(self):
        return super().readable()[:1]  # what a former peer has left comes first

    def attach(self, pipe):
        return not any(
            not other.deserted or self.network.quirks.pair_is_taken_until_the_end
            for other in self.pipes + self.network.lingering(self)
            if other is not pipe and not other.unwanted
        )


class Req(Balancing):
    """Send, receive, send ...: each request to the next peer, whose reply alone counts.

    With CORRELATE a request carries a number, and replies without it are not heard. With RELAXED
    another request may be sent at any time; the reply to the former one is then not waited for.
    """

    connects_once = True

    def __init__(self, *args):
        super().__init__(*args)
        self._waiting = False
        self._asked = None  # if nobody while waiting: anyone's reply will do
        self._number = 0

    def _envelope(self):
        return (self._number, b"") if self.options.get("REQ_CORRELATE") else (b"",)

    def _replies(self):
        envelope = self._envelope()
        pipes = [self._asked] if self._asked else list(self.pipes)
        for pipe in pipes:
            while pipe.readable and pipe.inward.messages[0][: len(envelope)] != envelope:
                self._drop(pipe)
        return [pipe for pipe in pipes if pipe.readable]

    def _drop(self, pipe):
        pipe.take()
        pipe.taken()

    def _drop_all(self):
        for pipe in list(self.pipes):
            while pipe.readable:
                self._drop(pipe)

    def forget(self, pipe):
        if self._asked is not pipe:
            return
        if not (self.network.quirks.forgets_late and self.network.choose([True, False])):
            self._asked = None

    def send_error(self):
        if self._waiting and not self.options.get("REQ_RELAXED"):
            return EFSM
        return super().send_error()

    def recv_error(self):
        if not self._waiting:
            return EFSM
        return None if self._replies() else errno.EAGAIN

    def poll(self):
        if not self.network.quirks.req_polls_anyone:
            return super().poll()
        anything = any(pipe.readable for pipe in self.pipes)
        return self._waiting and anything, self.send_error() is None

    def recv(self):
        if self.recv_error() == errno.EAGAIN and self.network.quirks.req_polls_anyone:
            self._drop_all()
        return super().recv()

    def send(self, frames):
        if not self.destinations() and self.network.quirks.failed_send_ends_waiting:
            self._waiting = self._waiting and not self.options.get("REQ_RELAXED")
        super().send(frames)

    def emit(self, frames):
        self._drop_all()
        self._number += 1
        self._asked = self._sending.next(self.destinations(), self.network.choose)
        self._asked.put((*self._envelope(), *frames))
        self._waiting = True

    def deliver(self):
        pipe = self.network.choose(self._replies())
        body = pipe.take()[len(self._envelope()) :]
        pipe.taken()
        self._waiting, self._asked = False, None
        return body


class Rep(Hearing):
    """Receive, send, receive ...: each reply goes back the way its request came."""

    looks_ahead = True

    def __init__(self, *args):
        super().__init__(*args)
        self._asker = None
        self._owing = False
        self._envelope = ()

    def recv_error(self):
        return EFSM if self._owing else super().recv_error()

    def send_error(self):
        return None if self._owing else EFSM

    def presented(self, pipe, frames):
        path = frames.index(b"") + 1
        return pipe, frames[:path], frames[path:]

    def deliver(self):
        self._asker, self._envelope, body = super().deliver()
        self._owing = True
        return body

    def emit(self, frames):
        self._owing = False
        if self._asker.writable:
            self._asker.put((*self._envelope, *frames))


class Router(Hearing):
    """Every message has the name of the peer in front: from whom it is, or to whom it goes."""

    looks_ahead = True

    def __init__(self, *args):
        super().__init__(*args)
        self._names = {}
        self._has_lost_peers = False

    def joined(self, pipe):
        if pipe.peer_name is None:  # it is kept for ever, whoever is connected to later
            pipe.peer_name = pipe.other.owner.routing_id
            self._names[pipe.peer_name] = pipe

    def forget(self, pipe):
        self._names = {name: each for name, each in self._names.items() if each is not pipe}
        self._has_lost_peers = True

    left = forget

    def _mandatory(self):
        return self.options.get("ROUTER_MANDATORY")

    def send_error(self):
        if self._mandatory() and not any(pipe.writable for pipe in self._names.values()):
            return errno.EAGAIN
        return None

    def poll(self):
        can_recv, can_send = super().poll()
        if self._has_lost_peers and self.network.quirks.mandatory_room_of_the_gone:
            can_send = can_send or self.network.choose([False, True])
        return can_recv, can_send

    def send(self, frames):
        name, *rest = frames
        pipe = self._names.get(name)
        if pipe and pipe.writable:
            pipe.put(tuple(rest))
        elif self._mandatory():
            raise Refused(errno.EAGAIN if pipe else errno.EHOSTUNREACH)

    def presented(self, pipe, frames):
        return (pipe.peer_name, *frames)


class Pub(Announcing):
    """Each message to all who have subscribed to a beginning of its first frame."""

    connects_once = True

    def __init__(self, *args):
        super().__init__(*args)
        self._topics = []  # (pipe, topic)
        self._verbose = self._verboser = False
        for option, value in self.options.items():  # in the order in which they are set
            if option in ("XPUB_VERBOSE", "XPUB_VERBOSER"):
                self._verbose = bool(value)
                self._verboser = self._verbose and option == "XPUB_VERBOSER"
        self._drops = not self.options.get("XPUB_NODROP")

    def send(self, frames):
        wanting = [pipe for pipe in self.pipes if self.wants(pipe, frames)]
        if not self._drops and any(pipe.outward.full and not pipe.deserted for pipe in wanting):
            raise Refused(errno.EAGAIN)
        super().send(frames)

    def wants(self, pipe, frames):
        return any(p is pipe and frames[0].startswith(topic) for p, topic in self._topics)

    def arrived(self, pipe):
        while pipe.readable:
            self.heard([report for one in pipe.take() for report in self._heed(pipe, one)])

    def _heed(self, pipe, message):
        """Act on what a subscriber says; what of it the application is to hear."""
        verb, topic = message[0][:1], message[0][1:]
        holders = [holder for holder, held in self._topics if held == topic]
        if verb == b"\1":
            if pipe not in holders:
                self._topics.append((pipe, topic))
            return [message] if self._verbose or not holders else []
        if verb == b"\0":
            if pipe in holders:
                self._topics.remove((pipe, topic))
            others = [each for each in holders if each is not pipe]
            return [message] if self._verboser or not others else []
        return [message]

    def left(self, pipe):
        gone = [(b"\0" + topic,) for holder, topic in self._topics if holder is pipe]
        self.heard([report for message in gone for report in self._heed(pipe, message)])

    forget = left

    def heard(self, reports):
        """Tell the application."""


class Xpub(Pub):
    """PUB that hears of topics: when the first subscribes, when the last leaves; with VERBOSE of
    all who subscribe, with VERBOSER of all who leave too."""

    minds_order = True
    connects_once = False

    def __init__(self, *args):
        super().__init__(*args)
        self._reports = []  # lists of messages; the order within a list is free

    def heard(self, reports):
        if reports:
            self._reports.append(reports)

    def unread(self):
        return sum(len(reports) for reports in self._reports)

    def recv_error(self):
        return None if self._reports else errno.EAGAIN

    def deliver(self):
        first = self._reports[0]
        report = self.network.choose(first)
        first.remove(report)
        if not first:
            self._reports.pop(0)
        return report


class Xsub(Hearing):
    """Subscribes by sending 1 and a topic, cancels by 0 and a topic; the rest it sends is for the
    publishers to read. What it says is a list of messages, in an order that is free."""

    looks_ahead = True

    def __init__(self, *args):
        super().__init__(*args)
        self._topics = Counter()

    def send_error(self):
        return None

    def send(self, frames):
        verb, topic = frames[0][:1], frames[0][1:]
        if verb == b"\1":
            self.subscribe(topic)
        elif verb == b"\0":
            self.unsubscribe(topic)
        else:
            self._say(frames)

    def _say(self, message):
        for pipe in list(self.pipes):
            if pipe.writable:
                pipe.put([message])

    def _announce(self, message):
        for pipe in list(self.pipes):
            if pipe.writable and (pipe.other or self.network.quirks.queues_subscriptions):
                pipe.put([message])

    def subscribe(self, topic):
        self._topics[topic] += 1
        self._announce((b"\1" + topic,))

    def unsubscribe(self, topic):
        if self._topics[topic]:
            self._topics[topic] -= 1
            if not self._topics[topic]:
                self._announce((b"\0" + topic,))

    def attach(self, pipe):
        if self.network.quirks.queues_subscriptions:
            self._announce_all(pipe)
        return True

    def joined(self, pipe):
        if not self.network.quirks.queues_subscriptions:
            self._announce_all(pipe)

    cut = attach

    def _announce_all(self, pipe):
        if topics := [(b"\1" + topic,) for topic, count in self._topics.items() if count]:
            pipe.put(topics)


class Sub(Xsub):
    """XSUB that only receives, and only what it has subscribed to at that moment."""

    connects_once = True

    def send_error(self):
        return errno.ENOTSUP

    send = Socket.send

    def _wants(self, frames):
        return any(count and frames[0].startswith(topic) for topic, count in self._topics.items())

    def _drop_unwanted(self, pipe):
        while pipe.readable and not self._wants(pipe.inward.messages[0]):
            pipe.take()
            pipe.taken()

    def _wanted(self):
        return [pipe for pipe in Hearing.readable(self) if self._wants(pipe.inward.messages[0])]

    def readable(self):
        if not self._wanted():
            for pipe in list(self.pipes):
                self._drop_unwanted(pipe)
        return self._wanted()

    def poll(self):
        wanted = self.readable()
        for pipe in Hearing.readable(self):
            if pipe not in wanted and self.network.choose([False, True]):
                self._drop_unwanted(pipe)
        return super().poll()
