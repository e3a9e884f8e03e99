"""The two ends of an interop run, for whichever library is given as `zmq`.

zmqlite runs one end in the test, pyzmq the other in a child process; both use these functions.
Messages are numbered and carry a checksum; the receiver insists on each of them, in order. The
ends also have a line to each other beside the sockets: `say(text)` and `heard()`.
"""

import struct
import zlib

NOISE = bytes(number * 7 % 251 for number in range(251)) * ((8 << 20) // 251 + 2)

SIZES = (0, 1, 2, 63, 64, 255, 256, 257, 4095, 8191, 8192, 8193, 65535, 65536, 1 << 20, 8 << 20)

HEAD = struct.Struct(">II")

TIMEOUT_MS = 30_000

END_OF_PROBES = b"end of probes"


def open_socket(zmq, context, kind, bind, address):
    """A socket without limits, bound or connected; and the address that a peer connects to."""
    made = context.socket(getattr(zmq, kind))
    for option in (zmq.SNDTIMEO, zmq.RCVTIMEO):
        made.set(option, TIMEOUT_MS)
    for option in (zmq.SNDHWM, zmq.RCVHWM):
        made.set(option, 0)
    made.set(zmq.ROUTING_ID, _name(kind))
    if kind == "SUB":
        made.subscribe(b"")
    elif kind == "XSUB":
        made.send(b"\x01")
    if bind:
        made.bind(address)
        address = made.get(zmq.LAST_ENDPOINT).decode()
    else:
        made.connect(address)
    return made, address


def _name(kind):
    return b"name of a " + kind.encode()


def numbered(count):
    """Messages of one frame, every eighth of three."""
    for number in range(count):
        size = number % 61
        body = NOISE[size : 2 * size]
        head = HEAD.pack(number, zlib.crc32(body))
        yield [head + body] if number % 8 else [head, b"", body]


def sweep():
    """Messages of all sizes: a frame each, and all of them in one message."""
    bodies = [[NOISE[:size]] for size in SIZES] + [[NOISE[:size] for size in SIZES], [b"", b""]]
    for number, frames in enumerate(bodies):
        yield [HEAD.pack(number, zlib.crc32(b"".join(frames))), *frames]


def send(socket, kind, messages, heard):
    """Wait for the receiver where the type would drop messages otherwise, then send them all."""
    if kind in ("XPUB", "ROUTER"):
        socket.recv_multipart()
    elif kind == "PUB":
        while not heard():
            socket.send(b"probe")
        socket.send(END_OF_PROBES)
    if kind == "ROUTER":
        messages = ([_name("DEALER"), *parts] for parts in messages)
    for parts in messages:
        if len(parts) == 1:
            socket.send(parts[0])
        else:
            socket.send_multipart(parts)
        if kind == "REQ" and socket.recv_multipart() != parts:
            raise AssertionError("the answer is not the question")


def receive(socket, kind, messages, say):
    """Let the sender begin, then take all messages; raise at the first that is not as due."""
    if kind == "DEALER":
        socket.send(b"here I am")
    elif kind == "SUB":
        socket.recv()
        say("a probe has arrived")
        while socket.recv() != END_OF_PROBES:
            pass
    for due in messages:
        parts = socket.recv_multipart()
        if kind == "ROUTER" and parts.pop(0) != _name("DEALER"):
            raise AssertionError("not the name of the peer")
        if parts != due:
            raise AssertionError(_difference(parts, due))
        if kind == "REP":
            socket.send_multipart(parts)


def _difference(parts, due):
    """What is wrong with a message, by its number, its checksum and its shape."""
    got, expected = (
        (*HEAD.unpack_from(message[0].ljust(HEAD.size)), [len(part) for part in message])
        for message in (parts, due)
    )
    return f"(number, checksum, sizes) are {got}, due are {expected}"
