"""The exceptions: their place among Python's, their numbers and their texts."""

import errno
import os
import pickle

import pytest

import zmqlite as zmq
from zmqlite import error


@pytest.mark.parametrize("number", [*range(10), errno.EAGAIN, errno.EADDRINUSE, errno.EINVAL])
def test_the_text_is_that_of_the_system(number):
    raised = zmq.ZMQError(number)
    assert raised.errno == number
    assert str(raised) == raised.strerror == zmq.strerror(number) == os.strerror(number)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (zmq.EFSM, "Operation cannot be accomplished in current state"),
        (zmq.ETERM, "Context was terminated"),
    ],
)
def test_numbers_of_zeromq_have_texts_too(number, text):
    assert str(zmq.ZMQError(number)) == text


def test_a_message_replaces_the_text():
    raised = zmq.ZMQError(errno.EINVAL, "no such thing")
    assert (raised.errno, str(raised)) == (errno.EINVAL, "no such thing")
    assert repr(raised) == "ZMQError('no such thing')"


def test_the_text_may_be_appended_to():
    raised = zmq.ZMQError(errno.EINVAL)
    raised.strerror += " (addr='x')"
    assert str(raised).endswith("(addr='x')")


def test_a_text_alone_has_no_number():
    raised = zmq.ZMQError("out of luck")
    assert (raised.errno, str(raised)) == (None, "out of luck")


def test_without_arguments_it_takes_the_last_number():
    assert isinstance(zmq.ZMQError().errno, int)


def test_its_place_among_the_exceptions():
    assert issubclass(zmq.ZMQError, zmq.ZMQBaseError)
    assert not issubclass(zmq.ZMQError, OSError)
    assert issubclass(zmq.ZMQBindError, zmq.ZMQBaseError)
    assert issubclass(zmq.NotDone, zmq.ZMQBaseError)
    assert issubclass(zmq.InterruptedSystemCall, InterruptedError)
    assert not issubclass(zmq.ZMQVersionError, zmq.ZMQBaseError)
    assert issubclass(zmq.ZMQVersionError, NotImplementedError)
    assert issubclass(zmq.DraftFDWarning, RuntimeWarning)


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        (zmq.Again, errno.EAGAIN),
        (zmq.ContextTerminated, zmq.ETERM),
        (zmq.InterruptedSystemCall, errno.EINTR),
    ],
)
@pytest.mark.parametrize("arguments", [(), (5,), (5, "ignored")])
def test_errors_of_one_number_ignore_their_arguments(kind, number, arguments):
    raised = kind(*arguments)
    assert raised.errno == number
    assert str(raised) == zmq.strerror(number)


@pytest.mark.parametrize(
    "raised",
    [
        zmq.ZMQError(errno.EINVAL),
        zmq.ZMQError(errno.EINVAL, "with a text"),
        zmq.Again(),
        zmq.ContextTerminated(),
        zmq.ZMQVersionError("9.9", "Flying"),
    ],
    ids=repr,
)
def test_errors_survive_pickling(raised):
    again = pickle.loads(pickle.dumps(raised))
    assert type(again) is type(raised)
    assert str(again) == str(raised)
    assert getattr(again, "errno", None) == getattr(raised, "errno", None)


def test_a_feature_of_this_version_passes():
    error._check_version((4, 1), "Feature")


def test_a_feature_of_a_later_version_is_refused():
    with pytest.raises(zmq.ZMQVersionError) as caught:
        error._check_version((9, 9), "Flying")
    assert caught.value.msg == "Flying"
    assert caught.value.min_version == "9.9"
    assert caught.value.version == zmq.zmq_version()
    assert "Flying" in str(caught.value) and "9.9" in repr(caught.value)
