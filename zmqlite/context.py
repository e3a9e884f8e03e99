"""Context: owns the I/O threads, makes sockets, and ends them."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from threading import RLock
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NoReturn, overload
from warnings import warn
from weakref import WeakSet

from . import _core
from .attrs import OptionAttributes
from .constants import ContextOption, Errno, SocketOption
from .error import ZMQError
from .security import end_rules
from .socket import Socket, SyncSocket, address_of

if TYPE_CHECKING:
    from typing_extensions import Self, TypeVar

    # What `Context[...]` takes: the class of the sockets that it makes.
    AnySocket = TypeVar("AnySocket", bound=Socket[Any], default=Socket[bytes])
    OtherSocket = TypeVar("OtherSocket", bound=Socket[Any])
else:
    # Python knows of defaults from 3.13 on.
    from typing import TypeVar

    AnySocket = TypeVar("AnySocket")


class Context(
    OptionAttributes,
    _core.Context,
    Generic[AnySocket],
    options=[*ContextOption.__members__, *SocketOption.__members__],
):
    """Makes sockets that can reach each other over inproc and share I/O threads.

    Context options are attributes (`context.max_sockets = 100`). A socket option that is set as
    an attribute becomes the default of the sockets made from then on (`context.linger = 0`).
    """

    sockopts: dict[int, Any]
    _sockets: WeakSet[AnySocket]
    # Of no process until it is initialised; one that never was has nothing to end.
    _pid = 0
    _warn_destroy_close = False
    _shadow: bool = False
    _shadow_obj: Any = None

    _socket_class: ClassVar[type[Any]] = Socket
    _repr_cls = "zmq.Context"

    _instance: ClassVar[Any] = None
    _instance_pid: ClassVar[int | None] = None
    _instance_lock: ClassVar[Any] = RLock()

    def __init__(
        self,
        io_threads: int | Context[Any] = 1,
        shadow: Context[Any] | int = 0,
    ) -> None:
        """A new context; or, given a context or its address, a shadow of that: another object for
        the same context, with sockets and defaults of its own, which does not end it."""
        self.sockopts = {}
        self._sockets = WeakSet()
        self._pid = os.getpid()
        if isinstance(io_threads, Context):
            io_threads, shadow = 1, io_threads
        if shadow:
            self._shadow = True
            self._shadow_obj = shadow
            super().__init__(shadow=address_of(shadow, Errno.EFAULT))
        else:
            super().__init__(io_threads)

    @classmethod
    def shadow(cls, address: Context[Any] | int) -> Self:
        """Another object for a context that exists, given as such or by its `underlying`."""
        return cls(shadow=address)

    @classmethod
    def shadow_pyczmq(cls, ctx: Any) -> Self:
        """The same for a context of czmq's, which zmqlite knows nothing of unless it is its own."""
        return cls.shadow(ctx)

    def __copy__(self, memo: Any = None) -> Self:
        return self.shadow(self)

    __deepcopy__ = __copy__

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} cannot be pickled")

    @classmethod
    def instance(cls, io_threads: int = 1) -> Self:
        """The context that this class shares; it is made if there is none in this process."""
        if not cls._has_instance():
            with cls._instance_lock:
                if not cls._has_instance():
                    cls._instance = cls(io_threads=io_threads)
                    cls._instance_pid = os.getpid()
        shared: Self = cls._instance
        return shared

    @classmethod
    def _has_instance(cls) -> bool:
        shared = cls._instance
        return shared is not None and not shared.closed and cls._instance_pid == os.getpid()

    def __enter__(self) -> Self:
        self._warn_destroy_close = True
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.destroy()

    # The default argument is still there when the interpreter takes this module apart.
    def __del__(self, _exiting: Any = sys.is_finalizing) -> None:
        if self._shadow or _exiting() or self.closed or self._forked():
            return
        warn(f"Unclosed context {self!r}", ResourceWarning, stacklevel=2, source=self)
        self.destroy()

    def __repr__(self) -> str:
        cls = type(self)
        name = cls.__dict__.get("_repr_cls", f"{cls.__module__}.{cls.__name__}")
        count = len(self._sockets)
        sockets = f"{count} socket{'s' * (count > 1)}" if count else ""
        closed = " closed" if self.closed else ""
        return f"<{name}({sockets}) at {id(self):#x}{closed}>"

    # ---- Sockets

    @overload
    def socket(self, socket_type: int, socket_class: None = None, **kwargs: Any) -> AnySocket: ...
    @overload
    def socket(
        self, socket_type: int, socket_class: type[OtherSocket], **kwargs: Any
    ) -> OtherSocket: ...
    def socket(self, socket_type: int, socket_class: type[Any] | None = None, **kwargs: Any) -> Any:
        """A new socket of this context, with the defaults of `sockopts` set."""
        if self.closed:
            raise ZMQError(Errno.ENOTSUP)
        made = (socket_class or self._socket_class)(self, socket_type, **kwargs)
        for option, value in self.sockopts.items():
            # A default need not fit every type of socket, as SUBSCRIBE does not fit PUB.
            with suppress(ZMQError):
                made.set(option, value)
        return made

    def _add_socket(self, socket: AnySocket) -> None:
        self._sockets.add(socket)

    def _rm_socket(self, socket: AnySocket) -> None:
        self._sockets.discard(socket)

    # ---- The end

    def _forked(self) -> bool:
        """True in a child process: what it inherited still belongs to its parent."""
        return self._pid != os.getpid()

    def term(self) -> None:
        """Wait until all sockets are closed and have sent what they linger for, then end.

        Calls that block in other threads end with ContextTerminated. It does not close sockets;
        `destroy` does. In a forked child it does nothing.
        """
        if not self._forked():
            super().term()

    def destroy(self, linger: int | None = None) -> None:
        """Close all sockets of this context, each with this LINGER if it is given, then `term`."""
        if self.closed or self._forked():
            return
        for socket in self._take_sockets():
            if self._warn_destroy_close and not socket.closed:
                warn(
                    f"Destroying context with unclosed socket {socket!r}",
                    ResourceWarning,
                    stacklevel=3,
                    source=socket,
                )
            socket.close(linger=linger)
        # Those that the garbage collector has taken out of the weak set on its way here.
        end_rules(self.underlying)
        self.close_sockets(linger)
        self.term()

    def _take_sockets(self) -> list[AnySocket]:
        # One by one, as another thread may make or drop sockets meanwhile.
        taken = []
        with suppress(KeyError):
            while True:
                taken.append(self._sockets.pop())
        return taken

    # ---- Options

    def get(self, option: int) -> int:
        """The value of a context option."""
        self._check_open()
        return super().get(option)

    def set(self, option: int, optval: int) -> None:
        """Set a context option."""
        if not isinstance(optval, int):
            raise TypeError(f"a context option takes an int, not {optval!r}")
        self._check_open()
        super().set(option, optval)

    def _check_open(self) -> None:
        if self.closed:
            raise RuntimeError("Context has been destroyed")

    def getsockopt(self, opt: int) -> Any:
        """The default that new sockets get for this option; KeyError if there is none."""
        return self.sockopts[opt]

    def setsockopt(self, opt: int, value: Any) -> None:
        """Give new sockets this default for an option."""
        self.sockopts[opt] = value

    def _set_attr_opt(self, option: str, value: Any) -> None:
        if option in ContextOption.__members__:
            self.set(ContextOption[option], value)
        elif option in SocketOption.__members__:
            self.sockopts[SocketOption[option]] = value
        else:
            self._no_such_option(option)

    def _get_attr_opt(self, option: str) -> Any:
        if option in ContextOption.__members__:
            return self.get(ContextOption[option])
        default = SocketOption[option]
        if default not in self.sockopts:
            self._no_such_default(default)
        return self.sockopts[default]

    def _no_such_default(self, option: SocketOption) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} has no default for the option {option.name}")

    def __delattr__(self, name: str) -> None:
        default = SocketOption.__members__.get(name.upper())
        if name in self.__dict__ or default is None:
            super().__delattr__(name)
        elif default in self.sockopts:
            del self.sockopts[default]
        else:
            self._no_such_default(default)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *ContextOption.__members__})


def _renew_instance_lock() -> None:
    Context._instance_lock = RLock()


# A thread that is not there in the child may have held the lock.
os.register_at_fork(after_in_child=_renew_instance_lock)

SyncContext = Context[SyncSocket]

__all__ = ["Context", "SyncContext"]
