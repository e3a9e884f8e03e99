"""The core without Python beside libzmq's public API: what of a row is core, what binding."""

from __future__ import annotations

from collections.abc import Iterator

from bench.cases.common import SIZES, UNBARRED_RATE, Case, Load, Metric, only_result

COUNTS = {16: 2_000_000, 4096: 250_000, 65536: 20_000, 1 << 20: 1_500}


def cases() -> Iterator[Case]:
    for size, count in COUNTS.items():
        yield Case(
            f"C PUSH/PULL tcp {SIZES[size]}",
            "tcp",
            (),
            Load(count, size),
            UNBARRED_RATE,
            only_result,
            kind="native",
            native=True,
        )
    yield Case(
        "C REQ/REP tcp 16 B",
        "tcp",
        (),
        Load(3_000),
        (Metric("p50", "p50 us", False, {}), Metric("p99", "p99 us", False, {})),
        only_result,
        kind="native latency",
        native=True,
        rounds_factor=3,
    )
