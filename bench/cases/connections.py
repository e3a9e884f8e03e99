"""Connections that come and go: connect, shake hands, ask once, close."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import repeat

from bench.cases.common import Case, Load, Metric, expect, throughput
from bench.zmtp import PlainDealer

AT_ONCE = 50
"""Connections that are open at a time: no more than any backlog takes."""


def answer_each(link):
    router = link.socket("ROUTER")
    link.listen(router)
    recv, send = router.recv_multipart, router.send_multipart
    for _ in repeat(None, link.load.count):
        send(recv())
    return {}


def come_and_go(link):
    count, address, body = link.load.count, link.address(), bytes(link.load.size)
    start = time.monotonic_ns()
    for done in range(0, count, AT_ONCE):
        dealers = [PlainDealer(address) for _ in range(min(AT_ONCE, count - done))]
        for dealer in dealers:
            dealer.send(body)
        for dealer in dealers:
            expect(dealer.recv() == body, "a reply is not what was sent")
        for dealer in dealers:
            dealer.close()
    return {"first": start, "last": time.monotonic_ns(), "received": count}


def cases() -> Iterator[Case]:
    yield Case(
        "connections opened and closed tcp",
        "tcp",
        (answer_each, come_and_go),
        Load(10_000),
        (Metric("rate", "conn/s", True, {}),),
        throughput,
        kind="connections",
    )
