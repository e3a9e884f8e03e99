"""The poller for gevent, and how a greenlet waits for sockets and descriptors."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from gevent.event import Event
from gevent.hub import get_hub

from .. import _core
from ..constants import PollEvent, SocketOption
from ..poll import Poller

if TYPE_CHECKING:
    from typing_extensions import Self

    from .core import _Socket

# Of the watchers of gevent's loop.
_READ = 1
_WRITE = 2


class Wait:
    """A greenlet that waits, within a `with` block, until what it watches changes."""

    def __init__(self) -> None:
        self._event = Event()
        self._watchers: list[Any] = []
        self._sockets: list[_Socket] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.end()
        for socket in self._sockets:
            socket._waits.remove(self)

    def watch(self, descriptor: int, events: int) -> None:
        watcher = get_hub().loop.io(descriptor, events)
        self._watchers.append(watcher)
        watcher.start(self.wake)

    def watch_socket(self, socket: _core.Socket) -> None:
        self.watch(socket.get(SocketOption.FD), _READ)
        # By its attribute, as the module of green sockets needs this one.
        if hasattr(socket, "_waits"):
            green: Any = socket
            green._waits.append(self)
            self._sockets.append(green)

    def wake(self) -> None:
        self._event.set()

    def end(self) -> None:
        """Go on, and watch no longer: the descriptors may be about to be closed."""
        while self._watchers:
            watcher = self._watchers.pop()
            watcher.stop()
            watcher.close()
        self.wake()

    def rest(self, seconds: float | None = None) -> None:
        """Let other greenlets run until there was a change since the last rest, or the time is up."""
        self._event.wait(seconds)
        self._event.clear()


def pass_on(socket: _core.Socket, me: Wait | None = None) -> None:
    """Before a look at a socket, which makes its descriptor unreadable: tell the others who wait
    for it, lest they miss the change."""
    others = [wait for wait in getattr(socket, "_waits", ()) if wait is not me]
    if others and _core.zmq_poll([(socket.get(SocketOption.FD), PollEvent.POLLIN)], 0):
        for wait in others:
            wait.wake()


class _Poller(Poller):
    """A poller that lets other greenlets run while it waits."""

    def poll(self, timeout: float | None = -1) -> list[tuple[Any, int]]:
        """Pairs of what is ready and the events that came, a file by its descriptor.

        Waits for at most `timeout` milliseconds, without limit if it is None or negative.
        """
        ready = self._poll_now(None)
        if ready or timeout == 0 or not self.sockets:
            return ready
        deadline = None
        if timeout is not None and timeout > 0:
            deadline = time.monotonic() + timeout / 1000
        with Wait() as wait:
            self._watch(wait)
            while True:
                ready = self._poll_now(wait)
                left = None if deadline is None else deadline - time.monotonic()
                if ready or (left is not None and left <= 0):
                    return ready
                wait.rest(left)

    def _poll_now(self, me: Wait | None) -> list[tuple[Any, int]]:
        for polled, _ in self.sockets:
            if isinstance(polled, _core.Socket):
                pass_on(polled, me)
        # Not what the base class keeps: other greenlets look at the sockets too, and to that their
        # changes would be lost.
        return _core.zmq_poll(self.sockets, 0)

    def _watch(self, wait: Wait) -> None:
        for polled, flags in self.sockets:
            if isinstance(polled, _core.Socket):
                wait.watch_socket(polled)
                continue
            descriptor = polled if isinstance(polled, int) else polled.fileno()
            events = (_READ if flags & PollEvent.POLLIN else 0) | (
                _WRITE if flags & PollEvent.POLLOUT else 0
            )
            if events:
                wait.watch(descriptor, events)


__all__ = ["_Poller"]
