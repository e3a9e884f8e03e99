"""Posing as pyzmq: after `install_as_zmq()`, programs that import zmq get zmqlite.

`zmq` and `zmq.X` become further names of zmqlite's own modules. No module is run twice, so a class
or an exception is the same under both names.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any

from .version import pyzmq_version

if TYPE_CHECKING:
    from importlib.abc import InspectLoader
    from importlib.metadata import Distribution, DistributionFinder
else:
    # Both take long to import and serve as interfaces only.
    InspectLoader = object

OWN, POSED = "zmqlite", "zmq"


def install_as_zmq() -> None:
    """From now on `import zmq`, `import zmq.X` and `python -m zmq.X` mean zmqlite.

    Call it before anything imports zmq: RuntimeError if pyzmq itself is imported already. To call
    it again is harmless. `zmqlite run` starts an unchanged program this way. `zmq.__version__` is
    that of pyzmq then; `zmqlite_version()` still tells zmqlite's.
    """
    for name in sorted(sys.modules):
        if _own_name(name):
            _check_ours(name, sys.modules[name])
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    # Programs compare it with the version of pyzmq that they need.
    vars(sys.modules[OWN])["__version__"] = pyzmq_version()


def _check_ours(name: str, module: ModuleType) -> None:
    if getattr(module, "__name__", "").partition(".")[0] == OWN:
        return
    raise RuntimeError(
        f"{name} is imported already, from {getattr(module, '__file__', 'an unknown place')}, and "
        "cannot be replaced any more: call zmqlite.install_as_zmq() before anything that imports "
        "zmq, or start the program with `zmqlite run`"
    )


def _own_name(name: str) -> str | None:
    """The name in zmqlite of what a program calls `zmq` or `zmq.X`; None for all other names."""
    package, dot, rest = name.partition(".")
    return f"{OWN}{dot}{rest}" if package == POSED else None


class _Finder:
    """Answers for `zmq` and all in it, and for the version of the distribution pyzmq.

    What zmqlite lacks is searched for where `zmq.__path__` points to, which is zmqlite: an
    installed pyzmq is never mixed in.
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        own_name = _own_name(fullname)
        own_spec = own_name and importlib.util.find_spec(own_name)
        if not own_spec:
            return None
        spec = ModuleSpec(fullname, _Loader(own_spec), origin=own_spec.origin)
        spec.submodule_search_locations = own_spec.submodule_search_locations
        return spec

    def find_distributions(self, context: DistributionFinder.Context) -> Iterable[Distribution]:
        # Asked for by name only: the list of all that is installed stays as it is.
        if context.name != "pyzmq":
            return []
        from .posed_metadata import Pyzmq

        return [Pyzmq()]


class _Loader(InspectLoader):
    """Gives the module of zmqlite for its name in `zmq`, and its code to `python -m`."""

    def __init__(self, own_spec: ModuleSpec) -> None:
        self._own_spec = own_spec
        self._own_loader: Any = own_spec.loader

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return importlib.import_module(self._own_spec.name)

    def exec_module(self, module: ModuleType) -> None:
        # It has run already. The import system has marked it as made from the alias.
        module.__spec__ = self._own_spec

    def is_package(self, fullname: str) -> bool:
        return self._own_spec.submodule_search_locations is not None

    def get_code(self, fullname: str) -> CodeType | None:
        code: CodeType | None = self._own_loader.get_code(self._own_spec.name)
        return code

    def get_source(self, fullname: str) -> str | None:
        source: str | None = self._own_loader.get_source(self._own_spec.name)
        return source


__all__ = ["install_as_zmq"]
