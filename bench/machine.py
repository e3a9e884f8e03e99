"""Where the figures come from: the machine, its kernel, and the versions that were compared."""

from __future__ import annotations

import contextlib
import importlib
import os
import platform
import subprocess
import time
from pathlib import Path

from bench.peer import IMPLEMENTATIONS


def describe_machine() -> dict[str, object]:
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "kernel": f"{platform.system()} {platform.release()}",
        "architecture": platform.machine(),
        "memory_gib": memory_gib(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "commit": commit(),
        "load_average_before": os.getloadavg(),
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def memory_gib() -> float:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)


def commit() -> str | None:
    """What the sources are that ran, with a mark if they were changed; None outside a checkout."""
    command = ["git", "describe", "--always", "--dirty"]
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        return subprocess.run(
            command, cwd=Path(__file__).parent, check=True, capture_output=True, text=True
        ).stdout.strip()
    return None


def find_implementations(names: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """The versions of those that can be imported, and for the others the reason why not."""
    versions, absent = {}, {}
    for name in names:
        try:
            versions[name] = version_of(importlib.import_module(IMPLEMENTATIONS[name]))
        except (ImportError, AttributeError) as error:  # not there, or not built
            absent[name] = str(error)
    return versions, absent


def version_of(module) -> str:
    """The package's own version and, where it wraps libzmq, that of libzmq."""
    version = module.__version__
    return f"{version} (libzmq {module.zmq_version()})" if module.__name__ == "zmq" else version
