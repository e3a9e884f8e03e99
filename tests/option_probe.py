"""Child of test_option_walk.py: does one and the same with every constant of a library.

    python option_probe.py MODULE

prints what came of it, a line for each constant: area, name, {circumstance: [what was done and
what came of it]} as JSON. Two libraries that print the same mean the same by their constants. It is a process of its own
since a library may answer with an abort.
"""

import importlib
import itertools
import json
import os
import sys

INTS = [
    *(
        -(2**63) - 1,
        -(2**63),
        -(2**31) - 1,
        -(2**31),
        -1000,
        -100,
        -99,
        -2,
        -1,
        0,
        1,
        2,
        3,
        4,
        5,
        7,
    ),
    *(8, 100, 150, 255, 256, 65535, 65536, 6553599, 6553600, 2**31 - 1, 2**31, 2**32 - 1, 2**32),
    *(2**63 - 1, 2**63, 2**64 - 1, 2**64, True, False),
]

TEXTS = [
    *(b"", b"x", b"\0", b"x\0", b"pid4", b"eight oc", b"a:b", b"X-a:b", b"X-a:", b":b", b"X-a"),
    *(b"127.0.0.1", b"10.0.0.0/8", b"10.0.0.0/33", b"::1", b"fe80::/10", b"localhost:1080"),
    *(b"k" * 31, b"k" * 32, b"k" * 33, b"k" * 40, b"k" * 41, b"k" * 40 + b"\0", b"~" * 40),
    *(
        b"i" * 15,
        b"i" * 16,
        b"i" * 17,
        b"n" * 254,
        b"n" * 255,
        b"n" * 256,
        b"X-" + b"n" * 300 + b":b",
    ),
]

OF_NO_KIND = [None, 1.0, "text", bytearray(b"x"), [1]]

UNKNOWN = [-1, 0, 20, 26, 29, 30, 67, 82, 83, 125, 999]

LAST_STABLE_TYPE = 11

endpoints = map("inproc://{}".format, itertools.count())


def outcome(call, *args):
    try:
        return repr(call(*args))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what came of the call
        return f"{type(error).__name__} {getattr(error, 'errno', None)}"


def short(text):
    return text if len(text) < 50 else f"{text[:8]}...({len(text)})"


def set_and_get(target, option):
    """What is read at first, what each value does, and what is read then."""
    steps = [f"get: {outcome(target.get, option)}"]
    for value in INTS + TEXTS + OF_NO_KIND:
        done, read = outcome(target.set, option, value), outcome(target.get, option)
        steps.append(f"set {short(repr(value))}: {done}, get: {short(read)}")
    return steps


# ---- One constant each: {circumstance: what was done and came of it}


def socket_option(zmq, context, name, option):
    """On a fresh socket of every stable type."""
    seen = {}
    for kind in zmq.SocketType:
        if kind > LAST_STABLE_TYPE:
            continue
        with context.socket(kind) as socket:
            seen[kind.name] = set_and_get(socket, option)
            if name == "FD":
                own = f"get: {socket.fileno()}"
                seen[kind.name] = [step.replace(own, "get: its own") for step in seen[kind.name]]
    return seen


def context_option(zmq, context, name, option):
    """On a context without sockets, and on one that has made some."""
    with zmq.Context() as fresh, zmq.Context() as used:
        used.socket(zmq.PAIR).close()
        return {"fresh": set_and_get(fresh, option), "used": set_and_get(used, option)}


def socket_type(zmq, context, name, number):
    """Whether there is one, and what a bound one without peers can do under each flag."""
    seen = {"made": [outcome(lambda: context.socket(number).close())]}
    if name not in zmq.SocketType.__members__ or number > LAST_STABLE_TYPE:
        return seen
    for flags in (0, zmq.DONTWAIT, zmq.SNDMORE, zmq.DONTWAIT | zmq.SNDMORE):
        with context.socket(number) as socket:
            socket.bind(next(endpoints))
            socket.set(zmq.SNDTIMEO, 0)
            socket.set(zmq.RCVTIMEO, 0)
            seen[f"flags {int(flags)}"] = [
                f"type: {socket.get(zmq.TYPE)}",
                f"send: {outcome(socket.send, b'x', flags)}",
                f"recv: {outcome(socket.recv, flags)}",
                f"send again: {outcome(socket.send, b'x', flags)}",
                f"more: {socket.get(zmq.RCVMORE)}",
            ]
    return seen


def event(zmq, context, name, mask):
    """As the mask of a monitor."""
    endpoint = next(endpoints)
    with context.socket(zmq.PAIR) as socket, context.socket(zmq.PAIR) as reader:
        seen = {"mask": [outcome(socket.monitor, endpoint, mask)]}
        # libzmq cannot end a monitor that nobody reads.
        reader.connect(endpoint)
    return seen


def poll_event(zmq, context, name, mask):
    """On a socket that has a message and can send one, and on a pipe that can be written to."""
    endpoint = next(endpoints)
    reading, writing = os.pipe()
    with context.socket(zmq.PAIR) as a, context.socket(zmq.PAIR) as b:
        a.bind(endpoint)
        b.connect(endpoint)
        b.send(b"x")
        poller = zmq.Poller()
        poller.register(writing, mask)
        seen = {
            "socket": [outcome(a.poll, 0, mask)],
            "descriptor": [outcome(lambda: [events for _, events in poller.poll(0)])],
        }
    os.close(reading)
    os.close(writing)
    return seen


def message_option(zmq, context, name, option):
    """On a frame of the user's own."""
    frame = zmq.Frame(b"x")
    return {"frame": [outcome(frame.get, option), outcome(frame.set, option, 1)]}


def error_number(zmq, context, name, number):
    """As text."""
    return {"strerror": [zmq.strerror(number)]}


def members(*kinds):
    """Name and number of each constant of these enums, and numbers that are no constant."""
    named = {name: int(member) for kind in kinds for name, member in kind.__members__.items()}
    return named | {str(n): n for n in UNKNOWN if n not in named.values()}


AREAS = {
    socket_option: lambda zmq: members(zmq.SocketOption),
    # These two are options of a context as well, and have no other name.
    context_option: lambda zmq: members(zmq.ContextOption) | {"IPV6": 42, "BLOCKY": 70},
    socket_type: lambda zmq: members(zmq.SocketType),
    event: lambda zmq: members(zmq.Event),
    poll_event: lambda zmq: members(zmq.PollEvent),
    message_option: lambda zmq: members(zmq.MessageOption),
    error_number: lambda zmq: members(zmq.Errno),
}


def walk(zmq):
    with zmq.Context() as context:
        for area, constants in AREAS.items():
            for name, number in constants(zmq).items():
                print(area.__name__, name, json.dumps(area(zmq, context, name, number)), sep="\t")


if __name__ == "__main__":
    walk(importlib.import_module(sys.argv[1]))
