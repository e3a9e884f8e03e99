"""pyzmq's package `sugar`: the public classes, in modules by the names that programs import."""

import sys

from . import attrs, context, frame, poll, socket, stopwatch, tracker, version
from .context import *
from .error import *
from .frame import *
from .poll import *
from .relay import *
from .socket import *
from .stopwatch import *
from .tracker import *
from .version import *

attrsettr = attrs

__path__: list[str] = []
_MODULES = {
    "attrsettr": attrs,
    "context": context,
    "frame": frame,
    "poll": poll,
    "socket": socket,
    "stopwatch": stopwatch,
    "tracker": tracker,
    "version": version,
}
sys.modules.update({f"{__name__}.{name}": module for name, module in _MODULES.items()})
