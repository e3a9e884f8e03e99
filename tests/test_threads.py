"""One socket, many threads; and what close and term do to a thread that waits.

Every call is made from several threads at once: nothing may be lost, doubled or torn.
"""

import itertools
import os
import struct
import sys
import threading
import zlib

import pytest
from support import (
    TIMEOUT,
    TIMEOUT_MS,
    Background,
    beyond_libzmq,
    fails_with,
    fill,
    settle,
    wait_until,
)

import zmqlite as zmq

THREADS = 4
EACH = 1000
END = b"end"


def message(sender, number):
    """A multipart message that shows whose it is, its place, and any damage."""
    body = b"%d" % number * (number % 50)
    head = struct.pack(">III", sender, number, zlib.crc32(body))
    return [head, body, b""]


def check(parts):
    """(sender, number) of a message that arrived in one piece."""
    head, body, tail = parts
    sender, number, checksum = struct.unpack(">III", head)
    assert zlib.crc32(body) == checksum and tail == b""
    return sender, number


def send_all(socket, sender):
    for number in range(EACH):
        socket.send_multipart(message(sender, number))


def receive_all(socket):
    return [check(socket.recv_multipart()) for _ in range(THREADS * EACH)]


def receive_until_end(socket):
    received = []
    while (parts := socket.recv_multipart()) != [END]:
        received.append(check(parts))
    return received


@pytest.fixture
def endless(pair):
    """Like pair, without limits of time or room: a lost wake-up must hang, not pass as a delay."""

    def make(transport, a_type, b_type, **limits):
        options = {zmq.SNDTIMEO: -1, zmq.RCVTIMEO: -1}
        options |= {getattr(zmq, name): value for name, value in limits.items()}
        return pair(transport, a_type, b_type, options, options)

    return make


def everything():
    return [(sender, number) for sender in range(THREADS) for number in range(EACH)]


def assert_in_order(received):
    for sender in range(THREADS):
        numbers = [number for who, number in received if who == sender]
        assert numbers == list(range(EACH)), "messages of one thread were lost or changed places"


def results(threads):
    return [thread.result() for thread in threads]


def many_senders(socket):
    return [Background(send_all, socket, name) for name in range(THREADS)]


@beyond_libzmq
@pytest.mark.parametrize(
    ("a_type", "b_type"),
    [(zmq.PUSH, zmq.PULL), (zmq.PAIR, zmq.PAIR), (zmq.DEALER, zmq.DEALER)],
)
def test_many_threads_send_and_one_receives(endless, transport, a_type, b_type):
    a, b = endless(transport, a_type, b_type)
    senders = many_senders(a)
    assert_in_order(Background(receive_all, b).result())
    results(senders)


@beyond_libzmq
@pytest.mark.parametrize(
    ("a_type", "b_type"),
    [(zmq.PUSH, zmq.PULL), (zmq.PAIR, zmq.PAIR), (zmq.DEALER, zmq.DEALER)],
)
@pytest.mark.parametrize("limit", [10, 1000])
def test_many_threads_send_and_many_receive(endless, transport, a_type, b_type, limit):
    a, b = endless(transport, a_type, b_type, SNDHWM=limit, RCVHWM=limit)
    receivers = [Background(receive_until_end, b) for _ in range(THREADS)]
    results(many_senders(a))
    for _ in receivers:
        a.send(END)
    received = [each for part in results(receivers) for each in part]
    assert sorted(received) == everything()


@beyond_libzmq
@pytest.mark.parametrize("kind", [zmq.PAIR, zmq.DEALER])
def test_many_threads_use_both_ends_both_ways(endless, transport, kind):
    a, b = endless(transport, kind, kind)
    receivers = {end: Background(receive_until_end, end) for end in (a, b)}
    for senders in [many_senders(a), many_senders(b)]:
        results(senders)
    for end in (a, b):
        end.send(END)
    for receiver in receivers.values():
        assert_in_order(receiver.result())


@beyond_libzmq
@pytest.mark.parametrize("pub_type", [zmq.PUB, zmq.XPUB])
@pytest.mark.parametrize("sub_type", [zmq.SUB, zmq.XSUB])
def test_many_threads_publish(endless, transport, pub_type, sub_type):
    pub, sub = endless(transport, pub_type, sub_type, SNDHWM=0, RCVHWM=0)
    if sub_type == zmq.SUB:
        sub.subscribe(b"")
    else:
        sub.send(b"\x01")
    settle(pub, sub)
    senders = many_senders(pub)
    assert_in_order(Background(receive_all, sub).result())
    results(senders)


@beyond_libzmq
def test_many_threads_subscribe_while_others_publish(endless, transport):
    pub, sub = endless(transport, zmq.PUB, zmq.SUB, SNDHWM=0, RCVHWM=0)

    def come_and_go(name):
        for number in range(200):
            sub.subscribe(b"%d.%d" % (name, number))
            sub.unsubscribe(b"%d.%d" % (name, number))

    def read_to_the_end():
        while sub.recv() != END:
            pass

    fickle = [Background(come_and_go, name) for name in range(THREADS)]
    publishing = Background(lambda: [pub.send(b"0.%d" % number) for number in range(2000)])
    results([*fickle, publishing])
    sub.subscribe(END)
    settle(pub, sub)
    pub.send(END)
    Background(read_to_the_end).result()


@beyond_libzmq
def test_many_threads_share_a_dealer_and_a_router(endless, transport):
    router, dealer = endless(transport, zmq.ROUTER, zmq.DEALER, SNDHWM=0, RCVHWM=0)

    def work():
        while (parts := router.recv_multipart())[1:] != [END]:
            router.send_multipart(parts)

    workers = [Background(work) for _ in range(THREADS)]
    senders = many_senders(dealer)
    received = Background(receive_all, dealer).result()
    results(senders)
    for _ in workers:
        dealer.send(END)
    results(workers)
    assert sorted(received) == everything()


@beyond_libzmq
def test_many_threads_share_a_req_and_a_rep(pair, transport):
    """Turns are taken by whoever comes first; a call out of turn fails and changes nothing."""
    rep, req = pair(transport, zmq.REP, zmq.REQ)
    over = threading.Event()
    asked, answered = [], []

    def ask(name):
        for number in itertools.count():
            question = b"%d.%d" % (name, number)
            if _in_turn(req.send, question, zmq.DONTWAIT)[0]:
                asked.append(question)
            received, answer = _in_turn(req.recv, zmq.DONTWAIT)
            if received:
                answered.append(answer)
            if len(answered) >= 300 or over.is_set():
                return over.set()

    def reply():
        while not over.is_set():
            rep.poll(5)
            received, question = _in_turn(rep.recv, zmq.DONTWAIT)
            if received:
                rep.send(b"re " + question)

    threads = [Background(ask, name) for name in range(2)] + [Background(reply) for _ in range(2)]
    in_time = over.wait(TIMEOUT)
    over.set()
    results(threads)
    assert in_time, f"{len(asked)} questions and {len(answered)} answers"
    assert len(asked) - len(answered) in (0, 1)
    assert len(set(answered)) == len(answered)
    assert set(answered) <= {b"re " + question for question in asked}


def _in_turn(call, *args):
    """Whether the call was in turn and did not have to wait, and what it returned."""
    try:
        return True, call(*args)
    except zmq.ZMQError as error:
        assert error.errno in (zmq.EFSM, zmq.EAGAIN)
        return False, None


@pytest.fixture
def busy(child):
    """Other processes take the cores, and other threads the interpreter, at any moment."""
    for _ in range(os.cpu_count() or 1):
        child("-c", "while True: pass")
    over = threading.Event()

    def spin():
        while not over.is_set():
            pass

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    spinning = [Background(spin) for _ in range(2)]
    yield
    over.set()
    sys.setswitchinterval(interval)
    results(spinning)


def test_no_message_waits_for_the_next_one(busy, endpoint, transport):
    """Each is awaited before the next is sent, from the first of a context and connection on."""
    for _ in range(30):
        with zmq.Context() as context, context.socket(zmq.PULL) as pull:
            pull.set(zmq.RCVTIMEO, TIMEOUT_MS)
            pull.bind(endpoint(transport))
            with context.socket(zmq.PUSH) as push:
                push.set(zmq.LINGER, 0)
                push.connect(pull.get(zmq.LAST_ENDPOINT))
                for number in range(5):
                    push.send(b"%d" % number)
                    assert pull.recv() == b"%d" % number


@beyond_libzmq
def test_many_threads_poll_one_socket(pair, transport):
    push, pull = pair(transport, zmq.PUSH, zmq.PULL)
    waiting = [Background(pull.poll, TIMEOUT_MS) for _ in range(THREADS)]
    push.send(b"x")
    assert results(waiting) == [zmq.POLLIN] * THREADS
    assert pull.recv() == b"x"


@beyond_libzmq
def test_options_change_while_messages_flow(pair, transport):
    push, pull = pair(transport, zmq.PUSH, zmq.PULL)
    sending = Background(send_all, push, 0)

    def fiddle():
        for number in range(500):
            push.set(zmq.SNDHWM, 10 + number)
            pull.set(zmq.RCVHWM, 10 + number)
            assert push.get(zmq.TYPE) == zmq.PUSH

    fiddling = Background(fiddle)
    assert [check(pull.recv_multipart()) for _ in range(EACH)] == everything()[:EACH]
    results([sending, fiddling])


@beyond_libzmq
def test_endpoints_come_and_go_while_messages_flow(pair, endpoint):
    pull, push = pair("tcp", zmq.PULL, zmq.PUSH)

    def rebind():
        for _ in range(50):
            address = endpoint("inproc")
            pull.bind(address)
            pull.unbind(address)

    sending, rebinding = Background(send_all, push, 0), Background(rebind)
    assert [check(pull.recv_multipart()) for _ in range(EACH)] == everything()[:EACH]
    results([sending, rebinding])


def _blocking_calls(pair, transport):
    """Every call that waits, each on sockets where it would wait for ever."""
    timeless = {zmq.RCVTIMEO: -1, zmq.SNDTIMEO: -1}
    _, pull = pair(transport, zmq.PUSH, zmq.PULL, timeless, timeless)
    full, _ = pair(
        transport, zmq.PUSH, zmq.PULL, {**timeless, zmq.SNDHWM: 1}, {**timeless, zmq.RCVHWM: 1}
    )
    body = bytes(1_000_000)
    fill(full, body)
    front, back = (pair(transport, zmq.DEALER, zmq.ROUTER, timeless, timeless)[1] for _ in "12")
    poller = zmq.Poller()
    poller.register(pull, zmq.POLLIN)

    return {
        "recv": (pull, pull.recv),
        "recv_multipart": (pull, pull.recv_multipart),
        "recv as frame": (pull, lambda: pull.recv(copy=False)),
        "recv_into": (pull, lambda: pull.recv_into(bytearray(9))),
        "send": (full, lambda: pour(full, body)),
        "poll": (pull, pull.poll),
        "Poller.poll": (pull, poller.poll),
        "zmq_poll": (pull, lambda: zmq.zmq_poll([(pull, zmq.POLLIN)], -1)),
        "proxy": (front, lambda: zmq.proxy(front, back)),
    }


CALLS = ["recv", "recv_multipart", "recv as frame", "recv_into", "send", "poll", "Poller.poll"]
CALLS += ["zmq_poll", "proxy"]


@pytest.mark.parametrize("call", CALLS)
def test_term_wakes_a_blocked_call(context, begin_term, pair, transport, call):
    _, blocks = _blocking_calls(pair, transport)[call]
    waiting = Background(blocks)
    begin_term(context)
    assert isinstance(waiting.outcome(), zmq.ContextTerminated)


@beyond_libzmq
@pytest.mark.parametrize("call", CALLS)
def test_close_wakes_a_blocked_call(pair, transport, call):
    used, blocks = _blocking_calls(pair, transport)[call]
    waiting = Background(blocks)
    used.close(linger=0)
    outcome = waiting.outcome()
    assert isinstance(outcome, zmq.ZMQError)
    assert outcome.errno in (zmq.ENOTSOCK, zmq.ENOTSUP)


@beyond_libzmq
def test_close_wakes_every_blocked_thread(pair, transport):
    _, pull = pair(transport, zmq.PUSH, zmq.PULL)
    waiting = [Background(pull.recv) for _ in range(THREADS)]
    pull.close()
    for each in waiting:
        assert each.outcome().errno == zmq.ENOTSOCK


def pour(socket, body=b"x"):
    while True:
        socket.send(body)


@beyond_libzmq
def test_closing_from_many_threads_at_once(pair, transport):
    for _ in range(20):
        a, b = pair(transport, zmq.PUSH, zmq.PULL)
        sending = Background(pour, a)
        wait_until(lambda b=b: b.poll(10), "messages flow")
        results([Background(a.close, 0) for _ in range(THREADS)])
        assert sending.outcome().errno == zmq.ENOTSOCK


def test_a_terminated_context_makes_no_sockets(context, begin_term, socket):
    pull = socket(zmq.PULL)
    begin_term(context)
    with pytest.raises(zmq.ContextTerminated):
        pull.recv()
    with pytest.raises(zmq.ZMQError):
        context.socket(zmq.PULL)


def test_a_context_is_used_from_many_threads(context, endpoint):
    def converse():
        with context.socket(zmq.PULL) as pull, context.socket(zmq.PUSH) as push:
            pull.set(zmq.RCVTIMEO, TIMEOUT_MS)
            pull.bind(endpoint("inproc"))
            push.connect(pull.get(zmq.LAST_ENDPOINT))
            for number in range(50):
                push.send(b"%d" % number)
                assert pull.recv() == b"%d" % number

    for _ in range(5):
        results([Background(converse) for _ in range(2 * THREADS)])


def test_a_closed_socket_refuses_calls(socket):
    made = socket(zmq.DEALER)
    made.close()
    for call in (made.recv, lambda: made.send(b"x")):
        with fails_with(zmq.ENOTSOCK):
            call()
