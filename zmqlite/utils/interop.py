"""Addresses of contexts and sockets as other bindings of ZeroMQ hand them out."""

from __future__ import annotations

import sys
from typing import Any


def cast_int_addr(n: Any) -> int:
    """The address in an int or a cffi pointer; ValueError for anything else."""
    if isinstance(n, int):
        return n
    # Whoever holds a cffi pointer has this module imported.
    cffi = sys.modules.get("_cffi_backend")
    if cffi is not None and isinstance(n, cffi.FFI.CData):
        return int(cffi.FFI().cast("size_t", n))
    raise ValueError(f"{n!r} is not an address")


__all__ = ["cast_int_addr"]
