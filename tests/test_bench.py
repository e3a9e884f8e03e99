"""The bench's arithmetic, verdicts and table, and one tiny run of real processes."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # bench/ is not installed

from bench import report, stats
from bench.__main__ import chosen_cases, measure
from bench.cases import CASES, Load, Metric
from bench.floor import Floor
from bench.harness import RunFailed, run_case
from bench.report import Measurement

STREAM = CASES["PUSH/PULL tcp 16 B"]
ROUND_TRIP = CASES["REQ/REP tcp 16 B"]
TINY = 0.0001
SECONDS = 30


def measurement(case, key, **samples):
    return Measurement(case, {name: [{key: v} for v in vs] for name, vs in samples.items()})


def only_row(case, metric, **samples):
    case = replace(case, metrics=(metric,))
    (row,) = report.rows_of(measurement(case, metric.key, **samples))
    return row


def rate_row(**samples):
    return only_row(STREAM, Metric("rate", "msg/s", True, {"pyzmq": 5.0, "pyomq": 2.0}), **samples)


def p50_row(**samples):
    return only_row(ROUND_TRIP, Metric("p50", "us", False, {"pyzmq": 1.6, "floor": 1.5}), **samples)


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
    assert stats.latency([1000, 2000, 3000]) == {"p50": 2.0, "p99": 3.0}


# report


def test_more_messages_are_better():
    row = rate_row(pyzmq=[10, 10], pyomq=[20, 20], zmqlite=[60, 60])
    assert row.ratios["pyzmq"].median == 6
    assert row.ratios["pyomq"].median == 3
    assert row.verdict == "over"


def test_less_time_is_better():
    row = p50_row(pyzmq=[50], zmqlite=[20], floor=[16])
    assert row.ratios["pyzmq"].median == 2.5
    assert row.ratios["floor"].median == 1.25
    assert row.verdict == "over"


def test_each_missed_bar_is_named():
    assert rate_row(pyzmq=[10], pyomq=[40], zmqlite=[60]).verdict == "UNDER pyomq"
    assert p50_row(pyzmq=[30], zmqlite=[20], floor=[10]).verdict == "UNDER pyzmq, floor"


def test_a_bar_that_is_just_met_is_met():
    assert rate_row(pyzmq=[10], zmqlite=[50]).verdict == "over"
    assert p50_row(zmqlite=[15], floor=[10]).verdict == "over"


def test_nothing_to_compare_with_is_no_verdict():
    assert rate_row(zmqlite=[10]).verdict == "-"
    assert rate_row(pyzmq=[10]).verdict == "-"


def test_a_failure_is_shown_with_its_reason():
    failed = measurement(STREAM, "rate", pyzmq=[10], zmqlite=[60])
    failed.failures["zmqlite"] = "round 2 of 2: lost"
    (row,) = report.rows_of(failed)
    assert row.verdict == "FAILED"
    assert not row.ratios
    assert "failed" in report.table([failed])
    assert report.failure_notes([failed]) == [
        "failed: PUSH/PULL tcp 16 B, zmqlite: round 2 of 2: lost"
    ]


def test_a_failed_rival_leaves_the_other_bars():
    half = measurement(STREAM, "rate", pyzmq=[10], pyomq=[10], zmqlite=[60])
    half.failures["pyomq"] = "boom"
    (row,) = report.rows_of(half)
    assert row.ratios.keys() == {"pyzmq"}
    assert row.verdict == "over"


def test_a_cell_is_the_median_and_the_spread_in_one_unit():
    row = rate_row(zmqlite=[900_000, 1_200_000, 1_500_000])
    assert report.figure(row, "zmqlite") == "1.20M (0.90..1.50)"
    assert report.figure(row, "pyzmq") == "-"
    assert report.figure(rate_row(zmqlite=[17_500]), "zmqlite") == "17.5k (17.5..17.5)"
    assert report.figure(p50_row(zmqlite=[15.25]), "zmqlite") == "15.2 (15.2..15.2)"


def test_the_table_has_a_line_per_metric_and_straight_columns():
    both = [
        measurement(STREAM, "rate", pyzmq=[10], zmqlite=[60]),
        Measurement(ROUND_TRIP, {"zmqlite": [{"p50": 20, "p99": 30}]}),
    ]
    heading, stream, p50, p99 = report.table(both).splitlines()
    assert stream.startswith("PUSH/PULL tcp 16 B, msg/s")
    assert p50.startswith("REQ/REP tcp 16 B, p50 us")
    assert p99.startswith("REQ/REP tcp 16 B, p99 us")
    assert heading.index("mark") == stream.index("over")
    assert "6.00x" in stream


def test_the_json_holds_every_sample():
    document = report.as_json({"rounds": 2}, [measurement(STREAM, "rate", zmqlite=[1, 2])])
    case = json.loads(json.dumps(document))["cases"][0]
    assert case["samples"] == {"zmqlite": [{"rate": 1}, {"rate": 2}]}
    assert case["rows"][0]["figures"]["zmqlite"] == {"median": 1.5, "low": 1, "high": 2}


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

    measured = measure(STREAM, 3, {"a": run_a, "b": run_b, "c": run_a})
    assert turns == ["a", "b", "a", "a", "a", "a", "a"]
    assert measured.failures == {"b": "round 1 of 3: lost"}
    assert len(measured.samples["c"]) == 3


# real processes


@pytest.mark.parametrize("transport", ["tcp", "ipc", "inproc"])
def test_a_stream_between_two_zmqlites_gives_a_rate(transport):
    metrics = run_case(CASES[f"PUSH/PULL {transport} 16 B"], "zmqlite", TINY, SECONDS)
    assert metrics["rate"] > 0


def test_a_run_that_cannot_start_says_why():
    with pytest.raises(RunFailed, match="KeyError: 'nonesuch'"):
        run_case(STREAM, "nonesuch", TINY, SECONDS)


def test_a_run_that_takes_too_long_is_ended():
    with pytest.raises(RunFailed, match="no 'bound' from process 0 within 0 s"):
        run_case(STREAM, "zmqlite", TINY, 0)


def test_the_floor_times_a_round_trip():
    with Floor() as floor:
        metrics = floor.run(ROUND_TRIP, scale=0.01, seconds=SECONDS)
    assert 0 < metrics["p50"] <= metrics["p99"]
