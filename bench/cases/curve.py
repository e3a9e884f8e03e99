"""Streams and round trips under CURVE, whose arithmetic costs both sides the same."""

from __future__ import annotations

from collections.abc import Iterator

from bench.cases.common import SIZES, Case, Load, Metric, only_result, throughput
from bench.cases.round_trips import PAIRS
from bench.cases.streams import pull, push

STREAMS = {16: (150_000, 2.0), 4096: (40_000, 2.0), 1 << 20: (300, 1.2)}
"""Messages and the bar, by size."""


def cases() -> Iterator[Case]:
    for size, (count, bar) in STREAMS.items():
        yield Case(
            f"CURVE PUSH/PULL tcp {SIZES[size]}",
            "tcp",
            (pull, push),
            Load(count, size),
            (Metric("rate", "msg/s", True, {"pyzmq": bar}),),
            throughput,
            kind="CURVE",
            in_curve=True,
        )
    yield Case(
        "CURVE REQ/REP tcp 16 B",
        "tcp",
        PAIRS["REQ/REP"],
        Load(2_000),
        (Metric("p50", "p50 us", False, {"pyzmq": 1.5}),),
        only_result,
        kind="CURVE latency",
        in_curve=True,
        rounds_factor=3,
    )
