"""The inside in isolation: each hot path as a loop that is timed (test_inside.py) and whose
instructions are counted (budget.py), see ../README.md.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NamedTuple


class Loop(NamedTuple):
    """A path that has been set up."""

    prepare: Callable[[int], object]
    """Brings it to where the next call can do its work so many times."""
    run: Callable[[int], object]
    """Does it so many times, and nothing else."""


Path = Callable[[], AbstractContextManager[Loop]]
"""Sets a path up, for the time of a `with` block."""
