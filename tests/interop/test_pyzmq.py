"""zmqlite with pyzmq in another process: each pattern, either sending, either bound."""

import importlib.util
import json
import pathlib

import pytest
import traffic
from support import Child

import zmqlite as zmq

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(not importlib.util.find_spec("zmq"), reason="pyzmq is not installed"),
]

PEER = pathlib.Path(__file__).with_name("peer.py")

PATTERNS = [
    ("PUSH", "PULL", 100_000),
    ("PUB", "SUB", 100_000),
    ("XPUB", "XSUB", 100_000),
    ("PAIR", "PAIR", 100_000),
    ("DEALER", "ROUTER", 100_000),
    ("ROUTER", "DEALER", 100_000),
    ("REQ", "REP", 5_000),
]


class Remote:
    """The process that pyzmq runs in; replaced after a run that did not end as it should."""

    def __init__(self):
        self._child = Child(PEER)
        self._at_rest = True

    def begin(self, **task):
        if not self._at_rest:
            self.kill()
            self._child = Child(PEER)
        self._at_rest = False
        self._child.tell(json.dumps(task))
        return self._child.line()

    def say(self, text):
        self._child.tell(text)

    def heard(self):
        return self._child.has_line(0.001) and self._child.line()

    def end(self):
        self._child.expect("done")
        self._at_rest = True

    def kill(self):
        self._child.kill()


@pytest.fixture(scope="session")
def remote():
    made = Remote()
    yield made
    made.kill()


@pytest.fixture
def run(context, endpoint, remote):
    """Pass messages between a zmqlite socket and one of pyzmq, and check them."""

    def make(transport, ours, theirs, we_bind, we_send, messages="numbered", count=0):
        task = {"kind": theirs, "sends": not we_send, "messages": messages, "count": count}
        address = endpoint(transport)
        if not we_bind:
            address = remote.begin(**task, bind=True, address=address)
        socket, address = traffic.open_socket(zmq, context, ours, we_bind, address)
        with socket:
            if we_bind:
                remote.begin(**task, bind=False, address=address)
            due = traffic.sweep() if messages == "sweep" else traffic.numbered(count)
            if we_send:
                traffic.send(socket, ours, due, remote.heard)
            else:
                traffic.receive(socket, ours, due, remote.say)
            remote.end()

    return make


both_ways = pytest.mark.parametrize("we_send", [True, False], ids=["we send", "they send"])
both_roles = pytest.mark.parametrize("we_bind", [True, False], ids=["we bind", "they bind"])
each_transport = pytest.mark.parametrize("transport", ["tcp", "ipc"])


@both_ways
@both_roles
@each_transport
@pytest.mark.parametrize(("sender", "receiver", "count"), PATTERNS)
def test_numbered_messages(run, transport, sender, receiver, count, we_bind, we_send):
    ours, theirs = (sender, receiver) if we_send else (receiver, sender)
    run(transport, ours, theirs, we_bind, we_send, count=count)


@both_ways
@both_roles
@each_transport
@pytest.mark.parametrize(("sender", "receiver"), [("PUSH", "PULL"), ("REQ", "REP")])
def test_all_sizes(run, transport, sender, receiver, we_bind, we_send):
    ours, theirs = (sender, receiver) if we_send else (receiver, sender)
    run(transport, ours, theirs, we_bind, we_send, messages="sweep")
