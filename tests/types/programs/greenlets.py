"""A server and clients as greenlets of gevent."""

from __future__ import annotations

from gevent.pool import Pool
from typing_extensions import assert_type

import zmqlite.green as zmq


def serve(socket: zmq.Socket, count: int) -> None:
    for _ in range(count):
        name, empty, body = socket.recv_multipart()
        assert_type(body, bytes)
        socket.send_multipart([name, empty, body.upper()])


def ask(context: zmq.Context, port: int, text: str) -> str:
    with context.socket(zmq.REQ) as socket:
        socket.connect(f"tcp://127.0.0.1:{port}")
        socket.send_string(text)
        poller = zmq.Poller()
        poller.register(socket, zmq.POLLIN)
        assert dict(poller.poll(10_000)) == {socket: zmq.POLLIN}
        return socket.recv_string()


def main() -> None:
    context = zmq.Context()
    server = context.socket(zmq.ROUTER)
    port = server.bind_to_random_port("tcp://127.0.0.1")
    pool = Pool()
    pool.spawn(serve, server, 3)
    answers = pool.map(lambda text: ask(context, port, text), ["a", "b", "c"])
    assert answers == ["A", "B", "C"]
    pool.join(timeout=10, raise_error=True)
    server.close()
    context.term()


if __name__ == "__main__":
    main()
