"""The socket and the context for gevent: calls that block let other greenlets run.

A greenlet that has to wait for a socket watches its descriptor, and tries again whenever something
has changed. It takes a message itself, at the moment it goes on with it, so that one that is killed
or timed out loses none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any
from warnings import warn

from .. import _core, context, socket
from .._batch import BATCH, Batch, receive_some, too_late
from ..constants import Errno, Flag, PollEvent, SocketOption
from ..error import Again, TimedOut, ZMQError
from .poll import ROOM, Wait, _Poller, look_at, look_until, tell_others

if TYPE_CHECKING:
    from typing_extensions import Buffer

_DONTWAIT = int(Flag.DONTWAIT)


class _Socket(socket.Socket[bytes]):
    """A socket whose calls let other greenlets run while they wait.

    RCVTIMEO and SNDTIMEO have no effect: `timeout` and gevent.Timeout are the ways to wait no
    longer.
    """

    _repr_cls = "zmq.green.Socket"
    _poller_class = _Poller
    _waits: list[Wait]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._waits = []
        super().__init__(*args, **kwargs)

    def _receiving(
        self, flags: int, attempt: Callable[[], Any], timeout: float | None = None
    ) -> Any:
        """The message that is there, or that comes within so many seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            try:
                message = attempt()
            except Again:
                if flags & _DONTWAIT:
                    tell_others(self)
                    raise
            else:
                tell_others(self)
                return message
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise too_late(timeout)
            self.poll(None if left is None else left * 1000)

    def _sending(self, flags: int, attempt: Callable[[], Any], timeout: float | None = None) -> Any:
        """What the attempt to send returns, as soon as it need not wait, within so many seconds."""
        if flags & _DONTWAIT:
            return attempt()

        def look(me: Wait | None) -> list[Any]:
            if me is not None:
                # From here on the descriptor tells of what changes after this.
                look_at(self, me, ROOM)
            try:
                return [attempt()]
            except Again:
                return []

        milliseconds = None if timeout is None else timeout * 1000
        done = look_until(look, lambda wait: wait.watch_socket(self, ROOM), milliseconds)
        if not done:
            raise too_late(timeout)
        return done[0]

    def send(
        self,
        data: Buffer | _core.Frame,
        flags: int = 0,
        copy: bool = True,
        track: bool = False,
        routing_id: int | None = None,
        group: str | None = None,
        *,
        timeout: float | None = None,
    ) -> Any:
        """Send one frame; TimedOut after `timeout` seconds."""
        send = super().send
        attempt = partial(send, data, flags | _DONTWAIT, copy, track, routing_id, group)
        return self._sending(flags, attempt, timeout)

    def send_multipart(
        self,
        msg_parts: Sequence[Buffer | _core.Frame],
        flags: int = 0,
        copy: bool = True,
        track: bool = False,
        routing_id: int | None = None,
        group: str | None = None,
        *,
        timeout: float | None = None,
    ) -> Any:
        """Send a sequence of parts as one message; TimedOut after `timeout` seconds."""
        send = super().send_multipart
        attempt = partial(send, msg_parts, flags | _DONTWAIT, copy, track, routing_id, group)
        return self._sending(flags, attempt, timeout)

    def send_many(
        self,
        messages: Iterable[Buffer | Sequence[Buffer]],
        *,
        timeout: float | None = None,
    ) -> int:
        """Send a sequence of messages, in order; how many have gone after `timeout` seconds."""
        batch = Batch(self, messages)
        try:
            gone: int = self._sending(0, batch.send, timeout)
        except TimedOut:
            return batch.gone
        return gone

    def recv(
        self,
        flags: int = 0,
        copy: bool = True,
        track: bool = False,
        *,
        timeout: float | None = None,
    ) -> Any:
        """Receive one frame as bytes, or as a Frame with copy=False; TimedOut after `timeout`
        seconds."""
        receive = super().recv
        return self._receiving(flags, partial(receive, flags | _DONTWAIT, copy, track), timeout)

    def recv_multipart(
        self,
        flags: int = 0,
        copy: bool = True,
        track: bool = False,
        *,
        timeout: float | None = None,
    ) -> Any:
        """Receive a whole message as a list of its parts; TimedOut after `timeout` seconds."""
        attempt = partial(super().recv_multipart, flags | _DONTWAIT, copy, track)
        return self._receiving(flags, attempt, timeout)

    def recv_many(self, max: int = BATCH, *, timeout: float | None = None) -> list[bytes]:
        """Receive up to `max` messages of one part, waiting for the first only."""
        return self._receiving_some(partial(super().recv_many, max, timeout=0), timeout)

    def recv_multipart_many(
        self, max: int = BATCH, *, timeout: float | None = None
    ) -> list[list[bytes]]:
        """Receive up to `max` messages, waiting for the first only."""
        return self._receiving_some(partial(super().recv_multipart_many, max, timeout=0), timeout)

    def _receiving_some(self, receive: Callable[[], list[Any]], timeout: float | None) -> list[Any]:
        try:
            some: list[Any] = self._receiving(0, partial(receive_some, receive), timeout)
        except TimedOut:
            return []
        return some

    def recv_into(
        self,
        buffer: Buffer,
        /,
        *,
        nbytes: int = 0,
        flags: int = 0,
        timeout: float | None = None,
    ) -> int:
        """Receive one frame into a writable buffer; its full length, even if it did not fit.

        TimedOut after `timeout` seconds.
        """
        attempt = partial(super().recv_into, buffer, nbytes=nbytes, flags=flags | _DONTWAIT)
        size: int = self._receiving(flags, attempt, timeout)
        return size

    def recv_multipart_into(
        self, buffers: Iterable[Buffer], /, *, flags: int = 0, timeout: float | None = None
    ) -> list[int]:
        """Receive a whole message, each part into a writable buffer of its own; a list of their
        sizes. ValueError if it does not fit; see the class that blocks. TimedOut after `timeout`
        seconds."""
        attempt = partial(super().recv_multipart_into, tuple(buffers), flags=flags | _DONTWAIT)
        sizes: list[int] = self._receiving(flags, attempt, timeout)
        return sizes

    def poll(self, timeout: float | None = None, flags: int = PollEvent.POLLIN) -> int:
        """Wait up to `timeout` milliseconds (None: for ever) for events: those that hold, or 0."""
        if self.closed:
            raise ZMQError(Errno.ENOTSUP)
        return look_until(
            lambda me: look_at(self, me) & flags,
            lambda wait: wait.watch_socket(self, flags),
            timeout,
        )

    def get(self, option: int) -> Any:
        """The value of an option."""
        _warn_of_timeout(option)
        return look_at(self) if option == SocketOption.EVENTS else super().get(option)

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
