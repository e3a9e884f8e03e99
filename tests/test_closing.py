"""What is given back, and when: by close, by term, by the collector of the interpreter."""

import os

import pytest
from support import beyond_libzmq, free_port

import zmqlite as zmq


def _descriptors():
    return len(os.listdir("/dev/fd"))


def test_closing_gives_all_descriptors_back(new_context):
    before = _descriptors()
    context = new_context()
    sockets = [context.socket(zmq.PULL) for _ in range(10)]
    for made in sockets:
        made.bind("tcp://127.0.0.1:*")
        made.close()
    context.term()
    # The objects are still alive: what they hold must not hang on their collection.
    assert all(made.closed for made in sockets)
    assert _descriptors() <= before


def test_closing_twice_is_closing_once(new_context):
    context = new_context()
    made = context.socket(zmq.PULL)
    for _ in range(2):
        made.close()
        assert made.closed
    for _ in range(2):
        context.term()
        assert context.closed


CYCLE = """
import gc, sys
import zmqlite as zmq

class Holder:
    pass

for _ in range(20):
    holder = Holder()
    holder.itself = holder
    holder.context = zmq.Context()
    holder.socket = holder.context.socket(zmq.DEALER)
    if sys.argv[1] == "closed":
        holder.socket.close()
        holder.context.term()
    del holder
    gc.collect()
"""


@pytest.mark.parametrize("state", ["closed", pytest.param("open", marks=beyond_libzmq)])
def test_a_cycle_of_objects_is_collected(child, state):
    """The collector breaks a cycle where it likes, so either object may lose the other first."""
    assert child("-c", CYCLE, state).wait() == 0


def test_many_sockets_come_and_go(context):
    """More in all than a context may have at once."""
    address = f"tcp://127.0.0.1:{free_port()}"
    for _ in range(20):
        sockets = [context.socket(zmq.DEALER) for _ in range(65)]
        for made in sockets:
            made.connect(address)
            made.close(linger=0)
