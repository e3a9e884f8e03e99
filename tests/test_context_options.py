"""Context options: defaults, ranges, when they count, and that each has its effect."""

import errno
import os

import pytest
from support import beyond_libzmq, fails_with, linux_only, wait_until

import zmqlite as zmq

# Option, default, values that are taken, values that are not.
STORED = [
    ("IO_THREADS", 1, [0, 1, 2, 1000], [-1]),
    ("MAX_SOCKETS", 1023, [1, 5, 65535, 1_000_000], [0, -1]),
    ("MAX_MSGSZ", 2**31 - 1, [0, 1, 1000, 2**31 - 1], [-1]),
    ("THREAD_NAME_PREFIX", 0, [0, 1, 1_000_000], []),
    ("IPV6", 0, [1, 0], [-1]),
    ("BLOCKY", 1, [0, 1], [-1]),
]

READ_ONLY = [("SOCKET_LIMIT", 65535), ("MSG_T_SIZE", 64)]

WRITE_ONLY = [
    ("THREAD_PRIORITY", [0, 1, 99], [-1]),
    ("THREAD_SCHED_POLICY", [0, 1], [-1]),
    ("THREAD_AFFINITY_CPU_ADD", [0, 1], [-1]),
]


def number(name):
    return int(getattr(zmq, name))


@pytest.mark.parametrize(("name", "default", "good", "bad"), STORED)
def test_a_stored_option(context, name, default, good, bad):
    assert context.get(number(name)) == default
    for value in good:
        context.set(number(name), value)
        assert context.get(number(name)) == value
    for value in bad:
        with fails_with(zmq.EINVAL):
            context.set(number(name), value)
        assert context.get(number(name)) == good[-1], "a refused value was kept"


@pytest.mark.parametrize(("name", "value"), READ_ONLY)
def test_an_option_that_tells_a_limit(context, name, value):
    assert context.get(number(name)) == value


def test_the_size_of_a_message_cannot_be_set(context):
    with fails_with(zmq.EINVAL):
        context.set(zmq.MSG_T_SIZE, 64)


@pytest.mark.parametrize(("name", "good", "bad"), WRITE_ONLY)
def test_an_option_for_the_threads(context, name, good, bad):
    for value in good:
        context.set(number(name), value)
    for value in bad:
        with fails_with(zmq.EINVAL):
            context.set(number(name), value)


def test_what_was_not_added_cannot_be_removed(context):
    with fails_with(zmq.EINVAL):
        context.set(zmq.THREAD_AFFINITY_CPU_REMOVE, 0)
    context.set(zmq.THREAD_AFFINITY_CPU_ADD, 0)
    context.set(zmq.THREAD_AFFINITY_CPU_REMOVE, 0)
    with fails_with(zmq.EINVAL):
        context.set(zmq.THREAD_AFFINITY_CPU_REMOVE, 0)


def test_an_unknown_option(context):
    for option in (0, -1, 9999, zmq.LINGER):
        with fails_with(zmq.EINVAL):
            context.get(option)
        with fails_with(zmq.EINVAL):
            context.set(option, 1)


@beyond_libzmq
@pytest.mark.parametrize("name", [row[0] for row in STORED if row[3]])
def test_a_refusal_names_the_option(context, name):
    bad = next(row[3][0] for row in STORED if row[0] == name)
    with fails_with(zmq.EINVAL) as failure:
        context.set(number(name), bad)
    assert name in str(failure.error)


def test_a_value_of_the_wrong_kind(context):
    for value in (b"1", "1", 1.0, None):
        with pytest.raises(TypeError):
            context.set(zmq.MAX_SOCKETS, value)
    with pytest.raises(OverflowError):
        context.set(zmq.MAX_SOCKETS, 1 << 40)


def test_a_negative_number_of_threads():
    with fails_with(zmq.EINVAL):
        zmq.Context(-1)


def test_max_sockets(new_context, socket):
    few = new_context()
    few.set(zmq.MAX_SOCKETS, 3)
    made = [socket(zmq.PUSH, context=few) for _ in range(3)]
    with fails_with(errno.EMFILE):
        few.socket(zmq.PUSH)
    made[0].close()
    wait_until(lambda: _makes_socket(few, socket), "closing has made room")


def _makes_socket(context, socket):
    try:
        socket(zmq.PUSH, context=context)
    except zmq.ZMQError as error:
        assert error.errno == errno.EMFILE
        return False
    return True


def test_max_sockets_counts_from_the_first_socket_on(context, socket):
    socket(zmq.PUSH)
    context.set(zmq.MAX_SOCKETS, 1)
    assert context.get(zmq.MAX_SOCKETS) == 1
    for _ in range(5):
        socket(zmq.PUSH)


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_io_threads(new_context, socket, endpoint, threads):
    made = new_context(threads)
    assert made.get(zmq.IO_THREADS) == threads
    pull = socket(zmq.PULL, context=made)
    pull.bind(endpoint("tcp"))
    pushes = [socket(zmq.PUSH, context=made) for _ in range(2 * threads)]
    for name, push in enumerate(pushes):
        push.connect(pull.get(zmq.LAST_ENDPOINT))
        push.send(b"%d" % name)
    received = {pull.recv() for _ in pushes}
    assert received == {b"%d" % name for name in range(2 * threads)}


def test_inproc_needs_no_io_thread(new_context, socket):
    none = new_context(0)
    pull, push = socket(zmq.PULL, context=none), socket(zmq.PUSH, context=none)
    pull.bind("inproc://here")
    push.connect("inproc://here")
    push.send(b"x")
    assert pull.recv() == b"x"
    for call in (pull.bind, pull.connect):
        with fails_with(zmq.EMTHREAD) as failure:
            call("tcp://127.0.0.1:5555")
        assert "tcp://127.0.0.1:5555" in str(failure.error)


def _threads():
    return set(map(int, os.listdir("/proc/self/task")))


@pytest.fixture
def started(context, socket):
    """Set options, make a socket, and tell the ids of the threads that this has started."""

    def start(*options):
        before = _threads()
        for option, value in options:
            context.set(option, value)
        assert _threads() == before, "threads start with the first socket"
        socket(zmq.PAIR)
        return _threads() - before

    return start


@linux_only
def test_threads_are_as_many_as_asked_for_at_first(context, socket, started):
    few = started((zmq.IO_THREADS, 1))
    context.set(zmq.IO_THREADS, 4)
    assert context.get(zmq.IO_THREADS) == 4
    before = _threads()
    socket(zmq.PAIR)
    assert _threads() == before
    assert few


@linux_only
@pytest.mark.parametrize("prefix", [7, 123456])
def test_thread_name_prefix(started, prefix):
    for thread in started((zmq.THREAD_NAME_PREFIX, prefix)):
        named = f"{prefix}/"
        wait_until(
            lambda t=thread, n=named: _name(t).startswith(n), f"a thread is named {named}..."
        )


def _name(thread):
    with open(f"/proc/self/task/{thread}/comm") as comm:
        return comm.read()


@linux_only
def test_thread_affinity(started):
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        pytest.skip("there is but one processor")
    add, remove = zmq.THREAD_AFFINITY_CPU_ADD, zmq.THREAD_AFFINITY_CPU_REMOVE
    for thread in started((add, allowed[0]), (add, allowed[1]), (remove, allowed[0])):
        wait_until(lambda t=thread: os.sched_getaffinity(t) == {allowed[1]}, "it runs on one only")
    assert os.sched_getaffinity(0) == set(allowed), "the caller was moved"


@linux_only
def test_thread_sched_policy(started):
    for thread in started((zmq.THREAD_SCHED_POLICY, os.SCHED_BATCH)):
        wait_until(
            lambda t=thread: os.sched_getscheduler(t) == os.SCHED_BATCH, "it is scheduled so"
        )
    assert os.sched_getscheduler(0) != os.SCHED_BATCH, "the caller was changed"


@linux_only
@pytest.mark.skipif(os.geteuid() != 0, reason="real time needs privileges")
def test_thread_priority(started):
    policy, priority = (zmq.THREAD_SCHED_POLICY, os.SCHED_FIFO), (zmq.THREAD_PRIORITY, 3)
    for thread in started(policy, priority):
        wait_until(lambda t=thread: _real_time(t) == (os.SCHED_FIFO, 3), "it is scheduled so")


def _real_time(thread):
    return os.sched_getscheduler(thread), os.sched_getparam(thread).sched_priority


@beyond_libzmq
@linux_only
@pytest.mark.parametrize(
    ("name", "value"), [("THREAD_AFFINITY_CPU_ADD", 1000), ("THREAD_SCHED_POLICY", 99)]
)
def test_threads_that_cannot_be_had_are_an_error(context, name, value):
    """Told by the first socket, which starts them; libzmq ends the process."""
    context.set(number(name), value)
    with fails_with(zmq.EINVAL):
        context.socket(zmq.PAIR)


@beyond_libzmq
@pytest.mark.parametrize("transport", ["tcp", "inproc"])
def test_max_msgsz(context, pair, transport):
    context.set(zmq.MAX_MSGSZ, 10)
    push, pull = pair(transport, zmq.PUSH, zmq.PULL)
    for parts in ([bytes(11)], [b"x", bytes(11)]):
        with fails_with(zmq.EMSGSIZE):
            push.send_multipart(parts)
    push.send_multipart([bytes(10), bytes(10)])
    assert pull.recv_multipart() == [bytes(10), bytes(10)]


@pytest.mark.parametrize("kind", [zmq.PUSH, zmq.PUB, zmq.ROUTER])
def test_blocky_decides_how_new_sockets_linger(context, socket, kind):
    before = socket(kind)
    context.set(zmq.BLOCKY, 0)
    assert socket(kind).get(zmq.LINGER) == 0
    assert before.get(zmq.LINGER) == -1
    context.set(zmq.BLOCKY, 1)
    assert socket(kind).get(zmq.LINGER) == -1


def test_ipv6_is_the_default_of_new_sockets(context, socket):
    before = socket(zmq.PUSH)
    context.set(zmq.IPV6, 1)
    after = socket(zmq.PUSH)
    assert (after.get(zmq.IPV6), after.get(zmq.IPV4ONLY)) == (1, 0)
    assert (before.get(zmq.IPV6), before.get(zmq.IPV4ONLY)) == (0, 1)
    after.set(zmq.IPV6, 0)
    assert after.get(zmq.IPV4ONLY) == 1
