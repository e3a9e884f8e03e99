"""Rows as tables of text and of Markdown, and what belongs above and below them."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence

from bench.cases import Metric
from bench.report import FLOOR, LINEUPS, Lineup, Row, Run
from bench.stats import Summary

NOTHING = "-"


def columns_of(lineup: Lineup) -> dict[str, Callable[[Row], str]]:
    """By heading, what makes the cell."""

    def figure_of(name: str) -> Callable[[Row], str]:
        return lambda row: figure(row, name)

    def ratio_of(name: str) -> Callable[[Row], str]:
        return lambda row: times(row.ratios.get(name))

    return {
        "row": lambda row: row.name,
        **{name: figure_of(name) for name in (*lineup.rivals, lineup.ours)},
        "C floor": figure_of(FLOOR),
        **{f"/{name}": ratio_of(name) for name in lineup.rivals},
        "x floor": ratio_of(FLOOR),
        "bar": lambda row: bar_text(row.metric),
        "mark": lambda row: row.verdict,
    }


LEFT = ("row", "bar", "mark")
"""The columns of words; the others hold numbers."""


def grids(rows: Iterable[Row]) -> Iterator[list[list[str]]]:
    """For each lineup that has rows, its headings and its cells, without columns of nothing."""
    rows = list(rows)
    for lineup in LINEUPS:
        columns = columns_of(lineup)
        lines = [[cell(row) for cell in columns.values()] for row in rows if row.lineup == lineup]
        if lines:
            filled = [
                (heading, *cells)
                for heading, *cells in zip(columns, *lines, strict=True)
                if any(cell != NOTHING for cell in cells)
            ]
            yield [list(line) for line in zip(*filled, strict=True)]


def plain(rows: Iterable[Row]) -> str:
    return "\n\n".join(map(_plain, grids(rows)))


def _plain(grid: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*grid, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if heading in LEFT else cell.rjust(width)
            for heading, cell, width in zip(grid[0], line, widths, strict=True)
        ).rstrip()
        for line in grid
    )


def markdown(rows: Iterable[Row]) -> str:
    return "\n\n".join(markdown_table(*grid, words=LEFT) for grid in grids(rows))


def markdown_table(headings: Sequence[str], *lines: Sequence[str], words: Container[str]) -> str:
    """Columns whose heading is not among `words` hold numbers."""
    rule = ["---" if heading in words else "---:" for heading in headings]
    return "\n".join(f"| {' | '.join(line)} |" for line in (headings, rule, *lines))


def figure(row: Row, contestant: str) -> str:
    """Median and spread, or what is known instead."""
    if contestant not in row.figures:
        return "failed" if row.failed[contestant] else NOTHING
    summary = row.figures[contestant]
    divisor, suffix = scale_of(summary.median)
    median, low, high = (
        three_digits(value / divisor) for value in (summary.median, summary.low, summary.high)
    )
    return f"{median}{suffix} ({low}..{high})"


def scale_of(value: float) -> tuple[float, str]:
    if value >= 1e6:
        return 1e6, "M"
    return (1e3, "k") if value >= 1e4 else (1.0, "")


def three_digits(value: float) -> str:
    decimals = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:.{decimals}f}"


def times(ratio: Summary | None) -> str:
    return f"{ratio.median:.2f}x" if ratio else NOTHING


def bar_text(metric: Metric) -> str:
    texts = {"pyzmq": "{:g}x", "libzmq": "{:g}x"}
    return (
        ", ".join(
            texts.get(name, f"{name} {{:g}}x").format(bar) for name, bar in metric.bars.items()
        )
        or NOTHING
    )


def failure_notes(runs: Iterable[Run]) -> list[str]:
    return [
        f"failed: {measurement.case.name}, {name}: {reason}"
        for run in runs
        for measurement in run.measurements
        for name, reason in measurement.failures.items()
    ]


def header_lines(headers: Sequence[dict]) -> list[str]:
    """Machine and versions of the runs, once where they are the same."""
    lines = dict.fromkeys(line for header in headers for line in _origin(header))
    rounds = " + ".join(str(header["rounds"]) for header in headers)
    return [*lines, f"median (lowest..highest) of {rounds} rounds, round trips more"]


def _origin(header: dict) -> Iterator[str]:
    machine = header["machine"]
    yield f"{machine['cpu']}, {machine['cores']} cores, {machine['kernel']}, {machine['python']}"
    yield ", ".join(f"{name} {version}" for name, version in header["versions"].items())
    for name, reason in header["absent"].items():
        yield f"absent: {name}: {reason}"
