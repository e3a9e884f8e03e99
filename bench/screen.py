"""What a person sees of a run: progress while it measures, then the table.

With rich on a terminal these are moving bars and a coloured table, elsewhere plain lines.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from typing import Protocol

from bench import tables
from bench.report import Row

try:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.table import Table
    from rich.text import Text
except ImportError:
    Console = None


class Watcher(Protocol):
    """Is told how far the run is."""

    def case(self, name: str, turns: int) -> None:
        """A case begins, in which contestants take so many turns."""

    def turn(self, contestant: str) -> None:
        """A contestant starts."""

    def turned(self) -> None:
        """It is through, or is left out."""


class Lines:
    """A line for each case."""

    def __init__(self, cases: int):
        self._cases, self._number = cases, 0

    def case(self, name: str, turns: int) -> None:
        self._number += 1
        print(f"[{self._number}/{self._cases}] {name}", file=sys.stderr, flush=True)

    def turn(self, contestant: str) -> None:
        pass

    def turned(self) -> None:
        pass


class Bars:
    """A bar of all turns, and one of those of the present case."""

    def __init__(self, progress: Progress, turns: int):
        self._progress = progress
        self._all = progress.add_task("all rows", total=turns, contestant="")
        self._here = progress.add_task("", total=0, contestant="")

    def case(self, name: str, turns: int) -> None:
        self._progress.reset(self._here, description=name, total=turns)

    def turn(self, contestant: str) -> None:
        self._progress.update(self._here, contestant=contestant)

    def turned(self) -> None:
        for task in (self._all, self._here):
            self._progress.advance(task)


def _on_terminal(stream) -> bool:
    return Console is not None and stream.isatty()


@contextlib.contextmanager
def watching(cases: int, turns: int) -> Iterator[Watcher]:
    """Show progress on stderr, so that stdout has the table alone."""
    if not _on_terminal(sys.stderr):
        yield Lines(cases)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[contestant]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield Bars(progress, turns)


COLOURS = {"over": "green", "UNDER": "red", "FAILED": "bold red"}
"""Of a mark, by its first word."""


def show(rows: Sequence[Row]) -> None:
    """Print the table."""
    if not _on_terminal(sys.stdout):
        print(tables.plain(rows))
        return
    console = Console()
    for headings, *lines in tables.grids(rows):
        table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
        for heading in headings:
            table.add_column(heading, justify="left" if heading in tables.LEFT else "right")
        for *cells, mark in lines:
            colour = COLOURS.get(mark.partition(" ")[0], "")
            table.add_row(*cells, Text(mark, style=colour))
        console.print(table)
