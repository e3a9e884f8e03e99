"""What runs under callgrind for the guard: each path that is named, first 1 and then 2 times N, with
a dump of the counters behind each.
"""

from __future__ import annotations

import gc
import sys

from bench.inside import Path
from bench.inside.core import PATHS as CORE
from bench.inside.core import built

COUNT = 2000
"""N: a multiple of the batches'."""


def fill_pools() -> list[bytes]:
    """Memory for each size of small objects, from where it lies in pieces.

    An object in the last free place of one of Python's pools costs some steps more, each time that
    it comes and goes, and which pool is as full as that is chance. Behind these all have room.
    """
    return [bytes(size) for size in range(0, 464, 16) for _ in range(1000)]


def count(name: str, path: Path) -> None:
    inside = built()
    with path() as loop:
        for times in (COUNT // 10, COUNT, 2 * COUNT):  # the first is not looked at: a warm-up
            loop.prepare(times)
            gc.collect()
            kept = [] if name in CORE else fill_pools()
            inside.inside_count()
            loop.run(times)
            inside.inside_counted(f"{times} {name}".encode())
            del kept


def main(names: list[str]) -> None:
    paths = CORE
    if not set(names) <= set(CORE):
        from bench.inside.face import PATHS

        paths = CORE | PATHS
    gc.disable()
    for name in names:
        count(name, paths[name])


if __name__ == "__main__":
    main(sys.argv[1:])
