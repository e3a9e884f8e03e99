"""Two subscriptions at once in asyncio: a Poller, time-outs, a blocking socket made async."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from typing_extensions import assert_type

import zmqlite as zmq
from zmqlite.asyncio import Context, Poller, Socket


async def collect(sockets: list[Socket]) -> dict[int, bytes]:
    poller = Poller()
    for socket in sockets:
        poller.register(socket, zmq.POLLIN)
    collected: dict[int, bytes] = {}
    while len(collected) < len(sockets):
        events = dict(await poller.poll(timeout=10_000))
        for index, socket in enumerate(sockets):
            if socket in events:
                collected[index] = await socket.recv(zmq.DONTWAIT)
    return collected


async def run() -> None:
    with Context.instance() as context:
        assert_type(context, Context)
        sockets = [context.socket(zmq.PULL) for _ in range(2)]
        for index, socket in enumerate(sockets):
            socket.bind(f"inproc://poller-{index}")
        collecting = asyncio.create_task(collect(sockets))

        blocking: zmq.Socket[bytes] = context.socket(zmq.PUSH, socket_class=zmq.Socket)
        blocking.connect("inproc://poller-0")
        blocking.send(b"zero")
        sender = context.socket(zmq.PUSH)
        sender.connect("inproc://poller-1")
        await sender.send(b"one")
        assert await collecting == {0: b"zero", 1: b"one"}

        receiver = sockets[0]
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(receiver.recv_multipart(), timeout=0.01)
        wrapped = Socket.from_socket(blocking)
        assert_type(wrapped, Socket)
        await wrapped.send(b"kept")
        assert await receiver.recv() == b"kept"
        for socket in (*sockets, sender):
            socket.close()
        blocking.close()


def main() -> None:
    asyncio.run(run())


if __name__ == "__main__":
    main()
