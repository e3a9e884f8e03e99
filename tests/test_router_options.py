"""Options of ROUTER, and those by which others show themselves to it."""

import time

import pytest
from support import (
    Background,
    beyond_libzmq,
    drain,
    fails_with,
    free_port,
    readable,
    wait_alone,
    wait_until,
    wait_writable,
    writable,
)
from wire.zmtp import frame

import zmqlite as zmq

MANDATORY = {zmq.ROUTER_MANDATORY: 1}
HANDOVER = {zmq.ROUTER_HANDOVER: 1, **MANDATORY}
RAW = {zmq.ROUTER_RAW: 1}
PROBE = {zmq.PROBE_ROUTER: 1}
ONCE = {zmq.RECONNECT_IVL: -1}

inproc = pytest.mark.parametrize("transport", ["inproc"])
wired = pytest.mark.parametrize("transport", ["tcp", "ipc"])


def named(name):
    return {zmq.ROUTING_ID: name}


def unreachable(router, name):
    with fails_with(zmq.EHOSTUNREACH):
        router.send_multipart([name, b"lost"])


def wait_reachable(router, name):
    """Wait until somebody has this name; probes are what it gets first."""
    wait_until(lambda: _reaches(router, name), "the name is known")


def _reaches(router, name):
    try:
        router.send_multipart([name, b"probe"])
    except zmq.ZMQError as error:
        assert error.errno == zmq.EHOSTUNREACH
        return False
    return True


# ROUTER_MANDATORY -------------------------------------------------------------------------------

BODY = bytes(200_000)


@pytest.fixture
def full(bound, socket, transport):
    """A ROUTER whose only peer, me, is full; with that peer and the count of what it has.

    Over inproc that is certain; otherwise the kernel may come to take some more.
    """
    router, address = bound(transport, zmq.ROUTER, {zmq.SNDHWM: 2, **MANDATORY})
    dealer = socket(zmq.DEALER, {zmq.RCVHWM: 2, **named(b"me")})
    dealer.connect(address)
    wait_writable(router)
    count = 0
    while router.poll(50, zmq.POLLOUT):
        router.send_multipart([b"me", BODY])
        count += 1
    return router, dealer, count


@inproc
def test_a_full_peer_cannot_be_sent_to(full):
    router, dealer, count = full
    assert not writable(router)
    with pytest.raises(zmq.Again):
        router.send(b"me", zmq.SNDMORE | zmq.DONTWAIT)
    unreachable(router, b"nobody")
    for _ in range(count):
        assert dealer.recv_multipart() == [BODY]
    wait_writable(router)
    router.send_multipart([b"me", b"in step"])
    assert dealer.recv_multipart() == [b"in step"]


def test_sending_to_a_full_peer_waits_until_it_reads(full):
    router, dealer, count = full
    sending = Background(router.send_multipart, [b"me", b"waited for"])
    for _ in range(count):
        assert dealer.recv_multipart() == [BODY]
    assert dealer.recv_multipart() == [b"waited for"]
    sending.result()


def send_on(router, body):
    """Send until it fails; the processor time that the last send took."""
    try:
        while True:
            begun = time.thread_time()
            router.send_multipart([b"me", body])
    except zmq.Again:
        return time.thread_time() - begun


def test_waiting_for_a_full_peer_takes_no_work(full):
    router, _, _ = full
    router.set(zmq.SNDTIMEO, 300)
    assert send_on(router, BODY) < 0.15


@beyond_libzmq
def test_a_full_peer_that_leaves_is_waited_for_no_longer(full):
    """libzmq waits on until the time-out."""
    router, dealer, _ = full
    sending = Background(send_on, router, BODY)
    dealer.close()
    error = sending.outcome()
    assert isinstance(error, zmq.ZMQError) and error.errno == zmq.EHOSTUNREACH


def test_a_full_peer_does_not_hold_up_another(full, socket):
    router, _, _ = full
    other = socket(zmq.DEALER, named(b"other"))
    other.connect(router.get(zmq.LAST_ENDPOINT))
    wait_reachable(router, b"other")
    assert other.recv() == b"probe"


@inproc
def test_what_is_not_mandatory_is_dropped(full):
    router, dealer, count = full
    router.set(zmq.ROUTER_MANDATORY, 0)
    assert writable(router)
    router.send_multipart([b"me", b"dropped"], zmq.DONTWAIT)
    router.send_multipart([b"nobody", b"dropped"])
    router.set(zmq.ROUTER_MANDATORY, 1)
    for _ in range(count):
        assert dealer.recv_multipart() == [BODY]
    wait_writable(router)
    router.send_multipart([b"me", b"last"])
    assert dealer.recv_multipart() == [b"last"]


@pytest.mark.parametrize("name", [b"", b"nobody", bytes(5)])
def test_a_mandatory_router_stays_in_step(pair, transport, name):
    router, dealer = pair(transport, zmq.ROUTER, zmq.DEALER, MANDATORY, named(b"me"))
    wait_writable(router)
    with fails_with(zmq.EHOSTUNREACH):
        router.send(name, zmq.SNDMORE)
    router.send(name)  # a lone frame is no message
    router.send_multipart([b"me", b"hello"])
    assert dealer.recv_multipart() == [b"hello"]


# ROUTER_HANDOVER --------------------------------------------------------------------------------


@pytest.fixture
def contest(bound, socket, transport):
    """A ROUTER that has heard of two peers called me, one after the other."""
    router, address = bound(transport, zmq.ROUTER, HANDOVER)
    old, new = (socket(zmq.DEALER, {**named(b"me"), **ONCE}) for _ in range(2))
    for dealer, body in (old, b"old"), (new, b"new"):
        dealer.connect(address)
        dealer.send(body)
        assert router.recv_multipart() == [b"me", body]
    return router, old, new


def test_a_newcomer_takes_over(contest):
    router, old, new = contest
    for number in range(10):
        router.send_multipart([b"me", b"%d" % number])
        assert new.recv() == b"%d" % number
        new.send(b"re %d" % number)
        assert router.recv_multipart() == [b"me", b"re %d" % number]
    assert not readable(old)


def test_the_old_one_is_heard_no_more(contest):
    router, old, new = contest
    try:
        old.send(b"too late", zmq.DONTWAIT)
    except zmq.Again:
        assert not writable(old)
    new.send(b"from the new one")
    assert router.recv_multipart() == [b"me", b"from the new one"]
    old.close()
    router.send_multipart([b"me", b"still"])
    assert new.recv() == b"still"
    assert not drain(router)


def test_a_third_one_takes_over_again(contest, socket):
    router, _, new = contest
    third = socket(zmq.DEALER, {**named(b"me"), **ONCE})
    third.connect(router.get(zmq.LAST_ENDPOINT))
    third.send(b"third")
    assert router.recv_multipart() == [b"me", b"third"]
    router.send_multipart([b"me", b"to the third"])
    assert third.recv() == b"to the third"
    assert not readable(new)


@beyond_libzmq
def test_the_old_connection_is_closed(bound, ends, socket):
    """libzmq leaves it open, and deaf."""
    router, address = bound("tcp", zmq.ROUTER, HANDOVER)
    old = ends.dial(router)
    old.shake_hands(b"DEALER", identity=b"me")
    old.send(frame(b"old"))
    assert router.recv_multipart() == [b"me", b"old"]
    socket(zmq.DEALER, named(b"me")).connect(address)
    old.wait_closed()


def test_a_message_that_is_being_read_is_finished(bound, socket, transport):
    router, address = bound(transport, zmq.ROUTER, HANDOVER)
    old, new = (socket(zmq.DEALER, {**named(b"me"), **ONCE}) for _ in range(2))
    old.connect(address)
    old.send_multipart([b"head", b"middle", b"tail"])
    assert [router.recv(), router.recv()] == [b"me", b"head"]
    new.connect(address)
    new.send(b"new")
    assert [router.recv(), router.recv()] == [b"middle", b"tail"]
    assert router.recv_multipart() == [b"me", b"new"]


def test_a_message_to_the_old_one_is_not_cut_in_two(contest, socket):
    """The newcomer gets all of it, or nothing as in libzmq."""
    router, old, _ = contest
    third = socket(zmq.DEALER, {**named(b"me"), **ONCE})
    router.send(b"me", zmq.SNDMORE)
    router.send(b"head", zmq.SNDMORE)
    third.connect(router.get(zmq.LAST_ENDPOINT))
    third.send(b"third")
    assert router.recv_multipart() == [b"me", b"third"]
    router.send(b"tail")
    router.send_multipart([b"me", b"whole"])
    messages = [third.recv_multipart()]
    if messages != [[b"whole"]]:
        messages.append(third.recv_multipart())
    assert messages in ([[b"whole"]], [[b"head", b"tail"], [b"whole"]])
    assert not drain(old)


def test_a_chosen_name_is_taken_over(bound, socket, transport):
    router, address = bound(transport, zmq.ROUTER, HANDOVER)
    old, old_address = bound(transport, zmq.DEALER)
    router.set(zmq.CONNECT_ROUTING_ID, b"me")
    router.connect(old_address)
    router.send_multipart([b"me", b"to the old one"])
    assert old.recv() == b"to the old one"
    new = socket(zmq.DEALER, named(b"me"))
    new.connect(address)
    new.send(b"new")
    assert router.recv_multipart() == [b"me", b"new"]
    router.send_multipart([b"me", b"to the new one"])
    assert new.recv() == b"to the new one"


def test_without_handover_the_newcomer_waits_in_vain(bound, socket, transport):
    router, address = bound(transport, zmq.ROUTER, MANDATORY)
    old, new = (socket(zmq.DEALER, named(b"me")) for _ in range(2))
    old.connect(address)
    old.send(b"old")
    assert router.recv_multipart() == [b"me", b"old"]
    new.connect(address)
    new.send(b"ignored")
    assert not router.poll(50)
    old.close()
    wait_alone(router)
    assert not router.poll(50)
    unreachable(router, b"me")


# CONNECT_ROUTING_ID -----------------------------------------------------------------------------


@pytest.fixture
def connect_as(socket):
    """Connect a mandatory ROUTER to a peer that it calls so."""

    def make(address, name, options=None):
        router = socket(zmq.ROUTER, {zmq.CONNECT_ROUTING_ID: name, **MANDATORY, **(options or {})})
        router.connect(address)
        return router

    return make


def test_a_chosen_name_routes_at_once(bound, connect_as, transport):
    other, address = bound(transport, zmq.ROUTER, named(b"own name"))
    router = connect_as(address, b"chosen", named(b"me"))
    router.send_multipart([b"chosen", b"hello"])
    assert other.recv_multipart() == [b"me", b"hello"]
    other.send_multipart([b"me", b"hello to you"])
    assert router.recv_multipart() == [b"chosen", b"hello to you"]
    unreachable(router, b"own name")


@pytest.mark.parametrize("name", [b"x", bytes([255]) * 255])
def test_names_that_can_be_chosen(bound, connect_as, transport, name):
    dealer, address = bound(transport, zmq.DEALER)
    router = connect_as(address, name)
    router.send_multipart([name, b"hello"])
    assert dealer.recv() == b"hello"


def test_a_name_is_for_one_connection(bound, connect_as, transport):
    (first, first_address), (second, second_address) = (
        bound(transport, zmq.DEALER, named(b"D%d" % number)) for number in (1, 2)
    )
    router = connect_as(first_address, b"chosen")
    router.connect(second_address)
    wait_reachable(router, b"D2")
    assert second.recv() == b"probe"
    router.send_multipart([b"chosen", b"hello"])
    assert first.recv() == b"hello"


def test_the_last_name_chosen_counts(bound, socket, connect_as, transport):
    dealer, address = bound(transport, zmq.DEALER)
    router = socket(zmq.ROUTER, {zmq.CONNECT_ROUTING_ID: b"first", **MANDATORY})
    router.set(zmq.CONNECT_ROUTING_ID, b"second")
    router.connect(address)
    unreachable(router, b"first")
    router.send_multipart([b"second", b"hello"])
    assert dealer.recv() == b"hello"


def test_a_connect_that_fails_uses_no_name_up(bound, socket, transport):
    dealer, address = bound(transport, zmq.DEALER)
    router = socket(zmq.ROUTER, {zmq.CONNECT_ROUTING_ID: b"chosen", **MANDATORY})
    with fails_with(zmq.EINVAL):
        router.connect("tcp://nonsense")
    router.connect(address)
    router.send_multipart([b"chosen", b"hello"])
    assert dealer.recv() == b"hello"


def test_messages_wait_for_a_named_peer(connect_as, socket):
    address = f"tcp://127.0.0.1:{free_port()}"
    router = connect_as(address, b"chosen", {zmq.SNDHWM: 2, zmq.RECONNECT_IVL: 10})
    for number in range(2):
        router.send_multipart([b"chosen", b"%d" % number])
    assert not writable(router)
    with pytest.raises(zmq.Again):
        router.send_multipart([b"chosen", b"too much"], zmq.DONTWAIT)
    sending = Background(router.send_multipart, [b"chosen", b"2"])
    dealer = socket(zmq.DEALER)
    dealer.bind(address)
    assert [dealer.recv() for _ in range(3)] == [b"0", b"1", b"2"]
    sending.result()


def test_a_name_before_the_inproc_peer_binds(connect_as, socket, endpoint):
    address = endpoint("inproc")
    router = connect_as(address, b"chosen")
    router.send_multipart([b"chosen", b"early"])
    dealer = socket(zmq.DEALER, named(b"own name"))
    dealer.bind(address)
    assert dealer.recv() == b"early"
    dealer.send(b"answer")
    assert router.recv_multipart() == [b"chosen", b"answer"]


@pytest.mark.parametrize("first", [None, b"chosen"], ids=["announced", "chosen"])
def test_a_name_outlives_its_connection(bound, socket, first):
    """Whoever answers there next has it, whatever name that one announces."""
    other, address = bound("ipc", zmq.DEALER, named(b"one"))
    router = socket(zmq.ROUTER, {zmq.RECONNECT_IVL: 10, **MANDATORY})
    if first:
        router.set(zmq.CONNECT_ROUTING_ID, first)
    router.connect(address)
    name = first or b"one"
    wait_reachable(router, name)
    assert other.recv() == b"probe"
    other.close()
    another = socket(zmq.DEALER, named(b"another"))
    another.bind(address)
    another.send(b"hello")
    assert router.recv_multipart() == [name, b"hello"]
    unreachable(router, b"another")


@beyond_libzmq
def test_a_name_that_is_chosen_twice(bound, connect_as, transport):
    """libzmq aborts the process."""
    dealer, address = bound(transport, zmq.DEALER)
    _, other_address = bound(transport, zmq.DEALER)
    router = connect_as(address, b"chosen")
    router.set(zmq.CONNECT_ROUTING_ID, b"chosen")
    with fails_with(zmq.EINVAL):
        router.connect(other_address)
    router.send_multipart([b"chosen", b"hello"])
    assert dealer.recv() == b"hello"


@beyond_libzmq
def test_a_name_like_those_given_to_the_nameless(bound, connect_as, transport):
    _, address = bound(transport, zmq.DEALER)
    with fails_with(zmq.EINVAL):
        connect_as(address, b"\x00nul")


@beyond_libzmq
def test_a_name_that_a_peer_has_announced(bound, socket, transport):
    router, address = bound(transport, zmq.ROUTER, MANDATORY)
    dealer = socket(zmq.DEALER, named(b"me"))
    dealer.connect(address)
    wait_reachable(router, b"me")
    _, other_address = bound(transport, zmq.DEALER)
    router.set(zmq.CONNECT_ROUTING_ID, b"me")
    with fails_with(zmq.EINVAL):
        router.connect(other_address)


def test_a_newcomer_cannot_have_a_chosen_name(bound, socket, transport):
    dealer, dealer_address = bound(transport, zmq.DEALER)
    router, address = bound(transport, zmq.ROUTER, {zmq.CONNECT_ROUTING_ID: b"me", **MANDATORY})
    router.connect(dealer_address)
    thief = socket(zmq.DEALER, named(b"me"))
    thief.connect(address)
    thief.send(b"ignored")
    router.send_multipart([b"me", b"hello"])
    assert dealer.recv() == b"hello"
    dealer.send(b"hello to you")
    assert router.recv_multipart() == [b"me", b"hello to you"]
    assert not router.poll(50)


# PROBE_ROUTER -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [zmq.REQ, zmq.DEALER, zmq.ROUTER], ids=lambda kind: kind.name)
def test_a_probe_makes_a_peer_known(bound, socket, transport, kind):
    router, address = bound(transport, zmq.ROUTER, MANDATORY)
    prober = socket(kind, {**PROBE, **named(b"me")})
    prober.connect(address)
    assert router.recv_multipart() == [b"me", b""]
    assert not drain(router)
    if kind == zmq.REQ:
        prober.send(b"question")
        assert router.recv_multipart() == [b"me", b"", b"question"]
    router.send_multipart([b"me", b"", b"hello"])
    assert prober.recv_multipart()[-1] == b"hello"


@pytest.mark.parametrize("kind", [zmq.DEALER, zmq.ROUTER], ids=lambda kind: kind.name)
def test_a_dealer_sees_a_probe(bound, socket, transport, kind):
    dealer, address = bound(transport, zmq.DEALER)
    socket(kind, PROBE).connect(address)
    assert dealer.recv_multipart() == [b""]


def test_a_rep_does_not_see_a_probe(bound, socket, transport):
    rep, address = bound(transport, zmq.REP)
    req, dealer = (socket(kind, PROBE) for kind in (zmq.REQ, zmq.DEALER))
    for prober, question in (req, [b"q"]), (dealer, [b"", b"q"]):
        prober.connect(address)
        prober.send_multipart(question)
        assert rep.recv() == b"q"
        rep.send(b"a")
        assert prober.recv_multipart() == [*question[:-1], b"a"]
    assert not readable(rep)


def test_routers_probe_each_other(bound, socket, transport):
    bound_one, address = bound(transport, zmq.ROUTER, {**PROBE, **named(b"bound")})
    connected = socket(zmq.ROUTER, {**PROBE, **named(b"connected")})
    connected.connect(address)
    assert bound_one.recv_multipart() == [b"connected", b""]
    assert connected.recv_multipart() == [b"bound", b""]
    connected.send_multipart([b"bound", b"hello"])
    assert bound_one.recv_multipart() == [b"connected", b"hello"]


def test_a_probe_comes_first(socket):
    address = f"tcp://127.0.0.1:{free_port()}"
    dealer = socket(zmq.DEALER, {**PROBE, **named(b"me"), zmq.RECONNECT_IVL: 10})
    dealer.connect(address)
    dealer.send(b"hello")
    router = socket(zmq.ROUTER)
    router.bind(address)
    assert [router.recv_multipart() for _ in range(2)] == [[b"me", b""], [b"me", b"hello"]]


def test_a_probe_before_the_inproc_peer_binds(socket, endpoint):
    address = endpoint("inproc")
    socket(zmq.DEALER, {**PROBE, **named(b"me")}).connect(address)
    router = socket(zmq.ROUTER)
    router.bind(address)
    assert router.recv_multipart() == [b"me", b""]


# ROUTER_RAW -------------------------------------------------------------------------------------


@pytest.fixture
def meet(ends):
    """Connect a plain peer; the peer, and the id it is announced with."""

    def make(router):
        peer = ends.dial(router)
        name, nothing = router.recv_multipart()
        assert nothing == b"" and len(name) == 5 and name[0] == 0
        return peer, name

    return make


@wired
def test_a_raw_router_is_a_stream(bound, meet, transport):
    router, _ = bound(transport, zmq.ROUTER, RAW)
    (peer, name), (other, other_name) = meet(router), meet(router)
    peer.send(b"hello")
    assert router.recv_multipart() == [name, b"hello"]
    for each, to in (other, other_name), (peer, name):
        router.send_multipart([to, b"to you"])
        assert each.read(6) == b"to you"
    peer.close()
    assert router.recv_multipart() == [name, b""]
    assert router.get(zmq.ROUTING_ID) == b""


@wired
def test_a_raw_router_sends_the_first_frame(bound, meet, transport):
    router, _ = bound(transport, zmq.ROUTER, RAW)
    peer, name = meet(router)
    router.send_multipart([name, b"one", b"two", b"three"])
    router.send(name)
    router.send_multipart([b"nobody", b"dropped"])
    router.send_multipart([name, b"next"])
    assert peer.read(7) == b"onenext"


@wired
def test_a_raw_router_ends_a_connection(bound, meet, transport):
    router, _ = bound(transport, zmq.ROUTER, {**RAW, **MANDATORY})
    peer, name = meet(router)
    router.send_multipart([name, b""])
    wait_until(lambda: router.poll(0) >= 0 and peer.has_ended(), "the connection is ended")
    unreachable(router, name)
    assert not drain(router)


def test_a_raw_router_connects(connect_as, ends):
    listener = ends.listen()
    router = connect_as(listener.endpoint, b"server", {**RAW, zmq.RECONNECT_IVL: 10})
    for _ in range(2):
        peer = listener.accept()
        assert router.recv_multipart() == [b"server", b""]
        router.send_multipart([b"server", b"hello"])
        assert peer.read(5) == b"hello"
        peer.close()
        assert router.recv_multipart() == [b"server", b""]


def test_raw_is_for_good(socket, endpoint, meet):
    router = socket(zmq.ROUTER, RAW)
    router.set(zmq.ROUTER_RAW, 0)
    router.bind(endpoint("tcp"))
    meet(router)


def test_raw_comes_too_late_for_a_listener(bound, ends):
    router, _ = bound("tcp", zmq.ROUTER)
    router.set(zmq.ROUTER_RAW, 1)
    peer = ends.dial(router)
    assert peer.read(10) == bytes.fromhex("ff 00000000 00000001 7f")


# ROUTER_NOTIFY ----------------------------------------------------------------------------------

NOTICES = {"none": 0, "coming": 1, "leaving": 2, "both": 3}


@beyond_libzmq
@wired
@pytest.mark.parametrize("notify", NOTICES.values(), ids=NOTICES)
def test_notices_of_coming_and_leaving(bound, socket, transport, notify):
    """libzmq has it as a draft."""
    router, address = bound(transport, zmq.ROUTER, {zmq.ROUTER_NOTIFY: notify, **MANDATORY})
    assert router.get(zmq.ROUTER_NOTIFY) == notify
    for kind in zmq.DEALER, zmq.REQ:
        peer = socket(kind, named(b"me"))
        peer.connect(address)
        peer.send(b"hello")
        peer.close()
        expected = [[b"me", b"hello"] if kind == zmq.DEALER else [b"me", b"", b"hello"]]
        if notify & zmq.NOTIFY_CONNECT:
            expected.insert(0, [b"me", b""])
        if notify & zmq.NOTIFY_DISCONNECT:
            expected.append([b"me", b""])
        assert [router.recv_multipart() for _ in expected] == expected
        wait_alone(router)
        unreachable(router, b"me")


@beyond_libzmq
def test_inproc_gives_no_notice(bound, socket):
    router, address = bound("inproc", zmq.ROUTER, {zmq.ROUTER_NOTIFY: 3})
    dealer = socket(zmq.DEALER, named(b"me"))
    dealer.connect(address)
    dealer.send(b"hello")
    dealer.close()
    assert router.recv_multipart() == [b"me", b"hello"]
    assert not router.poll(50)


@beyond_libzmq
def test_a_connecting_router_gets_notices_too(socket, ends):
    listener = ends.listen()
    router = socket(zmq.ROUTER, {zmq.ROUTER_NOTIFY: 3, zmq.RECONNECT_IVL: 10})
    router.connect(listener.endpoint)
    for number in range(2):
        peer = listener.accept()
        peer.shake_hands(b"DEALER", identity=b"me")
        assert router.recv_multipart() == [b"me", b""]
        peer.send(frame(b"%d" % number) + frame(b"half", more=True))
        assert router.recv_multipart() == [b"me", b"%d" % number]
        peer.close()
        assert router.recv_multipart() == [b"me", b""]


@beyond_libzmq
def test_a_peer_without_a_handshake_gives_no_notice(bound, socket, ends):
    router, address = bound("tcp", zmq.ROUTER, {zmq.ROUTER_NOTIFY: 3})
    stranger = ends.dial(router)
    stranger.read(10)
    stranger.close()
    assert not router.poll(50)
    socket(zmq.DEALER, named(b"me")).connect(address)
    assert router.recv_multipart() == [b"me", b""]
