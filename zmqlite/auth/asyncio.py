"""AsyncioAuthenticator: an authenticator that runs in an event loop, beside everything else."""

from __future__ import annotations

import asyncio
import warnings
from typing import Any

from ..constants import Flag
from ..context import Context
from ..error import Again, ZMQError
from .base import Authenticator


class AsyncioAuthenticator(Authenticator):
    """Runs between `start` and `stop` in the event loop that they are called in."""

    _loop: asyncio.AbstractEventLoop
    _fd: int
    _answering: asyncio.Task[None] | None = None

    def __init__(
        self,
        context: Context[Any] | None = None,
        loop: Any = None,
        encoding: str = "utf-8",
        log: Any = None,
    ) -> None:
        super().__init__(context, encoding, log)
        if loop is not None:
            warnings.warn(
                "the argument loop is deprecated: an authenticator runs in the loop that it is "
                "started in",
                DeprecationWarning,
                stacklevel=2,
            )

    def start(self) -> None:
        """Begin to answer requests."""
        self._loop = asyncio.get_event_loop()
        super().start()
        assert self.zap_socket is not None
        self._fd = self.zap_socket.fileno()
        self._await_requests()

    def stop(self) -> None:
        """Stop answering; a request that waits for a credentials provider gets no answer."""
        if self.zap_socket is not None:
            self._loop.remove_reader(self._fd)
        if self._answering is not None:
            self._answering.cancel()
            self._answering = None
        super().stop()

    def _await_requests(self) -> None:
        self._loop.add_reader(self._fd, self._begin_to_answer)

    def _begin_to_answer(self) -> None:
        # Further requests would wake the loop again and again while a provider takes its time.
        self._loop.remove_reader(self._fd)
        self._answering = self._loop.create_task(self._answer_all())

    async def _answer_all(self) -> None:
        try:
            while self.zap_socket is not None:
                await self.handle_zap_message(self.zap_socket.recv_multipart(Flag.DONTWAIT))
        except Again:
            self._await_requests()
        except ZMQError as error:
            self.log.debug("the authenticator ends: %s", error)
            self.stop()


__all__ = ["AsyncioAuthenticator"]
