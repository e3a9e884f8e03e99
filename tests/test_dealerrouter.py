"""DEALER and ROUTER: messages in turn on one side, by name on the other."""

import pytest
from support import (
    drain,
    fails_with,
    fill,
    readable,
    wait_alone,
    wait_readable,
    wait_writable,
    writable,
)

import zmqlite as zmq


def named(name):
    return {zmq.ROUTING_ID: name}


def test_dealerrouter_identity(socket):
    dealer, router = socket(zmq.DEALER), socket(zmq.ROUTER)
    assert dealer.type == zmq.DEALER and dealer.get(zmq.TYPE) == 5
    assert router.type == zmq.ROUTER and router.get(zmq.TYPE) == 6


def test_dealer_without_a_peer_cannot_send(bound, transport):
    dealer, _ = bound(transport, zmq.DEALER)
    assert not writable(dealer)
    with pytest.raises(zmq.Again):
        dealer.send(b"x", zmq.DONTWAIT)


def test_router_is_writable_without_a_peer(bound, transport):
    router, _ = bound(transport, zmq.ROUTER)
    assert writable(router)


def test_a_mandatory_router_is_writable_with_a_peer_only(bound, socket, transport):
    router, address = bound(transport, zmq.ROUTER, {zmq.ROUTER_MANDATORY: 1})
    assert not writable(router)
    socket(zmq.DEALER).connect(address)
    wait_writable(router)


def test_polling_for_messages(pair, transport):
    router, dealer = pair(transport, zmq.ROUTER, zmq.DEALER)
    assert not readable(router) and not readable(dealer)
    dealer.send(b"x")
    wait_readable(router)
    name, _ = router.recv_multipart()
    assert not readable(router)
    router.send_multipart([name, b"y"])
    wait_readable(dealer)
    assert dealer.recv() == b"y"
    assert not readable(dealer)


def test_router_names_an_anonymous_peer(bound, socket, transport):
    router, address = bound(transport, zmq.ROUTER)
    names = set()
    for number in range(3):
        dealer = socket(zmq.DEALER)
        dealer.connect(address)
        dealer.send(b"%d" % number)
        name, body = router.recv_multipart()
        assert len(name) == 5 and name[0] == 0 and body == b"%d" % number
        names.add(name)
        router.send_multipart([name, b"re", b"%d" % number])
        assert dealer.recv_multipart() == [b"re", b"%d" % number]
    assert len(names) == 3


@pytest.mark.parametrize("name", [b"x", b"with\x00nul", bytes([255]) * 255])
def test_router_uses_the_name_a_peer_gives(pair, transport, name):
    router, dealer = pair(transport, zmq.ROUTER, zmq.DEALER, None, named(name))
    dealer.send_multipart([b"", b"hello"])
    assert router.recv_multipart() == [name, b"", b"hello"]
    router.send_multipart([name, b"hello", b""])
    assert dealer.recv_multipart() == [b"hello", b""]


def test_router_frame_by_frame(pair, transport):
    router, dealer = pair(transport, zmq.ROUTER, zmq.DEALER, None, named(b"me"))
    dealer.send(b"hello")
    assert router.recv() == b"me" and router.get(zmq.RCVMORE)
    assert router.recv() == b"hello" and not router.get(zmq.RCVMORE)
    router.send(b"me", zmq.SNDMORE)
    router.send(b"answer")
    assert dealer.recv_multipart() == [b"answer"]


def test_router_sends_to_the_one_named(bound, socket, transport):
    router, address = bound(transport, zmq.ROUTER)
    dealers = {name: socket(zmq.DEALER, named(name)) for name in (b"A", b"B", b"C")}
    for dealer in dealers.values():
        dealer.connect(address)
        dealer.send(b"hello")
        router.recv_multipart()
    for name in b"C", b"A", b"B", b"A":
        router.send_multipart([name, b"to " + name])
    for name, count in (b"A", 2), (b"B", 1), (b"C", 1):
        assert [dealers[name].recv() for _ in range(count)] == [b"to " + name] * count
        assert not readable(dealers[name])


def test_router_drops_what_it_cannot_route(pair, transport):
    router, dealer = pair(transport, zmq.ROUTER, zmq.DEALER, None, named(b"me"))
    dealer.send(b"hello")
    router.recv_multipart()
    router.send_multipart([b"nobody", b"lost"])
    router.send(b"me")  # a name and nothing to send
    router.send_multipart([b"me", b"found"])
    assert dealer.recv_multipart() == [b"found"]


def test_a_mandatory_router_refuses_what_it_cannot_route(pair, transport):
    router, dealer = pair(
        transport, zmq.ROUTER, zmq.DEALER, {zmq.ROUTER_MANDATORY: 1}, named(b"me")
    )
    wait_writable(router)
    with fails_with(zmq.EHOSTUNREACH):
        router.send_multipart([b"nobody", b"lost"])
    router.send_multipart([b"me", b"found"])
    assert dealer.recv_multipart() == [b"found"]


def test_a_peer_that_left_is_unroutable(bound, socket, transport):
    router, address = bound(transport, zmq.ROUTER, {zmq.ROUTER_MANDATORY: 1})
    for _ in range(2):
        dealer = socket(zmq.DEALER, named(b"me"))
        dealer.connect(address)
        dealer.send(b"hello")
        assert router.recv_multipart() == [b"me", b"hello"]
        dealer.close()
        wait_alone(router)
        with fails_with(zmq.EHOSTUNREACH):
            router.send_multipart([b"me", b"lost"])


def test_a_full_peer_loses_messages(pair):
    router, dealer = pair(
        "inproc", zmq.ROUTER, zmq.DEALER, {zmq.SNDHWM: 2}, {zmq.RCVHWM: 3, **named(b"me")}
    )
    for number in range(10):
        router.send_multipart([b"me", b"%d" % number])
    assert drain(dealer) == [[b"%d" % number] for number in range(5)]


def test_a_mandatory_router_waits_for_a_full_peer(pair):
    router, dealer = pair(
        "inproc",
        zmq.ROUTER,
        zmq.DEALER,
        {zmq.SNDHWM: 2, zmq.ROUTER_MANDATORY: 1, zmq.SNDTIMEO: 20},
        {zmq.RCVHWM: 3, **named(b"me")},
    )
    for number in range(5):
        router.send_multipart([b"me", b"%d" % number])
    for flags in (0, zmq.DONTWAIT):
        with pytest.raises(zmq.Again):
            router.send_multipart([b"me", b"too much"], flags)
    assert not writable(router)
    assert drain(dealer) == [[b"%d" % number] for number in range(5)]
    router.send_multipart([b"me", b"fits"])
    assert dealer.recv() == b"fits"


def test_a_name_that_is_taken_gets_nothing(bound, socket, transport):
    router, address = bound(transport, zmq.ROUTER)
    holder, rival = socket(zmq.DEALER, named(b"me")), socket(zmq.DEALER, named(b"me"))
    holder.connect(address)
    holder.send(b"from the holder")
    assert router.recv_multipart() == [b"me", b"from the holder"]
    rival.connect(address)
    rival.send(b"from the rival", zmq.DONTWAIT)
    for number in range(20):
        router.send_multipart([b"me", b"%d" % number])
        assert holder.recv() == b"%d" % number
        holder.send(b"re %d" % number)
        assert router.recv_multipart() == [b"me", b"re %d" % number]
    assert not readable(rival)


def test_dealer_deals_in_turn(bound, socket, transport):
    others = [bound(transport, zmq.DEALER) for _ in range(3)]
    dealer = socket(zmq.DEALER)
    for _, address in others:
        dealer.connect(address)
    for number in range(9):
        dealer.send_multipart([b"%d" % number, b"tail"])
    for turn, (other, _) in enumerate(others):
        received = [other.recv_multipart() for _ in range(3)]
        assert received == [[b"%d" % number, b"tail"] for number in range(turn, 9, 3)]


def test_dealer_collects_in_turn(bound, socket):
    dealer, address = bound("inproc", zmq.DEALER)
    others = [socket(zmq.DEALER) for _ in range(3)]
    for name, other in enumerate(others):
        other.connect(address)
        for _ in range(100):
            other.send(b"%d" % name)
    first = [dealer.recv() for _ in range(30)]
    assert all(first.count(b"%d" % name) == 10 for name in range(3))


def test_router_collects_in_turn(bound, socket):
    router, address = bound("inproc", zmq.ROUTER)
    names = (b"A", b"B", b"C")
    for name in names:
        dealer = socket(zmq.DEALER, named(name))
        dealer.connect(address)
        for _ in range(100):
            dealer.send_multipart([b"x", b"y"])
    first = [router.recv_multipart()[0] for _ in range(30)]
    assert all(first.count(name) == 10 for name in names)


def test_dealer_full_and_empty(pair, transport):
    dealer, other = pair(transport, zmq.DEALER, zmq.DEALER, {zmq.SNDHWM: 5}, {zmq.RCVHWM: 5})
    body = bytes(100_000)
    sent = fill(dealer, body)
    assert sent >= 5
    for number in range(sent):
        assert other.recv() == b"%d:" % number + body
    wait_writable(dealer)


def test_router_to_router(bound, socket, transport):
    a, address = bound(transport, zmq.ROUTER, {zmq.ROUTER_MANDATORY: 1, **named(b"A")})
    b = socket(zmq.ROUTER, named(b"B"))
    b.connect(address)
    wait_writable(a)
    a.send_multipart([b"B", b"hello"])
    assert b.recv_multipart() == [b"A", b"hello"]
    b.send_multipart([b"A", b"answer"])
    assert a.recv_multipart() == [b"B", b"answer"]


def test_received_messages_outlive_their_sender(bound, socket, transport):
    router, address = bound(transport, zmq.ROUTER)
    dealer = socket(zmq.DEALER, named(b"me"))
    dealer.connect(address)
    for number in range(300):
        dealer.send(b"%d" % number)
    dealer.close()
    for number in range(300):
        assert router.recv_multipart() == [b"me", b"%d" % number]
