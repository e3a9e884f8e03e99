"""The patterns of the demo: which processes play which roles, and what their facts add up to.

On each link one end is near, and runs zmqlite; the other is far, and runs the peer's library.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .cast import Cast

TOPICS = ["weather", "traffic", "sports"]
UNWANTED_TOPIC = "rumours"
PIPELINE_WORKERS = 3
CLIENTS = 2

ONE_WAY_PER_ROUND_TRIP = 20
"""A round trip takes about as long as so many messages that need no answer."""


@dataclass
class Outcome:
    """What became of the messages of one pattern."""

    sent: int
    received: int
    seconds: float
    round_trips_us: list[int] = field(default_factory=list)
    remark: str = ""

    @property
    def lost(self) -> int:
        return self.sent - self.received

    @property
    def rate(self) -> float:
        """Messages per second, between the arrival of the first and the last; 0 if one came."""
        return self.received / self.seconds if self.seconds else 0.0

    def round_trip_us(self, percent: int) -> int | None:
        """The time that so many percent of the round trips did not exceed."""
        if not self.round_trips_us:
            return None
        ordered = sorted(self.round_trips_us)
        return ordered[(len(ordered) - 1) * percent // 100]


def _outcome(
    senders: Sequence[dict[str, Any]], receivers: Sequence[dict[str, Any]], remark: str
) -> Outcome:
    return Outcome(
        sent=sum(facts["sent"] for facts in senders),
        received=sum(facts["received"] for facts in receivers),
        seconds=max(facts["last"] for facts in receivers)
        - min(facts["first"] for facts in receivers),
        round_trips_us=[us for facts in receivers for us in facts.get("round_trips_us", ())],
        remark=remark,
    )


def publish_subscribe(cast: Cast, messages: int) -> Outcome:
    """A publisher, and subscribers each of which wants one of its topics."""
    publisher = cast.near(
        "publish",
        bind=cast.endpoint(),
        topics=TOPICS,
        unwanted=UNWANTED_TOPIC,
        messages=messages,
    )
    endpoint = publisher.told("endpoint")
    subscribers = [cast.far("subscribe", connect=endpoint, topic=topic) for topic in TOPICS]
    received = [subscriber.outcome() for subscriber in subscribers]
    publisher.tell_to_end()
    published = publisher.outcome()
    return _outcome(
        [published],
        received,
        f"{len(TOPICS)} subscribers; {messages - published['sent']:,} messages nobody wanted",
    )


def pipeline(cast: Cast, messages: int) -> Outcome:
    """A ventilator deals messages out to workers, which pass them to a sink."""
    sink = cast.near("collect", bind=cast.endpoint(), messages=messages)
    sink_endpoint = sink.told("endpoint")
    workers = [
        cast.far("forward", bind=cast.endpoint(), connect=sink_endpoint)
        for _ in range(PIPELINE_WORKERS)
    ]
    endpoints = [worker.told("endpoint") for worker in workers]
    ventilator = cast.near("ventilate", connect=endpoints, messages=messages)
    collected = sink.outcome()
    for player in (ventilator, *workers):
        player.tell_to_end()
    dealt = ventilator.outcome()
    shares = [worker.outcome()["served"] for worker in workers]
    return _outcome(
        [dealt], [collected], "workers passed " + ", ".join(f"{share:,}" for share in shares)
    )


def request_reply(cast: Cast, messages: int) -> Outcome:
    """Clients ask through a broker; a second worker joins the first while they do."""
    broker = cast.near("broker", bind=cast.endpoint(), bind_back=cast.endpoint())
    endpoint, back_endpoint = broker.told("endpoint"), broker.told("back_endpoint")
    first = cast.far("answer", kind="REP", connect=back_endpoint)
    each = -(-messages // (CLIENTS * ONE_WAY_PER_ROUND_TRIP))
    clients = [cast.far("ask", kind="REQ", connect=endpoint, messages=each) for _ in range(CLIENTS)]
    first.told("serving")
    second = cast.far("answer", kind="REP", connect=back_endpoint)
    second.told("serving")
    for client in clients:
        client.tell_to_end()
    asked = [client.outcome() for client in clients]
    for server in (first, second, broker):
        server.tell_to_end()
    return _outcome(
        asked,
        asked,
        f"{CLIENTS} clients; the worker added midway answered {second.outcome()['served']:,}",
    )


def pair(cast: Cast, messages: int) -> Outcome:
    """Two processes on a line of their own, one of which sends back what it gets."""
    caller = cast.near(
        "ask",
        kind="PAIR",
        bind=cast.endpoint(),
        messages=-(-messages // ONE_WAY_PER_ROUND_TRIP),
    )
    other = cast.far("answer", kind="PAIR", connect=caller.told("endpoint"))
    caller.tell_to_end()
    called = caller.outcome()
    other.tell_to_end()
    other.outcome()
    return _outcome([called], [called], "")


Pattern = Callable[[Cast, int], Outcome]

PATTERNS: dict[str, Pattern] = {
    "publish-subscribe": publish_subscribe,
    "pipeline": pipeline,
    "request-reply": request_reply,
    "pair": pair,
}
