"""Sockets and pollers for Tornado: calls that send, receive and poll return Futures.

They are those of `zmqlite.asyncio`, but registered with Tornado's IOLoop, so that its
`close(all_fds=True)` closes them; and a call that is cancelled ends in this module's own
CancelledError, an Exception.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections.abc import Callable
from functools import partial
from typing import Any

from tornado.concurrent import Future
from tornado.ioloop import IOLoop

from .. import _future, _waiters, context


class CancelledError(Exception):
    """The call was cancelled."""


class _Cancellable(Future[Any]):
    """A Future that is cancelled by an exception which Tornado treats like any other."""

    def cancel(self, msg: Any = None) -> bool:
        if self.done():
            return False
        self.set_exception(CancelledError())
        self.exception()  # or it would be logged as one that nobody has looked at
        return True

    def cancelled(self) -> bool:
        return self.done() and isinstance(self.exception(), CancelledError)


class _Waiter(_waiters.Waiter, _Cancellable):
    """A call that waits for its turn."""


class _Receiver(_waiters.Receiver, _Cancellable):
    """A call that waits for a message."""


class _PollerWaiter(_future.PollerWaiter, _Cancellable):
    """A call of a poller that waits."""


def _current_loop() -> AbstractEventLoop:
    loop: AbstractEventLoop = IOLoop.current().asyncio_loop  # type: ignore[attr-defined]
    return loop


class Poller(_future._AsyncPoller):
    """A poller whose `poll` returns a Future."""

    _waiter = _PollerWaiter
    _default_loop = staticmethod(_current_loop)


class Socket(_future._AsyncSocket):
    """A socket whose calls that send, receive and poll return Futures."""

    _poller_class = Poller
    _waiter = _Waiter
    _receiver = _Receiver
    _default_loop = staticmethod(_current_loop)

    def _watch(self, loop: AbstractEventLoop) -> Callable[[], object]:
        io_loop = IOLoop.current()
        io_loop.add_handler(self, self._queues.serve, io_loop.READ)
        return partial(io_loop.remove_handler, self.fileno())


class Context(context.Context[Socket]):
    """Makes the sockets of this module."""

    _socket_class = Socket
    _repr_cls = "zmq.eventloop.future.Context"

    # Not that of the class above: what it makes is something else.
    _instance = None

    def __init__(
        self,
        io_threads: int | context.Context[Any] = 1,
        shadow: context.Context[Any] | int = 0,
        io_loop: Any = None,
    ) -> None:
        if io_loop is not None:
            _future.warn_of_io_loop(self)
        super().__init__(io_threads, shadow)


__all__ = ["CancelledError", "Context", "Poller", "Socket"]
