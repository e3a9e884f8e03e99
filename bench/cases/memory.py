"""Memory: what an idle connection holds, and what a backlog that nobody reads holds."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path

from bench.cases.common import END, GO, PYOMQ_BAR, Case, Load, Metric, expect, only_result
from bench.zmtp import PlainDealer

STATM = Path("/proc/self/statm")
SETTLING = 0.2  # seconds without a change after which memory has settled
SPARE_DESCRIPTORS = 100
MARK = 1_000_000  # messages: never reached; 0 does not mean "no mark" to all contestants


def resident_bytes() -> int:
    """Of this process, once nothing in it grows or shrinks any more."""
    expect(STATM.exists(), "resident memory is only read on Linux")
    pages, before = -1, None
    while pages != before:
        before = pages
        time.sleep(SETTLING)
        pages = int(STATM.read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def hold_connections(link):
    load = link.load
    make_room_for_descriptors(load.count)
    router = link.socket("ROUTER")
    link.listen(router)
    first, hello = router.recv_multipart()
    before = resident_bytes()
    router.send_multipart([first, GO])
    for _ in repeat(None, load.count):
        _, message = router.recv_multipart()
        expect(message == hello, "a message is not what was sent")
    grown = resident_bytes() - before
    router.send_multipart([first, END])
    return {"bytes": grown / load.count}


def open_connections(link):
    """All say hello once; the first one is there before the others, and hears when to go on."""
    load = link.load
    make_room_for_descriptors(load.count)
    address, hello = link.address(), bytes(load.size)
    first = PlainDealer(address)
    first.send(hello)
    expect(first.recv() == GO, "the start signal is not what was sent")
    others = []
    for _ in repeat(None, load.count):
        others.append(PlainDealer(address))
        others[-1].send(hello)
    expect(first.recv() == END, "the end marker is not what was sent")
    for dealer in (first, *others):
        dealer.close()
    return {}


def make_room_for_descriptors(count: int) -> None:
    wanted = count + SPARE_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        allowed = hard == resource.RLIM_INFINITY or hard >= wanted
        expect(allowed, f"{wanted} descriptors are needed, {hard} allowed")
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def let_pile_up(link):
    load = link.load
    backlog = link.socket("PULL", RCVHWM=MARK)
    sender = link.socket("REP")
    link.listen(backlog, sender)
    backlog.recv()
    before = resident_bytes()
    expect(sender.recv() == GO, "the sender's first signal is not what was sent")
    sender.send(GO)
    expect(sender.recv() == END, "the sender's second signal is not what was sent")
    grown = resident_bytes() - before
    sender.send(END)
    for _ in repeat(None, load.count):
        message = backlog.recv()
    expect(len(message) == load.size, "the last message has the wrong size")
    expect(backlog.recv() == END, "messages were lost or duplicated")
    return {"bytes": grown}


def pile_up(link):
    """Says when it is about to send, and when all is sent and the memory has settled."""
    load = link.load
    send = link.connect(link.socket("PUSH", SNDHWM=MARK)).send
    receiver = link.connect(link.socket("REQ"), 1)
    body = bytes(load.size)
    send(body)
    receiver.send(GO)
    receiver.recv()
    before = resident_bytes()
    for _ in repeat(None, load.count):
        send(body)
    send(END)
    grown = resident_bytes() - before
    receiver.send(END)
    receiver.recv()
    return {"bytes": grown}


def by_message(load: Load, results: list[dict], _cpu: list[float]) -> dict[str, float]:
    return {"bytes": sum(result["bytes"] for result in results) / load.count}


def cases() -> Iterator[Case]:
    yield Case(
        "idle connections to a ROUTER tcp",
        "tcp",
        (hold_connections, open_connections),
        Load(5_000),
        (Metric("bytes", "B each", False, {"pyzmq": 5.0, "pyomq": PYOMQ_BAR}),),
        only_result,
        kind="memory",
    )
    yield Case(
        "backlog PUSH/PULL tcp 100 B",
        "tcp",
        (let_pile_up, pile_up),
        Load(100_000, 100),
        (Metric("bytes", "B each", False, {}),),
        by_message,
        kind="backlog",
    )
