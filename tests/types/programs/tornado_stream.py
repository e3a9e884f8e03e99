"""A server with callbacks and a client with coroutines, in Tornado's loop."""

from __future__ import annotations

import asyncio

from tornado.ioloop import IOLoop
from typing_extensions import assert_type

import zmqlite as zmq
from zmqlite.eventloop.future import Context
from zmqlite.eventloop.zmqstream import ZMQStream


class Echo:
    """Answers each message with itself."""

    def __init__(self, socket: zmq.Socket[bytes]) -> None:
        self.stream = ZMQStream(socket, IOLoop.current())
        self.stream.on_recv(self.answer)
        self.count = 0

    def answer(self, parts: list[bytes]) -> None:
        self.count += 1
        self.stream.send_multipart([*parts, b"%d" % self.count])


async def run() -> None:
    context = zmq.Context()
    echo = Echo(context.socket(zmq.ROUTER))
    port = echo.stream.bind_to_random_port("tcp://127.0.0.1")
    futures = Context()
    with futures.socket(zmq.DEALER) as client:
        client.connect(f"tcp://127.0.0.1:{port}")
        await client.send(b"hello")
        reply = await client.recv_multipart()
        assert_type(reply, list[bytes])
        assert reply == [b"hello", b"1"]
    echo.stream.close(linger=0)
    assert echo.stream.closed()
    futures.term()
    context.term()


def main() -> None:
    asyncio.run(run())


if __name__ == "__main__":
    main()
