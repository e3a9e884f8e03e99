"""What the demo prints: a live line per pattern, and the table at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable

from .patterns import Outcome

ERASE_LINE = "\r\x1b[K"

HEADINGS = (
    "pattern",
    "transport",
    "sent",
    "received",
    "lost",
    "msg/s",
    "round trip p50",
    "p99",
)


class LiveLine:
    """A line that is rewritten while its pattern runs; no terminal, and only its end is printed."""

    def __init__(self, pattern: str, transport: str) -> None:
        self._label = f"{pattern:<18} {transport:<4}"
        self._begun = time.monotonic()
        self._is_live = sys.stdout.isatty()
        self.show(0)

    def show(self, count: int) -> None:
        """Show how many messages have come so far."""
        if self._is_live:
            seconds = time.monotonic() - self._begun
            text = f"{self._label} {count:>10,} received {seconds:>5.1f} s"
            print(f"{ERASE_LINE}{text}", end="", flush=True)

    def finish(self, outcome: Outcome) -> None:
        """Show what became of the pattern, for good."""
        seconds = time.monotonic() - self._begun
        text = f"{self._label} {outcome.received:>10,} received {seconds:>5.1f} s"
        text += f"  {outcome.lost:,} lost"
        if outcome.remark:
            text += f"; {outcome.remark}"
        print(f"{ERASE_LINE if self._is_live else ''}{text}", flush=True)


def table(outcomes: Iterable[tuple[str, str, Outcome]]) -> str:
    """One row per pattern and transport, text to the left and numbers to the right."""
    rows = [HEADINGS, *(_row(*outcome) for outcome in outcomes)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_aligned(row, widths) for row in rows)


def _row(pattern: str, transport: str, outcome: Outcome) -> tuple[str, ...]:
    return (
        pattern,
        transport,
        f"{outcome.sent:,}",
        f"{outcome.received:,}",
        f"{outcome.lost:,}",
        f"{outcome.rate:,.0f}" if outcome.rate else "-",
        _microseconds(outcome.round_trip_us(50)),
        _microseconds(outcome.round_trip_us(99)),
    )


def _microseconds(time_us: int | None) -> str:
    return "-" if time_us is None else f"{time_us:,} us"


def _aligned(row: tuple[str, ...], widths: list[int]) -> str:
    texts = [cell.ljust(width) for cell, width in zip(row[:2], widths[:2], strict=True)]
    numbers = [cell.rjust(width) for cell, width in zip(row[2:], widths[2:], strict=True)]
    return "  ".join(texts + numbers)
