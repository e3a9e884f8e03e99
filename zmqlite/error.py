"""The exceptions that zmqlite raises, with pyzmq's names and constructors."""

from errno import EAGAIN, EINTR
from typing import Any

from . import _core
from .constants import Errno
from .version import zmq_version, zmq_version_info


class ZMQBaseError(Exception):
    """The base of all errors of zmqlite."""


class ZMQError(ZMQBaseError):
    """A call failed: `errno` tells why as a number, `strerror` and `str()` as text.

    It is not an OSError, as ZeroMQ has error numbers of its own.
    """

    errno: int | None = None
    strerror: str

    def __init__(self, errno: Any = None, msg: str | None = None) -> None:
        if errno is None:
            errno = _core.zmq_errno()
        if isinstance(errno, int):
            self.errno = errno
            self.strerror = _core.strerror(errno) if msg is None else msg
        else:
            self.strerror = str(errno) if msg is None else msg

    def __str__(self) -> str:
        return self.strerror

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class Again(ZMQError):
    """The call would have had to wait, or waited as long as it was allowed to."""

    def __init__(self, errno: Any = None, msg: Any = None) -> None:
        super().__init__(EAGAIN)


class TimedOut(Again, TimeoutError):  # type: ignore[misc]
    """Nothing happened within the `timeout` of a call."""

    def __init__(self, msg: str = "timed out") -> None:
        ZMQError.__init__(self, EAGAIN, msg)


class ContextTerminated(ZMQError):
    """The context was terminated before or during the call."""

    def __init__(self, errno: Any = None, msg: Any = None) -> None:
        super().__init__(Errno.ETERM)


class InterruptedSystemCall(ZMQError, InterruptedError):
    """A signal interrupted the call. Caught inside: calls go on after a signal was handled."""

    strerror: str

    def __init__(self, errno: Any = None, msg: Any = None) -> None:
        super().__init__(EINTR)


class ZMQBindError(ZMQBaseError):
    """`bind_to_random_port` found no free port in the tries it was given."""


class NotDone(ZMQBaseError):
    """`MessageTracker.wait` ran out of time."""


class ZMQVersionError(NotImplementedError):
    """A feature needs a later version of ZeroMQ than the one that zmqlite stands for."""

    def __init__(self, min_version: str, msg: str = "Feature") -> None:
        super().__init__(min_version, msg)
        self.msg = msg
        self.min_version = min_version
        self.version = zmq_version()

    def __str__(self) -> str:
        return f"{self.msg} needs ZeroMQ {self.min_version} or later, this is {self.version}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class DraftFDWarning(RuntimeWarning):
    """The option FD was read on a socket of a draft type."""

    def __init__(self, msg: str = "") -> None:
        super().__init__(msg or "FD on a thread-safe socket is experimental and may go away")


def _check_version(min_version_info: tuple[int, ...], msg: str = "Feature") -> None:
    """Raise ZMQVersionError unless zmqlite stands for this version of ZeroMQ or a later one."""
    if zmq_version_info() < min_version_info:
        raise ZMQVersionError(".".join(map(str, min_version_info)), msg)


__all__ = [
    "Again",
    "ContextTerminated",
    "DraftFDWarning",
    "InterruptedSystemCall",
    "NotDone",
    "ZMQBaseError",
    "ZMQBindError",
    "ZMQError",
    "ZMQVersionError",
]
