"""What is measured: the table of rows, and for each the small functions its sides run.

A role is a function of one `Link` (see peer.py), a coroutine function where the sockets are those
of asyncio. The first role of a case binds, the others connect. It returns a dictionary;
`Case.combine` turns those of all roles into the row's metrics.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import repeat

from bench.stats import latency

END = b"end"  # follows the last message of a stream: it comes too early if anything was lost
PROBE = b"probe"  # what a publisher repeats until each subscriber has seen one
GO = b"go"


@dataclass(frozen=True)
class Load:
    """How much of what a case sends; `size` is the bytes of one frame."""

    count: int
    size: int = 16
    parts: int = 1
    rate: int = 0
    receivers: int = 1
    subscribers: int = 1
    window: int = 0

    def scaled(self, factor: float) -> Load:
        return replace(self, count=max(10, int(self.count * factor)))


@dataclass(frozen=True)
class Metric:
    """One figure of a case; it fills one row of the table, which `label` completes.

    `bars` gives, by contestant, how many times better zmqlite has to be. For the C floor it is
    how many times the floor's own figure zmqlite may take.
    """

    key: str
    label: str
    more_is_better: bool
    bars: dict[str, float]


@dataclass(frozen=True)
class Case:
    """One thing to measure. `rounds_factor`: how many times more rounds than usual it needs."""

    name: str
    transport: str
    roles: tuple[Callable, ...]
    load: Load
    metrics: tuple[Metric, ...]
    combine: Callable[[Load, list[dict], list[float]], dict[str, float]]
    has_floor: bool = False
    in_asyncio: bool = False
    in_curve: bool = False
    quick: bool = False
    rounds_factor: int = 1

    @property
    def processes(self) -> list[list[int]]:
        """The roles by process: one each, but all in one where memory is the transport."""
        everyone = range(len(self.roles))
        return [list(everyone)] if self.transport == "inproc" else [[role] for role in everyone]

    def scaled(self, factor: float) -> Case:
        return replace(self, load=self.load.scaled(factor))


# Streams: one send call and one recv call per message.


def pull(link):
    socket = link.socket("PULL")
    link.listen(socket)
    recv = socket.recv
    message = recv()
    start = time.monotonic_ns()
    for _ in repeat(None, link.load.count - 1):
        message = recv()
    end = time.monotonic_ns()
    expect(len(message) == link.load.size, "the last message has the wrong size")
    expect(recv() == END, "messages were lost or duplicated")
    return {"first": start, "last": end, "received": link.load.count - 1}


def push(link):
    send = link.connect(link.socket("PUSH")).send
    body = bytes(link.load.size)
    for _ in repeat(None, link.load.count):
        send(body)
    send(END)
    return {}


def pull_multipart(link):
    socket = link.socket("PULL")
    link.listen(socket)
    recv = socket.recv_multipart
    parts = recv()
    start = time.monotonic_ns()
    for _ in repeat(None, link.load.count - 1):
        parts = recv()
    end = time.monotonic_ns()
    expect(parts == [bytes(link.load.size)] * link.load.parts, "the last message is wrong")
    expect(recv() == [END], "messages were lost or duplicated")
    return {"first": start, "last": end, "received": link.load.count - 1}


def push_multipart(link):
    send = link.connect(link.socket("PUSH")).send_multipart
    parts = [bytes(link.load.size)] * link.load.parts
    for _ in repeat(None, link.load.count):
        send(parts)
    send([END])
    return {}


# Round trips: the asking side times each call.


def ask(link, kind):
    socket = link.connect(link.socket(kind))
    send, recv, clock = socket.send, socket.recv, time.perf_counter_ns
    body = bytes(link.load.size)
    for _ in repeat(None, warm_up(link.load)):
        send(body)
        recv()
    taken = []
    for _ in repeat(None, link.load.count):
        start = clock()
        send(body)
        reply = recv()
        taken.append(clock() - start)
    expect(reply == body, "the last reply is not what was sent")
    return latency(taken)


def answer(link):
    socket = link.socket("REP")
    link.listen(socket)
    send, recv = socket.send, socket.recv
    for _ in repeat(None, warm_up(link.load) + link.load.count):
        send(recv())
    return {}


def route_back(link):
    socket = link.socket("ROUTER")
    link.listen(socket)
    send, recv = socket.send_multipart, socket.recv_multipart
    for _ in repeat(None, warm_up(link.load) + link.load.count):
        send(recv())
    return {}


def warm_up(load: Load) -> int:
    return load.count // 10 + 1


# The same in asyncio: each call is awaited.


async def pull_awaiting(link):
    socket = link.socket("PULL")
    link.listen(socket)
    recv = socket.recv
    message = await recv()
    start = time.monotonic_ns()
    for _ in repeat(None, link.load.count - 1):
        message = await recv()
    end = time.monotonic_ns()
    expect(len(message) == link.load.size, "the last message has the wrong size")
    expect(await recv() == END, "messages were lost or duplicated")
    return {"first": start, "last": end, "received": link.load.count - 1}


async def push_awaiting(link):
    send = link.connect(link.socket("PUSH")).send
    body = bytes(link.load.size)
    for _ in repeat(None, link.load.count):
        await send(body)
    await send(END)
    return {}


async def ask_awaiting(link):
    socket = link.connect(link.socket("REQ"))
    send, recv, clock = socket.send, socket.recv, time.perf_counter_ns
    body = bytes(link.load.size)
    for _ in repeat(None, warm_up(link.load)):
        await send(body)
        await recv()
    taken = []
    for _ in repeat(None, link.load.count):
        start = clock()
        await send(body)
        reply = await recv()
        taken.append(clock() - start)
    expect(reply == body, "the last reply is not what was sent")
    return latency(taken)


async def answer_awaiting(link):
    socket = link.socket("REP")
    link.listen(socket)
    send, recv = socket.send, socket.recv
    for _ in repeat(None, warm_up(link.load) + link.load.count):
        await send(await recv())
    return {}


# Fan-out. PUB drops at its high-water mark, so the publisher keeps within a credit: each receiving
# process acknowledges each window that all of its sockets have taken, and none may fall more than
# WINDOWS_AHEAD windows behind, which is less than the mark on either side. Nothing can be lost.

FAN_OUT_HWM = 100_000
WINDOWS_AHEAD = 4


def publish(link):
    load = link.load
    pub = link.socket("PUB", SNDHWM=FAN_OUT_HWM)
    acks = link.socket("PULL")
    link.listen(pub, acks)
    windows_taken = {}
    while len(windows_taken) < load.receivers:
        pub.send(PROBE)
        if acks.poll(1):
            windows_taken[acks.recv()] = 0
    pub.send(GO)
    send, body = pub.send, bytes(load.size)
    for window in range(window_count(load)):
        while min(windows_taken.values()) <= window - WINDOWS_AHEAD:
            windows_taken[acks.recv()] += 1
        for _ in repeat(None, load.window):
            send(body)
    send(END)
    return {}


def subscribe(link):
    load = link.load
    sockets = [
        link.connect(link.socket("SUB", RCVHWM=FAN_OUT_HWM, SUBSCRIBE=b""))
        for _ in range(load.subscribers // load.receivers)
    ]
    acks = link.connect(link.socket("PUSH"), 1)
    name = str(os.getpid()).encode()
    for socket in sockets:
        expect(socket.recv() == PROBE, "the first message is not a probe")
    acks.send(name)
    for socket in sockets:
        while (message := socket.recv()) == PROBE:
            pass
        expect(message == GO, "the first message after the probes is not the start signal")
        if socket is sockets[0]:
            start = time.monotonic_ns()
    for _ in range(window_count(load)):
        for socket in sockets:
            recv = socket.recv
            for _ in repeat(None, load.window):
                recv()
        acks.send(name)
    end = time.monotonic_ns()
    for socket in sockets:
        expect(socket.recv() == END, "messages were lost or duplicated")
    received = window_count(load) * load.window * len(sockets)
    return {"first": start, "last": end, "received": received}


def window_count(load: Load) -> int:
    return max(1, load.count // load.window)


# Paced: each message carries the time of its sending; CLOCK_MONOTONIC is one for both processes.

STAMP = struct.Struct("=qq")  # time, sequence number: 16 bytes
KEPT_PACE = 0.9  # a sender below this share of the asked rate fails the row


def send_paced(link):
    load = link.load
    send, pack, clock = link.connect(link.socket("PUSH")).send, STAMP.pack, time.monotonic_ns
    sharpen_sleep()
    for index in ticks(warm_up(load), load.rate):
        send(pack(clock(), index))
    link.start_cpu_clock()
    start = clock()
    for index in ticks(load.count, load.rate):
        send(pack(clock(), index))
    kept = load.count / load.rate / ((clock() - start) / 1e9)
    expect(kept >= KEPT_PACE, f"the sender kept only {kept:.0%} of the rate")
    return {}


def recv_paced(link):
    load = link.load
    socket = link.socket("PULL")
    link.listen(socket)
    recv, clock = socket.recv, time.monotonic_ns
    for _ in repeat(None, warm_up(load)):
        recv()
    link.start_cpu_clock()
    messages, arrivals = [], []
    for _ in repeat(None, load.count):
        messages.append(recv())
        arrivals.append(clock())
    stamps = [STAMP.unpack(message) for message in messages]
    expect([index for _, index in stamps] == list(range(load.count)), "lost or out of order")
    taken = [arrived - sent for arrived, (sent, _) in zip(arrivals, stamps, strict=True)]
    return latency(taken)


def ticks(count: int, rate: int) -> Iterator[int]:
    """Yield `count` numbers, each when it is due; one that is late is due at once."""
    clock, sleep = time.monotonic_ns, time.sleep
    period = 10**9 // rate
    due = clock()
    for index in range(count):
        due += period
        early = due - clock()
        if early > 0:
            sleep(early / 1e9)
        yield index


def sharpen_sleep() -> None:
    """Linux may end a sleep 50 us late to save wake-ups; ask for 1 us, so that 10k/s is even."""
    if sys.platform == "linux":
        pr_set_timerslack = 29
        ctypes.CDLL(None).prctl(pr_set_timerslack, ctypes.c_ulong(1000))


class Unexpected(Exception):
    """A run whose messages were not the ones sent: its figures mean nothing."""


def expect(condition: bool, otherwise: str) -> None:
    if not condition:
        raise Unexpected(otherwise)


# From what the roles returned (and the CPU seconds of their processes) to metrics.


def throughput(_load: Load, results: list[dict], _cpu: list[float]) -> dict[str, float]:
    receivers = [result for result in results if "received" in result]
    received = sum(result["received"] for result in receivers)
    start = min(result["first"] for result in receivers)
    end = max(result["last"] for result in receivers)
    return {"rate": received / ((end - start) / 1e9)}


def round_trip(_load: Load, results: list[dict], _cpu: list[float]) -> dict[str, float]:
    return next(result for result in results if "p50" in result)


def paced(load: Load, results: list[dict], cpu: list[float]) -> dict[str, float]:
    return round_trip(load, results, cpu) | {"cpu": sum(cpu) / load.count * 1e6}


# The table. The counts of streams take pyzmq 0.5 to 1.5 s on a two-core virtual machine.

PYOMQ_BAR = 2.0
FLOOR_BAR = 1.5

SIZES = {16: "16 B", 64: "64 B", 256: "256 B", 4096: "4 KiB", 65536: "64 KiB", 1 << 20: "1 MiB"}
STREAMS = {  # bytes: messages, bar against pyzmq
    16: (1_000_000, 5.0),
    256: (600_000, 4.0),
    4096: (120_000, 4.0),
    65536: (15_000, 2.5),
    1 << 20: (1_500, 1.7),
}
QUICK_STREAMS = (16, 4096, 65536)


def rate_metrics(bar: float, label: str = "msg/s") -> tuple[Metric, ...]:
    return (Metric("rate", label, True, {"pyzmq": bar, "pyomq": PYOMQ_BAR}),)


ROUND_TRIP_METRICS = (
    Metric("p50", "p50 us", False, {"pyzmq": 1.6, "pyomq": PYOMQ_BAR, "floor": FLOOR_BAR}),
    Metric("p99", "p99 us", False, {"pyzmq": 1.0}),
)
PACED_METRICS = (
    Metric("p50", "p50 us", False, {}),
    Metric("p99", "p99 us", False, {}),
    Metric("cpu", "CPU s per M msg", False, {}),
)


def stream_cases() -> Iterator[Case]:
    for transport in ("tcp", "ipc"):
        for size, (count, bar) in STREAMS.items():
            yield Case(
                f"PUSH/PULL {transport} {SIZES[size]}",
                transport,
                (pull, push),
                Load(count, size),
                rate_metrics(bar),
                throughput,
                quick=transport == "tcp" and size in QUICK_STREAMS,
            )
    yield Case(
        "PUSH/PULL tcp 3 x 16 B",
        "tcp",
        (pull_multipart, push_multipart),
        Load(100_000, parts=3),
        rate_metrics(8.0),
        throughput,
    )
    yield Case(
        "PUSH/PULL inproc 16 B",
        "inproc",
        (pull, push),
        Load(600_000),
        rate_metrics(3.0),
        throughput,
    )


def round_trip_cases() -> Iterator[Case]:
    pairs = {
        "REQ/REP": (answer, partial(ask, kind="REQ")),
        "DEALER/ROUTER": (route_back, partial(ask, kind="DEALER")),
    }
    for pair, transport, size, count in (
        ("REQ/REP", "tcp", 16, 3_000),
        ("REQ/REP", "tcp", 65536, 2_000),
        ("REQ/REP", "ipc", 16, 3_000),
        ("REQ/REP", "ipc", 65536, 2_000),
        ("DEALER/ROUTER", "tcp", 16, 3_000),
    ):
        yield Case(
            f"{pair} {transport} {SIZES[size]}",
            transport,
            pairs[pair],
            Load(count, size),
            ROUND_TRIP_METRICS,
            round_trip,
            has_floor=True,
            quick=pair == "REQ/REP" and transport == "tcp",
            # A run's figure depends on the cores its processes land on: ask for many short runs.
            rounds_factor=3,
        )


def asyncio_cases() -> Iterator[Case]:
    yield Case(
        "asyncio PUSH/PULL tcp 16 B",
        "tcp",
        (pull_awaiting, push_awaiting),
        Load(100_000),
        rate_metrics(12.0),
        throughput,
        in_asyncio=True,
        quick=True,
    )
    yield Case(
        "asyncio REQ/REP tcp 16 B",
        "tcp",
        (answer_awaiting, ask_awaiting),
        Load(2_000),
        ROUND_TRIP_METRICS,
        round_trip,
        in_asyncio=True,
        quick=True,
        rounds_factor=3,
    )


CURVE_STREAMS = {16: (150_000, 2.0), 4096: (40_000, 2.0), 1 << 20: (300, 1.2)}
"""Messages and the bar, by size."""


def curve_cases() -> Iterator[Case]:
    for size, (count, bar) in CURVE_STREAMS.items():
        yield Case(
            f"CURVE PUSH/PULL tcp {SIZES[size]}",
            "tcp",
            (pull, push),
            Load(count, size),
            (Metric("rate", "msg/s", True, {"pyzmq": bar}),),
            throughput,
            in_curve=True,
        )
    yield Case(
        "CURVE REQ/REP tcp 16 B",
        "tcp",
        (answer, partial(ask, kind="REQ")),
        Load(2_000),
        (Metric("p50", "p50 us", False, {"pyzmq": 1.5}),),
        round_trip,
        in_curve=True,
        rounds_factor=3,
    )


def fan_out_cases() -> Iterator[Case]:
    for load, bar in (
        (Load(600_000, 64, window=10_000), 5.0),
        (Load(10_000, 64, receivers=4, subscribers=100, window=500), 3.0),
    ):
        yield Case(
            f"PUB to {load.subscribers} SUB tcp 64 B",
            "tcp",
            (publish, *repeat(subscribe, load.receivers)),
            load,
            rate_metrics(bar, "deliveries/s"),
            throughput,
        )


def paced_cases() -> Iterator[Case]:
    for rate, name in ((1_000, "1k/s"), (10_000, "10k/s"), (100_000, "100k/s")):
        yield Case(
            f"paced {name} PUSH/PULL tcp 16 B",
            "tcp",
            (recv_paced, send_paced),
            Load(rate, rate=rate),
            PACED_METRICS,
            paced,
        )


CASES = {
    case.name: case
    for case in (
        *stream_cases(),
        *round_trip_cases(),
        *asyncio_cases(),
        *curve_cases(),
        *fan_out_cases(),
        *paced_cases(),
    )
}
