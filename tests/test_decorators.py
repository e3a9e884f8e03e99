"""Decorators: what a call of a decorated function is given, and that it is closed after."""

import threading

import pytest
from support import Background

import zmqlite as zmq
from zmqlite.decorators import context as with_context
from zmqlite.decorators import socket as with_socket


@pytest.fixture
def shared_context(new_context, monkeypatch):
    """What `Context.instance()` answers."""
    shared = new_context()
    monkeypatch.setattr(zmq.Context, "_instance", shared)
    monkeypatch.setattr(zmq.Context, "_instance_pid", shared._pid)
    return shared


def test_a_context_follows_the_positional_arguments():
    @with_context()
    def call(first, made, *, second):
        return first, made, second

    first, made, second = call(1, second=2)
    assert (first, second) == (1, 2)
    assert type(made) is zmq.Context and made.closed


@pytest.mark.parametrize("naming", [{"args": ["mine"]}, {"name": "mine"}])
def test_a_context_has_the_keyword_asked_for(naming):
    @with_context(*naming.pop("args", ()), io_threads=3, **naming)
    def call(other=None, mine=None):
        return other, mine.get(zmq.IO_THREADS)

    assert call() == (None, 3)


def test_what_is_left_goes_to_the_context():
    @with_context("mine", 2)
    def call(mine):
        return mine.get(zmq.IO_THREADS)

    assert call() == 2


def test_each_call_and_each_thread_has_its_own():
    together = threading.Barrier(3)

    @with_context()
    @with_context()
    def call(one, two):
        together.wait()
        return {id(one), id(two)}

    ids = [running.result() for running in [Background(call) for _ in range(3)]]
    assert len(set.union(*ids)) == 6


def test_it_is_closed_when_the_function_raises():
    seen = []

    @with_context()
    @with_socket(zmq.PAIR)
    def call(context, socket):
        seen.extend((context, socket))
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        call()
    assert [each.closed for each in seen] == [True, True]


def test_the_function_keeps_its_name_and_its_result():
    @with_context()
    def call(context):
        """What it does."""
        return "result"

    assert (call.__name__, call.__doc__, call()) == ("call", "What it does.", "result")


def test_a_keyword_that_is_not_there_or_taken_is_a_type_error():
    @with_context("mine")
    def call(other=None, mine=None):
        pass

    with pytest.raises(TypeError, match="mine"):
        call(mine=1)
    with pytest.raises(TypeError):
        call(1, 2)
    with pytest.raises(TypeError):
        with_context("absent")(lambda other: None)()


def test_sockets_follow_in_the_order_of_the_decorators(context):
    @with_socket(zmq.PUB)
    @with_socket("named", zmq.SUB)
    @with_socket(zmq.PUSH, name="last")
    def call(given, pub, named, last):
        for made, kind in ((pub, zmq.PUB), (named, zmq.SUB), (last, zmq.PUSH)):
            assert (made.type, made.context) == (kind, given)
        return [pub, named, last]

    assert all(made.closed for made in call(context))


def test_a_socket_is_of_the_context_of_the_keyword(context, new_context):
    @with_socket(zmq.PUB, context_name="mine")
    def call(first, made, mine):
        return made.context is mine

    assert call(context, mine=new_context())


def test_a_socket_without_a_context_is_of_the_shared_one(shared_context):
    @with_socket(zmq.PUB)
    def call(made):
        return made.context

    assert call() is shared_context


def test_a_socket_without_a_type_is_a_type_error(context):
    @with_socket("mine")
    def call(context, mine):
        pass

    with pytest.raises(TypeError):
        call(context)
