"""PAIR: two peers, both ways, no more."""

import contextlib

import pytest
from support import drain, fill, readable, wait_alone, wait_readable, wait_writable, writable

import zmqlite as zmq


def test_pair_identity(socket):
    made = socket(zmq.PAIR)
    assert made.type == zmq.PAIR
    assert made.get(zmq.TYPE) == zmq.PAIR == 0


def test_pair_sends_both_ways_in_any_order(pair, transport):
    a, b = pair(transport, zmq.PAIR, zmq.PAIR)
    for number in range(3):
        a.send(b"from a %d" % number)
        b.send(b"from b %d" % number)
    assert [b.recv() for _ in range(3)] == [b"from a 0", b"from a 1", b"from a 2"]
    assert [a.recv() for _ in range(3)] == [b"from b 0", b"from b 1", b"from b 2"]


def test_pair_without_a_peer_cannot_send(bound, transport):
    lonely, _ = bound(transport, zmq.PAIR)
    assert not writable(lonely)
    with pytest.raises(zmq.Again):
        lonely.send(b"", zmq.DONTWAIT)


def test_pair_is_readable_while_a_message_waits(pair, transport):
    a, b = pair(transport, zmq.PAIR, zmq.PAIR)
    assert not readable(b)
    a.send(b"x")
    wait_readable(b)
    assert b.get(zmq.EVENTS) & zmq.POLLIN
    b.recv()
    assert not readable(b)
    with pytest.raises(zmq.Again):
        b.recv(zmq.DONTWAIT)


def test_pair_keeps_multipart_messages_whole(pair, transport):
    a, b = pair(transport, zmq.PAIR, zmq.PAIR)
    a.send(b"first", zmq.SNDMORE)
    a.send(b"", zmq.SNDMORE)
    assert not readable(b), "an unfinished message was delivered"
    a.send(b"last")
    assert b.recv() == b"first" and b.get(zmq.RCVMORE)
    assert b.recv(zmq.DONTWAIT) == b"" and b.get(zmq.RCVMORE)
    assert b.recv(zmq.DONTWAIT) == b"last" and not b.get(zmq.RCVMORE)


def test_pair_full_and_empty(pair, transport):
    a, b = pair(transport, zmq.PAIR, zmq.PAIR, {zmq.SNDHWM: 5}, {zmq.RCVHWM: 5})
    body = bytes(100_000)
    sent = fill(a, body)
    assert sent >= 5
    for number in range(sent):
        assert b.recv() == b"%d:" % number + body
    wait_writable(a)
    a.send(b"again")
    assert b.recv() == b"again"


def test_pair_over_inproc_holds_exactly_both_marks(pair):
    a, b = pair("inproc", zmq.PAIR, zmq.PAIR, {zmq.SNDHWM: 2}, {zmq.RCVHWM: 3})
    assert fill(a) == 5
    assert not writable(a)
    assert len(drain(b)) == 5


def test_pair_serves_the_first_peer_only(bound, socket, transport):
    a, address = bound(transport, zmq.PAIR)
    first, second = socket(zmq.PAIR), socket(zmq.PAIR)
    first.connect(address)
    wait_writable(a)
    second.connect(address)
    with contextlib.suppress(zmq.Again):  # over inproc the connection ends at once
        second.send(b"from the second", zmq.DONTWAIT)
    for number in range(20):
        first.send(b"%d" % number)
        assert a.recv() == b"%d" % number
        a.send(b"re %d" % number)
        assert first.recv() == b"re %d" % number
    assert not readable(second)


def test_pair_takes_the_next_peer_when_the_first_has_left(bound, socket, transport):
    a, address = bound(transport, zmq.PAIR)
    for name in (b"first", b"second"):
        peer = socket(zmq.PAIR)
        peer.connect(address)
        peer.send(name)
        assert a.recv() == name
        peer.close()
        wait_alone(a)


def test_pair_delivers_what_was_sent_before_closing(pair, transport):
    a, b = pair(transport, zmq.PAIR, zmq.PAIR)
    for number in range(100):
        b.send(b"%d" % number)
    b.close()
    assert [a.recv() for _ in range(100)] == [b"%d" % number for number in range(100)]
