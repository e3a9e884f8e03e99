"""The arithmetic of the bench: percentiles of one run, median and spread of the rounds, ratios."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Summary:
    """The middle of some samples and how far they reach."""

    median: float
    low: float
    high: float


def summarize(samples: Sequence[float]) -> Summary:
    return Summary(statistics.median(samples), min(samples), max(samples))


def percentile(samples: Sequence[float], fraction: float) -> float:
    """The smallest sample that at least `fraction` of all samples do not exceed (nearest rank)."""
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(fraction * len(ordered)) - 1)]


def latency(nanoseconds: Sequence[int]) -> dict[str, float]:
    """Percentiles and the mean of one run, in microseconds."""
    ordered = sorted(nanoseconds)  # sorting what is sorted costs nothing
    return {
        "p50": percentile(ordered, 0.50) / 1000,
        "p99": percentile(ordered, 0.99) / 1000,
        "p999": percentile(ordered, 0.999) / 1000,
        "mean": statistics.fmean(ordered) / 1000,
    }


def ratio_by_round(numerators: Sequence[float], denominators: Sequence[float]) -> Summary:
    """Divide round by round, then take the median.

    The two samples of a round were taken within seconds of each other, so whatever slowed the
    machine in that round slowed both and cancels out; a ratio of two medians would keep it.
    """
    return summarize([a / b for a, b in zip(numerators, denominators, strict=True)])
