"""Options of publishers and subscribers: what an XPUB hears, who gets what, what is dropped."""

import pytest
from support import (
    Background,
    beyond_libzmq,
    drain,
    fails_with,
    fill,
    readable,
    settle,
    wait_until,
    writable,
)

import zmqlite as zmq

by_manual = pytest.mark.parametrize(
    "manual", [{zmq.XPUB_MANUAL: 1}, {zmq.XPUB_MANUAL_LAST_VALUE: 1}], ids=["manual", "last value"]
)
for_both = pytest.mark.parametrize("kind", [zmq.PUB, zmq.XPUB], ids=lambda kind: kind.name)


@pytest.fixture
def publish(bound, socket, transport):
    """An XPUB with two XSUBs, which filter nothing themselves; all are connected."""

    def make(options):
        xpub, address = bound(transport, zmq.XPUB, options)
        xsubs = [socket(zmq.XSUB) for _ in range(2)]
        for xsub in xsubs:
            xsub.connect(address)
            assert told(xpub, xsub) == []
        return xpub, *xsubs

    return make


def ask(xpub, xsub, request):
    """Have an XSUB send this request, and wait until the XPUB passes it up."""
    xsub.send(request)
    assert xpub.recv_multipart() == [request]


def told(xpub, xsub, *requests):
    """What the XPUB passes up when these are sent; a last message marks their end."""
    for request in requests:
        xsub.send(request)
    xsub.send(b"end")
    heard = []
    while (message := xpub.recv_multipart()) != [b"end"]:
        heard += message
    return heard


def leavings(xpub, xsub, count):
    """What the XPUB passes up when this subscriber leaves."""
    xsub.close()
    return sorted(xpub.recv() for _ in range(count))


def drain_until(subscriber, last):
    """The messages before this one."""
    messages = []
    while (message := subscriber.recv_multipart()) != [last]:
        messages.append(message)
    return messages


def wait_topics(publisher, count):
    """Wait until so many topics are subscribed; libzmq's publisher learns of them when used."""
    wait_until(
        lambda: publisher.poll(0) >= 0 and publisher.get(zmq.TOPICS_COUNT) == count,
        f"{count} topics are subscribed",
    )


# What is passed up ------------------------------------------------------------------------------


def test_by_default_the_first_and_the_last(publish):
    xpub, a, b = publish({})
    assert told(xpub, a, b"\x01t") == [b"\x01t"]
    assert told(xpub, b, b"\x01t") == []
    assert told(xpub, a, b"\x01t", b"\x00t", b"\x00t") == []
    assert told(xpub, b, b"\x00t") == [b"\x00t"]


def test_verbose_passes_every_subscription(publish):
    xpub, a, b = publish({zmq.XPUB_VERBOSE: 1})
    assert told(xpub, a, b"\x01t", b"\x01t") == [b"\x01t"] * 2
    assert told(xpub, b, b"\x01t") == [b"\x01t"]
    assert told(xpub, a, b"\x00t", b"\x00t") == []
    assert told(xpub, b, b"\x00t") == [b"\x00t"]


def test_verboser_passes_every_cancel_too(publish):
    xpub, a, b = publish({zmq.XPUB_VERBOSER: 1})
    for xsub in a, b:
        assert told(xpub, xsub, b"\x01t", b"\x01u") == [b"\x01t", b"\x01u"]
    assert told(xpub, a, b"\x00t") == [b"\x00t"]
    assert leavings(xpub, a, 1) == [b"\x00u"]
    assert leavings(xpub, b, 2) == [b"\x00t", b"\x00u"]


@pytest.mark.parametrize("verbose", [0, 1])
def test_verbose_takes_back_half_of_verboser(publish, verbose):
    xpub, a, b = publish({zmq.XPUB_VERBOSER: 1, zmq.XPUB_VERBOSE: verbose})
    assert told(xpub, a, b"\x01t") == [b"\x01t"]
    assert told(xpub, b, b"\x01t") == [b"\x01t"] * verbose
    assert told(xpub, a, b"\x00t") == []
    assert told(xpub, b, b"\x00t") == [b"\x00t"]


def test_verboser_takes_back_verbose(publish):
    xpub, a, b = publish({zmq.XPUB_VERBOSE: 1, zmq.XPUB_VERBOSER: 0})
    assert told(xpub, a, b"\x01t") == [b"\x01t"]
    assert told(xpub, b, b"\x01t") == []


def test_verbose_does_not_multiply_messages(publish):
    xpub, a, _ = publish({zmq.XPUB_VERBOSER: 1})
    assert told(xpub, a, b"\x01", b"\x01t", b"\x01t") == [b"\x01", b"\x01t", b"\x01t"]
    for body in b"t1", b"t2":
        xpub.send(body)
        assert a.recv() == body


# XPUB_MANUAL ------------------------------------------------------------------------------------


@by_manual
def test_manual_applies_nothing_by_itself(publish, manual):
    xpub, a, _ = publish(manual)
    assert told(xpub, a, b"\x01t", b"\x01t", b"\x00t", b"\x00t") == [b"\x01t", b"\x01t", b"\x00t"]
    ask(xpub, a, b"\x01t")
    assert xpub.get(zmq.TOPICS_COUNT) == 0
    xpub.send(b"t for nobody")
    ask(xpub, a, b"\x01other")
    xpub.subscribe(b"")
    xpub.send(b"for a")
    assert a.recv() == b"for a"


def test_manual_subscribes_whoever_asked_last(publish):
    xpub, a, b = publish({zmq.XPUB_MANUAL: 1})
    ask(xpub, a, b"\x01wish")
    xpub.subscribe(b"A")
    xpub.subscribe(b"all")
    ask(xpub, b, b"\x01wish")
    xpub.subscribe(b"B")
    xpub.subscribe(b"all")
    for body in b"wish", b"A1", b"B1", b"all":
        xpub.send(body)
    assert [a.recv(), a.recv()] == [b"A1", b"all"]
    assert [b.recv(), b.recv()] == [b"B1", b"all"]


def test_manual_cancels_by_hand_too(publish):
    xpub, a, _ = publish({zmq.XPUB_MANUAL: 1})
    ask(xpub, a, b"\x01t")
    xpub.subscribe(b"t")
    xpub.subscribe(b"end")
    ask(xpub, a, b"\x00t")
    xpub.send(b"t still")
    xpub.unsubscribe(b"t")
    xpub.unsubscribe(b"never subscribed")
    xpub.send(b"t no more")
    xpub.send(b"end")
    assert [a.recv(), a.recv()] == [b"t still", b"end"]


def test_manual_counts_what_was_applied(publish):
    xpub, a, b = publish({zmq.XPUB_MANUAL: 1})
    for xsub in a, b:
        ask(xpub, xsub, b"\x01wish")
        xpub.subscribe(b"x")
        xpub.subscribe(b"y")
    assert xpub.get(zmq.TOPICS_COUNT) == 2
    xpub.unsubscribe(b"x")
    assert xpub.get(zmq.TOPICS_COUNT) == 2
    ask(xpub, a, b"\x00wish")
    xpub.unsubscribe(b"x")
    assert xpub.get(zmq.TOPICS_COUNT) == 1


def test_manual_before_anybody_asked(publish):
    xpub, *_ = publish({zmq.XPUB_MANUAL: 1})
    xpub.subscribe(b"")
    xpub.unsubscribe(b"")
    assert xpub.get(zmq.TOPICS_COUNT) == 0


def test_a_message_is_no_request(publish):
    xpub, a, b = publish({zmq.XPUB_MANUAL: 1})
    ask(xpub, a, b"\x01wish")
    ask(xpub, b, b"a message")
    xpub.subscribe(b"t")
    xpub.send(b"t")
    assert a.recv() == b"t"


@by_manual
def test_manual_tells_of_each_topic_that_a_leaver_had_asked_for(publish, manual):
    xpub, a, b = publish(manual)
    for xsub in a, b:
        assert told(xpub, xsub, b"\x01t", b"\x01u", b"\x01v") == [b"\x01t", b"\x01u", b"\x01v"]
        assert told(xpub, xsub, b"\x00v") == [b"\x00v"]
    xpub.subscribe(b"of b")
    for xsub in a, b:
        assert leavings(xpub, xsub, 2) == [b"\x00t", b"\x00u"]
    assert not readable(xpub)


def test_nobody_is_last_when_one_has_left(publish):
    xpub, a, b = publish({zmq.XPUB_MANUAL: 1})
    ask(xpub, a, b"\x01A")
    ask(xpub, b, b"\x01B")
    assert leavings(xpub, a, 1) == [b"\x00A"]
    xpub.subscribe(b"t")
    assert xpub.get(zmq.TOPICS_COUNT) == 0
    ask(xpub, b, b"\x01B again")
    xpub.subscribe(b"t")
    xpub.send(b"t")
    assert b.recv() == b"t"


@pytest.mark.parametrize("kind", [zmq.XPUB, zmq.XSUB])
def test_only_a_manual_xpub_can_be_subscribed(socket, kind):
    made = socket(kind)
    for option in zmq.SUBSCRIBE, zmq.UNSUBSCRIBE:
        with fails_with(zmq.EINVAL):
            made.set(option, b"t")


def test_manual_can_be_turned_off(publish):
    xpub, a, _ = publish({zmq.XPUB_MANUAL: 1})
    ask(xpub, a, b"\x01before")
    xpub.set(zmq.XPUB_MANUAL, 0)
    ask(xpub, a, b"\x01after")
    with fails_with(zmq.EINVAL):
        xpub.subscribe(b"t")
    xpub.send(b"before")
    xpub.send(b"after")
    assert a.recv() == b"after"


# XPUB_MANUAL_LAST_VALUE -------------------------------------------------------------------------


def test_a_last_value_goes_to_whoever_asked_last(publish):
    xpub, a, b = publish({zmq.XPUB_MANUAL_LAST_VALUE: 1})
    for number, xsub in enumerate((a, b)):
        ask(xpub, xsub, b"\x01t")
        xpub.subscribe(b"t")
        xpub.send_multipart([b"t last value", b"%d" % number])
    xpub.send(b"t for both")
    assert drain_until(a, b"t for both") == [[b"t last value", b"0"]]
    assert drain_until(b, b"t for both") == [[b"t last value", b"1"]]


def test_a_last_value_that_does_not_match_goes_to_nobody(publish):
    xpub, a, b = publish({zmq.XPUB_MANUAL_LAST_VALUE: 1})
    for xsub, topic in (a, b"A"), (b, b"B"):
        ask(xpub, xsub, b"\x01wish")
        xpub.subscribe(topic)
        xpub.subscribe(b"end")
    xpub.send(b"A for nobody, since it is b's turn")
    xpub.send(b"A for a")
    xpub.send(b"end")
    assert drain_until(a, b"end") == [[b"A for a"]]
    assert drain_until(b, b"end") == []


def test_a_cancel_has_a_last_value_too(publish):
    xpub, a, b = publish({zmq.XPUB_MANUAL_LAST_VALUE: 1})
    for xsub in a, b:
        ask(xpub, xsub, b"\x01t")
        xpub.subscribe(b"")
        xpub.send(b"welcome")
    ask(xpub, a, b"\x00t")
    xpub.send(b"farewell")
    xpub.send(b"for both")
    assert drain_until(a, b"for both") == [[b"welcome"], [b"farewell"]]
    assert drain_until(b, b"for both") == [[b"welcome"]]


def test_nobody_is_last_after_a_last_value(publish):
    xpub, a, _ = publish({zmq.XPUB_MANUAL_LAST_VALUE: 1})
    ask(xpub, a, b"\x01t")
    xpub.send(b"the last value")
    xpub.subscribe(b"t")
    assert xpub.get(zmq.TOPICS_COUNT) == 0


# XPUB_NODROP ------------------------------------------------------------------------------------

NODROP = {zmq.XPUB_NODROP: 1}


@pytest.fixture
def crowd(bound, socket):
    """A publisher that must not drop, and two subscribers of everything with room for 5."""

    def make(kind, options=None):
        publisher, address = bound("inproc", kind, {**NODROP, zmq.SNDHWM: 2, **(options or {})})
        subs = [socket(zmq.SUB, {zmq.RCVHWM: 3}) for _ in range(2)]
        for sub in subs:
            sub.connect(address)
            sub.subscribe(b"")
        wait_topics(publisher, 1)
        if kind == zmq.XPUB:
            assert publisher.recv() == b"\x01"
        return publisher, *subs

    return make


@for_both
def test_nodrop_refuses_what_one_subscriber_cannot_take(crowd, kind):
    publisher, full, other = crowd(kind)
    assert fill(publisher) == 5
    assert writable(publisher)
    assert len(drain(other)) == 5
    with pytest.raises(zmq.Again):
        publisher.send(b"refused", zmq.DONTWAIT)
    assert not readable(other)
    assert len(drain(full)) == 5
    publisher.send(b"taken")
    assert full.recv() == other.recv() == b"taken"


@for_both
def test_nodrop_waits_for_the_full_one(crowd, kind):
    publisher, full, other = crowd(kind)
    fill(publisher)
    drain(other)
    sending = Background(publisher.send, b"waited for")
    drain_until(full, b"4:")
    sending.result()
    assert full.recv() == other.recv() == b"waited for"


@for_both
def test_nodrop_waits_until_the_full_one_leaves(crowd, kind):
    publisher, full, other = crowd(kind)
    fill(publisher)
    drain(other)
    sending = Background(publisher.send, b"waited for")
    full.close()
    sending.result()
    assert other.recv() == b"waited for"


@for_both
def test_nodrop_waits_for_a_time(crowd, kind):
    publisher, _, other = crowd(kind, {zmq.SNDTIMEO: 50})
    fill(publisher)
    drain(other)
    with pytest.raises(zmq.Again):
        publisher.send(b"refused")
    assert not readable(other)


def test_nodrop_looks_at_those_who_would_get_it(crowd):
    xpub, full, other = crowd(zmq.XPUB)
    for sub, topic in (full, b"full"), (other, b"other"):
        sub.subscribe(topic)
        sub.unsubscribe(b"")
    assert [xpub.recv() for _ in range(3)] == [b"\x01full", b"\x01other", b"\x00"]
    for _ in range(5):
        xpub.send(b"full", zmq.DONTWAIT)
    with pytest.raises(zmq.Again):
        xpub.send_multipart([b"full", b"other"], zmq.DONTWAIT)
    xpub.send_multipart([b"other", b"full"], zmq.DONTWAIT)
    assert other.recv_multipart() == [b"other", b"full"]
    xpub.send(b"nobody", zmq.DONTWAIT)


@for_both
def test_nodrop_can_be_turned_off(crowd, kind):
    publisher, full, other = crowd(kind)
    fill(publisher)
    drain(other)
    publisher.set(zmq.XPUB_NODROP, 0)
    assert writable(publisher)  # libzmq's sees only in this call that there is room again
    publisher.send(b"dropped for one", zmq.DONTWAIT)
    assert other.recv() == b"dropped for one"
    assert drain(full) == [[b"%d:" % number] for number in range(5)]


# XPUB_WELCOME_MSG -------------------------------------------------------------------------------


def wait_welcomed(publisher, subscriber):
    """libzmq's publisher welcomes a newcomer when it is used."""
    wait_until(lambda: publisher.poll(0) >= 0 and readable(subscriber), "it is welcomed")


@for_both
def test_a_welcome_comes_first(bound, socket, transport, kind):
    publisher, address = bound(transport, kind, {zmq.XPUB_WELCOME_MSG: b"welcome"})
    for _ in range(3):
        xsub = socket(zmq.XSUB)
        xsub.send(b"\x01")
        xsub.connect(address)
        wait_welcomed(publisher, xsub)
        assert xsub.recv_multipart() == [b"welcome"]
        settle(publisher, xsub)
        publisher.send(b"news")
        assert drain_until(xsub, b"news") == []


@beyond_libzmq
def test_a_welcome_comes_by_itself(bound, socket, transport):
    _, address = bound(transport, zmq.XPUB, {zmq.XPUB_WELCOME_MSG: b"welcome"})
    xsub = socket(zmq.XSUB)
    xsub.connect(address)
    assert xsub.recv() == b"welcome"


def test_a_sub_filters_the_welcome(bound, socket, transport):
    xpub, address = bound(transport, zmq.XPUB, {zmq.XPUB_WELCOME_MSG: b"welcome"})
    hearer, deaf = socket(zmq.SUB), socket(zmq.SUB)
    hearer.subscribe(b"wel")
    deaf.subscribe(b"other")
    for sub in deaf, hearer:
        sub.connect(address)
    wait_welcomed(xpub, hearer)
    assert hearer.recv() == b"welcome"
    settle(xpub, deaf)
    xpub.send(b"other")
    assert deaf.recv() == b"other"


def test_the_welcome_can_be_changed_and_cleared(bound, socket, transport):
    xpub, address = bound(transport, zmq.XPUB, {zmq.XPUB_WELCOME_MSG: b"first"})
    for welcome in b"second", b"":
        xpub.set(zmq.XPUB_WELCOME_MSG, welcome)
        xsub = socket(zmq.XSUB)
        xsub.connect(address)
        settle(xpub, xsub)
        assert drain(xsub) == [[welcome]] * bool(welcome)


# ONLY_FIRST_SUBSCRIBE ---------------------------------------------------------------------------


def test_every_frame_can_subscribe(publish):
    xpub, a, _ = publish({})
    a.send_multipart([b"\x01one", b"\x01two"])
    assert [xpub.recv_multipart() for _ in range(2)] == [[b"\x01one"], [b"\x01two"]]
    a.send_multipart([b"message", b"\x01three"])
    assert xpub.recv_multipart() == [b"message", b"\x01three"]
    for body in b"one", b"two", b"three":
        xpub.send(body)
        assert a.recv() == body


def test_only_a_first_frame_can_subscribe(publish):
    xpub, a, _ = publish({zmq.ONLY_FIRST_SUBSCRIBE: 1})
    a.send_multipart([b"message", b"\x01t", b"\x00t"])
    assert xpub.recv_multipart() == [b"message", b"\x01t", b"\x00t"]
    assert xpub.get(zmq.TOPICS_COUNT) == 0
    a.send_multipart([b"\x01one", b"\x01two"])
    assert [xpub.recv_multipart() for _ in range(2)] == [[b"\x01one"], [b"\x01two"]]
    for body in b"t", b"one", b"two":
        xpub.send(body)
    assert [a.recv(), a.recv()] == [b"one", b"two"]


@pytest.mark.parametrize("only_first", [0, 1])
def test_an_xsub_remembers_what_it_subscribed(bound, socket, transport, only_first):
    xsub = socket(zmq.XSUB, {zmq.ONLY_FIRST_SUBSCRIBE: only_first})
    xsub.send_multipart([b"\x01one", b"\x01two"])
    xsub.send_multipart([b"message", b"\x01three"])
    expected = {b"\x01one", b"\x01two"} if only_first else {b"\x01one", b"\x01two", b"\x01three"}
    assert xsub.get(zmq.TOPICS_COUNT) == len(expected)
    xpub, address = bound(transport, zmq.XPUB)
    xsub.connect(address)
    assert {xpub.recv() for _ in expected} == expected


# XSUB_VERBOSE_UNSUBSCRIBE -----------------------------------------------------------------------


@beyond_libzmq
def test_an_xsub_can_pass_on_every_cancel(publish):
    """libzmq has it as a draft."""
    xpub, xsub, _ = publish({zmq.XPUB_VERBOSER: 1})
    xsub.set(zmq.XSUB_VERBOSE_UNSUBSCRIBE, 1)
    requests = [b"\x01t", b"\x01t", b"\x00t", b"\x00t"]
    assert told(xpub, xsub, *requests) == requests
    assert told(xpub, xsub, b"\x00never") == [b"\x00never"]
    xsub.set(zmq.XSUB_VERBOSE_UNSUBSCRIBE, 0)
    assert told(xpub, xsub, *requests) == requests[:2] + requests[3:]


# INVERT_MATCHING --------------------------------------------------------------------------------

INVERTED = {zmq.INVERT_MATCHING: 1}


def wait_joined(publisher, subscriber):
    """Wait until a subscriber without subscriptions hears an inverted publisher."""
    wait_until(lambda: publisher.send(b"early") or subscriber.poll(10), "it is heard")
    publisher.send(b"joined")
    drain_until(subscriber, b"joined")


@for_both
def test_inverted_matching(bound, socket, transport, kind):
    publisher, address = bound(transport, kind, INVERTED)
    sub = socket(zmq.SUB, INVERTED)
    assert publisher.get(zmq.INVERT_MATCHING) == sub.get(zmq.INVERT_MATCHING) == 1
    sub.connect(address)
    wait_joined(publisher, sub)
    sub.subscribe(b"A")
    sub.subscribe(b"BC")
    wait_topics(publisher, 2)
    for body in b"A", b"AB", b"B", b"BC", b"BCD", b"", b"BB":
        publisher.send_multipart([body, b"A"])
    publisher.send(b"end")
    assert drain_until(sub, b"end") == [[b"B", b"A"], [b"", b"A"], [b"BB", b"A"]]


@for_both
def test_inverted_matching_of_several(bound, socket, transport, kind):
    publisher, address = bound(transport, kind, INVERTED)
    topics = [[b"A"], [b"B"], [b""], []]
    subs = [socket(zmq.SUB, INVERTED) for _ in topics]
    for sub in subs:
        sub.connect(address)
        wait_joined(publisher, sub)
    for sub, subscribed in zip(subs, topics, strict=True):
        for topic in subscribed:
            sub.subscribe(topic)
    wait_topics(publisher, 3)
    for sub in subs:
        drain(sub)
    publisher.send(b"A")
    publisher.send(b"B")
    heard = [[b"B"], [b"A"], [], [b"A", b"B"]]
    assert [[sub.recv() for _ in bodies] for sub, bodies in zip(subs, heard, strict=True)] == heard
    assert not any(map(readable, subs))


@pytest.mark.parametrize("inverted", [0, 1])
def test_a_sub_must_invert_as_its_publisher_does(bound, socket, transport, inverted):
    pub, address = bound(transport, zmq.PUB, {zmq.INVERT_MATCHING: inverted})
    sub = socket(zmq.SUB, {zmq.INVERT_MATCHING: 1 - inverted})
    sub.connect(address)
    sub.subscribe(b"A")
    wait_topics(pub, 1)
    for body in b"A", b"B":
        pub.send(body)
    pub.set(zmq.INVERT_MATCHING, 1 - inverted)
    heard = b"A at last" if inverted else b"B at last"
    pub.send(heard)
    assert sub.recv() == heard


def test_an_xsub_filters_nothing_inverted_or_not(publish):
    xpub, a, _ = publish(INVERTED)
    a.set(zmq.INVERT_MATCHING, 1)
    ask(xpub, a, b"\x01A")
    for body in b"A", b"B":
        xpub.send(body)
    assert a.recv() == b"B"
    xpub.set(zmq.INVERT_MATCHING, 0)
    for body in b"B", b"A":
        xpub.send(body)
    assert a.recv() == b"A"


# TOPICS_COUNT -----------------------------------------------------------------------------------


@for_both
def test_a_publisher_counts_the_topics_of_all(bound, socket, transport, kind):
    publisher, address = bound(transport, kind)
    assert publisher.get(zmq.TOPICS_COUNT) == 0
    a, b = socket(zmq.SUB), socket(zmq.SUB)
    for sub, topics in (a, [b"t", b"t", b""]), (b, [b"t", b"to", b"x"]):
        sub.connect(address)
        for topic in topics:
            sub.subscribe(topic)
    wait_topics(publisher, 4)
    b.unsubscribe(b"x")
    a.unsubscribe(b"t")
    wait_topics(publisher, 3)


@beyond_libzmq
@for_both
def test_the_topics_of_a_subscriber_that_left_do_not_count(bound, socket, transport, kind):
    """libzmq does not subtract them."""
    publisher, address = bound(transport, kind)
    stayer, leaver = socket(zmq.SUB), socket(zmq.SUB)
    for sub, topics in (stayer, [b"t"]), (leaver, [b"t", b"u", b""]):
        sub.connect(address)
        for topic in topics:
            sub.subscribe(topic)
    wait_topics(publisher, 3)
    leaver.close()
    wait_topics(publisher, 1)


@pytest.mark.parametrize("kind", [zmq.SUB, zmq.XSUB])
def test_a_subscriber_counts_its_topics(socket, kind):
    made = socket(kind)

    def subscribe(verb, topic):
        if kind == zmq.XSUB:
            made.send(bytes([verb]) + topic)
        else:
            made.set(zmq.SUBSCRIBE if verb else zmq.UNSUBSCRIBE, topic)
        return made.get(zmq.TOPICS_COUNT)

    assert made.get(zmq.TOPICS_COUNT) == 0
    assert [subscribe(1, topic) for topic in (b"a", b"a", b"", b"ab")] == [1, 1, 2, 3]
    assert [subscribe(0, topic) for topic in (b"a", b"x", b"a", b"a")] == [3, 3, 2, 2]


def test_the_topics_cannot_be_set(socket):
    with fails_with(zmq.EINVAL):
        socket(zmq.XPUB).set(zmq.TOPICS_COUNT, 1)
    with fails_with(zmq.EINVAL):
        socket(zmq.PUSH).get(zmq.TOPICS_COUNT)


# What PUB makes of them -------------------------------------------------------------------------


@pytest.mark.parametrize("option", [zmq.XPUB_VERBOSE, zmq.XPUB_VERBOSER])
def test_a_verbose_pub_is_a_pub(pair, transport, option):
    pub, sub = pair(transport, zmq.PUB, zmq.SUB, {option: 1})
    sub.subscribe(b"t")
    settle(pub, sub)
    pub.send(b"t")
    assert sub.recv() == b"t"
    with fails_with(zmq.ENOTSUP):
        pub.recv()


def test_a_manual_pub_has_no_subscribers(bound, socket, transport):
    """It applies no subscription by itself, and nobody can have asked it last."""
    pub, address = bound(transport, zmq.PUB, {zmq.XPUB_MANUAL: 1})
    sub = socket(zmq.SUB)
    sub.connect(address)
    sub.subscribe(b"early")
    pub.subscribe(b"early")
    for _ in range(20):
        pub.send(b"early")
        assert not sub.poll(5)
    pub.set(zmq.XPUB_MANUAL, 0)
    sub.subscribe(b"late")
    settle(pub, sub)
    pub.send(b"early")
    pub.send(b"late")
    assert sub.recv() == b"late"
