"""What the samples say, of one run or of several: figures, ratios, verdicts; kept as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path

from bench.cases import Case, Load, Metric
from bench.stats import Summary, ratio_by_round, summarize

FLOOR = "floor"
"""The contestant that no library on top of sockets can beat."""

WRITE_EACH = "write each"
"""The contestant that does in a stream what a program without a library does: a write for each."""


@dataclass(frozen=True)
class Lineup:
    """Contestants that are compared: whose rows they are, and with whom it has to bear it."""

    ours: str
    rivals: tuple[str, ...]

    @property
    def others(self) -> tuple[str, ...]:
        return (*self.rivals, FLOOR)


PYTHON = Lineup("zmqlite", ("pyzmq", "pyomq"))
CORE = Lineup("zmqlite core", ("libzmq",))
LINEUPS = (PYTHON, CORE)


@dataclass(frozen=True)
class Subject:
    """The part of a case that a report needs, and that a file can carry."""

    name: str
    transport: str
    load: Load
    metrics: tuple[Metric, ...]
    kind: str
    quick: bool

    @classmethod
    def from_json(cls, case: dict) -> Subject:
        metrics = tuple(Metric(**metric) for metric in case["metrics"])
        load = Load(**case["load"])
        return cls(case["name"], case["transport"], load, metrics, case["kind"], case["quick"])


@dataclass
class Measurement:
    """The rounds of one case in one run: by contestant its samples, or why it has none."""

    case: Case | Subject
    samples: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def values(self, contestant: str, metric: Metric) -> list[float]:
        if contestant in self.failures:
            return []
        return [sample[metric.key] for sample in self.samples.get(contestant, [])]

    @property
    def lineup(self) -> Lineup:
        took_part = self.samples.keys() | self.failures.keys()
        return next((each for each in LINEUPS if took_part & {each.ours, *each.rivals}), PYTHON)


@dataclass
class Run:
    """One run of the command. The header: machine, versions, who is absent, rounds and scale."""

    header: dict
    measurements: list[Measurement]


@dataclass(frozen=True)
class Row:
    """One metric of one case, over all runs.

    `ratios` holds, for each rival, how many times better zmqlite is, and for the floor, how many
    times the floor's own figure it reaches. `reached` says of each bar whether zmqlite got there,
    run by run; `failed` counts the runs in which a contestant failed.
    """

    case: Case | Subject
    metric: Metric
    lineup: Lineup
    figures: dict[str, Summary]
    ratios: dict[str, Summary]
    reached: dict[str, list[bool]]
    failed: Counter[str]
    runs: int

    @property
    def name(self) -> str:
        return f"{self.case.name}, {self.metric.label}"

    @property
    def missed(self) -> list[str]:
        """The contestants whose bar zmqlite did not reach in every run."""
        return [name for name, reached in self.reached.items() if not all(reached)]

    @property
    def behind(self) -> list[str]:
        """The rivals that are faster, or need less."""
        return [
            name
            for name in self.lineup.rivals
            if name in self.ratios and self.ratios[name].median < 1
        ]

    @property
    def verdict(self) -> str:
        if failures := self.failed[self.lineup.ours]:
            return f"FAILED{self._share(failures, self.runs)}"
        if self.missed:
            missed = ((name, self.reached[name]) for name in self.missed)
            return "UNDER " + ", ".join(
                name + self._share(sum(reached), len(reached)) for name, reached in missed
            )
        if not self.reached:
            return "-"
        compared = min(map(len, self.reached.values()))
        return f"over{self._share(compared, compared)}"

    def _share(self, count: int, of: int) -> str:
        return f" {count}/{of}" if self.runs > 1 else ""


def rows_of(*measurements: Measurement) -> Iterator[Row]:
    """The rows of one case that was measured in one run or in several."""
    newest = measurements[-1]
    lineup = newest.lineup
    failed = Counter(name for each in measurements for name in each.failures)
    for metric in newest.case.metrics:
        figures, ratios = {}, {}
        for name in dict.fromkeys(name for each in measurements for name in each.samples):
            if values := [value for each in measurements for value in each.values(name, metric)]:
                figures[name] = summarize(values)
        for name in lineup.others:
            pairs = filter(all, (operands(each, metric, name) for each in measurements))
            if sides := list(zip(*pairs, strict=True)):
                ratios[name] = ratio_by_round(*map(list, map(chain.from_iterable, sides)))
        reached = {
            name: verdicts
            for name, bar in metric.bars.items()
            if (verdicts := list(verdicts_on(bar, name, metric, measurements)))
        }
        yield Row(newest.case, metric, lineup, figures, ratios, reached, failed, len(measurements))


def operands(measurement: Measurement, metric: Metric, other: str) -> tuple[list[float], ...]:
    """What to divide by what, so that a larger ratio is better, or for the floor, ours by its."""
    ours = measurement.values(measurement.lineup.ours, metric)
    theirs = measurement.values(other, metric)
    return (ours, theirs) if metric.more_is_better or other == FLOOR else (theirs, ours)


def verdicts_on(
    bar: float, other: str, metric: Metric, measurements: Iterable[Measurement]
) -> Iterator[bool]:
    """Whether the bar was reached, for each run in which there was something to compare."""
    for measurement in measurements:
        pair = operands(measurement, metric, other)
        if all(pair):
            yield reaches(other, ratio_by_round(*pair).median, bar)


def reaches(contestant: str, ratio: float, bar: float) -> bool:
    return ratio <= bar if contestant == FLOOR else ratio >= bar


def rows_of_runs(runs: Sequence[Run]) -> list[Row]:
    """All rows, those of the same case in several runs as one."""
    by_case: dict[str, list[Measurement]] = {}
    for run in runs:
        for measurement in run.measurements:
            by_case.setdefault(measurement.case.name, []).append(measurement)
    return [row for measurements in by_case.values() for row in rows_of(*measurements)]


def as_json(run: Run) -> dict:
    """Everything that was measured, each sample included, and what was made of it."""
    return run.header | {
        "cases": [
            {
                "name": measurement.case.name,
                "transport": measurement.case.transport,
                "kind": measurement.case.kind,
                "quick": measurement.case.quick,
                "load": asdict(measurement.case.load),
                "metrics": [asdict(metric) for metric in measurement.case.metrics],
                "samples": measurement.samples,
                "failures": measurement.failures,
                "rows": [
                    {
                        "name": row.name,
                        "figures": {name: asdict(value) for name, value in row.figures.items()},
                        "ratios": {name: asdict(value) for name, value in row.ratios.items()},
                        "verdict": row.verdict,
                    }
                    for row in rows_of(measurement)
                ],
            }
            for measurement in run.measurements
        ]
    }


def from_json(document: dict) -> Run:
    """A run again: its rows are made anew from the samples."""
    header = dict(document)
    cases = header.pop("cases")
    return Run(
        header,
        [Measurement(Subject.from_json(case), case["samples"], case["failures"]) for case in cases],
    )


def save(run: Run, path: Path) -> None:
    path.write_text(json.dumps(as_json(run), indent=1) + "\n")


def load(path: Path) -> Run:
    return from_json(json.loads(path.read_text()))
