"""The tables in docs/ against the library: each option has its row, and each row is true."""

import pytest
from tables import named, tables

import zmqlite as zmq

TYPES = [kind for kind in zmq.SocketType if kind <= zmq.STREAM]
each_type = pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)

NUMBERS = range(130)
"""More than there are options: what has no row must be refused."""

SAMPLES = [0, 1, 2, 100, b"x", b"X-name:value", b"127.0.0.1", b"x" * 32]
"""Of these an option that can be set takes at least one."""


OPTIONS, REFUSED = tables("options.md")["Option"]
(CONTEXT_OPTIONS,) = tables("options.md")["Context option"]
SOCKET_TYPES = tables("sockets.md")["Type"]
(EVENTS,) = tables("sockets.md")["Event"]


def number(row):
    return int(row["No."])


def options_of(kind):
    """The rows of what a type of socket accepts."""
    return [row for row in OPTIONS if row["Accepted by"] == "all" or kind.name in types_of(row)]


def types_of(row):
    return row["Accepted by"].split(", ")


def access(target):
    """What can be done with each number, in the words of the column Access."""
    ways = {option: ", ".join(_ways(target, option)) for option in NUMBERS}
    return {option: each for option, each in ways.items() if each}


def _ways(target, option):
    if _works(target.get, option):
        yield "get"
    if any(_works(target.set, option, value) for value in SAMPLES):
        yield "set"


def _works(call, *args):
    try:
        call(*args)
    except zmq.ZMQError as error:
        assert error.errno == zmq.EINVAL, args
        return False
    except TypeError:  # a value of the other kind
        return False
    return True


def test_every_socket_option_has_one_row():
    """With all names of its number, and the kind of its value."""
    rows = {name: number(row) for row in OPTIONS + REFUSED for name in named(row).split(", ")}
    assert rows == {name: int(option) for name, option in zmq.SocketOption.__members__.items()}
    assert len({number(row) for row in OPTIONS + REFUSED}) == len(OPTIONS + REFUSED)
    words = {"bytes": "octets", "fd": "int"}
    kinds = {number(row): zmq.SocketOption(number(row))._opt_type.value for row in OPTIONS}
    due = {option: words.get(kind, kind) for option, kind in kinds.items()}
    assert {number(row): row["Value"] for row in OPTIONS} == due


def test_every_context_option_has_one_row():
    rows = {named(row): number(row) for row in CONTEXT_OPTIONS}
    due = {name: int(option) for name, option in zmq.ContextOption.__members__.items()}
    assert rows == due | {"IPV6": zmq.IPV6, "BLOCKY": zmq.BLOCKY}
    assert len(rows) == len(CONTEXT_OPTIONS)


@each_type
def test_what_a_socket_accepts(socket, kind):
    made = socket(kind)
    if kind in (zmq.XPUB, zmq.PUB):
        made.set(zmq.XPUB_MANUAL, 1)  # without which they have no SUBSCRIBE
    assert access(made) == {number(row): row["Access"] for row in options_of(kind)}


@each_type
def test_defaults_of_a_socket(socket, kind):
    """A cell is the value, or `value; TYPE, TYPE value` where types differ."""
    made = socket(kind, bounded=False)
    values, due = {}, {}
    for row in options_of(kind):
        default, _, exception = row["Default"].partition("; ")
        *others, other = exception.replace(",", "").split() or [default]
        if "get" in row["Access"] and default != "varies":
            values[named(row)] = made.get(number(row))
            due[named(row)] = other if kind.name in others else default
    shown = {name: "empty" if value == b"" else str(value) for name, value in values.items()}
    assert shown == due


def test_what_a_context_accepts(new_context):
    """The number 3 has two rows: it means one thing when read and another when set."""
    context = new_context()
    due = {}
    for row in CONTEXT_OPTIONS:
        due[number(row)] = ", ".join(filter(None, (due.get(number(row)), row["Access"])))
    readable = {number(row): row["Default"] for row in CONTEXT_OPTIONS if "get" in row["Access"]}
    assert {option: str(context.get(option)) for option in readable} == readable
    assert access(context) == due


def test_every_socket_type_has_its_rows():
    for table in SOCKET_TYPES:
        assert [named(row) for row in table] == [kind.name for kind in TYPES]


def test_every_event_has_its_row():
    rows = {named(row): int(row["Value"], 16) for row in EVENTS}
    assert rows == {
        f"EVENT_{name}": int(event)
        for name, event in zmq.Event.__members__.items()
        if not name.startswith(("ALL", "PROTOCOL_ERROR"))
    }


def test_nothing_is_stored_and_ignored_but_what_is_of_absent_transports():
    for row in OPTIONS:
        of_nothing = row["Matters to"].startswith("nothing: ")
        assert of_nothing == (row["Takes effect"] == "never"), named(row)
        assert of_nothing or "tored" not in row["Against libzmq"], named(row)
