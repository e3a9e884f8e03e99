"""The types of the extension module, which holds the messages, sockets and contexts."""

from asyncio import AbstractEventLoop, Future
from builtins import bytes as Bytes
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, overload

from typing_extensions import Buffer, Self, disjoint_base

from ._typing import BytesOption, IntOption
from .tracker import MessageTracker

IPC_PATH_MAX_LEN: int
shared_buffers: dict[int, Any]

@disjoint_base
class Context:
    closed: bool
    underlying: int
    def __init__(self, io_threads: int = 1, shadow: int = 0) -> None: ...
    def get(self, option: int) -> int: ...
    def set(self, option: int, value: int) -> None: ...
    def close_sockets(self, linger: int | None = None) -> None: ...
    def term(self) -> None: ...

@disjoint_base
class Socket:
    context: Any
    copy_threshold: int | None
    closed: bool
    underlying: int
    def __init__(
        self,
        context: Context | None,
        socket_type: int = 0,
        shadow: int = 0,
        copy_threshold: int | None = None,
    ) -> None: ...
    def bind(self, addr: str | bytes) -> Any: ...
    def connect(self, addr: str | bytes) -> Any: ...
    def unbind(self, addr: str | bytes) -> None: ...
    def disconnect(self, addr: str | bytes) -> None: ...
    # Version 2 has events of more than 16 bits; the socket may be a PAIR, PUB or PUSH.
    def monitor(
        self,
        addr: str | bytes | None,
        events: int = ...,
        version: int = 1,
        socket_type: int = ...,
    ) -> None: ...
    @overload
    def get(self, option: BytesOption) -> bytes: ...
    @overload
    def get(self, option: IntOption) -> int: ...
    @overload
    def get(self, option: int) -> Any: ...
    def set(self, option: int, value: int | bytes) -> None: ...
    # A tracker: of a frame that is tracked, of memory that is shared and tracked, and, one that is
    # done, of what was copied though it need not have been.
    @overload
    def send(
        self,
        data: bytes | bytearray | memoryview,
        flags: int = 0,
        copy: Literal[True] = True,
        track: bool = False,
        routing_id: int | None = None,
        group: str | None = None,
        *,
        timeout: float | None = None,
    ) -> None: ...
    @overload
    def send(
        self,
        data: Buffer,
        flags: int = 0,
        *,
        copy: Literal[False],
        track: Literal[True],
        routing_id: int | None = None,
        group: str | None = None,
        timeout: float | None = None,
    ) -> MessageTracker: ...
    @overload
    def send(
        self,
        data: Buffer,
        flags: int = 0,
        copy: bool = True,
        track: bool = False,
        routing_id: int | None = None,
        group: str | None = None,
        *,
        timeout: float | None = None,
    ) -> MessageTracker | None: ...
    @overload
    def recv(
        self,
        flags: int = 0,
        copy: Literal[True] = True,
        track: bool = False,
        *,
        timeout: float | None = None,
    ) -> bytes: ...
    @overload
    def recv(
        self,
        flags: int = 0,
        *,
        copy: Literal[False],
        track: bool = False,
        timeout: float | None = None,
    ) -> Frame: ...
    @overload
    def recv(
        self, flags: int, copy: Literal[False], track: bool = False, *, timeout: float | None = None
    ) -> Frame: ...
    @overload
    def recv(
        self,
        flags: int = 0,
        copy: bool = True,
        track: bool = False,
        *,
        timeout: float | None = None,
    ) -> bytes | Frame: ...
    @overload
    def send_multipart(
        self,
        parts: Sequence[Buffer],
        flags: int = 0,
        *,
        copy: Literal[False],
        track: Literal[True],
        routing_id: int | None = None,
        group: str | None = None,
        timeout: float | None = None,
    ) -> MessageTracker: ...
    @overload
    def send_multipart(
        self,
        parts: Sequence[Buffer],
        flags: int = 0,
        copy: bool = True,
        track: bool = False,
        routing_id: int | None = None,
        group: str | None = None,
        *,
        timeout: float | None = None,
    ) -> MessageTracker | None: ...
    @overload
    def recv_multipart(
        self,
        flags: int = 0,
        copy: Literal[True] = True,
        track: bool = False,
        *,
        timeout: float | None = None,
    ) -> list[bytes]: ...
    @overload
    def recv_multipart(
        self,
        flags: int = 0,
        *,
        copy: Literal[False],
        track: bool = False,
        timeout: float | None = None,
    ) -> list[Frame]: ...
    @overload
    def recv_multipart(
        self, flags: int, copy: Literal[False], track: bool = False, *, timeout: float | None = None
    ) -> list[Frame]: ...
    @overload
    def recv_multipart(
        self,
        flags: int = 0,
        copy: bool = True,
        track: bool = False,
        *,
        timeout: float | None = None,
    ) -> list[bytes] | list[Frame]: ...
    def send_many(
        self,
        messages: Iterable[Buffer | Sequence[Buffer]],
        *,
        timeout: float | None = None,
    ) -> int: ...
    def recv_many(self, max: int = 1000, *, timeout: float | None = None) -> list[bytes]: ...
    def recv_multipart_many(
        self, max: int = 1000, *, timeout: float | None = None
    ) -> list[list[bytes]]: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> bytes: ...
    # As with DONTWAIT, but None instead of raising Again.
    @overload
    def recv_now(self, copy: Literal[True] = True) -> bytes | None: ...
    @overload
    def recv_now(self, copy: Literal[False]) -> Frame | None: ...
    @overload
    def recv_multipart_now(self, copy: Literal[True] = True) -> list[bytes] | None: ...
    @overload
    def recv_multipart_now(self, copy: Literal[False]) -> list[Frame] | None: ...
    def put_back(self, parts: list[bytes | Frame], more: bool, order: int) -> None: ...
    def recv_into(
        self, buffer: Buffer, /, *, nbytes: int = 0, flags: int = 0, timeout: float | None = None
    ) -> int: ...
    def recv_multipart_into(
        self, buffers: Iterable[Buffer], /, *, flags: int = 0, timeout: float | None = None
    ) -> list[int]: ...
    def poll(self, timeout: float | None = None, flags: int = ...) -> int: ...
    def flush(self, timeout: float | None = None) -> int: ...
    def stats(self) -> dict[str, Any]: ...
    def close(self, linger: int | None = None) -> None: ...

@disjoint_base
class Frame:
    more: bool
    tracker: MessageTracker | None
    tracker_event: Any
    def __init__(
        self,
        data: Buffer | None = None,
        track: bool = False,
        copy: bool | None = None,
        copy_threshold: int | None = None,
    ) -> None: ...
    @property
    def bytes(self) -> Bytes: ...
    @property
    def buffer(self) -> memoryview: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...
    def __len__(self) -> int: ...
    def __bytes__(self) -> Bytes: ...
    def __copy__(self) -> Frame: ...
    def fast_copy(self) -> Frame: ...
    def __getitem__(self, key: str | Bytes, /) -> str: ...
    @overload
    def get(self, option: int) -> int: ...
    @overload
    def get(self, option: str | Bytes) -> str: ...
    def set(self, option: int, value: int) -> None: ...

@disjoint_base
class PollSet:
    def add(self, obj: Socket | int, events: int) -> None: ...
    def remove(self, obj: Socket | int) -> None: ...
    def wait(self, timeout_ms: int) -> list[tuple[Any, int]]: ...

@disjoint_base
class DoneFutures:
    def __init__(
        self,
        future_type: type[Future[Any]],
        running_loop: Callable[[], AbstractEventLoop | None],
        default_loop: Callable[[], AbstractEventLoop],
    ) -> None: ...
    def done(self, result: Any) -> Future[Any]: ...
    def failed(self, error: Exception) -> Future[Any]: ...

def zmq_poll(sockets: Sequence[tuple[Any, int]], timeout: float = -1) -> list[tuple[Any, int]]: ...
def proxy(frontend: Socket, backend: Socket, capture: Socket | None = None) -> int: ...
def proxy_steerable(
    frontend: Socket,
    backend: Socket,
    capture: Socket | None = None,
    control: Socket | None = None,
) -> int: ...
def monitored_queue(
    in_socket: Socket,
    out_socket: Socket,
    mon_socket: Socket,
    in_prefix: bytes = b"in",
    out_prefix: bytes = b"out",
) -> int: ...
def strerror(code: int) -> str: ...
def zmq_errno() -> int: ...
def has(capability: str) -> bool: ...
def crypto_functions() -> list[str]: ...
def use_crypto(functions: dict[str, int]) -> None: ...
def zmq_version_info() -> tuple[int, int, int]: ...
