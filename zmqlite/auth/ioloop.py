"""IOLoopAuthenticator: the AsyncioAuthenticator by an older name, from when Tornado had loops."""

from __future__ import annotations

import warnings
from typing import Any

from ..context import Context
from .asyncio import AsyncioAuthenticator

warnings.warn(
    "zmq.auth.ioloop is deprecated: use zmq.auth.asyncio", DeprecationWarning, stacklevel=2
)


class IOLoopAuthenticator(AsyncioAuthenticator):
    """Runs in the current event loop, which is Tornado's too."""

    def __init__(
        self,
        context: Context[Any] | None = None,
        encoding: str = "utf-8",
        log: Any = None,
        io_loop: Any = None,
    ) -> None:
        super().__init__(context, loop=io_loop, encoding=encoding, log=log)


__all__ = ["IOLoopAuthenticator"]
