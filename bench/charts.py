"""Draws the rows as SVG: throughput by size, latency by rate, round trips."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator, NullLocator

from bench.report import FLOOR, PYTHON, WRITE_EACH, Row
from bench.stats import Summary

KERNEL = ("tcp", "ipc")
"""The transports that a plain socket has as well."""


@dataclass(frozen=True)
class Look:
    label: str
    colour: str
    marker: str
    line: str = "-"
    width: float = 1.5


LOOKS = {
    "zmqlite": Look("zmqlite", "#c8102e", "o", width=2.5),
    "pyzmq": Look("pyzmq", "#1f5fa8", "s"),
    "pyomq": Look("pyomq", "#d98c00", "D"),
    FLOOR: Look("plain socket in C", "#555555", "^", line="--"),
    WRITE_EACH: Look("the same, one write each", "#999999", "v", line=":"),
}
"""In the order of the legend; told apart by shape as well as by colour."""

STYLE = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "zmqlite",  # the same figures give the same file
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e4e4e4",
    "legend.frameon": False,
}


@dataclass(frozen=True)
class Panel:
    """A line for each contestant: what it reached at each x."""

    transport: str
    unit: str
    lines: dict[str, list[tuple[int, Summary]]]


def draw(rows: Iterable[Row], directory: Path) -> list[Path]:
    """Write the charts for which there are rows."""
    directory.mkdir(parents=True, exist_ok=True)
    rows = [row for row in rows if row.lineup == PYTHON]
    charts = {"throughput": throughput, "latency": latency, "round-trips": round_trips}
    drawn = []
    for name, chart in charts.items():
        with matplotlib.rc_context(STYLE):
            if figure := chart(rows):
                drawn.append(directory / f"{name}.svg")
                figure.savefig(drawn[-1], format="svg", metadata={"Date": None})
    return drawn


def throughput(rows: Sequence[Row]) -> Figure | None:
    """Messages a second by size, one panel for each transport."""
    streams = [
        row for row in rows if row.case.kind == "throughput" and row.case.transport in KERNEL
    ]
    panels = panels_by(lambda row: row.case.load.size, streams)
    return _lines(panels, "size of a message", size_name)


def latency(rows: Sequence[Row]) -> Figure | None:
    """What the paced rows have, by rate, one panel for each transport and metric."""
    paced = [row for row in rows if row.case.kind == "paced"]
    panels = panels_by(lambda row: row.case.load.rate, paced)
    return _lines(panels, "messages a second", lambda rate: f"{rate // 1000}k")


def round_trips(rows: Sequence[Row]) -> Figure | None:
    """From p50 (full) to p99 (hollow) of each row, so that the tail shows."""
    pairs: dict[str, dict[str, Row]] = {}
    for row in rows:
        if row.case.kind.endswith("latency") and row.metric.key in ("p50", "p99"):
            pairs.setdefault(row.case.name, {})[row.metric.key] = row
    if not pairs:
        return None
    figure = Figure(figsize=(9, 1 + 0.65 * len(pairs)), layout="constrained")
    axes = figure.subplots()
    for place, (case, pair) in enumerate(pairs.items()):
        for slot, (name, look) in enumerate(LOOKS.items()):
            points = [row.figures[name].median for row in pair.values() if name in row.figures]
            if not points:
                continue
            heights = [place + 0.16 * (slot - 1.5)] * len(points)
            shape = {"color": look.colour, "marker": look.marker, "markersize": 5}
            (drawn,) = axes.plot(points, heights, markevery=[0], label=look.label, **shape)
            drawn.set_gid(f"{case}: {name}")
            axes.plot(points[1:], heights[1:], markerfacecolor="white", **shape)
    axes.set(title="p50 to p99", xlabel="us", xscale="log")
    _number(axes.xaxis)
    axes.set_yticks(range(len(pairs)), pairs)
    axes.invert_yaxis()
    return _with_legend(figure)


def panels_by(x: Callable[[Row], int], rows: Iterable[Row]) -> list[Panel]:
    """The rows by transport and metric, then by x."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in sorted(rows, key=x):
        groups.setdefault((row.case.transport, row.metric.label), []).append(row)
    return [
        Panel(
            transport,
            unit,
            {
                contestant: [(x(row), row.figures[contestant]) for row in found]
                for contestant in LOOKS
                if (found := [row for row in group if contestant in row.figures])
            },
        )
        for (transport, unit), group in groups.items()
    ]


def _lines(panels: Sequence[Panel], x_label: str, x_name: Callable[[int], str]) -> Figure | None:
    """Two panels side by side, as many lines of them as it takes; both axes logarithmic.

    The bar through a point is its spread.
    """
    if not panels:
        return None
    lines = (len(panels) + 1) // 2
    figure = Figure(figsize=(9, 3.4 * lines), layout="constrained")
    for number, panel in enumerate(panels, 1):
        axes = figure.add_subplot(lines, 2, number)
        for name, points in panel.lines.items():
            look = LOOKS[name]
            spread = (
                [figures.median - figures.low for _, figures in points],
                [figures.high - figures.median for _, figures in points],
            )
            drawn = axes.errorbar(
                [x for x, _ in points],
                [figures.median for _, figures in points],
                yerr=spread,
                color=look.colour,
                marker=look.marker,
                markersize=4,
                linestyle=look.line,
                linewidth=look.width,
                elinewidth=0.8,
                label=look.label,
            )
            drawn.lines[0].set_gid(f"{panel.transport}, {panel.unit}: {name}")
        axes.set(
            title=panel.transport, xlabel=x_label, ylabel=panel.unit, xscale="log", yscale="log"
        )
        xs = sorted({x for points in panel.lines.values() for x, _ in points})
        axes.set_xticks(xs, map(x_name, xs))
        axes.set_xticks([], minor=True)
        _number(axes.yaxis)
    return _with_legend(figure)


def _number(axis: Axis) -> None:
    """Logarithmic, with numbers as people write them: 2k, not 2 x 10^3."""
    low, high = axis.get_data_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 1000 * low else (1,)))
    axis.set_major_formatter(EngFormatter(sep=""))
    axis.set_minor_locator(NullLocator())


def _with_legend(figure: Figure) -> Figure:
    """One for all panels, above them."""
    entries = {}
    for axes in figure.axes:
        handles, labels = axes.get_legend_handles_labels()
        entries |= dict(zip(labels, handles, strict=True))
    figure.legend(entries.values(), entries.keys(), loc="outside upper center", ncols=len(entries))
    return figure


def size_name(size: int) -> str:
    for power, unit in ((20, "MiB"), (10, "KiB")):
        if size >= 1 << power:
            return f"{size >> power} {unit}"
    return f"{size} B"
