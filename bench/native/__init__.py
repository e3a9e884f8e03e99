"""Core and binding told apart: the same C program over zmqlite's core and over libzmq."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterable
from functools import cache, partial
from pathlib import Path

from bench.cases import Case, warm_up
from bench.compiled import CORE_FLAGS, NotBuilt, cc, compile_core, numbers_of
from bench.harness import GRACE, RunFailed
from bench.report import CORE
from bench.stats import latency

HERE = Path(__file__).parent
OURS, (LIBZMQ,) = CORE.ours, CORE.rivals


class Native:
    """The programs, each built when it is first needed; leaving the `with` block removes them.

    If one of `cases` is played by them and libzmq's headers and library are there, libzmq is in
    `versions`; if they are not, it is in `absent`, with the reason, and takes no part.
    """

    def __init__(self, cases: Iterable[Case]):
        self._wanted = any(case.native for case in cases)

    def __enter__(self):
        self._directory = tempfile.TemporaryDirectory(prefix="bench-native-")
        self.versions: dict[str, str] = {}
        self.absent: dict[str, str] = {}
        self._program = cache(self._build)
        if self._wanted:
            self._look_for_libzmq()
        return self

    def __exit__(self, *_exception) -> None:
        self._directory.cleanup()

    def _look_for_libzmq(self) -> None:
        try:
            asked = [self._program(LIBZMQ), "version"]
            self.versions[LIBZMQ] = subprocess.check_output(asked, text=True).strip()
        except (NotBuilt, subprocess.CalledProcessError) as error:
            self.absent[LIBZMQ] = str(error).splitlines()[0]

    def contestants(self, case: Case) -> dict[str, Callable[[Case, float, int], dict[str, float]]]:
        """By name what takes turns; each is called like `run_case`."""
        names = (*self.versions, OURS) if case.native else ()
        return {name: partial(self._run, name) for name in names}

    def _run(self, name: str, case: Case, scale: float, seconds: int) -> dict[str, float]:
        try:
            program = self._program(name)
        except NotBuilt as error:
            raise RunFailed(str(error)) from error
        load = case.scaled(scale).load
        scene = "stream" if case.kind == "native" else "trip"
        numbers = (seconds + GRACE, load.size, warm_up(load), load.count)
        taken = numbers_of(seconds, program, scene, *numbers)
        if scene == "trip":
            return latency(taken)
        return {"rate": (load.count - 1) / (taken[0] / 1e9)}

    def _build(self, name: str) -> Path:
        directory = Path(self._directory.name)
        driver, program = HERE / "driver.c", directory / name.replace(" ", "-")
        if name == LIBZMQ:
            cc(*CORE_FLAGS, '-DOVER="over_libzmq.h"', driver, "-o", program, "-lzmq")
        else:
            objects = compile_core(directory)
            cc(*CORE_FLAGS, '-DOVER="over_core.h"', driver, *objects, "-o", program)
        return program
