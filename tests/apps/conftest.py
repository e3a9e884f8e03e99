"""Fixtures of the tests with real programs."""

import pytest
from programs import Program


@pytest.fixture
def start(no_leaks, tmp_path):
    """Start programs: start(library, *arguments of python); they are ended at teardown."""
    started = []

    def begin(library, *arguments):
        started.append(Program(library, *arguments, home=tmp_path))
        return started[-1]

    yield begin
    for program in started:
        program.end()
