"""Options as attributes: `socket.linger = 0` sets the option LINGER."""

from __future__ import annotations

import sys
from errno import EFAULT, EINVAL
from typing import Any, NoReturn

from .error import ZMQError

if sys.version_info >= (3, 14):
    from annotationlib import Format, get_annotations

    def _annotations(cls: type) -> dict[str, Any]:
        return get_annotations(cls, format=Format.FORWARDREF)

else:

    def _annotations(cls: type) -> dict[str, Any]:
        annotations: dict[str, Any] = vars(cls).get("__annotations__", {})
        return annotations


class OptionAttributes:
    """A mixin that looks for names which are no attributes among the options, in any case.

    A class in between may declare attributes of its own, by a value or an annotation; these come
    before the options. The two methods at the end are for the class to define.
    """

    __slots__ = ()

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.__dict__ or _is_declared(type(self), name):
            super().__setattr__(name, value)
        else:
            self._set_attr_opt(name.upper(), value)

    def __getattr__(self, name: str) -> Any:
        try:
            return self._get_attr_opt(name.upper())
        except ZMQError as error:
            # An AttributeError lets hasattr and the like work on options that can only be set.
            if error.errno in (EINVAL, EFAULT):
                raise AttributeError(f"{name.upper()} attribute is write-only") from error
            raise

    def _no_such_option(self, option: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} has no such option: {option}")

    def _set_attr_opt(self, option: str, value: Any) -> None:
        raise NotImplementedError

    def _get_attr_opt(self, option: str) -> Any:
        raise NotImplementedError


def _is_declared(cls: type, name: str) -> bool:
    return any(name in base.__dict__ or name in _annotations(base) for base in cls.__mro__)
