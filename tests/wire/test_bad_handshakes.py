"""Handshakes of PLAIN and CURVE that are damaged, cut short, out of order, too large, or too slow.

All must end in a refusal that is counted, but for what nobody looks at: that is named here. Of
PLAIN and of greetings nothing is protected; of CURVE's commands all is, but for a few zeros.
"""

import contextlib
import typing

import pytest
from curve import Client
from handshakes import (
    CLIENT_KEYS,
    OTHER,
    PROPERTIES,
    SERVER_KEYS,
    greeting_of,
    plain_hello,
    whole,
)
from support import TIMEOUT, TIMEOUT_MS, beyond_libzmq
from zmtp import SIGNATURE, command, frame, frame_v1, metadata

import zmqlite as zmq
from zmqlite.utils.monitor import recv_monitor_message

ACCEPTED = {"accepted"}
MISNAMED = {"unexpected command", "malformed command"}
UNSEALED = {"decryption failed"}
DENIED = {"refused by authenticator"}
REFUSED = {"refused by peer"}
HELLO, INITIATE, WELCOME, READY, ERROR, METADATA = (
    {f"malformed {name}"}
    for name in ("hello", "initiate", "welcome", "ready", "error command", "metadata")
)
STALE = {*UNSEALED, "nonce out of sequence"}
NO_TYPE = {"incompatible socket type"}
CUT_OFF = {"peer closed in handshake"}
BAD_LENGTH = {"oversize", "malformed frame", *CUT_OFF}


class Field(typing.NamedTuple):
    size: int
    changed: set
    """What may come of a change of any of its octets."""
    cut: set
    """What may come of a command that ends before it, or within."""


class Command(typing.NamedTuple):
    step: int
    """How many have gone before it."""
    fields: list
    longer: set
    """What may come of an octet too many."""


def name(size):
    return Field(size, MISNAMED, MISNAMED)


# Without its protection a property may become one that nobody knows, or be left out.
CLEAR_PROPERTIES = [
    *(Field(1, METADATA, ACCEPTED), Field(11, ACCEPTED, METADATA)),
    *(Field(4, METADATA | NO_TYPE, METADATA), Field(6, NO_TYPE, METADATA)),
    *(Field(1, METADATA, ACCEPTED), Field(8, ACCEPTED, METADATA)),
    *(Field(4, METADATA, METADATA), Field(2, ACCEPTED, METADATA)),
]
SEALED_PROPERTIES = Field(len(PROPERTIES), UNSEALED, UNSEALED)

COMMANDS = {
    ("PLAIN", "server", "HELLO"): Command(
        0,
        [
            *(name(6), Field(1, HELLO, HELLO), Field(3, DENIED, HELLO)),
            *(Field(1, HELLO, HELLO), Field(6, DENIED, HELLO)),
        ],
        HELLO,
    ),
    ("PLAIN", "server", "INITIATE"): Command(1, [name(9), *CLEAR_PROPERTIES], METADATA),
    ("PLAIN", "client", "WELCOME"): Command(0, [name(8)], WELCOME),
    ("PLAIN", "client", "READY"): Command(1, [name(6), *CLEAR_PROPERTIES], METADATA),
    ("CURVE", "server", "HELLO"): Command(
        0,
        [
            *(name(6), Field(2, HELLO, HELLO), Field(72, ACCEPTED, HELLO)),
            # X25519 does not look at the last bit of a key.
            *(Field(31, UNSEALED, HELLO), Field(1, ACCEPTED, HELLO), Field(88, UNSEALED, HELLO)),
        ],
        HELLO,
    ),
    ("CURVE", "server", "INITIATE"): Command(
        1,
        [
            *(name(9), Field(96, UNSEALED, INITIATE), Field(8, STALE, INITIATE)),
            *(Field(144, UNSEALED, INITIATE), SEALED_PROPERTIES),
        ],
        UNSEALED,
    ),
    ("CURVE", "client", "WELCOME"): Command(0, [name(8), Field(160, UNSEALED, WELCOME)], WELCOME),
    ("CURVE", "client", "READY"): Command(
        1,
        [name(6), Field(8, STALE, READY), Field(16, UNSEALED, READY), SEALED_PROPERTIES],
        UNSEALED,
    ),
}
"""By mechanism, our role, and the command that comes from the peer."""

ROLES = [(mechanism, role) for mechanism in ("PLAIN", "CURVE") for role in ("server", "client")]

each_command = pytest.mark.parametrize("key", COMMANDS, ids=" ".join)
each_role = pytest.mark.parametrize(("mechanism", "role"), ROLES)


def flip(octets, position, bit):
    return octets[:position] + bytes([octets[position] ^ 1 << bit]) + octets[position + 1 :]


def header_of(octets):
    return 9 if octets[0] & 2 else 2


def body_of(octets):
    return octets[header_of(octets) :]


@each_command
def test_one_bit_of_each_octet(target, key):
    step, fields, _ = COMMANDS[key]
    ours = target(*key[:2])
    due = [field.changed for field in fields for _ in range(field.size)]
    for position, outcomes in enumerate(due):

        def spoil(octets, at=position):
            assert len(body_of(octets)) == len(due)
            return flip(octets, header_of(octets) + at, at % 8)

        assert ours.judge(step, spoil) in outcomes, position


@each_command
def test_another_size(target, key):
    step, fields, longer = COMMANDS[key]
    ours = target(*key[:2])
    due = [field.cut for field in fields for _ in range(field.size)]
    for size, outcomes in enumerate([*due, ACCEPTED, longer]):

        def spoil(octets, size=size):
            return frame((body_of(octets) + b"\x00")[:size], command=True)

        assert ours.judge(step, spoil) in outcomes, size


@each_command
def test_a_connection_that_ends_within_it(target, key):
    step, fields, _ = COMMANDS[key]
    ours = target(*key[:2])
    for size in range(sum(field.size for field in fields)):
        assert ours.judge(step, lambda octets, size=size: octets[:size], then="close") in CUT_OFF


@each_command
def test_each_bit_of_its_length(target, key):
    """The peer closes behind it: a longer one is waited for in vain."""
    step, fields, _ = COMMANDS[key]
    ours = target(*key[:2])
    refusals = set.union(BAD_LENGTH, MISNAMED, UNSEALED, *(field.cut for field in fields))
    refusals -= ACCEPTED
    is_long = sum(field.size for field in fields) > 255
    for bit in range(8 * (8 if is_long else 1)):

        def spoil(octets, bit=bit):
            return flip(octets, 1 + bit // 8, bit % 8)

        assert ours.judge(step, spoil, then="close") in refusals, bit


@each_command
def test_each_flag(target, key):
    """Only the one that tells of a longer length matters."""
    ours = target(*key[:2])
    for bit in range(8):
        is_length = bit == 1

        def spoil(octets, bit=bit):
            return flip(octets, 0, bit)

        outcome = ours.judge(COMMANDS[key].step, spoil, then="close" if is_length else "ping")
        assert (outcome == "accepted") != is_length, (bit, outcome)


@each_role
def test_one_bit_of_each_octet_of_a_greeting(target, mechanism, role):
    """Signature, version and mechanism are looked at, the padding and the filler are not."""
    ours = target(mechanism, role)
    octets = greeting_of(mechanism, OTHER[role])
    opening = STRAY[mechanism]["HELLO"] if role == "server" else b""
    looked_at = {0: 0, 9: 0, 10: 1} | {position: position % 8 for position in range(12, 32)}
    for position in range(len(octets)):
        bit = looked_at.get(position, position % 8)
        outcome = ours.judge_greeting(flip(octets, position, bit) + opening)
        due = {"mechanism mismatch"} if position in looked_at else ACCEPTED
        assert outcome in due, position


@pytest.mark.parametrize("spelling", [b"\x05ERROR", b"^RROR"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "CURVE"])
def test_one_bit_of_each_octet_of_a_refusal(target, mechanism, spelling):
    """Whatever becomes of it, it does not let the client in."""
    ours = target(mechanism, "client")
    error = spelling + b"\x03400"
    for position in range(len(error)):
        spoilt = flip(error, position, position % 8)
        outcome = ours.judge(0, lambda _, octets=spoilt: frame(octets, command=True))
        assert outcome in MISNAMED | REFUSED | ERROR, position


# ---- Other commands than the one that is due

STRAY = {
    "PLAIN": {
        "HELLO": plain_hello(),
        "WELCOME": command(b"WELCOME"),
        "INITIATE": command(b"INITIATE", PROPERTIES),
        "READY": command(b"READY", PROPERTIES),
        "MESSAGE": command(b"MESSAGE", bytes(50)),
    },
    "CURVE": {
        "HELLO": whole(Client(SERVER_KEYS.public, CLIENT_KEYS).hello()),
        "WELCOME": command(b"WELCOME", bytes(160)),
        "INITIATE": command(b"INITIATE", bytes(300)),
        "READY": command(b"READY", bytes(60)),
        "MESSAGE": command(b"MESSAGE", bytes(50)),
    },
}
ANYWHERE = {
    "PING": command(b"PING", bytes(2)),
    "SUBSCRIBE": command(b"SUBSCRIBE", b"x"),
    "UNKNOWN": command(b"UNKNOWN"),
    "empty command": frame(command=True),
    "empty message": frame(),
    "message": frame(b"message"),
    "name beyond the frame": frame(b"\x09HELLO", command=True),
}

DUE = {"server": ["HELLO", "INITIATE"], "client": ["WELCOME", "READY"]}


@pytest.mark.parametrize("step", [0, 1])
@each_role
def test_a_command_that_is_not_due(target, mechanism, role, step):
    ours = target(mechanism, role)
    for name, octets in (STRAY[mechanism] | ANYWHERE).items():
        if name != DUE[role][step]:
            outcome = ours.judge(step, lambda _, octets=octets: octets)
            assert outcome in MISNAMED, name


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize("mechanism", ["PLAIN", "CURVE"])
def test_a_client_does_not_refuse_its_server(target, mechanism, step):
    ours = target(mechanism, "server")
    for spelling in (b"\x05ERROR", b"^RROR"):
        outcome = ours.judge(step, lambda _, octets=spelling: whole(octets + b"\x03400"))
        assert outcome in MISNAMED


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize("mechanism", ["PLAIN", "CURVE"])
def test_a_server_may_refuse_at_any_time(target, mechanism, step):
    ours = target(mechanism, "client")
    for reason in (b"300", b"400", b"500", b"", b"for no reason"):
        refusal = command(b"ERROR", bytes([len(reason)]) + reason)
        assert ours.judge(step, lambda _, octets=refusal: octets) in REFUSED


# ---- Another protocol, or another mechanism

GREETINGS = {
    **{
        f"{mechanism}, {role}": greeting_of(mechanism, role)
        for mechanism in ("NULL", "PLAIN", "CURVE", "GSSAPI", "NONE", "")
        for role in ("server", "client")
    },
    "1.0": frame_v1(b""),
    "1.0, with a name": frame_v1(b"me"),
    "2.0": SIGNATURE + b"\x01\x05" + frame(),
    "2.0, with a name": SIGNATURE + b"\x01\x05" + frame(b"me"),
}


@each_role
def test_no_downgrade(target, mechanism, role):
    """And whoever speaks another mechanism is not told a name or a password."""
    ours = target(mechanism, role)
    for name, octets in GREETINGS.items():
        if not name.startswith(mechanism):
            assert ours.judge_greeting(octets) == "mechanism mismatch", name


@pytest.mark.parametrize("mechanism", ["PLAIN", "CURVE"])
@pytest.mark.parametrize("role", ["server", "client"])
def test_no_upgrade(target, mechanism, role):
    """A socket that asks for nothing speaks with nobody who does."""
    ours = target("NULL", role)
    assert ours.judge_greeting(greeting_of(mechanism, OTHER[role])) == "mechanism mismatch"


@beyond_libzmq
@each_role
def test_another_mechanism_is_told_ours(target, mechanism, role):
    """Or a client would think that it has only lost the connection, and try again for ever."""
    ours = target(mechanism, role)
    with contextlib.closing(ours.meet()) as peer:
        peer.send(greeting_of("NULL", OTHER[role]))
        assert peer.wait_closed()[10:] == greeting_of(mechanism, role)[10:]


def test_two_servers_have_nothing_to_say(target):
    for mechanism in ("PLAIN", "CURVE"):
        ours = target(mechanism, "server", {zmq.HANDSHAKE_IVL: 100})
        outcome = ours.judge(0, lambda _: b"")
        assert outcome == "handshake timeout"


# ---- Too much, or too late

LIMIT = 8192
"""Octets of a command before the peer is known."""


@pytest.mark.parametrize("step", [0, 1])
@each_role
def test_a_command_that_is_too_long(target, mechanism, role, step):
    """Its length is enough: no body is awaited, and none is stored."""
    ours = target(mechanism, role)
    for flags in (2, 6):
        for size in (LIMIT + 1, 1 << 20, 1 << 31, 1 << 32, (1 << 63) - 1):
            header = bytes([flags]) + size.to_bytes(8, "big")
            assert ours.judge(step, lambda _, octets=header: octets) == "oversize"
    for size in (1 << 63, (1 << 64) - 1):
        header = b"\x06" + size.to_bytes(8, "big")
        outcome = ours.judge(step, lambda _, octets=header: octets)
        assert outcome in {"oversize", "malformed frame"}


@each_role
def test_the_longest_command(target, mechanism, role):
    ours = target(mechanism, role)
    rest = {"PLAIN": len("nREADY"), "CURVE": len("nREADY") + 24}[mechanism]
    if role == "server":
        rest = {"PLAIN": len("nINITIATE"), "CURVE": 257}[mechanism]
    largest = LIMIT - rest - len(PROPERTIES)
    for size, due in ((largest, "accepted"), (largest + 1, "oversize")):
        properties = PROPERTIES + metadata(b"X", bytes(size - len(metadata(b"X", b""))))
        assert ours.judge(1, lambda octets: octets, properties=properties) == due


@pytest.mark.parametrize("step", [0, 1])
@each_role
def test_maxmsgsize_counts_for_commands_too(target, mechanism, role, step):
    ours = target(mechanism, role, {zmq.MAXMSGSIZE: 300})
    header = b"\x06" + (301).to_bytes(8, "big")
    assert ours.judge(step, lambda _: header) == "oversize"


@pytest.mark.parametrize("size", [0, 1, 8])
@pytest.mark.parametrize("step", [0, 1])
@each_role
def test_a_handshake_that_stops(target, mechanism, role, step, size):
    ours = target(mechanism, role, {zmq.HANDSHAKE_IVL: 250})
    assert ours.judge(step, lambda octets: octets[:size], then="wait") == "handshake timeout"


@each_role
def test_a_greeting_that_stops(target, mechanism, role):
    ours = target(mechanism, role, {zmq.HANDSHAKE_IVL: 100})
    octets = greeting_of(mechanism, OTHER[role])
    for size in (0, 1, 10, 11, 63):
        assert ours.judge_greeting(octets[:size]) == "handshake timeout"


# ---- What is told of it

BROKEN = {
    "hello of PLAIN": (
        "PLAIN",
        "server",
        0,
        command(b"HELLO", b"\x09bob"),
        "MALFORMED_COMMAND_HELLO",
    ),
    "welcome of PLAIN": (
        "PLAIN",
        "client",
        0,
        command(b"WELCOME", b"x"),
        "MALFORMED_COMMAND_WELCOME",
    ),
    "properties": ("PLAIN", "client", 1, command(b"READY", b"\x01"), "INVALID_METADATA"),
    "order": ("PLAIN", "server", 0, command(b"INITIATE"), "UNEXPECTED_COMMAND"),
    "error": ("PLAIN", "client", 0, command(b"ERROR", b"\x09"), "MALFORMED_COMMAND_ERROR"),
    "hello": ("CURVE", "server", 0, command(b"HELLO", b"x"), "MALFORMED_COMMAND_HELLO"),
    "initiate": ("CURVE", "server", 1, command(b"INITIATE", b"x"), "MALFORMED_COMMAND_INITIATE"),
    "welcome": ("CURVE", "client", 0, command(b"WELCOME", b"x"), "MALFORMED_COMMAND_WELCOME"),
    "ready": ("CURVE", "client", 1, command(b"READY", b"x"), "MALFORMED_COMMAND_READY"),
    "seal": ("CURVE", "client", 1, command(b"READY", b"x" * 50), "CRYPTOGRAPHIC"),
    "number": ("CURVE", "client", 1, command(b"READY", bytes(50)), "INVALID_SEQUENCE"),
    "sealed message": ("CURVE", "server", 2, frame(b"\x07MESSAGE"), "MALFORMED_COMMAND_MESSAGE"),
    "clear text": ("CURVE", "server", 2, frame(b"clear"), "UNEXPECTED_COMMAND"),
    "damaged message": (
        *("CURVE", "client", 2),
        *(frame(b"\x07MESSAGE" + b"x" * 50), "CRYPTOGRAPHIC"),
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_monitor_is_told(target, name):
    mechanism, role, step, octets, code = BROKEN[name]
    ours = target(mechanism, role)
    reader = ours.socket.get_monitor_socket(zmq.Event.HANDSHAKE_FAILED_PROTOCOL)
    reader.set(zmq.RCVTIMEO, TIMEOUT_MS)
    ours.judge(step, lambda _: octets)
    told = recv_monitor_message(reader)
    ours.socket.disable_monitor()
    reader.close()
    assert told["value"] == zmq.Event[f"PROTOCOL_ERROR_ZMTP_{code}"]


@pytest.mark.parametrize("name", [name for name, row in BROKEN.items() if row[1] == "client"])
def test_a_client_does_not_come_again(target, name):
    mechanism, role, step, octets, _ = BROKEN[name]
    ours = target(mechanism, role, {zmq.RECONNECT_IVL: 1})
    ours.judge(step, lambda _: octets)
    assert ours.meets_nobody(0.05)


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize("mechanism", ["PLAIN", "CURVE"])
def test_a_client_that_is_left_alone_comes_again(target, mechanism, step):
    ours = target(mechanism, "client", {zmq.RECONNECT_IVL: 1})
    ours.judge(step, lambda octets: octets[:3], then="close")
    assert not ours.meets_nobody(TIMEOUT)
