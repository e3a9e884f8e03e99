"""zmqlite.green: while a call waits, other greenlets run."""

import contextlib
import os
import random
import warnings

import pytest
from support import TIMEOUT, TIMEOUT_MS, beyond_libzmq

gevent = pytest.importorskip("gevent")

import zmqlite.green as zmq
from zmqlite.green import core

# The hub opens descriptors that the process keeps: before tests count theirs.
gevent.sleep(0)


@pytest.fixture
def context(new_context):
    return zmq.Context(new_context())


@pytest.fixture
def socket(context):
    """Make sockets, which are closed at teardown."""
    with contextlib.ExitStack() as stack:

        def make(kind, options=None):
            made = context.socket(kind)
            stack.callback(made.close, linger=0)
            for option, value in (options or {}).items():
                made.set(option, value)
            return made

        yield make


@pytest.fixture(autouse=True)
def limit():
    """In a hub that waits for ever, nothing else would end the test."""
    with gevent.Timeout(TIMEOUT):
        yield
    # Until the hub runs again it remembers the last exception, and what that refers to.
    gevent.sleep(0.001)


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
            push.send(b"fill", zmq.DONTWAIT)
    return push, pull


def turns(count=3):
    """Let the other greenlets run."""
    for _ in range(count):
        gevent.sleep(0)


def drain(socket):
    """All messages that are there now."""
    messages = []
    with contextlib.suppress(zmq.Again):
        while True:
            messages.append(socket.recv(zmq.DONTWAIT))
    return messages


# ---- Talking


@pytest.mark.parametrize("transport", ["inproc", "tcp"])
def test_two_greenlets_talk(pair, transport):
    rep, req = pair(transport, zmq.REP, zmq.REQ)

    def answer():
        for _ in range(50):
            rep.send_json(rep.recv_json() + 1)

    def ask():
        number = 0
        for _ in range(50):
            req.send_json(number)
            number = req.recv_json()
        return number

    answering, asking = gevent.spawn(answer), gevent.spawn(ask)
    assert asking.get() == 50
    answering.join()


def test_others_run_while_one_waits(pipe):
    push, pull = pipe
    happened = []

    def hear():
        happened.append("waiting")
        happened.append(pull.recv())

    hearing = gevent.spawn(hear)
    turns()
    assert happened == ["waiting"]
    push.send(b"message")
    hearing.join()
    assert happened == ["waiting", b"message"]


@pytest.mark.parametrize(
    ("send", "recv", "message"),
    [
        ("send", "recv", b"bytes"),
        ("send_multipart", "recv_multipart", [b"some", b"parts"]),
        ("send_string", "recv_string", "π"),
        ("send_json", "recv_json", {"a": 1}),
        ("send_pyobj", "recv_pyobj", {1, 2}),
    ],
)
def test_every_way_to_send_and_receive(pipe, send, recv, message):
    push, pull = pipe
    for _ in range(2):
        hearing = gevent.spawn(getattr(pull, recv))
        turns()
        getattr(push, send)(message)
        assert hearing.get() == message


def test_receiving_into_a_buffer(pipe):
    push, pull = pipe
    buffer = bytearray(b"........")
    hearing = gevent.spawn(pull.recv_into, buffer)
    turns()
    push.send(b"first")
    assert hearing.get() == 5
    assert buffer == b"first..."


@beyond_libzmq
def test_receiving_parts_into_buffers(pipe):
    push, pull = pipe
    message = [b"id", b"x" * 100_000]
    buffers = [bytearray(3), bytearray(100_000)]
    hearing = gevent.spawn(pull.recv_multipart_into, iter(buffers))
    refused = gevent.spawn(pull.recv_multipart_into, [bytearray(3)])
    turns()
    push.send_multipart(message)
    assert hearing.get() == [2, 100_000]
    assert buffers == [b"id\0", message[1]]

    push.send_multipart(message)
    with pytest.raises(ValueError, match="recv_multipart"):
        refused.get()
    assert pull.recv_multipart() == message


@beyond_libzmq
def test_receiving_into_a_buffer_for_a_limited_time(pipe):
    push, pull = pipe
    buffer = bytearray(9)
    for call, into in ((pull.recv_into, buffer), (pull.recv_multipart_into, [buffer])):
        for timeout in (0, 0.02):
            with pytest.raises(zmq.TimedOut):
                call(into, timeout=timeout)
        with pytest.raises(zmq.Again):
            call(into, flags=zmq.DONTWAIT)
        hearing = gevent.spawn(call, into, timeout=30)
        turns()
        push.send(b"message")
        assert hearing.get() in (7, [7])


@beyond_libzmq
def test_killing_one_who_waits_to_fill_buffers_loses_nothing(pipe):
    push, pull = pipe
    first = gevent.spawn(pull.recv_multipart_into, [bytearray(9)])
    second = gevent.spawn(pull.recv_multipart)
    turns()
    first.kill()
    push.send(b"message")
    assert second.get() == [b"message"]


def test_frames(pipe):
    push, pull = pipe
    hearing = gevent.spawn(pull.recv, copy=False)
    turns()
    push.send(bytes(100_000))
    frame = hearing.get()
    assert isinstance(frame, zmq.Frame) and len(frame) == 100_000


@beyond_libzmq
def test_each_of_many_who_wait_gets_one_message(pipe):
    push, pull = pipe
    hearing = [gevent.spawn(pull.recv) for _ in range(20)]
    turns()
    for number in range(20):
        push.send(b"%d" % number)
    assert sorted(int(each.get()) for each in hearing) == list(range(20))


def test_a_send_waits_for_room(full):
    push, pull = full
    sending = gevent.spawn(push.send, b"last")
    turns()
    assert not sending.ready()
    while pull.recv() != b"last":
        pass
    sending.join()


def test_both_directions_at_once(pair):
    router, dealer = pair("tcp", zmq.ROUTER, zmq.DEALER)

    def echo():
        while True:
            router.send_multipart(router.recv_multipart())

    def ask(numbers):
        for number in numbers:
            dealer.send(b"%d" % number)
            gevent.sleep(0)

    echoing = gevent.spawn(echo)
    asking = [gevent.spawn(ask, range(start, 300, 3)) for start in range(3)]
    assert sorted(int(dealer.recv()) for _ in range(300)) == list(range(300))
    gevent.joinall(asking)
    echoing.kill()


# ---- Waiting no longer


def test_dontwait(full):
    push, pull = full
    with pytest.raises(zmq.Again):
        push.send(b"", zmq.DONTWAIT)
    drain(pull)
    with pytest.raises(zmq.Again):
        pull.recv_multipart(zmq.DONTWAIT)


def test_a_time_out_of_gevents(pipe):
    push, pull = pipe
    for call in (pull.recv, pull.recv_multipart, pull.poll):
        with pytest.raises(gevent.Timeout), gevent.Timeout(0.01):
            call()
    push.send(b"message")
    assert pull.recv() == b"message"


@beyond_libzmq
def test_killing_one_who_waits_loses_nothing(pipe):
    push, pull = pipe
    first, second = gevent.spawn(pull.recv), gevent.spawn(pull.recv)
    turns()
    first.kill()
    push.send(b"message")
    assert second.get() == b"message"


def test_killing_at_any_moment_loses_nothing(pipe):
    push, pull = pipe
    chance = random.Random(1)
    received = []
    sent = 0

    def take():
        received.append(int(pull.recv()))

    for _ in range(2000):
        taking = gevent.spawn(take)
        turns(chance.randrange(3))
        if sent < len(received) + 3:
            for _ in range(chance.choice([0, 0, 1, 1, 2])):
                push.send(b"%d" % sent)
                sent += 1
        turns(chance.randrange(4))
        taking.kill(block=chance.random() < 0.5)
    turns()
    while len(received) < sent:
        take()
    assert received == list(range(sent))


def test_closing_wakes_who_waits(pipe, full):
    _, pull = pipe
    push, _ = full
    waiting = [gevent.spawn(pull.recv), gevent.spawn(push.send, b"")]
    turns()
    pull.close()
    push.close()
    for each in waiting:
        each.join()
        assert each.exception.errno == zmq.ENOTSOCK


def test_a_context_ends_when_its_sockets_are_closed():
    context = zmq.Context()
    pull = context.socket(zmq.PULL)
    pull.bind("inproc://a")
    hearing = gevent.spawn(pull.recv)
    turns()
    pull.close()
    context.term()
    assert context.closed
    hearing.join()


@pytest.mark.parametrize("option", ["RCVTIMEO", "SNDTIMEO"])
def test_the_sockets_own_time_outs_warn(socket, option):
    made = socket(zmq.PAIR)
    for use in (
        lambda: made.get(zmq.SocketOption[option]),
        lambda: made.set(zmq.SocketOption[option], 5),
        lambda: getattr(made, option.lower()),
        lambda: setattr(made, option.lower(), 5),
    ):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            use()
        assert [each.category for each in caught] == [UserWarning]


# ---- Polling


def test_poll(pipe):
    push, pull = pipe
    assert pull.poll(0) == 0
    assert pull.poll(10) == 0
    assert push.poll(TIMEOUT_MS, zmq.POLLIN | zmq.POLLOUT) == zmq.POLLOUT
    polling = gevent.spawn(pull.poll)
    turns()
    assert not polling.ready()
    push.send(b"")
    assert polling.get() == zmq.POLLIN


def test_a_poll_for_room(full):
    push, pull = full
    polling = gevent.spawn(push.poll, None, zmq.POLLOUT)
    turns()
    assert not polling.ready()
    drain(pull)
    assert polling.get() == zmq.POLLOUT


def test_a_poller_of_sockets_and_descriptors(pipe, pair):
    push, pull = pipe
    other_pull, other_push = pair("inproc", zmq.PULL, zmq.PUSH)
    reader, writer = os.pipe()
    poller = zmq.Poller()
    for polled in (pull, other_pull, reader):
        poller.register(polled, zmq.POLLIN)
    try:
        assert poller.poll(10) == []
        for send, polled in (
            (lambda: push.send(b""), pull),
            (lambda: other_push.send(b""), other_pull),
            (lambda: os.write(writer, b"!"), reader),
        ):
            polling = gevent.spawn(poller.poll)
            turns()
            assert not polling.ready()
            send()
            assert polling.get() == [(polled, zmq.POLLIN)]
            poller.unregister(polled)
    finally:
        os.close(reader)
        os.close(writer)


def test_looking_at_the_events_robs_nobody_of_them(pipe):
    push, pull = pipe
    waiting = [gevent.spawn(pull.poll), gevent.spawn(pull.recv)]
    turns()
    push.send(b"message")
    while not pull.get(zmq.EVENTS) and not waiting[1].ready():
        turns(1)
    assert waiting[1].get() == b"message"
    push.send(b"for the poll, if it came late")
    assert waiting[0].get() == zmq.POLLIN


# ---- Devices and contexts


def test_a_device_relays_both_ways(bound, socket):
    frontend, front = bound("tcp", zmq.ROUTER)
    backend, back = bound("inproc", zmq.DEALER)
    relaying = gevent.spawn(zmq.device, zmq.QUEUE, frontend, backend)
    rep, req = socket(zmq.REP), socket(zmq.REQ)
    rep.connect(back)
    req.connect(front)
    answering = gevent.spawn(lambda: rep.send(b"to " + rep.recv()))
    req.send_multipart([b"request"])
    assert req.recv() == b"to request"
    answering.join()
    relaying.kill()
    assert relaying.successful()


def test_a_device_with_one_socket_echoes(pair):
    rep, req = pair("inproc", zmq.REP, zmq.REQ)
    relaying = gevent.spawn(zmq.device, zmq.QUEUE, rep, rep)
    for number in range(3):
        req.send(b"%d" % number)
        assert req.recv() == b"%d" % number
    relaying.kill()


def test_what_the_module_has():
    assert all(hasattr(zmq, name) for name in zmq.__all__)
    assert zmq.Context is core._Context and zmq.Socket is core._Socket
    shared = zmq.Context.instance()
    assert type(shared) is zmq.Context and shared is zmq.Context.instance()
    with shared.socket(zmq.PAIR) as made:
        assert type(made) is zmq.Socket
        assert repr(made).startswith("<zmq.green.Socket(zmq.PAIR) at ")
    assert repr(shared).startswith("<zmq.green.Context() at ")
    shared.term()
