"""The least of ZMTP 3.0 that makes a plain socket a DEALER, so that a row's peers weigh nothing."""

from __future__ import annotations

import socket

GREETING = b"\xff" + bytes(8) + b"\x7f" + b"\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
COMMAND = 0x04
_TYPE = b"\x0bSocket-Type" + (6).to_bytes(4, "big") + b"DEALER"


def frame(body: bytes, flags: int = 0) -> bytes:
    """A frame of at most 255 bytes."""
    return bytes((flags, len(body))) + body


READY = frame(b"\x05READY" + _TYPE, COMMAND)


class PlainDealer:
    """A TCP socket that behaves like a DEALER.

    Its part of the handshake goes out at once; that of the peer is awaited by the first `send`, as
    libzmq takes a message that overtakes its own for a fault.
    """

    def __init__(self, address: tuple[str, int]):
        self._socket = socket.create_connection(address)
        self._socket.sendall(GREETING + READY)
        self._greeted = False

    def send(self, message: bytes) -> None:
        if not self._greeted:
            self._exactly(len(GREETING))
            self._frame()  # the peer's READY
            self._greeted = True
        self._socket.sendall(frame(message))

    def recv(self) -> bytes:
        """The next message, of one frame."""
        return self._frame()

    def close(self) -> None:
        self._socket.close()

    def _frame(self) -> bytes:
        _flags, size = self._exactly(2)
        return self._exactly(size)

    def _exactly(self, size: int) -> bytes:
        data = self._socket.recv(size, socket.MSG_WAITALL)
        if len(data) < size:
            raise ConnectionError("the peer has closed the connection")
        return data
