"""CONFLATE: a queue of one frame, the newest."""

import pytest
from support import (
    beyond_libzmq,
    drain,
    free_port,
    readable,
    wait_readable,
    wait_until,
    wait_writable,
    writable,
)

import zmqlite as zmq

CONFLATE = {zmq.CONFLATE: 1}

COUNT = 2000

links = pytest.mark.parametrize(
    ("sending", "receiving"),
    [(zmq.PUSH, zmq.PULL), (zmq.PUB, zmq.SUB), (zmq.DEALER, zmq.DEALER)],
    ids=["PUSH-PULL", "PUB-SUB", "DEALER-DEALER"],
)
sides = pytest.mark.parametrize("bind", ["sender", "receiver"])


@pytest.fixture
def join(socket, endpoint):
    """A sender and a receiver that are connected, whichever of them binds."""

    def make(transport, sender, receiver, bind="sender"):
        server, client = (sender, receiver) if bind == "sender" else (receiver, sender)
        server.bind(endpoint(transport))
        client.connect(server.get(zmq.LAST_ENDPOINT))
        if receiver.type == zmq.SUB:
            # One subscription only, since libzmq conflates them too.
            receiver.subscribe(b"")
            wait_until(lambda: sender.send(b"") or receiver.poll(10), "it is in force")
            sender.send(b"start")
            while receiver.recv() != b"start":
                pass
        else:
            wait_writable(sender)
        return sender, receiver

    return make


def send_numbers(sender, body=b""):
    for number in range(COUNT):
        sender.send(b"%d" % number + body)


def numbers_until_the_last(receiver, body=b""):
    """The numbers that have come through; the last always does."""
    numbers = []
    while not numbers or numbers[-1] < COUNT - 1:
        message = receiver.recv()
        assert message.endswith(body)
        numbers.append(int(message.removesuffix(body)))
    assert numbers == sorted(set(numbers))
    assert not drain(receiver)
    return numbers


@sides
@links
def test_the_newest_replaces_what_waits(socket, join, transport, sending, receiving, bind):
    sender, receiver = socket(sending, CONFLATE), socket(receiving, CONFLATE)
    assert sender.get(zmq.CONFLATE) == receiver.get(zmq.CONFLATE) == 1
    join(transport, sender, receiver, bind)
    send_numbers(sender)
    assert len(numbers_until_the_last(receiver)) < COUNT / 10
    assert writable(sender)
    sender.send(b"another")
    assert receiver.recv() == b"another"


@sides
@links
@pytest.mark.parametrize("wire", ["tcp", "ipc"])
def test_a_conflating_sender_does_not_wait_for_its_receiver(
    socket, join, wire, sending, receiving, bind
):
    body = bytes(20_000)
    sender, receiver = socket(sending, CONFLATE), socket(receiving)
    join(wire, sender, receiver, bind)
    send_numbers(sender, body)
    assert len(numbers_until_the_last(receiver, body)) < COUNT


@sides
@links
@pytest.mark.parametrize("wire", ["tcp", "ipc"])
def test_a_conflating_receiver_does_not_hold_up_its_sender(
    socket, join, wire, sending, receiving, bind
):
    sender, receiver = socket(sending, {zmq.SNDHWM: 0}), socket(receiving, CONFLATE)
    join(wire, sender, receiver, bind)
    send_numbers(sender)
    assert len(numbers_until_the_last(receiver)) < COUNT / 10


@links
@pytest.mark.parametrize("connector", ["sender", "receiver"])
@pytest.mark.parametrize("conflating", ["sender", "receiver"])
def test_over_inproc_the_connector_decides(socket, join, sending, receiving, connector, conflating):
    sender = socket(sending, CONFLATE if conflating == "sender" else None)
    receiver = socket(receiving, CONFLATE if conflating == "receiver" else None)
    join("inproc", sender, receiver, "receiver" if connector == "sender" else "sender")
    for number in range(10):
        sender.send(b"%d" % number)
    numbers = [int(message) for (message,) in drain(receiver)]
    assert numbers == ([9] if conflating == connector else list(range(10)))


def test_a_message_that_was_seen_can_still_be_replaced(socket, join):
    push, pull = join("inproc", socket(zmq.PUSH, CONFLATE), socket(zmq.PULL, CONFLATE))
    push.send(b"old")
    wait_readable(pull)
    push.send(b"new")
    assert drain(pull) == [[b"new"]]


@links
def test_of_a_multipart_message_the_last_frame_remains(socket, join, transport, sending, receiving):
    sender, receiver = join(transport, socket(sending, CONFLATE), socket(receiving, CONFLATE))
    for number in range(3):
        sender.send_multipart([b"head", b"", b"%d" % number])
        wait_readable(receiver)
        assert receiver.recv_multipart() == [b"%d" % number]


@beyond_libzmq
def test_half_a_message_is_no_message(socket, join, transport):
    """libzmq aborts the process when it is read."""
    push, pull = join(transport, socket(zmq.PUSH, CONFLATE), socket(zmq.PULL, CONFLATE))
    push.send(b"head", zmq.SNDMORE)
    assert not pull.poll(20)
    push.send(b"tail")
    assert pull.recv_multipart() == [b"tail"]


def test_each_direction_of_a_dealer_conflates(socket, join, transport):
    one, other = join(transport, socket(zmq.DEALER, CONFLATE), socket(zmq.DEALER, CONFLATE))
    for sender, receiver in (one, other), (other, one):
        send_numbers(sender)
        assert len(numbers_until_the_last(receiver)) < COUNT / 10


@pytest.mark.parametrize(
    "transport",
    ["tcp", "ipc", pytest.param("inproc", marks=beyond_libzmq)],  # there it loses its name
)
def test_a_conflating_dealer_and_a_router(bound, socket, transport):
    router, address = bound(transport, zmq.ROUTER)
    dealer = socket(zmq.DEALER, {**CONFLATE, zmq.ROUTING_ID: b"me"})
    dealer.connect(address)
    dealer.send(b"hello")
    assert router.recv_multipart() == [b"me", b"hello"]
    for number in range(100):
        router.send_multipart([b"me", b"%d" % number])
    heard = []
    while not heard or heard[-1] != b"99":
        heard.append(dealer.recv())
    assert len(heard) < 100


def test_what_waits_for_a_connection_is_conflated(socket):
    address = f"tcp://127.0.0.1:{free_port()}"
    push = socket(zmq.PUSH, {**CONFLATE, zmq.RECONNECT_IVL: 10})
    push.connect(address)
    for number in range(10):
        push.send(b"%d" % number)
    pull = socket(zmq.PULL)
    pull.bind(address)
    assert pull.recv() == b"9"
    push.send(b"10")
    assert pull.recv() == b"10"


def test_a_conflating_sender_without_a_peer(bound, transport):
    push, _ = bound(transport, zmq.PUSH, CONFLATE)
    assert not writable(push)
    with pytest.raises(zmq.Again):
        push.send(b"x", zmq.DONTWAIT)


def test_it_is_too_late_for_a_connection_that_is_there(pair, transport):
    push, pull = pair(transport, zmq.PUSH, zmq.PULL)
    for each in push, pull:
        each.set(zmq.CONFLATE, 1)
    for number in range(100):
        push.send(b"%d" % number)
    assert [pull.recv() for _ in range(100)] == [b"%d" % number for number in range(100)]


@pytest.mark.parametrize(
    ("sending", "receiving"),
    [(zmq.PAIR, zmq.PAIR), (zmq.XPUB, zmq.XSUB), (zmq.ROUTER, zmq.ROUTER)],
    ids=["PAIR", "XPUB-XSUB", "ROUTER"],
)
def test_other_types_keep_every_message(pair, transport, sending, receiving):
    options = {**CONFLATE, zmq.ROUTING_ID: b"other"}
    sender, receiver = pair(transport, sending, receiving, CONFLATE, options)
    envelope = []
    if sending == zmq.ROUTER:
        sender.set(zmq.ROUTER_MANDATORY, 1)
        wait_writable(sender)
        envelope = [b"other"]
    elif sending == zmq.XPUB:
        receiver.send(b"\x01")
        assert sender.recv() == b"\x01"
    for number in range(100):
        sender.send_multipart([*envelope, b"%d" % number, b"tail"])
    for number in range(100):
        assert receiver.recv_multipart()[-2:] == [b"%d" % number, b"tail"]


@beyond_libzmq
def test_subscriptions_are_not_conflated(bound, socket, transport):
    """libzmq's SUB loses all but the last that waits to be sent."""
    pub, address = bound(transport, zmq.XPUB)
    sub = socket(zmq.SUB, CONFLATE)
    topics = [b"%d" % number for number in range(10)]
    for topic in topics[:5]:
        sub.subscribe(topic)
    sub.connect(address)
    for topic in topics[5:]:
        sub.subscribe(topic)
    assert sorted(pub.recv() for _ in topics) == [b"\x01" + topic for topic in topics]
    for topic in topics:
        pub.send(topic)
        assert sub.recv() == topic
    assert not readable(sub)
