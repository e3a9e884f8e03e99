"""A ROUTER with thousands of live TCP peers: all have their turn, and the dead are noticed.

ZMQLITE_TEST_PEERS says how many peers there are.
"""

import collections
import os
import pathlib
import random
import signal

import pytest
from support import allow_descriptors, beyond_libzmq, port_of, wait_readable, wait_until

import zmqlite as zmq

PEERS = int(os.environ.get("ZMQLITE_TEST_PEERS", "5000"))
PROCESSES = 5
SWARM = pathlib.Path(__file__).with_name("swarm.py")
FLOODERS = set(range(0, PEERS, max(PEERS // 10, 10)))
QUEUED = 5
"""Messages of each peer: few enough to be all in one read buffer, and below RCVHWM."""

BEATING = {zmq.HEARTBEAT_IVL: 500, zmq.HEARTBEAT_TIMEOUT: 3000}
"""A live peer must never take as long to answer, however busy the machine is."""


@pytest.fixture
def descriptors():
    """Allow this process, in which each peer needs one, as many as it may have."""
    with allow_descriptors(PEERS + 200):
        yield


class Crowd:
    """A ROUTER, and the processes in which its peers live, by the numbers that name these."""

    def __init__(self, router, processes):
        self.router, self.processes = router, processes

    def tell(self, verb, word, numbers):
        """Tell those of the peers something that are not dead with their process."""
        for child, own in self.processes.items():
            child.tell(" ".join([verb, *map(str, numbers & own)]))
        self._hear(word)

    def queue(self):
        """Let every peer send messages, and have them all on our side."""
        self._tell_all("queue", QUEUED)
        self._hear("queued")

    def converse(self, peers, rounds=1):
        """Answer every peer so often. What the flooders send is left unanswered."""
        self._tell_all("talk", rounds)
        due = len(peers) * rounds
        while due:
            message = self.router.recv_multipart()
            if message[1] == b"message":
                self.router.send_multipart(message)
                due -= 1
        self._hear("talked")

    def knows(self, peer):
        try:
            self.router.send_multipart([b"%d" % peer, b""])
        except zmq.ZMQError as error:
            assert error.errno == zmq.EHOSTUNREACH
            return False
        return True

    def _tell_all(self, verb, count):
        for child in self.processes:
            child.tell(f"{verb} {count}")

    def _hear(self, word):
        for child in self.processes:
            child.expect(word)


@pytest.fixture
def crowd(descriptors, bound, child):
    def make(options=None):
        router, address = bound("tcp", zmq.ROUTER, {zmq.BACKLOG: 1000, **(options or {})})
        processes = {}
        for first in range(0, PEERS, PEERS // PROCESSES):
            own = set(range(first, min(first + PEERS // PROCESSES, PEERS)))
            processes[child(SWARM, port_of(address), first, len(own))] = own
        made = Crowd(router, processes)
        made._hear("ready")
        return made

    return make


def test_nobody_has_two_turns_before_all_have_had_one(crowd):
    """That is: once the messages are read from the wire; only until then may one overtake another.

    A connection is read a buffer at a time, and no further than to RCVHWM; so what waits on the
    wire is behind by at most one buffer of each flooding peer.
    """
    crowd = crowd()
    crowd.tell("flood", "flooding", FLOODERS)
    crowd.queue()
    others = PEERS - len(FLOODERS)
    turns = collections.Counter()
    had = collections.Counter()  # how many of the others have had so many turns
    wait_readable(crowd.router)
    while had[QUEUED] < others:
        peer = int(crowd.router.recv_multipart()[0])
        before, turns[peer] = turns[peer], turns[peer] + 1
        assert before == 0 or had[before] == others, f"turn {before + 1} of {peer} came too early"
        if peer not in FLOODERS:
            had[turns[peer]] += 1


def test_nobody_starves_beside_a_flood(crowd):
    crowd = crowd()
    crowd.tell("flood", "flooding", FLOODERS)
    crowd.converse(set(range(PEERS)) - FLOODERS, rounds=3)


@beyond_libzmq  # in that they are counted
def test_dead_peers_are_noticed_and_counted(crowd):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    crowd = crowd({**BEATING, zmq.ROUTER_MANDATORY: 1})
    live = set(range(PEERS))
    crowd.converse(live)

    killed, stopped = chance.sample(list(crowd.processes), 2)
    killed.signal(signal.SIGKILL)
    stopped.signal(signal.SIGSTOP)
    gone, silent = crowd.processes.pop(killed), crowd.processes.pop(stopped)
    live -= gone | silent
    left, frozen = (set(chance.sample(sorted(live), len(live) // 4)) for _ in range(2))
    frozen -= left
    crowd.tell("leave", "left", left)
    crowd.tell("freeze", "frozen", frozen)
    gone, silent = gone | left, silent | frozen
    live -= gone | silent

    wait_until(lambda: not any(map(crowd.knows, gone | silent)), "the dead have no name any more")
    crowd.converse(live)
    closed = crowd.router.stats()["closed"]
    assert closed.pop("heartbeat timeout") == len(silent)
    assert sum(closed.values()) == len(gone), closed
