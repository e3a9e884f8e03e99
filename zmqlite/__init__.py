"""ZeroMQ for Python, rebuilt from scratch: pyzmq's names without libzmq.

A program written for pyzmq runs with `import zmqlite as zmq`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import constants
from ._core import IPC_PATH_MAX_LEN, Frame, has, proxy, proxy_steerable, strerror, zmq_errno
from .constants import *
from .context import Context, SyncContext
from .error import (
    Again,
    ContextTerminated,
    DraftFDWarning,
    InterruptedSystemCall,
    NotDone,
    TimedOut,
    ZMQBaseError,
    ZMQBindError,
    ZMQError,
    ZMQVersionError,
)
from .poll import Poller, select, zmq_poll
from .socket import Socket, SyncSocket
from .tracker import _FINISHED_TRACKER, MessageTracker
from .version import (
    __revision__,
    pyzmq_version,
    pyzmq_version_info,
    zmq_version,
    zmq_version_info,
    zmqlite_version,
)

if TYPE_CHECKING:
    from . import backend as backend
    from . import sugar as sugar
    from . import utils as utils
    from .curve import curve_keypair, curve_public
    from .posing import install_as_zmq
    from .relay import device
    from .stopwatch import Stopwatch

__version__ = zmqlite_version()

# Most programs use none of these, so each is imported when it is first asked for.
_MODULES_OF = {
    "Stopwatch": "stopwatch",
    "curve_keypair": "curve",
    "curve_public": "curve",
    "device": "relay",
    "install_as_zmq": "posing",
}
_MODULES = ("backend", "sugar", "utils")


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    if name not in _MODULES_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f".{_MODULES_OF[name]}", __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES_OF, *_MODULES})


Message = Frame

COPY_THRESHOLD = 65536
"""Bytes from which on a send with copy=False shares the memory. Read anew by each call."""

DRAFT_API = PYZMQ_DRAFT_API = False

__all__ = [
    "COPY_THRESHOLD",
    "DRAFT_API",
    "IPC_PATH_MAX_LEN",
    "PYZMQ_DRAFT_API",
    "_FINISHED_TRACKER",
    "Again",
    "Context",
    "ContextTerminated",
    "DraftFDWarning",
    "Frame",
    "InterruptedSystemCall",
    "Message",
    "MessageTracker",
    "NotDone",
    "Poller",
    "Socket",
    "Stopwatch",
    "SyncContext",
    "SyncSocket",
    "TimedOut",
    "ZMQBaseError",
    "ZMQBindError",
    "ZMQError",
    "ZMQVersionError",
    "__revision__",
    "__version__",
    "curve_keypair",
    "curve_public",
    "device",
    "has",
    "install_as_zmq",
    "proxy",
    "proxy_steerable",
    "pyzmq_version",
    "pyzmq_version_info",
    "select",
    "strerror",
    "zmq_errno",
    "zmq_poll",
    "zmq_version",
    "zmq_version_info",
    "zmqlite_version",
]
if not TYPE_CHECKING:
    __all__ += constants.__all__
