"""Shadows: further objects for a context or a socket that exists."""

import copy
import gc
import pickle

import pytest
from support import fails_with

import zmqlite as zmq


@pytest.fixture
def joined(pair):
    return pair("inproc", zmq.PUSH, zmq.PULL)


@pytest.mark.parametrize("how", [zmq.Socket, zmq.Socket.shadow, copy.copy, copy.deepcopy])
def test_a_shadow_is_the_same_socket(joined, how):
    push, pull = joined
    shadow = how(push)
    assert shadow._shadow and shadow._shadow_obj is push
    assert (shadow.context, shadow.type) == (push.context, zmq.PUSH)
    assert shadow.underlying == push.underlying
    shadow.send(b"by the shadow")
    assert pull.recv() == b"by the shadow"


def test_an_address_is_enough(joined):
    push, pull = joined
    shadow = zmq.Socket.shadow(push.underlying)
    assert shadow.context is None
    shadow.send(b"by the address")
    assert pull.recv() == b"by the address"


def test_a_shadow_that_is_dropped_closes_nothing(joined):
    push, pull = joined
    shadow = zmq.Socket.shadow(push)
    del shadow
    gc.collect()
    push.send(b"still there")
    assert pull.recv() == b"still there"


def test_a_shadow_that_is_closed_closes_the_socket(joined):
    push, _ = joined
    zmq.Socket.shadow(push).close()
    assert push.closed
    with fails_with(zmq.ENOTSOCK):
        push.send(b"too late")


def test_a_shadow_hears_of_the_end(joined):
    push, _ = joined
    shadow = zmq.Socket.shadow(push.underlying)
    push.close()
    assert shadow.closed and shadow.underlying == 0
    with fails_with(zmq.ENOTSOCK):
        shadow.send(b"too late")


@pytest.mark.parametrize("address", [1, 0xDEAD_BEEF])
def test_what_is_not_there_cannot_be_shadowed(joined, address):
    push, _ = joined
    with fails_with(zmq.ENOTSOCK):
        zmq.Socket.shadow(address)
    with fails_with(zmq.EFAULT):
        zmq.Context.shadow(address)
    push.close()
    with fails_with(zmq.ENOTSOCK):
        zmq.Socket.shadow(push)


@pytest.mark.parametrize("how", [zmq.Context, zmq.Context.shadow, copy.copy, copy.deepcopy])
def test_a_shadow_is_the_same_context(new_context, how):
    context = new_context()
    shadow = how(context)
    assert shadow._shadow and shadow._shadow_obj is context
    assert shadow.underlying == context.underlying
    with shadow.socket(zmq.PUSH) as push, context.socket(zmq.PULL) as pull:
        push.bind("inproc://shared")
        pull.connect("inproc://shared")
        push.send(b"within one context")
        assert pull.recv() == b"within one context"
    del shadow
    gc.collect()
    context.socket(zmq.PUSH).close()


def test_a_shadow_of_a_context_that_has_ended(new_context):
    context = new_context()
    shadow = zmq.Context.shadow(context.underlying)
    context.socket(zmq.PAIR).close()
    context.term()
    with fails_with(zmq.EFAULT):
        shadow.socket(zmq.PAIR)


def test_neither_can_be_pickled(joined):
    push, _ = joined
    for thing in push, push.context:
        with pytest.raises(TypeError, match="cannot be pickled"):
            pickle.dumps(thing)
