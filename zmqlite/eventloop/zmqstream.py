"""ZMQStream: a socket that calls back, from Tornado's IOLoop, when it has received or sent.

In each turn of the loop a stream receives one message at most and sends one, so that other work
of the loop is not held up by a socket that always has some.
"""

from __future__ import annotations

import asyncio
import pickle
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property
from typing import Any
from warnings import warn

from tornado.ioloop import IOLoop
from tornado.log import gen_log

from .._future import _AsyncSocket
from ..constants import Flag, PollEvent, SocketOption
from ..error import Again, ContextTerminated, ZMQError
from ..poll import Poller
from ..socket import Socket
from ..utils import jsonapi

POLLIN = int(PollEvent.POLLIN)
POLLOUT = int(PollEvent.POLLOUT)

Callback = Callable[..., Any]


class ZMQStream:
    """A plain socket in an IOLoop: what it receives goes to the callback of `on_recv`, and what is
    to be sent waits here until the socket takes it."""

    # None once the stream is closed.
    socket: Any
    io_loop: IOLoop

    def __init__(self, socket: Socket[Any], io_loop: IOLoop | None = None) -> None:
        if isinstance(socket, _AsyncSocket):
            warn(
                f"ZMQStream takes a plain socket, and makes a shadow of this one. Make it with "
                f"context.socket(zmq.{socket._type_name}, socket_class=zmq.Socket)",
                RuntimeWarning,
                stacklevel=2,
            )
            socket = Socket.shadow(socket)
        self.socket = socket
        self.io_loop = io_loop or IOLoop.current()
        self._descriptor = socket.fileno()
        self._outgoing: deque[tuple[Sequence[Any], dict[str, Any]]] = deque()
        self._recv_callback: Callback | None = None
        self._recv_copy = True
        self._send_callback: Callback | None = None
        self._close_callback: Callback | None = None
        # What flush() has called back in this turn is enough for it.
        self._flushed = False
        # The loop has a turn of this stream before it, whatever the descriptor tells.
        self._is_due = False

        self.bind = socket.bind
        self.bind_to_random_port = socket.bind_to_random_port
        self.connect = socket.connect
        self.setsockopt = socket.setsockopt
        self.getsockopt = socket.getsockopt
        self.setsockopt_string = self.setsockopt_unicode = socket.setsockopt_string
        self.getsockopt_string = self.getsockopt_unicode = socket.getsockopt_string
        self.io_loop.add_handler(socket, self._handle_events, self.io_loop.READ)

    @cached_property
    def poller(self) -> Poller:
        """One that is here for nobody but users: the loop has the socket."""
        return Poller()

    # ---- Callbacks

    def on_recv(self, callback: Callback | None, copy: bool = True) -> None:
        """Call this with the list of parts of each message that comes; None: receive no more.

        It may be a coroutine function. It replaces the one before. copy=False: the parts are Frames.
        """
        self._check_open()
        assert callback is None or callable(callback)
        self._recv_callback = callback
        self._recv_copy = copy
        self._go_on()

    def on_recv_stream(self, callback: Callback | None, copy: bool = True) -> None:
        """The same with this stream as the first argument, for a callback of several streams."""
        self.on_recv(callback and (lambda parts: callback(self, parts)), copy=copy)

    def stop_on_recv(self) -> None:
        """Receive no more."""
        self.on_recv(None)

    def on_send(self, callback: Callback | None) -> None:
        """Call this after each send with the parts, and a MessageTracker, None or an error."""
        self._check_open()
        assert callback is None or callable(callback)
        self._send_callback = callback

    def on_send_stream(self, callback: Callback | None) -> None:
        """The same with this stream as the first argument, for a callback of several streams."""
        self.on_send(callback and (lambda parts, status: callback(self, parts, status)))

    def stop_on_send(self) -> None:
        """Call back after sends no more."""
        self.on_send(None)

    def on_err(self, callback: Callback) -> None:
        """Does nothing."""
        gen_log.warning("on_err does nothing, and will be removed")

    def stop_on_err(self) -> None:
        """Does nothing."""
        gen_log.warning("stop_on_err does nothing, and will be removed")

    def set_close_callback(self, callback: Callback | None) -> None:
        """Call this when the stream is closed."""
        self._close_callback = callback

    # ---- Sending

    def send(
        self,
        msg: Any,
        flags: int = 0,
        copy: bool = True,
        track: bool = False,
        callback: Callback | None = None,
        **kwargs: Any,
    ) -> None:
        """Send one frame, from the loop; `callback` is for `on_send`."""
        self.send_multipart([msg], flags, copy, track, callback, **kwargs)

    def send_multipart(
        self,
        msg: Sequence[Any],
        flags: int = 0,
        copy: bool = True,
        track: bool = False,
        callback: Callback | None = None,
        **kwargs: Any,
    ) -> None:
        """Send a message of several parts, from the loop; `callback` is for `on_send`."""
        self._check_open()
        if callback is not None:
            self.on_send(callback)
        self._outgoing.append((msg, dict(kwargs, flags=flags, copy=copy, track=track)))
        self._go_on()

    def send_string(
        self,
        u: str,
        flags: int = 0,
        encoding: str = "utf-8",
        callback: Callback | None = None,
        **kwargs: Any,
    ) -> None:
        """Send a string."""
        if not isinstance(u, str):
            raise TypeError(f"send_string takes a str, not {u!r}")
        self.send(u.encode(encoding), flags, callback=callback, **kwargs)

    send_unicode = send_string

    def send_json(
        self, obj: Any, flags: int = 0, callback: Callback | None = None, **kwargs: Any
    ) -> None:
        """Send an object as JSON."""
        self.send(jsonapi.dumps(obj), flags, callback=callback, **kwargs)

    def send_pyobj(
        self,
        obj: Any,
        flags: int = 0,
        protocol: int = -1,
        callback: Callback | None = None,
        **kwargs: Any,
    ) -> None:
        """Send a pickled object."""
        self.send(pickle.dumps(obj, protocol), flags, callback=callback, **kwargs)

    # ---- State

    def receiving(self) -> bool:
        """Whether there is a callback for what comes."""
        return self._recv_callback is not None

    def sending(self) -> bool:
        """Whether something waits to be sent."""
        return bool(self._outgoing)

    def closed(self) -> bool:
        """Whether the stream is closed; if its socket was, the stream closes now."""
        if self.socket is not None and self.socket.closed:
            self.close()
        return self.socket is None

    def close(self, linger: int | None = None) -> None:
        """Close the stream and its socket."""
        if self.socket is None:
            return
        if self.socket.closed:
            warn(
                f"Unregistering descriptor {self._descriptor} after closing socket: it may be "
                "another's by now. Close the stream instead.",
                stacklevel=2,
            )
        self.io_loop.remove_handler(self._descriptor)
        self.socket.close(linger)
        self.socket = None
        if self._close_callback is not None:
            self._run_callback(self._close_callback)

    def _check_open(self) -> None:
        if self.socket is None:
            raise OSError("Stream is closed")

    # ---- Events

    def flush(self, flag: int = POLLIN | POLLOUT, limit: int | None = None) -> int:
        """Receive and send what can be now, with callbacks, at most `limit` messages; how many.

        With POLLIN in `flag` this receives even without a callback, and so discards messages. The
        stream's own turn of the loop then does nothing.
        """
        self._check_open()
        self._go_on()
        was_flushed, self._flushed = self._flushed, False
        count = 0
        while self.socket is not None and not (limit and count >= limit):
            events = self.socket.get(SocketOption.EVENTS) & flag
            before = count
            if events & POLLIN:
                count += self._receive()
            if events & POLLOUT:
                count += self._send()
            if count == before:
                break
        self._flushed = was_flushed or count > 0
        if count and not was_flushed:
            self.io_loop.add_callback(self._end_flush)
        return count

    def _end_flush(self) -> None:
        self._flushed = False
        self._go_on()

    def _go_on(self) -> None:
        """Have another turn, as something may be possible that the descriptor does not tell of."""
        if self.socket is not None and not self._is_due:
            self._is_due = True
            self.io_loop.add_callback(self._handle_events, self._descriptor, 0)

    def _handle_events(self, fd: Any, events: int) -> None:
        """A turn of this stream, because of the descriptor (`events` is not 0) or of `_go_on`."""
        if not events:
            self._is_due = False
        if self.socket is None:
            return  # closed meanwhile
        try:
            ready = self.socket.get(SocketOption.EVENTS)
        except ContextTerminated:
            gen_log.warning("Got events for stream %s after terminating context", self)
            self.closed()
            return
        except ZMQError as error:
            if self.closed():
                gen_log.warning("Got events for stream %s of a closed socket: %s", self, error)
            else:
                gen_log.error("Error getting events for %s: %s", self, error)
            return
        if self._flushed:
            return
        # The look, and a receive that finds nothing, make the descriptor unreadable, whatever it
        # had to tell. So the send comes last, and the next turn if anything was done.
        was_useful = True  # also if a callback fails
        try:
            received = self._receive() if ready & POLLIN and self._recv_callback else 0
            was_useful = received + self._send() > 0
        finally:
            if was_useful:
                self._go_on()

    def _receive(self) -> int:
        """Receive one message, if it is still there; how many that was."""
        try:
            parts = self.socket.recv_multipart(Flag.DONTWAIT, copy=self._recv_copy)
        except Again:
            return 0
        if self._recv_callback is not None:
            self._run_callback(self._recv_callback, parts)
        return 1

    def _send(self) -> int:
        """Send one message, if there is one and the socket does not refuse it; how many that was."""
        if self.socket is None or not self._outgoing:
            return 0
        parts, options = self._outgoing[0]
        status: Any
        try:
            status = self.socket.send_multipart(
                parts, **dict(options, flags=options["flags"] | Flag.DONTWAIT)
            )
        except Again:
            return 0
        except ZMQError as error:
            gen_log.error("SEND Error: %s", error)
            status = error
        self._outgoing.popleft()
        if self._send_callback is not None:
            self._run_callback(self._send_callback, parts, status)
        return 1

    def _run_callback(self, callback: Callback, *args: Any) -> None:
        try:
            result = callback(*args)
        except Exception as error:
            _log_uncaught(error)
            raise
        if isinstance(result, Awaitable):
            asyncio.ensure_future(result).add_done_callback(_look_at)


def _look_at(task: asyncio.Future[Any]) -> None:
    if not task.cancelled() and (error := task.exception()):
        _log_uncaught(error)


def _log_uncaught(error: BaseException) -> None:
    gen_log.error("Uncaught exception in ZMQStream callback", exc_info=error)


__all__ = ["ZMQStream"]
