"""`recv_into` and `recv_multipart_into`: messages in the caller's own memory, into which the kernel
writes large ones; nobody else's message may come to lie there, or suffer by having lain there."""

import array
import collections
import contextlib
import itertools
import random
import struct
import threading
import zlib

import pytest
from support import Background, beyond_libzmq, fails_with, wait_readable, wait_until
from wire.zmtp import frame

import zmqlite as zmq

pytestmark = beyond_libzmq

KB = 1024
MB = 1024 * KB

OCTETS = random.Random(1).randbytes(9 * MB)

SIZES = [0, 1, 255, 256, 8191, 8192, 32 * KB - 9, 32 * KB, 128 * KB - 1, 128 * KB, MB, 9 * MB]
"""On both sides of where another way to keep or to read a frame begins, and some beyond."""


@pytest.fixture
def line(pair, transport):
    """A PUSH and a PULL."""
    return pair(transport, zmq.PUSH, zmq.PULL)


@pytest.fixture(params=["tcp", "ipc"])
def stream_line(request, pair):
    """A PUSH and a PULL over a connection of the system's."""
    return pair(request.param, zmq.PUSH, zmq.PULL)


# ---- One frame


@pytest.mark.parametrize("waiting", [False, True], ids=["there", "to come"])
def test_each_size(line, waiting):
    push, pull = line
    buffer = bytearray(len(OCTETS) + 1)
    for size in SIZES:
        buffer[size] = 7
        if waiting:
            receiving = Background(pull.recv_into, buffer)
            push.send(OCTETS[:size])
            assert receiving.result() == size
        else:
            push.send(OCTETS[:size])
            wait_readable(pull)
            assert pull.recv_into(buffer) == size
        assert buffer[:size] == OCTETS[:size] and buffer[size] == 7
        assert not pull.rcvmore


@pytest.mark.parametrize("size", [100, 100_000, MB])
def test_what_does_not_fit_is_cut(line, size):
    push, pull = line
    whole = bytearray(size)
    for room, nbytes in ((memoryview(whole)[:50], 0), (whole, 50), (whole, size - 1), (b"", 0)):
        buffer = room or bytearray()
        kept = min(nbytes or len(buffer), size)
        receiving = Background(lambda b=buffer, n=nbytes: pull.recv_into(b, nbytes=n))
        push.send(OCTETS[:size])
        assert receiving.result() == size
        assert buffer[:kept] == OCTETS[:kept]
        assert not any(buffer[kept:])
        whole[:] = bytes(size)


@pytest.mark.parametrize(
    "make",
    [
        bytearray,
        lambda size: memoryview(bytearray(size + 2))[1:-1],
        lambda size: array.array("d", bytes(size)),
        lambda size: memoryview(bytearray(size)).cast("B", (size // 8, 8)),
    ],
    ids=["bytearray", "slice", "array", "matrix"],
)
def test_kinds_of_buffers(stream_line, make):
    push, pull = stream_line
    for size in (80, 200_000):
        buffer = make(size)
        receiving = Background(pull.recv_into, buffer)
        push.send(OCTETS[:size])
        assert receiving.result() == size
        assert memoryview(buffer).tobytes() == OCTETS[:size]


def test_what_is_no_buffer(line):
    push, pull = line
    push.send(b"stays")
    wait_readable(pull)
    for wrong in ("text", None, 5):
        with pytest.raises(TypeError):
            pull.recv_into(wrong)
        with pytest.raises(TypeError):
            pull.recv_multipart_into([bytearray(9), wrong])
    with pytest.raises(TypeError):
        pull.recv_multipart_into(5)
    for unfit in (b"read-only", memoryview(bytearray(9))[::2]):
        with pytest.raises(BufferError):
            pull.recv_into(unfit)
        with pytest.raises(BufferError):
            pull.recv_multipart_into([bytearray(9), unfit])
    for nbytes in (-1, 10):
        with pytest.raises(ValueError, match=f"nbytes is {nbytes}, the buffer has 9"):
            pull.recv_into(bytearray(9), nbytes=nbytes)
    assert pull.recv() == b"stays"


def test_the_buffer_is_free_afterwards(line):
    push, pull = line
    push.send_many([b"a", [b"b", b"c"], [b"d", b"e"]])
    one, other = bytearray(1), bytearray(1)
    assert pull.recv_into(one) == 1
    assert pull.recv_multipart_into([one, other]) == [1, 1]
    wait_readable(pull)
    with pytest.raises(ValueError):
        pull.recv_multipart_into([one])
    with pytest.raises(zmq.TimedOut):
        pull.recv_multipart()
        pull.recv_into(one, timeout=0)
    for buffer in (one, other):
        buffer.append(0)  # raises BufferError while anybody has it


def test_parts_one_by_one(stream_line):
    push, pull = stream_line
    sizes = [3, 300_000, 0, 100_000]
    parts = [OCTETS[:size] for size in sizes]
    buffer = bytearray(300_000)
    sending = Background(push.send_multipart, parts)
    for size, more in zip(sizes, [1, 1, 1, 0], strict=True):
        assert pull.recv_into(buffer) == size
        assert buffer[:size] == OCTETS[:size]
        assert pull.rcvmore == more
    sending.result()


def test_errors_of_the_socket(socket, pair):
    push, pull = pair("inproc", zmq.PUSH, zmq.PULL)
    rep = socket(zmq.REQ)
    closed = socket(zmq.PULL)
    closed.close()
    for used, errno in ((push, zmq.ENOTSUP), (rep, zmq.EFSM), (closed, zmq.ENOTSOCK)):
        with fails_with(errno):
            used.recv_into(bytearray(9))
        with fails_with(errno):
            used.recv_multipart_into([bytearray(9)])
    for call, buffers in ((pull.recv_into, bytearray(9)), (pull.recv_multipart_into, [])):
        with pytest.raises(zmq.Again):
            call(buffers, flags=zmq.DONTWAIT)
        for timeout in (0, 0.02):
            with pytest.raises(zmq.TimedOut):
                call(buffers, timeout=timeout)
        pull.rcvtimeo = 10
        with pytest.raises(zmq.Again) as failure:
            call(buffers)
        assert not isinstance(failure.value, TimeoutError)


# ---- Whole messages


def test_each_part_in_its_buffer(line):
    push, pull = line
    for sizes in ([5], [0], [0, 0], [5, MB, 3], [200_000] * 5, [MB, 0, MB], [1] * 100):
        parts = [OCTETS[i : i + size] for i, size in enumerate(sizes)]
        buffers = [bytearray(size) for size in [*sizes, 5, 0]]
        receiving = Background(pull.recv_multipart_into, buffers)
        push.send_multipart(parts)
        assert receiving.result() == sizes
        assert buffers == [*parts, bytes(5), b""]


def test_larger_buffers_than_needed(stream_line):
    push, pull = stream_line
    sizes = [3, 100_000, 50_000, 200_000]
    buffers = [bytearray(MB) for _ in sizes]
    for _ in range(3):
        receiving = Background(pull.recv_multipart_into, iter(buffers))
        push.send_multipart([OCTETS[:size] for size in sizes])
        assert receiving.result() == sizes
        assert all(b[:n] == OCTETS[:n] for b, n in zip(buffers, sizes, strict=True))


@pytest.mark.parametrize("sizes", [[10, 20, 30], [40_000, 50_000, 60_000], [1, MB, 1]])
def test_a_message_that_does_not_fit_stays_whole(line, sizes):
    push, pull = line
    parts = [OCTETS[i : i + size] for i, size in enumerate(sizes)]
    rooms = [[], sizes[:1], sizes[:2]]
    rooms += [[n - (i == k) for i, n in enumerate(sizes)] for k in range(len(sizes))]
    receiving = Background(pull.recv_multipart_into, [bytearray(n) for n in rooms[-1]])
    push.send_multipart(parts)
    push.send(b"next")
    assert isinstance(receiving.outcome(), ValueError)
    for room in rooms:
        buffers = [bytearray(n) for n in room]
        with pytest.raises(ValueError, match="recv_multipart"):
            pull.recv_multipart_into(buffers)
        for buffer in buffers:
            buffer[:] = b"?" * len(buffer)
        assert pull.poll(0) and not pull.rcvmore
    assert pull.recv_multipart() == parts
    assert pull.recv() == b"next"


def test_a_message_that_does_not_fit_may_be_received_in_any_other_way(line):
    push, pull = line
    parts = [b"a", OCTETS[:200_000], b"c"]
    for take in (
        lambda: [pull.recv(), *pull.recv_multipart()],
        lambda: [part.bytes for part in pull.recv_multipart(copy=False)],
        lambda: pull.recv_multipart_many(1)[0],
    ):
        push.send_multipart(parts)
        with pytest.raises(ValueError):
            pull.recv_multipart_into([bytearray(1), bytearray(200_000), bytearray()])
        assert take() == parts
    push.send_multipart(parts)
    with pytest.raises(ValueError):
        pull.recv_multipart_into([bytearray(1)])
    buffers = [bytearray(len(part)) for part in parts]
    assert pull.recv_into(buffers[0]) == 1 and pull.rcvmore
    with pytest.raises(ValueError):
        pull.recv_multipart_into([bytearray(200_000)])
    assert pull.rcvmore
    assert pull.recv_multipart_into(buffers[1:]) == [200_000, 1]
    assert buffers == parts


@pytest.mark.parametrize("size", [10, 300_000])
def test_a_router_and_a_dealer(pair, transport, size):
    router, dealer = pair(transport, zmq.ROUTER, zmq.DEALER, None, {zmq.ROUTING_ID: b"me"})
    buffers = [bytearray(300_000), bytearray(300_000)]
    receiving = Background(router.recv_multipart_into, buffers)
    dealer.send(OCTETS[:size])
    assert receiving.result() == [2, size]
    assert buffers[0][:2] == b"me" and buffers[1][:size] == OCTETS[:size]

    receiving = Background(dealer.recv_multipart_into, buffers)
    router.send_multipart([b"me", OCTETS[:size], b"!"])
    assert receiving.result() == [size, 1]
    assert buffers[0][:size] == OCTETS[:size]

    dealer.send(OCTETS[:size])
    with pytest.raises(ValueError):
        router.recv_multipart_into([bytearray(300_000), bytearray(size - 1)])
    assert router.recv_multipart() == [b"me", OCTETS[:size]]


def test_an_envelope_is_not_in_the_callers_memory(pair, transport):
    rep, dealer = pair(transport, zmq.REP, zmq.DEALER)
    buffer = bytearray(MB)
    for _ in range(3):
        receiving = Background(rep.recv_into, buffer)
        dealer.send_multipart([OCTETS[:500_000], b"", b"q" * 400_000])
        assert receiving.result() == 400_000
        buffer[:] = b"?" * MB
        rep.send(b"answer")
        assert dealer.recv_multipart() == [OCTETS[:500_000], b"", b"answer"]


def test_what_subscribers_send_is_not_in_the_callers_memory(pair, transport):
    xpub, xsub = pair(transport, zmq.XPUB, zmq.XSUB)
    buffer = bytearray(MB)
    message = [OCTETS[2:300_000], OCTETS[:400_000]]
    receiving = Background(xpub.recv_multipart_into, [bytearray(5), buffer])
    xsub.send_multipart(message)
    assert isinstance(receiving.outcome(), ValueError)
    buffer[:] = b"?" * MB
    assert xpub.recv_multipart() == message


def test_an_encrypted_connection(socket):
    pytest.importorskip("nacl")
    key, secret = zmq.curve_keypair()
    pull, push = socket(zmq.PULL), socket(zmq.PUSH)
    pull.secure(secret, allow=lambda key, address: True)
    pull.bind("tcp://127.0.0.1:*")
    push.secure(server_key=key)
    push.connect(pull.last_endpoint)
    buffers = [bytearray(MB), bytearray(MB)]
    for size in (10, 200_000, MB):
        receiving = Background(pull.recv_multipart_into, buffers)
        push.send_multipart([OCTETS[:size], OCTETS[:size]])
        assert receiving.result() == [size, size]
        assert all(buffer[:size] == OCTETS[:size] for buffer in buffers)


# ---- Bodies of which a part has come

BIG = frame(OCTETS)
FIRST = 100_000


class Halting:
    """A scripted PUSH that sends BIG in two portions."""

    def __init__(self, peer):
        peer.shake_hands(b"PUSH")
        self._send = peer.send

    def begin(self):
        self._send(BIG[:FIRST])

    def end(self):
        self._send(BIG[FIRST:])


@pytest.fixture
def halting(bound, ends):
    """A PULL and what sends it a large message."""
    pull, _ = bound("tcp", zmq.PULL)
    return pull, Halting(ends.dial(pull))


@pytest.fixture
def lent(halting):
    """The same, a thread that waits in recv_into, and its buffer with some of the body in it."""
    pull, sender = halting
    buffer = bytearray(len(OCTETS))

    def attempt():
        receiving = Background(pull.recv_into, buffer)
        receiving.join(0.01)  # if it waits by then, the body is read by it
        sender.begin()
        receiving.join(0.05)
        if buffer[:1000] == OCTETS[:1000]:
            return receiving
        sender.end()
        receiving.result()
        buffer[:] = bytes(len(buffer))
        return None

    return pull, sender, buffer, wait_for(attempt)


def wait_for(attempt):
    """What an attempt returns that has a result."""
    results = []
    wait_until(lambda: results.append(attempt()) or results[-1], "the body is in the buffer")
    return results[-1]


def test_a_body_is_written_where_it_is_wanted(lent):
    _, sender, buffer, receiving = lent
    sender.end()
    assert receiving.result() == len(OCTETS)
    assert buffer == OCTETS


@pytest.mark.parametrize("next_call", ["recv", "recv_into", "recv as frame", "recv_multipart_into"])
def test_a_buffer_is_left_alone_after_a_time_out(halting, next_call):
    pull, sender = halting
    buffer, other = bytearray(len(OCTETS)), bytearray(len(OCTETS))

    def attempt():
        later = threading.Timer(0.02, sender.begin)
        later.start()
        with pytest.raises(zmq.TimedOut):
            pull.recv_into(buffer, timeout=0.1)
        later.join()
        if any(buffer):
            return bytes(buffer)
        sender.end()
        pull.recv()
        return None

    before = wait_for(attempt)
    take = {
        "recv": pull.recv,
        "recv_into": lambda: pull.recv_into(other) and other,
        "recv as frame": lambda: pull.recv(copy=False).bytes,
        "recv_multipart_into": lambda: pull.recv_multipart_into([bytearray(5), other]) and other,
    }[next_call]
    receiving = Background(take)
    sender.end()
    if next_call == "recv_multipart_into":
        assert isinstance(receiving.outcome(), ValueError)
        other[:] = bytes(len(other))
        assert pull.recv() == OCTETS
    else:
        assert receiving.result() == OCTETS
    assert buffer == before


def test_a_message_of_another_peer_ends_the_loan(lent, socket):
    pull, sender, buffer, receiving = lent
    push = socket(zmq.PUSH)
    push.connect(pull.last_endpoint)
    push.send(b"another")
    assert receiving.result() == 7
    buffer[:] = b"?" * len(buffer)
    sender.end()
    assert pull.recv() == OCTETS
    assert not buffer.strip(b"?")


def test_a_message_taken_by_another_thread_does_not_disturb_the_loan(lent, socket, endpoint):
    pull, sender, buffer, receiving = lent
    address = endpoint("inproc")
    pull.bind(address)
    push = socket(zmq.PUSH)
    push.connect(address)
    taken = 0
    for _ in range(200):
        push.send(b"another")
        with contextlib.suppress(zmq.Again):
            assert pull.recv(zmq.DONTWAIT) == b"another"
            taken += 1
        if not receiving.is_alive():  # it has got one itself
            assert receiving.result() == 7
            receiving = Background(pull.recv_into, buffer)
    sender.end()
    push.send(b"last")
    rest = collections.Counter()
    while rest["big"] + rest["last"] < 2:
        size = receiving.result()
        rest[{7: "another", 4: "last"}.get(size, "big")] += 1
        assert buffer[:size] in (b"another", b"last", OCTETS)
        receiving = Background(pull.recv_into, buffer)
    pull.close()
    assert receiving.outcome().errno == zmq.ENOTSOCK


def test_a_peer_that_dies_within_a_body(lent, ends, socket):
    pull, _, buffer, receiving = lent
    ends.close()
    push = socket(zmq.PUSH)
    push.connect(pull.last_endpoint)
    push.send(b"alive")
    assert receiving.result() == 5
    assert buffer[:5] == b"alive"


def _ends_without_writing_on(lent, errno):
    _, sender, buffer, receiving = lent
    assert receiving.outcome().errno == errno
    before = bytes(buffer)
    with contextlib.suppress(OSError):
        sender.end()
    assert buffer == before


def test_a_socket_closed_within_a_body(lent):
    pull = lent[0]
    pull.close(linger=0)
    _ends_without_writing_on(lent, zmq.ENOTSOCK)


def test_a_context_ended_within_a_body(lent, context, begin_term):
    begin_term(context)
    _ends_without_writing_on(lent, zmq.ETERM)


# ---- Many at once

SENDERS = 4
EACH = 400


def checked(sender, number, chance):
    """A message that tells whose it is and whether all of it is right."""
    size = int(10 ** chance.uniform(1, 5.48))
    start = chance.randrange(len(OCTETS) - size)
    body = struct.pack("<II", sender, number) + OCTETS[start : start + size]
    return struct.pack("<I", zlib.crc32(body)) + body


class Tally:
    """Which messages have come, from any thread; `complete` is set by the last."""

    def __init__(self):
        self.complete = threading.Event()
        self._counts = collections.Counter()
        self._lock = threading.Lock()

    def add(self, message):
        """False for the mark of the end, which is empty."""
        if not len(message):
            return False
        head, body = struct.unpack_from("<I", message)[0], memoryview(message)[4:]
        assert zlib.crc32(body) == head, "a message is torn"
        with self._lock:
            self._counts[struct.unpack_from("<II", body)] += 1
            if len(self._counts) == SENDERS * EACH:
                self.complete.set()
        return True

    def check(self):
        assert set(self._counts) == set(itertools.product(range(SENDERS), range(EACH)))
        assert set(self._counts.values()) == {1}


def _into_one(pull):
    buffer = memoryview(bytearray(320_000))
    return lambda: buffer[: pull.recv_into(buffer)]


def _into_some(pull):
    buffers = [bytearray(320_000), bytearray(9)]
    return lambda: memoryview(buffers[0])[: pull.recv_multipart_into(buffers)[0]]


READERS = {
    "recv_into": _into_one,
    "recv_multipart_into": _into_some,
    "recv": lambda pull: pull.recv,
    "recv as frame": lambda pull: lambda: pull.recv(copy=False).buffer,
    "recv_multipart": lambda pull: lambda: pull.recv_multipart()[0],
}


@pytest.mark.parametrize("second", [None, *READERS])
@pytest.mark.parametrize("carrier", ["tcp", "ipc"])
def test_no_message_is_torn_lost_or_doubled(bound, socket, endpoint, carrier, second):
    pull, address = bound(carrier, zmq.PULL)
    inside = endpoint("inproc")
    pull.bind(inside)
    # One comes another way, so that there are messages to take while the others are being read.
    pushes = [socket(zmq.PUSH) for _ in range(SENDERS)]
    for push, to in zip(pushes, [inside, address, address, address], strict=True):
        push.connect(to)
    tally = Tally()

    def send(sender):
        chance = random.Random(sender)
        for number in range(EACH):
            pushes[sender].send(checked(sender, number, chance))

    def read(take):
        while tally.add(take()):
            pass

    calls = [_into_one(pull), *([READERS[second](pull)] if second else [])]
    reading = [Background(read, take) for take in calls]
    sending = [Background(send, sender) for sender in range(SENDERS)]
    for each in sending:
        each.result()
    wait_until(
        lambda: tally.complete.is_set() or not all(each.is_alive() for each in reading),
        "all messages have come",
    )
    for _ in reading:
        pushes[0].send(b"")
    for each in reading:
        each.result()
    tally.check()
