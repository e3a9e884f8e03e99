"""Benchmarks take turns: pytest-benchmark measures nothing while several processes run tests."""

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    if hasattr(config.option, "numprocesses"):
        config.option.numprocesses = 0
