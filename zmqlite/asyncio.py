"""Sockets and pollers for asyncio: calls that send, receive and poll return Futures.

    context = zmqlite.asyncio.Context()
    socket = context.socket(zmqlite.PULL)
    ...
    message = await socket.recv()

A message that is already there, and a send that need not wait, make a Future that is done: awaiting
it does not go round the event loop. A task whose `await socket.recv()` is cancelled or times out
never takes a message with it, and the order stays; see `zmqlite._waiters`. The loop is the one that
runs at each call, of any kind that has `add_reader`, such as uvloop's.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from functools import partial
from typing import Any
from warnings import warn

from . import _future, context


def _loop_that_does_not_run() -> asyncio.AbstractEventLoop:
    warn(
        "no event loop is running: call sockets of zmqlite.asyncio from within one",
        RuntimeWarning,
        stacklevel=3,
    )
    return asyncio.get_event_loop()


class Poller(_future._AsyncPoller):
    """A poller whose `poll` returns a Future."""

    _default_loop = staticmethod(_loop_that_does_not_run)


class Socket(_future._AsyncSocket):
    """A socket whose calls that send, receive and poll return Futures."""

    _poller_class = Poller
    _default_loop = staticmethod(_loop_that_does_not_run)

    def _watch(self, loop: asyncio.AbstractEventLoop) -> Callable[[], object]:
        descriptor = self.fileno()
        loop.add_reader(descriptor, self._queues.serve)
        return partial(_unwatch, loop, descriptor)


def _unwatch(loop: asyncio.AbstractEventLoop, descriptor: int) -> None:
    if not loop.is_closed():
        loop.remove_reader(descriptor)


class Context(context.Context[Socket]):
    """Makes the sockets of this module."""

    _socket_class = Socket
    _repr_cls = "zmq.asyncio.Context"

    # Not that of the class above: what it makes is something else.
    _instance = None

    def __init__(
        self,
        io_threads: int | context.Context[Any] = 1,
        shadow: context.Context[Any] | int = 0,
    ) -> None:
        super().__init__(io_threads, shadow)


class ZMQEventLoop(asyncio.SelectorEventLoop):
    """asyncio's loop, by the name of one that was needed long ago."""

    def __init__(self, selector: selectors.BaseSelector | None = None) -> None:
        _warn_once()
        super().__init__(selector)


def install() -> None:
    """Does nothing: any event loop will do."""
    _warn_once()


_warned = False


def _warn_once() -> None:
    global _warned
    if not _warned:
        _warned = True
        warn(
            "ZMQEventLoop and install() are deprecated: any event loop will do",
            DeprecationWarning,
            stacklevel=3,
        )


__all__ = ["Context", "Poller", "Socket", "ZMQEventLoop", "install"]
