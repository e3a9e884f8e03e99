"""Poller and select: wait for several sockets and file descriptors at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from . import _core
from ._core import zmq_poll
from .constants import PollEvent


class Poller:
    """A set of sockets, file descriptors and objects with a `fileno`, to wait for together."""

    def __init__(self) -> None:
        self._set = _core.PollSet()
        # What is registered, in that order: the object, what the core waits for, the flags.
        self._registered: dict[Any, tuple[Any, int]] = {}
        # The turn in which what the core waits for was registered, which orders the results.
        self._turns: dict[Any, int] = {}
        self._next_turn = 0

    @property
    def sockets(self) -> list[tuple[Any, int]]:
        """Pairs of what is registered and the events waited for."""
        return [(socket, flags) for socket, (_, flags) in self._registered.items()]

    def __contains__(self, socket: Any) -> bool:
        return socket in self._registered

    def register(self, socket: Any, flags: int = PollEvent.POLLIN | PollEvent.POLLOUT) -> None:
        """Wait for these events of a socket or file; no flags: wait for it no longer."""
        if not flags:
            if socket in self._registered:
                self.unregister(socket)
            return
        known = self._registered.get(socket)
        waited_for = known[0] if known else _waited_for(socket)
        if not known and waited_for in self._turns:
            raise ValueError(f"descriptor {waited_for} is registered already, by another object")
        self._set.add(waited_for, flags)
        self._registered[socket] = (waited_for, flags)
        if not known:
            self._turns[waited_for] = self._next_turn
            self._next_turn += 1

    def modify(self, socket: Any, flags: int = PollEvent.POLLIN | PollEvent.POLLOUT) -> None:
        """Change the events that are waited for."""
        self.register(socket, flags)

    def unregister(self, socket: Any) -> None:
        """Wait for it no longer; KeyError if it is not registered."""
        waited_for, _ = self._registered.pop(socket)
        del self._turns[waited_for]
        self._set.remove(waited_for)

    def poll(self, timeout: float | None = None) -> list[tuple[Any, int]]:
        """Pairs of what is ready and the events that came, a file by its descriptor.

        Waits for at most `timeout` milliseconds, without limit if it is None or negative.
        """
        if not self._registered:
            return []
        ready = self._set.wait(_milliseconds(timeout, 1))
        if len(ready) > 1:
            ready.sort(key=lambda pair: self._turns[pair[0]])
        return ready


def _waited_for(socket: Any) -> Any:
    """What the core is to wait for: the socket itself, or the number of a descriptor."""
    if isinstance(socket, (_core.Socket, int)):
        return socket
    if not hasattr(socket, "fileno"):
        kind = type(socket).__name__
        raise TypeError(f"only sockets, descriptors and files can be polled, not {kind}")
    return socket.fileno()


def _milliseconds(timeout: float | None, per_unit: int) -> int:
    """A time-out as the core takes it: -1 is without limit."""
    return -1 if timeout is None or timeout < 0 else int(timeout * per_unit)


def select(
    rlist: Iterable[Any], wlist: Iterable[Any], xlist: Iterable[Any], timeout: float | None = None
) -> tuple[list[Any], list[Any], list[Any]]:
    """Like select.select, in seconds, for sockets as well as for descriptors."""
    flags: dict[Any, int] = {}
    for sockets, event in (
        (rlist, PollEvent.POLLIN),
        (wlist, PollEvent.POLLOUT),
        (xlist, PollEvent.POLLERR),
    ):
        for socket in sockets:
            flags[socket] = flags.get(socket, 0) | event
    ready = zmq_poll(list(flags.items()), _milliseconds(timeout, 1000))
    readable = [socket for socket, events in ready if events & PollEvent.POLLIN]
    writable = [socket for socket, events in ready if events & PollEvent.POLLOUT]
    failed = [socket for socket, events in ready if events & PollEvent.POLLERR]
    return readable, writable, failed


__all__ = ["Poller", "select", "zmq_poll"]
