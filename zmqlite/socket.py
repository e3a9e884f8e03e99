"""Socket: pyzmq's comforts over the messages, options and endpoints of the core's socket.

`send`, `recv` and their multipart forms are the core's own methods, with nothing in between.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, NoReturn
from warnings import warn

from . import _core
from .attrs import OptionAttributes
from .constants import Errno, Event, SocketOption, SocketType, _OptType
from .error import ZMQBindError, ZMQError
from .security import Secured

if TYPE_CHECKING:
    from typing_extensions import Self, TypeVar

    from .context import Context
    from .tracker import MessageTracker

    # What `Socket[...]` takes: the type of a received message. Without it, `Socket` blocks.
    Received = TypeVar("Received", default=bytes)
    AnySocket = TypeVar("AnySocket", bound="Socket[Any]")
else:
    # Python knows of defaults from 3.13 on.
    from typing import TypeVar

    Received = TypeVar("Received")
    AnySocket = TypeVar("AnySocket")

RANDOM_PORT_MIN = 49152
RANDOM_PORT_MAX = 65536


def address_of(shadowed: Any, error: Errno) -> int:
    """The address of what is to be shadowed: an object of ours, a number, or a pointer of ctypes'.
    ZMQError with this errno if there is nothing any more."""
    if isinstance(shadowed, (_core.Socket, _core.Context)):
        address = shadowed.underlying
    else:
        address = int(getattr(shadowed, "value", shadowed) or 0)
    if not address:
        raise ZMQError(error)
    return address


class _SocketContext(Generic[AnySocket]):
    """What `bind` and `connect` return: in a `with`, the end of the block undoes them."""

    def __init__(self, socket: AnySocket, kind: str, addr: str | bytes) -> None:
        self._socket = socket
        self._kind = kind
        self._addr = addr

    def __enter__(self) -> AnySocket:
        return self._socket

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._socket.closed:
            return
        if self._kind == "bind":
            self._socket.unbind(self._addr)
        else:
            self._socket.disconnect(self._addr)

    def __repr__(self) -> str:
        addr = self._addr.decode() if isinstance(self._addr, bytes) else self._addr
        return f"<SocketContext({self._kind}={addr!r})>"


class Socket(OptionAttributes, Secured, Generic[Received], options=SocketOption.__members__):
    """A ZeroMQ socket, usually made by `Context.socket`.

    Options are attributes, in upper or lower case: `socket.linger = 0`, `socket.LAST_ENDPOINT`.
    """

    context: Context[Any]
    type: SocketType

    _repr_cls = "zmq.Socket"
    _monitor_socket: Self | None = None
    # Of no process until it is initialised.
    _pid = 0
    _shadow: bool = False
    _shadow_obj: Any = None

    def __init__(
        self,
        ctx_or_socket: Context[Any] | Socket[Any] | None = None,
        socket_type: int = SocketType.PAIR,
        *,
        shadow: Socket[Any] | int = 0,
        copy_threshold: int | None = None,
    ) -> None:
        """A new socket of a context; or, given a socket or its address, a shadow of that: another
        object for the same socket, which does not close it when it is dropped."""
        if isinstance(ctx_or_socket, Socket):
            shadow, ctx_or_socket = ctx_or_socket, None
        self._pid = os.getpid()
        if shadow:
            self._shadow = True
            self._shadow_obj = shadow
            owner = shadow.context if isinstance(shadow, _core.Socket) else None
            address = address_of(shadow, Errno.ENOTSOCK)
            super().__init__(owner, shadow=address, copy_threshold=copy_threshold)
            self.type = SocketType(self.get(SocketOption.TYPE))
            return
        if ctx_or_socket is None:
            raise TypeError("a socket needs a context")
        super().__init__(ctx_or_socket, socket_type, copy_threshold=copy_threshold)
        self.type = SocketType(socket_type)
        ctx_or_socket._add_socket(self)

    @classmethod
    def shadow(cls, address: Socket[Any] | int) -> Self:
        """Another object for a socket that exists, given as such or by its `underlying`."""
        return cls(shadow=address)

    def __copy__(self, memo: Any = None) -> Self:
        return self.shadow(self)

    __deepcopy__ = __copy__

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} cannot be pickled")

    def _forked(self) -> bool:
        return self._pid != os.getpid()

    def close(self, linger: int | None = None) -> None:
        """Close the socket, with this LINGER if it is given. In a forked child, do nothing."""
        if self._forked():
            return
        super().close(linger)
        if self.context is not None:
            self.context._rm_socket(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    # The default argument is still there when the interpreter takes this module apart.
    def __del__(self, _exiting: Any = sys.is_finalizing) -> None:
        if self._shadow or _exiting() or self.closed or self._forked():
            return
        warn(f"Unclosed socket {self!r}", ResourceWarning, stacklevel=2, source=self)
        self.close()

    def __repr__(self) -> str:
        cls = type(self)
        name = cls.__dict__.get("_repr_cls", f"{cls.__module__}.{cls.__name__}")
        closed = " closed" if self.closed else ""
        return f"<{name}(zmq.{self._type_name}) at {id(self):#x}{closed}>"

    @property
    def _type_name(self) -> str:
        return self.type.name

    @property
    def socket_type(self) -> SocketType:
        """The same as `type`, by its old name."""
        warn("Socket.socket_type is deprecated, use Socket.type", DeprecationWarning, stacklevel=2)
        return self.type

    # ---- Endpoints

    def bind(self, addr: str | bytes) -> _SocketContext[Self]:
        """Listen at an endpoint. In a `with`, until its end."""
        super().bind(addr)
        return self._bind_cm(addr)

    def connect(self, addr: str | bytes) -> _SocketContext[Self]:
        """Connect to an endpoint, now and whenever the connection is lost. In a `with`, until
        its end."""
        super().connect(addr)
        return self._connect_cm(addr)

    def _bind_cm(self, addr: str | bytes) -> _SocketContext[Self]:
        # Where it is bound in truth: the address may leave the port to the system.
        bound = self.get(SocketOption.LAST_ENDPOINT)
        return _SocketContext(self, "bind", bound)

    def _connect_cm(self, addr: str | bytes) -> _SocketContext[Self]:
        return _SocketContext(self, "connect", addr)

    def bind_to_random_port(
        self,
        addr: str,
        min_port: int = RANDOM_PORT_MIN,
        max_port: int = RANDOM_PORT_MAX,
        max_tries: int = 100,
    ) -> int:
        """Bind to a free port of an address without one, such as "tcp://127.0.0.1"; the port.

        The system picks it, unless a range is given; `max_port` itself is not in the range.
        """
        if (min_port, max_port) == (RANDOM_PORT_MIN, RANDOM_PORT_MAX):
            self.bind(f"{addr}:*")
            return int(self.get(SocketOption.LAST_ENDPOINT).rpartition(b":")[2])

        from random import randrange

        for _ in range(max_tries):
            port = randrange(min_port, max_port)
            try:
                self.bind(f"{addr}:{port}")
            except ZMQError as error:
                if error.errno != Errno.EADDRINUSE:
                    raise
            else:
                return port
        raise ZMQBindError(
            f"no free port at {addr} in {max_tries} tries from {min_port} to {max_port - 1}"
        )

    # ---- Monitor

    def get_monitor_socket(self, events: int | None = None, addr: str | None = None) -> Self:
        """A PAIR socket that receives what happens to the connections of this one.

        Each call returns the same one, until that is closed by the caller or `disable_monitor` is
        called. `zmqlite.utils.monitor` takes its messages apart.
        """
        reader = self._monitor_socket
        if reader is None or reader.closed:
            if addr is None:
                addr = f"inproc://monitor.s-{self.fileno()}"
            self.monitor(addr, Event.ALL if events is None else events)
            made: Self = self.context.socket(SocketType.PAIR)
            made.connect(addr)
            reader = self._monitor_socket = made
        return reader

    def disable_monitor(self) -> None:
        """Stop the monitor. Its reader receives MONITOR_STOPPED as the last event."""
        self._monitor_socket = None
        self.monitor(None)

    # ---- Options

    def set(self, option: int, optval: int | bytes) -> None:
        """Set an option; strings are for `set_string`."""
        if isinstance(optval, str):
            raise TypeError(f"an option takes bytes or an int, use set_string for {optval!r}")
        if _kind(option) is _OptType.bytes:
            if not isinstance(optval, bytes):
                raise TypeError(f"{_name(option)} takes bytes, not {optval!r}")
        elif not isinstance(optval, int):
            raise TypeError(f"{_name(option)} takes an int, not {optval!r}")
        super().set(option, optval)

    def set_string(self, option: int, optval: str, encoding: str = "utf-8") -> None:
        """Set an option that takes bytes to a string."""
        if not isinstance(optval, str):
            raise TypeError(f"set_string takes a str, not {optval!r}")
        self.set(option, optval.encode(encoding))

    def get_string(self, option: int, encoding: str = "utf-8") -> str:
        """The value of an option that holds bytes, as a string."""
        if SocketOption(option)._opt_type is not _OptType.bytes:
            raise TypeError(f"{_name(option)} is an int and cannot be decoded")
        value: bytes = self.get(option)
        return value.decode(encoding)

    setsockopt = set
    getsockopt = _core.Socket.get
    setsockopt_string = setsockopt_unicode = set_string
    getsockopt_string = getsockopt_unicode = get_string

    def subscribe(self, topic: str | bytes) -> None:
        """On a SUB socket: receive messages that begin with this topic."""
        self.set(SocketOption.SUBSCRIBE, _topic(topic))

    def unsubscribe(self, topic: str | bytes) -> None:
        """Undo one `subscribe` of this topic."""
        self.set(SocketOption.UNSUBSCRIBE, _topic(topic))

    def get_hwm(self) -> int:
        """SNDHWM, the number of messages that may wait to be sent to one peer."""
        return self.get(SocketOption.SNDHWM)

    def set_hwm(self, value: int) -> None:
        """Set SNDHWM and RCVHWM."""
        self.set(SocketOption.SNDHWM, value)
        self.set(SocketOption.RCVHWM, value)

    hwm = property(get_hwm, set_hwm, doc="SNDHWM; setting it sets RCVHWM as well.")

    def fileno(self) -> int:
        """The descriptor that becomes readable when EVENTS may have changed."""
        return self.get(SocketOption.FD)

    def __setattr__(self, name: str, value: Any) -> None:
        # These two are methods, and yet may be assigned to like the options that they are.
        if name.lower() in ("subscribe", "unsubscribe"):
            getattr(self, name.lower())(value)
        else:
            super().__setattr__(name, value)

    def _set_attr_opt(self, option: str, value: Any) -> None:
        if option not in SocketOption.__members__:
            self._no_such_option(option)
        self.set(SocketOption[option], value)

    def _get_attr_opt(self, option: str) -> Any:
        return self.get(SocketOption[option])

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *SocketOption.__members__})

    # ---- Messages that are not bytes

    def send_string(
        self, u: str, flags: int = 0, copy: bool = True, encoding: str = "utf-8", **kwargs: Any
    ) -> MessageTracker | None:
        """Send a string."""
        if not isinstance(u, str):
            raise TypeError(f"send_string takes a str, not {u!r}")
        return self.send(u.encode(encoding), flags=flags, copy=copy, **kwargs)

    def recv_string(self, flags: int = 0, encoding: str = "utf-8") -> str:
        """Receive a string."""
        text: str = self._deserialize(self.recv(flags), lambda data: data.decode(encoding))
        return text

    send_unicode = send_string
    recv_unicode = recv_string

    def send_json(self, obj: Any, flags: int = 0, **kwargs: Any) -> None:
        """Send an object as JSON; `kwargs` are for `json.dumps`."""
        import json

        return self.send(json.dumps(obj, **kwargs).encode(), flags=flags)

    def recv_json(self, flags: int = 0, **kwargs: Any) -> Any:
        """Receive an object as JSON; `kwargs` are for `json.loads`."""
        import json

        return self._deserialize(self.recv(flags), lambda data: json.loads(data, **kwargs))

    def send_pyobj(
        self, obj: Any, flags: int = 0, protocol: int | None = None, **kwargs: Any
    ) -> MessageTracker | None:
        """Send a pickled object."""
        import pickle

        sent: MessageTracker | None = self.send(pickle.dumps(obj, protocol), flags, **kwargs)
        return sent

    def recv_pyobj(self, flags: int = 0) -> Any:
        """Receive a pickled object. Only from peers that you trust: unpickling can run code."""
        import pickle

        return self._deserialize(self.recv(flags), pickle.loads)

    def send_serialized(
        self,
        msg: Any,
        serialize: Callable[[Any], Sequence[Any]],
        flags: int = 0,
        copy: bool = True,
        **kwargs: Any,
    ) -> MessageTracker | None:
        """Send the parts that `serialize` makes of an object."""
        return self.send_multipart(serialize(msg), flags=flags, copy=copy, **kwargs)

    def recv_serialized(
        self, deserialize: Callable[[list[Any]], Any], flags: int = 0, copy: bool = True
    ) -> Any:
        """Receive what `deserialize` makes of the parts of a message."""
        return self._deserialize(self.recv_multipart(flags=flags, copy=copy), deserialize)

    def _deserialize(self, recvd: Any, load: Callable[[Any], Any]) -> Any:
        """Where a subclass steps in whose `recv` returns something else than a message."""
        return load(recvd)


def _kind(option: int) -> _OptType:
    try:
        return SocketOption(option)._opt_type
    except ValueError:
        return _OptType.int


def _name(option: int) -> str:
    try:
        return SocketOption(option).name
    except ValueError:
        return f"option {option}"


def _topic(topic: str | bytes) -> bytes:
    return topic.encode() if isinstance(topic, str) else topic


SyncSocket = Socket[bytes]

__all__ = ["Socket", "SyncSocket"]
