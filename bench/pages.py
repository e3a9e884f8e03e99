"""Renews the parts of a page that come from measurements.

Such a part lies between `<!-- bench: NAME -->` and `<!-- /bench -->`; NAME is one of `PARTS`.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from bench import tables
from bench.report import FLOOR, Row, Run, rows_of_runs
from bench.stats import Summary

MARKED = re.compile(r"(<!-- bench: (\S+) -->\n).*?(<!-- /bench -->)", re.DOTALL)


def fill(page: Path, runs: Sequence[Run]) -> None:
    """Replace each marked part; a page without any is a mistake of the caller."""
    text, count = MARKED.subn(
        lambda part: f"{part[1]}{PARTS[part[2]](runs)}\n{part[3]}", page.read_text()
    )
    if not count:
        raise ValueError(f"{page} has no part that is marked <!-- bench: NAME -->")
    page.write_text(text)


def origin(runs: Sequence[Run]) -> str:
    """Which runs these are, in a sentence."""
    days = dict.fromkeys(run.header["machine"]["started"].partition("T")[0] for run in runs)
    commits = dict.fromkeys(filter(None, (run.header["machine"]["commit"] for run in runs)))
    versions = dict.fromkeys(
        f"{name} {version}" for run in runs for name, version in run.header["versions"].items()
    )
    count = "One run" if len(runs) == 1 else f"{len(runs)} runs"
    at = f" at commit {', '.join(commits)}" if commits else ""
    return f"{count} of {', '.join(days)}{at}: {', '.join(versions)}."


def machine(runs: Sequence[Run]) -> str:
    """The machine, then a line for each run."""
    machines = [run.header["machine"] for run in runs]
    facts = {
        "Processor": "{cpu}, {cores} cores, {memory_gib} GiB",
        "System": "{kernel}, {architecture}",
        "Python": "{python}",
    }
    lines = [
        (name, "; ".join(dict.fromkeys(fact.format(**each) for each in machines)))
        for name, fact in facts.items()
    ]
    versions = {name: version for run in runs for name, version in run.header["versions"].items()}
    each_run = [
        (
            run.header["machine"]["started"],
            run.header["machine"]["commit"] or tables.NOTHING,
            str(run.header["rounds"]),
            " ".join(f"{load:.2f}" for load in run.header["machine"]["load_average_before"]),
        )
        for run in runs
    ]
    what = ("What", "Which")
    facts_table = tables.markdown_table(what, *lines, *versions.items(), words=what)
    headings = ("Run started", "Commit", "Rounds", "Load average before")
    return f"{facts_table}\n\n{tables.markdown_table(headings, *each_run, words=headings[:2])}"


def every_row(runs: Sequence[Run]) -> str:
    """All rows, a table for each family of kinds: latency and batches stand with their like."""
    families: dict[str, list[Row]] = {}
    for row in rows_of_runs(runs):
        families.setdefault(re.sub(r" (latency|batch)$", "", row.case.kind), []).append(row)
    return "\n\n".join(
        f"### {name[0].upper()}{name[1:]}\n\n{tables.markdown(rows)}"
        for name, rows in families.items()
    )


def summary(runs: Sequence[Run]) -> str:
    """The core rows, the first metric of each, and how many others there are under their bars."""
    rows = rows_of_runs(runs)
    core = [row for row in rows if row.case.quick and row.metric == row.case.metrics[0]]
    barred = [row for row in rows if row.reached]
    missed = [row for row in barred if row.missed]
    over = len(barred) - len(missed)
    count = f"Of {len(barred)} rows with a bar, {over} are over it and {len(missed)} are not."
    return f"{tables.markdown(core)}\n\n{count} {origin(runs)}"


def lost(runs: Sequence[Run]) -> str:
    """Where a rival does better."""
    lines = [
        (row.name, name, *_pair(row, name), tables.times(row.ratios[name]))
        for row in rows_of_runs(runs)
        for name in row.behind
    ]
    headings = ("Row", "Rival", "Its", "zmqlite's", "Ratio")
    return tables.markdown_table(headings, *lines, words=headings[:2]) if lines else "None."


def short(runs: Sequence[Run]) -> str:
    """Where zmqlite does better, but not as much better as was asked, or is too far off the floor."""
    lines = [
        (
            row.name,
            name,
            f"{row.metric.bars[name]:g}x",
            tables.times(row.ratios[name]),
            f"{sum(row.reached[name])} of {len(row.reached[name])}",
        )
        for row in rows_of_runs(runs)
        for name in row.missed
        if name not in row.behind
    ]
    headings = ("Row", "Against", "Bar", "Ratio", "Over it in runs")
    return tables.markdown_table(headings, *lines, words=headings[:2]) if lines else "None."


def _pair(row: Row, rival: str) -> Iterator[str]:
    return (tables.figure(row, name) for name in (rival, row.lineup.ours))


def spread(runs: Sequence[Run]) -> str:
    """How far the rounds of half of the rows lie apart, by what is measured."""
    by_metric: dict[str, list[Row]] = {}
    for row in rows_of_runs(runs):
        by_metric.setdefault(row.metric.label, []).append(row)
    contestants = ("pyzmq", "pyomq", "zmqlite", FLOOR)
    lines = [
        (
            label,
            str(len(rows)),
            *(
                _typical(row.figures[name] for row in rows if name in row.figures)
                for name in contestants
            ),
            _typical(row.ratios["pyzmq"] for row in rows if "pyzmq" in row.ratios),
        )
        for label, rows in by_metric.items()
    ]
    headings = ("What", "Rows", *contestants, "Ratio to pyzmq")
    return tables.markdown_table(headings, *lines, words=headings[:1])


def _typical(figures: Iterable[Summary]) -> str:
    reaches = [(each.high - each.low) / each.median for each in figures]
    return f"{statistics.median(reaches):.0%}" if reaches else tables.NOTHING


PARTS: dict[str, Callable[[Sequence[Run]], str]] = {
    "origin": origin,
    "machine": machine,
    "rows": every_row,
    "summary": summary,
    "lost": lost,
    "short": short,
    "spread": spread,
}
