"""Proxy: a device with a third socket, which is sent a copy of every message."""

from __future__ import annotations

from typing import Any

from ..constants import DeviceType, SocketType
from .basedevice import Device, ProcessDevice, SocketPlan, ThreadDevice


class Proxy(Device):
    """A device whose monitor socket, usually a PUB, gets what passes in both directions."""

    def __init__(self, in_type: int, out_type: int, mon_type: int = SocketType.PUB) -> None:
        super().__init__(DeviceType.QUEUE, in_type, out_type)
        self.mon_type = mon_type
        self._mon = SocketPlan(mon_type)
        self._plans.append(self._mon)

    def bind_mon(self, addr: str) -> None:
        """Bind the monitor socket."""
        self._mon.binds.append(addr)

    def bind_mon_to_random_port(self, addr: str, *args: int, **kwargs: int) -> int:
        """Bind the monitor socket to a free port, picked as by `Socket.bind_to_random_port`."""
        return self._bind_to_random_port(self._mon, addr, *args, **kwargs)

    def connect_mon(self, addr: str) -> None:
        """Connect the monitor socket."""
        self._mon.connects.append(addr)

    def setsockopt_mon(self, opt: int, value: Any) -> None:
        """Set an option of the monitor socket, before it binds and connects."""
        self._mon.options.append((opt, value))


class ThreadProxy(Proxy, ThreadDevice):
    """A Proxy in a thread."""


class ProcessProxy(Proxy, ProcessDevice):
    """A Proxy in a process."""


__all__ = ["ProcessProxy", "Proxy", "ThreadProxy"]
