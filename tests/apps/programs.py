"""Unmodified programs for pyzmq, each in a process tree that can import one of two libraries only.

Where zmqlite is to be tested, an import that reaches pyzmq fails, and the reverse: so a program that
works has worked with the library it was given.
"""

import os
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest
from snippets import PACKAGES, module
from support import TIMEOUT, free_port

HERE = Path(__file__).parent

LIMIT = 3 * TIMEOUT
"""Seconds that a program may take: some start half a dozen processes, one after the other."""


class Library(NamedTuple):
    name: str
    carrier: str  # what carrier.py tells where this library is used
    run: list  # the arguments of Python that start a program with it
    without: str  # the module that cannot be imported then


ZMQLITE = Library("zmqlite", "zmqlite zmqlite._core", ["-m", "zmqlite", "run"], "zmq")
PYZMQ = Library("pyzmq", "zmq zmq.backend.cython._zmq", [], "zmqlite")


def needs(*distributions):
    """Skip the test file that calls this unless all of these are installed."""
    for name in distributions:
        if find_spec(name) is None:
            pytest.skip(f"{name} is not there: it is in the extra apps", allow_module_level=True)


def command(library, *arguments):
    return [sys.executable, *library.run, *map(str, arguments)]


def free_ports(count):
    ports = set()
    while len(ports) < count:
        ports.add(free_port())
    return ports


def search_path(library, folder):
    """The PYTHONPATH of a program; `folder` is for the module that bars the other library."""
    bar = f"raise ImportError('here {library.name} is tested, without {library.without}')"
    barred = module(folder / f"without-{library.without}", library.without, bar).parent
    paths = [barred, HERE, PACKAGES, os.environ.get("PYTHONPATH")]
    return os.pathsep.join(map(str, filter(None, paths)))


class Program:
    """A program that runs in `home`, and finds there what is the user's."""

    def __init__(self, library, *arguments, home):
        self._process = subprocess.Popen(
            command(library, *arguments),
            cwd=home,
            env={
                **os.environ,
                "HOME": str(home),
                "JUPYTER_DATA_DIR": str(home),
                "JUPYTER_RUNTIME_DIR": str(home),
                "PYTHONFAULTHANDLER": "1",
                "PYTHONPATH": search_path(library, home),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def result(self):
        """What it wrote to its standard output; it must end, and well."""
        try:
            output, errors = self._process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            self._kill()
            output, errors = self._process.communicate()
            errors += f"ended after {LIMIT:.0f} s"
        status = self._process.returncode
        assert status == 0, f"the exit status is {status}:\n{output}\n{errors}"
        return output

    def _kill(self):
        """End it, which tells where it hung, and all that it has started, in whatever session."""
        import psutil  # here, as only a test that needs one of the programs can be sure of it

        children = psutil.Process(self._process.pid).children(recursive=True)
        self._process.send_signal(signal.SIGABRT)
        for child in children:
            child.kill()

    def end(self):
        """End it if it still runs; pytest shows what it wrote if a test fails."""
        if self._process.poll() is None:
            self._kill()
        if not self._process.stdout.closed:
            print(*self._process.communicate())
