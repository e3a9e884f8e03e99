"""Options of every kind, by `get` and `set` and as attributes."""

from __future__ import annotations

from typing import Any

from typing_extensions import assert_type

import zmqlite as zmq

LINGER = 250


def settings(socket: zmq.Socket[bytes], options: list[zmq.SocketOption]) -> dict[str, Any]:
    return {option.name: socket.get(option) for option in options}


def main() -> None:
    context = zmq.Context()
    context.set(zmq.MAX_SOCKETS, 100)
    assert_type(context.get(zmq.MAX_SOCKETS), int)
    context.setsockopt(zmq.RCVHWM, 77)
    context.sndtimeo = 1000

    socket = context.socket(zmq.DEALER)
    assert_type(socket.type, zmq.SocketType)
    # int
    socket.set(zmq.LINGER, LINGER)
    assert_type(socket.get(zmq.LINGER), int)
    assert socket.getsockopt(zmq.LINGER) == socket.linger == socket.LINGER == LINGER
    assert socket.rcvhwm == 77 and socket.sndtimeo == 1000
    # int64
    socket.setsockopt(zmq.MAXMSGSIZE, 2**40)
    assert_type(socket.getsockopt(zmq.MAXMSGSIZE), int)
    # bytes
    socket.setsockopt(zmq.ROUTING_ID, b"me")
    identity = socket.getsockopt(zmq.IDENTITY)
    assert_type(identity, bytes)
    socket.set_string(zmq.ROUTING_ID, identity.decode() + "!", encoding="ascii")
    assert_type(socket.get_string(zmq.ROUTING_ID), str)
    socket.identity = b"you"
    # file descriptor
    assert_type(socket.get(zmq.FD), int)
    assert socket.fileno() == socket.FD == socket.get(zmq.FD)
    # flags
    assert_type(zmq.POLLIN | zmq.POLLOUT, zmq.PollEvent)
    assert not socket.get(zmq.EVENTS) & zmq.POLLIN

    socket.hwm = 5
    assert_type(socket.get_hwm(), int)
    assert settings(socket, [zmq.SNDHWM, zmq.RCVHWM]) == {"SNDHWM": 5, "RCVHWM": 5}
    assert zmq.SocketOption(zmq.TYPE).name == "TYPE"
    # A constant may go into a variable of its enum.
    kind = zmq.PUSH
    if socket.type == zmq.DEALER:
        kind = zmq.PULL
    with context.socket(kind) as other:
        assert other.type == zmq.PULL
    socket.close()
    context.term()


if __name__ == "__main__":
    main()
