"""Heartbeats between sockets: a peer that stops is noticed, one that lives is not."""

import importlib.util
import itertools
import pathlib
import signal

import pytest
from support import beyond_libzmq, drain, wait_until

import zmqlite as zmq

PEER = pathlib.Path(__file__).with_name("heartbeat_peer.py")

IVL = 50
TIMEOUT_OF_PEER = 400
"""Milliseconds. A live peer must never take as long, however busy the machine is."""

BEATING = {"HEARTBEAT_IVL": IVL, "HEARTBEAT_TIMEOUT": TIMEOUT_OF_PEER}

WITH_PYZMQ = pytest.param(
    "zmq",
    id="pyzmq",
    marks=[
        pytest.mark.interop,
        pytest.mark.skipif(not importlib.util.find_spec("zmq"), reason="pyzmq is not installed"),
    ],
)
each_library = pytest.mark.parametrize("library", ["zmqlite", WITH_PYZMQ])
both_roles = pytest.mark.parametrize("we_bind", [True, False], ids=["we bind", "they bind"])


def options(names):
    return {getattr(zmq, name): value for name, value in names.items()}


@pytest.fixture
def echo(socket, endpoint, child):
    """Make a ROUTER and a child process that echoes for it.

    IMMEDIATE lets a ROUTER that connects forget a peer whose connection is lost, too.
    """

    def make(transport, we_bind, library, ours, theirs):
        router = socket(zmq.ROUTER, {zmq.ROUTER_MANDATORY: 1, zmq.IMMEDIATE: 1, **options(ours)})
        told = [f"{name}={value}" for name, value in theirs.items()]
        address = endpoint(transport)
        if we_bind:
            router.bind(address)
            address = router.get(zmq.LAST_ENDPOINT).decode()
        peer = child(PEER, library, "connect" if we_bind else "bind", address, *told)
        address = peer.line()
        if not we_bind:
            router.connect(address)
        return router, Echo(router, peer)

    return make


class Echo:
    """The child, as the ROUTER knows it."""

    def __init__(self, router, peer):
        self._router, self._peer = router, peer
        self._serial = itertools.count()

    def is_known(self):
        """True if a message can be sent to it. It then has been, and will come back.

        What has come back is read, as in libzmq a lost peer keeps its name until then.
        """
        drain(self._router)
        try:
            self._router.send_multipart([b"peer", b"probe"])
        except zmq.ZMQError as error:
            assert error.errno == zmq.EHOSTUNREACH
            return False
        return True

    def converse(self):
        wait_until(self.is_known, "the peer is known")
        question = [b"peer", b"question %d" % next(self._serial)]
        self._router.send_multipart(question)
        while self._router.recv_multipart() != question:
            pass

    def be_idle(self, milliseconds):
        """Return when nothing but heartbeats has passed for so long."""
        while self._router.poll(milliseconds):
            drain(self._router)

    def stop(self):
        self._peer.signal(signal.SIGSTOP)

    def go_on(self):
        self._peer.signal(signal.SIGCONT)


@beyond_libzmq  # in that it can be told by stats()
@both_roles
@each_library
def test_an_idle_link_stays(echo, library, we_bind):
    beating = {**BEATING, "HEARTBEAT_TTL": TIMEOUT_OF_PEER}
    router, peer = echo("tcp", we_bind, library, beating, beating)
    peer.converse()
    peer.be_idle(2 * TIMEOUT_OF_PEER)
    peer.converse()
    assert router.stats()["closed"] == {}


@both_roles
@pytest.mark.parametrize(
    ("transport", "library"),
    [
        ("tcp", "zmqlite"),
        ("ipc", "zmqlite"),
        pytest.param("tcp", "zmq", id="tcp-pyzmq", marks=WITH_PYZMQ.marks),
    ],
)
def test_a_stopped_process_is_noticed_and_comes_back(echo, transport, library, we_bind):
    _, peer = echo(transport, we_bind, library, BEATING, BEATING)
    peer.converse()
    peer.stop()
    wait_until(lambda: not peer.is_known(), "the peer is forgotten")
    peer.go_on()
    peer.converse()


@each_library
@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_a_stopped_process_is_noticed_by_the_time_to_live_it_gave(echo, transport, library):
    beating = {"HEARTBEAT_IVL": IVL, "HEARTBEAT_TIMEOUT": 0, "HEARTBEAT_TTL": TIMEOUT_OF_PEER}
    _, peer = echo(transport, True, library, {}, beating)
    peer.converse()
    peer.be_idle(3 * IVL)  # until its last frame is a PING: any other ends the time to live
    peer.stop()
    wait_until(lambda: not peer.is_known(), "the peer is forgotten")


@beyond_libzmq
@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_a_reader_at_its_high_water_mark_is_alive(pair, transport):
    """It reads neither PINGs nor PONGs, as they lie behind messages; and it sends PINGs."""
    beating = options({**BEATING, "SNDHWM": 10, "RCVHWM": 10})
    push, pull = pair(transport, zmq.PUSH, zmq.PULL, beating, beating)
    sent = []
    while push.poll(2 * TIMEOUT_OF_PEER, zmq.POLLOUT):
        sent.append(b"%d" % len(sent) + bytes(10_000))
        push.send(sent[-1])
    assert [pull.recv() for _ in sent] == sent
    assert push.stats()["closed"] == pull.stats()["closed"] == {}


def test_over_inproc_nothing_beats(pair):
    beating = options({"HEARTBEAT_IVL": 1, "HEARTBEAT_TIMEOUT": 1, "HEARTBEAT_TTL": 100})
    push, pull = pair("inproc", zmq.PUSH, zmq.PULL, beating, beating)
    assert not pull.poll(100)
    push.send(b"message")
    assert pull.recv() == b"message"
