"""Cancelling and timing out never lose a message or change the order, whenever it happens."""

import asyncio
import random
import sys
from contextlib import suppress

import pytest
from event_loops import in_each_loop, turns
from support import beyond_libzmq, drain

import zmqlite as zmq
import zmqlite.asyncio

CANCELS = 25_000
"""In each of the four storms."""


@pytest.fixture
def context(new_context):
    return zmq.asyncio.Context(new_context())


@pytest.fixture(params=["inproc", "tcp"])
def pipe(request, pair):
    """A PUSH and the PULL that it is connected to."""
    pull, push = pair(request.param, zmq.PULL, zmq.PUSH)
    return push, pull


async def cancel_in_between(receiving, send, *message, **arguments):
    """Cancel a task whose message, sent now, has come, but which has not gone on with it yet."""

    async def take():
        await receiving

    # Called back before the task is, as it asks first.
    receiving.add_done_callback(lambda _: task.cancel())
    task = asyncio.ensure_future(take())
    await turns()
    assert not receiving.done()
    await send(*message, **arguments)
    with pytest.raises(asyncio.CancelledError):
        await task


# ---- While nothing has come


@in_each_loop
async def test_the_message_goes_to_the_next_who_waits(pipe):
    push, pull = pipe
    waiting = [pull.recv(), pull.recv_json(), pull.recv_multipart(), pull.recv()]
    for index in (0, 1):
        assert waiting[index].cancel()
        assert not waiting[index].cancel()
    await turns()
    await push.send(b"one")
    await push.send(b"two")
    assert await waiting[2] == [b"one"]
    assert await waiting[3] == b"two"


@in_each_loop
async def test_a_receive_that_timed_out_takes_nothing(pipe):
    push, pull = pipe
    for recv in (pull.recv, pull.recv_multipart, pull.recv_string):
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(recv(), 0.001)
    await push.send(b"message")
    assert await asyncio.wait_for(pull.recv(), 20) == b"message"


@pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio.timeout came with 3.11")
@in_each_loop
async def test_a_block_that_timed_out_takes_nothing(pipe):
    push, pull = pipe
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await pull.recv()
    await push.send(b"message")
    async with asyncio.timeout(20):
        assert await pull.recv() == b"message"


@in_each_loop
async def test_a_cancelled_send_sends_nothing(pair):
    pull, push = pair("inproc", zmq.PULL, zmq.PUSH, {zmq.RCVHWM: 1}, {zmq.SNDHWM: 1})
    with suppress(zmq.Again):
        while True:
            await push.send(b"fill", zmq.DONTWAIT)
    waiting = [push.send(b"one"), push.send(b"two"), push.send(b"three")]
    assert waiting[1].cancel()
    heard = []
    while heard[-1:] != [b"three"]:
        heard.append(await pull.recv())
    assert heard[-3:] == [b"fill", b"one", b"three"]


# ---- When the message has come


@pytest.mark.parametrize(
    "recv", ["recv", "recv_multipart", "recv_json", "recv_into", "recv_multipart_into"]
)
@beyond_libzmq
@in_each_loop
async def test_a_message_that_was_not_taken_is_received_next(pipe, recv):
    push, pull = pipe
    arguments = {"recv_into": [bytearray(9)], "recv_multipart_into": [[bytearray(9)]]}.get(recv, [])
    await cancel_in_between(getattr(pull, recv)(*arguments), push.send, b"[1]")
    await push.send(b"later")
    assert await pull.recv() == b"[1]"
    assert await pull.recv() == b"later"


@beyond_libzmq
@in_each_loop
async def test_parts_in_buffers_that_were_not_taken_are_received_next(pipe):
    push, pull = pipe
    message = [b"id", b"x" * 100_000, b""]
    buffers = [bytearray(100_000) for _ in message]
    await cancel_in_between(pull.recv_multipart_into(buffers), push.send_multipart, message)
    for buffer in buffers:
        buffer[:] = bytes(len(buffer))
    await push.send(b"later")
    assert await pull.recv_multipart_into(buffers) == [2, 100_000, 0]
    assert buffers[0][:2] == b"id" and buffers[1] == message[1]
    assert await pull.recv() == b"later"


@beyond_libzmq
@in_each_loop
async def test_a_message_given_back_is_received_before_one_that_was_refused(pipe):
    push, pull = pipe

    refused = []

    def refuse(_):
        with pytest.raises(ValueError):
            pull._shadow_sock.recv_multipart_into([bytearray(9)], timeout=30)
        refused.append(True)

    async def send_both():
        await push.send(b"first")
        await push.send_multipart([b"a", b"b"])

    receiving = pull.recv_multipart()
    receiving.add_done_callback(refuse)
    await cancel_in_between(receiving, send_both)
    assert refused
    assert await pull.recv_multipart() == [b"first"]
    assert await pull.recv_multipart() == [b"a", b"b"]


@beyond_libzmq
@in_each_loop
async def test_a_frame_that_was_not_taken_is_received_next(pipe):
    push, pull = pipe
    body = bytes(100_000)
    await cancel_in_between(pull.recv(copy=False), push.send, body, copy=False)
    frame = await pull.recv(copy=False)
    assert frame.bytes == body and not frame.more


@beyond_libzmq
@in_each_loop
async def test_parts_that_were_not_taken_stay_together(pipe):
    push, pull = pipe
    message = [b"1", b"2", b"3"]
    await cancel_in_between(pull.recv(), push.send_multipart, message)
    assert await pull.recv_multipart() == message

    await cancel_in_between(pull.recv_multipart(), push.send_multipart, message)
    assert [await pull.recv() for _ in message] == message
    assert not pull.rcvmore


@beyond_libzmq
@in_each_loop
async def test_those_who_do_not_take_theirs_change_no_order(pair):
    pull, push = pair("inproc", zmq.PULL, zmq.PUSH)
    taken = []

    async def take(receiving):
        taken.append(int(await receiving))

    waiting = [pull.recv() for _ in range(10)]
    tasks = []
    for index in (7, 1, 4):
        waiting[index].add_done_callback(lambda _, index=index: tasks[index].cancel())
    tasks += [asyncio.ensure_future(take(receiving)) for receiving in waiting]
    await turns()
    for number in range(12):
        push._shadow_sock.send(b"%d" % number)
    await asyncio.gather(*tasks, return_exceptions=True)
    assert taken == [0, 2, 3, 5, 6, 8, 9]
    assert [int(await pull.recv()) for _ in range(5)] == [1, 4, 7, 10, 11]


@beyond_libzmq
@in_each_loop
async def test_others_learn_of_a_message_that_was_not_taken(pipe):
    push, pull = pipe
    await cancel_in_between(pull.recv(), push.send, b"1")
    assert pull.get(zmq.EVENTS) == zmq.POLLIN
    assert pull.poll(0).result() == zmq.POLLIN
    assert pull._shadow_sock.recv(zmq.DONTWAIT) == b"1"

    first, second, third = pull.recv(), pull.recv(), pull.poll()
    await cancel_in_between(first, push.send, b"2")
    assert await second == b"2"
    assert await third == zmq.POLLIN


@beyond_libzmq
@in_each_loop
async def test_a_request_and_a_reply_that_were_not_taken(pair):
    rep, req = pair("tcp", zmq.REP, zmq.REQ)
    await cancel_in_between(rep.recv(), req.send, b"request")
    assert await rep.recv() == b"request"
    await cancel_in_between(req.recv(), rep.send, b"reply")
    assert await req.recv() == b"reply"
    await req.send(b"another")
    assert await rep.recv() == b"another"


@beyond_libzmq
@in_each_loop
async def test_a_coroutine_that_is_closed_gives_back_its_message(pipe):
    push, pull = pipe
    receiving = pull.recv()
    second = pull.recv()

    async def take():
        await receiving

    coroutine = take()
    coroutine.send(None)
    await push.send(b"message")
    while not receiving.done():
        await turns(1)
    coroutine.close()
    assert await second == b"message"


@beyond_libzmq
@in_each_loop
async def test_a_socket_that_is_closed_takes_nothing_back(pipe):
    push, pull = pipe
    receiving = pull.recv()
    receiving.add_done_callback(lambda _: pull.close())
    await cancel_in_between(receiving, push.send, b"message")
    assert pull.closed


# ---- At any moment


@beyond_libzmq
@in_each_loop
async def test_a_storm(pipe):
    """Tasks that receive end at random moments, by being cancelled or timed out; all that was sent
    is received in order."""
    push, pull = pipe
    chance = random.Random(1)
    received = []
    sent = 0

    async def take():
        message = await chance.choice([pull.recv, pull.recv_multipart])()
        received.append(int(message[0] if isinstance(message, list) else message))

    async def take_within(seconds):
        await asyncio.wait_for(take(), seconds)

    for _ in range(CANCELS):
        is_limited = chance.random() < 0.3
        coroutine = take_within(chance.choice([1e-6, 5e-5])) if is_limited else take()
        task = asyncio.ensure_future(coroutine)
        await turns(chance.randrange(3))
        if sent < len(received) + 3:
            for _ in range(chance.choice([0, 0, 1, 1, 2])):
                await push.send(b"%d" % sent)
                sent += 1
        await turns(chance.randrange(4))
        task.cancel()
        if not is_limited and chance.random() < 0.3:
            # Another receives before the task has ended.
            with suppress(asyncio.TimeoutError):
                received.append(int(await asyncio.wait_for(pull.recv(), chance.choice([0, 1e-5]))))
        with suppress(asyncio.CancelledError, asyncio.TimeoutError):
            await task
    while len(received) < sent:
        received.append(int(await pull.recv()))
    assert received == list(range(sent))
    assert drain(pull._shadow_sock) == []
