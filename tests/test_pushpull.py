"""PUSH and PULL: messages dealt out in turn, collected fairly."""

import pytest
from support import (
    Background,
    drain,
    fails_with,
    fill,
    free_port,
    readable,
    wait_alone,
    wait_readable,
    wait_writable,
    writable,
)

import zmqlite as zmq


def test_pushpull_identity(socket):
    push, pull = socket(zmq.PUSH), socket(zmq.PULL)
    assert push.type == zmq.PUSH and push.get(zmq.TYPE) == 8
    assert pull.type == zmq.PULL and pull.get(zmq.TYPE) == 7


def test_push_cannot_recv(pair, transport):
    push, _ = pair(transport, zmq.PUSH, zmq.PULL)
    with fails_with(zmq.ENOTSUP):
        push.recv()
    assert not readable(push)


def test_pull_cannot_send(pair, transport):
    _, pull = pair(transport, zmq.PUSH, zmq.PULL)
    with fails_with(zmq.ENOTSUP):
        pull.send(b"x")
    assert not writable(pull)


def test_push_without_a_peer_cannot_send(bound, transport):
    push, _ = bound(transport, zmq.PUSH)
    assert not writable(push)
    with pytest.raises(zmq.Again):
        push.send(b"x", zmq.DONTWAIT)


def test_push_gives_up_after_sndtimeo(bound, transport):
    push, _ = bound(transport, zmq.PUSH, {zmq.SNDTIMEO: 20})
    with pytest.raises(zmq.Again):
        push.send(b"x")


def test_pull_gives_up_after_rcvtimeo(pair, transport):
    _, pull = pair(transport, zmq.PUSH, zmq.PULL, None, {zmq.RCVTIMEO: 20})
    with pytest.raises(zmq.Again):
        pull.recv()


def test_pull_is_readable_while_a_message_waits(pair, transport):
    push, pull = pair(transport, zmq.PUSH, zmq.PULL)
    assert not readable(pull)
    push.send(b"x")
    wait_readable(pull)
    assert readable(pull), "polling took the message away"
    assert pull.recv() == b"x"
    assert not readable(pull)


def test_pushpull_keeps_the_order(pair, transport):
    push, pull = pair(transport, zmq.PUSH, zmq.PULL)
    sender = Background(lambda: [push.send(b"%d" % number) for number in range(5000)])
    assert [pull.recv() for _ in range(5000)] == [b"%d" % number for number in range(5000)]
    sender.result()


def test_push_full_and_empty(pair, transport):
    push, pull = pair(transport, zmq.PUSH, zmq.PULL, {zmq.SNDHWM: 5}, {zmq.RCVHWM: 5})
    body = bytes(100_000)
    sent = fill(push, body)
    assert sent >= 5
    for number in range(sent):
        assert pull.recv() == b"%d:" % number + body
    wait_writable(push)
    push.send(b"again")
    assert pull.recv() == b"again"


def test_a_blocked_send_goes_on_when_there_is_room(pair, transport):
    push, pull = pair(transport, zmq.PUSH, zmq.PULL, {zmq.SNDHWM: 5}, {zmq.RCVHWM: 5})
    body = bytes(100_000)
    sent = fill(push, body)
    sender = Background(push.send, b"one more")
    for _ in range(sent):
        assert pull.recv().endswith(body)
    assert pull.recv() == b"one more"
    sender.result()


def test_the_marks_over_inproc_add_up(pair):
    push, pull = pair("inproc", zmq.PUSH, zmq.PULL, {zmq.SNDHWM: 2}, {zmq.RCVHWM: 3})
    assert fill(push) == 5
    assert not writable(push)
    assert len(drain(pull)) == 5


def test_a_mark_of_zero_means_no_limit(pair):
    push, pull = pair("inproc", zmq.PUSH, zmq.PULL, {zmq.SNDHWM: 0}, {zmq.RCVHWM: 3})
    for number in range(5000):
        push.send(b"%d" % number, zmq.DONTWAIT)
    assert len(drain(pull)) == 5000


def test_the_mark_counts_messages_not_frames(pair):
    push, pull = pair("inproc", zmq.PUSH, zmq.PULL, {zmq.SNDHWM: 1}, {zmq.RCVHWM: 1})
    for _ in range(2):
        push.send_multipart([b"x"] * 10, zmq.DONTWAIT)
    with pytest.raises(zmq.Again):
        push.send_multipart([b"x"] * 10, zmq.DONTWAIT)
    assert drain(pull) == [[b"x"] * 10] * 2


def test_push_deals_in_turn(bound, socket, transport):
    pulls = [bound(transport, zmq.PULL) for _ in range(3)]
    push = socket(zmq.PUSH)
    for _, address in pulls:
        push.connect(address)
    for number in range(9):
        push.send_multipart([b"%d" % number, b"tail"])
    for turn, (pull, _) in enumerate(pulls):
        received = [pull.recv_multipart() for _ in range(3)]
        assert received == [[b"%d" % number, b"tail"] for number in range(turn, 9, 3)]


def test_push_skips_a_full_pull(bound, socket):
    push = socket(zmq.PUSH, {zmq.SNDHWM: 1})
    (idle, idle_address), (busy, busy_address) = (
        bound("inproc", zmq.PULL, {zmq.RCVHWM: 1}) for _ in range(2)
    )
    push.connect(idle_address)
    push.connect(busy_address)
    assert fill(push) == 4
    for number in range(10):
        assert len(drain(busy)) == (2 if number == 0 else 1)
        wait_writable(push)
        push.send(b"%d" % number, zmq.DONTWAIT)
    assert drain(idle) == [[b"0:"], [b"2:"]]


def test_pull_collects_in_turn(bound, socket):
    pull, address = bound("inproc", zmq.PULL)
    pushes = [socket(zmq.PUSH) for _ in range(3)]
    for name, push in enumerate(pushes):
        push.connect(address)
        for _ in range(100):
            push.send(b"%d" % name)
    first = [pull.recv() for _ in range(30)]
    assert all(first.count(b"%d" % name) == 10 for name in range(3))


def test_pull_does_not_starve_a_quiet_peer(bound, socket, transport):
    pull, address = bound(transport, zmq.PULL)
    flood, quiet = socket(zmq.PUSH), socket(zmq.PUSH)
    flood.connect(address)
    quiet.connect(address)
    heard = []

    def pour():
        while not heard:
            flood.send(b"flood")

    flooder = Background(pour)
    assert pull.recv() == b"flood"
    quiet.send(b"quiet")
    while pull.recv() != b"quiet":
        pass
    heard.append(True)
    drain(pull)
    flooder.result()


def test_push_leaves_a_disconnected_pull_alone(bound, socket, transport):
    (left, left_address), (stays, stays_address) = (bound(transport, zmq.PULL) for _ in range(2))
    push = socket(zmq.PUSH)
    push.connect(left_address)
    push.connect(stays_address)
    push.send(b"to the one that is left")
    push.send(b"to the one that stays")
    assert left.recv() == b"to the one that is left"
    assert stays.recv() == b"to the one that stays"
    push.disconnect(left_address)
    for number in range(10):
        push.send(b"%d" % number)
    assert [stays.recv() for _ in range(10)] == [b"%d" % number for number in range(10)]
    assert not readable(left)


def test_a_bound_push_forgets_a_pull_that_left(pair, transport):
    push, pull = pair(transport, zmq.PUSH, zmq.PULL)
    pull.close()
    wait_alone(push)
    with pytest.raises(zmq.Again):
        push.send(b"x", zmq.DONTWAIT)


def test_close_delivers_what_was_sent(pair, transport):
    pull, push = pair(transport, zmq.PULL, zmq.PUSH)
    for number in range(500):
        push.send_multipart([b"%d" % number, bytes(1000)])
    push.close()
    for number in range(500):
        assert pull.recv_multipart() == [b"%d" % number, bytes(1000)]


def test_messages_sent_before_the_peer_is_there_outlive_the_sender(socket, transport, endpoint):
    address = f"tcp://127.0.0.1:{free_port()}" if transport == "tcp" else endpoint(transport)
    push = socket(zmq.PUSH)
    push.connect(address)
    for number in range(100):
        push.send(b"%d" % number)
    push.close()
    pull = socket(zmq.PULL)
    pull.bind(address)
    assert [pull.recv() for _ in range(100)] == [b"%d" % number for number in range(100)]
