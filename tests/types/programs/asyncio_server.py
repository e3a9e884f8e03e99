"""A server and its clients as tasks of one event loop."""

from __future__ import annotations

import asyncio
from typing import Any

from typing_extensions import assert_type

import zmqlite as zmq
from zmqlite.asyncio import Context, Socket


async def serve(socket: Socket) -> None:
    while True:
        parts = await socket.recv_multipart()
        assert_type(parts, list[bytes])
        *envelope, request = parts
        if request == b"stop":
            return
        await socket.send_multipart([*envelope, request[::-1]])


async def ask(context: Context, address: str, number: int) -> bytes:
    with context.socket(zmq.REQ) as socket:
        assert_type(socket, Socket)
        socket.connect(address)
        await socket.send(b"%03d" % number)
        reply = await asyncio.wait_for(socket.recv(), timeout=10)
        assert_type(reply, bytes)
        return reply


async def talk(context: Context) -> None:
    """What is made of `send` and `recv` is awaited too."""
    one, other = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
    with one.bind("inproc://talk"), other.connect("inproc://talk"):
        await one.send_string("text")
        text = await other.recv_string()
        assert_type(text, str)
        await one.send_json({"a": 1})
        record: dict[str, Any] = await other.recv_json()
        await one.send_pyobj([text, record])
        assert await other.recv_pyobj() == ["text", {"a": 1}]
        await one.send(b"frame", copy=False)
        frame = await other.recv(copy=False)
        assert_type(frame, zmq.Frame)
        await one.send_multipart([frame, b"more"])
        assert await other.recv_serialized(lambda parts: parts[1]) == b"more"
        assert await other.poll(0) == 0
    one.close()
    other.close()


async def run() -> None:
    context = Context()
    server = context.socket(zmq.ROUTER)
    port = server.bind_to_random_port("tcp://127.0.0.1")
    serving = asyncio.create_task(serve(server))
    address = f"tcp://127.0.0.1:{port}"
    replies = await asyncio.gather(*(ask(context, address, number) for number in range(5)))
    assert replies == [b"000", b"100", b"200", b"300", b"400"]
    stopper = context.socket(zmq.DEALER)
    stopper.connect(address)
    stopped: asyncio.Future[Any] = asyncio.ensure_future(stopper.send(b"stop"))
    await asyncio.gather(stopped, serving)
    await talk(context)
    context.destroy(linger=0)


def main() -> None:
    asyncio.run(run())


if __name__ == "__main__":
    main()
