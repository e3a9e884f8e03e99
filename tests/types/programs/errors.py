"""What goes wrong, told apart by class and by errno."""

from __future__ import annotations

import errno

from typing_extensions import assert_type

import zmqlite as zmq


def receive(socket: zmq.Socket[bytes]) -> bytes | None:
    try:
        return socket.recv(flags=zmq.NOBLOCK)
    except zmq.Again as error:
        assert error.errno == zmq.EAGAIN
        return None


def why_it_cannot_bind(socket: zmq.Socket[bytes], address: str) -> int | None:
    try:
        socket.bind(address)
    except zmq.ZMQError as error:
        assert_type(error.errno, "int | None")
        assert_type(error.strerror, str)
        assert error.errno is not None and zmq.strerror(error.errno)
        return error.errno
    return None


def main() -> None:
    context = zmq.Context()
    socket = context.socket(zmq.PULL)
    assert receive(socket) is None
    socket.setsockopt(zmq.RCVTIMEO, 1)
    try:
        socket.recv_multipart()
    except zmq.error.Again as error:
        assert isinstance(error, zmq.ZMQError)

    port = socket.bind_to_random_port("tcp://127.0.0.1", min_port=20_000, max_port=30_000)
    with context.socket(zmq.PULL) as other:
        assert why_it_cannot_bind(other, f"tcp://127.0.0.1:{port}") == errno.EADDRINUSE
        assert why_it_cannot_bind(other, "carrier-pigeon://roof") == zmq.EPROTONOSUPPORT
        try:
            other.bind_to_random_port("tcp://127.0.0.1", port, port + 1, max_tries=1)
        except zmq.ZMQBindError as error:
            assert isinstance(error, zmq.ZMQBaseError)
        try:
            other.send(b"not from here")
        except zmq.ZMQError as error:
            assert error.errno == zmq.ENOTSUP

    frame = zmq.Frame(b"x" * 100_000, track=True, copy=False)
    try:
        zmq.MessageTracker(frame).wait(timeout=0)
    except zmq.NotDone as error:
        assert isinstance(error, zmq.ZMQBaseError)

    socket.close()
    try:
        socket.recv()
    except zmq.ZMQError as error:
        assert error.errno == zmq.ENOTSOCK
    context.term()


if __name__ == "__main__":
    main()
