"""The lowest round trip the machine allows: builds floor.c for the time of a bench and runs it."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from bench.cases import Case, warm_up
from bench.harness import RunFailed
from bench.stats import latency

SOURCE = Path(__file__).with_name("floor.c")
SOCKETS = {"tcp": "tcp", "ipc": "unix"}  # transport: argument of the program


class Floor:
    """The compiled ping-pong; leaving the `with` block removes it."""

    def __enter__(self):
        self._directory = tempfile.TemporaryDirectory(prefix="bench-floor-")
        self._program = os.path.join(self._directory.name, "floor")
        compiler = shlex.split(os.environ.get("CC", "cc"))
        self._error = None
        try:
            command = [*compiler, "-O2", "-o", self._program, str(SOURCE)]
            subprocess.run(command, check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            self._error = f"floor.c was not built: {getattr(error, 'stderr', None) or error}"
        return self

    def __exit__(self, *_exception) -> None:
        self._directory.cleanup()

    def run(self, case: Case, scale: float, seconds: int) -> dict[str, float]:
        """p50 and p99 of the round trip in microseconds, like a round-trip case's."""
        if self._error:
            raise RunFailed(self._error)
        load = case.scaled(scale).load
        numbers = map(str, (load.size, warm_up(load), load.count))
        try:
            done = subprocess.run(
                [self._program, SOCKETS[case.transport], *numbers],
                check=True,
                capture_output=True,
                text=True,
                timeout=seconds,
            )
        except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
            raise RunFailed(str(error)) from error
        return latency([int(line) for line in done.stdout.split()])
