"""pyzmq's package `backend`: the calls of the core as they are, by the names programs import.

pyzmq chooses among several backends. Here is one, so it is its own `backend.select` and
`backend.cython` too.
"""

import sys
from typing import Any

from . import _core
from ._core import (
    IPC_PATH_MAX_LEN,
    Context,
    Frame,
    Socket,
    has,
    proxy,
    proxy_steerable,
    strerror,
    zmq_errno,
    zmq_poll,
    zmq_version_info,
)
from .curve import curve_keypair, curve_public

Message = Frame
monitored_queue = _core.monitored_queue

PYZMQ_DRAFT_API = False

__all__ = public_api = [
    "IPC_PATH_MAX_LEN",
    "PYZMQ_DRAFT_API",
    "Context",
    "Frame",
    "Message",
    "Socket",
    "curve_keypair",
    "curve_public",
    "has",
    "proxy",
    "proxy_steerable",
    "strerror",
    "zmq_errno",
    "zmq_poll",
    "zmq_version_info",
]


def select_backend(name: str) -> dict[str, Any]:
    """The public names and what they are, whichever backend is asked for."""
    return {public: globals()[public] for public in [*public_api, "monitored_queue"]}


__path__: list[str] = []
select = cython = sys.modules[__name__]
sys.modules[f"{__name__}.select"] = sys.modules[f"{__name__}.cython"] = select
