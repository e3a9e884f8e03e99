"""Device: a proxy that makes its sockets itself, where it runs.

A program tells a device what its sockets are to be, and starts it. The sockets are made in the
thread or process that the device runs in, since a process cannot be handed a socket.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import Process
from threading import Thread
from typing import Any, ClassVar

from .._core import proxy
from ..constants import DeviceType, Errno, SocketType
from ..context import Context
from ..error import ZMQError
from ..socket import Socket


@dataclass(eq=False)
class SocketPlan:
    """What a socket is to be, in the order in which it is done: options, binds, connects."""

    type: int
    options: list[tuple[int, Any]] = field(default_factory=list)
    binds: list[str] = field(default_factory=list)
    connects: list[str] = field(default_factory=list)

    def carry_out(self, socket: Socket[Any]) -> None:
        for option, value in self.options:
            socket.set(option, value)
        for addr in self.binds:
            socket.bind(addr)
        for addr in self.connects:
            socket.connect(addr)


class Device:
    """A proxy between two sockets, which `start` runs in the calling thread.

    With a negative `out_type` one socket serves both sides. The methods that bind, connect and
    set options only take note of it; it is done when the device runs.
    """

    # The context of the sockets. A process must not use the one that it may have inherited.
    context_factory: Callable[[], Context[Any]] = Context.instance

    def __init__(
        self,
        device_type: int = DeviceType.QUEUE,
        in_type: int | None = None,
        out_type: int | None = None,
    ) -> None:
        if in_type is None or out_type is None:
            raise TypeError("a device needs in_type and out_type, the types of its sockets")
        self.device_type = device_type
        self.in_type = in_type
        self.out_type = out_type
        self.daemon = True
        self.done = False
        self._in = SocketPlan(in_type)
        self._out = self._in if out_type < 0 else SocketPlan(out_type)
        # In the order in which the proxy takes the sockets; subclasses add theirs.
        self._plans = [self._in, self._out]
        self._sockets: list[Socket[Any]] = []
        self._reserved: set[str] = set()

    def bind_in(self, addr: str) -> None:
        """Bind the in socket."""
        self._in.binds.append(addr)

    def bind_in_to_random_port(self, addr: str, *args: int, **kwargs: int) -> int:
        """Bind the in socket to a free port, picked as by `Socket.bind_to_random_port`."""
        return self._bind_to_random_port(self._in, addr, *args, **kwargs)

    def connect_in(self, addr: str) -> None:
        """Connect the in socket."""
        self._in.connects.append(addr)

    def setsockopt_in(self, opt: int, value: Any) -> None:
        """Set an option of the in socket, before it binds and connects."""
        self._in.options.append((opt, value))

    def bind_out(self, addr: str) -> None:
        """Bind the out socket."""
        self._out.binds.append(addr)

    def bind_out_to_random_port(self, addr: str, *args: int, **kwargs: int) -> int:
        """Bind the out socket to a free port, picked as by `Socket.bind_to_random_port`."""
        return self._bind_to_random_port(self._out, addr, *args, **kwargs)

    def connect_out(self, addr: str) -> None:
        """Connect the out socket."""
        self._out.connects.append(addr)

    def setsockopt_out(self, opt: int, value: Any) -> None:
        """Set an option of the out socket, before it binds and connects."""
        self._out.options.append((opt, value))

    def _bind_to_random_port(self, plan: SocketPlan, addr: str, *args: int, **kwargs: int) -> int:
        # The device binds later, so that the system may pick a port a second time. All picks
        # stay bound until one is new, which ends in ZMQBindError when a range has no other.
        with Context() as context, context.socket(SocketType.PUSH) as picker:
            while True:
                port = picker.bind_to_random_port(addr, *args, **kwargs)
                picked = f"{addr}:{port}"
                if picked not in self._reserved:
                    break
        self._reserved.add(picked)
        plan.binds.append(picked)
        return port

    def _setup_sockets(self) -> list[Socket[Any]]:
        """The sockets, made as planned, in the order in which the proxy takes them."""
        self._context = self.context_factory()
        made = {plan: self._make_socket(plan) for plan in dict.fromkeys(self._plans)}
        return [made[plan] for plan in self._plans]

    def _make_socket(self, plan: SocketPlan) -> Socket[Any]:
        made: Socket[Any] = self._context.socket(plan.type)
        self._sockets.append(made)
        plan.carry_out(made)
        return made

    def run_device(self) -> None:
        """Make the sockets and pass messages between them; `run` calls it."""
        proxy(*self._setup_sockets())

    def run(self) -> None:
        """Run the device here until its context ends, then close its sockets."""
        try:
            self.run_device()
        except ZMQError as error:
            if error.errno not in (Errno.ETERM, Errno.ENOTSOCK):
                raise
        finally:
            for socket in self._sockets:
                socket.close()
            self.done = True

    def start(self) -> None:
        """Run the device; of a background device, in the background."""
        self.run()

    def join(self, timeout: float | None = None) -> None:
        """Wait until the device has ended, at most so many seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self.done and (deadline is None or time.monotonic() < deadline):
            time.sleep(0.001)


class BackgroundDevice(Device):
    """A device that a thread or a process runs, its `launcher`."""

    launcher: Thread | Process | None = None
    _launch_class: ClassVar[Any]

    def start(self) -> None:
        self.launcher = launcher = self._launch_class(target=self.run, daemon=self.daemon)
        launcher.start()

    def join(self, timeout: float | None = None) -> None:
        if self.launcher is None:
            raise RuntimeError("a device cannot be joined before it is started")
        self.launcher.join(timeout)


class ThreadDevice(BackgroundDevice):
    """A device in a thread. It ends with its context."""

    _launch_class = Thread


class ProcessDevice(BackgroundDevice):
    """A device in a process. It ends with the program, which waits for it if `daemon` is off."""

    context_factory = Context
    _launch_class = Process

    def run(self) -> None:
        super().run()
        # The process may go only when what was passed on has left it.
        self._context.term()


__all__ = ["Device", "ProcessDevice", "ThreadDevice"]
