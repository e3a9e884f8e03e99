"""REQ and REP: one question, one answer, in step."""

import pytest
from support import drain, fails_with, readable, wait_alone, wait_readable, wait_writable, writable

import zmqlite as zmq


@pytest.fixture
def reqrep(pair, transport):
    rep, req = pair(transport, zmq.REP, zmq.REQ)
    return req, rep


def test_reqrep_identity(socket):
    req, rep = socket(zmq.REQ), socket(zmq.REP)
    assert req.type == zmq.REQ and req.get(zmq.TYPE) == 3
    assert rep.type == zmq.REP and rep.get(zmq.TYPE) == 4


@pytest.mark.parametrize("copy", [True, False])
def test_req_must_send_first(reqrep, copy):
    req, _ = reqrep
    with fails_with(zmq.EFSM):
        req.recv(copy=copy)


@pytest.mark.parametrize("copy", [True, False])
def test_rep_must_recv_first(reqrep, copy):
    _, rep = reqrep
    with fails_with(zmq.EFSM):
        rep.send(b"x", copy=copy)


def test_req_sends_once(reqrep):
    req, rep = reqrep
    req.send(b"first")
    with fails_with(zmq.EFSM):
        req.send(b"second")
    assert rep.recv() == b"first"
    rep.send(b"answer")
    assert req.recv() == b"answer"
    with fails_with(zmq.EFSM):
        req.recv()


def test_rep_answers_once(reqrep):
    req, rep = reqrep
    req.send(b"question")
    assert rep.recv() == b"question"
    with fails_with(zmq.EFSM):
        rep.recv()
    rep.send(b"answer")
    with fails_with(zmq.EFSM):
        rep.send(b"another")
    assert req.recv() == b"answer"


def test_the_state_changes_with_the_last_frame(reqrep):
    req, rep = reqrep
    req.send(b"a", zmq.SNDMORE)
    with fails_with(zmq.EFSM):
        req.recv()
    req.send(b"b")
    assert rep.recv() == b"a"
    with fails_with(zmq.EFSM):
        rep.send(b"too early")
    assert rep.recv() == b"b"
    rep.send(b"c", zmq.SNDMORE)
    with fails_with(zmq.EFSM):
        rep.recv()
    rep.send(b"d")
    assert req.recv() == b"c"
    with fails_with(zmq.EFSM):
        req.send(b"too early")
    assert req.recv() == b"d"
    req.send(b"next")
    assert rep.recv() == b"next"


def test_req_without_a_peer_cannot_send(bound, transport):
    req, _ = bound(transport, zmq.REQ)
    assert not writable(req)
    with pytest.raises(zmq.Again):
        req.send(b"x", zmq.DONTWAIT)


def test_polling_follows_the_state(reqrep):
    req, rep = reqrep
    wait_writable(req)
    assert not readable(req) and not readable(rep) and not writable(rep)
    req.send(b"question")
    assert not writable(req)
    wait_readable(rep)
    assert not writable(rep)
    rep.recv()
    assert writable(rep) and not readable(rep)
    rep.send(b"answer")
    assert not writable(rep)
    wait_readable(req)
    req.recv()
    assert writable(req) and not readable(req)


@pytest.mark.parametrize("body", [[b""], [b"", b""], [b"x"], [b"a", b"", b"c"], [bytes(100_000)]])
def test_bodies_arrive_unchanged(reqrep, body):
    req, rep = reqrep
    for _ in range(3):
        req.send_multipart(body)
        assert rep.recv_multipart() == body
        rep.send_multipart(body)
        assert req.recv_multipart() == body


def test_req_asks_in_turn(bound, socket, transport):
    reps = [bound(transport, zmq.REP) for _ in range(3)]
    req = socket(zmq.REQ)
    for _, address in reps:
        req.connect(address)
    for number in range(6):
        req.send(b"%d" % number)
        rep, _ = reps[number % 3]
        assert rep.recv() == b"%d" % number
        rep.send(b"re %d" % number)
        assert req.recv() == b"re %d" % number


def test_rep_answers_whoever_asked(bound, socket, transport):
    rep, address = bound(transport, zmq.REP)
    clients = [socket(zmq.REQ) for _ in range(4)]
    for req in clients:
        req.connect(address)
    for turn in range(5):
        for number, req in enumerate(clients):
            req.send(b"%d.%d" % (number, turn))
        for _ in clients:
            rep.send(b"re " + rep.recv())
        for number, req in enumerate(clients):
            assert req.recv() == b"re %d.%d" % (number, turn)


def test_rep_serves_in_turn(bound, socket):
    rep, address = bound("inproc", zmq.REP)
    dealers = [socket(zmq.DEALER) for _ in range(3)]
    for name, dealer in enumerate(dealers):
        dealer.connect(address)
        for _ in range(10):
            dealer.send_multipart([b"", b"%d" % name])
    served = []
    for _ in range(15):
        served.append(rep.recv())
        rep.send(b"")
    assert all(served.count(b"%d" % name) == 5 for name in range(3))


def test_an_answer_to_a_peer_that_left_is_dropped(bound, socket, transport):
    rep, address = bound(transport, zmq.REP)
    leaver, stayer = socket(zmq.REQ), socket(zmq.REQ)
    leaver.connect(address)
    leaver.send(b"and gone")
    assert rep.recv() == b"and gone"
    leaver.close()
    rep.send(b"to nobody")
    stayer.connect(address)
    stayer.send(b"still here")
    assert rep.recv() == b"still here"
    rep.send(b"to you")
    assert stayer.recv() == b"to you"


def test_req_waits_on_when_its_server_leaves(bound, socket, transport):
    rep, address = bound(transport, zmq.REP)
    req = socket(zmq.REQ, {zmq.RCVTIMEO: 100})
    req.connect(address)
    req.send(b"question")
    assert rep.recv() == b"question"
    rep.close()
    with pytest.raises(zmq.Again):
        req.recv()
    with fails_with(zmq.EFSM):
        req.send(b"again")


def test_rep_returns_the_whole_path(pair, transport):
    rep, dealer = pair(transport, zmq.REP, zmq.DEALER)
    dealer.send_multipart([b"A", b"B", b"", b"question", b"more"])
    assert rep.recv_multipart() == [b"question", b"more"]
    rep.send(b"answer")
    assert dealer.recv_multipart() == [b"A", b"B", b"", b"answer"]


def test_rep_skips_a_message_without_a_path(pair, transport):
    rep, dealer = pair(transport, zmq.REP, zmq.DEALER)
    dealer.send_multipart([b"no", b"empty", b"frame"])
    dealer.send_multipart([b"", b"proper"])
    assert rep.recv_multipart() == [b"proper"]


def test_req_through_a_router(pair, transport):
    router, req = pair(transport, zmq.ROUTER, zmq.REQ, None, {zmq.ROUTING_ID: b"me"})
    req.send_multipart([b"question", b"more"])
    assert router.recv_multipart() == [b"me", b"", b"question", b"more"]
    router.send_multipart([b"me", b"", b"answer"])
    assert req.recv_multipart() == [b"answer"]


def test_an_answer_from_another_server_is_not_taken(bound, socket):
    """Replies of a peer that was not asked wait in its pipe and are thrown away."""
    (asked, asked_address), (other, other_address) = (bound("inproc", zmq.ROUTER) for _ in range(2))
    req = socket(zmq.REQ, {zmq.ROUTING_ID: b"me"})
    req.connect(asked_address)
    req.connect(other_address)
    req.send(b"question")
    path = asked.recv_multipart()[:2]
    other.send_multipart([*path, b"from the wrong one"])
    asked.send_multipart([*path, b"from the right one"])
    assert req.recv() == b"from the right one"
    assert not readable(other) and not drain(asked)


def test_req_recovers_over_a_new_server(bound, socket, transport):
    """A request to a bound REQ's peer that left is lost; the next proper reply is accepted."""
    req, address = bound(transport, zmq.REQ)
    first = socket(zmq.REP)
    first.connect(address)
    req.send(b"question")
    assert first.recv() == b"question"
    first.send(b"answer")
    assert req.recv() == b"answer"
    first.close()
    wait_alone(req)
    second = socket(zmq.REP)
    second.connect(address)
    req.send(b"another")
    assert second.recv() == b"another"
    second.send(b"answer")
    assert req.recv() == b"answer"


def test_close_delivers_the_answer(reqrep):
    req, rep = reqrep
    req.send(b"question")
    assert rep.recv() == b"question"
    rep.send(b"last words")
    rep.close()
    assert req.recv() == b"last words"
