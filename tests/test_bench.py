"""The bench's arithmetic, the choice and order of its rows, and tiny runs of real processes."""

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # bench/ is not installed

from bench import stats
from bench.__main__ import chosen_cases, measure
from bench.cases import CASES, Load
from bench.compiled import CC, CORE_FLAGS, cc
from bench.floor import Floor
from bench.harness import RunFailed, run_case
from bench.native import HERE as NATIVE
from bench.screen import Lines

STREAM = CASES["PUSH/PULL tcp 16 B"]
ROUND_TRIP = CASES["REQ/REP tcp 16 B"]
TINY = 0.0001
SECONDS = 30


# stats


@pytest.mark.parametrize(
    ("fraction", "expected"), [(0.0, 1), (0.01, 1), (0.5, 50), (0.99, 99), (0.991, 100), (1.0, 100)]
)
def test_percentile_is_the_nearest_rank(fraction, expected):
    assert stats.percentile(range(100, 0, -1), fraction) == expected


def test_percentile_of_one_sample_is_that_sample():
    assert stats.percentile([7], 0.5) == stats.percentile([7], 0.99) == 7


def test_summary_is_the_median_and_the_extremes():
    assert stats.summarize([3, 1, 10]) == stats.Summary(3, 1, 10)


def test_ratios_are_taken_within_each_round():
    # The second round was ten times slower for both: no ratio of medians would see that.
    assert stats.ratio_by_round([80, 8, 90], [20, 2, 30]) == stats.Summary(4, 3, 4)


def test_rounds_must_match_to_be_divided():
    with pytest.raises(ValueError):
        stats.ratio_by_round([1, 2], [1])


def test_latency_turns_nanoseconds_into_microseconds():
    assert stats.latency([1000, 2000, 3000]) == {
        "p50": 2.0,
        "p99": 3.0,
        "p999": 3.0,
        "mean": 2.0,
    }


# cases and their order


def test_rows_are_chosen_by_any_part_of_their_name():
    assert chosen_cases(["push/pull tcp 256 b"], quick=False) == [CASES["PUSH/PULL tcp 256 B"]]
    assert {case.transport for case in chosen_cases(["* ipc *"], quick=False)} == {"ipc"}
    assert chosen_cases(None, quick=False) == list(CASES.values())
    assert ROUND_TRIP in chosen_cases(None, quick=True)


def test_the_roles_of_inproc_share_a_process():
    assert CASES["PUSH/PULL inproc 16 B"].processes == [[0, 1]]
    assert STREAM.processes == [[0], [1]]


def test_a_scaled_load_keeps_all_but_the_count():
    assert Load(1000, size=64).scaled(0.5) == Load(500, size=64)
    assert Load(1000).scaled(0).count == 10


def test_contestants_take_turns_and_a_failed_one_is_not_tried_again():
    turns = []

    def run_a(_case):
        turns.append("a")
        return {"rate": 1}

    def run_b(_case):
        turns.append("b")
        raise RunFailed("lost")

    measured = measure(STREAM, 3, {"a": run_a, "b": run_b, "c": run_a}, Lines(1))
    assert turns == ["a", "b", "a", "a", "a", "a", "a"]
    assert measured.failures == {"b": "round 1 of 3: lost"}
    assert len(measured.samples["c"]) == 3


# real processes


@pytest.mark.parametrize("transport", ["tcp", "ipc", "inproc"])
def test_a_stream_between_two_zmqlites_gives_a_rate(transport):
    metrics = run_case(CASES[f"PUSH/PULL {transport} 16 B"], "zmqlite", TINY, SECONDS)
    assert metrics["rate"] > 0


@pytest.mark.parametrize(
    "name",
    [
        "PUSH/PULL tcp 16 B in batches",
        "10 DEALER to ROUTER and back tcp 16 B",
        "200 PUSH to 200 PULL tcp 16 B",
        "PUSH, proxy, PULL tcp 16 B",
        "REQ/REP tcp 16 B beside a busy thread",
        "backlog PUSH/PULL tcp 100 B",
        "connections opened and closed tcp",
        "import",
    ],
)
def test_a_row_has_a_figure_for_each_of_its_metrics(name):
    case = CASES[name]
    figures = run_case(case, "zmqlite", TINY, SECONDS)
    assert figures.keys() >= {metric.key for metric in case.metrics}


def test_the_peers_of_a_role_are_spread_evenly():
    assert all(case.load.peers % case.load.workers == 0 for case in CASES.values())


def test_a_run_that_cannot_start_says_why():
    with pytest.raises(RunFailed, match="KeyError: 'nonesuch'"):
        run_case(STREAM, "nonesuch", TINY, SECONDS)


def test_a_run_that_takes_too_long_is_ended():
    with pytest.raises(RunFailed, match="no 'bound' from process 0 within 0 s"):
        run_case(STREAM, "zmqlite", TINY, 0)


def test_the_floor_times_a_round_trip():
    with Floor() as floor:
        metrics = floor.round_trip(ROUND_TRIP, scale=0.01, seconds=SECONDS)
    assert 0 < metrics["p50"] <= metrics["p99"]


def test_the_floor_of_a_stream_has_a_rate_with_many_messages_a_write_and_with_one():
    with Floor() as floor:
        contestants = floor.contestants(STREAM)
        rates = [run(STREAM, scale=TINY, seconds=SECONDS)["rate"] for run in contestants.values()]
    assert len(rates) == 2
    assert all(rate > 0 for rate in rates)


@pytest.mark.skipif(not shutil.which(CC[0]), reason="there is no C compiler")
def test_the_driver_fits_the_core():
    flags = (*CORE_FLAGS, "-Wall", "-Wextra", "-Werror", "-fsyntax-only")
    cc(*flags, '-DOVER="over_core.h"', NATIVE / "driver.c")
