"""Paced: messages leave at a fixed rate, as in most programs; what do latency and CPU cost then?

Each message carries the time of its sending; CLOCK_MONOTONIC is one for both processes.
"""

from __future__ import annotations

import ctypes
import struct
import sys
import time
from collections.abc import Iterator
from itertools import repeat

from bench.cases.common import Case, Load, Metric, expect, only_result, warm_up
from bench.stats import latency

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


def paced(load: Load, results: list[dict], cpu: list[float]) -> dict[str, float]:
    return only_result(load, results, cpu) | {"cpu": sum(cpu) / load.count * 1e6}


METRICS = (
    Metric("p50", "p50 us", False, {}),
    Metric("p99", "p99 us", False, {"pyzmq": 1.0}),
    Metric("p999", "p99.9 us", False, {}),
    Metric("cpu", "CPU s per M msg", False, {"pyzmq": 1.0}),
)
RATES = {1_000: ("1k/s", 5_000), 10_000: ("10k/s", 20_000), 100_000: ("100k/s", 200_000)}
"""Name and count by messages a second: at least five messages beyond p99.9."""


def cases() -> Iterator[Case]:
    for rate, (name, count) in RATES.items():
        yield Case(
            f"paced {name} PUSH/PULL tcp 16 B",
            "tcp",
            (recv_paced, send_paced),
            Load(count, rate=rate),
            METRICS,
            paced,
            kind="paced",
        )
