"""The constants walk: every constant that pyzmq exports means here what it means in pyzmq's wheel.

option_probe.py does one and the same with each constant of both libraries: every socket option is
read, set to good, bad and borderline values and read again, on every type of socket, and so on.
What differs must be in a table of deviations, with its reason.
"""

import functools
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import option_probe
import pytest
from support import TIMEOUT, beyond_libzmq

import zmqlite as zmq

PROBE = Path(option_probe.__file__)

CASES = [
    (area.__name__, name)
    for area, constants in option_probe.AREAS.items()
    for name in constants(zmq)
]


class Deviation(NamedTuple):
    reason: str
    ours: str
    """What zmqlite must show where it differs, as a pattern."""


ADDED = Deviation("a draft that no wheel of pyzmq has; test_options.py tells what it does", ".*")
LONG = Deviation(
    "pyzmq cannot read more than 254 octets and a NUL; b'' clears a name of SOCKS here",
    r"set .*, get: b'.*",
)
CLEARS = Deviation("b'' clears it; libzmq wants a null pointer for that", r"set b'': None, .*")
FILTERS = Deviation(
    "b'' clears them; and IPv6 may be filtered before it is switched on",
    r"set b'(|::1|fe80::/10)': None, .*",
)
NOT_REP = Deviation(
    "libzmq's REP takes what concerns ROUTER, without effect",
    "set .*: ZMQError 22, get: ZMQError 22",
)
NO_ID = NOT_REP._replace(reason="nobody has so long a routing id; and " + NOT_REP.reason)
NO_TYPE = Deviation("a draft type would abort the process when it meets a peer", "ZMQError 22")
NO_DEFAULT = Deviation("there is no type -1, which pyzmq takes for none given", "ZMQError 22")
LONE_ID = Deviation(
    "libzmq takes the name of a peer without data and swallows what is sent next",
    "send( again)?: ZMQError 22",
)
NEGATIVE = Deviation("libzmq cannot tell the value -1 from a failure", r"(set .*: .*, )?get: -1")
MANY_CPUS = Deviation(
    "no system has that many processors", r"set \d+: ZMQError 22, get: ZMQError 22"
)

DEVIATIONS = {
    "socket_option": {
        "ROUTER_NOTIFY": ADDED,
        "HELLO_MSG": ADDED,
        "DISCONNECT_MSG": ADDED,
        "HICCUP_MSG": ADDED,
        "XSUB_VERBOSE_UNSUBSCRIBE": ADDED,
        "BUSY_POLL": ADDED,
        "BINDTODEVICE": CLEARS,
        "TCP_ACCEPT_FILTER": FILTERS,
        "ROUTER_MANDATORY": NOT_REP,
        "FAIL_UNROUTABLE": NOT_REP,
        "ROUTER_BEHAVIOR": NOT_REP,
        "ROUTER_RAW": NOT_REP,
        "ROUTER_HANDOVER": NOT_REP,
        "PROBE_ROUTER": NOT_REP,
        "CONNECT_ROUTING_ID": NO_ID,
        "CONNECT_RID": NO_ID,
        "PLAIN_USERNAME": LONG,
        "PLAIN_PASSWORD": LONG,
        "ZAP_DOMAIN": LONG,
        "SOCKS_PROXY": LONG,
        "SOCKS_USERNAME": LONG,
        "SOCKS_PASSWORD": LONG,
    },
    "context_option": {
        "THREAD_SCHED_POLICY": NEGATIVE,
        "THREAD_NAME_PREFIX": NEGATIVE,
        "THREAD_AFFINITY_CPU_ADD": MANY_CPUS,
    },
    "socket_type": {
        **dict.fromkeys(("SERVER", "CLIENT", "RADIO", "DISH", "GATHER", "SCATTER"), NO_TYPE),
        **dict.fromkeys(("DGRAM", "PEER", "CHANNEL"), NO_TYPE),
        "-1": NO_DEFAULT,
        "STREAM": LONE_ID,
    },
}


def deviation(area, name):
    return DEVIATIONS.get(area, {}).get(name)


@functools.cache
def probe(module):
    """The run of the probe with a library."""
    package = os.path.dirname(os.path.dirname(zmq.__file__))
    paths = filter(None, (package, os.environ.get("PYTHONPATH")))
    return subprocess.run(
        [sys.executable, str(PROBE), module],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        timeout=TIMEOUT,
        check=False,
    )


@functools.cache
def walk(module):
    """What the probe has found out about a library: JSON for each constant of each area."""
    done = probe(module)
    assert done.returncode == 0, done.stderr.decode()
    rows = (line.split("\t") for line in done.stdout.decode().splitlines())
    return {(area, name): seen for area, name, seen in rows}


def differences(area, name):
    """All steps that came out differently: (circumstance, pyzmq's, ours)."""
    theirs, ours = (json.loads(walk(module)[area, name]) for module in ("zmq", zmq.__name__))
    return [
        (circumstance, *pair)
        for circumstance, steps in theirs.items()
        for pair in zip(steps, ours[circumstance], strict=True)
        if pair[0] != pair[1]
    ]


@pytest.mark.interop
@pytest.mark.parametrize(("area", "name"), CASES)
def test_a_constant_means_what_it_means_in_pyzmq(area, name):
    pytest.importorskip("zmq")
    allowed = deviation(area, name)
    found = [
        f"{circumstance}: pyzmq has {theirs!r}, we have {ours!r}"
        for circumstance, theirs, ours in differences(area, name)
        if allowed is None or not re.fullmatch(allowed.ours, ours)
    ]
    if found:
        pytest.fail(
            "\n".join([f"{len(found)} differences, allowed: {allowed}", *found[:10]]), False
        )


@beyond_libzmq
@pytest.mark.interop
def test_every_deviation_is_one():
    pytest.importorskip("zmq")
    for area, rows in DEVIATIONS.items():
        needless = [name for name in rows if not differences(area, name)]
        assert not needless, f"strike off the table of {area}s: {needless}"


def test_every_constant_of_pyzmq_is_walked():
    theirs = pytest.importorskip("zmq")
    walked = {name for area in option_probe.AREAS.values() for name in area(zmq)}
    for kind in (theirs.SocketOption, theirs.ContextOption, theirs.SocketType, theirs.Event):
        assert set(kind.__members__) <= walked
