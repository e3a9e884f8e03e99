"""The same in asyncio: each call is awaited, by one task on each side."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import repeat

from bench.cases.common import (
    END,
    ROUND_TRIP_METRICS,
    UNBARRED_RATE,
    Case,
    Load,
    expect,
    only_result,
    rate_metrics,
    throughput,
    warm_up,
)
from bench.cases.streams import BATCH, batches, expect_end
from bench.stats import latency


async def pull_awaiting(link):
    socket = link.socket("PULL")
    link.listen(socket)
    recv = socket.recv
    message = await recv()
    start = time.monotonic_ns()
    for _ in repeat(None, link.load.count - 1):
        message = await recv()
    end = time.monotonic_ns()
    expect(len(message) == link.load.size, "the last message has the wrong size")
    expect(await recv() == END, "messages were lost or duplicated")
    return {"first": start, "last": end, "received": link.load.count - 1}


async def push_awaiting(link):
    send = link.connect(link.socket("PUSH")).send
    body = bytes(link.load.size)
    for _ in repeat(None, link.load.count):
        await send(body)
    await send(END)
    return {}


async def pull_batches_awaiting(link):
    if not link.batches:
        return await pull_awaiting(link)
    socket = link.socket("PULL")
    link.listen(socket)
    recv_many = socket.recv_many
    messages = await recv_many(BATCH)
    at_start = received = len(messages)
    start = time.monotonic_ns()
    while received <= link.load.count:
        messages = await recv_many(BATCH)
        received += len(messages)
    end = time.monotonic_ns()
    expect_end(messages, received, link.load)
    return {"first": start, "last": end, "received": received - at_start}


async def push_batches_awaiting(link):
    if not link.batches:
        return await push_awaiting(link)
    send_many = link.connect(link.socket("PUSH")).send_many
    for batch in batches(link.load):
        expect(await send_many(batch) == len(batch), "a batch was not sent whole")
    return {}


async def ask_awaiting(link):
    socket = link.connect(link.socket("REQ"))
    send, recv, clock = socket.send, socket.recv, time.perf_counter_ns
    body = bytes(link.load.size)
    for _ in repeat(None, warm_up(link.load)):
        await send(body)
        await recv()
    taken = []
    for _ in repeat(None, link.load.count):
        start = clock()
        await send(body)
        reply = await recv()
        taken.append(clock() - start)
    expect(reply == body, "the last reply is not what was sent")
    return latency(taken)


async def answer_awaiting(link):
    socket = link.socket("REP")
    link.listen(socket)
    send, recv = socket.send, socket.recv
    for _ in repeat(None, warm_up(link.load) + link.load.count):
        await send(await recv())
    return {}


def cases() -> Iterator[Case]:
    yield Case(
        "asyncio PUSH/PULL tcp 16 B",
        "tcp",
        (pull_awaiting, push_awaiting),
        Load(100_000),
        rate_metrics(12.0),
        throughput,
        kind="asyncio",
        in_asyncio=True,
        quick=True,
    )
    yield Case(
        "asyncio PUSH/PULL tcp 16 B in batches",
        "tcp",
        (pull_batches_awaiting, push_batches_awaiting),
        Load(100_000),
        UNBARRED_RATE,
        throughput,
        kind="asyncio batch",
        in_asyncio=True,
    )
    yield Case(
        "asyncio REQ/REP tcp 16 B",
        "tcp",
        (answer_awaiting, ask_awaiting),
        Load(2_000),
        ROUND_TRIP_METRICS,
        only_result,
        kind="asyncio latency",
        in_asyncio=True,
        quick=True,
        rounds_factor=3,
    )
