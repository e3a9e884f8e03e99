"""Writes the inputs that the fuzzers begin with: python seeds.py FOLDER.

A handshake's input is a script (between.h): how the sides are, then what is done to each thing they
say. A stream's input is its form, its limit, how it is cut into portions, and the stream.
"""

import struct
import sys
from pathlib import Path

PASS, FLIP, SPLICE, MEND, DOUBLE, SWALLOW, SLOWLY = (bytes([n]) for n in range(7))
MORE, LONG, COMMAND = 1, 2, 4
MEND_BIG = SPLICE + struct.pack(">HHB", 20, 0, 255) + b"x" * 255 + MEND
UTTERANCES = 10


def splice(at, gone, text):
    return SPLICE + struct.pack(">HHB", at, gone, len(text)) + text


MEDDLING = [
    FLIP + b"\0\0\x01",
    FLIP + b"\0\x05\x80",
    FLIP + b"\0\x50\x01",
    splice(0, 0, b"\x00") + MEND,
    splice(2, 1, b"") + MEND,
    splice(30, 1000, b"") + MEND,
    splice(30, 1000, b""),
    splice(0, 1000, b"\x04\x0a\x05ERROR\x03400"),
    splice(0, 1000, b"\x04\x09^RROR\x03500"),
    splice(0, 1000, b"\xff\0\0\0\0\0\0\0\x01\x7f\x01\x05\0\x02me"),
    splice(0, 1000, b"\x03\0me"),
    splice(0, 1000, b"\xff" + b"\0" * 8 + b"\x7f\x03\x00PLAIN" + b"\0" * 47),
    MEND_BIG,
    DOUBLE,
    SWALLOW,
    SLOWLY + b"\x00",
    SLOWLY + b"\x06",
]


def handshakes(setups, tail=b""):
    """Everything passes; or each kind of meddling with each thing that is said."""
    for setup in setups:
        yield setup + PASS * (UTTERANCES + 4) + tail
        for status in range(1, 4):
            yield setup + bytes([0] * UTTERANCES + [status] * 4)
        for said in range(UTTERANCES):
            for meddling in MEDDLING:
                yield setup + PASS * said + meddling + PASS * 6 + tail


def frame(body, flags=0):
    if len(body) > 255:
        return struct.pack(">BQ", flags | LONG, len(body)) + body
    return bytes([flags, len(body)]) + body


def old_frame(body, more=0):
    if len(body) > 253:
        return struct.pack(">BQB", 255, len(body) + 1, more) + body
    return bytes([len(body) + 1, more]) + body


def sealed(number, body, flags=0):
    return frame(b"\x07MESSAGE" + struct.pack(">Q", number) + bytes(16) + bytes([flags]) + body)


PING = b"\x04PING\0\x01context"
BODIES = [b"", b"x", b"text" * 5, b"y" * 255, b"z" * 256, b"w" * 600]
PLAIN_STREAM = b"".join(frame(b, MORE * (i % 2)) for i, b in enumerate(BODIES))
STREAMS = {
    0: [PLAIN_STREAM, frame(PING, COMMAND) + PLAIN_STREAM, frame(b"\x09SUBSCRIBEtopic", COMMAND)],
    1: [PLAIN_STREAM, frame(b"\x04PING", COMMAND), b"\x02" + b"\xff" * 8],
    2: [PLAIN_STREAM, frame(PING, COMMAND)],
    3: [b"".join(old_frame(b, i % 2) for i, b in enumerate(BODIES)), b"\0\0", b"\xff" * 10],
    4: [b"GET / HTTP/1.1\r\n\r\n"],
    5: [
        b"".join(sealed(3 + i, b, i % 4) for i, b in enumerate([*BODIES, PING])),
        sealed(9, PING, 2) + sealed(9, b"again"),
        frame(b"\x07MESSAGE"),
    ],
}


def streams():
    for form, several in STREAMS.items():
        for stream in several:
            for limit in range(4):
                yield bytes([form, limit, 0]) + stream
                yield bytes([form, limit, 6]) + stream


CORPORA = {
    "null": lambda: handshakes([bytes([7, 8]), bytes([0x75, 0x16]), bytes([0x83, 0x54])]),
    "plain": lambda: handshakes([b"\x54nameword", b"\0"]),
    "curve": lambda: handshakes(
        [b"\0", b"\1"], b"\x10abcd" + PASS + b"\x11abcd" + FLIP + b"\0\x10\1" + PASS
    ),
    "frames": streams,
}


def main(folder):
    for name, inputs in CORPORA.items():
        place = Path(folder) / name
        place.mkdir(parents=True, exist_ok=True)
        for i, octets in enumerate(inputs()):
            (place / f"{i:04}").write_bytes(octets)


if __name__ == "__main__":
    main(sys.argv[1])
