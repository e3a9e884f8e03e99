"""Options as attributes: `socket.linger = 0` sets the option LINGER."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from errno import EFAULT, EINVAL
from typing import TYPE_CHECKING, Any, NoReturn

from .error import ZMQError

if sys.version_info >= (3, 14):
    from annotationlib import Format, get_annotations

    def _annotations(cls: type) -> dict[str, Any]:
        return get_annotations(cls, format=Format.FORWARDREF)

else:

    def _annotations(cls: type) -> dict[str, Any]:
        annotations: dict[str, Any] = vars(cls).get("__annotations__", {})
        return annotations


class OptionAttribute:
    """Reads an option, unless the object has something else under the name."""

    __slots__ = ("_option",)

    def __init__(self, option: str) -> None:
        self._option = option

    def __get__(self, instance: OptionAttributes | None, owner: type) -> Any:
        if instance is None:
            return self
        try:
            return instance._get_attr_opt(self._option)
        except ZMQError as error:
            # An AttributeError lets hasattr and the like work on options that can only be set.
            if error.errno in (EINVAL, EFAULT):
                raise AttributeError(f"{self._option} attribute is write-only") from error
            raise


class OptionAttributes:
    """A mixin that makes attributes of the options that its subclass names, in upper and in lower
    case. They can also be set in any other.

    What the classes have under such a name, by a value or an annotation, comes before the option.
    The two methods at the end are for the subclass to define.
    """

    # Not by __getattr__, with which Python looks up every attribute of the object slowly, `send`
    # and `recv` as well: it doubles what a call takes.

    __slots__ = ()

    def __init_subclass__(cls, options: Iterable[str] = (), **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        declared = {name for base in cls.__mro__ for name in (*vars(base), *_annotations(base))}
        for option in options:
            for name in {option, option.lower()} - declared:
                setattr(cls, name, OptionAttribute(option))

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.__dict__ or _is_declared(type(self), name):
            super().__setattr__(name, value)
        else:
            self._set_attr_opt(name.upper(), value)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def _no_such_option(self, option: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} has no such option: {option}")

    def _set_attr_opt(self, option: str, value: Any) -> None:
        raise NotImplementedError

    def _get_attr_opt(self, option: str) -> Any:
        raise NotImplementedError


def _is_declared(cls: type, name: str) -> bool:
    return any(
        name in _annotations(base)
        or (name in vars(base) and not isinstance(vars(base)[name], OptionAttribute))
        for base in cls.__mro__
    )
