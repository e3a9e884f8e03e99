"""Tornado's IOLoop in a process that gevent has patched."""

from .ioloop import IOLoop

__all__ = ["IOLoop"]
