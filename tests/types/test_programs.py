"""The typical programs, which type checkers read, also run: with zmqlite, and with pyzmq."""

import importlib.util
from pathlib import Path

import pytest
from snippets import python

HERE = Path(__file__).parent
PROGRAMS = sorted(HERE.glob("programs/*.py"))
BEYOND_PYZMQ = {"secure"}
NEEDS = {"greenlets": "gevent", "tornado_stream": "tornado"}

each_program = pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)


def runs(program, *arguments):
    needed = NEEDS.get(program.stem)
    if needed and not importlib.util.find_spec(needed):
        pytest.skip(f"needs {needed}")
    if not importlib.util.find_spec("typing_extensions"):
        pytest.skip("needs typing_extensions")
    # All that is not closed is told of, and nothing else is to be said.
    ended = python("-W", "error", *arguments, program)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


@each_program
def test_runs_with_zmqlite(program):
    runs(program)


@each_program
@pytest.mark.interop
def test_runs_with_pyzmq(program):
    pytest.importorskip("zmq")
    if program.stem in BEYOND_PYZMQ:
        pytest.skip("pyzmq does not have it")
    runs(program, HERE / "as_pyzmq.py")
