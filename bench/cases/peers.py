"""Many peers: one ROUTER with up to a hundred DEALERs, and many small sockets in one process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from itertools import repeat

from bench.cases.common import END, GO, UNBARRED_RATE, Case, Load, expect, throughput

WINDOW = 100
"""Messages that a DEALER sends before it takes the first reply: a ROUTER drops none of so few."""


def each(load: Load) -> int:
    """Messages of one peer."""
    return max(1, load.count // load.peers)


def gather(link, echo):
    load = link.load
    router = link.socket("ROUTER")
    link.listen(router)
    recv, send = router.recv_multipart, router.send_multipart
    peers = [recv()[0] for _ in range(load.peers)]
    tell_go(router, peers)
    count = each(load) * load.peers
    parts = recv()
    start = time.monotonic_ns()
    if echo:
        send(parts)
        for _ in repeat(None, count - 1):
            parts = recv()
            send(parts)
    else:
        for _ in repeat(None, count - 1):
            parts = recv()
    end = time.monotonic_ns()
    expect(len(parts[1]) == load.size, "the last message has the wrong size")
    tell_go(router, peers)
    for _ in peers:
        expect(recv()[1] == END, "messages were lost or duplicated")
    return {"first": start, "last": end, "received": count - 1}


def tell_go(router, peers) -> None:
    for peer in peers:
        router.send_multipart([peer, GO])


def deal(link, echo):
    """Send on all of this process's DEALERs in turn, from one start signal of the ROUTER's on.

    At the next one each sends its end marker, which comes too early if a message was lost.
    """
    load = link.load
    dealers = [link.connect(link.socket("DEALER")) for _ in range(load.peers // load.workers)]
    for dealer in dealers:
        dealer.send(b"hello")
    for dealer in dealers:
        expect(dealer.recv() == GO, "the first message is not the start signal")
    stream = exchange if echo else send_in_turn
    stream(dealers, bytes(load.size), each(load))
    for dealer in dealers:
        expect(dealer.recv() == GO, "there were more replies than messages")
        dealer.send(END)
    return {}


def send_in_turn(sockets, body, count):
    sends = [socket.send for socket in sockets]
    for _ in repeat(None, count):
        for send in sends:
            send(body)


def exchange(dealers, body, count):
    """Send with replies, of which each DEALER leaves WINDOW outstanding."""
    window = min(WINDOW, count)
    calls = [(dealer.send, dealer.recv) for dealer in dealers]
    send_in_turn(dealers, body, window)
    for _ in repeat(None, count - window):
        for send, recv in calls:
            recv()
            send(body)
    for _ in repeat(None, window):
        for _, recv in calls:
            expect(recv() == body, "a reply is not what was sent")


def serve_many(link):
    load = link.load
    sockets = [link.socket("PULL") for _ in range(load.peers)]
    poller = link.zmq.Poller()
    for socket in sockets:
        poller.register(socket, link.zmq.POLLIN)
    link.listen(*sockets)
    ends = received = 0
    start = None
    while ends < load.peers:
        for socket, _ in poller.poll():
            message = socket.recv()
            if start is None:
                start = time.monotonic_ns()
            if message == END:
                ends += 1
            else:
                received += 1
    end = time.monotonic_ns()
    expect(received == each(load) * load.peers, "messages were lost or duplicated")
    return {"first": start, "last": end, "received": received - 1}


def push_many(link):
    load = link.load
    sockets = [link.connect(link.socket("PUSH"), index) for index in range(load.peers)]
    send_in_turn(sockets, bytes(load.size), each(load))
    for socket in sockets:
        socket.send(END)
    return {}


PEERS = {1: 1, 10: 2, 100: 2}
"""DEALERs, and the processes that they are spread over."""


def cases() -> Iterator[Case]:
    for peers, workers in PEERS.items():
        for echo, back, count in ((False, "", 200_000), (True, " and back", 60_000)):
            yield Case(
                f"{peers} DEALER to ROUTER{back} tcp 16 B",
                "tcp",
                (partial(gather, echo=echo), *repeat(partial(deal, echo=echo), workers)),
                Load(count, peers=peers, workers=workers),
                UNBARRED_RATE,
                throughput,
                kind="echo" if echo else "peers",
            )
    yield Case(
        "200 PUSH to 200 PULL tcp 16 B",
        "tcp",
        (serve_many, push_many),
        Load(40_000, peers=200),
        UNBARRED_RATE,
        throughput,
        kind="many sockets",
    )
