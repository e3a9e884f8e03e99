"""What type checkers must refuse: a needless `ignore` below is an error of its own."""

from __future__ import annotations

import zmqlite as zmq
import zmqlite.asyncio


def blocks(socket: zmq.Socket[bytes]) -> bytes:
    return socket.recv()


def wrong_arguments(socket: zmq.Socket[bytes]) -> None:
    socket.send("text is for send_string")  # type: ignore[call-overload]
    socket.send_string(b"bytes are for send")  # type: ignore[arg-type]
    socket.send_multipart(["text"])  # type: ignore[list-item]
    socket.get("LINGER")  # type: ignore[call-overload]
    socket.set(zmq.LINGER, "0")  # type: ignore[arg-type]
    socket.bind(5555)  # type: ignore[arg-type]
    zmq.Context().socket(zmq.SocketType)  # type: ignore[call-overload]
    socket.secure(b"whose key is this?")  # type: ignore[call-overload]
    socket.secure(b"secret", allow=[], server_key=b"")  # type: ignore[call-overload]
    socket.plain("user only")  # type: ignore[call-overload]


def wrong_results(socket: zmq.Socket[bytes]) -> list[str]:
    text: str = socket.recv()  # type: ignore[assignment]
    frame: zmq.Frame = socket.recv(copy=True)  # type: ignore[assignment]
    endpoint: str = socket.get(zmq.LAST_ENDPOINT)  # type: ignore[assignment]
    linger: bytes = socket.get(zmq.LINGER)  # type: ignore[assignment]
    return [text, str(frame), endpoint, str(linger)]


async def not_awaited(context: zmqlite.asyncio.Context) -> None:
    socket = context.socket(zmq.PULL)
    blocks(socket)  # type: ignore[arg-type]
    socket.recv().decode()  # type: ignore[attr-defined]
    (await socket.recv_string()).decode()  # type: ignore[attr-defined]
    await zmq.Context().socket(zmq.PULL).recv()  # type: ignore[misc]
