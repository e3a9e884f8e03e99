"""Fixtures of the tests with real programs."""

import shutil
import tempfile
from pathlib import Path

import pytest
from programs import Program


@pytest.fixture
def home():
    """The folder that programs run in, and where they look for what is the user's."""
    # Not tmp_path: with the name of the test in it, it is too long for a unix socket.
    folder = Path(tempfile.mkdtemp(prefix="zl"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def start(no_leaks, home):
    """Start programs: start(library, *arguments of python); they are ended at teardown."""
    started = []

    def begin(library, *arguments):
        started.append(Program(library, *arguments, home=home))
        return started[-1]

    yield begin
    for program in started:
        program.end()
