"""C programs of the bench: compiled for a run, with `cc` or `$CC`, and read for their figures."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from bench.harness import ROOT, RunFailed

CC = shlex.split(os.environ.get("CC", "cc"))
CORE = ROOT / "csrc"
CORE_FLAGS = (  # as in setup.py
    *("-std=gnu11", "-O3", "-fvisibility=hidden", "-pthread", f"-I{CORE}"),
    *(["-D_GNU_SOURCE"] if sys.platform == "linux" else []),
)


class NotBuilt(Exception):
    """There is no compiler, or it refused; the text says why."""


def cc(*arguments: object) -> None:
    command = [*CC, *map(str, arguments)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise NotBuilt(getattr(error, "stderr", None) or str(error)) from error


def compile_core(directory: Path, *flags: str) -> Iterable[Path]:
    """The core's object files, made in a directory on all cores of the machine."""
    sources = sorted(CORE.rglob("*.c"))
    objects = [directory / f"{source.parent.name}_{source.stem}.o" for source in sources]
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        one = partial(cc, *CORE_FLAGS, *flags, "-c", "-o")
        list(workers.map(one, objects, sources))
    return objects


def numbers_of(seconds: int, program: Path, *arguments: object) -> list[int]:
    """What a program prints."""
    try:
        done = subprocess.run(
            [program, *map(str, arguments)],
            check=True,
            capture_output=True,
            text=True,
            timeout=seconds,
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        raise RunFailed(f"{error} {error.stderr or ''}".strip()) from error
    return [int(line) for line in done.stdout.split()]
