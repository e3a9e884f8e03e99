"""Imported by the programs under test: which library carries the messages of a process."""

import sys

import zmq

CORES = ("zmqlite._core", "zmq.backend.cython._zmq")


def carrier():
    """What zmq really is here, and the compiled cores that are loaded, whoever imported them."""
    return " ".join([zmq.__name__, *(core for core in CORES if core in sys.modules)])
