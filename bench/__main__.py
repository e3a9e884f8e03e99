"""The command: chooses rows and contestants, interleaves their rounds, prints and saves."""

from __future__ import annotations

import argparse
import fnmatch
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench import report
from bench.cases import CASES, Case
from bench.floor import Floor
from bench.harness import RunFailed, run_case
from bench.machine import describe_machine, find_implementations
from bench.peer import IMPLEMENTATIONS
from bench.report import FLOOR, Measurement

QUICK_ROUNDS, QUICK_SCALE = 3, 0.5
ROUNDS = 5


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--rows",
        nargs="+",
        metavar="TEXT",
        help="only rows whose name contains one of these texts (* and ? work)",
    )
    parser.add_argument("--list", action="store_true", help="print the names of the rows")
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"core rows, {QUICK_ROUNDS} rounds, smaller counts: under a minute",
    )
    parser.add_argument("--rounds", type=int, help=f"rounds of each row (default {ROUNDS})")
    parser.add_argument("--impl", nargs="+", choices=IMPLEMENTATIONS, default=list(IMPLEMENTATIONS))
    parser.add_argument("--limit", type=int, default=60, help="seconds one run may take")
    parser.add_argument("--json", type=Path, metavar="FILE", help="save every sample")
    return parser.parse_args()


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


def measure(case: Case, rounds: int, contestants: dict[str, Callable]) -> Measurement:
    """Run the contestants in turn, A B C A B C; one that fails is not tried again in this row."""
    measurement = Measurement(case)
    rounds *= case.rounds_factor
    for number in range(1, rounds + 1):
        for name, run in contestants.items():
            if name in measurement.failures:
                continue
            try:
                measurement.samples.setdefault(name, []).append(run(case))
            except RunFailed as failure:
                measurement.failures[name] = f"round {number} of {rounds}: {failure}"
    return measurement


def main() -> int:
    options = arguments()
    cases = chosen_cases(options.rows, options.quick)
    if options.list:
        print("\n".join(case.name for case in cases))
        return 0
    if not cases:
        print("no row has such a name; --list prints them", file=sys.stderr)
        return 2
    rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    scale = QUICK_SCALE if options.quick else 1.0
    versions, absent = find_implementations(options.impl)
    header = {
        "machine": describe_machine(),
        "versions": versions,
        "absent": absent,
        "rounds": rounds,
        "scale": scale,
    }
    print_header(header)

    measurements = []
    with Floor() as floor:
        for number, case in enumerate(cases, 1):
            print(f"[{number}/{len(cases)}] {case.name}", file=sys.stderr, flush=True)
            contestants = {
                name: partial(run_case, implementation=name, scale=scale, seconds=options.limit)
                for name in versions
            }
            if case.has_floor:
                contestants[FLOOR] = partial(floor.run, scale=scale, seconds=options.limit)
            measurements.append(measure(case, rounds, contestants))

    notes = report.failure_notes(measurements)
    print(report.table(measurements), *notes, sep="\n")
    if options.json:
        document = report.as_json(header, measurements)
        options.json.write_text(json.dumps(document, indent=1) + "\n")
    return 1 if notes else 0


def print_header(header: dict) -> None:
    machine = header["machine"]
    print(f"{machine['cpu']}, {machine['cores']} cores, {machine['kernel']}, {machine['python']}")
    print(", ".join(f"{name} {version}" for name, version in header["versions"].items()))
    for name, reason in header["absent"].items():
        print(f"absent: {name}: {reason}")
    print(f"median (lowest..highest) of {header['rounds']} rounds, round trips more\n")


if __name__ == "__main__":
    sys.exit(main())
