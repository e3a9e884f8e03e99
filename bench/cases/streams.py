"""Streams: all send on one side, all receive on the other, message by message or in batches."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import repeat

from bench.cases.common import (
    END,
    SIZES,
    UNBARRED_RATE,
    Case,
    Load,
    expect,
    rate_metrics,
    throughput,
)

BATCH = 1000
"""Messages that one call sends, and at most receives."""


def pull(link):
    socket = link.socket("PULL")
    link.listen(socket)
    return receive_stream(socket, link.load)


def receive_stream(socket, load):
    recv = socket.recv
    message = recv()
    start = time.monotonic_ns()
    for _ in repeat(None, load.count - 1):
        message = recv()
    end = time.monotonic_ns()
    expect(len(message) == load.size, "the last message has the wrong size")
    expect(recv() == END, "messages were lost or duplicated")
    return {"first": start, "last": end, "received": load.count - 1}


def push(link):
    send = link.connect(link.socket("PUSH")).send
    body = bytes(link.load.size)
    for _ in repeat(None, link.load.count):
        send(body)
    send(END)
    return {}


def pull_multipart(link):
    socket = link.socket("PULL")
    link.listen(socket)
    recv = socket.recv_multipart
    parts = recv()
    start = time.monotonic_ns()
    for _ in repeat(None, link.load.count - 1):
        parts = recv()
    end = time.monotonic_ns()
    expect(parts == [bytes(link.load.size)] * link.load.parts, "the last message is wrong")
    expect(recv() == [END], "messages were lost or duplicated")
    return {"first": start, "last": end, "received": link.load.count - 1}


def push_multipart(link):
    send = link.connect(link.socket("PUSH")).send_multipart
    parts = [bytes(link.load.size)] * link.load.parts
    for _ in repeat(None, link.load.count):
        send(parts)
    send([END])
    return {}


# Whoever has no batches plays the same scene with a call per message.


def pull_batches(link):
    if not link.batches:
        return pull(link)
    socket = link.socket("PULL")
    link.listen(socket)
    recv_many = socket.recv_many
    messages = recv_many(BATCH)
    at_start = received = len(messages)
    start = time.monotonic_ns()
    while received <= link.load.count:
        messages = recv_many(BATCH)
        received += len(messages)
    end = time.monotonic_ns()
    expect_end(messages, received, link.load)
    return {"first": start, "last": end, "received": received - at_start}


def push_batches(link):
    if not link.batches:
        return push(link)
    send_many = link.connect(link.socket("PUSH")).send_many
    for batch in batches(link.load):
        expect(send_many(batch) == len(batch), "a batch was not sent whole")
    return {}


def batches(load: Load) -> Iterator[list[bytes]]:
    """The stream with its end marker, cut into lists of `BATCH` messages and a shorter last one."""
    batch = [bytes(load.size)] * BATCH
    whole, rest = divmod(load.count, BATCH)
    yield from repeat(batch, whole)
    yield [*batch[:rest], END]


def expect_end(last_batch, received, load):
    expect(received == load.count + 1, "more came than was sent")
    expect(last_batch[-1] == END, "messages were lost or duplicated")


STREAMS = {  # bytes: messages, bar against pyzmq; pyzmq takes 0.5 to 1.5 s on two virtual cores
    16: (1_000_000, 5.0),
    256: (600_000, 4.0),
    4096: (120_000, 4.0),
    65536: (15_000, 2.5),
    1 << 20: (1_500, 1.7),
}
QUICK_STREAMS = (16, 4096, 65536)


def cases() -> Iterator[Case]:
    for transport in ("tcp", "ipc"):
        for size, (count, bar) in STREAMS.items():
            yield Case(
                f"PUSH/PULL {transport} {SIZES[size]}",
                transport,
                (pull, push),
                Load(count, size),
                rate_metrics(bar),
                throughput,
                has_floor=True,
                quick=transport == "tcp" and size in QUICK_STREAMS,
            )
    yield Case(
        "PUSH/PULL inproc 16 B",
        "inproc",
        (pull, push),
        Load(600_000),
        rate_metrics(3.0),
        throughput,
    )
    yield Case(
        "PUSH/PULL tcp 3 x 16 B",
        "tcp",
        (pull_multipart, push_multipart),
        Load(100_000, parts=3),
        rate_metrics(8.0),
        throughput,
        kind="multipart",
    )
    for transport, size, count, metrics in (
        ("tcp", 16, 1_000_000, rate_metrics(10.0)),
        ("ipc", 16, 1_000_000, rate_metrics(10.0)),
        ("tcp", 4096, 120_000, UNBARRED_RATE),
    ):
        yield Case(
            f"PUSH/PULL {transport} {SIZES[size]} in batches",
            transport,
            (pull_batches, push_batches),
            Load(count, size),
            metrics,
            throughput,
            kind="batch",
            quick=transport == "tcp" and size == 16,
        )
