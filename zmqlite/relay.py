"""device: the old name of the proxy, which tutorials still use."""

from __future__ import annotations

from typing import Any

from . import _core


def device(device_type: int, frontend: Any, backend: Any) -> None:
    """Pass messages between two sockets until the context is terminated.

    The type is for the reader: every type of device is the same proxy.
    """
    _core.proxy(frontend, backend)


__all__ = ["device"]
