"""What several test files share: bounded waits, free endpoints, threads, child processes."""

import contextlib
import itertools
import os
import random
import resource
import select
import signal
import socket as plain
import subprocess
import sys
import threading
import time

import pytest

import zmqlite as zmq

TIMEOUT = float(os.environ.get("ZMQLITE_TEST_TIMEOUT", "20"))
"""Seconds after which a wait counts as a hang. Generous: a busy machine is only slow."""

TIMEOUT_MS = int(TIMEOUT * 1000)

TRANSPORTS = ("tcp", "ipc", "inproc")

beyond_libzmq = pytest.mark.beyond_libzmq
"""Marks behaviour that zmqlite promises and libzmq does not have."""

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

_serial = itertools.count()


def wait_until(condition, what):
    """Wait for a state that nothing announces. What can be waited for by an event should be."""
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {TIMEOUT:.0f} s in vain until {what}")
        time.sleep(0.001)


def fails_with(errno):
    """The `with` block must raise a ZMQError of this errno."""
    return _FailsWith(errno)


class _FailsWith:
    def __init__(self, errno):
        self.errno = errno
        self.error = None

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        assert error is not None, f"nothing was raised, errno {self.errno} was due"
        if not isinstance(error, zmq.ZMQError):
            return False
        assert error.errno == self.errno, f"errno {error.errno} ({error}), due was {self.errno}"
        self.error = error
        return True


def writable(socket):
    return bool(socket.poll(0, zmq.POLLOUT))


def readable(socket):
    return bool(socket.poll(0, zmq.POLLIN))


def wait_writable(socket):
    assert socket.poll(TIMEOUT_MS, zmq.POLLOUT), "the socket never became writable"


def wait_readable(socket):
    assert socket.poll(TIMEOUT_MS, zmq.POLLIN), "the socket never became readable"


def wait_alone(socket):
    """Wait until the socket knows that its peers have left; what they had sent is dropped."""

    def alone():
        with contextlib.suppress(zmq.ZMQError):
            socket.recv(zmq.DONTWAIT)
        return not writable(socket)

    wait_until(alone, "the departure of the peer is known")


def fill(socket, body=b"", limit=200_000):
    """Send numbered messages until the socket is full; the count of those it took."""
    for number in range(limit):
        try:
            socket.send(b"%d:" % number + body, zmq.DONTWAIT)
        except zmq.Again:
            return number
    pytest.fail(f"{limit} messages did not fill the socket")


def drain(socket):
    """All messages that are there now."""
    messages = []
    with contextlib.suppress(zmq.Again):
        while True:
            messages.append(socket.recv_multipart(zmq.DONTWAIT))
    return messages


def settle(publisher, subscriber):
    """Return when every subscription made so far is in force at the publisher.

    A probe topic is subscribed last and cancelled again. An XPUB is told of both; a PUB must
    publish probes until one comes back. On an XPUB, what was told before is read and dropped.
    """
    probe = b"\xffprobe%d" % next(_serial)
    _subscription(subscriber, b"\x01", probe)
    if publisher.type == zmq.XPUB:
        _await_told(publisher, subscriber, b"\x01" + probe)
        _subscription(subscriber, b"\x00", probe)
        _await_told(publisher, subscriber, b"\x00" + probe)
        return
    deadline = time.monotonic() + TIMEOUT
    for number in itertools.count():
        assert time.monotonic() < deadline, "the subscription never reached the publisher"
        publisher.send(probe + b"%d" % number)
        if subscriber.poll(10):
            break
    while subscriber.recv() != probe + b"%d" % number:
        pass
    _subscription(subscriber, b"\x00", probe)


def _await_told(publisher, subscriber, message):
    heard = None
    while heard != message:
        # libzmq's subscriber tells a publisher that has just come only while it is in a call.
        wait_until(lambda: subscriber.poll(0) >= 0 and publisher.poll(10), "the XPUB is told")
        heard = publisher.recv()


def _subscription(subscriber, verb, topic):
    if subscriber.type == zmq.XSUB:
        subscriber.send(verb + topic)
    elif verb == b"\x01":
        subscriber.subscribe(topic)
    else:
        subscriber.unsubscribe(topic)


def free_port():
    """A tcp port that nobody uses now.

    Not one of the ephemeral range: a client that keeps on connecting to a dead port of that
    range may be given the same port as its source, and then meets itself.
    """
    while True:
        port = random.randrange(12_000, 32_000)
        with plain.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def port_of(endpoint):
    """The port in an endpoint as LAST_ENDPOINT gives it."""
    text = endpoint.decode() if isinstance(endpoint, bytes) else endpoint
    return int(text.rpartition(":")[2])


@contextlib.contextmanager
def allow_descriptors(count):
    """Let this process, and those that it starts, have so many file descriptors."""
    before, limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit != resource.RLIM_INFINITY and limit < count:
        pytest.skip(f"{count} file descriptors are needed, this process may have {limit}")
    if before != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(before, count), limit))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, limit))


class Background(threading.Thread):
    """A call in another thread, whose result or exception is asked for with a deadline."""

    def __init__(self, call, *args):
        super().__init__(daemon=True)
        self._call, self._args = call, args
        self._value = self._error = None
        self.start()

    def run(self):
        try:
            self._value = self._call(*self._args)
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is asked for
            self._error = error

    def outcome(self):
        """What the call returned, or the exception that it raised."""
        self.join(TIMEOUT)
        if self.is_alive():
            pytest.fail(f"{self._call!r} was still running after {TIMEOUT:.0f} s")
        return self._value if self._error is None else self._error

    def result(self):
        outcome = self.outcome()
        if self._error is not None:
            raise self._error
        return outcome


class Child:
    """A Python child process that talks in lines; every wait for it has a deadline."""

    def __init__(self, script, *args, python=sys.executable, packages=None):
        """`packages`: the only folder to import from, instead of those that have zmqlite."""
        package = os.path.dirname(os.path.dirname(zmq.__file__))
        paths = [packages] if packages else [package, os.environ.get("PYTHONPATH")]
        self._process = subprocess.Popen(
            [python, "-u", str(script), *map(str, args)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, filter(None, paths)))},
        )
        self._unread = b""
        self.pid = self._process.pid

    def has_line(self, timeout):
        """True if a line is there, waiting for it up to so many seconds."""
        deadline = time.monotonic() + timeout
        while b"\n" not in self._unread:
            left = max(deadline - time.monotonic(), 0)
            if not select.select([self._process.stdout], [], [], left)[0]:
                return False
            more = os.read(self._process.stdout.fileno(), 65536)
            if not more:
                pytest.fail(f"the child has ended; its last words: {self._unread!r}")
            self._unread += more
        return True

    def line(self):
        if not self.has_line(TIMEOUT):
            pytest.fail(f"the child said nothing for {TIMEOUT:.0f} s; pending: {self._unread!r}")
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode()

    def expect(self, line):
        said = self.line()
        if said != line:
            self._process.kill()
            rest = self._unread + self._process.stdout.read()
            pytest.fail(f"the child said {said!r}, not {line!r}; then: {rest.decode()}")

    def tell(self, line):
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def signal(self, number):
        self._process.send_signal(number)

    def wait_asleep(self):
        """Wait until the main thread sleeps, at several looks in a row: it is in its call."""
        if not os.path.isdir("/proc/self/task"):
            return
        looks = range(3)
        wait_until(lambda: all(self._asleep() for _ in looks), "the child sleeps in its call")

    def _asleep(self):
        with open(f"/proc/{self.pid}/task/{self.pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "S"

    def wait(self):
        """The exit code."""
        try:
            return self._process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGABRT)
            rest = self._unread + self._process.communicate()[0]
            pytest.fail(f"the child did not end; it had said: {rest.decode()}")

    def kill(self):
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                stream.close()
