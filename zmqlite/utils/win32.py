"""`allow_interrupt`, which on Windows lets Ctrl-C end a wait. Elsewhere it does so anyway."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any


def allow_interrupt(action: Callable[[], Any] | None = None) -> AbstractContextManager[None]:
    """To put around a wait, with what shall end it on Windows. Here it does nothing."""
    return nullcontext()


__all__ = ["allow_interrupt"]
