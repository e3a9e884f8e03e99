"""Runs pyzmq's own tests with zmqlite in pyzmq's place: run.py FOLDER [FILE ...].

FOLDER holds `tests` and `pytest.ini` of a release of pyzmq; a file is named without test_ and .py.
Every test must pass, but for those that expected.txt lists with a reason. These must not pass, so
that the list only shrinks.
"""

import os
import platform
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from outcomes import COLLECTED, FAILED, PASSED, SKIPPED

HERE = Path(__file__).parent

NOT_OURS = {"cffi_backend", "cython", "includes", "mypy", "ssh", "win32_shim"}
"""Files of tests that are about how pyzmq itself is built, typed and shipped."""

PROCESSES = 2
TEST_LIMIT = 60
FILE_LIMIT = 240
"""Seconds that a test and a file may take."""


class Outcome(NamedTuple):
    """How a test ended; if it did not pass, the note tells why."""

    kind: str
    note: str

    def __str__(self):
        return f"{self.kind} {self.note}".rstrip()


def main(folder, *names):
    """The exit status: 0 if each test ended as it should."""
    expected = read_expected()
    with ThreadPoolExecutor(PROCESSES) as pool:
        runs = pool.map(lambda name: run_file(folder, name, expected), names or all_files(folder))
        outcomes = {test: outcome for run in runs for test, outcome in run.items()}
    missing = {} if names else dict.fromkeys(expected.keys() - outcomes.keys(), "there is no more")
    surprises = {test: end for test, end in outcomes.items() if surprising(test, end, expected)}
    for test, end in sorted({**surprises, **missing}.items()):
        print(f"{test}: expected {expected.get(test, PASSED)}, but {end}")
    print(f"\npyzmq's tests on {platform.python_implementation()} {platform.python_version()}:")
    print(told(outcomes))
    return 1 if surprises or missing else 0


def read_expected():
    """How the tests end that do not pass, from lines of kind, test and reason."""
    lines = (HERE / "expected.txt").read_text().splitlines()
    entries = [line.split(maxsplit=2) for line in lines if line and not line.startswith("#")]
    return {test: kind for kind, test, _reason in entries}


def surprising(test, outcome, expected):
    return outcome.kind != expected.get(test, PASSED)


def told(outcomes):
    counts = Counter(outcome.kind for outcome in outcomes.values())
    return ", ".join(f"{counts[kind]} {kind}" for kind in (PASSED, FAILED, SKIPPED))


def all_files(folder):
    names = (path.stem.removeprefix("test_") for path in Path(folder, "tests").glob("test_*.py"))
    return sorted(name for name in names if name not in NOT_OURS)


def run_file(folder, name, expected):
    """The outcomes by test. What failed against expectation has a second try.

    These tests sleep where they should wait, so that on a busy machine some fail now and then.
    """
    outcomes, written = run_tests(folder, [f"test_{name}.py"])
    failed = [test for test, (kind, _) in outcomes.items() if kind == FAILED != expected.get(test)]
    lines = [f"{name}: {told(outcomes)}"]
    if failed:
        lines += [written, *(f"first try: {test}: {outcomes[test]}" for test in failed)]
        outcomes.update(run_tests(folder, failed)[0])
    print("\n".join(lines), flush=True)
    return outcomes


def run_tests(folder, tests):
    """Run them in a process of their own; the outcomes by test, and what it has written."""
    with tempfile.NamedTemporaryFile("r") as file:
        written = run_pytest(folder, [f"--outcomes={file.name}", *(f"tests/{t}" for t in tests)])
        outcomes = dict(read_outcome(line) for line in file)
    return outcomes or dict.fromkeys(tests, Outcome(FAILED, "pytest did not start")), written


def read_outcome(line):
    kind, test, note = line.rstrip("\n").split("\t")
    test = test.removeprefix("tests/")
    return test, Outcome(FAILED, "it did not end") if kind == COLLECTED else Outcome(kind, note)


def run_pytest(folder, arguments):
    command = [sys.executable, "-X", "faulthandler", "-m", "zmqlite", "run", "-m", "pytest"]
    command += ["-p", "outcomes", "-p", "no:cacheprovider", "--tb=short", "-m", "not large"]
    command += [f"--timeout={TEST_LIMIT}", *arguments]
    paths = [str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        return process.communicate(timeout=FILE_LIMIT)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return f"{process.communicate()[0]}\nended after {FILE_LIMIT} s"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
