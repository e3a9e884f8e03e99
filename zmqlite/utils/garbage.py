"""What Python memory the core shares at present: the buffers of messages that are not copied.

There is no collector thread as in pyzmq: the core gives each buffer back by itself.
"""

from __future__ import annotations

from typing import Any

from .._core import shared_buffers


class GarbageCollector:
    """Knows the shared buffers."""

    refs: dict[int, Any]
    """One entry for each buffer that a Frame or a message on its way still shares."""

    def __init__(self) -> None:
        self.refs = shared_buffers


gc = GarbageCollector()
"""The one that the core keeps."""

__all__ = ["GarbageCollector", "gc"]
