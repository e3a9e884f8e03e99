"""Waiting for several things at once: Poller, select, zmq_poll, Socket.poll."""

import os
import socket as plain

import pytest
from support import (
    TIMEOUT,
    TIMEOUT_MS,
    Background,
    beyond_libzmq,
    fails_with,
    wait_readable,
    wait_writable,
)

import zmqlite as zmq


@pytest.fixture
def pipe():
    """(read end, write end) of an operating system pipe."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_poll_of_a_socket_returns_what_is_ready(pair, transport):
    a, b = pair(transport, zmq.PAIR, zmq.PAIR)
    assert b.poll(0) == 0
    assert b.poll(1, zmq.POLLIN) == 0
    wait_writable(b)
    assert b.poll(0, zmq.POLLIN | zmq.POLLOUT) == zmq.POLLOUT
    a.send(b"x")
    assert b.poll(TIMEOUT_MS) == zmq.POLLIN
    assert b.poll(None, zmq.POLLIN | zmq.POLLOUT) == zmq.POLLIN | zmq.POLLOUT
    b.recv()
    assert b.poll(0) == 0


def test_poll_of_a_closed_socket(socket):
    made = socket(zmq.PULL)
    made.close()
    with fails_with(zmq.ENOTSUP):
        made.poll(0)


def test_poll_wakes_for_a_message(pair, transport):
    a, b = pair(transport, zmq.PAIR, zmq.PAIR)
    for turn in range(50):
        waiting = Background(b.poll, TIMEOUT_MS)
        a.send(b"%d" % turn)
        assert waiting.result() == zmq.POLLIN
        assert b.recv() == b"%d" % turn


def test_poller_registers_and_forgets(pair):
    a, b = pair("tcp", zmq.PAIR, zmq.PAIR)
    poller = zmq.Poller()
    poller.register(a, zmq.POLLIN)
    poller.register(b, zmq.POLLOUT)
    assert a in poller and b in poller
    assert poller.sockets == [(a, zmq.POLLIN), (b, zmq.POLLOUT)]
    poller.register(a, zmq.POLLOUT)
    assert poller.sockets == [(a, zmq.POLLOUT), (b, zmq.POLLOUT)]
    poller.modify(b, zmq.POLLIN)
    assert poller.sockets == [(a, zmq.POLLOUT), (b, zmq.POLLIN)]
    poller.register(a, 0)
    assert a not in poller
    poller.unregister(b)
    assert b not in poller and poller.sockets == []
    with pytest.raises(KeyError):
        poller.unregister(b)


def test_an_empty_poller_does_not_wait():
    assert zmq.Poller().poll() == []


def test_poller_finds_what_is_ready(pair, transport):
    a, b = pair(transport, zmq.PAIR, zmq.PAIR)
    wait_writable(b)
    poller = zmq.Poller()
    poller.register(a, zmq.POLLIN | zmq.POLLOUT)
    poller.register(b, zmq.POLLIN)
    assert poller.poll(0) == [(a, zmq.POLLOUT)]
    a.send(b"x")
    wait_readable(b)
    assert poller.poll(0) == [(a, zmq.POLLOUT), (b, zmq.POLLIN)]
    poller.modify(a, zmq.POLLIN)
    assert poller.poll(0) == [(b, zmq.POLLIN)]
    assert poller.poll(0) == [(b, zmq.POLLIN)], "the message still waits"
    b.recv()
    assert poller.poll(0) == []
    assert poller.poll(1.9) == []


def test_poller_answers_in_the_order_of_registration(bound, socket):
    _, address = bound("inproc", zmq.PULL)
    pushes = [socket(zmq.PUSH) for _ in range(20)]
    poller = zmq.Poller()
    for push in pushes:
        push.connect(address)
    for push in reversed(pushes):
        poller.register(push, zmq.POLLOUT)
    assert [made for made, _ in poller.poll(0)] == list(reversed(pushes))


def test_poller_watches_descriptors_too(pair, pipe):
    a, b = pair("tcp", zmq.PAIR, zmq.PAIR)
    reader, writer = pipe
    poller = zmq.Poller()
    poller.register(b, zmq.POLLIN)
    poller.register(reader, zmq.POLLIN)
    assert poller.poll(0) == []
    poller.register(writer, zmq.POLLOUT)
    assert poller.poll(0) == [(writer, zmq.POLLOUT)]
    poller.unregister(writer)
    os.write(writer, b"x")
    assert poller.poll(TIMEOUT_MS) == [(reader, zmq.POLLIN)]
    a.send(b"x")
    wait_readable(b)
    assert poller.poll(0) == [(b, zmq.POLLIN), (reader, zmq.POLLIN)]
    os.read(reader, 1)
    assert poller.poll(0) == [(b, zmq.POLLIN)]


def test_poller_takes_what_has_a_fileno(pipe):
    left, right = plain.socketpair()
    with left, right:
        poller = zmq.Poller()
        poller.register(left, zmq.POLLIN)
        assert poller.poll(0) == []
        right.send(b"x")
        assert poller.poll(TIMEOUT_MS) == [(left.fileno(), zmq.POLLIN)]


def test_poller_tells_a_hung_up_descriptor():
    left, right = plain.socketpair()
    with left:
        right.close()
        poller = zmq.Poller()
        poller.register(left, zmq.POLLIN)
        [(fd, events)] = poller.poll(TIMEOUT_MS)
        assert fd == left.fileno() and events & (zmq.POLLIN | zmq.POLLERR)


@pytest.mark.parametrize("timeout", [None, -1, TIMEOUT_MS, float(TIMEOUT_MS)])
def test_poller_wakes_for_a_message(pair, transport, timeout):
    a, b = pair(transport, zmq.PAIR, zmq.PAIR)
    poller = zmq.Poller()
    poller.register(b, zmq.POLLIN)
    for turn in range(20):
        waiting = Background(poller.poll, timeout)
        a.send(b"%d" % turn)
        assert waiting.result() == [(b, zmq.POLLIN)]
        assert b.recv() == b"%d" % turn


def test_poller_wakes_for_a_descriptor_among_sockets(bound, pipe):
    reader, writer = pipe
    poller = zmq.Poller()
    for transport in ("tcp", "ipc", "inproc"):
        poller.register(bound(transport, zmq.PULL)[0], zmq.POLLIN)
    poller.register(reader, zmq.POLLIN)
    waiting = Background(poller.poll, None)
    os.write(writer, b"x")
    assert waiting.result() == [(reader, zmq.POLLIN)]


def test_poller_wakes_for_room(pair):
    a, b = pair("inproc", zmq.PUSH, zmq.PULL, {zmq.SNDHWM: 1}, {zmq.RCVHWM: 1})
    a.send(b"1")
    a.send(b"2")
    poller = zmq.Poller()
    poller.register(a, zmq.POLLOUT)
    assert poller.poll(0) == []
    waiting = Background(poller.poll, None)
    assert [b.recv(), b.recv()] == [b"1", b"2"]
    assert waiting.result() == [(a, zmq.POLLOUT)]


def test_poller_serves_many_sockets(bound, socket, transport):
    poller = zmq.Poller()
    pushes = {}
    for _ in range(30):
        pull, address = bound(transport, zmq.PULL)
        pushes[pull] = socket(zmq.PUSH)
        pushes[pull].connect(address)
        poller.register(pull, zmq.POLLIN)
    for pull, push in pushes.items():
        push.send(b"x")
        assert poller.poll(TIMEOUT_MS) == [(pull, zmq.POLLIN)]
        pull.recv()
        assert poller.poll(0) == []


def test_poller_outlives_a_socket(pair, socket):
    a, b = pair("tcp", zmq.PAIR, zmq.PAIR)
    poller = zmq.Poller()
    poller.register(b, zmq.POLLIN)
    other = socket(zmq.PULL)
    poller.register(other, zmq.POLLIN)
    poller.unregister(other)
    other.close()
    a.send(b"x")
    assert poller.poll(TIMEOUT_MS) == [(b, zmq.POLLIN)]


@beyond_libzmq
def test_a_closed_socket_in_a_poller(socket):
    poller = zmq.Poller()
    made = socket(zmq.PULL)
    poller.register(made, zmq.POLLIN)
    made.close()
    with fails_with(zmq.ENOTSOCK):
        poller.poll(0)


def test_several_pollers_may_watch_one_socket(pair):
    a, b = pair("tcp", zmq.PAIR, zmq.PAIR)
    pollers = [zmq.Poller() for _ in range(3)]
    for poller in pollers:
        poller.register(b, zmq.POLLIN)
    a.send(b"x")
    for poller in pollers:
        assert poller.poll(TIMEOUT_MS) == [(b, zmq.POLLIN)]
    b.recv()
    for poller in pollers:
        assert poller.poll(0) == []


def test_polling_follows_request_and_reply(pair):
    rep, req = pair("tcp", zmq.REP, zmq.REQ)
    wait_writable(req)
    poller = zmq.Poller()
    poller.register(req)
    poller.register(rep)
    for _ in range(3):
        assert poller.poll(0) == [(req, zmq.POLLOUT)]
        req.send(b"question")
        assert poller.poll(TIMEOUT_MS) == [(rep, zmq.POLLIN)]
        rep.recv()
        assert poller.poll(0) == [(rep, zmq.POLLOUT)]
        rep.send(b"answer")
        assert poller.poll(TIMEOUT_MS) == [(req, zmq.POLLIN)]
        req.recv()


def test_zmq_poll(pair, pipe):
    a, b = pair("tcp", zmq.PAIR, zmq.PAIR)
    reader, writer = pipe
    watched = [(b, zmq.POLLIN), (reader, zmq.POLLIN)]
    assert zmq.zmq_poll(watched, 0) == []
    a.send(b"x")
    assert zmq.zmq_poll(watched, TIMEOUT_MS) == [(b, zmq.POLLIN)]
    os.write(writer, b"x")
    assert zmq.zmq_poll(watched) == [(b, zmq.POLLIN), (reader, zmq.POLLIN)]
    with pytest.raises(TypeError):
        zmq.zmq_poll([("neither", zmq.POLLIN)], 0)


def test_select(pair, pipe):
    a, b = pair("tcp", zmq.PAIR, zmq.PAIR)
    wait_writable(b)
    reader, writer = pipe
    assert _sets(zmq.select([b, reader], [b, writer], [], 0)) == [set(), {b, writer}, set()]
    a.send(b"x")
    assert zmq.select([b, reader], [], [], TIMEOUT) == ([b], [], [])
    os.write(writer, b"x")
    chosen = zmq.select([b, reader], [a], [reader], TIMEOUT)
    assert _sets(chosen) == [{b, reader}, {a}, set()]
    b.recv()
    assert zmq.select([b], [], [], 0.001) == ([], [], [])


def _sets(lists):
    return [set(each) for each in lists]
