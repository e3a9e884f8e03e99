"""The guard: counts the instructions of the hot paths and compares them with bench/budget.json.

    python -m bench.inside.budget             # ends with 1 if a path has grown by more than 5 %
    python -m bench.inside.budget --update    # makes the file hold what is counted now

Instructions, unlike seconds, are the same on a busy machine. Valgrind counts them. A path's figure is
what N more turns of its loop cost, so that getting there costs nothing. The figures of the core
depend on the compiler, those of Python's calls on the interpreter too: the file has a section for
each, and what has none is counted but compared with nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from bench.inside.core import CC, READY, ROOT, build
from bench.inside.counted import COUNT

FILE = ROOT / "bench" / "budget.json"
TOLERANCE = 0.05
TIME_LIMIT = 300  # seconds for all the paths of a section

CORE = [
    "encode 16 B",
    "encode 4 KiB",
    "encode 3 parts of 16 B",
    "decode 16 B",
    "take 16 B",
    "fair queue of 10 pipes",
    "load balancer of 10 pipes",
    "trie insert, 10^4 topics",
    "trie match, 10^4 topics",
    "core send 16 B inproc",
    "core recv 16 B inproc",
    "core PUB to 10 SUB inproc",
]
# With inproc, or to a peer that never answers, no other thread has anything to do; over tcp who
# reads and writes is a matter of time.
FACE = [
    "send 16 B inproc",
    "send 16 B tcp, unanswered",
    "recv 16 B inproc",
    "send_multipart of 3 inproc",
    "recv_multipart of 3 inproc",
    "send_many of 100 inproc",
    "recv_many of 100 inproc",
    "Poller.poll, one is ready",
    "asyncio send 16 B inproc",
    "asyncio recv 16 B inproc",
]

Counts = dict[str, float]
"""Instructions of one turn, by path."""


# ---- what the counts depend on


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def compiler() -> str:
    macros = dict(
        line.split(" ", 2)[1:]
        for line in _output(*CC, "-dM", "-E", "-x", "c", os.devnull).splitlines()
        if line.count(" ") > 1
    )
    if "__clang_major__" in macros:
        return f"clang {macros['__clang_major__']}"
    return f"gcc {macros['__GNUC__']}"


def machine() -> str:
    return os.uname().machine


def interpreter(python: str) -> str:
    """Two builds of one release can differ, hence its compiler's release too."""
    describe = (
        "import platform as p; print(p.python_implementation(), p.python_version(), end=' ');"
    )
    return _output(python, "-c", describe + "print('by', p.python_compiler())")


# ---- counting


def count(python: str, names: list[str], library: Path) -> Counts:
    """Runs the paths under callgrind."""
    with tempfile.TemporaryDirectory(prefix="bench-budget-") as directory:
        callgrind = [
            *("valgrind", "--tool=callgrind", "--instr-atstart=no", "--separate-threads=yes"),
            f"--callgrind-out-file={directory}/out",
        ]
        done = subprocess.run(
            [*callgrind, python, "-m", "bench.inside.counted", *names],
            check=False,
            cwd=ROOT,
            env=os.environ | {READY: str(library), "PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT,
        )
        if done.returncode:
            sys.exit(f"{done.stderr}\ncounting ended with status {done.returncode}")
        dumps = [path.read_text() for path in Path(directory).iterdir()]
    counts = per_turn(dumps)
    if missing := set(names) - set(counts):
        sys.exit(f"no counts of {', '.join(sorted(missing))}: is valgrind/callgrind.h there?")
    return {name: counts[name] for name in names}


LABEL = re.compile(r"^desc: Trigger: Client Request: (\d+) (.*)$", re.MULTILINE)
MAIN_THREAD = re.compile(r"^thread: 1$", re.MULTILINE)
TOTAL = re.compile(r"^(?:totals|summary): (\d+)$", re.MULTILINE)


def per_turn(dumps: Iterable[str]) -> Counts:
    """From the dumps of counted.py, by the main thread alone."""
    totals: dict[str, dict[int, int]] = {}
    for dump in dumps:
        label, total = LABEL.search(dump), TOTAL.search(dump)
        if label and total and MAIN_THREAD.search(dump):
            totals.setdefault(label[2], {})[int(label[1])] = int(total[1])
    return {
        name: round((of[2 * COUNT] - of[COUNT]) / COUNT, 1)
        for name, of in totals.items()
        if {COUNT, 2 * COUNT} <= set(of)
    }


# ---- comparing


class Row(NamedTuple):
    path: str
    due: float | None
    """In the file; None: it is not there."""
    now: float

    @property
    def change(self) -> float:
        return self.now / self.due - 1 if self.due else 0.0

    @property
    def fails(self) -> bool:
        return self.due is None or self.change > TOLERANCE

    @property
    def shrank(self) -> bool:
        return self.change < -TOLERANCE

    @property
    def verdict(self) -> str:
        if self.due is None:
            return "NOT IN THE FILE"
        return "GREW" if self.fails else "shrank" if self.shrank else ""


def compare(budget: Counts, counts: Counts) -> list[Row]:
    return [Row(path, budget.get(path), now) for path, now in counts.items()]


def table(rows: list[Row]) -> str:
    lines = [f"  {'instructions of':30} {'file':>9} {'now':>9} {'change':>8}"]
    for row in rows:
        due = "" if row.due is None else f"{row.due:.1f}"
        change = f"{row.change:+.1%}"
        lines.append(f"  {row.path:30} {due:>9} {row.now:9.1f} {change:>8}  {row.verdict}".rstrip())
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.inside.budget", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "--update", action="store_true", help="make the file hold these counts, and no others"
    )
    parser.add_argument(
        "--python",
        nargs="+",
        default=[sys.executable],
        metavar="COMMAND",
        help="interpreters that can import zmqlite here (default: this one)",
    )
    options = parser.parse_args()
    if not shutil.which("valgrind"):
        sys.exit("valgrind is not installed: nothing was counted")

    budget = json.loads(FILE.read_text()) if FILE.exists() else {}
    made_by = f"{compiler()} on {machine()}"
    sections: dict[str, Counts] = {}
    with tempfile.TemporaryDirectory(prefix="bench-budget-") as directory:
        library = build(Path(directory))
        sections[f"core: {made_by}"] = count(sys.executable, CORE, library)
        for python in options.python:
            face = f"{interpreter(python)}: {made_by}"
            sections[face] = count(python, FACE, library)

    failed = False
    for section, counts in sections.items():
        print(section)
        if section not in budget:
            print("  compared with nothing: the file has no such section, --update adds it")
        rows = compare(budget.get(section, counts), counts)
        print(table(rows))
        failed |= any(row.fails for row in rows)
        if any(row.shrank for row in rows):
            print("  less than in the file: --update has it stay so")
    if options.update:
        FILE.write_text(json.dumps(sections, indent=1) + "\n")
        print(f"written to {FILE.relative_to(ROOT)}")
        return 0
    if failed:
        print(f"FAILED: grown by more than {TOLERANCE:.0%}. Mend it, or --update and say why.")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
