"""XPUB and XSUB: publish and subscribe with the subscriptions in sight."""

import pytest
from support import Background, beyond_libzmq, fails_with, readable, settle, wait_readable, writable

import zmqlite as zmq


@pytest.fixture
def both(pair, transport):
    return pair(transport, zmq.XPUB, zmq.XSUB)


def test_xpubxsub_identity(socket):
    xpub, xsub = socket(zmq.XPUB), socket(zmq.XSUB)
    assert xpub.type == zmq.XPUB and xpub.get(zmq.TYPE) == 9
    assert xsub.type == zmq.XSUB and xsub.get(zmq.TYPE) == 10


def test_xsub_has_no_subscribe_option(socket):
    with fails_with(zmq.EINVAL):
        socket(zmq.XSUB).set(zmq.SUBSCRIBE, b"x")


def test_both_are_always_writable(bound, socket, transport):
    xpub, _ = bound(transport, zmq.XPUB)
    xsub, _ = bound(transport, zmq.XSUB)
    assert writable(xpub) and writable(xsub)
    xpub.send(b"dropped", zmq.DONTWAIT)
    xsub.send(b"\x01kept", zmq.DONTWAIT)
    assert not readable(xpub) and not readable(xsub)


def test_xpub_is_readable_when_a_subscription_waits(both):
    xpub, xsub = both
    assert not readable(xpub)
    xsub.send(b"\x01a")
    wait_readable(xpub)
    assert xpub.recv() == b"\x01a"
    assert not readable(xpub)


def test_xpub_hears_of_subscribing_and_cancelling(both):
    xpub, xsub = both
    xsub.send(b"\x01topic")
    assert xpub.recv_multipart() == [b"\x01topic"]
    xsub.send(b"\x00topic")
    assert xpub.recv_multipart() == [b"\x00topic"]


def test_xpub_hears_sub_too(pair, transport):
    xpub, sub = pair(transport, zmq.XPUB, zmq.SUB)
    sub.subscribe(b"")
    assert xpub.recv() == b"\x01"
    sub.unsubscribe(b"")
    assert xpub.recv() == b"\x00"


@beyond_libzmq
def test_a_bound_subscriber_tells_a_publisher_without_being_used(bound, socket, transport):
    sub, address = bound(transport, zmq.SUB)
    sub.subscribe(b"a")
    xpub = socket(zmq.XPUB)
    xpub.connect(address)
    assert xpub.recv() == b"\x01a"


def test_xpub_hears_of_the_first_and_the_last_only(bound, socket, transport):
    xpub, address = bound(transport, zmq.XPUB)
    first, second = socket(zmq.SUB), socket(zmq.SUB)
    for sub in (first, second):
        sub.connect(address)
    first.subscribe(b"a")
    assert xpub.recv() == b"\x01a"
    second.subscribe(b"a")
    second.subscribe(b"b")
    assert xpub.recv() == b"\x01b"
    first.unsubscribe(b"a")
    first.subscribe(b"c")
    assert xpub.recv() == b"\x01c"
    second.unsubscribe(b"a")
    assert xpub.recv() == b"\x00a"


def test_xpub_hears_of_a_subscriber_that_leaves(pair, transport):
    xpub, sub = pair(transport, zmq.XPUB, zmq.SUB)
    topics = {b"a", b"b", b"c"}
    for topic in topics:
        sub.subscribe(topic)
    assert {xpub.recv() for _ in topics} == {b"\x01" + topic for topic in topics}
    sub.close()
    assert {xpub.recv() for _ in topics} == {b"\x00" + topic for topic in topics}


def test_xsub_counts_subscriptions(both):
    xpub, xsub = both
    xsub.send(b"\x01a")
    assert xpub.recv() == b"\x01a"
    xsub.send(b"\x01a")
    xsub.send(b"\x00a")
    xpub.send(b"a")
    assert xsub.recv() == b"a"
    xsub.send(b"\x00a")
    assert xpub.recv() == b"\x00a"


def test_xsub_repeats_its_subscriptions_to_a_new_publisher(socket, bound, transport):
    xsub = socket(zmq.XSUB)
    xsub.send(b"\x01early")
    xsub.send(b"\x01gone")
    xsub.send(b"\x00gone")
    for _ in range(2):
        xpub, address = bound(transport, zmq.XPUB)
        xsub.connect(address)
        assert xpub.recv() == b"\x01early"
        xpub.send(b"gone")
        xpub.send(b"early bird")
        assert xsub.recv() == b"early bird"


def test_other_messages_of_an_xsub_reach_the_xpub(both):
    xpub, xsub = both
    settle(xpub, xsub)
    xsub.send_multipart([b"for you", b"", b"\x05"])
    assert xpub.recv_multipart() == [b"for you", b"", b"\x05"]
    xsub.send(b"")
    assert xpub.recv_multipart() == [b""]


def test_other_messages_of_an_xsub_are_dropped_by_pub(pair, transport):
    pub, xsub = pair(transport, zmq.PUB, zmq.XSUB)
    xsub.send(b"for nobody")
    xsub.send(b"\x01a")
    settle(pub, xsub)
    pub.send(b"a")
    assert xsub.recv() == b"a"


def test_filtering_and_multipart(both):
    xpub, xsub = both
    xsub.send(b"\x01a")
    assert xpub.recv() == b"\x01a"
    xpub.send_multipart([b"b", b"a"])
    xpub.send_multipart([b"ab", b"", b"tail"])
    assert xsub.recv_multipart() == [b"ab", b"", b"tail"]


def test_a_proxy_passes_subscriptions_upstream(bound, socket, begin_term, transport):
    front, front_address = bound(transport, zmq.XSUB)
    back, back_address = bound(transport, zmq.XPUB)
    pub, sub = socket(zmq.XPUB), socket(zmq.SUB)
    pub.connect(front_address)
    sub.connect(back_address)
    proxy = Background(zmq.proxy, front, back)
    sub.subscribe(b"news")
    assert pub.recv() == b"\x01news"
    pub.send(b"other")
    pub.send_multipart([b"news", b"of today"])
    assert sub.recv_multipart() == [b"news", b"of today"]
    sub.unsubscribe(b"news")
    assert pub.recv() == b"\x00news"
    begin_term(pub.context)
    assert isinstance(proxy.outcome(), zmq.ContextTerminated)


def test_close_delivers_what_was_published(both):
    xpub, xsub = both
    xsub.send(b"\x01")
    assert xpub.recv() == b"\x01"
    for number in range(500):
        xpub.send(b"%d" % number)
    xpub.close()
    assert [xsub.recv() for _ in range(500)] == [b"%d" % number for number in range(500)]
