"""ZMTP by hand: builders of its octets, and a plain socket that speaks them to zmqlite."""

import contextlib
import select
import socket as plain
import struct

from support import TIMEOUT

SIGNATURE = bytes.fromhex("ff 00 00 00 00 00 00 00 01 7f")


def greeting(major=3, minor=1, mechanism=b"NULL", as_server=0, filler=bytes(31)):
    head = SIGNATURE + bytes([major, minor]) + mechanism.ljust(20, b"\0")
    return head + bytes([as_server]) + filler


GREETING = greeting()


def frame(body=b"", *, more=False, command=False, long=False, reserved=0):
    flags = more | command << 2 | reserved
    if long or len(body) > 255:
        return struct.pack(">BQ", flags | 2, len(body)) + body
    return bytes([flags, len(body)]) + body


def frame_v1(body=b"", *, more=False, long=False):
    """A frame of ZMTP 1.0; its length counts the octet of the flags."""
    length = len(body) + 1
    if long or length > 254:
        return struct.pack(">BQB", 255, length, more) + body
    return bytes([length, more]) + body


def command(name, data=b""):
    return frame(bytes([len(name)]) + name + data, command=True)


def metadata(name, value):
    return bytes([len(name)]) + name + struct.pack(">I", len(value)) + value


def ready(socket_type, identity=None, extra=b""):
    known = metadata(b"Socket-Type", socket_type)
    if identity is not None:
        known += metadata(b"Identity", identity)
    return command(b"READY", known + extra)


class Peer:
    """One end of a TCP connection to zmqlite. Every wait ends after the time limit."""

    def __init__(self, connection):
        connection.settimeout(TIMEOUT)
        connection.setsockopt(plain.IPPROTO_TCP, plain.TCP_NODELAY, 1)
        self._connection = connection

    def send(self, octets):
        self._connection.sendall(octets)

    def send_bytewise(self, octets):
        for octet in octets:
            self._connection.sendall(bytes([octet]))

    def read(self, count):
        octets = b""
        while len(octets) < count:
            more = self._connection.recv(count - len(octets))
            assert more, f"zmqlite closed the connection after {octets!r}"
            octets += more
        return octets

    def read_frame(self):
        """(flags, body) of the next frame."""
        flags, size = self.read(2)
        if flags & 2:
            size = int.from_bytes(bytes([size]) + self.read(7), "big")
        return flags, self.read(size)

    def read_frame_v1(self):
        """(flags, body) of the next frame of ZMTP 1.0."""
        length = self.read(1)[0]
        if length == 255:
            length = int.from_bytes(self.read(8), "big")
        return self.read(1)[0], self.read(length - 1)

    def shake_hands(self, socket_type, hello=GREETING, **properties):
        """Greeting and READY each way; nothing may be sent before the other's READY is there."""
        self.send(hello + ready(socket_type, **properties))
        assert self.read(64)[12:32] == b"NULL".ljust(20, b"\0")
        flags, body = self.read_frame()
        assert flags & 4 and body.startswith(b"\x05READY")

    def hears_nothing(self, seconds):
        return not select.select([self._connection], [], [], seconds)[0]

    def wait_closed(self):
        """Wait until zmqlite has closed the connection; what it sent before that."""
        octets = b""
        with contextlib.suppress(ConnectionError):
            while more := self._connection.recv(65536):
                octets += more
        return octets

    def close(self):
        self._connection.close()
