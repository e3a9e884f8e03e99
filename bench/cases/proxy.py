"""A proxy between two processes, with the library's own forwarding in a third."""

from __future__ import annotations

from collections.abc import Iterator

from bench.cases.common import SIZES, UNBARRED_RATE, Case, Load, throughput
from bench.cases.streams import push, receive_stream


def forward(link):
    frontend, backend = link.socket("PULL"), link.socket("PUSH")
    link.listen(frontend, backend)
    link.proxy(frontend, backend)
    return {}


def pull_from_proxy(link):
    return receive_stream(link.connect(link.socket("PULL"), 1), link.load)


COUNTS = {16: 400_000, 4096: 60_000}


def cases() -> Iterator[Case]:
    for size, count in COUNTS.items():
        yield Case(
            f"PUSH, proxy, PULL tcp {SIZES[size]}",
            "tcp",
            (forward, pull_from_proxy, push),
            Load(count, size),
            UNBARRED_RATE,
            throughput,
            kind="proxy",
        )
