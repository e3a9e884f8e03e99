"""zmqlite with pyzmq in another process: each pattern, either sending, either bound."""

import importlib.util
import pathlib

import pytest
from remote import Remote, both_roles, both_ways, each_transport

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(not importlib.util.find_spec("zmq"), reason="pyzmq is not installed"),
]

PATTERNS = [
    ("PUSH", "PULL", 100_000),
    ("PUB", "SUB", 100_000),
    ("XPUB", "XSUB", 100_000),
    ("PAIR", "PAIR", 100_000),
    ("DEALER", "ROUTER", 100_000),
    ("ROUTER", "DEALER", 100_000),
    ("REQ", "REP", 5_000),
]


@pytest.fixture(scope="session")
def remote():
    made = Remote(pathlib.Path(__file__).with_name("peer.py"))
    yield made
    made.kill()


@both_ways
@both_roles
@each_transport
@pytest.mark.parametrize(("sender", "receiver", "count"), PATTERNS)
def test_numbered_messages(run, transport, sender, receiver, count, we_bind, we_send):
    run(transport, sender, receiver, we_bind, we_send, count=count)


@both_ways
@both_roles
@each_transport
@pytest.mark.parametrize(("sender", "receiver"), [("PUSH", "PULL"), ("REQ", "REP")])
def test_all_sizes(run, transport, sender, receiver, we_bind, we_send):
    run(transport, sender, receiver, we_bind, we_send, messages="sweep")
