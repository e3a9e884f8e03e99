"""Calls that wait, and who wakes them: what the sockets of asyncio and of Tornado do when a call
cannot be done at once.

Such a call is a `Waiter` in a queue of its socket. The loop watches the socket's descriptor, from
the first such call on, and whenever that becomes readable all are served that can be, first come,
first served.

A message that is handed to a waiter belongs to the task that awaits it once the task goes on.
Until then cancelling still succeeds: the message returns to the head of the socket, where the next
receiver gets it, in order. (A plain Future is done by then and cannot be cancelled any more; the
task gets its CancelledError all the same, and the message would be lost.) Whoever holds a future
without awaiting it has the message as soon as the future is done.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, Future, TimerHandle, _get_running_loop
from collections import deque
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import ref

from . import _core
from .constants import PollEvent, SocketOption
from .error import Again, ZMQError

if TYPE_CHECKING:
    from ._future import _AsyncSocket

_get = _core.Socket.get
_EVENTS = int(SocketOption.EVENTS)
_RCVMORE = int(SocketOption.RCVMORE)
_POLLIN = int(PollEvent.POLLIN)


class Waiter(Future[Any]):
    """A call that waits for its turn. `attempt` does it, or raises Again."""

    _timer: TimerHandle | None = None

    def __init__(
        self,
        socket: _AsyncSocket,
        queue: deque[Any],
        attempt: Callable[[], Any],
        loop: AbstractEventLoop,
    ) -> None:
        super().__init__(loop=loop)
        # The loop refers to the queue, the queue to this, and this to the socket, so that nothing
        # of it goes while it waits, whoever else has dropped it.
        self._socket = socket
        self._queue = queue
        self._attempt = attempt
        queue.append(self)

    def end_in(self, milliseconds: float, end: Callable[[], None]) -> None:
        """Call `end`, which is to leave the queue, unless the call is done before."""
        self._timer = self.get_loop().call_later(milliseconds / 1000, end)

    def leave(self) -> None:
        """Wait no longer."""
        with suppress(ValueError):
            self._queue.remove(self)
        if self._timer is not None:
            self._timer.cancel()

    def cancel(self, msg: Any = None) -> bool:
        self.leave()
        return super().cancel(msg)

    def fail(self, error: Exception) -> None:
        self.leave()
        self.set_exception(error)

    def end_with(self, result: Callable[[], Any]) -> None:
        """Wait no longer, and be content with this."""
        self.leave()
        self.set_result(result())

    def serve(self) -> None:
        """Try the call; raise Again if it must wait on."""
        if self.done():
            # By somebody else, as any future can be: it wants nothing any more.
            self.leave()
            return
        try:
            result = self._attempt()
        except Again:
            raise
        except Exception as error:
            self.fail(error)
        else:
            self.leave()
            self.take(result)

    def take(self, result: Any) -> None:
        self.set_result(result)


class Receiver(Waiter):
    """A call that waits for a message, which it gives back if its task does not go on with it."""

    _load: Callable[[Any], Any] | None = None
    # What the attempt has returned: a frame, the frames of a message, or of a `batch` the messages.
    _message: Any = None
    _is_awaited = False
    batch = False

    def then(self, load: Callable[[Any], Any]) -> None:
        """Return what `load` makes of the message."""
        before = self._load
        self._load = load if before is None else lambda message: load(before(message))

    def take(self, message: Any) -> None:
        try:
            result = message if self._load is None else self._load(message)
        except Exception as error:
            self.set_exception(error)
            return
        self._message = message
        self._more = bool(_get(self._socket, _RCVMORE))
        self._order = self._socket._queues.next_in_order()
        self.set_result(result)

    def cancel(self, msg: Any = None) -> bool:
        if self._is_awaited:
            self._give_back()
        return super().cancel(msg)

    def _give_back(self) -> None:
        """Become a call that still waits, if it has a message: it can be cancelled then."""
        if self._message is None:
            return
        taken, self._message = self._message, None
        for message in taken if self.batch else [taken]:
            parts = message if isinstance(message, list) else [message]
            self._socket.put_back(parts, self._more, self._order)
        self._socket._queues.serve_soon()
        # The task is on its way already; it will find the call cancelled.
        Future.__init__(self, loop=self.get_loop())

    def __await__(self) -> Generator[Any, None, Any]:
        if not self.done():
            self._is_awaited = self._asyncio_future_blocking = True
            try:
                yield self
            except BaseException:
                # The coroutine may be closed instead of going on, and its loop be closed too.
                with suppress(RuntimeError):
                    self.cancel()
                raise
            self._message = None
        return self.result()

    __iter__ = __await__


class Queues:
    """Those who wait for a socket, and the loop that watches it.

    The loop refers to this and not to the socket, so that a socket can go, when it is not closed,
    while nobody waits.
    """

    def __init__(self, socket: _AsyncSocket) -> None:
        self.receivers: deque[Receiver] = deque()
        self.senders: deque[Waiter] = deque()
        self.pollers: deque[Waiter] = deque()
        self.loop: AbstractEventLoop | None = None
        # What the socket's EVENTS were at the last look.
        self.events = 0
        self._socket = ref(socket)
        self._unwatch: Callable[[], object] | None = None
        self._is_due = False
        self._received = 0
        futures = _core.DoneFutures(Future, _get_running_loop, socket._default_loop)
        # A future of a call that need not wait, with its result or its exception.
        self.done: Callable[[Any], Future[Any]] = futures.done
        self.failed: Callable[[Exception], Future[Any]] = futures.failed

    def next_in_order(self) -> int:
        """Numbers that only grow: the order in which messages were received."""
        self._received += 1
        return self._received

    def watch(self, loop: AbstractEventLoop, start: Callable[[], Callable[[], object]]) -> None:
        """Have this loop call `serve` from now on, and no other; `start` returns how to stop."""
        self.unwatch()
        for queue in (self.receivers, self.senders, self.pollers):
            for waiter in list(queue):
                if waiter.get_loop().is_closed():
                    waiter.leave()
        self.loop = loop
        self._is_due = False
        self._unwatch = start()

    def unwatch(self) -> None:
        unwatch, self._unwatch, self.loop = self._unwatch, None, None
        if unwatch is not None:
            unwatch()

    def serve(self, *_: Any) -> None:
        """Do for those who wait what can be done."""
        self._is_due = False
        socket = self._socket()
        if socket is None:
            return
        # A look, and a receive that finds nothing, make the descriptor unreadable, whatever it had
        # to tell. So all who wait follow, each kind, what was done last of the two.
        while self.pollers or not self.receivers:
            self._look(socket)
            for poller in list(self.pollers):
                with suppress(Again):
                    poller.serve()
            if not (self.receivers and self.events & _POLLIN):
                break
            _serve(self.receivers)
        else:
            _serve(self.receivers)
        _serve(self.senders)

    def _look(self, socket: _AsyncSocket) -> None:
        try:
            self.events = _get(socket, _EVENTS)
        except ZMQError as error:
            # Closed, or the context has ended: the descriptor would be readable for ever.
            self.unwatch()
            for poller in list(self.pollers):
                poller.fail(error)
            # The others find it out themselves.
            self.events = _POLLIN

    def serve_soon(self) -> None:
        """After somebody else has looked: the descriptor may not tell any more what has come."""
        loop = self.loop
        waiting = self.receivers or self.senders or self.pollers
        if waiting and not self._is_due and loop is not None and not loop.is_closed():
            self._is_due = True
            loop.call_soon(self.serve)

    def close(self) -> None:
        """Cancel all calls."""
        for queue in (self.receivers, self.senders, self.pollers):
            while queue:
                # That of a loop which is closed cannot tell its task.
                with suppress(RuntimeError):
                    queue[0].cancel()
        self.unwatch()


def _serve(queue: deque[Any]) -> None:
    """Do the calls of a queue until one must wait on."""
    with suppress(Again):
        while queue:
            queue[0].serve()
