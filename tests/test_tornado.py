"""zmqlite.eventloop: sockets in Tornado's loop, with futures and with ZMQStream's callbacks."""

import asyncio
import contextlib
import functools
import importlib
import warnings
from contextlib import closing

import pytest
from event_loops import turns
from support import TIMEOUT_MS, beyond_libzmq, fails_with, fill

import zmqlite as zmq
import zmqlite.asyncio

pytest.importorskip("tornado")

from tornado import gen
from tornado.ioloop import IOLoop

from zmqlite.eventloop import future
from zmqlite.eventloop.zmqstream import ZMQStream


def in_tornado(test):
    """Make a test of a coroutine function, run in a loop of Tornado's."""

    @functools.wraps(test)
    def run(**fixtures):
        loop = IOLoop(make_current=False)
        try:
            loop.run_sync(functools.partial(test, **fixtures))
        finally:
            loop.close()

    return run


@pytest.fixture(params=["inproc", "tcp"])
def pipe(request, pair):
    """A PUSH and the PULL that it is connected to."""
    # A stream that is closed takes its socket with it, which is not to wait for what nobody reads.
    pull, push = pair(request.param, zmq.PULL, zmq.PUSH, {}, {zmq.LINGER: 0})
    return push, pull


@pytest.fixture
def future_pipe(pipe):
    """The same with calls that return futures."""
    return [future.Socket.from_socket(end) for end in pipe]


# ---- Futures


@in_tornado
async def test_futures_of_calls_that_need_not_wait_and_of_others(future_pipe):
    push, pull = future_pipe
    waiting = [pull.recv(), pull.recv_multipart(), pull.recv_json()]
    assert not any(each.done() for each in waiting)
    assert push.send(b"bytes").done()
    await push.send_multipart([b"some", b"parts"])
    await push.send_json({"a": 1})
    assert await gen.multi(waiting) == [b"bytes", [b"some", b"parts"], {"a": 1}]

    polling = pull.poll(TIMEOUT_MS)
    await push.send_string("there")
    assert await polling == zmq.POLLIN
    assert pull.recv().result() == b"there"
    assert isinstance(pull.recv(zmq.DONTWAIT).exception(), zmq.Again)


@in_tornado
async def test_a_coroutine_of_old(future_pipe):
    push, pull = future_pipe

    @gen.coroutine
    def exchange():
        yield push.send(b"yielded")
        message = yield pull.recv()
        raise gen.Return(message)

    assert await exchange() == b"yielded"


@in_tornado
async def test_a_cancelled_call_takes_no_message(future_pipe):
    push, pull = future_pipe
    first, second = pull.recv(), pull.recv()
    assert first.cancel() and first.cancelled() and first.done()
    assert not first.cancel() and not second.cancelled()
    with pytest.raises(future.CancelledError):
        await first
    assert not issubclass(future.CancelledError, asyncio.CancelledError)
    await push.send(b"message")
    assert await second == b"message"


@beyond_libzmq
@in_tornado
async def test_a_message_whose_task_was_cancelled_is_received_next(future_pipe):
    push, pull = future_pipe
    receiving = pull.recv()

    async def take():
        await receiving

    receiving.add_done_callback(lambda _: task.cancel())
    task = asyncio.ensure_future(take())
    await turns()
    await push.send(b"message")
    with pytest.raises((asyncio.CancelledError, future.CancelledError)):
        await task
    assert await pull.recv() == b"message"


@in_tornado
async def test_closing_cancels_what_waits(future_pipe):
    _, pull = future_pipe
    waiting = [pull.recv(), pull.recv_multipart(), pull.poll()]
    pull.close()
    await turns()
    assert all(each.cancelled() for each in waiting)
    with fails_with(zmq.ENOTSOCK):
        pull.recv()


@in_tornado
async def test_a_time_out_ends_in_again(future_pipe):
    _, pull = future_pipe
    pull.rcvtimeo = 10
    with pytest.raises(zmq.Again):
        await pull.recv()


@in_tornado
async def test_a_poller(future_pipe):
    push, pull = future_pipe
    poller = future.Poller()
    poller.register(pull, zmq.POLLIN)
    assert await poller.poll(10) == []
    waiting = poller.poll(TIMEOUT_MS)
    await push.send(b"")
    assert await waiting == [(pull, zmq.POLLIN)]


def test_a_loop_that_closes_its_descriptors_closes_the_socket(future_pipe):
    push, pull = future_pipe
    loop = IOLoop(make_current=False)

    async def exchange():
        await push.send(b"message")
        assert await pull.recv() == b"message"
        pull._get_loop()

    loop.run_sync(exchange)
    loop.close(all_fds=True)
    assert pull.closed


def test_the_context_makes_sockets_of_its_module(new_context):
    context = future.Context(new_context())
    with context.socket(zmq.PAIR) as socket:
        assert type(socket) is future.Socket
    with pytest.warns(DeprecationWarning):
        future.Context(new_context(), io_loop=object())
    shared = future.Context.instance()
    assert shared is future.Context.instance()
    assert shared is not zmq.asyncio.Context.instance()
    for each in (shared, zmq.asyncio.Context.instance()):
        each.term()


# ---- The loop's old name


def test_the_old_module_is_tornados_loop():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ioloop = importlib.import_module("zmqlite.eventloop.ioloop")
    with pytest.warns(DeprecationWarning):
        importlib.reload(ioloop)
    assert ioloop.IOLoop is ioloop.ZMQIOLoop is IOLoop
    with pytest.warns(DeprecationWarning):
        ioloop.install()


# ---- Streams that receive


@pytest.mark.parametrize("copy", [True, False])
@in_tornado
async def test_a_stream_calls_back_for_each_message(pipe, copy):
    push, pull = pipe
    heard = asyncio.Queue()
    with closing(ZMQStream(pull)) as stream:
        stream.on_recv(heard.put_nowait, copy=copy)
        assert stream.receiving()
        for number in range(100):
            push.send_multipart([b"%d" % number, b""])
        for number in range(100):
            message = await heard.get()
            assert all(isinstance(part, bytes if copy else zmq.Frame) for part in message)
            assert [bytes(part) for part in message] == [b"%d" % number, b""]


@in_tornado
async def test_a_stream_can_be_told_apart(pipe):
    push, pull = pipe
    heard = asyncio.Queue()
    with closing(ZMQStream(pull)) as stream:
        stream.on_recv_stream(lambda *arguments: heard.put_nowait(arguments))
        push.send(b"message")
        assert await heard.get() == (stream, [b"message"])


@in_tornado
async def test_coroutines_are_called_back(pipe):
    push, pull = pipe
    heard = asyncio.Queue()

    async def hear(message):
        await turns()
        heard.put_nowait(message)

    with closing(ZMQStream(pull)) as stream:
        stream.on_recv(hear)
        push.send(b"one")
        push.send(b"two")
        assert [await heard.get(), await heard.get()] == [[b"one"], [b"two"]]


@in_tornado
async def test_a_stream_that_stops_receiving_leaves_messages_where_they_are(pipe):
    push, pull = pipe
    heard = asyncio.Queue()
    with closing(ZMQStream(pull)) as stream:

        def hear_one(message):
            heard.put_nowait(message)
            stream.stop_on_recv()

        stream.on_recv(hear_one)
        push.send(b"one")
        push.send(b"two")
        assert await heard.get() == [b"one"]
        await turns(20)
        assert heard.empty() and not stream.receiving()
        stream.on_recv(heard.put_nowait)
        assert await heard.get() == [b"two"]


@in_tornado
async def test_a_stream_that_always_has_messages_lets_others_run(pair):
    pull, push = pair("inproc", zmq.PULL, zmq.PUSH)
    heard = []
    with closing(ZMQStream(pull)) as stream:
        stream.on_recv(heard.append)
        for _ in range(50):
            push.send(b"")
        while not heard:
            await turns(1)
        await turns(3)
        assert len(heard) < 10
        while len(heard) < 50:
            await turns(1)


# ---- Streams that send


@in_tornado
async def test_every_way_to_send(pipe):
    push, pull = pipe
    pull = zmq.asyncio.Socket.from_socket(pull)
    with closing(ZMQStream(push)) as stream:
        stream.send(b"bytes")
        stream.send_multipart([b"some", b"parts"])
        stream.send_string("π")
        stream.send_json([1])
        stream.send_pyobj({2})
        assert stream.sending()
        assert await pull.recv() == b"bytes"
        assert await pull.recv_multipart() == [b"some", b"parts"]
        assert await pull.recv_string() == "π"
        assert await pull.recv_json() == [1]
        assert await pull.recv_pyobj() == {2}
        assert not stream.sending()
        with pytest.raises(TypeError):
            stream.send_string(b"bytes")


@in_tornado
async def test_a_stream_calls_back_for_what_was_sent(pipe):
    push, _ = pipe
    told = asyncio.Queue()
    with closing(ZMQStream(push)) as stream:
        stream.on_send(lambda *arguments: told.put_nowait(arguments))
        stream.send(b"plain")
        assert await told.get() == ([b"plain"], None)
        stream.send_multipart([b"a", b"b"], copy=False, track=True)
        parts, tracker = await told.get()
        assert parts == [b"a", b"b"] and isinstance(tracker, zmq.MessageTracker)
        stream.on_send_stream(lambda *arguments: told.put_nowait(arguments))
        stream.send(b"third")
        assert await told.get() == (stream, [b"third"], None)
        stream.stop_on_send()
        stream.send(b"untold", callback=lambda *_: told.put_nowait("by the call's own"))
        assert await told.get() == "by the call's own"


@in_tornado
async def test_what_the_socket_refuses_waits_in_the_stream(pair):
    pull, push = pair("inproc", zmq.PULL, zmq.PUSH, {zmq.RCVHWM: 1}, {zmq.SNDHWM: 1})
    count = fill(push)
    with closing(ZMQStream(push)) as stream:
        stream.send(b"one")
        stream.send(b"two")
        await turns(20)
        assert stream.sending()
        pull = zmq.asyncio.Socket.from_socket(pull)
        for _ in range(count):
            await pull.recv()
        assert [await pull.recv(), await pull.recv()] == [b"one", b"two"]
        assert not stream.sending()


@in_tornado
async def test_a_stream_that_answers(pair):
    """Both directions of one stream."""
    router, dealer = pair("tcp", zmq.ROUTER, zmq.DEALER)
    heard = asyncio.Queue()
    with closing(ZMQStream(router)) as server, closing(ZMQStream(dealer)) as client:
        server.on_recv(server.send_multipart)
        client.on_recv(heard.put_nowait)
        for number in range(200):
            client.send(b"%d" % number)
        assert [int((await heard.get())[0]) for _ in range(200)] == list(range(200))


# ---- Flushing


@in_tornado
async def test_a_flush_receives_and_sends_at_once(pipe):
    push, pull = pipe
    with closing(ZMQStream(push)) as sender, closing(ZMQStream(pull)) as receiver:
        heard, told = [], []
        sender.on_send(lambda parts, _: told.append(parts))
        receiver.on_recv(heard.append)
        for number in range(5):
            sender.send(b"%d" % number)
        assert sender.flush(limit=2) == 2
        assert told == [[b"0"], [b"1"]]
        assert sender.flush(zmq.POLLIN) == 0
        assert sender.flush() == 3
        assert pull.poll(TIMEOUT_MS)
        count = receiver.flush()
        assert heard == [[b"%d" % number] for number in range(count)] and count
        while len(heard) < 5:
            await turns(1)
        assert heard == told == [[b"%d" % number] for number in range(5)]


# ---- The end, and errors


@in_tornado
async def test_a_closed_stream(pipe):
    _, pull = pipe
    told = []
    stream = ZMQStream(pull)
    stream.set_close_callback(lambda: told.append("closed"))
    stream.on_recv(told.append)
    assert not stream.closed()
    stream.close()
    stream.close()
    assert told == ["closed"]
    assert stream.closed() and stream.socket is None and pull.closed
    for call in (lambda: stream.send(b""), lambda: stream.on_recv(None), stream.flush):
        with pytest.raises(OSError, match="Stream is closed"):
            call()


@in_tornado
async def test_a_stream_notices_that_its_socket_was_closed(pipe):
    _, pull = pipe
    stream = ZMQStream(pull)
    stream.on_recv(print)
    pull.close()
    with pytest.warns(Warning, match="after closing socket"):
        assert stream.closed()
    assert stream.socket is None


def fail(*_):
    raise RuntimeError("of the callback")


async def fail_later(*_):
    fail()


@pytest.mark.parametrize("callback", [fail, fail_later])
@in_tornado
async def test_a_callback_that_fails_is_logged(pipe, callback, caplog):
    push, pull = pipe
    with closing(ZMQStream(pull)) as stream:
        stream.on_recv(callback)
        push.send(b"message")
        while not (logged := [r for r in caplog.records if r.name == "tornado.general"]):
            await turns(1)
    assert logged[0].getMessage() == "Uncaught exception in ZMQStream callback"
    assert str(logged[0].exc_info[1]) == "of the callback"


@beyond_libzmq
@in_tornado
async def test_a_callback_that_fails_does_not_hold_up_what_comes_after(pipe):
    push, pull = pipe
    heard = []

    def hear_and_fail(message, *_):
        heard.append(message)
        fail()

    with closing(ZMQStream(push)) as sender, closing(ZMQStream(pull)) as receiver:
        sender.on_send(hear_and_fail)
        receiver.on_recv(hear_and_fail)
        sender.send(b"one")
        sender.send(b"two")
        while len(heard) < 4:
            await turns(1)
    assert sorted(heard) == [[b"one"], [b"one"], [b"two"], [b"two"]]


@in_tornado
async def test_what_is_no_callback_is_refused(pipe):
    _, pull = pipe
    with closing(ZMQStream(pull)) as stream:
        for register in (stream.on_recv, stream.on_send):
            with pytest.raises(AssertionError):
                register("no function")
        with contextlib.suppress(AssertionError):
            stream.on_recv_stream("no function")


@in_tornado
async def test_a_stream_of_a_socket_with_futures_uses_a_plain_shadow(pipe):
    push, pull = pipe
    heard = asyncio.Queue()
    with pytest.warns(RuntimeWarning):
        stream = ZMQStream(zmq.asyncio.Socket.from_socket(pull))
    with closing(stream):
        assert type(stream.socket) is zmq.Socket
        stream.on_recv(heard.put_nowait)
        push.send(b"message")
        assert await heard.get() == [b"message"]


@in_tornado
async def test_a_stream_has_methods_of_its_socket(socket):
    pull = socket(zmq.PULL)
    with closing(ZMQStream(pull)) as stream:
        assert stream.io_loop is IOLoop.current()
        port = stream.bind_to_random_port("tcp://127.0.0.1")
        assert pull.last_endpoint == b"tcp://127.0.0.1:%d" % port
        stream.setsockopt(zmq.LINGER, 7)
        assert stream.getsockopt(zmq.LINGER) == 7
        stream.setsockopt_string(zmq.IDENTITY, "name")
        assert stream.getsockopt_string(zmq.IDENTITY) == "name"
