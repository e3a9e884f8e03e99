"""docs/pyzmq.md against pyzmq itself: it tells of every module, and of every name that is absent."""

import json
from pathlib import Path

import pytest
from snippets import python, said
from tables import named, tables

import zmqlite as zmq

GAP = Path(__file__).parent / "pyzmq_gap.py"

(MODULES,) = tables("pyzmq.md")["Module"]
(ABSENT,) = tables("pyzmq.md")["Absent"]


@pytest.fixture(scope="module")
def gap():
    for package in ("zmq", "gevent", "tornado"):
        pytest.importorskip(package)
    found = json.loads(said(python(GAP)))
    if found["pyzmq"] != zmq.pyzmq_version():
        pytest.skip(f"pyzmq {found['pyzmq']} is installed, the page is about another")
    return found


def names(table):
    return sorted(name for row in table for name in named(row).split(", "))


def test_every_module_has_its_row(gap):
    assert names(MODULES) == gap["modules"]


def test_exactly_the_absent_names_are_listed(gap):
    assert names(ABSENT) == gap["lacking"]
