"""A broker between clients and the workers that are idle: ROUTER to ROUTER, with a poller."""

import threading
from typing import Any

from typing_extensions import assert_type

import zmqlite as zmq

CLIENTS = 3


def client(context: zmq.Context, name: bytes) -> None:
    with context.socket(zmq.REQ) as socket:
        socket.identity = name
        socket.connect("inproc://clients")
        socket.send(b"hello from " + name)
        assert socket.recv() == b"HELLO FROM " + name.upper()


def worker(context: zmq.Context) -> None:
    with context.socket(zmq.DEALER) as socket:
        socket.setsockopt(zmq.IDENTITY, b"worker")
        socket.connect("inproc://workers")
        socket.send_multipart([b"", b"READY"])
        while True:
            message = socket.recv_multipart()
            if message == [b"", b"STOP"]:
                return
            *envelope, request = message
            socket.send_multipart([*envelope, request.upper()])


def broker(frontend: zmq.Socket, backend: zmq.Socket) -> None:
    poller = zmq.Poller()
    poller.register(backend, zmq.POLLIN)
    idle: list[bytes] = []
    left = CLIENTS
    while left:
        events: dict[Any, int] = dict(poller.poll(timeout=10_000))
        if backend in events:
            name, _, *reply = backend.recv_multipart()
            assert_type(name, bytes)
            idle.append(name)
            if reply != [b"READY"]:
                frontend.send_multipart(reply)
                left -= 1
            poller.register(frontend, zmq.POLLIN)
        if events.get(frontend, 0) & zmq.POLLIN:
            backend.send_multipart([idle.pop(), b"", *frontend.recv_multipart()])
            if not idle:
                poller.unregister(frontend)
    backend.send_multipart([idle.pop(), b"", b"STOP"])


def main() -> None:
    context = zmq.Context()
    frontend = context.socket(zmq.ROUTER)
    backend = context.socket(zmq.ROUTER)
    frontend.bind("inproc://clients")
    backend.bind("inproc://workers")
    threads = [threading.Thread(target=worker, args=(context,))]
    threads += [
        threading.Thread(target=client, args=(context, b"client %d" % number))
        for number in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    broker(frontend, backend)
    for thread in threads:
        thread.join()
    context.destroy()


if __name__ == "__main__":
    main()
