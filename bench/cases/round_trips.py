"""Round trips: one side asks, the other answers, and the asking side times each."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import repeat
from time import perf_counter_ns

from bench.cases.common import (
    ROUND_TRIP_METRICS,
    SIZES,
    Case,
    Load,
    expect,
    only_result,
    warm_up,
)
from bench.stats import latency


def ask(link, kind):
    socket = link.connect(link.socket(kind))
    send, recv, clock = socket.send, socket.recv, perf_counter_ns
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


PAIRS = {
    "REQ/REP": (answer, partial(ask, kind="REQ")),
    "DEALER/ROUTER": (route_back, partial(ask, kind="DEALER")),
}
COUNTS = {16: 3_000, 65536: 2_000}


def cases() -> Iterator[Case]:
    for pair, roles in PAIRS.items():
        for transport in ("tcp", "ipc"):
            for size, count in COUNTS.items():
                yield Case(
                    f"{pair} {transport} {SIZES[size]}",
                    transport,
                    roles,
                    Load(count, size),
                    ROUND_TRIP_METRICS,
                    only_result,
                    kind="latency",
                    has_floor=True,
                    quick=pair == "REQ/REP" and transport == "tcp",
                    # A run's figure depends on the cores its processes land on: ask for many
                    # short runs.
                    rounds_factor=3,
                )
