"""The demo: real processes exchange messages in each pattern, and every message is counted."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from .cast import Cast, DemoError
from .patterns import PATTERNS, Outcome, Pattern
from .report import LiveLine, table

__all__ = ["DemoError", "run"]


def run(peer: str, transports: Sequence[str], messages: int) -> int:
    """Run each pattern over each transport and print the table; how many messages were lost."""
    if peer == "pyzmq" and importlib.util.find_spec("zmq") is None:
        raise DemoError(
            "pyzmq, the peer that was asked for, is not installed in this Python; "
            "install it with: python -m pip install pyzmq"
        )
    print(f"zmqlite on the near side of every link, {peer} on the far side\n", flush=True)
    outcomes: list[tuple[str, str, Outcome]] = []
    for transport in transports:
        for name, play in PATTERNS.items():
            outcomes.append((name, transport, _run_one(name, play, peer, transport, messages)))
    print(f"\n{table(outcomes)}")
    return sum(outcome.lost for _, _, outcome in outcomes)


def _run_one(name: str, play: Pattern, peer: str, transport: str, messages: int) -> Outcome:
    # A folder with a short name, as the path of an ipc endpoint must be short.
    line = LiveLine(name, transport)
    with (
        tempfile.TemporaryDirectory(prefix="zl") as folder,
        closing(Cast(peer, transport, Path(folder), line.show)) as cast,
    ):
        outcome = play(cast, messages)
        line.finish(outcome)
    return outcome
