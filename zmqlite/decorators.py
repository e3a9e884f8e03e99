"""Decorators that make a context or a socket for each call of a function, and close it after.

@context()
@socket(zmq.PUSH)
def work(ctx, push): ...
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any, Protocol, TypeVar

from .context import Context

Result = TypeVar("Result")

# What makes the object, from the arguments of the call that it is for.
Maker = Callable[[tuple[Any, ...], dict[str, Any]], AbstractContextManager[Any]]


class Decorator(Protocol):
    """Takes a function, and gives one of fewer arguments with the same result."""

    def __call__(self, function: Callable[..., Result], /) -> Callable[..., Result]: ...


def context(*args: Any, **kwargs: Any) -> Decorator:
    """Pass a new Context to each call of the function, and destroy it when the call returns.

    A leading str, or `name=`, is the keyword to pass it by; without one it follows the positional
    arguments. Everything else goes to Context.
    """
    name, args = _take_name(args, kwargs)
    return _passing(name, lambda *_: Context(*args, **kwargs))


def socket(*args: Any, context_name: str = "context", **kwargs: Any) -> Decorator:
    """Pass a new socket to each call of the function, and close it when the call returns.

    A leading str, or `name=`, is the keyword to pass it by; without one it follows the positional
    arguments. Everything else goes to `Context.socket`, of the context that the function is called
    with: by the keyword `context_name`, else the first one among the positional arguments, else
    `Context.instance()`.
    """
    name, args = _take_name(args, kwargs)

    def make(given: tuple[Any, ...], by_name: dict[str, Any]) -> AbstractContextManager[Any]:
        found = by_name.get(context_name)
        if not isinstance(found, Context):
            found = next((each for each in given if isinstance(each, Context)), None)
        opened: AbstractContextManager[Any] = (found or Context.instance()).socket(*args, **kwargs)
        return opened

    return _passing(name, make)


def _take_name(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[str | None, tuple[Any, ...]]:
    if args and isinstance(args[0], str):
        return args[0], args[1:]
    return kwargs.pop("name", None), args


def _passing(name: str | None, make: Maker) -> Decorator:
    def decorate(function: Callable[..., Result]) -> Callable[..., Result]:
        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Result:
            if name in kwargs:
                raise TypeError(f"{function.__name__}() is given {name!r} by its decorator too")
            with make(args, kwargs) as made:
                if name is None:
                    return function(*args, made, **kwargs)
                return function(*args, **kwargs, **{name: made})

        return call

    return decorate


__all__ = ["context", "socket"]
