"""zmqlite for gevent: `import zmqlite.green as zmq`.

Everything of zmqlite, but the calls of contexts, sockets and pollers that block let other greenlets
run meanwhile.
"""

from typing import TYPE_CHECKING

from .. import *
from .. import __all__
from ..constants import *
from .device import device as device
from .poll import _Poller as Poller

if not TYPE_CHECKING:  # who takes those of zmqlite, and so knows what each call returns
    from .core import _Context as Context
    from .core import _Socket as Socket
