"""What `importlib.metadata` is told of pyzmq while zmqlite poses as it."""

from __future__ import annotations

from importlib.metadata import Distribution
from typing import Any

from .version import pyzmq_version


class Pyzmq(Distribution):
    """A distribution that has a name and a version, but no files."""

    def read_text(self, filename: str) -> str | None:
        if filename != "METADATA":
            return None
        return f"Metadata-Version: 2.1\nName: pyzmq\nVersion: {pyzmq_version()}\n"

    def locate_file(self, path: Any) -> Any:
        raise FileNotFoundError(f"pyzmq has no file {path}: zmqlite poses as it")


__all__ = ["Pyzmq"]
