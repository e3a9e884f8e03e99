"""The hot paths of the C core: builds csrc and the loops beside this file as a library, and calls it by ctypes."""

from __future__ import annotations

import ctypes
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path as File

from bench.inside import Loop, Path

ROOT = File(__file__).resolve().parent.parent.parent
CORE = ROOT / "csrc"
SOURCES = sorted([*CORE.rglob("*.c"), *File(__file__).parent.glob("*.c")])
READY = "ZMQLITE_INSIDE"
CC = shlex.split(os.environ.get("CC", "cc"))
FLAGS = [
    *("-std=gnu11", "-O3", "-fPIC", "-fvisibility=hidden", "-pthread"),  # as in setup.py
    *(["-D_GNU_SOURCE"] if sys.platform == "linux" else []),
    *("-Wall", "-Wextra", "-Werror", f"-I{CORE}", f"-I{ROOT / 'tests' / 'c'}"),
]


class NotBuilt(Exception):
    """There is no compiler, or it refused; the text says why."""


def _cc(*arguments: object) -> None:
    try:
        subprocess.run([*CC, *map(str, arguments)], check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise NotBuilt(getattr(error, "stderr", None) or str(error)) from error


def build(directory: File) -> File:
    """Compiles the core and its loops as a library, in a directory."""
    objects = [directory / f"{source.parent.name}_{source.stem}.o" for source in SOURCES]
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        list(workers.map(lambda c, o: _cc(*FLAGS, "-c", c, "-o", o), SOURCES, objects))
    library = directory / "inside.so"
    _cc("-shared", "-pthread", *objects, "-o", library)
    return library


@cache
def built() -> ctypes.CDLL:
    """That library; ZMQLITE_INSIDE in the environment is one that was built before."""
    if ready := os.environ.get(READY):
        return _load(ready)
    with tempfile.TemporaryDirectory(prefix="bench-inside-") as directory:
        return _load(build(File(directory)))


def _load(library: object) -> ctypes.CDLL:
    inside = ctypes.PyDLL(str(library))  # the GIL stays: nothing runs beside a loop
    inside.inside_open.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    inside.inside_open.restype = ctypes.c_bool
    inside.inside_prepare.restype = inside.inside_run.restype = None
    inside.inside_crypto_name.restype = ctypes.c_char_p
    return inside


@contextmanager
def _opened(name: str, of: int) -> Iterator[Loop]:
    inside = built()
    if not inside.inside_open(name.encode(), of):
        raise ValueError(f"inside.c has no path {name!r}")
    try:
        yield Loop(inside.inside_prepare, inside.inside_run)
    finally:
        inside.inside_close()


def _give_crypto() -> None:
    """Lets the library use libsodium, as PyNaCl ships it; ImportError without that."""
    import nacl.bindings  # noqa: F401
    from nacl._sodium import ffi, lib

    inside = built()
    addresses = []
    while name := inside.inside_crypto_name(len(addresses)):
        addresses.append(int(ffi.cast("uintptr_t", ffi.addressof(lib, name.decode()))))
    inside.inside_use_crypto((ctypes.c_size_t * len(addresses))(*addresses))


@contextmanager
def _opened_with_crypto(name: str, of: int) -> Iterator[Loop]:
    _give_crypto()
    with _opened(name, of) as loop:
        yield loop


PATHS: dict[str, Path] = {
    "encode 16 B": partial(_opened, "encode", 16),
    "encode 256 B": partial(_opened, "encode", 256),
    "encode 4 KiB": partial(_opened, "encode", 4096),
    "encode 3 parts of 16 B": partial(_opened, "encode parts", 3),
    "decode 16 B": partial(_opened, "decode parts", 1),
    "decode 3 parts of 16 B": partial(_opened, "decode parts", 3),
    "take 16 B": partial(_opened, "take", 16),
    "take 3 parts of 16 B": partial(_opened, "take parts", 3),
    "fair queue of 10 pipes": partial(_opened, "fair queue", 10),
    "load balancer of 10 pipes": partial(_opened, "load balancer", 10),
    **{
        f"trie {what}, 10^{digits} topics": partial(_opened, f"trie {what}", 10**digits)
        for digits in (3, 4, 5, 6)
        for what in ("insert", "match", "remove")
    },
    "CURVE seal 16 B": partial(_opened_with_crypto, "seal", 16),
    "CURVE seal 4 KiB": partial(_opened_with_crypto, "seal", 4096),
    "CURVE open 16 B": partial(_opened_with_crypto, "open", 16),
    "CURVE open 4 KiB": partial(_opened_with_crypto, "open", 4096),
    "core send 16 B inproc": partial(_opened, "send", 1),
    "core recv 16 B inproc": partial(_opened, "recv", 1),
    "core PUB to 10 SUB inproc": partial(_opened, "publish", 10),
}
