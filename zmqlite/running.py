"""`zmqlite run`: starts an unchanged program for pyzmq with zmqlite in pyzmq's place."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

STARTUP = Path(__file__).parent / "startup"
"""The folder whose sitecustomize puts zmqlite in pyzmq's place."""


class RunError(Exception):
    """The program could not be started."""


def run(program: Sequence[str]) -> NoReturn:
    """Become a Python that runs this: a script or "-m" and a module, then its arguments."""
    if sys.flags.ignore_environment or sys.flags.no_site:
        raise RunError("this needs a Python without the options -E, -I and -S")
    paths = [str(STARTUP), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    sys.stdout.flush()
    # As multiprocessing does; there is no public way to ask for them.
    options: list[str] = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    os.execv(sys.executable, [sys.executable, *options, *program])
