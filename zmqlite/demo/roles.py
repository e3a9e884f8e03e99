"""The roles of the demo's processes: who publishes, forwards, asks, answers.

A role is written for names that zmqlite and pyzmq share, so either library can play it. It gets a
Stage and parameters, tells the endpoints it is bound to, and returns what it has counted. Only
messages that arrive once, intact and in the order that their pattern promises, count as received.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .worker import Stage

END = b""
"""The body that says no more messages of this topic will come."""

PROGRESS_MASK = 0xFF
"""Roles that count messages look every 256 of them if progress is due."""


def body_of(number: int) -> bytes:
    """The 64 bytes of a numbered message, in which any damage shows."""
    return number.to_bytes(8, "big") * 8


def number_of(body: bytes) -> int:
    """The number of a message, -1 if it is damaged."""
    number = int.from_bytes(body[:8], "big")
    return number if body == body_of(number) else -1


class Tally:
    """Counts what has arrived, and notes when the first and the last did."""

    def __init__(self, stage: Stage) -> None:
        self.received = 0
        self._stage = stage
        self._first = self._last = 0.0

    def count(self) -> None:
        self._last = time.monotonic()
        if not self.received:
            self._first = self._last
        self.received += 1
        if not self.received & PROGRESS_MASK:
            self._stage.progress(self.received)

    def facts(self) -> dict[str, Any]:
        return {"received": self.received, "first": self._first, "last": self._last}


def publish(
    stage: Stage, bind: str, topics: list[str], unwanted: str, messages: int
) -> dict[str, Any]:
    """Publish on each topic in turn, once all but the unwanted one have a subscriber."""
    turns = [topic.encode() for topic in [*topics, unwanted]]
    wanted = set(turns[:-1])
    with stage.socket("XPUB") as socket:
        # A publisher drops what is over its mark, so there is to be no mark.
        socket.sndhwm = 0
        socket.bind(bind)
        stage.tell(endpoint=socket.last_endpoint.decode())
        missing = set(wanted)
        while missing:
            missing.discard(socket.recv()[1:])
        for number in range(messages):
            socket.send_multipart([turns[number % len(turns)], body_of(number)])
        for topic in wanted:
            socket.send_multipart([topic, END])
        stage.stay()
    return {"sent": sum(turns[number % len(turns)] in wanted for number in range(messages))}


def subscribe(stage: Stage, connect: str, topic: str) -> dict[str, Any]:
    """Receive one topic and nothing else, until its end."""
    tally = Tally(stage)
    newest = -1
    with stage.socket("SUB") as socket, suppress(stage.zmq.Again):
        socket.rcvhwm = 0
        socket.subscribe(topic)
        socket.connect(connect)
        while (message := socket.recv_multipart())[-1] != END:
            number = number_of(message[-1])
            if message[0] == topic.encode() and number > newest:
                newest = number
                tally.count()
    return tally.facts()


def ventilate(stage: Stage, connect: list[str], messages: int) -> dict[str, Any]:
    """Deal messages out to workers, waiting whenever all of them are full."""
    with stage.socket("PUSH") as socket:
        for endpoint in connect:
            socket.connect(endpoint)
        for number in range(messages):
            socket.send(body_of(number))
        stage.stay()
    return {"sent": messages}


def forward(stage: Stage, bind: str, connect: str) -> dict[str, Any]:
    """Pass on what comes, until told to end."""
    served = 0
    with (
        stage.socket("PULL", patient=True) as source,
        stage.socket("PUSH", patient=True) as target,
        suppress(stage.zmq.ContextTerminated),
    ):
        target.connect(connect)
        source.bind(bind)
        stage.tell(endpoint=source.last_endpoint.decode())
        while True:
            target.send(source.recv())
            served += 1
    return {"served": served}


def collect(stage: Stage, bind: str, messages: int) -> dict[str, Any]:
    """Receive each of the numbered messages once, in any order."""
    tally = Tally(stage)
    missing = bytearray(b"\1" * messages)
    with stage.socket("PULL") as socket, suppress(stage.zmq.Again):
        socket.bind(bind)
        stage.tell(endpoint=socket.last_endpoint.decode())
        while tally.received < messages:
            number = number_of(socket.recv())
            if 0 <= number < messages and missing[number]:
                missing[number] = False
                tally.count()
    return tally.facts()


def ask(
    stage: Stage, kind: str, messages: int, bind: str | None = None, connect: str | None = None
) -> dict[str, Any]:
    """Send messages and wait for each to come back, at least so many and until told to end."""
    tally = Tally(stage)
    sent = 0
    took: list[int] = []
    with stage.socket(kind) as socket, suppress(stage.zmq.Again):
        if bind:
            socket.bind(bind)
            stage.tell(endpoint=socket.last_endpoint.decode())
        else:
            socket.connect(connect)
        while sent < messages or not stage.told_to_end.is_set():
            body = body_of(sent)
            begun = time.perf_counter_ns()
            socket.send(body)
            sent += 1
            answer = socket.recv()
            took.append(time.perf_counter_ns() - begun)
            if answer == body:
                tally.count()
    return {"sent": sent, "round_trips_us": [ns // 1000 for ns in took], **tally.facts()}


def answer(stage: Stage, kind: str, connect: str) -> dict[str, Any]:
    """Send each message back, until told to end."""
    served = 0
    with (
        stage.socket(kind, patient=True) as socket,
        suppress(stage.zmq.ContextTerminated),
    ):
        socket.connect(connect)
        while True:
            socket.send(socket.recv())
            served += 1
            if served == 1:
                stage.tell(serving=True)
    return {"served": served}


def broker(stage: Stage, bind: str, bind_back: str) -> dict[str, Any]:
    """Pass requests to whichever worker is next, and answers back, until told to end."""
    with (
        stage.socket("ROUTER", patient=True) as frontend,
        stage.socket("DEALER", patient=True) as backend,
        suppress(stage.zmq.ContextTerminated),
    ):
        frontend.bind(bind)
        backend.bind(bind_back)
        stage.tell(
            endpoint=frontend.last_endpoint.decode(),
            back_endpoint=backend.last_endpoint.decode(),
        )
        stage.zmq.proxy(frontend, backend)
    return {}


ROLES: dict[str, Callable[..., dict[str, Any]]] = {
    role.__name__: role
    for role in (publish, subscribe, ventilate, forward, collect, ask, answer, broker)
}

SERVING = {"forward", "answer", "broker"}
"""Roles that end only when their context is terminated."""
