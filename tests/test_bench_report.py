"""The bench's reports: rows and verdicts of one run and of several, table, JSON, charts, pages."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # bench/ is not installed

from bench import pages, report, tables
from bench.__main__ import main, measure
from bench.cases import CASES, Metric
from bench.harness import RunFailed
from bench.machine import describe_machine
from bench.report import Measurement, Run
from bench.screen import Bars

STREAM = CASES["PUSH/PULL tcp 16 B"]
ROUND_TRIP = CASES["REQ/REP tcp 16 B"]
RATE = Metric("rate", "msg/s", True, {"pyzmq": 5.0, "pyomq": 2.0})
P50 = Metric("p50", "us", False, {"pyzmq": 1.6, "floor": 1.5})
HEADER = {
    "machine": describe_machine(),
    "versions": {"pyzmq": "27", "zmqlite": "0"},
    "absent": {"pyomq": "no such module"},
    "rounds": 2,
    "scale": 1.0,
}


def measured(metric, case=STREAM, **samples):
    """A case with this metric alone; each contestant's name gives its samples, round by round."""
    case = replace(case, metrics=(metric,))
    by_name = {name.replace("_", " "): values for name, values in samples.items()}
    return Measurement(
        case, {name: [{metric.key: value} for value in values] for name, values in by_name.items()}
    )


def rate_of(**samples):
    return measured(RATE, **samples)


def row_of(*measurements):
    (row,) = report.rows_of(*measurements)
    return row


def rate_row(**samples):
    return row_of(rate_of(**samples))


def p50_row(**samples):
    return row_of(measured(P50, ROUND_TRIP, **samples))


def complete_run():
    """Every row of every Python contestant and of the floors."""
    names = ("pyzmq", "pyomq", "zmqlite", report.FLOOR, report.WRITE_EACH)
    return Run(
        HEADER,
        [
            Measurement(
                case,
                {
                    name: [{metric.key: 10.0 * n for metric in case.metrics} for n in (1, 2)]
                    for name in (names if case.has_floor else names[:3])
                },
            )
            for case in CASES.values()
            if not case.native
        ],
    )


# one run


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


def test_a_stream_reaches_a_part_of_the_floors_rate():
    assert rate_row(zmqlite=[20], floor=[80]).ratios["floor"].median == 0.25


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
    failed = rate_of(pyzmq=[10], zmqlite=[60])
    failed.failures["zmqlite"] = "round 2 of 2: lost"
    row = row_of(failed)
    assert row.verdict == "FAILED"
    assert not row.ratios
    assert tables.figure(row, "zmqlite") == "failed"
    assert tables.failure_notes([Run(HEADER, [failed])]) == [
        "failed: PUSH/PULL tcp 16 B, zmqlite: round 2 of 2: lost"
    ]


def test_a_failed_rival_leaves_the_other_bars():
    half = rate_of(pyzmq=[10], pyomq=[10], zmqlite=[60])
    half.failures["pyomq"] = "boom"
    row = row_of(half)
    assert row.ratios.keys() == {"pyzmq"}
    assert row.verdict == "over"


def test_the_core_is_compared_with_libzmq():
    metric = Metric("rate", "msg/s", True, {"libzmq": 2.0})
    row = row_of(measured(metric, zmqlite_core=[30], libzmq=[10]))
    assert row.ratios["libzmq"].median == 3
    assert row.verdict == "over"


# several runs


def test_the_figures_of_several_runs_are_those_of_all_rounds():
    row = row_of(rate_of(pyzmq=[10, 10], zmqlite=[50, 70]), rate_of(pyzmq=[10], zmqlite=[90]))
    assert (row.figures["zmqlite"].low, row.figures["zmqlite"].high) == (50, 90)
    assert row.ratios["pyzmq"].median == 7


def test_each_bar_says_in_how_many_runs_it_was_reached():
    good = rate_of(pyzmq=[10], pyomq=[10], zmqlite=[60])
    slow = rate_of(pyzmq=[10], pyomq=[40], zmqlite=[60])
    assert row_of(good, good, good).verdict == "over 3/3"
    assert row_of(good, slow, slow).verdict == "UNDER pyomq 1/3"


def test_a_run_in_which_we_failed_is_not_over_the_bar():
    good, failed = (rate_of(pyzmq=[10], zmqlite=[60]) for _ in range(2))
    failed.failures["zmqlite"] = "lost"
    assert row_of(good, failed, good).verdict == "FAILED 1/3"


def test_a_rival_that_was_absent_from_a_run_is_not_counted_there():
    with_pyomq = rate_of(pyzmq=[10], pyomq=[10], zmqlite=[60])
    without = rate_of(pyzmq=[10], zmqlite=[60])
    row = row_of(with_pyomq, without)
    assert row.reached == {"pyzmq": [True, True], "pyomq": [True]}


def test_rows_of_several_runs_are_matched_by_name():
    first = Run(HEADER, [rate_of(zmqlite=[1])])
    second = Run(HEADER, [measured(P50, ROUND_TRIP, zmqlite=[2]), rate_of(zmqlite=[3])])
    stream, round_trip = report.rows_of_runs([first, second])
    assert stream.figures["zmqlite"].median == 2
    assert round_trip.figures["zmqlite"].median == 2


# the table


def test_a_cell_is_the_median_and_the_spread_in_one_unit():
    row = rate_row(zmqlite=[900_000, 1_200_000, 1_500_000])
    assert tables.figure(row, "zmqlite") == "1.20M (0.90..1.50)"
    assert tables.figure(row, "pyzmq") == "-"
    assert tables.figure(rate_row(zmqlite=[17_500]), "zmqlite") == "17.5k (17.5..17.5)"
    assert tables.figure(p50_row(zmqlite=[15.25]), "zmqlite") == "15.2 (15.2..15.2)"


def test_the_table_has_a_line_per_row_and_straight_columns():
    rows = [rate_row(pyzmq=[10], zmqlite=[60]), p50_row(pyzmq=[30], zmqlite=[20])]
    heading, stream, p50 = tables.plain(rows).splitlines()
    assert stream.startswith("PUSH/PULL tcp 16 B, msg/s")
    assert p50.startswith("REQ/REP tcp 16 B, us")
    assert heading.index("mark") == stream.index("over") == p50.index("UNDER")
    assert "6.00x" in stream


def test_columns_without_a_figure_are_left_out():
    heading, _ = tables.plain([rate_row(pyzmq=[10], zmqlite=[60])]).splitlines()
    assert heading.split() == ["row", "pyzmq", "zmqlite", "/pyzmq", "bar", "mark"]


def test_the_core_has_a_table_of_its_own():
    metric = Metric("rate", "msg/s", True, {})
    core = row_of(measured(metric, zmqlite_core=[30], libzmq=[10]))
    python, native = tables.plain([rate_row(zmqlite=[60]), core]).split("\n\n")
    assert "zmqlite core" not in python
    assert native.startswith("row") and "zmqlite core" in native


def test_the_markdown_has_the_same_cells():
    heading, rule, line = tables.markdown([rate_row(pyzmq=[10], zmqlite=[60])]).splitlines()
    assert heading == "| row | pyzmq | zmqlite | /pyzmq | bar | mark |"
    assert rule == "| --- | ---: | ---: | ---: | --- | --- |"
    assert line.split(" | ")[3] == "6.00x"


def test_the_header_names_what_the_runs_share_once():
    one, two = tables.header_lines([HEADER]), tables.header_lines([HEADER, HEADER])
    assert one[:-1] == two[:-1]
    assert two[-1].startswith("median (lowest..highest) of 2 + 2 rounds")


# JSON


def test_a_run_survives_its_file(tmp_path):
    run = complete_run()
    report.save(run, tmp_path / "run.json")
    saved = report.load(tmp_path / "run.json")
    assert saved.header == json.loads(json.dumps(run.header))
    assert tables.plain(report.rows_of_runs([saved])) == tables.plain(report.rows_of_runs([run]))
    assert report.as_json(saved) == json.loads(json.dumps(report.as_json(run)))


def test_the_json_holds_every_sample_and_what_was_made_of_them():
    document = report.as_json(Run(HEADER, [rate_of(zmqlite=[1, 2])]))
    case = json.loads(json.dumps(document))["cases"][0]
    assert case["samples"] == {"zmqlite": [{"rate": 1}, {"rate": 2}]}
    assert case["rows"][0]["figures"]["zmqlite"] == {"median": 1.5, "low": 1, "high": 2}


# pages


def test_marked_parts_are_renewed_and_the_rest_is_kept(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "before\n"
        + "".join(f"<!-- bench: {name} -->\nold\n<!-- /bench -->\n" for name in pages.PARTS)
        + "after\n"
    )
    run = complete_run()
    pages.fill(page, [run, run])
    once = page.read_text()
    assert once.startswith("before\n") and once.endswith("after\n")
    assert "old" not in once
    for case in (each.case for each in run.measurements):
        assert f"| {case.name}, {case.metrics[0].label} |" in once
    pages.fill(page, [run, run])
    assert page.read_text() == once


def test_a_page_without_marked_parts_is_refused(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("nothing\n")
    with pytest.raises(ValueError, match="no part"):
        pages.fill(page, [complete_run()])


def test_where_a_rival_does_better_is_told_apart_from_where_a_bar_is_missed():
    run = Run(
        HEADER,
        [
            rate_of(pyzmq=[80], pyomq=[10], zmqlite=[60]),
            measured(P50, ROUND_TRIP, pyzmq=[30], zmqlite=[25], floor=[10]),
        ],
    )
    (lost,) = pages.lost([run]).splitlines()[2:]
    assert lost.startswith("| PUSH/PULL tcp 16 B, msg/s | pyzmq |") and "| 0.75x |" in lost
    against_pyzmq, against_floor = pages.short([run]).splitlines()[2:]
    assert "| pyzmq | 1.6x | 1.20x | 0 of 1 |" in against_pyzmq
    assert "| floor | 1.5x | 2.50x | 0 of 1 |" in against_floor


# the command, on saved runs


def bench(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["bench", *map(str, arguments)])
    return main()


def test_the_command_reports_saved_runs_together(tmp_path, monkeypatch, capsys):
    files = [tmp_path / f"{number}.json" for number in range(3)]
    for file in files:
        report.save(Run(HEADER, [rate_of(pyzmq=[10], zmqlite=[60])]), file)
    assert bench(monkeypatch, "--from", *files) == 0
    assert "over 3/3" in capsys.readouterr().out
    assert bench(monkeypatch, "--from", *files, "--markdown") == 0
    assert "| over 3/3 |" in capsys.readouterr().out


def test_charts_without_matplotlib_say_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "bench.charts", raising=False)
    monkeypatch.delattr("bench.charts", raising=False)
    assert bench(monkeypatch, "--charts", tmp_path) == 2
    assert "pip install 'zmqlite[bench]'" in capsys.readouterr().err


# progress


def test_the_bars_are_full_when_all_turns_are_over_also_those_that_were_left_out():
    pytest.importorskip("rich")
    from rich.progress import Progress

    def lose(_case):
        raise RunFailed("lost")

    progress = Progress(disable=True)
    bars = Bars(progress, 3 * 2 + 2 * 1)
    measure(STREAM, 3, {"a": lambda _case: {"rate": 1}, "b": lose}, bars)
    all_rows, here = progress.tasks
    assert (here.description, here.completed, here.total) == (STREAM.name, 6, 6)
    measure(ROUND_TRIP, 2, {"a": lose}, bars)
    assert here.description == ROUND_TRIP.name
    assert all_rows.finished and here.finished


# charts


@pytest.fixture(scope="module")
def charts(tmp_path_factory):
    """The module that draws, its fonts opened: it keeps them open."""
    module = pytest.importorskip("bench.charts", exc_type=ImportError)
    module.draw([rate_row(zmqlite=[60])], tmp_path_factory.mktemp("charts"))
    return module


def series(path):
    """The names of the lines of a chart."""
    ids = (element.get("id", "") for element in ElementTree.parse(path).iter())
    return [name for name in ids if ": " in name]


def test_the_charts_have_a_line_for_each_contestant(charts, tmp_path):
    rows = report.rows_of_runs([complete_run()])
    drawn = {path.stem: series(path) for path in charts.draw(rows, tmp_path)}
    assert drawn.keys() == {"throughput", "latency", "round-trips"}
    everyone = ["zmqlite", "pyzmq", "pyomq", report.FLOOR, report.WRITE_EACH]
    assert drawn["throughput"] == [
        f"{transport}, msg/s: {name}" for transport in ("tcp", "ipc") for name in everyone
    ]
    paced = {row.name for row in rows if row.case.kind == "paced"}
    rates = {row.case.load.rate for row in rows if row.case.kind == "paced"}
    assert len(drawn["latency"]) == 3 * len(paced) / len(rates)
    assert f"{ROUND_TRIP.name}: {report.FLOOR}" in drawn["round-trips"]


def test_a_chart_without_rows_is_not_drawn(charts, tmp_path):
    rows = [rate_row(pyzmq=[10], zmqlite=[60])]
    (only,) = charts.draw(rows, tmp_path)
    assert series(only) == ["tcp, msg/s: zmqlite", "tcp, msg/s: pyzmq"]


def test_the_same_figures_give_the_same_chart(charts, tmp_path):
    rows = [rate_row(pyzmq=[10], zmqlite=[60])]
    first, second = (charts.draw(rows, tmp_path / name) for name in ("a", "b"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
