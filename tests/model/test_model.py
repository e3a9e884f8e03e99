"""Random scripts, played on zmqlite and in a model of the socket types, which must agree.

The same scripts are played on libzmq, through pyzmq, to check the model. They are the same in
each run. For others besides, set ZMQLITE_MODEL_ROUNDS to how many times as many shall be tried.
"""

import os
import random
import sys

import pytest
import streams
from hypothesis import HealthCheck, Phase, given, seed, settings
from player import Player
from quirks import LIBZMQ, ZMQLITE
from script import PATTERNS, Pattern, scripts
from support import free_port
from wire_player import WirePlayer

ROUNDS = int(os.environ.get("ZMQLITE_MODEL_ROUNDS", "1"))

SEEN_FROM_OUTSIDE = ["PAIR", "PUSH PULL", "DEALER", "DEALER ROUTER", "REQ REP"]
WIRE_PATTERNS = {name: PATTERNS[name] for name in SEEN_FROM_OUTSIDE} | {
    "XPUB SUB XSUB": Pattern((["XPUB"], ["SUB", "XSUB"])),
}

OWN_HOST = ".".join(["127", *(str(random.randrange(1, 255)) for _ in range(3))])

rounds = pytest.mark.parametrize("round", range(ROUNDS))


@pytest.fixture(params=[("zmqlite", ZMQLITE), ("zmq", LIBZMQ)], ids=["zmqlite", "libzmq"])
def library(request):
    """A library, and how it differs from the model."""
    name, quirks = request.param
    return pytest.importorskip(name), quirks


@rounds
@pytest.mark.parametrize("pattern", PATTERNS)
def test_inproc(library, pattern, round):
    def run(drawn):
        cast, script = drawn
        perform(Player(*library, PATTERNS[pattern], cast), script)

    for_all(scripts(PATTERNS[pattern]), run, examples=50, round=round)


@rounds
@pytest.mark.parametrize("transport", ["tcp", "ipc"])
@pytest.mark.parametrize("pattern", WIRE_PATTERNS)
def test_wire(library, pattern, transport, endpoint, round):
    places = [(side, number) for side in (0, 1) for number in (0, 1)]
    endpoints = {place: fixed(endpoint(transport)) for place in places}

    def run(drawn):
        cast, script = drawn
        perform(WirePlayer(*library, WIRE_PATTERNS[pattern], cast, endpoints), script)

    for_all(scripts(WIRE_PATTERNS[pattern]), run, examples=8, round=round, shrink=False)


@rounds
def test_stream(library, round):
    def run(drawn):
        notify, script = drawn
        perform(streams.StreamPlayer(library[0], notify), script)

    for_all(streams.scripts(), run, examples=40, round=round)


def for_all(drawn, run, examples, round, shrink=True):
    """Run with that many examples, the same in each run of a round.

    One that fails is shrunk, but where the failure is most likely to be a wait in vain.
    """

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @seed(round)
    @given(drawn)
    def runs(example):
        run(example)

    runs()


def perform(player, script):
    try:
        player.play(script)
    finally:
        player.finish()


def fixed(endpoint):
    """The endpoint, if it is of tcp at a port of our own, for it is connected to before it is
    bound. On Linux at an address of our own: nobody else dials there, be it by mistake."""
    host = OWN_HOST if sys.platform == "linux" else "127.0.0.1"
    return endpoint.replace("127.0.0.1:*", f"{host}:{free_port()}")
