"""The constants: enum members that are names of the module too, with the values of ZeroMQ."""

import enum
import errno
import pickle

import pytest

import zmqlite as zmq
from zmqlite import constants

ENUMS = [
    constants.Errno,
    constants.ContextOption,
    constants.SocketType,
    constants.SocketOption,
    constants.MessageOption,
    constants.Flag,
    constants.PollEvent,
    constants.Event,
    constants.SecurityMechanism,
    constants.RouterNotify,
    constants.NormMode,
    constants.ReconnectStop,
    constants.DeviceType,
]

PREFIXES = {
    constants.Event: "EVENT_",
    constants.RouterNotify: "NOTIFY_",
    constants.NormMode: "NORM_",
    constants.ReconnectStop: "RECONNECT_STOP_",
}


def global_name(kind, name):
    return name if name.startswith("PROTOCOL_ERROR_") else PREFIXES.get(kind, "") + name


by_enum = pytest.mark.parametrize("kind", ENUMS, ids=lambda kind: kind.__name__)


@by_enum
def test_each_member_is_a_name_of_both_modules(kind):
    for name, member in kind.__members__.items():
        assert getattr(constants, global_name(kind, name)) is member
        assert getattr(zmq, global_name(kind, name)) is member


@by_enum
def test_no_name_of_an_enum_is_without_a_member(kind):
    names = {global_name(kind, name) for name in kind.__members__}
    assert names == {name for name, value in vars(constants).items() if isinstance(value, kind)}


@by_enum
def test_members_survive_pickling(kind):
    for member in kind:
        assert pickle.loads(pickle.dumps(member)) is member


def test_all_lists_the_constants_and_the_enums():
    assert {"PUSH", "SUBSCRIBE", "EVENT_ALL", "SocketOption", "IntEnum"} <= set(constants.__all__)
    assert set(constants.__all__) <= set(zmq.__all__)
    assert all(hasattr(zmq, name) for name in zmq.__all__)


def test_aliases_are_the_same_member():
    assert zmq.IDENTITY is zmq.SocketOption.ROUTING_ID
    assert zmq.NOBLOCK is zmq.DONTWAIT
    assert zmq.XREQ is zmq.DEALER
    assert zmq.XREP is zmq.ROUTER
    assert zmq.CONNECT_RID is zmq.CONNECT_ROUTING_ID
    assert zmq.FAIL_UNROUTABLE is zmq.ROUTER_BEHAVIOR is zmq.ROUTER_MANDATORY
    assert zmq.DELAY_ATTACH_ON_CONNECT is zmq.IMMEDIATE


@pytest.mark.parametrize(
    ("option", "kind"),
    [
        (zmq.LINGER, "int"),
        (zmq.MAXMSGSIZE, "int64"),
        (zmq.AFFINITY, "int64"),
        (zmq.SUBSCRIBE, "bytes"),
        (zmq.LAST_ENDPOINT, "bytes"),
        (zmq.FD, "fd"),
    ],
)
def test_an_option_knows_the_kind_of_its_value(option, kind):
    assert option._opt_type is constants._OptType[kind]


@pytest.mark.parametrize("name", constants.Event.__members__)
def test_an_event_shows_its_name(name):
    assert name in repr(constants.Event[name])


def test_numbers_of_the_wire_and_of_the_system():
    assert (zmq.PAIR, zmq.STREAM, zmq.POLLIN | zmq.POLLOUT, zmq.SNDMORE) == (0, 11, 3, 2)
    assert zmq.EAGAIN == errno.EAGAIN
    assert zmq.EFSM == 156384763
    assert zmq.EVENT_ALL == zmq.EVENT_ALL_V1 == 0xFFFF


def test_the_constants_are_those_of_pyzmq():
    theirs = pytest.importorskip("zmq.constants")
    for name in theirs.__all__:
        member = getattr(theirs, name)
        if isinstance(member, enum.Enum):
            ours = getattr(constants, name)
            assert (type(ours).__name__, ours.name, ours.value) == (
                type(member).__name__,
                member.name,
                member.value,
            )
            assert type(ours).__bases__ == type(member).__bases__
        else:
            assert hasattr(constants, name)
    for option in theirs.SocketOption:
        assert constants.SocketOption(option)._opt_type.name == option._opt_type.name
