"""The command: measures rows with their contestants in turn, or reads saved runs; then reports."""

from __future__ import annotations

import argparse
import fnmatch
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench import pages, report, screen, tables
from bench.cases import CASES, Case
from bench.floor import Floor
from bench.harness import RunFailed, run_case
from bench.machine import describe_machine, find_implementations
from bench.native import Native
from bench.peer import IMPLEMENTATIONS
from bench.report import Measurement, Run

QUICK_ROUNDS, QUICK_SCALE = 3, 0.5
ROUNDS = 5

Contestants = dict[str, Callable[[Case], dict[str, float]]]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    measuring = parser.add_argument_group("what to measure")
    measuring.add_argument(
        "--rows",
        nargs="+",
        metavar="TEXT",
        help="only rows whose name contains one of these texts (* and ? work)",
    )
    measuring.add_argument("--list", action="store_true", help="print the names of the rows")
    measuring.add_argument(
        "--quick",
        action="store_true",
        help=f"core rows, {QUICK_ROUNDS} rounds, smaller counts: about a minute",
    )
    measuring.add_argument("--rounds", type=int, help=f"rounds of each row (default {ROUNDS})")
    measuring.add_argument(
        "--impl", nargs="+", choices=IMPLEMENTATIONS, default=list(IMPLEMENTATIONS)
    )
    measuring.add_argument("--limit", type=int, default=60, help="seconds one run may take")
    measuring.add_argument(
        "--from",
        dest="saved",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="measure nothing: report what --json has saved, several runs as one",
    )
    reporting = parser.add_argument_group("what to make of it, besides the table")
    reporting.add_argument("--json", type=Path, metavar="FILE", help="save every sample")
    reporting.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    reporting.add_argument("--charts", type=Path, metavar="DIR", help="draw SVG charts")
    reporting.add_argument(
        "--fill", nargs="+", type=Path, metavar="PAGE", help="renew the marked parts of these pages"
    )
    options = parser.parse_args()
    if options.saved and options.json:
        parser.error("--json saves what is measured; with --from nothing is")
    return options


def chosen_cases(patterns: list[str] | None, quick: bool) -> list[Case]:
    """The named rows, or those of the quick mode, or all."""
    if patterns:
        wanted = [f"*{pattern.lower()}*" for pattern in patterns]
        return [
            case
            for case in CASES.values()
            if any(fnmatch.fnmatchcase(case.name.lower(), pattern) for pattern in wanted)
        ]
    return [case for case in CASES.values() if case.quick or not quick]


def measure(
    case: Case, rounds: int, contestants: Contestants, watcher: screen.Watcher
) -> Measurement:
    """Run the contestants in turn, A B C A B C; one that fails is not tried again in this row."""
    measurement = Measurement(case)
    watcher.case(case.name, rounds * len(contestants))
    for number in range(1, rounds + 1):
        for name, run in contestants.items():
            if name not in measurement.failures:
                watcher.turn(name)
                try:
                    measurement.samples.setdefault(name, []).append(run(case))
                except RunFailed as failure:
                    measurement.failures[name] = f"round {number} of {rounds}: {failure}"
            watcher.turned()
    return measurement


def measure_all(cases: list[Case], options: argparse.Namespace) -> Run:
    rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    how = {"scale": QUICK_SCALE if options.quick else 1.0, "seconds": options.limit}
    versions, absent = find_implementations(options.impl)
    with Floor() as floor, Native(cases) as native:
        header = {
            "machine": describe_machine(),
            "versions": versions | native.versions,
            "absent": absent | native.absent,
            "rounds": rounds,
            "scale": how["scale"],
        }
        print(*tables.header_lines([header]), sep="\n", end="\n\n", flush=True)
        plan = []
        for case in cases:
            contestants: Contestants = {
                name: partial(run_case, implementation=name, **how)
                for name in versions
                if not case.native
            }
            for name, play in (floor.contestants(case) | native.contestants(case)).items():
                contestants[name] = partial(play, **how)
            plan.append((case, rounds * case.rounds_factor, contestants))
        turns = sum(times * len(contestants) for _, times, contestants in plan)
        run = Run(header, [])
        try:
            with screen.watching(len(plan), turns) as watcher:
                for each in plan:
                    run.measurements.append(measure(*each, watcher))
        except KeyboardInterrupt:
            print("interrupted: here are the rows that were through", file=sys.stderr)
        return run


def main() -> int:
    options = arguments()
    cases = chosen_cases(options.rows, options.quick)
    if options.list:
        print("\n".join(case.name for case in cases))
        return 0
    if not cases:
        print("no row has such a name; --list prints them", file=sys.stderr)
        return 2
    if options.charts:
        try:
            from bench import charts
        except ImportError as error:
            print(f"--charts: {error}; pip install 'zmqlite[bench]'", file=sys.stderr)
            return 2

    if options.saved:
        runs = [report.load(path) for path in options.saved]
        print(*tables.header_lines([run.header for run in runs]), sep="\n", end="\n\n")
    else:
        runs = [measure_all(cases, options)]
    if options.json:
        report.save(runs[0], options.json)
    rows = report.rows_of_runs(runs)
    if options.markdown:
        print(tables.markdown(rows))
    else:
        screen.show(rows)
    notes = tables.failure_notes(runs)
    for note in notes:
        print(note)
    if options.charts:
        charts.draw(rows, options.charts)
    for page in options.fill or ():
        pages.fill(page, runs)
    return 1 if notes else 0


if __name__ == "__main__":
    sys.exit(main())
