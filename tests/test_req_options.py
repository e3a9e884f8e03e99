"""REQ_RELAXED and REQ_CORRELATE: a REQ that may ask again, and one that knows its answers."""

import itertools
import sys

import pytest
from support import fails_with, readable, wait_readable, writable
from wire.zmtp import frame

import zmqlite as zmq

RELAXED = {zmq.REQ_RELAXED: 1}
CORRELATE = {zmq.REQ_CORRELATE: 1}
BOTH = {**RELAXED, **CORRELATE}

relaxed = pytest.mark.parametrize("options", [RELAXED, BOTH], ids=["relaxed", "correlating"])
any_way = pytest.mark.parametrize(
    "options", [{}, RELAXED, CORRELATE, BOTH], ids=["plain", "relaxed", "correlate", "both"]
)


@pytest.fixture
def join(pair, transport):
    """A REQ with these options, and the ROUTER that it asks."""

    def make(options):
        router, req = pair(transport, zmq.ROUTER, zmq.REQ, None, options)
        return req, router

    return make


def asked(router, question):
    """Take this question; its envelope."""
    *envelope, body = router.recv_multipart()
    assert body == question
    return envelope


def number_of(envelope):
    _, number, empty = envelope
    assert len(number) == 4 and empty == b""
    return int.from_bytes(number, sys.byteorder)


def answered(req, router, envelope, answer=b"answer"):
    router.send_multipart([*envelope, answer])
    assert req.recv_multipart() == [answer]


@any_way
def test_question_and_answer(join, options):
    req, router = join(options)
    for number in range(3):
        req.send_multipart([b"%d" % number, b"", b"tail"])
        *envelope, body, empty, tail = router.recv_multipart()
        assert (body, empty, tail) == (b"%d" % number, b"", b"tail")
        assert len(envelope) == (3 if zmq.REQ_CORRELATE in options else 2)
        router.send_multipart([*envelope, b"", b"re %d" % number])
        assert req.recv_multipart() == [b"", b"re %d" % number]


@any_way
def test_a_rep_answers(pair, transport, options):
    rep, req = pair(transport, zmq.REP, zmq.REQ, None, options)
    for number in range(3):
        req.send(b"%d" % number)
        assert rep.recv() == b"%d" % number
        rep.send(b"re %d" % number)
        assert req.recv() == b"re %d" % number


@any_way
def test_receiving_before_asking(socket, options):
    with fails_with(zmq.EFSM):
        socket(zmq.REQ, options).recv()


@relaxed
def test_the_answer_is_taken_once(join, options):
    req, router = join(options)
    req.send(b"question")
    answered(req, router, asked(router, b"question"))
    with fails_with(zmq.EFSM):
        req.recv()


@relaxed
def test_a_relaxed_req_asks_again(join, options):
    req, router = join(options)
    for number in range(3):
        req.send(b"%d" % number)
        assert writable(req)
    envelopes = [asked(router, b"%d" % number) for number in range(3)]
    answered(req, router, envelopes[-1])


def test_a_req_that_correlates_is_not_relaxed(join):
    req, _ = join(CORRELATE)
    req.send(b"question")
    assert not writable(req)
    with fails_with(zmq.EFSM):
        req.send(b"again")


@relaxed
def test_relaxing_does_not_cut_a_question_in_two(join, options):
    req, router = join(options)
    req.send(b"head", zmq.SNDMORE)
    with fails_with(zmq.EFSM):
        req.recv()
    req.send(b"tail")
    assert router.recv_multipart()[-2:] == [b"head", b"tail"]


@relaxed
def test_asking_drops_the_answer_that_is_there(join, options):
    req, router = join(options)
    req.send(b"first")
    router.send_multipart([*asked(router, b"first"), b"unread"])
    wait_readable(req)
    req.send(b"second")
    answered(req, router, asked(router, b"second"))


@relaxed
def test_asking_drops_the_rest_of_an_answer(join, options):
    req, router = join(options)
    req.send(b"first")
    router.send_multipart([*asked(router, b"first"), b"head", b"middle", b"tail"])
    assert req.recv() == b"head"
    assert readable(req) and writable(req)
    req.send(b"second")
    assert not readable(req)
    answered(req, router, asked(router, b"second"))


def test_a_late_answer_is_mistaken(join):
    req, router = join(RELAXED)
    req.send(b"first")
    late = asked(router, b"first")
    req.send(b"second")
    asked(router, b"second")
    answered(req, router, late, b"to the first")


def test_a_late_answer_is_known_by_its_number(join):
    req, router = join(BOTH)
    req.send(b"first")
    late = asked(router, b"first")
    req.send(b"second")
    envelope = asked(router, b"second")
    for _ in range(3):
        router.send_multipart([*late, b"to the first"])
    answered(req, router, envelope)


def test_questions_are_numbered_one_by_one(join):
    req, router = join(BOTH)
    numbers = []
    for _ in range(4):
        req.send(b"question")
        numbers.append(number_of(asked(router, b"question")))
    assert numbers == [(numbers[0] + turn) % (1 << 32) for turn in range(4)]


@relaxed
def test_asking_again_goes_to_the_next(bound, socket, transport, options):
    routers = [bound(transport, zmq.ROUTER) for _ in range(2)]
    req = socket(zmq.REQ, options)
    for _, address in routers:
        req.connect(address)
    (first, _), (second, _) = routers
    req.send(b"to the first")
    late = asked(first, b"to the first")
    req.send(b"to the second")
    envelope = asked(second, b"to the second")
    first.send_multipart([*late, b"from the wrong one"])
    answered(req, second, envelope, b"from the right one")


@relaxed
def test_a_relaxed_req_without_a_peer(bound, transport, options):
    req, _ = bound(transport, zmq.REQ, options)
    assert not writable(req)
    with pytest.raises(zmq.Again):
        req.send(b"question", zmq.DONTWAIT)


@relaxed
def test_a_relaxed_req_survives_its_server(bound, socket, options):
    first, address = bound("ipc", zmq.ROUTER)
    req = socket(zmq.REQ, {zmq.RECONNECT_IVL: 10, **options})
    req.connect(address)
    req.send(b"lost")
    asked(first, b"lost")
    first.close()
    second = socket(zmq.ROUTER)
    second.bind(address)
    for number in itertools.count():
        req.send(b"%d" % number)
        if second.poll(50):
            break
    # The first ones may be lost with the connection or wait for the next, but in order.
    while (heard := second.recv_multipart())[-1] != b"%d" % number:
        pass
    answered(req, second, heard[:-1])


def test_relaxing_acts_at_once(join):
    req, router = join({})
    req.send(b"first")
    asked(router, b"first")
    req.set(zmq.REQ_RELAXED, 1)
    req.send(b"second")
    req.set(zmq.REQ_RELAXED, 0)
    with fails_with(zmq.EFSM):
        req.send(b"third")
    answered(req, router, asked(router, b"second"))


def test_correlating_acts_at_once(join):
    req, router = join({})
    for on in (0, 1, 0):
        req.set(zmq.REQ_CORRELATE, on)
        req.send(b"question")
        envelope = asked(router, b"question")
        assert len(envelope) == 2 + on
        answered(req, router, envelope)


ID = None
"""Stands for the number of the question in what follows."""

SKIPPED = [
    (CORRELATE, [b"XXXX", b"", b"of another question"]),
    (CORRELATE, [b"XXXX", b"", b"of", b"another", b""]),
    (CORRELATE, [b"", b"without a number"]),
    ({}, [b"XXXX", b"", b"with a number"]),
]

TAKEN = [
    (CORRELATE, [ID, b"", b""]),
    (CORRELATE, [ID, b"", b"head", b"", b"tail"]),
    ({}, [b"", b""]),
    ({}, [b"", b"", b""]),
]

BREACHES = [
    (CORRELATE, [ID, b""]),
    (CORRELATE, [ID, b"no empty frame", b"answer"]),
    (CORRELATE, [b"XXXX", b"no empty frame", b"an", b"answer"]),
    (CORRELATE, [ID]),
    (CORRELATE, [b""]),
    (CORRELATE, [b"XX", b"", b"answer"]),
    ({}, [b"XX", b"", b"answer"]),
    ({}, [b"XXXX"]),
    ({}, [b""]),
    ({}, [b"answer"]),
]


@pytest.fixture
def ask(socket, ends):
    """Ask a plain peer a question; the REQ, the peer, and what has to precede the answer."""

    def make(options):
        listener = ends.listen()
        req = socket(zmq.REQ, options)
        req.connect(listener.endpoint)
        peer = listener.accept()
        peer.shake_hands(b"REP")
        req.send(b"question")
        envelope = []
        while (heard := peer.read_frame()) != (0, b"question"):
            flags, body = heard
            assert flags == 1
            envelope.append(body)
        return req, peer, envelope

    return make


def octets(frames):
    return b"".join(frame(body, more=True) for body in frames[:-1]) + frame(frames[-1])


def answer_with(peer, envelope, frames):
    peer.send(octets([envelope[0] if body is ID else body for body in frames]))


def test_the_octets_of_a_question(ask):
    _, _, envelope = ask({})
    assert envelope == [b""]
    _, _, envelope = ask(CORRELATE)
    number, empty = envelope
    assert len(number) == 4 and empty == b""


@pytest.mark.parametrize(("options", "frames"), SKIPPED)
def test_an_answer_that_is_skipped(ask, options, frames):
    req, peer, envelope = ask(options)
    answer_with(peer, envelope, frames)
    peer.send(octets([*envelope, b"the", b"answer"]))
    assert req.recv_multipart() == [b"the", b"answer"]


@pytest.mark.parametrize(("options", "frames"), TAKEN)
def test_an_answer_that_is_taken(ask, options, frames):
    req, peer, envelope = ask(options)
    answer_with(peer, envelope, frames)
    assert req.recv_multipart() == frames[len(envelope) :]


@pytest.mark.parametrize(("options", "frames"), BREACHES)
def test_an_answer_that_breaks_the_protocol(ask, options, frames):
    req, peer, envelope = ask(options)
    answer_with(peer, envelope, frames)
    peer.wait_closed()
    assert not readable(req)
