"""Proxies: what they pass and copy, how they are steered and what they count, how they end."""

import contextlib
import pathlib
import struct

import pytest
from support import (
    Background,
    beyond_libzmq,
    fails_with,
    fill,
    linux_only,
    readable,
    wait_readable,
    wait_until,
)

import zmqlite as zmq
from zmqlite.devices import monitored_queue

EXAMPLE = pathlib.Path(__file__).parent.parent / "examples" / "steerable_proxy.py"

NOTHING = [0] * 8
"""The statistics of a proxy that has passed nothing."""


@pytest.fixture
def relay(socket, begin_term):
    """Run a proxy, or the like, in a thread; it must end with its context, if not before."""
    running = []

    def start(call, front, *others):
        running.append((Background(call, front, *others), front.context))
        return running[-1][0]

    yield start
    for proxy, context in running:
        if proxy.is_alive():
            begin_term(context)
            assert isinstance(proxy.outcome(), zmq.ContextTerminated)


@pytest.fixture
def meet(pair):
    """Make a socket of a proxy and a peer of it: meet(transport, type, type of the peer)."""

    def make(transport, kind, peer_kind, **options):
        known = {getattr(zmq, name): value for name, value in options.items()}
        return pair(transport, kind, peer_kind, known, known)

    return make


# ---- Passing


def test_requests_and_replies(meet, relay, transport):
    front, client = meet(transport, zmq.ROUTER, zmq.REQ)
    back, server = meet(transport, zmq.DEALER, zmq.REP)
    relay(zmq.proxy, front, back)
    for body in ([b"short"], [b"", b"of", b"", b"many", b"parts", b""], [bytes(1_000_000), b"x"]):
        client.send_multipart(body)
        assert server.recv_multipart() == body
        server.send_multipart([b"re", *body])
        assert client.recv_multipart() == [b"re", *body]


def test_every_client_gets_its_own_reply(bound, socket, relay, transport):
    front, front_address = bound(transport, zmq.ROUTER)
    back, back_address = bound(transport, zmq.DEALER)
    clients = [socket(zmq.REQ) for _ in range(10)]
    servers = [socket(zmq.REP) for _ in range(3)]
    for client in clients:
        client.connect(front_address)
    for server in servers:
        server.connect(back_address)
    relay(zmq.proxy, front, back)

    def serve():
        poller = zmq.Poller()
        for server in servers:
            poller.register(server, zmq.POLLIN)
        for _ in range(3 * len(clients)):
            ready, _ = poller.poll()[0]
            ready.send(b"re " + ready.recv())

    serving = Background(serve)
    for turn in range(3):
        for number, client in enumerate(clients):
            client.send(b"%d.%d" % (number, turn))
        for number, client in enumerate(clients):
            assert client.recv() == b"re %d.%d" % (number, turn)
    serving.result()


def test_one_way(meet, relay, transport):
    front, client = meet(transport, zmq.PULL, zmq.PUSH)
    back, server = meet(transport, zmq.PUSH, zmq.PULL)
    relay(zmq.proxy, front, back)
    messages = [[b"%d" % number, bytes(number % 500)] for number in range(3000)]
    sending = Background(lambda: [client.send_multipart(message) for message in messages])
    assert [server.recv_multipart() for _ in messages] == messages
    sending.result()


@pytest.mark.parametrize(
    "body", [[b"hello"], pytest.param([b"", b"parts", b""], marks=beyond_libzmq)], ids=len
)
def test_one_socket_on_both_sides(meet, relay, transport, body):
    """libzmq passes frame by frame, so that a REP sends while it still receives."""
    echo, client = meet(transport, zmq.REP, zmq.REQ)
    relay(zmq.proxy, echo, echo)
    for _ in range(3):
        client.send_multipart(body)
        assert client.recv_multipart() == body


def test_subscriptions_go_upstream(meet, relay, transport):
    front, publisher = meet(transport, zmq.XSUB, zmq.XPUB)
    back, subscriber = meet(transport, zmq.XPUB, zmq.SUB)
    capture, copies = meet("inproc", zmq.PAIR, zmq.PAIR)
    relay(zmq.proxy, front, back, capture)
    subscriber.subscribe(b"news")
    assert publisher.recv() == b"\x01news"
    publisher.send(b"other")
    publisher.send_multipart([b"news", b"of today"])
    assert subscriber.recv_multipart() == [b"news", b"of today"]
    subscriber.unsubscribe(b"news")
    assert publisher.recv() == b"\x00news"
    told = [copies.recv_multipart() for _ in range(3)]
    assert told == [[b"\x01news"], [b"news", b"of today"], [b"\x00news"]]


@pytest.mark.parametrize(
    ("kind", "reading"),
    [(zmq.PAIR, zmq.PAIR), (zmq.PUSH, zmq.PULL), (zmq.DEALER, zmq.DEALER), (zmq.PUB, zmq.XSUB)],
)
def test_capture(meet, relay, kind, reading):
    front, client = meet("tcp", zmq.DEALER, zmq.DEALER)
    back, server = meet("tcp", zmq.DEALER, zmq.DEALER)
    capture, copies = meet("inproc", kind, reading)
    if reading == zmq.XSUB:
        copies.send(b"\x01")
        wait_until(lambda: not readable(capture), "the subscription is in force")
    relay(zmq.proxy, front, back, capture)
    there = [b"there", b"", bytes(10_000)]
    client.send_multipart(there)
    assert server.recv_multipart() == there
    assert copies.recv_multipart() == there
    server.send_multipart([b"", b"back"])
    assert client.recv_multipart() == [b"", b"back"]
    assert copies.recv_multipart() == [b"", b"back"]


# ---- Back pressure


def test_nothing_is_lost_when_a_side_is_full(meet, relay, transport):
    front, client = meet(transport, zmq.PULL, zmq.PUSH, SNDHWM=3, RCVHWM=3)
    back, server = meet(transport, zmq.PUSH, zmq.PULL, SNDHWM=3, RCVHWM=3)
    relay(zmq.proxy, front, back)
    body = bytes(100_000)
    count = fill(client, body)
    assert [server.recv() for _ in range(count)] == [b"%d:" % n + body for n in range(count)]
    client.send(b"It goes on.")
    assert server.recv() == b"It goes on."


def test_a_full_side_does_not_stop_the_other_direction(meet, relay, transport):
    front, client = meet(transport, zmq.DEALER, zmq.DEALER, SNDHWM=3, RCVHWM=3)
    back, server = meet(transport, zmq.DEALER, zmq.DEALER, SNDHWM=3, RCVHWM=3)
    relay(zmq.proxy, front, back)
    body = bytes(100_000)
    count = fill(client, body)
    for number in range(100):
        server.send(b"%d" % number)
        assert client.recv() == b"%d" % number
    assert [server.recv() for _ in range(count)] == [b"%d:" % n + body for n in range(count)]


def test_messages_wait_for_a_side_without_peers(meet, bound, socket, relay, transport):
    front, client = meet(transport, zmq.PULL, zmq.PUSH)
    back, address = bound(transport, zmq.PUSH)
    relay(zmq.proxy, front, back)
    for number in range(100):
        client.send(b"%d" % number)
    server = socket(zmq.PULL)
    server.connect(address)
    assert [server.recv() for _ in range(100)] == [b"%d" % number for number in range(100)]


@linux_only
def test_a_proxy_sleeps_when_both_sides_are_full(meet, relay, transport):
    front, client = meet(transport, zmq.DEALER, zmq.DEALER, SNDHWM=3, RCVHWM=3)
    back, server = meet(transport, zmq.DEALER, zmq.DEALER, SNDHWM=3, RCVHWM=3)
    proxy = relay(zmq.proxy, front, back)
    body = bytes(100_000)
    counts = fill(client, body), fill(server, body)

    def sleeps():
        with open(f"/proc/self/task/{proxy.native_id}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "S"

    looks = range(10)
    wait_until(lambda: all(sleeps() for _ in looks), "the proxy sleeps")
    for count, receiver in zip(counts, (server, client), strict=True):
        assert [receiver.recv() for _ in range(count)] == [b"%d:" % n + body for n in range(count)]


# ---- What is refused


class NoSocket:
    """Has the methods of no socket."""


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("wrong", [None, NoSocket()], ids=["None", "object"])
@pytest.mark.parametrize("call", [zmq.proxy, zmq.proxy_steerable])
def test_a_proxy_needs_sockets(socket, call, place, wrong):
    ends = [socket(zmq.PAIR), socket(zmq.PAIR)]
    ends[place] = wrong
    with pytest.raises(TypeError):
        call(*ends)


@beyond_libzmq
@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_a_proxy_needs_open_sockets(socket, place):
    """pyzmq passes over a closed capture or control, and calls a closed side a bad address."""
    ends = [socket(zmq.PAIR) for _ in range(4)]
    ends[place].close()
    with fails_with(zmq.ENOTSOCK):
        zmq.proxy_steerable(*ends)


# ---- Steering


class Steered:
    """A steerable proxy between two DEALERs, a peer at each side, and the end of its control."""

    def __init__(self, front, client, back, server, control, hand, proxy):
        self.front, self.client = front, client
        self.back, self.server = back, server
        self.control, self.hand = control, hand
        self.proxy = proxy

    def order(self, *commands):
        """Give commands; a REP acknowledges them."""
        for command in commands:
            self.hand.send(command)
            if self.hand.type == zmq.REQ:
                assert self.hand.recv_multipart() == [b""]

    def wait_obeyed(self):
        """Wait until the commands are obeyed: the proxy does nothing else between two of them."""
        wait_until(lambda: not readable(self.control), "the commands are read")

    def statistics(self):
        """The eight counts; those of commands before it, which libzmq answers too, are skipped."""
        self.hand.send(b"STATISTICS")
        while len(answer := self.hand.recv_multipart()) == 1:
            pass
        return [struct.unpack("=Q", part)[0] for part in answer]

    def check_passing(self):
        """Both directions are open."""
        for sender, receiver in ((self.client, self.server), (self.server, self.client)):
            sender.send(b"ping")
            assert receiver.recv() == b"ping"


@pytest.fixture
def steer(meet, relay):
    """Start a steerable proxy: steer(type of its control, type of the other end)."""

    def make(kind, hand_kind):
        front, client = meet("inproc", zmq.DEALER, zmq.DEALER)
        back, server = meet("inproc", zmq.DEALER, zmq.DEALER)
        control, hand = meet("inproc", kind, hand_kind)
        if kind == zmq.SUB:
            control.subscribe(b"")
        proxy = relay(zmq.proxy_steerable, front, back, None, control)
        return Steered(front, client, back, server, control, hand, proxy)

    return make


ANSWERING = [(zmq.PAIR, zmq.PAIR), (zmq.REP, zmq.REQ), (zmq.DEALER, zmq.DEALER)]
SILENT = [(zmq.PULL, zmq.PUSH), (zmq.SUB, zmq.PUB)]

answering = pytest.mark.parametrize(("kind", "hand_kind"), ANSWERING)
silent = pytest.mark.parametrize(("kind", "hand_kind"), SILENT)
any_control = pytest.mark.parametrize(
    ("kind", "hand_kind"),
    # libzmq's proxy fails when it cannot answer.
    ANSWERING + [pytest.param(*kinds, marks=beyond_libzmq) for kinds in SILENT],
)


@any_control
def test_terminate(steer, kind, hand_kind):
    steered = steer(kind, hand_kind)
    steered.check_passing()
    steered.order(b"TERMINATE")
    assert steered.proxy.result() == 0
    # Its sockets are still there.
    steered.client.send(b"to nobody")
    assert steered.front.recv() == b"to nobody"


@answering
def test_statistics(steer, kind, hand_kind):
    steered = steer(kind, hand_kind)
    assert steered.statistics() == NOTHING
    steered.client.send_multipart([b"three", b"", b"frames"])
    steered.server.recv_multipart()
    assert steered.statistics() == [3, 11, 0, 0, 0, 0, 3, 11]
    for body in (b"one", bytes(100_000)):
        steered.server.send(body)
        steered.client.recv()
    assert steered.statistics() == [3, 11, 2, 100_003, 2, 100_003, 3, 11]


def test_statistics_of_one_socket_on_both_sides(meet, relay):
    echo, client = meet("inproc", zmq.REP, zmq.REQ)
    control, hand = meet("inproc", zmq.PAIR, zmq.PAIR)
    proxy = relay(zmq.proxy_steerable, echo, echo, None, control)
    client.send(b"hello")
    assert client.recv() == b"hello"
    hand.send(b"STATISTICS")
    assert len(hand.recv_multipart()) == 8
    hand.send(b"TERMINATE")
    proxy.result()


def test_copies_are_not_counted(meet, relay):
    front, client = meet("inproc", zmq.PULL, zmq.PUSH)
    back, server = meet("inproc", zmq.PUSH, zmq.PULL)
    capture, copies = meet("inproc", zmq.PUSH, zmq.PULL)
    control, hand = meet("inproc", zmq.PAIR, zmq.PAIR)
    relay(zmq.proxy_steerable, front, back, capture, control)
    client.send(b"12345")
    assert server.recv() == copies.recv() == b"12345"
    hand.send(b"STATISTICS")
    counts = [struct.unpack("=Q", part)[0] for part in hand.recv_multipart()]
    assert counts == [1, 5, 0, 0, 0, 0, 1, 5]


@beyond_libzmq
@answering
def test_pause_and_resume(steer, kind, hand_kind):
    """libzmq 4.3.5 pauses at RESUME, and resumes at any word of five letters."""
    steered = steer(kind, hand_kind)
    steered.order(b"PAUSE", b"PAUSE", b"HELLO")
    assert steered.statistics() == NOTHING
    steered.client.send(b"waits")
    steered.server.send(b"waits too")
    wait_readable(steered.front)
    wait_readable(steered.back)
    assert steered.statistics() == NOTHING
    assert not readable(steered.server) and not readable(steered.client)
    steered.order(b"RESUME", b"RESUME")
    assert steered.server.recv() == b"waits"
    assert steered.client.recv() == b"waits too"
    steered.check_passing()


@beyond_libzmq
@silent
def test_a_control_that_cannot_answer(steer, kind, hand_kind):
    """libzmq 4.3.5 tries to answer each command, and fails."""
    steered = steer(kind, hand_kind)
    steered.order(b"PAUSE")
    steered.wait_obeyed()
    steered.client.send(b"waits")
    wait_readable(steered.front)
    steered.order(b"STATISTICS", b"NONSENSE")
    steered.wait_obeyed()
    assert not readable(steered.server)
    steered.order(b"RESUME")
    assert steered.server.recv() == b"waits"
    steered.check_passing()


@beyond_libzmq
@any_control
def test_terminate_while_paused(steer, kind, hand_kind):
    steered = steer(kind, hand_kind)
    steered.order(b"PAUSE", b"TERMINATE")
    assert steered.proxy.result() == 0
    steered.client.send(b"to nobody")
    assert steered.front.recv() == b"to nobody"


@beyond_libzmq
@any_control
def test_the_context_ends_while_paused(steer, kind, hand_kind, begin_term):
    steered = steer(kind, hand_kind)
    steered.order(b"PAUSE")
    steered.wait_obeyed()
    begin_term(steered.front.context)
    assert isinstance(steered.proxy.outcome(), zmq.ContextTerminated)


@any_control
@pytest.mark.parametrize("command", [b"", b"terminate", b"TERMINATE ", b"TERM", b"\0"])
def test_an_unknown_command_is_ignored(steer, kind, hand_kind, command):
    steered = steer(kind, hand_kind)
    steered.order(command)
    steered.check_passing()
    steered.order(b"TERMINATE")
    assert steered.proxy.result() == 0


@beyond_libzmq
@answering
def test_a_full_proxy_obeys(steer, kind, hand_kind):
    """libzmq's may listen no longer when both directions are full."""
    steered = steer(kind, hand_kind)
    fill(steered.client)
    assert steered.statistics()[0] > 0
    fill(steered.server)
    assert steered.statistics()[4] > 0
    steered.order(b"TERMINATE")
    assert steered.proxy.result() == 0


def test_without_a_control(meet, relay):
    front, client = meet("tcp", zmq.PULL, zmq.PUSH)
    back, server = meet("tcp", zmq.PUSH, zmq.PULL)
    capture, copies = meet("tcp", zmq.PUSH, zmq.PULL)
    relay(zmq.proxy_steerable, front, back, capture)
    client.send_multipart([b"a", b"b"])
    assert server.recv_multipart() == copies.recv_multipart() == [b"a", b"b"]


# ---- Monitored queues


def test_a_monitored_queue(meet, relay, transport):
    ins, alice = meet(transport, zmq.PAIR, zmq.PAIR)
    outs, bob = meet(transport, zmq.PAIR, zmq.PAIR)
    mons, copies = meet("inproc", zmq.PAIR, zmq.PAIR)
    relay(monitored_queue, ins, outs, mons)
    for there, back in (([b"hello"], [b"", b"you", b""]), ([b"", bytes(100_000)], [b""])):
        alice.send_multipart(there)
        assert bob.recv_multipart() == there
        assert copies.recv_multipart() == [b"in", *there]
        bob.send_multipart(back)
        assert alice.recv_multipart() == back
        assert copies.recv_multipart() == [b"out", *back]


@pytest.mark.parametrize(("in_prefix", "out_prefix"), [(b"from a", b"from b"), (b"", bytes(300))])
def test_the_prefixes_of_a_monitored_queue(meet, relay, in_prefix, out_prefix):
    ins, alice = meet("inproc", zmq.DEALER, zmq.DEALER)
    outs, bob = meet("inproc", zmq.DEALER, zmq.DEALER)
    mons, copies = meet("inproc", zmq.PUSH, zmq.PULL)
    relay(monitored_queue, ins, outs, mons, in_prefix, out_prefix)
    alice.send(b"hello")
    assert copies.recv_multipart() == [in_prefix, b"hello"]
    bob.send(b"you")
    assert copies.recv_multipart() == [out_prefix, b"you"]


def test_a_monitored_queue_for_nobody(meet, socket, relay):
    ins, alice = meet("inproc", zmq.PULL, zmq.PUSH)
    outs, bob = meet("inproc", zmq.PUSH, zmq.PULL)
    relay(monitored_queue, ins, outs, socket(zmq.PUB))
    for number in range(2000):
        alice.send(b"%d" % number)
        assert bob.recv() == b"%d" % number


def test_a_monitored_queue_of_two_routers(bound, socket, relay, transport):
    """The first frame of a message names the peer on the other side."""
    sides = [bound(transport, zmq.ROUTER, {zmq.ROUTER_MANDATORY: 1}) for _ in range(2)]
    mons, address = bound("inproc", zmq.PAIR)
    copies = socket(zmq.PAIR)
    copies.connect(address)
    peers = []
    for name, (router, address) in zip((b"a", b"b"), sides, strict=True):
        peers.append(socket(zmq.DEALER, {zmq.ROUTING_ID: name}))
        peers[-1].connect(address)
        # Once heard of, a peer can be sent to.
        peers[-1].send(b"I am here.")
        assert router.recv_multipart() == [name, b"I am here."]
    a, b = peers
    relay(monitored_queue, sides[0][0], sides[1][0], mons)
    a.send_multipart([b"b", b"hello", b""])
    assert b.recv_multipart() == [b"a", b"hello", b""]
    assert copies.recv_multipart() == [b"in", b"b", b"a", b"hello", b""]
    b.send_multipart([b"a", b"you"])
    assert a.recv_multipart() == [b"b", b"you"]
    assert copies.recv_multipart() == [b"out", b"a", b"b", b"you"]


@beyond_libzmq
def test_a_monitored_queue_outlives_messages_for_unknown_peers(meet, relay, socket):
    """pyzmq's waits in the middle of a message that has no second frame."""
    ins, alice = meet("inproc", zmq.ROUTER, zmq.DEALER)
    outs, bob = meet("inproc", zmq.ROUTER, zmq.DEALER, ROUTING_ID=b"bob")
    relay(monitored_queue, ins, outs, socket(zmq.PUB))
    alice.send(b"")
    alice.send(b"nobody")
    alice.send_multipart([b"nobody", b"hello"])
    alice.send_multipart([b"bob", b"hello"])
    assert bob.recv_multipart()[1:] == [b"hello"]


@pytest.mark.parametrize("prefixes", [("in", b"out"), (b"in", "out"), (None, b"out"), (b"in", 3)])
def test_a_prefix_is_bytes(socket, prefixes):
    with pytest.raises(TypeError):
        monitored_queue(*(socket(zmq.PAIR) for _ in range(3)), *prefixes)


def test_a_monitored_queue_needs_sockets(socket):
    for place in range(3):
        ends = [socket(zmq.PAIR) for _ in range(3)]
        ends[place] = "socket"
        with pytest.raises(TypeError):
            monitored_queue(*ends)


def test_nothing_is_lost_in_a_monitored_queue(meet, relay, transport):
    ins, alice = meet(transport, zmq.PULL, zmq.PUSH, SNDHWM=3, RCVHWM=3)
    outs, bob = meet(transport, zmq.PUSH, zmq.PULL, SNDHWM=3, RCVHWM=3)
    mons, copies = meet(transport, zmq.PUSH, zmq.PULL)
    relay(monitored_queue, ins, outs, mons)
    body = bytes(100_000)
    count = fill(alice, body)
    sent = [b"%d:" % number + body for number in range(count)]
    assert [bob.recv() for _ in sent] == sent
    assert [copies.recv_multipart() for _ in sent] == [[b"in", each] for each in sent]


def test_the_outcome_of_an_interrupted_context(context, socket, begin_term):
    """Every kind of proxy ends with its context."""
    calls = [zmq.proxy, zmq.proxy_steerable, monitored_queue]
    proxies = [Background(call, *(socket(zmq.PAIR) for _ in range(3))) for call in calls]
    with contextlib.suppress(zmq.ContextTerminated):
        begin_term(context)
    for proxy in proxies:
        assert isinstance(proxy.outcome(), zmq.ContextTerminated)


@beyond_libzmq
def test_the_example(child):
    """libzmq 4.3.5 does not keep the pause."""
    process = child(EXAMPLE)
    process.expect("first")
    process.expect("while it is paused: 0")
    process.expect("second of two frames")
    process.expect("3 frames, 24 octets")
    assert process.wait() == 0
