"""A peer is killed and started again: messages flow again, and no half of one arrives."""

import itertools
import pathlib
import struct
import zlib

import pytest
from support import Background, fails_with, free_port, wait_alone, wait_writable

import zmqlite as zmq

RIVAL = pathlib.Path(__file__).with_name("rival.py")
RUNS = 3
QUICK = {zmq.RECONNECT_IVL: 10}


@pytest.fixture(params=["tcp", "ipc"])
def address(request, endpoint):
    """An endpoint that one process after another can bind."""
    return f"tcp://127.0.0.1:{free_port()}" if request.param == "tcp" else endpoint("ipc")


def check(parts):
    """(run, number) of a message that arrived in one piece."""
    head, body, tail = parts
    run, number, checksum = struct.unpack(">III", head)
    assert zlib.crc32(body) == checksum and tail == b"", "a torn message was delivered"
    return run, number


def ask_until_answered(dealer, run):
    """Ask until an answer of this run comes; a question may be lost with the run before."""
    for number in itertools.count():
        question = [b"%d" % run, b"%d" % number, bytes(5000)]
        dealer.send_multipart(question)
        while dealer.poll(100):
            answering, *answer = dealer.recv_multipart()
            assert answer[2] == bytes(5000) and len(answer) == 3
            if int(answering) == run:
                return


def test_the_server_is_killed_and_restarted(child, socket, address):
    dealer = socket(zmq.DEALER, QUICK)
    dealer.connect(address)
    for _ in range(RUNS):
        server = child(RIVAL, "echo", address)
        ask_until_answered(dealer, server.pid)
        server.kill()


def test_the_client_is_killed_while_it_sends(child, socket, address):
    pull = socket(zmq.PULL)
    pull.bind(address)
    newest = {}
    for _ in range(RUNS):
        client = child(RIVAL, "pour", address)
        while newest.get(client.pid, -1) < 500:
            run, number = check(pull.recv_multipart())
            assert number > newest.get(run, -1), "the order was lost"
            newest[run] = number
        client.kill()


def test_the_server_is_killed_while_we_send(child, socket, address):
    push = socket(zmq.PUSH, QUICK)
    push.connect(address)
    for _ in range(RUNS):
        server = child(RIVAL, "swallow", address)
        while not server.has_line(0):
            if push.poll(10, zmq.POLLOUT):
                push.send_multipart([b"head", bytes(10_000), b"tail"])
        server.expect("3 frames")
        server.kill()


def test_a_bound_sender_outlives_its_receivers(child, socket, address):
    push = socket(zmq.PUSH)
    push.bind(address)
    for _ in range(RUNS):
        receiver = child(RIVAL, "collect", address)
        wait_writable(push)
        push.send_multipart([b"head", bytes(10_000), b"tail"])
        receiver.expect("3 frames")
        receiver.kill()
        wait_alone(push)


def test_a_subscription_outlives_the_publisher(child, socket, address):
    sub = socket(zmq.SUB, QUICK)
    sub.subscribe(b"wanted")
    sub.connect(address)
    for _ in range(RUNS):
        publisher = child(RIVAL, "publish", address)
        while True:
            topic, *parts = sub.recv_multipart()
            assert topic == b"wanted"
            if check(parts)[0] == publisher.pid:
                break
        publisher.kill()


def test_a_publisher_outlives_its_subscribers(child, socket, address):
    xpub = socket(zmq.XPUB)
    xpub.bind(address)
    for _ in range(RUNS):
        subscriber = child(RIVAL, "subscribe", address)
        assert xpub.recv() == b"\x01wanted"
        xpub.send_multipart([b"wanted", bytes(1000), b"", b"tail"])
        subscriber.expect("4 frames")
        subscriber.kill()
        assert xpub.recv() == b"\x00wanted"


def test_a_request_is_lost_with_its_server(child, socket, address):
    """The requester waits on, in its state; a new one starts afresh."""
    server = child(RIVAL, "echo", address)
    req = socket(zmq.REQ, {**QUICK, zmq.RCVTIMEO: 100})
    probe = socket(zmq.DEALER, QUICK)
    probe.connect(address)
    ask_until_answered(probe, server.pid)
    server.kill()
    rep = socket(zmq.REP)
    rep.bind(address)
    req.connect(address)
    req.send(b"question")
    while not rep.recv():
        rep.send(b"")
    rep.close(linger=0)
    with pytest.raises(zmq.Again):
        req.recv()
    with fails_with(zmq.EFSM):
        req.send(b"another")


def test_a_dead_server_does_not_hold_the_context(child, new_context, address):
    server = child(RIVAL, "swallow", address)
    context = new_context()
    push = context.socket(zmq.PUSH)
    push.connect(address)
    push.send_multipart([b"a", b"b", b"c"])
    server.expect("3 frames")
    server.kill()
    for _ in range(100):
        push.send(bytes(1000))
    push.close(linger=10)
    Background(context.term).result()
