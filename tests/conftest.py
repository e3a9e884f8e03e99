"""Fixtures of all tests: contexts, sockets and pairs that must leave nothing behind.

Each test has a deadline, its context is terminated under one, and the threads and file
descriptors of the process are counted before and after, so a hang or a leak is a failure.
"""

import faulthandler
import gc
import os
import signal
import tempfile
import threading
import time

import pytest
from plain_ends import Ends
from support import TIMEOUT, TIMEOUT_MS, Background, Child, settle, wait_writable

import zmqlite as zmq

TEST_DEADLINE = 100
"""Seconds a test may take before it is interrupted, and some more before it is shot."""

NEEDS_PEER_TO_WRITE = {zmq.PAIR, zmq.PUSH, zmq.REQ, zmq.DEALER}
PUBLISHERS = {zmq.PUB, zmq.XPUB}
SUBSCRIBERS = {zmq.SUB, zmq.XSUB}


STDERR = pytest.StashKey[int]()


def pytest_configure(config):
    # A shell's background jobs ignore it, and so would the children that tests interrupt.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # The true one: what is written to the captured one is lost when the run is ended.
    with config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        config.stash[STDERR] = os.dup(2)
    config.addinivalue_line("markers", "interop: exchanges messages with pyzmq")
    config.addinivalue_line("markers", "beyond_libzmq: promised by zmqlite, absent from libzmq")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item):
    _arm_last_resort(item.config)  # again, as pytest disarms it when a test fails


def _arm_last_resort(config):
    last = TEST_DEADLINE + 2 * TIMEOUT
    faulthandler.dump_traceback_later(last, exit=True, file=config.stash[STDERR])


@pytest.fixture(autouse=True)
def deadline(request):
    """Interrupt a test that hangs; if it cannot be interrupted, end the run with a traceback."""

    def interrupt(*_):
        pytest.fail(f"{request.node.name} was still running after {TEST_DEADLINE} s")

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.alarm(TEST_DEADLINE)
    _arm_last_resort(request.config)
    yield
    faulthandler.cancel_dump_traceback_later()
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="session", autouse=True)
def warm():
    """Open what the process opens once and keeps, before anything is counted."""
    with zmq.Context() as context, context.socket(zmq.PAIR) as socket:
        socket.bind("tcp://127.0.0.1:*")


def pytest_collection_finish(session):
    # The tests themselves are for good: each collection below would walk thousands of them.
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def no_leaks(request, warm, deadline):
    """The test leaves no thread and no file descriptor behind."""
    before = _open_things()
    yield
    # Objects that only pytest's record of the arguments keeps alive are not leaked by the test.
    request.node.funcargs.clear()
    gc.collect()
    give_up = time.monotonic() + TIMEOUT
    while (after := _open_things()) != before and time.monotonic() < give_up:
        # A joined thread stays listed by the kernel for a moment and nothing tells when it goes.
        time.sleep(0.001)
        if all(after[kind] <= before[kind] for kind in before):
            break
    leaked = {kind: after[kind] - before[kind] for kind in before if after[kind] > before[kind]}
    assert not leaked, f"left behind: {leaked}, threads: {threading.enumerate()}"


def _open_things():
    tasks = "/proc/self/task"
    threads = os.listdir(tasks) if os.path.isdir(tasks) else threading.enumerate()
    return {"threads": len(threads), "file descriptors": len(os.listdir("/dev/fd"))}


@pytest.fixture
def endings():
    """The threads that terminate contexts, by context."""
    return {}


@pytest.fixture
def begin_term(endings):
    """Terminate a context in another thread, which ends at teardown, after the sockets."""

    def begin(context):
        endings[context] = Background(context.term)

    return begin


@pytest.fixture
def new_context(no_leaks, endings):
    """Make contexts; at teardown each must terminate, once its sockets are closed."""
    contexts = []

    def make(*args, **kwargs):
        contexts.append(zmq.Context(*args, **kwargs))
        return contexts[-1]

    yield make
    for context in contexts:
        if context not in endings:
            endings[context] = Background(context.term)
        endings[context].result()
    endings.clear()
    contexts.clear()


@pytest.fixture
def context(new_context):
    return new_context()


@pytest.fixture
def socket(context):
    """Make sockets whose calls give up after the deadline; they are closed at teardown.

    `bounded=False` leaves the time-outs at their defaults.
    """
    sockets = []

    def make(kind, options=None, *, bounded=True, context=context):
        made = context.socket(kind)
        sockets.append(made)
        if bounded:
            made.set(zmq.SNDTIMEO, TIMEOUT_MS)
            made.set(zmq.RCVTIMEO, TIMEOUT_MS)
        for option, value in (options or {}).items():
            made.set(option, value)
        return made

    yield make
    for made in sockets:
        made.close(linger=0)
    sockets.clear()


@pytest.fixture
def endpoint():
    """Make endpoints to bind to: endpoint("tcp"), endpoint("ipc"), endpoint("inproc")."""
    # Not tmp_path: with the name of the test in it, it is too long for a unix socket.
    # Not rmtree: a libzmq at the far end removes its socket when it pleases, perhaps meanwhile.
    with tempfile.TemporaryDirectory(prefix="zl") as folder:
        serial = iter(range(1_000_000))

        def make(transport):
            return {
                "tcp": "tcp://127.0.0.1:*",
                "ipc": f"ipc://{folder}/{next(serial)}",
                "inproc": f"inproc://test-{next(serial)}",
            }[transport]

        yield make


@pytest.fixture
def bound(socket, endpoint):
    """Make a bound socket; returns it and the endpoint to connect to."""

    def make(transport, kind, options=None):
        made = socket(kind, options)
        made.bind(endpoint(transport))
        return made, made.get(zmq.LAST_ENDPOINT)

    return make


@pytest.fixture
def pair(bound, socket):
    """Make two sockets that are connected: pair(transport, bound type, connecting type)."""

    def make(transport, a_type, b_type, a_options=None, b_options=None):
        a, address = bound(transport, a_type, a_options)
        b = socket(b_type, b_options)
        b.connect(address)
        if a_type in NEEDS_PEER_TO_WRITE:
            wait_writable(a)
        if a_type in PUBLISHERS:
            settle(a, b)
        if a_type in SUBSCRIBERS:
            settle(b, a)
        return a, b

    return make


@pytest.fixture(params=["tcp", "ipc", "inproc"])
def transport(request):
    return request.param


@pytest.fixture
def ends(no_leaks):
    """Plain tcp and unix ends and listeners; closed at teardown."""
    with Ends() as made:
        yield made


@pytest.fixture
def child(no_leaks):
    """Start Python children: child(script, *args); they are killed at teardown."""
    children = []

    def start(script, *args):
        children.append(Child(script, *args))
        return children[-1]

    yield start
    for started in children:
        started.kill()
