"""Which part of the core may know which: the includes of csrc point in one direction only."""

import re
from pathlib import Path, PurePosixPath

import pytest

CORE = Path(__file__).parent.parent / "csrc"
MAY_INCLUDE = {
    "base": {"base"},
    "wire": {"base", "wire"},
    "loop": {"base", "loop"},
    "net": {"base", "loop", "net"},
    "core": {"base", "wire", "loop", "net", "core"},
    "type": {"base", "wire", "loop", "net", "core", "type"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]', re.MULTILINE)
FILES = sorted(path for path in CORE.rglob("*") if path.suffix in {".c", ".h"})


def includes(path, opening):
    return [name for kind, name in INCLUDE.findall(path.read_text()) if kind == opening]


def layer(path):
    """The folder below csrc, or "" for the files of the public calls."""
    return path.relative_to(CORE).parent.as_posix().strip(".")


def named(path):
    return path.relative_to(CORE).as_posix()


@pytest.mark.parametrize("path", FILES, ids=named)
def test_includes_point_downwards(path):
    for name in includes(path, '"'):
        included = (path.parent / name).resolve()
        assert included.is_file(), f"{name} is not included by its place beside the file"
        if own := layer(path):
            assert layer(included) in MAY_INCLUDE[own], f"{own} must not know {name}"


@pytest.mark.parametrize("path", FILES, ids=named)
def test_python_stays_outside(path):
    names = {PurePosixPath(name).name for name in includes(path, '"') + includes(path, "<")}
    assert "Python.h" not in names


def test_the_public_header_needs_only_the_lowest_layer():
    header = CORE / "zmqlite.h"
    assert {layer((CORE / name).resolve()) for name in includes(header, '"')} <= {"base"}


def test_every_layer_is_known():
    folders = {path.name for path in CORE.iterdir() if path.is_dir()}
    assert folders == set(MAY_INCLUDE)
