"""The poller for gevent, and how a greenlet waits for sockets and descriptors."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from gevent.event import Event
from gevent.hub import get_hub

from .. import _core
from ..constants import PollEvent, SocketOption
from ..poll import Poller

if TYPE_CHECKING:
    from typing_extensions import Self

    from .core import _Socket

Found = TypeVar("Found")

# Beside the events of a socket: that a message may be sent which was refused before. POLLOUT does
# not tell; it may hold all the time.
ROOM = 1 << 16

# Of the watchers of gevent's loop.
_READ = 1
_WRITE = 2


class Wait:
    """A greenlet that waits, within a `with` block, until what it watches changes."""

    def __init__(self) -> None:
        self._event = Event()
        self._watchers: list[Any] = []
        # The green sockets among what it watches, and the events that it waits for.
        self.wanted: dict[Any, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.end()
        for socket in self.wanted:
            socket._waits.remove(self)

    def watch(self, descriptor: int, events: int) -> None:
        watcher = get_hub().loop.io(descriptor, events)
        self._watchers.append(watcher)
        watcher.start(self.wake)

    def watch_socket(self, socket: _core.Socket, wanted: int) -> None:
        self.watch(socket.get(SocketOption.FD), _READ)
        # By its attribute, as the module of green sockets needs this one.
        if hasattr(socket, "_waits"):
            socket._waits.append(self)
            self.wanted[socket] = wanted

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


def look_at(socket: _core.Socket, me: Wait | None = None, mine: int = 0) -> int:
    """The events of a socket. As a look makes its descriptor unreadable, the others who wait for
    it are told. One who waits to send tells no other such: they would wake each other for ever."""
    events: int = _core.Socket.get(socket, SocketOption.EVENTS)
    for wait in getattr(socket, "_waits", ()):
        if wait is not me and wait.wanted[socket] & (events | ROOM) & ~(mine & ROOM):
            wait.wake()
    return events


def tell_others(socket: _Socket) -> None:
    """After a receive, which makes the descriptor unreadable as a look does."""
    if socket._waits:
        look_at(socket)


def look_until(
    look: Callable[[Wait | None], Found], watch: Callable[[Wait], None], timeout: float | None
) -> Found:
    """What `look` finds, as soon as it finds something or so many milliseconds are over."""
    found = look(None)
    if found or timeout == 0:
        return found
    deadline = None
    if timeout is not None and timeout > 0:
        deadline = time.monotonic() + timeout / 1000
    with Wait() as wait:
        watch(wait)
        while True:
            found = look(wait)
            left = None if deadline is None else deadline - time.monotonic()
            if found or (left is not None and left <= 0):
                return found
            wait.rest(left)


class _Poller(Poller):
    """A poller that lets other greenlets run while it waits."""

    def poll(self, timeout: float | None = -1) -> list[tuple[Any, int]]:
        """Pairs of what is ready and the events that came, a file by its descriptor.

        Waits for at most `timeout` milliseconds, without limit if it is None or negative.
        """
        return look_until(self._look, self._watch, timeout if self.sockets else 0)

    def _look(self, me: Wait | None) -> list[tuple[Any, int]]:
        ready = []
        for polled, flags in self.sockets:
            if isinstance(polled, _core.Socket):
                events = look_at(polled, me) & flags
                ready += [(polled, events)] if events else []
            else:
                ready += _core.zmq_poll([(polled, flags)], 0)
        return ready

    def _watch(self, wait: Wait) -> None:
        for polled, flags in self.sockets:
            if isinstance(polled, _core.Socket):
                wait.watch_socket(polled, flags)
                continue
            descriptor = polled if isinstance(polled, int) else polled.fileno()
            events = (_READ if flags & PollEvent.POLLIN else 0) | (
                _WRITE if flags & PollEvent.POLLOUT else 0
            )
            if events:
                wait.watch(descriptor, events)


__all__ = ["_Poller"]
