"""What is measured: the table of rows, one file for each kind with the functions its sides run."""

from __future__ import annotations

from bench.cases import (
    asyncio_,
    busy,
    connections,
    curve,
    fan_out,
    memory,
    native,
    paced,
    peers,
    proxy,
    round_trips,
    startup,
    streams,
    subscriptions,
)
from bench.cases.common import Case, Load, Metric, warm_up

__all__ = ["CASES", "Case", "Load", "Metric", "warm_up"]

KINDS = (
    *(streams, asyncio_, round_trips, paced, peers, fan_out, subscriptions, proxy, busy),
    *(curve, memory, connections, startup, native),
)
"""In the order of the table."""

CASES: dict[str, Case] = {case.name: case for kind in KINDS for case in kind.cases()}
