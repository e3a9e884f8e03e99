"""The guard of the hot paths: what it makes of callgrind's counts and of the file."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # bench/ is not installed

from bench.inside import budget, core, face
from bench.inside.counted import COUNT


def dump(label, instructions, thread=1):
    return f"thread: {thread}\n\ndesc: Trigger: {label}\n\ntotals: {instructions}\n"


def counted(times, path):
    return f"Client Request: {times} {path}"


def test_what_comes_before_the_turns_does_not_count():
    start = 123_456
    dumps = [dump(counted(n, "send"), start + 17 * n) for n in (COUNT // 10, COUNT, 2 * COUNT)]
    assert budget.per_turn(dumps) == {"send": 17.0}


def test_only_the_main_thread_counts():
    dumps = [dump(counted(n, "send"), 17 * n) for n in (COUNT, 2 * COUNT)]
    reactor = [dump(counted(n, "send"), 99 * n, thread=2) for n in (COUNT, 2 * COUNT)]
    assert budget.per_turn([*reactor, *dumps, *reactor]) == {"send": 17.0}


def test_a_path_that_was_not_counted_to_the_end_has_no_figure():
    assert budget.per_turn([dump(counted(COUNT, "send"), 17), dump("Program termination", 5)]) == {}


@pytest.mark.parametrize(
    ("due", "now", "verdict"),
    [
        (100.0, 104.9, ""),
        (100.0, 105.1, "GREW"),
        (100.0, 95.1, ""),
        (100.0, 94.9, "shrank"),
        (None, 100.0, "NOT IN THE FILE"),
    ],
)
def test_five_percent_are_granted(due, now, verdict):
    (row,) = budget.compare({} if due is None else {"send": due}, {"send": now})
    assert row.verdict == verdict
    assert row.fails == (verdict not in {"", "shrank"})


def test_every_path_of_the_budget_is_one_of_the_inside():
    assert set(budget.CORE) <= set(core.PATHS)
    assert set(budget.FACE) <= set(face.PATHS)
