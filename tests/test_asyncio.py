"""zmqlite.asyncio: calls that return futures, on asyncio's loop and on uvloop's."""

import asyncio
import contextlib
import gc
import os
import socket as plain
from unittest import mock

import pytest
from event_loops import LOOPS, in_each_loop, in_loop, turns
from support import TIMEOUT_MS, Background, beyond_libzmq, fails_with

import zmqlite as zmq
import zmqlite.asyncio
from zmqlite.utils.monitor import recv_monitor_message


@pytest.fixture
def context(new_context):
    return zmq.asyncio.Context(new_context())


@pytest.fixture(params=["inproc", "tcp"])
def pipe(request, pair):
    """A PUSH and the PULL that it is connected to."""
    pull, push = pair(request.param, zmq.PULL, zmq.PUSH)
    return push, pull


@pytest.fixture
def full(pair):
    """A PUSH that can send nothing, and the PULL that it is connected to."""
    pull, push = pair("inproc", zmq.PULL, zmq.PUSH, {zmq.RCVHWM: 1}, {zmq.SNDHWM: 1})
    with contextlib.suppress(zmq.Again):
        while True:
            push._shadow_sock.send(b"fill", zmq.DONTWAIT)
    return push, pull


async def arrived(socket):
    """Wait until the socket has a message."""
    assert await socket.poll(TIMEOUT_MS)


# ---- Done at once


@in_each_loop
async def test_a_call_that_need_not_wait_returns_a_future_that_is_done(pipe):
    push, pull = pipe
    sent = push.send_multipart([b"one", b"message"])
    assert sent.done() and sent.result() is None
    await arrived(pull)
    received = pull.recv_multipart()
    assert received.done() and received.result() == [b"one", b"message"]


@in_each_loop
async def test_each_call_has_a_future_of_its_own_as_long_as_somebody_has_it(pipe):
    push, pull = pipe
    sent = [push.send(b"message") for _ in range(3)]
    assert len({id(future) for future in sent}) == 3
    assert len([future async for future in in_turn(sent)]) == 3
    for _ in sent:
        assert await pull.recv() == b"message"


async def in_turn(futures):
    for future in asyncio.as_completed(futures):
        yield await future


def test_the_futures_of_a_loop_belong_to_it(pipe):
    push, pull = pipe

    async def exchange():
        loop = asyncio.get_running_loop()
        sent = push.send(b"message")
        assert sent.get_loop() is loop
        await asyncio.gather(sent)
        await arrived(pull)
        received = pull.recv()
        assert received.get_loop() is loop
        assert await asyncio.gather(received) == [b"message"]

    for _ in range(2):
        in_loop(exchange(), asyncio.new_event_loop)


@in_each_loop
async def test_awaiting_a_message_that_is_there_lets_nobody_else_run(pipe):
    push, pull = pipe
    await push.send(b"there")
    await arrived(pull)
    others = []
    asyncio.get_running_loop().call_soon(others.append, "ran")
    await push.send(b"more")
    assert await pull.recv() == b"there"
    assert not others


def parts_of(text):
    return [part.encode() for part in text.split()]


def text_of(parts):
    return " ".join(bytes(part).decode() for part in parts)


WAYS = {
    "bytes": ("send", "recv", b"bytes", {}),
    "frame": ("send", "recv", b"frame", {"copy": False}),
    "tracked": ("send", "recv", b"tracked", {"copy": False, "track": True}),
    "parts": ("send_multipart", "recv_multipart", [b"some", b"parts"], {}),
    "frames": ("send_multipart", "recv_multipart", [b"some", b"frames"], {"copy": False}),
    "string": ("send_string", "recv_string", "π", {}),
    "json": ("send_json", "recv_json", {"a": [1, 2]}, {}),
    "pyobj": ("send_pyobj", "recv_pyobj", (1, {2}), {}),
}


def plainly(message):
    """The message with frames as bytes."""
    if isinstance(message, list):
        return [bytes(part) for part in message]
    return message.bytes if isinstance(message, zmq.Frame) else message


@pytest.mark.parametrize("way", WAYS)
@in_each_loop
async def test_every_way_to_send_and_receive(pipe, way):
    push, pull = pipe
    send, recv, message, arguments = WAYS[way]
    waiting = getattr(pull, recv)(**arguments)
    assert not waiting.done()
    await getattr(push, send)(message)
    assert plainly(await waiting) == message

    await getattr(push, send)(message)
    await arrived(pull)
    there = getattr(pull, recv)(**arguments)
    assert plainly(await there) == message


@in_each_loop
async def test_functions_that_make_messages_and_take_them_apart(pipe):
    push, pull = pipe
    waiting = pull.recv_serialized(text_of, copy=False)
    await push.send_serialized("some words", parts_of)
    assert await waiting == "some words"
    await push.send_serialized("more words", parts_of)
    await arrived(pull)
    assert await pull.recv_serialized(text_of) == "more words"


@in_each_loop
async def test_receiving_into_a_buffer(pipe):
    push, pull = pipe
    buffer = bytearray(b"........")
    waiting = pull.recv_into(buffer)
    await push.send(b"first")
    assert await waiting == 5
    assert buffer == b"first..."

    await push.send(b"too long for it")
    await arrived(pull)
    size = pull.recv_into(buffer, nbytes=4)
    assert size.done() and await size == 15
    assert buffer == b"too t..."


@beyond_libzmq
@in_each_loop
async def test_receiving_into_a_buffer_for_a_limited_time(pipe):
    push, pull = pipe
    buffer = bytearray(100_000)
    for call in (
        lambda timeout: pull.recv_into(buffer, timeout=timeout),
        lambda timeout: pull.recv_multipart_into([buffer], timeout=timeout),
    ):
        for timeout in (0, 0.02):
            with pytest.raises(zmq.TimedOut):
                await call(timeout)
        with pytest.raises(zmq.Again):
            await pull.recv_into(buffer, flags=zmq.DONTWAIT)
        waiting = call(30)
        await push.send(b"x" * 100_000)
        assert await waiting in (100_000, [100_000])
        assert buffer == b"x" * 100_000


@beyond_libzmq
@in_each_loop
async def test_receiving_parts_into_buffers(pipe):
    push, pull = pipe
    buffers = [bytearray(3), bytearray(100_000), bytearray()]
    for waits in (True, False):
        receiving = pull.recv_multipart_into(buffers) if waits else None
        await push.send_multipart([b"id", b"x" * 100_000])
        if not waits:
            await arrived(pull)
            receiving = pull.recv_multipart_into(iter(buffers))
            assert receiving.done()
        assert await receiving == [2, 100_000]
        assert buffers == [b"id\0", b"x" * 100_000, b""]


@beyond_libzmq
@in_each_loop
async def test_a_message_that_does_not_fit_can_still_be_received(pipe):
    push, pull = pipe
    message = [b"first", b"x" * 100_000]
    refused = pull.recv_multipart_into([bytearray(5), bytearray(9)])
    following = pull.recv_multipart()
    await push.send_multipart(message)
    with pytest.raises(ValueError, match="recv_multipart"):
        await refused
    assert await following == message

    await push.send_multipart(message)
    await arrived(pull)
    for buffers in ([], [bytearray(4)], [bytearray(5)]):
        with pytest.raises(ValueError):
            await pull.recv_multipart_into(buffers)
    assert await pull.recv_multipart() == message


@beyond_libzmq
@in_each_loop
async def test_a_buffer_that_cannot_be_filled_costs_no_message(pipe):
    push, pull = pipe
    first = pull.recv()
    for unfit, error in ((b"read-only", BufferError), ("text", TypeError)):
        with pytest.raises(error):
            await pull.recv_into(unfit)
        with pytest.raises(error):
            await pull.recv_multipart_into([bytearray(9), unfit])
    with pytest.raises(ValueError, match="nbytes"):
        await pull.recv_into(bytearray(9), nbytes=10)
    nothing = pull.recv_into(bytearray())
    for body in (b"1", b"2", b"3"):
        await push.send(body)
    assert await first == b"1" and await nothing == 1
    assert await pull.recv() == b"3"


@in_each_loop
async def test_a_message_that_cannot_be_decoded_fails_the_call_and_no_other(pipe):
    push, pull = pipe
    waiting = pull.recv_json()
    await push.send(b"{not json")
    with pytest.raises(ValueError):
        await waiting
    await push.send_json("good")
    assert await pull.recv_json() == "good"


# ---- Waiting


@in_each_loop
async def test_waiting_calls_are_served_in_the_order_in_which_they_were_made(pipe):
    push, pull = pipe
    waiting = [pull.recv() for _ in range(20)]
    for number in range(20):
        await push.send(b"%d" % number)
    assert await asyncio.gather(*waiting) == [b"%d" % number for number in range(20)]


@beyond_libzmq
@in_each_loop
async def test_one_wake_up_serves_all_who_wait(pair):
    pull, push = pair("inproc", zmq.PULL, zmq.PUSH)
    waiting = [pull.recv() for _ in range(20)]
    for number in range(20):
        push._shadow_sock.send(b"%d" % number)
    assert await waiting[0] == b"0"
    assert [future.result() for future in waiting[1:]] == [b"%d" % i for i in range(1, 20)]


@in_each_loop
async def test_a_socket_is_registered_once(pipe):
    push, pull = pipe
    loop = asyncio.get_running_loop()
    with mock.patch.object(loop, "add_reader", wraps=loop.add_reader) as add_reader:
        for _ in range(3):
            waiting = [pull.recv(), pull.poll(), pull.recv_multipart()]
            await push.send(b"one")
            await push.send(b"two")
            await asyncio.gather(*waiting)
    assert [call.args[0] for call in add_reader.call_args_list].count(pull.fileno()) == 1


@in_each_loop
async def test_each_waiting_recv_gets_one_part(pipe):
    push, pull = pipe
    waiting = [pull.recv() for _ in range(3)]
    await push.send_multipart([b"1", b"2", b"3"])
    assert await asyncio.gather(*waiting) == [b"1", b"2", b"3"]
    assert not pull.rcvmore


@in_each_loop
async def test_sends_wait_for_room_and_keep_their_order(full):
    push, pull = full
    waiting = [push.send(b"1"), push.send_multipart([b"2", b"2"]), push.send_string("3")]
    assert not any(future.done() for future in waiting)
    heard = []
    while heard[-1:] != [[b"3"]]:
        heard.append(await pull.recv_multipart())
    await asyncio.gather(*waiting)
    assert heard[-3:] == [[b"1"], [b"2", b"2"], [b"3"]]


@in_each_loop
async def test_sending_while_others_wait_to_receive_wakes_them_none_the_less(pair):
    """Both directions of one socket at once, at every pace."""
    router, dealer = pair("tcp", zmq.ROUTER, zmq.DEALER)
    heard = []

    async def echo():
        while True:
            await router.send_multipart(await router.recv_multipart())

    async def hear():
        while len(heard) < 600:
            heard.append(int(await dealer.recv()))

    async def ask(numbers, pause):
        for number in numbers:
            await dealer.send(b"%d" % number)
            await turns(pause)

    echoing = asyncio.ensure_future(echo())
    askers = [ask(range(start, 600, 3), start) for start in range(3)]
    await asyncio.gather(hear(), *askers)
    assert sorted(heard) == list(range(600))
    echoing.cancel()


@in_each_loop
async def test_a_broker_of_coroutines(socket, bound):
    """REQ, ROUTER, DEALER and REP, as a proxy written with asyncio connects them."""
    frontend, front = bound("tcp", zmq.ROUTER)
    backend, back = bound("inproc", zmq.DEALER)

    async def relay(source, target):
        while True:
            await target.send_multipart(await source.recv_multipart())

    async def work():
        worker = socket(zmq.REP)
        worker.connect(back)
        while True:
            await worker.send_json(await worker.recv_json() ** 2)

    async def ask(client):
        requester = socket(zmq.REQ)
        requester.connect(front)
        for number in range(client, client + 20):
            await requester.send_json(number)
            assert await requester.recv_json() == number**2

    serving = [relay(frontend, backend), relay(backend, frontend), work(), work()]
    serving = [asyncio.ensure_future(each) for each in serving]
    await asyncio.gather(*(ask(client) for client in range(5)))
    for task in serving:
        task.cancel()
    assert all(
        isinstance(end, asyncio.CancelledError)
        for end in await asyncio.gather(*serving, return_exceptions=True)
    )


# ---- Limits and errors


@in_each_loop
async def test_dontwait_is_done_at_once(full):
    push, pull = full
    refused = push.send(b"no room", zmq.DONTWAIT)
    assert refused.done() and isinstance(refused.exception(), zmq.Again)
    while (message := pull.recv(zmq.DONTWAIT)).exception() is None:
        assert message.result() == b"fill"
    assert message.done() and isinstance(message.exception(), zmq.Again)


@in_each_loop
async def test_a_time_out_is_that_of_the_call(pipe):
    push, pull = pipe
    pull.rcvtimeo = 20
    soon = pull.recv()
    pull.rcvtimeo = TIMEOUT_MS
    later = pull.recv_multipart()
    with pytest.raises(zmq.Again):
        await soon
    await push.send(b"for the other")
    assert await later == [b"for the other"]


@in_each_loop
async def test_a_send_times_out(full):
    push, pull = full
    push.sndtimeo = 20
    with pytest.raises(zmq.Again):
        await push.send(b"never sent")
    push.sndtimeo = TIMEOUT_MS
    waiting = push.send(b"sent")
    while await pull.recv() == b"fill":
        pass
    await waiting
    assert isinstance(pull.recv(zmq.DONTWAIT).exception(), zmq.Again)


@in_each_loop
async def test_errors_are_in_the_future(pipe):
    push, pull = pipe
    assert isinstance(push.send("a str").exception(), TypeError)
    assert isinstance(push.send_multipart([b"ok", 7]).exception(), TypeError)
    assert pull.send(b"").exception().errno == zmq.ENOTSUP


@beyond_libzmq
@in_each_loop
async def test_what_the_socket_can_never_receive_is_not_waited_for(pipe):
    push, _ = pipe
    for future in (push.recv(), push.recv_multipart()):
        assert future.exception().errno == zmq.ENOTSUP


@in_each_loop
async def test_a_closed_socket_raises_at_the_call(pipe):
    _, pull = pipe
    pull.close()
    for call in (pull.recv, pull.recv_multipart):
        with fails_with(zmq.ENOTSOCK):
            call()
    with fails_with(zmq.ENOTSUP):
        pull.poll()


@in_each_loop
async def test_closing_cancels_what_waits_and_leaves_the_loop(pipe, full):
    _, pull = pipe
    push, _ = full
    descriptors = [pull.fileno(), push.fileno()]
    waiting = [pull.recv(), pull.poll(), push.send(b""), push.poll()]
    task = asyncio.ensure_future(pull.recv_multipart())
    await turns()
    pull.close()
    push.close()
    await turns()
    assert all(future.cancelled() for future in [*waiting, task])
    loop = asyncio.get_running_loop()
    assert not any(loop.remove_reader(descriptor) for descriptor in descriptors)


@beyond_libzmq
@in_each_loop
async def test_closing_cancels_what_waits_to_be_decoded(pipe):
    _, pull = pipe
    waiting = [pull.recv_json(), pull.recv_string(), pull.recv_into(bytearray(1))]
    waiting.append(pull.recv_multipart_into([bytearray(1)]))
    pull.close()
    assert all(future.cancelled() for future in waiting)


@beyond_libzmq
@in_each_loop
async def test_the_end_of_the_context_ends_all_calls(pair, begin_term):
    pull, _ = pair("inproc", zmq.PULL, zmq.PUSH)
    waiting = [pull.recv(), pull.recv_multipart(), pull.poll()]
    begin_term(pull.context._shadow_obj)
    for future in waiting:
        with pytest.raises(zmq.ContextTerminated):
            await future
    with pytest.raises(zmq.ContextTerminated):
        pull.recv()


# ---- Polling


@in_each_loop
async def test_poll(pipe):
    push, pull = pipe
    nothing = pull.poll(0)
    assert nothing.done() and nothing.result() == 0
    assert await push.poll(TIMEOUT_MS, zmq.POLLOUT | zmq.POLLIN) == zmq.POLLOUT
    assert await pull.poll(10) == 0
    waiting = [pull.poll(), pull.poll(TIMEOUT_MS)]
    await push.send(b"")
    assert await asyncio.gather(*waiting) == [zmq.POLLIN, zmq.POLLIN]
    assert await pull.recv() == b""


@in_each_loop
async def test_polls_and_receives_wait_side_by_side(pipe):
    push, pull = pipe
    first, received, second = pull.poll(), pull.recv(), pull.poll()
    await push.send(b"message")
    await push.send(b"another")
    assert await received == b"message"
    assert [await first, await second] == [zmq.POLLIN, zmq.POLLIN]
    assert await pull.recv() == b"another"


@in_each_loop
async def test_a_poll_for_room(full):
    push, pull = full
    waiting = push.poll(TIMEOUT_MS, zmq.POLLOUT)
    assert not waiting.done()
    while not waiting.done():
        await pull.recv()
        await turns()
    assert await waiting == zmq.POLLOUT


@in_each_loop
async def test_a_cancelled_poll_leaves_nothing(pipe):
    push, pull = pipe
    waiting = [pull.poll() for _ in range(3)]
    for future in waiting:
        future.cancel()
    await turns()
    assert not pull._recv_futures
    await push.send(b"")
    assert await pull.recv() == b""


@in_each_loop
async def test_a_poller_of_everything(pipe, pair):
    push, pull = pipe
    a_push, a_pull = (end._shadow_sock for end in reversed(pair("tcp", zmq.PULL, zmq.PUSH)))
    one, other = plain.socketpair()
    reader, writer = os.pipe()
    poller = zmq.asyncio.Poller()
    for polled in (pull, a_pull, one, reader):
        poller.register(polled, zmq.POLLIN)
    try:
        assert await poller.poll(10) == []
        for send, polled in (
            (lambda: push._shadow_sock.send(b""), pull),
            (lambda: a_push.send(b""), a_pull),
            (lambda: other.send(b"!"), one.fileno()),
            (lambda: os.write(writer, b"!"), reader),
        ):
            waiting = poller.poll(TIMEOUT_MS)
            assert not waiting.done()
            send()
            assert await waiting == [(polled, zmq.POLLIN)]
            poller.unregister(one if polled == one.fileno() else polled)
        poller.register(one, zmq.POLLOUT)
        assert await poller.poll() == [(one.fileno(), zmq.POLLOUT)]
    finally:
        for end in (one, other):
            end.close()
        os.close(reader)
        os.close(writer)


@beyond_libzmq
@in_each_loop
async def test_a_cancelled_wait_of_a_poller_leaves_nothing(pipe):
    push, pull = pipe
    poller = zmq.asyncio.Poller()
    assert await poller.poll() == []
    poller.register(pull, zmq.POLLIN)
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(poller.poll(), 0.01)
    cancelled = poller.poll()
    cancelled.cancel()
    await turns()
    assert cancelled.cancelled()
    waiting = poller.poll()
    await push.send(b"message")
    assert await waiting == [(pull, zmq.POLLIN)]
    assert await pull.recv() == b"message"


@in_each_loop
async def test_closing_a_socket_cancels_the_wait_of_a_poller(pipe):
    _, pull = pipe
    poller = zmq.asyncio.Poller()
    poller.register(pull, zmq.POLLIN)
    waiting = poller.poll()
    pull.close()
    await turns()
    assert waiting.cancelled()


# ---- Loops


@pytest.mark.parametrize("new_loop", LOOPS)
def test_a_socket_serves_one_loop_after_another(pipe, new_loop):
    push, pull = pipe

    async def exchange(number):
        waiting = pull.recv()
        await push.send(b"%d" % number)
        return await waiting

    assert [in_loop(exchange(number), new_loop) for number in range(3)] == [b"0", b"1", b"2"]


@beyond_libzmq
@pytest.mark.parametrize("new_loop", LOOPS)
def test_a_call_that_a_closed_loop_has_left_takes_no_message(pipe, new_loop):
    push, pull = pipe

    async def leave():
        pull.recv()
        await turns()

    async def exchange():
        await push.send(b"for the living")
        return await pull.recv()

    in_loop(leave(), new_loop)
    assert in_loop(exchange(), new_loop) == b"for the living"


def test_without_a_loop_that_runs_there_is_a_warning(pipe):
    push, pull = pipe
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        with pytest.warns(RuntimeWarning):
            waiting = pull.recv()
        push._shadow_sock.send(b"message")
        assert loop.run_until_complete(waiting) == b"message"
    finally:
        asyncio.set_event_loop(None)
        loop.close()


@beyond_libzmq
@in_each_loop
async def test_a_socket_that_is_dropped_leaves_the_loop(context):
    sockets = [context.socket(zmq.PULL)]
    sockets[0].bind("inproc://dropped")
    assert await sockets[0].poll(1) == 0
    await turns()
    descriptor = sockets[0].fileno()
    with pytest.warns(ResourceWarning):
        sockets.clear()
    assert not asyncio.get_running_loop().remove_reader(descriptor)


PROGRAM = """
import asyncio, zmqlite as zmq, zmqlite.asyncio

async def main():
    socket = zmq.asyncio.Context.instance().socket(zmq.PULL)
    socket.bind("tcp://127.0.0.1:*")
    asyncio.ensure_future(socket.recv())
    return socket.recv(), socket.poll(), asyncio.ensure_future(socket.recv_json())

kept = asyncio.run(main())
print("leaving", flush=True)
"""


def test_a_process_ends_with_calls_that_wait(child, tmp_path):
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    program = child(script)
    program.expect("leaving")
    assert program.wait() == 0


# ---- Other objects for a socket and a context


@pytest.mark.parametrize("shadow", [zmq.asyncio.Socket, zmq.asyncio.Socket.from_socket])
@in_each_loop
async def test_a_shadow_of_a_plain_socket(new_context, pair, shadow):
    pull, push = (end._shadow_sock for end in pair("inproc", zmq.PULL, zmq.PUSH))
    assert type(push) is zmq.Socket
    future_pull = shadow(pull)
    assert future_pull.type == zmq.PULL and future_pull._shadow
    waiting = future_pull.recv()
    push.send(b"by a plain one")
    assert await waiting == b"by a plain one"
    push.send(b"to a plain one")
    assert pull.recv() == b"to a plain one"
    del future_pull
    gc.collect()
    assert not pull.closed


@in_each_loop
async def test_the_plain_socket_sees_what_the_other_leaves(pipe):
    push, pull = pipe
    waiting = pull.recv()
    for word in (b"one", b"two", b"three"):
        await push.send(word)
    assert await waiting == b"one"
    assert pull._shadow_sock.recv() == b"two"
    assert await pull.recv() == b"three"


def test_the_context_that_all_share():
    shared = zmq.asyncio.Context.instance()
    try:
        assert type(shared) is zmq.asyncio.Context
        assert shared is zmq.asyncio.Context.instance()
        assert shared is not zmq.Context.instance()
        with shared.socket(zmq.PAIR) as socket:
            assert type(socket) is zmq.asyncio.Socket
        assert repr(shared).startswith("<zmq.asyncio.Context() at ")
    finally:
        shared.term()
        zmq.Context.instance().term()


def test_the_argument_of_old(context):
    with pytest.warns(DeprecationWarning):
        context.socket(zmq.PAIR, io_loop=object()).close()


# ---- Monitors


@in_each_loop
async def test_a_monitor_is_awaited(socket, bound):
    _, address = bound("tcp", zmq.PULL)
    push = socket(zmq.PUSH)
    reader = push.get_monitor_socket()
    assert type(reader) is zmq.asyncio.Socket
    waiting = asyncio.ensure_future(recv_monitor_message(reader))
    await turns()
    push.connect(address)
    event = await waiting
    while event["event"] != zmq.Event.CONNECTED:
        event = await recv_monitor_message(reader)
    assert event["endpoint"] == address
    push.disable_monitor()
    while event["event"] != zmq.Event.MONITOR_STOPPED:
        event = await recv_monitor_message(reader)
    reader.close()


# ---- Threads


@in_each_loop
async def test_messages_of_another_thread(pair):
    pull, push = pair("inproc", zmq.PULL, zmq.PUSH)
    plain_push = push._shadow_sock
    sender = Background(lambda: [plain_push.send(b"%d" % number) for number in range(2000)])
    assert [int(await pull.recv()) for _ in range(2000)] == list(range(2000))
    sender.result()
