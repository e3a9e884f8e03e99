"""Which zmqlite this is, and which pyzmq and libzmq it stands for.

This is pyzmq's module `sugar.version` too, so it speaks of pyzmq, but for `zmqlite_version`.
"""

from ._core import zmq_version_info

VERSION_MAJOR, VERSION_MINOR, VERSION_PATCH = version_info = (27, 3, 0)
VERSION_EXTRA = ""
__version__ = ".".join(map(str, version_info))
__revision__ = ""


def zmqlite_version() -> str:
    """The version of zmqlite itself, also while it poses as pyzmq."""
    return "0.1.0"


def pyzmq_version() -> str:
    """The version of pyzmq whose names and behaviour zmqlite has."""
    return __version__


def pyzmq_version_info() -> tuple[int, int, int]:
    """The version of pyzmq whose names and behaviour zmqlite has, as three numbers."""
    return version_info


def zmq_version() -> str:
    """The version of libzmq whose behaviour zmqlite has."""
    return ".".join(map(str, zmq_version_info()))


__all__ = [
    "__revision__",
    "__version__",
    "pyzmq_version",
    "pyzmq_version_info",
    "zmq_version",
    "zmq_version_info",
    "zmqlite_version",
]
