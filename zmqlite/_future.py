"""Sockets and pollers whose calls return Futures: what those of asyncio and of Tornado share.

A call that can be done at once returns a future that is done, without a turn of the event loop.
Any other waits: see `zmqlite._waiters`.
"""

from __future__ import annotations

import os
from asyncio import AbstractEventLoop, Future, TimerHandle, _get_running_loop
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, overload
from warnings import warn

from . import _core
from ._batch import BATCH, Batch, receive_some, too_late
from ._waiters import Queues, Receiver, Waiter
from .constants import Errno, Flag, PollEvent, SocketOption, SocketType
from .error import Again, ZMQError
from .poll import Poller
from .socket import Socket

if TYPE_CHECKING:
    from typing_extensions import Buffer, Self

    from .tracker import MessageTracker

# Looked up once, as every message needs them; ints, as members of an enum are slow.
_get = _core.Socket.get
_recv = _core.Socket.recv
_recv_now: Callable[..., Any] = _core.Socket.recv_now
_recv_multipart = _core.Socket.recv_multipart
_recv_multipart_now: Callable[..., Any] = _core.Socket.recv_multipart_now
_recv_into = _core.Socket.recv_into
_recv_multipart_into = _core.Socket.recv_multipart_into
_send = _core.Socket.send
_send_multipart = _core.Socket.send_multipart
_DONTWAIT = int(Flag.DONTWAIT)
_EVENTS = int(SocketOption.EVENTS)
_RCVTIMEO = int(SocketOption.RCVTIMEO)
_SNDTIMEO = int(SocketOption.SNDTIMEO)


class _AsyncSocket(Socket[Future[Any]]):
    """A socket whose calls that send, receive and poll return futures.

    Errors are in the future, except that receiving from a socket that is closed raises at once.
    """

    _queues: Queues
    # What a subclass for another kind of loop has its own kind of.
    _waiter: type[Waiter] = Waiter
    _receiver: type[Receiver] = Receiver

    def __init__(
        self,
        context: Any = None,
        socket_type: int = SocketType.PAIR,
        io_loop: Any = None,
        **kwargs: Any,
    ) -> None:
        self._queues = Queues(self)
        if io_loop is not None:
            warn_of_io_loop(self)
        super().__init__(context, socket_type, **kwargs)

    @classmethod
    def from_socket(cls, socket: Socket[Any], io_loop: Any = None) -> Self:
        """A shadow of a socket, with calls that return futures."""
        return cls(socket, io_loop=io_loop)

    @property
    def _shadow_sock(self) -> Socket[bytes]:
        """The same socket with calls that block."""
        shadowed = self._shadow_obj
        return shadowed if isinstance(shadowed, Socket) else Socket.shadow(self.underlying)

    # ---- The loop

    def _default_loop(self) -> AbstractEventLoop:
        """The loop to use while none is running."""
        raise NotImplementedError

    def _watch(self, loop: AbstractEventLoop) -> Callable[[], object]:
        """Have the loop serve the queues when the descriptor is readable; returns how to stop."""
        raise NotImplementedError

    def _get_loop(self) -> AbstractEventLoop:
        """The loop that runs, which watches this socket from now on."""
        loop = _get_running_loop() or self._default_loop()
        if self._queues.loop is not loop:
            self._queues.watch(loop, partial(self._watch, loop))
        return loop

    def close(self, linger: int | None = None) -> None:
        """Close the socket, and cancel the calls that wait for it."""
        if not self._forked():
            self._queues.close()
        super().close(linger)

    def get(self, option: int) -> Any:
        """The value of an option."""
        value = super().get(option)
        if option == _EVENTS:
            self._queues.serve_soon()
        return value

    getsockopt = get

    # ---- Messages

    @overload  # type: ignore[override]
    def recv(
        self,
        flags: int = 0,
        copy: Literal[True] = True,
        track: bool = False,
        *,
        timeout: float | None = None,
    ) -> Future[bytes]: ...
    @overload
    def recv(
        self,
        flags: int = 0,
        *,
        copy: Literal[False],
        track: bool = False,
        timeout: float | None = None,
    ) -> Future[_core.Frame]: ...
    @overload
    def recv(
        self,
        flags: int = 0,
        copy: bool = True,
        track: bool = False,
        *,
        timeout: float | None = None,
    ) -> Future[bytes] | Future[_core.Frame]: ...
    def recv(
        self,
        flags: int = 0,
        copy: bool = True,
        track: bool = False,
        *,
        timeout: float | None = None,
    ) -> Future[Any]:
        """Receive one frame as bytes, or as a Frame with copy=False.

        TimedOut after `timeout` seconds.
        """
        queues = self._queues
        if track or queues.receivers:
            return self._receive(flags, partial(_recv, self, _DONTWAIT, copy, track), timeout)
        try:
            message = _recv_now(self, copy)
        except Exception as error:
            return self._failed_to_receive(error)
        if queues.senders or queues.pollers:
            queues.serve_soon()
        if message is None:
            return self._wait_to_receive(flags, partial(_recv, self, _DONTWAIT, copy), timeout)
        return queues.done(message)

    @overload  # type: ignore[override]
    def recv_multipart(
        self,
        flags: int = 0,
        copy: Literal[True] = True,
        track: bool = False,
        *,
        timeout: float | None = None,
    ) -> Future[list[bytes]]: ...
    @overload
    def recv_multipart(
        self,
        flags: int = 0,
        *,
        copy: Literal[False],
        track: bool = False,
        timeout: float | None = None,
    ) -> Future[list[_core.Frame]]: ...
    @overload
    def recv_multipart(
        self,
        flags: int = 0,
        copy: bool = True,
        track: bool = False,
        *,
        timeout: float | None = None,
    ) -> Future[list[bytes]] | Future[list[_core.Frame]]: ...
    def recv_multipart(
        self,
        flags: int = 0,
        copy: bool = True,
        track: bool = False,
        *,
        timeout: float | None = None,
    ) -> Future[Any]:
        """Receive a whole message as a list of its parts; TimedOut after `timeout` seconds."""
        queues = self._queues
        if track or queues.receivers:
            attempt = partial(_recv_multipart, self, _DONTWAIT, copy, track)
            return self._receive(flags, attempt, timeout)
        try:
            parts = _recv_multipart_now(self, copy)
        except Exception as error:
            return self._failed_to_receive(error)
        if queues.senders or queues.pollers:
            queues.serve_soon()
        if parts is None:
            attempt = partial(_recv_multipart, self, _DONTWAIT, copy)
            return self._wait_to_receive(flags, attempt, timeout)
        return queues.done(parts)

    def recv_into(  # type: ignore[override]
        self,
        buffer: Buffer,
        /,
        *,
        nbytes: int = 0,
        flags: int = 0,
        timeout: float | None = None,
    ) -> Future[int]:
        """Receive one frame into a writable buffer; its full length, even if it did not fit.

        TimedOut after `timeout` seconds.
        """
        queues = self._queues
        if not queues.receivers:
            try:
                size = _recv_into(self, buffer, nbytes=nbytes, flags=_DONTWAIT)
            except Again:
                queues.serve_soon()
            except Exception as error:
                return self._failed_to_receive(error)
            else:
                queues.serve_soon()
                return queues.done(size)
        try:
            room = _octets(buffer, nbytes)
        except Exception as error:
            return self._queues.failed(error)
        # As a Frame, which can be given back.
        frame = self._wait_to_receive(flags, partial(_recv, self, _DONTWAIT, False), timeout)
        return self._deserialize(frame, partial(_fill, room))

    def recv_multipart_into(  # type: ignore[override]
        self, buffers: Iterable[Buffer], /, *, flags: int = 0, timeout: float | None = None
    ) -> Future[list[int]]:
        """Receive a whole message, each part into a writable buffer of its own; a list of their
        sizes. ValueError if it does not fit; see the class that blocks. TimedOut after `timeout`
        seconds."""
        try:
            rooms = [_octets(buffer) for buffer in buffers]
        except Exception as error:
            return self._queues.failed(error)
        parts = self._receive(flags, partial(self._parts_in, rooms), timeout)
        return self._deserialize(parts, lambda parts: [len(part) for part in parts])

    def _parts_in(self, rooms: list[memoryview]) -> list[memoryview]:
        """The next message, received into memory of the caller's, from where it can be given
        back."""
        sizes = _recv_multipart_into(self, rooms, flags=_DONTWAIT)
        return [room[:size] for room, size in zip(rooms, sizes, strict=False)]

    def recv_many(  # type: ignore[override]
        self, max: int = BATCH, *, timeout: float | None = None
    ) -> Future[list[bytes]]:
        """Receive up to `max` messages of one part, waiting for the first only; see the class that
        blocks. An empty list after `timeout` seconds."""
        return self._receive_batch(partial(_core.Socket.recv_many, self, max, timeout=0), timeout)

    def recv_multipart_many(  # type: ignore[override]
        self, max: int = BATCH, *, timeout: float | None = None
    ) -> Future[list[list[bytes]]]:
        """Receive up to `max` messages, waiting for the first only; see the class that blocks. An
        empty list after `timeout` seconds."""
        receive = partial(_core.Socket.recv_multipart_many, self, max, timeout=0)
        return self._receive_batch(receive, timeout)

    def _receive_batch(
        self, receive: Callable[[], list[Any]], timeout: float | None
    ) -> Future[list[Any]]:
        attempt = partial(receive_some, receive)
        if not self._queues.receivers:
            try:
                return self._queues.done(attempt())
            except Again:
                self._queues.serve_soon()
            except Exception as error:
                return self._failed_to_receive(error)
        milliseconds = _get(self, _RCVTIMEO) if timeout is None else timeout * 1000
        if milliseconds == 0:
            return self._queues.done([])
        receiver = self._receiver(self, self._queues.receivers, attempt, self._get_loop())
        receiver.batch = True
        if milliseconds > 0:
            receiver.end_in(milliseconds, partial(receiver.end_with, list))
        return receiver

    __iter__ = None  # type: ignore[assignment]

    def __aiter__(self) -> Self:
        """Messages of one part as they come, until the socket is closed or the context ends."""
        return self

    async def __anext__(self) -> bytes:
        try:
            return await self.recv()
        except ZMQError as error:
            if error.errno in (Errno.ENOTSOCK, Errno.ETERM):
                raise StopAsyncIteration from None
            raise

    def _receive(
        self, flags: int, attempt: Callable[[], Any], timeout: float | None
    ) -> Future[Any]:
        """Receive behind others who wait, or in a way that is rare."""
        queues = self._queues
        if flags & _DONTWAIT:
            queues.serve()
        if not queues.receivers:
            try:
                message = attempt()
            except Again:
                queues.serve_soon()
            except Exception as error:
                return self._failed_to_receive(error)
            else:
                queues.serve_soon()
                return queues.done(message)
        return self._wait_to_receive(flags, attempt, timeout)

    def _wait_to_receive(
        self, flags: int, attempt: Callable[[], Any], timeout: float | None
    ) -> Future[Any]:
        return self._wait(
            self._receiver, self._queues.receivers, attempt, flags, _RCVTIMEO, timeout
        )

    def _wait(
        self,
        kind: type[Waiter],
        queue: deque[Any],
        attempt: Callable[[], Any],
        flags: int,
        option: int,
        timeout: float | None,
    ) -> Future[Any]:
        """A call that waits, for `timeout` seconds or, if it is None, as long as the option says."""
        milliseconds = _get(self, option) if timeout is None else timeout * 1000
        if flags & _DONTWAIT or milliseconds == 0:
            return self._queues.failed(too_late(timeout))
        waiter = kind(self, queue, attempt, self._get_loop())
        if milliseconds > 0:
            waiter.end_in(milliseconds, lambda: waiter.fail(too_late(timeout)))
        return waiter

    def _failed_to_receive(self, error: Exception) -> Future[Any]:
        if isinstance(error, ZMQError) and error.errno in (Errno.ENOTSOCK, Errno.ETERM):
            raise error
        return self._queues.failed(error)

    def _deserialize(self, recvd: Future[Any], load: Callable[[Any], Any]) -> Future[Any]:
        if isinstance(recvd, Receiver) and not recvd.done():
            recvd.then(load)
            return recvd
        try:
            return self._queues.done(load(recvd.result()))
        except Exception as error:
            return self._queues.failed(error)

    def send(  # type: ignore[override]
        self,
        data: Buffer | _core.Frame,
        flags: int = 0,
        copy: bool = True,
        track: bool = False,
        routing_id: int | None = None,
        group: str | None = None,
        *,
        timeout: float | None = None,
    ) -> Future[MessageTracker | None]:
        """Send one frame; done when the socket has taken it, TimedOut after `timeout` seconds."""
        queues = self._queues
        if queues.senders:
            attempt = partial(_send, self, data, flags | _DONTWAIT, copy, track, routing_id, group)
            return self._wait_to_send(flags, attempt, timeout)
        try:
            result = _send(self, data, flags | _DONTWAIT, copy, track, routing_id, group)
        except Again:
            attempt = partial(_send, self, data, flags | _DONTWAIT, copy, track, routing_id, group)
            return self._wait_to_send(flags, attempt, timeout)
        except Exception as error:
            return self._queues.failed(error)
        return queues.done(result)

    def send_multipart(  # type: ignore[override]
        self,
        msg_parts: Sequence[Buffer | _core.Frame],
        flags: int = 0,
        copy: bool = True,
        track: bool = False,
        routing_id: int | None = None,
        group: str | None = None,
        *,
        timeout: float | None = None,
    ) -> Future[MessageTracker | None]:
        """Send a sequence of parts as one message; done when the socket has taken it, TimedOut after
        `timeout` seconds."""
        attempt = partial(
            _send_multipart, self, msg_parts, flags | _DONTWAIT, copy, track, routing_id, group
        )
        if self._queues.senders:
            return self._wait_to_send(flags, attempt, timeout)
        try:
            return self._queues.done(attempt())
        except Again:
            return self._wait_to_send(flags, attempt, timeout)
        except Exception as error:
            return self._queues.failed(error)

    def send_many(  # type: ignore[override]
        self,
        messages: Iterable[Buffer | Sequence[Buffer]],
        *,
        timeout: float | None = None,
    ) -> Future[int]:
        """Send a sequence of messages, in order; how many have gone, after `timeout` seconds at the
        latest. See the class that blocks; a call that is cancelled may have sent some."""
        batch = Batch(self, messages)
        if not self._queues.senders:
            try:
                return self._queues.done(batch.send())
            except Again:
                pass
            except Exception as error:
                return self._queues.failed(error)
        milliseconds = _get(self, _SNDTIMEO) if timeout is None else timeout * 1000
        if milliseconds == 0:
            return self._queues.done(batch.gone)
        sender = self._waiter(self, self._queues.senders, batch.send, self._get_loop())
        if milliseconds > 0:
            sender.end_in(milliseconds, partial(sender.end_with, lambda: batch.gone))
        return sender

    def _wait_to_send(
        self, flags: int, attempt: Callable[[], Any], timeout: float | None
    ) -> Future[Any]:
        return self._wait(self._waiter, self._queues.senders, attempt, flags, _SNDTIMEO, timeout)

    if TYPE_CHECKING:  # What is made of `send` and `recv` returns futures too.

        def send_string(  # type: ignore[override]
            self,
            u: str,
            flags: int = 0,
            copy: bool = True,
            encoding: str = "utf-8",
            **kwargs: Any,
        ) -> Future[MessageTracker | None]: ...
        def recv_string(  # type: ignore[override]
            self, flags: int = 0, encoding: str = "utf-8"
        ) -> Future[str]: ...
        def send_json(  # type: ignore[override]
            self, obj: Any, flags: int = 0, **kwargs: Any
        ) -> Future[None]: ...
        def recv_json(self, flags: int = 0, **kwargs: Any) -> Future[Any]: ...
        def send_pyobj(  # type: ignore[override]
            self, obj: Any, flags: int = 0, protocol: int | None = None, **kwargs: Any
        ) -> Future[MessageTracker | None]: ...
        def recv_pyobj(self, flags: int = 0) -> Future[Any]: ...
        def send_serialized(  # type: ignore[override]
            self,
            msg: Any,
            serialize: Callable[[Any], Sequence[Any]],
            flags: int = 0,
            copy: bool = True,
            **kwargs: Any,
        ) -> Future[MessageTracker | None]: ...
        def recv_serialized(
            self, deserialize: Callable[[list[Any]], Any], flags: int = 0, copy: bool = True
        ) -> Future[Any]: ...

        send_unicode = send_string  # type: ignore[assignment]
        recv_unicode = recv_string  # type: ignore[assignment]

    def poll(  # type: ignore[override]
        self, timeout: float | None = None, flags: int = PollEvent.POLLIN
    ) -> Future[int]:
        """Wait up to `timeout` milliseconds (None: for ever) for events: those that hold, or 0."""
        if self.closed:
            raise ZMQError(Errno.ENOTSUP)
        events = self.get(_EVENTS) & flags
        if events or timeout == 0:
            return self._queues.done(events)
        attempt = partial(self._events_seen, flags)
        poller = self._waiter(self, self._queues.pollers, attempt, self._get_loop())
        if timeout is not None and timeout > 0:
            poller.end_in(timeout, partial(poller.end_with, int))
        return poller

    def _events_seen(self, flags: int) -> int:
        events = self._queues.events & flags
        if not events:
            raise Again()
        return events

    @property
    def _recv_futures(self) -> deque[Receiver]:
        return self._queues.receivers


def _octets(buffer: Buffer, nbytes: int = 0) -> memoryview:
    """The octets of a buffer, or the first `nbytes`, as the core can write them."""
    view = memoryview(buffer)
    if view.readonly:
        raise BufferError("a writable buffer is needed")
    if not 0 <= nbytes <= view.nbytes:
        raise ValueError(f"nbytes is {nbytes}, the buffer has {view.nbytes}")
    octets = view.cast("B") if view.nbytes else memoryview(bytearray())
    return octets[: nbytes or None]


def _fill(room: memoryview, frame: _core.Frame) -> int:
    size = min(len(room), len(frame))
    room[:size] = frame.buffer[:size]
    return len(frame)


def warn_of_io_loop(made: Any) -> None:
    """The argument of old, by which a loop was chosen."""
    warn(
        f"{type(made).__name__}(io_loop) is deprecated: the loop that runs is used",
        DeprecationWarning,
        stacklevel=3,
    )


class _AsyncPoller(Poller):
    """A poller whose `poll` returns a future."""

    # What a subclass for another kind of loop has its own kind of.
    _waiter: type[PollerWaiter]

    def _default_loop(self) -> AbstractEventLoop:
        """The loop to use while none is running."""
        raise NotImplementedError

    def poll(self, timeout: float | None = -1) -> Future[list[tuple[Any, int]]]:  # type: ignore[override]
        """Pairs of what is ready and the events that came, a file by its descriptor.

        Waits for at most `timeout` milliseconds, without limit if it is None or negative.
        """
        future: Future[list[tuple[Any, int]]]
        future = Future(loop=_get_running_loop() or self._default_loop())
        try:
            ready = self.poll_now()
        except Exception as error:
            future.set_exception(error)
            return future
        if not ready and timeout != 0 and self.sockets:
            return self._waiter(self, timeout, future.get_loop())
        future.set_result(ready)
        return future

    def poll_now(self) -> list[tuple[Any, int]]:
        """What is ready without waiting."""
        ready = super().poll(0)
        for polled, _ in self.sockets:
            if isinstance(polled, _AsyncSocket):
                polled._queues.serve_soon()
        return ready


class PollerWaiter(Future[Any]):
    """A call of a poller that waits until something is ready."""

    _timer: TimerHandle | None = None

    def __init__(
        self, poller: _AsyncPoller, timeout: float | None, loop: AbstractEventLoop
    ) -> None:
        super().__init__(loop=loop)
        self._poller = poller
        self._stops: list[Callable[[], object]] = []
        self._start()
        if timeout is not None and timeout > 0:
            self._timer = loop.call_later(timeout / 1000, self._time_out)

    def cancel(self, msg: Any = None) -> bool:
        self._leave()
        return super().cancel(msg)

    def _time_out(self) -> None:
        self._leave()
        self.set_result([])

    def _leave(self) -> None:
        self._stop()
        if self._timer is not None:
            self._timer.cancel()

    def _start(self) -> None:
        for polled, flags in self._poller.sockets:
            if isinstance(polled, _AsyncSocket):
                waiter = polled.poll(flags=flags)
                waiter.add_done_callback(self._look)
                self._stops.append(partial(self._drop, waiter))
            elif isinstance(polled, _core.Socket):
                # Its own descriptor may be watched in this loop already, by a socket of asyncio.
                descriptor = os.dup(polled.get(SocketOption.FD))
                self._stops.append(partial(os.close, descriptor))
                self._watch(descriptor, PollEvent.POLLIN)
            else:
                self._watch(polled, flags)

    def _watch(self, descriptor: Any, flags: int) -> None:
        loop = self.get_loop()
        if flags & PollEvent.POLLIN:
            loop.add_reader(descriptor, self._look)
            self._stops.append(partial(loop.remove_reader, descriptor))
        if flags & PollEvent.POLLOUT:
            loop.add_writer(descriptor, self._look)
            self._stops.append(partial(loop.remove_writer, descriptor))

    def _drop(self, waiter: Future[int]) -> None:
        waiter.remove_done_callback(self._look)
        waiter.cancel()

    def _stop(self) -> None:
        while self._stops:
            self._stops.pop()()

    def _look(self, waiter: Future[int] | None = None) -> None:
        if self.done():
            return
        if waiter is not None and waiter.cancelled():
            self.cancel()  # as the poll of the socket, which was closed
            return
        self._stop()
        try:
            ready = self._poller.poll_now()
        except Exception as error:
            self._leave()
            self.set_exception(error)
            return
        if ready:
            self._leave()
            self.set_result(ready)
        else:
            self._start()


_AsyncPoller._waiter = PollerWaiter
