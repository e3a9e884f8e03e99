"""`zmqlite.eventloop.ioloop`, under the name that programs for gevent import."""

from ...eventloop.ioloop import *
