"""Times every path of the inside: `python -m pytest bench/inside`, see ../README.md."""

from __future__ import annotations

from time import perf_counter

import pytest

from bench.inside import Path, core, face

pytest.importorskip("pytest_benchmark")

TURNS = 1000
"""Of a path's loop in each round."""

ROUNDS = 100


def per_turn() -> float:
    """What tells the time of a benchmark, so that its figures are those of one turn."""
    return perf_counter() / TURNS


def groups(paths: dict[str, Path], prefix: str) -> list:
    """A table for each kind of path."""
    return [
        pytest.param(
            path, id=name, marks=pytest.mark.benchmark(group=f"{prefix}: {name.split()[0]}")
        )
        for name, path in paths.items()
    ]


@pytest.mark.benchmark(timer=per_turn)
@pytest.mark.parametrize("path", [*groups(core.PATHS, "core"), *groups(face.PATHS, "Python")])
def test_path(path, benchmark):
    try:
        opened = path()
        with opened as loop:
            benchmark.pedantic(
                loop.run,
                args=(TURNS,),
                setup=lambda: loop.prepare(TURNS),
                rounds=ROUNDS,
                warmup_rounds=5,
            )
    except core.NotBuilt as error:
        pytest.skip(f"the core was not built: {error}")
    except ImportError as error:
        pytest.skip(f"no cryptography: {error}")
