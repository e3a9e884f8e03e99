"""Batches: many messages by one call, each of them whole; and time-outs in seconds."""

import asyncio

import pytest
from event_loops import in_each_loop, turns
from support import TIMEOUT_MS, Background, beyond_libzmq, fails_with, fill

import zmqlite as zmq
import zmqlite.asyncio

pytestmark = beyond_libzmq

MANY = [b"%d" % i for i in range(2000)]


@pytest.fixture
def line(pair, transport):
    """A PUSH and a PULL without high-water marks."""
    return pair(transport, zmq.PUSH, zmq.PULL, {zmq.SNDHWM: 0}, {zmq.RCVHWM: 0})


def receive(socket, count, call):
    messages = []
    while len(messages) < count:
        messages += call()
    return messages


def test_a_batch_arrives_in_order(line):
    push, pull = line
    assert push.send_many(MANY) == len(MANY)
    assert receive(pull, len(MANY), pull.recv_many) == MANY


def test_messages_of_a_batch_may_be_anything_that_can_be_sent(line):
    push, pull = line
    large = b"x" * 100_000
    sent = [b"bytes", bytearray(b"array"), memoryview(b"view"), zmq.Frame(b"frame"), large, b""]
    assert push.send_many(sent) == len(sent)
    received = receive(pull, len(sent), pull.recv_many)
    assert received == [b"bytes", b"array", b"view", b"frame", large, b""]


def test_multipart_messages_are_neither_flattened_nor_split(line):
    push, pull = line
    sent = [[b"a", b"b"], [b"c"], (b"", b"", b"d"), b"e"] * 300
    assert push.send_many(sent) == len(sent)
    received = receive(pull, len(sent), pull.recv_multipart_many)
    assert received == [[m] if isinstance(m, bytes) else list(m) for m in sent]


def test_recv_many_ends_before_a_multipart_message(line):
    push, pull = line
    push.send_many([b"a", [b"b", b"c"], b"d"])
    assert receive(pull, 1, lambda: pull.recv_many(1)) == [b"a"]
    with pytest.raises(ValueError, match="several parts"):
        pull.recv_many()
    assert pull.recv_multipart() == [b"b", b"c"]
    assert pull.recv_many() == [b"d"]


def test_max_limits_a_batch(line):
    push, pull = line
    push.send_many(MANY)
    assert len(pull.recv_many(1)) == 1
    assert len(pull.recv_multipart_many(7)) <= 7
    for call in (pull.recv_many, pull.recv_multipart_many):
        with pytest.raises(ValueError, match="max is 0"):
            call(0)


def test_a_batch_of_a_router_has_ids(pair, transport):
    router, dealer = pair(transport, zmq.ROUTER, zmq.DEALER, None, {zmq.ROUTING_ID: b"me"})
    dealer.send_many([b"a", [b"b", b"c"]])
    received = receive(router, 2, router.recv_multipart_many)
    assert received == [[b"me", b"a"], [b"me", b"b", b"c"]]
    assert router.send_many(received) == 2
    assert receive(dealer, 2, dealer.recv_multipart_many) == [[b"a"], [b"b", b"c"]]


def test_an_empty_batch_is_nothing(line):
    push, _ = line
    assert push.send_many([]) == 0


def test_a_message_without_parts_is_none(line):
    push, _ = line
    with pytest.raises(IndexError, match="at least one part"):
        push.send_many([[]])


def test_what_goes_before_an_error_is_told(line):
    push, pull = line
    assert push.send_many([b"a", "text", b"b"]) == 1
    with pytest.raises(TypeError, match="send_string"):
        push.send_many(["text", b"b"])
    assert pull.recv_many() == [b"a"]


def test_a_batch_waits_for_room_and_tells_how_many_went(pair, transport):
    push, pull = pair(transport, zmq.PUSH, zmq.PULL, {zmq.SNDHWM: 10}, {zmq.RCVHWM: 10})
    body = b"x" * 100_000
    gone = push.send_many([body] * 2000, timeout=0.05)
    assert 10 <= gone < 2000
    reader = Background(receive, pull, gone + 50, pull.recv_many)
    assert push.send_many([body] * 50, timeout=30) == 50
    assert len(reader.result()) == gone + 50


def test_sndtimeo_and_rcvtimeo_limit_batches(pair):
    push, pull = pair("inproc", zmq.PUSH, zmq.PULL, {zmq.SNDTIMEO: 20}, {zmq.RCVTIMEO: 20})
    assert pull.recv_many() == [] == pull.recv_multipart_many()
    fill(push)
    assert push.send_many([b"x"] * 10) < 10


def test_nothing_comes_within_the_timeout(line):
    _, pull = line
    assert pull.recv_many(timeout=0) == [] == pull.recv_multipart_many(timeout=0.02)
    for receive_one in (pull.recv, pull.recv_multipart):
        with pytest.raises(TimeoutError) as failure:
            receive_one(timeout=0.02)
        assert isinstance(failure.value, zmq.Again) and failure.value.errno == zmq.EAGAIN


def test_no_room_within_the_timeout(pair):
    push, _ = pair("inproc", zmq.PUSH, zmq.PULL)
    fill(push)
    for send in (push.send, lambda body, timeout: push.send_multipart([body], timeout=timeout)):
        with pytest.raises(zmq.TimedOut):
            send(b"x", timeout=0.02)


def test_a_timeout_counts_instead_of_the_option(pair, transport):
    push, pull = pair(transport, zmq.PUSH, zmq.PULL, None, {zmq.RCVTIMEO: 0})
    reader = Background(lambda: pull.recv(timeout=30))
    push.send(b"x", timeout=30)
    assert reader.result() == b"x"


def test_batches_of_a_socket_that_cannot(pair, transport):
    push, pull = pair(transport, zmq.PUSH, zmq.PULL)
    for call in (push.recv_many, push.recv_multipart_many, lambda: pull.send_many([b""])):
        with fails_with(zmq.ENOTSUP):
            call()


def test_batches_of_a_socket_that_is_closed(socket):
    push = socket(zmq.PUSH)
    push.close()
    for call in (push.recv_many, push.recv_multipart_many, lambda: push.send_many([b""])):
        with fails_with(zmq.ENOTSOCK):
            call()


def test_a_loop_over_a_socket_ends_with_it(line):
    push, pull = line
    push.send_many(MANY[:10])
    received = []
    for message in pull:
        received.append(message)
        if len(received) == 10:
            pull.close()
    assert received == MANY[:10]


def test_a_loop_over_a_socket_that_waits_ends_with_it(line):
    _, pull = line
    reader = Background(list, pull)
    pull.close()
    assert reader.result() == []


@pytest.fixture
def awaiting(line):
    """The same line with calls that return futures."""
    return [zmq.asyncio.Socket(end) for end in line]


async def receive_awaiting(count, call):
    messages = []
    while len(messages) < count:
        messages += await call()
    return messages


@in_each_loop
async def test_awaited_batches(awaiting):
    push, pull = awaiting
    assert await push.send_many(MANY) == len(MANY)
    assert await receive_awaiting(len(MANY), pull.recv_many) == MANY
    await push.send_many([[b"a", b"b"], b"c"])
    with pytest.raises(ValueError, match="several parts"):
        await pull.recv_many()
    received = await receive_awaiting(2, pull.recv_multipart_many)
    assert received == [[b"a", b"b"], [b"c"]]


@in_each_loop
async def test_awaited_calls_have_timeouts_in_seconds(awaiting):
    push, pull = awaiting
    assert await pull.recv_many(timeout=0) == [] == await pull.recv_multipart_many(timeout=0.02)
    for receive_one in (pull.recv, pull.recv_multipart):
        with pytest.raises(zmq.TimedOut):
            await receive_one(timeout=0.02)
    waiting = pull.recv(timeout=30)
    await push.send(b"x", timeout=30)
    assert await waiting == b"x"


@in_each_loop
async def test_an_awaited_batch_waits_for_room(pair):
    push, pull = pair("inproc", zmq.PUSH, zmq.PULL, {zmq.SNDHWM: 5}, {zmq.RCVHWM: 5})
    push, pull = zmq.asyncio.Socket(push), zmq.asyncio.Socket(pull)
    assert await push.send_many(MANY, timeout=0.02) == 10
    sending = push.send_many(MANY[10:])
    assert await receive_awaiting(len(MANY), pull.recv_many) == MANY
    assert await sending == len(MANY) - 10


@in_each_loop
async def test_a_batch_whose_task_is_cancelled_is_not_lost(awaiting):
    push, pull = awaiting

    async def take():
        return await pull.recv_many()

    task = asyncio.ensure_future(take())
    await turns()
    push._shadow_sock.send_many(MANY[:10])
    assert pull._shadow_sock.poll(TIMEOUT_MS)
    pull._queues.serve()  # has taken some, and the task has not gone on
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await receive_awaiting(10, pull.recv_many) == MANY[:10]


@in_each_loop
async def test_an_async_loop_over_a_socket(awaiting):
    push, pull = awaiting
    await push.send_many(MANY[:10])
    received = []
    async for message in pull:
        received.append(message)
        if len(received) == 10:
            pull.close()
    assert received == MANY[:10]
    with pytest.raises(TypeError):
        iter(pull)
