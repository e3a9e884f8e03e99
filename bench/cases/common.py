"""What every kind of row is made of: its load, its metrics, and the arithmetic from roles to figures.

A role is a function of one `Link` (see peer.py), a coroutine function where the sockets are those
of asyncio. The first role of a case binds, the others connect. It returns a dictionary;
`Case.combine` turns those of all roles into the row's metrics.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

END = b"end"  # follows the last message of a stream: it comes too early if anything was lost
GO = b"go"


@dataclass(frozen=True)
class Load:
    """How much of what a case sends; `size` is the bytes of one frame.

    `peers` sockets are on the connecting side, spread over `workers` processes.
    """

    count: int
    size: int = 16
    parts: int = 1
    rate: int = 0
    peers: int = 1
    workers: int = 1
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


Combine = Callable[[Load, list[dict], list[float]], dict[str, float]]


@dataclass(frozen=True)
class Case:
    """One thing to measure. `rounds_factor`: how many times more rounds than usual it needs.

    `kind` names the family: two rows of one kind differ in transport, size, rate or socket types
    only. `native` rows have no roles: a C program plays that scene once over libzmq and once over
    zmqlite's core (see bench/native).
    """

    name: str
    transport: str
    roles: tuple[Callable, ...]
    load: Load
    metrics: tuple[Metric, ...]
    combine: Combine
    kind: str = "throughput"
    has_floor: bool = False
    in_asyncio: bool = False
    in_curve: bool = False
    native: bool = False
    quick: bool = False
    rounds_factor: int = 1

    @property
    def processes(self) -> list[list[int]]:
        """The roles by process: one each, but all in one where memory is the transport."""
        everyone = range(len(self.roles))
        return [list(everyone)] if self.transport == "inproc" else [[role] for role in everyone]

    def scaled(self, factor: float) -> Case:
        return replace(self, load=self.load.scaled(factor))


class Unexpected(Exception):
    """A run whose messages were not the ones sent: its figures mean nothing."""


def expect(condition: bool, otherwise: str) -> None:
    if not condition:
        raise Unexpected(otherwise)


def warm_up(load: Load) -> int:
    return load.count // 10 + 1


# From what the roles returned (and the CPU seconds of their processes) to metrics.


def throughput(_load: Load, results: list[dict], _cpu: list[float]) -> dict[str, float]:
    receivers = [result for result in results if "received" in result]
    received = sum(result["received"] for result in receivers)
    start = min(result["first"] for result in receivers)
    end = max(result["last"] for result in receivers)
    return {"rate": received / ((end - start) / 1e9)}


def only_result(_load: Load, results: list[dict], _cpu: list[float]) -> dict[str, float]:
    """The figures of the one role that has any."""
    (figures,) = filter(None, results)
    return figures


SIZES = {16: "16 B", 64: "64 B", 256: "256 B", 4096: "4 KiB", 65536: "64 KiB", 1 << 20: "1 MiB"}

PYOMQ_BAR = 2.0
FLOOR_BAR = 1.5


def rate_metrics(bar: float, label: str = "msg/s") -> tuple[Metric, ...]:
    """A rate with the design's bar against pyzmq, and its bar for every row against pyomq."""
    return (Metric("rate", label, True, {"pyzmq": bar, "pyomq": PYOMQ_BAR}),)


UNBARRED_RATE = (Metric("rate", "msg/s", True, {}),)

ROUND_TRIP_METRICS = (
    Metric("p50", "p50 us", False, {"pyzmq": 1.6, "pyomq": PYOMQ_BAR, "floor": FLOOR_BAR}),
    Metric("p99", "p99 us", False, {"pyzmq": 1.0}),
)
