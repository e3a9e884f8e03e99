"""A client asks a server in JSON, and with pickled objects."""

from __future__ import annotations

import threading
from typing import Any

from typing_extensions import assert_type

import zmqlite as zmq


def serve(socket: zmq.Socket[bytes]) -> None:
    while True:
        question: dict[str, Any] = socket.recv_json()
        if question["op"] == "stop":
            socket.send_pyobj(("stopped", 1.5), protocol=4)
            return
        socket.send_json({"sum": sum(question["numbers"])}, separators=(",", ":"))


def ask(socket: zmq.Socket, numbers: list[int]) -> int:
    socket.send_json({"op": "add", "numbers": numbers}, flags=0)
    if not socket.poll(10_000):
        raise TimeoutError("no answer")
    answer = socket.recv_json()
    return int(answer["sum"])


def main() -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context(io_threads=1)
    server = context.socket(zmq.REP)
    server.bind("inproc://sums")
    thread = threading.Thread(target=serve, args=(server,))
    thread.start()

    client = context.socket(zmq.REQ)
    client.connect("inproc://sums")
    assert ask(client, [1, 2, 3]) == 6
    assert_type(client.send_string('{"op": "stop"}', encoding="utf-8"), "zmq.MessageTracker | None")
    assert client.recv_pyobj() == ("stopped", 1.5)
    thread.join()
    context.destroy(linger=0)


if __name__ == "__main__":
    main()
