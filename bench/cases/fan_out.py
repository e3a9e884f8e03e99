"""Fan-out: one PUB, many SUB, each of which takes every message.

PUB drops at its high-water mark, so the publisher keeps within a credit: each receiving process
acknowledges each window that all of its sockets have taken, and none may fall more than
WINDOWS_AHEAD windows behind, which is less than the mark on either side. Nothing can be lost.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from itertools import repeat

from bench.cases.common import END, GO, Case, Load, expect, rate_metrics, throughput

PROBE = b"probe"  # what a publisher repeats until each subscriber has seen one
HWM = 100_000
WINDOWS_AHEAD = 4


def publish(link):
    load = link.load
    pub = link.socket("PUB", SNDHWM=HWM)
    acks = link.socket("PULL")
    link.listen(pub, acks)
    windows_taken = dict.fromkeys(probe(pub, acks, load.workers), 0)
    pub.send(GO)
    send, body = pub.send, bytes(load.size)
    for window in range(window_count(load)):
        while min(windows_taken.values()) <= window - WINDOWS_AHEAD:
            windows_taken[acks.recv()] += 1
        for _ in repeat(None, load.window):
            send(body)
    send(END)
    return {}


def probe(pub, acks, workers: int) -> set[bytes]:
    """Publish probes until every worker has acknowledged one; their names."""
    names: set[bytes] = set()
    while len(names) < workers:
        pub.send(PROBE)
        if acks.poll(1):
            names.add(acks.recv())
    return names


def subscribe(link):
    load = link.load
    sockets = [
        link.connect(link.socket("SUB", RCVHWM=HWM, SUBSCRIBE=b""))
        for _ in range(load.peers // load.workers)
    ]
    acks = link.connect(link.socket("PUSH"), 1)
    name = str(os.getpid()).encode()
    for socket in sockets:
        expect(socket.recv() == PROBE, "the first message is not a probe")
    acks.send(name)
    for socket in sockets:
        wait_for_go(socket)
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


def wait_for_go(socket) -> None:
    while (message := socket.recv()) == PROBE:
        pass
    expect(message == GO, "the first message after the probes is not the start signal")


def window_count(load: Load) -> int:
    return max(1, load.count // load.window)


def cases() -> Iterator[Case]:
    for load, bar in (
        (Load(600_000, 64, window=10_000), 5.0),
        (Load(60_000, 64, workers=4, peers=100, window=500), 3.0),
    ):
        yield Case(
            f"PUB to {load.peers} SUB tcp 64 B",
            "tcp",
            (publish, *repeat(subscribe, load.workers)),
            load,
            rate_metrics(bar, "deliveries/s"),
            throughput,
            kind="fan-out",
        )
