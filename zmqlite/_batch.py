"""Batches of sockets whose calls do not block a thread: what those of asyncio and of gevent share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from . import _core
from .error import Again, TimedOut

BATCH = 1000
"""Messages that are received at once, if nothing else is said."""


class Batch:
    """Messages that are being sent, some at a time."""

    def __init__(self, socket: _core.Socket, messages: Iterable[Any]) -> None:
        self._socket = socket
        self._messages = tuple(messages)
        self.gone = 0

    def send(self) -> int:
        """Send what can be; how many have gone if that is all, else raise Again.

        An error is raised only if it hits the first, as in the call that blocks.
        """
        left = self._messages[self.gone :]
        try:
            self.gone += _core.Socket.send_many(self._socket, left, timeout=0)
        except Exception:
            if not self.gone:
                raise
            return self.gone
        if self.gone < len(self._messages):
            raise Again()
        return self.gone


def receive_some(receive: Callable[[], list[Any]]) -> list[Any]:
    """What `receive` returns; Again if that is nothing."""
    messages = receive()
    if not messages:
        raise Again()
    return messages


def too_late(timeout: float | None) -> Again:
    """The error of a call that had to wait too long; a `timeout` was given to it, or None."""
    return Again() if timeout is None else TimedOut(f"nothing for {timeout} s")
