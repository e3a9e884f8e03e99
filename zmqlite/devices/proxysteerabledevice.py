"""ProxySteerable: a Proxy that obeys commands."""

from __future__ import annotations

from typing import Any

from .._core import proxy_steerable
from ..constants import SocketType
from .basedevice import SocketPlan
from .proxydevice import ProcessProxy, Proxy, ThreadProxy


class ProxySteerable(Proxy):
    """A Proxy with a control socket, which takes PAUSE, RESUME, TERMINATE and STATISTICS.

    Without a `ctrl_type` there is none, and it is a plain Proxy.
    """

    def __init__(
        self,
        in_type: int,
        out_type: int,
        mon_type: int = SocketType.PUB,
        ctrl_type: int | None = None,
    ) -> None:
        super().__init__(in_type, out_type, mon_type)
        self.ctrl_type = ctrl_type
        if ctrl_type is not None:
            self._ctrl = SocketPlan(ctrl_type)
            self._plans.append(self._ctrl)

    def bind_ctrl(self, addr: str) -> None:
        """Bind the control socket."""
        self._ctrl.binds.append(addr)

    def bind_ctrl_to_random_port(self, addr: str, *args: int, **kwargs: int) -> int:
        """Bind the control socket to a free port, picked as by `Socket.bind_to_random_port`."""
        return self._bind_to_random_port(self._ctrl, addr, *args, **kwargs)

    def connect_ctrl(self, addr: str) -> None:
        """Connect the control socket."""
        self._ctrl.connects.append(addr)

    def setsockopt_ctrl(self, opt: int, value: Any) -> None:
        """Set an option of the control socket, before it binds and connects."""
        self._ctrl.options.append((opt, value))

    def run_device(self) -> None:
        proxy_steerable(*self._setup_sockets())


class ThreadProxySteerable(ProxySteerable, ThreadProxy):
    """A ProxySteerable in a thread."""


class ProcessProxySteerable(ProxySteerable, ProcessProxy):
    """A ProxySteerable in a process."""


__all__ = ["ProcessProxySteerable", "ProxySteerable", "ThreadProxySteerable"]
