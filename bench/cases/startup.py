"""What `import` costs a program: fresh interpreters, with it and without, in turn."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from bench.cases.common import Case, Load, Metric, only_result


def import_again(link):
    link.listen()
    statement = f"import {link.zmq.__name__}"
    wall, cpu = [], []
    with tempfile.TemporaryDirectory(prefix="bench-") as bytecode:
        environment = os.environ | {"PYTHONPYCACHEPREFIX": bytecode}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        spend(statement, environment)  # compiles all, whoever has been compiled before
        for _ in range(link.load.count):
            bare, full = spend("pass", environment), spend(statement, environment)
            wall.append(full[0] - bare[0])
            cpu.append(full[1] - bare[1])
    return {"wall": statistics.median(wall) * 1000, "cpu": statistics.median(cpu) * 1000}


def spend(statement: str, environment: dict[str, str]) -> tuple[float, float]:
    """Seconds that an interpreter takes for a statement: on the clock, and of CPU."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", statement], env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return wall, usage.ru_utime + usage.ru_stime


def cases() -> Iterator[Case]:
    yield Case(
        "import",
        "none",
        (import_again,),
        Load(15),
        (
            Metric("wall", "ms", False, {"pyzmq": 1.0}),
            Metric("cpu", "CPU ms", False, {"pyzmq": 1.0}),
        ),
        only_result,
        kind="import",
    )
