"""Runs pieces of Python in processes of their own, to see what their environment makes of them."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

from support import TIMEOUT

import zmqlite

PACKAGES = Path(zmqlite.__file__).parent.parent


def python(*arguments, paths=(), **options):
    """Run Python with these arguments to its end; `paths` come first in PYTHONPATH."""
    searched = [*paths, PACKAGES, os.environ.get("PYTHONPATH")]
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, filter(None, searched)))},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        text=True,
        timeout=TIMEOUT,
        **options,
    )


def said(ended):
    """What a process wrote that must have ended well."""
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def module(folder, name, text):
    """Write a module, or with `/` in its name one of a package."""
    path = folder / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text))
    return path
