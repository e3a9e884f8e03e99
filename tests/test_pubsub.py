"""PUB and SUB: every message to whoever asked for its beginning, never a wait."""

from random import Random

import pytest
from support import drain, fails_with, readable, settle, wait_readable, writable

import zmqlite as zmq

SIZES = (0, 5, 60, 300, 4000, 9000, 70_000)


@pytest.fixture
def pubsub(pair, transport):
    return pair(transport, zmq.PUB, zmq.SUB)


def published(pub, sub, *messages):
    """What the subscriber gets of these messages; a last one, which it wants, ends the list."""
    sub.subscribe(b"\xffend")
    settle(pub, sub)
    for message in messages:
        pub.send(message)
    pub.send(b"\xffend")
    received = []
    while (message := sub.recv()) != b"\xffend":
        received.append(message)
    sub.unsubscribe(b"\xffend")
    return received


def test_pubsub_identity(socket):
    pub, sub = socket(zmq.PUB), socket(zmq.SUB)
    assert pub.type == zmq.PUB and pub.get(zmq.TYPE) == 1
    assert sub.type == zmq.SUB and sub.get(zmq.TYPE) == 2


def test_pub_cannot_recv(pubsub):
    pub, _ = pubsub
    with fails_with(zmq.ENOTSUP):
        pub.recv()
    assert not readable(pub)


def test_sub_cannot_send(pubsub):
    _, sub = pubsub
    with fails_with(zmq.ENOTSUP):
        sub.send(b"x")
    assert not writable(sub)


def test_pub_cannot_subscribe(socket):
    with fails_with(zmq.EINVAL):
        socket(zmq.PUB).set(zmq.SUBSCRIBE, b"x")


def test_pub_is_always_writable_and_drops_without_subscribers(bound, transport):
    pub, _ = bound(transport, zmq.PUB)
    assert writable(pub)
    for _ in range(5000):
        pub.send(b"x", zmq.DONTWAIT)
    assert writable(pub)


def test_sub_is_readable_while_a_message_waits(pubsub):
    pub, sub = pubsub
    sub.subscribe("")
    settle(pub, sub)
    assert not readable(sub)
    pub.send(b"x")
    wait_readable(sub)
    assert sub.recv() == b"x"
    assert not readable(sub)


def test_sub_starts_without_any_subscription(pubsub):
    assert published(*pubsub, b"", b"a", b"b") == []


def test_a_subscription_is_a_prefix(pubsub):
    pub, sub = pubsub
    sub.subscribe(b"ab")
    messages = [b"", b"a", b"ab", b"abc", b"b", b"ab\x00", b"aab"]
    assert published(pub, sub, *messages) == [b"ab", b"abc", b"ab\x00"]


def test_the_empty_subscription_matches_all(pubsub):
    pub, sub = pubsub
    sub.subscribe(b"")
    assert published(pub, sub, b"", b"a", b"\x00") == [b"", b"a", b"\x00"]


def test_subscribing_by_option_and_by_string(pubsub):
    pub, sub = pubsub
    sub.setsockopt_string(zmq.SUBSCRIBE, "grün")
    sub.setsockopt(zmq.SUBSCRIBE, b"rot")
    assert published(pub, sub, "grün 1".encode(), b"rot", b"blau") == ["grün 1".encode(), b"rot"]


def test_overlapping_subscriptions_give_one_copy(pubsub):
    pub, sub = pubsub
    for topic in (b"", b"a", b"ab", b"ab"):
        sub.subscribe(topic)
    assert published(pub, sub, b"abc") == [b"abc"]


def test_subscriptions_are_counted(pubsub):
    pub, sub = pubsub
    sub.subscribe(b"a")
    sub.subscribe(b"a")
    sub.unsubscribe(b"a")
    assert published(pub, sub, b"a") == [b"a"]
    sub.unsubscribe(b"a")
    assert published(pub, sub, b"a") == []


def test_cancelling_an_unknown_topic_has_no_effect(pubsub):
    pub, sub = pubsub
    sub.subscribe(b"a")
    sub.unsubscribe(b"never asked for")
    assert published(pub, sub, b"a", b"never asked for") == [b"a"]


def test_a_long_topic(pubsub):
    pub, sub = pubsub
    topic = bytes(range(256)) * 40
    sub.subscribe(topic)
    assert published(pub, sub, topic, topic[:-1], topic + b"x") == [topic, topic + b"x"]


def test_many_topics(pair, transport):
    # A subscription travels as a message and would be dropped at the subscriber's mark.
    pub, sub = pair(transport, zmq.PUB, zmq.SUB, None, {zmq.SNDHWM: 0})
    for number in range(2000):
        sub.subscribe(b"topic.%d." % number)
    for number in range(0, 2000, 2):
        sub.unsubscribe(b"topic.%d." % number)
    received = published(pub, sub, *(b"topic.%d.x" % number for number in range(500)))
    assert received == [b"topic.%d.x" % number for number in range(1, 500, 2)]


def test_only_the_first_frame_is_matched(pubsub):
    pub, sub = pubsub
    sub.subscribe(b"a")
    settle(pub, sub)
    pub.send_multipart([b"b", b"a"])
    pub.send_multipart([b"a", b"b", b""])
    assert sub.recv_multipart() == [b"a", b"b", b""]


def test_each_subscriber_gets_its_own(bound, socket, transport):
    pub, address = bound(transport, zmq.PUB)
    subscribers = [socket(zmq.SUB) for _ in range(3)]
    for number, sub in enumerate(subscribers):
        sub.connect(address)
        sub.subscribe(b"%d" % number)
        sub.subscribe(b"all")
        settle(pub, sub)
    for topic in (b"0", b"1", b"2", b"all"):
        pub.send(topic)
    for number, sub in enumerate(subscribers):
        assert [sub.recv(), sub.recv()] == [b"%d" % number, b"all"]


def test_of_many_subscribers_each_gets_what_it_asked_for(socket, endpoint):
    """Over every transport, in messages of all sizes and forms, though some leave meanwhile."""
    topics = ["", "a", "b", "ab", "c", "", "a"]
    pub = socket(zmq.PUB, {zmq.SNDHWM: 0})
    subscribers = []
    for transport in ("tcp", "ipc", "inproc"):
        pub.bind(endpoint(transport))
        for topic in topics:
            sub = socket(zmq.SUB, {zmq.RCVHWM: 0})
            sub.connect(pub.last_endpoint)
            sub.subscribe(topic)
            sub.subscribe(b"\xffend")
            settle(pub, sub)
            subscribers.append((sub, topic.encode()))
    random = Random(1)
    sent = []
    for index in range(2000):
        parts = [bytes([index % 251]) * random.choice(SIZES) for _ in range(random.randrange(3))]
        sent.append([random.choice(["a", "ab", "b", "ba", "c", "d"]).encode(), *parts])
        pub.send_multipart(sent[-1])
        if index % 500 == 250:
            subscribers.pop(random.randrange(len(subscribers)))[0].close()
    pub.send(b"\xffend")
    for sub, topic in subscribers:
        received = iter(sub.recv_multipart, [b"\xffend"])
        received = [message for message in received if not message[0].startswith(b"\xffprobe")]
        assert received == [message for message in sent if message[0].startswith(topic)]


def test_sub_hears_several_publishers(bound, socket, transport):
    publishers = [bound(transport, zmq.PUB) for _ in range(3)]
    sub = socket(zmq.SUB)
    sub.subscribe(b"")
    for _, address in publishers:
        sub.connect(address)
    for number, (pub, _) in enumerate(publishers):
        settle(pub, sub)
        pub.send(b"%d" % number)
        assert sub.recv() == b"%d" % number


def test_the_subscriber_may_bind(pair, transport):
    sub, pub = pair(transport, zmq.SUB, zmq.PUB)
    sub.subscribe(b"a")
    assert published(pub, sub, b"a", b"b") == [b"a"]


def test_a_full_subscriber_loses_messages_alone(bound, socket):
    # An XPUB, as it needs no probes: a queue that was read from may hold fewer than its mark.
    pub, address = bound("inproc", zmq.XPUB, {zmq.SNDHWM: 2})
    slow, swift = socket(zmq.SUB, {zmq.RCVHWM: 3}), socket(zmq.SUB, {zmq.RCVHWM: 100})
    for sub in (slow, swift):
        sub.connect(address)
        sub.subscribe(b"n")
        settle(pub, sub)
    for number in range(50):
        pub.send(b"n%d" % number, zmq.DONTWAIT)
    assert drain(slow) == [[b"n%d" % number] for number in range(5)]
    assert drain(swift) == [[b"n%d" % number] for number in range(50)]


def test_pub_never_blocks_on_a_subscriber_that_does_not_read(pair, transport):
    pub, sub = pair(transport, zmq.PUB, zmq.SUB, {zmq.SNDHWM: 5}, {zmq.RCVHWM: 5})
    sub.subscribe(b"")
    settle(pub, sub)
    for number in range(500):
        pub.send_multipart([b"%d" % number, bytes(50_000)], zmq.DONTWAIT)
    assert sub.recv_multipart() == [b"0", bytes(50_000)]
    numbers = [0]
    while sub.poll(50):
        number, body = sub.recv_multipart()
        assert body == bytes(50_000)
        numbers.append(int(number))
    assert numbers == sorted(set(numbers)), "the order was lost"


def test_close_delivers_what_was_published(pubsub):
    pub, sub = pubsub
    sub.subscribe(b"")
    settle(pub, sub)
    for number in range(500):
        pub.send(b"%d" % number)
    pub.close()
    assert [sub.recv() for _ in range(500)] == [b"%d" % number for number in range(500)]


def test_a_subscriber_that_left_is_forgotten(bound, socket, transport):
    pub, address = bound(transport, zmq.PUB)
    for _ in range(3):
        sub = socket(zmq.SUB)
        sub.connect(address)
        sub.subscribe(b"a")
        assert published(pub, sub, b"a") == [b"a"]
        sub.close()
    assert writable(pub)
