"""device: a proxy that lets other greenlets run, and that can be killed as a greenlet."""

from __future__ import annotations

from typing import NoReturn

from ..constants import PollEvent
from .core import _Socket
from .poll import _Poller


def device(device_type: int, frontend: _Socket, backend: _Socket) -> NoReturn:
    """Pass messages between two sockets, which may be one, in both directions, for ever.

    The type is for the reader: every type of device is the same proxy.
    """
    poller = _Poller()
    poller.register(frontend, PollEvent.POLLIN)
    poller.register(backend, PollEvent.POLLIN)
    others = {frontend: backend, backend: frontend}
    while True:
        for source, _ in poller.poll():
            others[source].send_multipart(source.recv_multipart())


__all__ = ["device"]
