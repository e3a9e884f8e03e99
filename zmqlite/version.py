"""The version of zmqlite, and the version of ZeroMQ that it stands for."""

from ._core import zmq_version_info

__version__ = "0.1.0"
__revision__ = ""

VERSION_MAJOR, VERSION_MINOR, VERSION_PATCH = 0, 1, 0
VERSION_EXTRA = ""
version_info = (VERSION_MAJOR, VERSION_MINOR, VERSION_PATCH)


def zmq_version() -> str:
    """The version of libzmq whose behaviour zmqlite has."""
    return ".".join(map(str, zmq_version_info()))


def pyzmq_version() -> str:
    """The version of zmqlite, by the name under which programs ask pyzmq for its own."""
    return __version__


def pyzmq_version_info() -> tuple[int, int, int]:
    """The version of zmqlite as three numbers."""
    return version_info


__all__ = [
    "__revision__",
    "__version__",
    "pyzmq_version",
    "pyzmq_version_info",
    "zmq_version",
    "zmq_version_info",
]
