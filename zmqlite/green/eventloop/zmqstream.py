"""`zmqlite.eventloop.zmqstream`, under the name that programs for gevent import."""

from ...eventloop.zmqstream import ZMQStream

__all__ = ["ZMQStream"]
