"""Sockets for Tornado: with Futures (`future`) or with callbacks (`zmqstream`)."""

from tornado.ioloop import IOLoop

__all__ = ["IOLoop"]
