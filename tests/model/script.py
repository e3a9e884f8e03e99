"""Scripts: who takes part, and what they do one after the other, as data that hypothesis draws.

A cast is a list of `Part`. Parts of one side are connected with parts of the other side only;
each side has two endpoints to bind. A script is a list of `Step`. A step that makes no sense
where it stands, such as to send on a socket that is closed, is passed over, so that every part of
a script is a script.
"""

from typing import NamedTuple

from hypothesis import strategies as st


class Part(NamedTuple):
    side: int
    kind: str
    options: dict


class Step(NamedTuple):
    verb: str  # a method of Player
    part: int
    details: tuple = ()


class Pattern(NamedTuple):
    """Which types may stand on the two sides, and what they say to each other."""

    sides: tuple
    delimited: bool = False  # messages begin with an empty frame, where no socket adds one
    named: bool = False  # peers have names, so that two are connected once at the most


PATTERNS = {
    "PAIR": Pattern((["PAIR"], ["PAIR"])),
    "PUSH PULL": Pattern((["PUSH"], ["PULL"])),
    "DEALER": Pattern((["DEALER"], ["DEALER"])),
    "DEALER ROUTER": Pattern((["DEALER", "ROUTER"], ["ROUTER"]), named=True),
    "REQ REP": Pattern((["REQ"], ["REP"])),
    "REQ REP DEALER ROUTER": Pattern(
        (["REQ", "DEALER"], ["REP", "ROUTER"]), delimited=True, named=True
    ),
    "PUB SUB": Pattern((["PUB"], ["SUB"])),
    "PUB SUB XPUB XSUB": Pattern((["PUB", "XPUB"], ["SUB", "XSUB"])),
}

ON_OR_OFF = st.sampled_from([0, 1])
MARKS = st.sampled_from([0, 1, 2])
NONE = st.just(0)
TOPICS = st.sampled_from([b"", b"a", b"ab", b"b"])

OPTIONS = {
    "REQ": {"REQ_RELAXED": ON_OR_OFF},
    "ROUTER": {"ROUTER_MANDATORY": ON_OR_OFF},
    # Subscriptions must not be lost.
    "PUB": {"RCVHWM": NONE, "XPUB_NODROP": ON_OR_OFF},
    "XPUB": {
        "RCVHWM": NONE,
        "XPUB_NODROP": ON_OR_OFF,
        "XPUB_VERBOSE": ON_OR_OFF,
        "XPUB_VERBOSER": ON_OR_OFF,
    },
    "SUB": {"SNDHWM": NONE},
    "XSUB": {"SNDHWM": NONE},
}

ENDPOINTS = st.tuples(st.integers(0, 1))
NOTHING = st.just(())
DETAILS = {
    "open": NOTHING,
    "close": NOTHING,
    "bind": ENDPOINTS,
    "connect": ENDPOINTS,
    "unbind": ENDPOINTS,
    "disconnect": ENDPOINTS,
    "send": st.tuples(TOPICS, st.integers(0, 5)),  # to which part, if it can choose
    "recv": NOTHING,
    "subscribe": st.tuples(TOPICS),
    "unsubscribe": st.tuples(TOPICS),
}

ALL = ["open", "close", "bind", "connect", "unbind", "disconnect", "send", "recv"]
TALK = ["send", "recv"] * 3
LISTEN = ["recv", "recv", "recv", "subscribe", "subscribe", "unsubscribe"]
OFTEN = {
    "PUSH": ["send"] * 4,
    "PULL": ["recv"] * 4,
    "PUB": ["send"] * 4,
    "SUB": LISTEN,
    "XSUB": LISTEN,
}

LENGTH = 40
"""The steps of a script on the average; at most it has twice as many."""


def casts(pattern):
    correlate = {"REQ_CORRELATE": ON_OR_OFF} if pattern == PATTERNS["REQ REP"] else {}

    def parts(side, kind):
        options = {"SNDHWM": MARKS, "RCVHWM": MARKS} | OPTIONS.get(kind, {})
        if kind == "REQ":
            options |= correlate
        return st.builds(Part, st.just(side), st.just(kind), st.fixed_dictionaries(options))

    sides = [
        st.lists(st.one_of([parts(side, kind) for kind in kinds]), min_size=1, max_size=3)
        for side, kinds in enumerate(pattern.sides)
    ]
    return st.tuples(*sides).map(lambda both: both[0] + both[1])


def links(cast):
    """The steps by which one part binds and another, of the other side, connects."""

    def steps(drawn):
        binder, connector, number = drawn
        return [Step("bind", binder, (number,)), Step("connect", connector, (number,))]

    first, second = ([i for i, part in enumerate(cast) if part.side == side] for side in (0, 1))
    ends = st.tuples(st.sampled_from(first), st.sampled_from(second), st.integers(0, 1))
    return st.one_of(ends, ends.map(lambda e: (e[1], e[0], e[2]))).map(steps)


@st.composite
def scripts(draw, pattern):
    """A cast and a script for it."""
    cast = draw(casts(pattern))
    parts = st.integers(0, len(cast) - 1)
    verbs = [st.sampled_from(ALL + OFTEN.get(part.kind, TALK)) for part in cast]
    script = [step for link in draw(st.lists(links(cast), max_size=3)) for step in link]
    while len(script) < 2 * LENGTH and draw(st.integers(0, LENGTH)):
        # Not by st.lists, whose lists are short.
        part = draw(parts)
        verb = draw(verbs[part])
        script.append(Step(verb, part, draw(DETAILS[verb])))
    return cast, script
