"""The socket and the context for gevent: calls that block let other greenlets run.

A greenlet that has to wait for a socket watches its descriptor, and tries again whenever something
has changed. It takes a message itself, at the moment it goes on with it, so that one that is killed
or timed out loses none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any
from warnings import warn

from .. import _core, context, socket
from ..constants import Errno, Flag, PollEvent, SocketOption
from ..error import Again, ZMQError
from .poll import Wait, _Poller, pass_on

if TYPE_CHECKING:
    from typing_extensions import Buffer

_DONTWAIT = int(Flag.DONTWAIT)


class _Socket(socket.Socket[bytes]):
    """A socket whose calls let other greenlets run while they wait.

    RCVTIMEO and SNDTIMEO have no effect: gevent.Timeout is the way to wait no longer.
    """

    _repr_cls = "zmq.green.Socket"
    _poller_class = _Poller
    _waits: list[Wait]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._waits = []
        super().__init__(*args, **kwargs)

    def _cooperate(self, flags: int, attempt: Callable[[], Any]) -> Any:
        """Do what raises Again until it need not, or once with DONTWAIT."""
        pass_on(self)
        try:
            return attempt()
        except Again:
            if flags & _DONTWAIT:
                raise
        with Wait() as wait:
            wait.watch_socket(self)
            while True:
                pass_on(self, wait)
                # From here on the descriptor tells of what changes after this.
                super().get(SocketOption.EVENTS)
                try:
                    return attempt()
                except Again:
                    wait.rest()

    def send(
        self,
        data: Buffer | _core.Frame,
        flags: int = 0,
        copy: bool = True,
        track: bool = False,
        routing_id: int | None = None,
        group: str | None = None,
    ) -> Any:
        """Send one frame."""
        send = super().send
        attempt = partial(send, data, flags | _DONTWAIT, copy, track, routing_id, group)
        return self._cooperate(flags, attempt)

    def send_multipart(
        self,
        msg_parts: Sequence[Buffer | _core.Frame],
        flags: int = 0,
        copy: bool = True,
        track: bool = False,
        routing_id: int | None = None,
        group: str | None = None,
    ) -> Any:
        """Send a sequence of parts as one message."""
        send = super().send_multipart
        attempt = partial(send, msg_parts, flags | _DONTWAIT, copy, track, routing_id, group)
        return self._cooperate(flags, attempt)

    def recv(self, flags: int = 0, copy: bool = True, track: bool = False) -> Any:
        """Receive one frame as bytes, or as a Frame with copy=False."""
        return self._cooperate(flags, partial(super().recv, flags | _DONTWAIT, copy, track))

    def recv_multipart(self, flags: int = 0, copy: bool = True, track: bool = False) -> Any:
        """Receive a whole message as a list of its parts."""
        attempt = partial(super().recv_multipart, flags | _DONTWAIT, copy, track)
        return self._cooperate(flags, attempt)

    def recv_into(self, buffer: Buffer, /, *, nbytes: int = 0, flags: int = 0) -> int:
        """Receive one frame into a writable buffer; its full length, even if it did not fit."""
        attempt = partial(super().recv_into, buffer, nbytes=nbytes, flags=flags | _DONTWAIT)
        size: int = self._cooperate(flags, attempt)
        return size

    def poll(self, timeout: float | None = None, flags: int = PollEvent.POLLIN) -> int:
        """Wait up to `timeout` milliseconds (None: for ever) for events: those that hold, or 0."""
        if self.closed:
            raise ZMQError(Errno.ENOTSUP)
        poller = _Poller()
        poller.register(self, flags)
        events: int = dict(poller.poll(timeout)).get(self, 0)
        return events

    def get(self, option: int) -> Any:
        """The value of an option."""
        _warn_of_timeout(option)
        if option == SocketOption.EVENTS:
            pass_on(self)
        return super().get(option)

    def set(self, option: int, optval: int | bytes) -> None:
        """Set an option; strings are for `set_string`."""
        _warn_of_timeout(option)
        super().set(option, optval)

    getsockopt = get
    setsockopt = set

    def close(self, linger: int | None = None) -> None:
        """Close the socket; calls that wait for it fail."""
        for wait in self._waits:
            wait.end()
        super().close(linger)


def _warn_of_timeout(option: int) -> None:
    if option in (SocketOption.RCVTIMEO, SocketOption.SNDTIMEO):
        warn("RCVTIMEO and SNDTIMEO have no effect in zmqlite.green", UserWarning, stacklevel=3)


class _Context(context.Context[_Socket]):
    """Makes sockets for gevent."""

    _socket_class = _Socket
    _repr_cls = "zmq.green.Context"

    # Not that of the class above: what it makes is something else.
    _instance = None


__all__ = ["_Context", "_Socket"]
