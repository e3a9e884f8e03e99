"""Beside a busy thread: whoever lets go of the GIL gets it back when that thread's turn is over."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial

from bench.cases.common import UNBARRED_RATE, Case, Load, Metric, only_result, throughput
from bench.cases.round_trips import answer, ask
from bench.cases.streams import pull, push


def beside_a_spinner(link, role):
    """Play a role while another thread of its process runs Python code without a pause."""
    spinning = [True]

    def spin():
        while spinning:
            pass

    thread = threading.Thread(target=spin)
    thread.start()
    try:
        return role(link)
    finally:
        spinning.clear()
        thread.join()


def cases() -> Iterator[Case]:
    yield Case(
        "PUSH/PULL tcp 16 B beside a busy thread",
        "tcp",
        (partial(beside_a_spinner, role=pull), push),
        Load(200_000),
        UNBARRED_RATE,
        throughput,
        kind="busy",
    )
    yield Case(
        "REQ/REP tcp 16 B beside a busy thread",
        "tcp",
        (answer, partial(beside_a_spinner, role=partial(ask, kind="REQ"))),
        Load(400),
        (Metric("p50", "p50 us", False, {}), Metric("mean", "mean us", False, {})),
        only_result,
        kind="busy latency",
        rounds_factor=2,
    )
