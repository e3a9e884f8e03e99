"""A SUB with a hundred thousand topics: how fast a PUB finds out whether it wants a message."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from itertools import repeat

from bench.cases.common import END, GO, PYOMQ_BAR, Case, Load, Metric, expect, only_result
from bench.cases.fan_out import HWM, PROBE, WINDOWS_AHEAD, probe, wait_for_go, window_count

TOPICS = 100_000


def topic(number: int) -> bytes:
    return b"market.%06d.price" % number


def windows_of(load: Load) -> tuple[list[list[bytes]], list[list[bytes]]]:
    """Messages that each match one topic; and others that match none but by their first 13 bytes
    of 19, except for the last of each window, by which the publisher hears that it is over."""
    draw = random.Random(1)
    wanted = [
        [topic(number) for number in draw.choices(range(TOPICS), k=load.window)]
        for _ in range(window_count(load))
    ]
    unwanted = [
        [*(message[:-6] + b"!" for message in window[:-1]), window[-1]] for window in wanted
    ]
    return wanted, unwanted


def publish_topics(link):
    # Subscriptions pass a mark too, and libzmq drops those beyond.
    pub = link.socket("PUB", SNDHWM=HWM, RCVHWM=0)
    acks = link.socket("PULL")
    link.listen(pub, acks)
    phases = windows_of(link.load)
    probe(pub, acks, 1)
    pub.send(GO)
    send = pub.send
    for windows in phases:
        for number, window in enumerate(windows):
            if number >= WINDOWS_AHEAD:
                acks.recv()
            for message in window:
                send(message)
        for _ in windows[-WINDOWS_AHEAD:]:
            acks.recv()
    send(END)
    return {}


def subscribe_topics(link):
    load = link.load
    sub = link.connect(link.socket("SUB", RCVHWM=HWM, SNDHWM=0))
    acks = link.connect(link.socket("PUSH"), 1)
    start = time.monotonic_ns()
    for number in range(TOPICS):
        sub.setsockopt(link.zmq.SUBSCRIBE, topic(number))
    for signal in (GO, END, PROBE):  # a probe comes when all before have been heard of
        sub.setsockopt(link.zmq.SUBSCRIBE, signal)
    expect(sub.recv() == PROBE, "the first message is not a probe")
    subscribed = time.monotonic_ns()
    last_sent = windows_of(load)[0][-1][-1]
    acks.send(b"subscribed")
    wait_for_go(sub)
    figures = {"subscribed": TOPICS / ((subscribed - start) / 1e9)}
    for phase, deliveries in (("matched", load.window), ("missed", 1)):
        start = time.monotonic_ns()
        last = take_windows(sub, acks, window_count(load), deliveries)
        taken = time.monotonic_ns() - start
        expect(last == last_sent, "the last message is not what was sent")
        figures[phase] = window_count(load) * load.window / (taken / 1e9)
    expect(sub.recv() == END, "messages were lost, duplicated or not asked for")
    return figures


def take_windows(sub, acks, count, deliveries):
    recv = sub.recv
    for _ in range(count):
        for _ in repeat(None, deliveries):
            message = recv()
        acks.send(b"taken")
    return message


BARS = {"pyzmq": 3.0, "pyomq": PYOMQ_BAR}


def cases() -> Iterator[Case]:
    yield Case(
        f"PUB with {TOPICS:,} subscriptions tcp",
        "tcp",
        (publish_topics, subscribe_topics),
        Load(200_000, window=10_000),
        (
            Metric("matched", "msg/s that match", True, BARS),
            Metric("missed", "msg/s that do not", True, BARS),
            Metric("subscribed", "subscriptions/s", True, {}),
        ),
        only_result,
        kind="subscriptions",
    )
