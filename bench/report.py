"""What the samples say: ratios, verdicts against the bars, the table and the JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field

from bench.cases import Case, Metric
from bench.stats import Summary, ratio_by_round, summarize

OURS = "zmqlite"
FLOOR = "floor"
RIVALS = ("pyzmq", "pyomq")


@dataclass
class Measurement:
    """The rounds of one case: by contestant its samples, or why it has none."""

    case: Case
    samples: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def values(self, contestant: str, metric: Metric) -> list[float]:
        if contestant in self.failures:
            return []
        return [sample[metric.key] for sample in self.samples.get(contestant, [])]


@dataclass(frozen=True)
class Row:
    """One metric of one case. `ratios` holds, for each rival, how many times better zmqlite is,
    and for the floor, how many times the floor's time it takes."""

    name: str
    metric: Metric
    figures: dict[str, Summary]
    failures: dict[str, str]
    ratios: dict[str, Summary]

    @property
    def missed(self) -> list[str]:
        """The contestants whose bar zmqlite did not reach."""
        return [
            name
            for name, bar in self.metric.bars.items()
            if name in self.ratios and not reaches(name, self.ratios[name].median, bar)
        ]

    @property
    def verdict(self) -> str:
        if OURS in self.failures:
            return "FAILED"
        if self.missed:
            return "UNDER " + ", ".join(self.missed)
        return "over" if self.metric.bars.keys() & self.ratios.keys() else "-"


def reaches(contestant: str, ratio: float, bar: float) -> bool:
    return ratio <= bar if contestant == FLOOR else ratio >= bar


def rows_of(measurement: Measurement) -> Iterator[Row]:
    for metric in measurement.case.metrics:
        values = {name: measurement.values(name, metric) for name in (*RIVALS, OURS, FLOOR)}
        ours = values[OURS]
        ratios = {}
        for name in (*RIVALS, FLOOR):
            if ours and values[name]:
                ours_on_top = metric.more_is_better or name == FLOOR
                pair = (ours, values[name]) if ours_on_top else (values[name], ours)
                ratios[name] = ratio_by_round(*pair)
        yield Row(
            f"{measurement.case.name}, {metric.label}",
            metric,
            {name: summarize(samples) for name, samples in values.items() if samples},
            measurement.failures,
            ratios,
        )


FIGURE_HEADINGS = ["pyzmq", "pyomq", "zmqlite", "C floor", "/pyzmq", "/pyomq", "x floor"]
HEADINGS = ["row", *FIGURE_HEADINGS, "bar", "mark"]


def table(measurements: Iterable[Measurement]) -> str:
    rows = [row for measurement in measurements for row in rows_of(measurement)]
    lines = [HEADINGS, *map(cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if heading in FIGURE_HEADINGS else cell.ljust(width)
            for heading, cell, width in zip(HEADINGS, line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


def cells(row: Row) -> tuple[str, ...]:
    return (
        row.name,
        *(figure(row, name) for name in (*RIVALS, OURS, FLOOR)),
        *(times(row.ratios.get(name)) for name in (*RIVALS, FLOOR)),
        bar_text(row.metric),
        row.verdict,
    )


def figure(row: Row, contestant: str) -> str:
    """Median and spread, or what is known instead."""
    if contestant in row.failures:
        return "failed"
    if contestant not in row.figures:
        return "-"
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
    return f"{ratio.median:.2f}x" if ratio else "-"


def bar_text(metric: Metric) -> str:
    texts = {"pyzmq": "{:g}x", "pyomq": "pyomq {:g}x", FLOOR: "floor {:g}x"}
    return ", ".join(texts[name].format(bar) for name, bar in metric.bars.items()) or "-"


def failure_notes(measurements: Iterable[Measurement]) -> list[str]:
    return [
        f"failed: {measurement.case.name}, {name}: {reason}"
        for measurement in measurements
        for name, reason in measurement.failures.items()
    ]


def as_json(header: dict, measurements: Iterable[Measurement]) -> dict:
    """Everything the table was made of, each sample included."""
    return header | {
        "cases": [
            {
                "name": measurement.case.name,
                "load": asdict(measurement.case.load),
                "samples": measurement.samples,
                "failures": measurement.failures,
                "rows": [
                    {
                        "name": row.name,
                        "figures": {name: asdict(value) for name, value in row.figures.items()},
                        "ratios": {name: asdict(value) for name, value in row.ratios.items()},
                        "bars": row.metric.bars,
                        "verdict": row.verdict,
                    }
                    for row in rows_of(measurement)
                ],
            }
            for measurement in measurements
        ]
    }
