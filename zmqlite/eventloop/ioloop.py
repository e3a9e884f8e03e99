"""Tornado's own IOLoop, by the name of one that was needed long ago."""

from warnings import warn

from tornado.ioloop import *
from tornado.ioloop import IOLoop


def _warn_of_this_module() -> None:
    warn(
        "zmqlite.eventloop.ioloop is deprecated: Tornado's own loop will do",
        DeprecationWarning,
        stacklevel=3,
    )


_warn_of_this_module()

ZMQIOLoop = IOLoop


def install() -> None:
    """Does nothing: Tornado's own loop will do."""
    _warn_of_this_module()
