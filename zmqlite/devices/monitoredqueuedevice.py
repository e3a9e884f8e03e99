"""MonitoredQueue: a device that runs `monitored_queue`."""

from __future__ import annotations

from ..constants import SocketType
from .monitoredqueue import monitored_queue
from .proxydevice import ProcessProxy, Proxy, ThreadProxy


class MonitoredQueue(Proxy):
    """A Proxy whose copies begin with `in_prefix` if they came in, or `out_prefix`.

    Both sides may be ROUTER: the first frame of a message then names the peer that it is for.
    """

    def __init__(
        self,
        in_type: int,
        out_type: int,
        mon_type: int = SocketType.PUB,
        in_prefix: bytes = b"in",
        out_prefix: bytes = b"out",
    ) -> None:
        super().__init__(in_type, out_type, mon_type)
        self._in_prefix = in_prefix
        self._out_prefix = out_prefix

    def run_device(self) -> None:
        ins, outs, mons = self._setup_sockets()
        monitored_queue(ins, outs, mons, self._in_prefix, self._out_prefix)


class ThreadMonitoredQueue(MonitoredQueue, ThreadProxy):
    """A MonitoredQueue in a thread."""


class ProcessMonitoredQueue(MonitoredQueue, ProcessProxy):
    """A MonitoredQueue in a process."""


__all__ = ["MonitoredQueue", "ProcessMonitoredQueue", "ThreadMonitoredQueue"]
