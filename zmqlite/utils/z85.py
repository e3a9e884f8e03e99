"""Z85 (RFC 32): four bytes as five printable characters. Text form of CURVE keys."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer

Z85CHARS = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
Z85MAP = {char: digit for digit, char in enumerate(Z85CHARS)}

_BASE = 85
_WORD, _GROUP = 4, 5
_WEIGHTS = [_BASE**power for power in reversed(range(_GROUP))]


def encode(rawbytes: Buffer) -> bytes:
    """The text of bytes, whose count must be a multiple of 4 (else ValueError)."""
    raw = memoryview(rawbytes).cast("B")
    if len(raw) % _WORD:
        raise ValueError(f"only a multiple of {_WORD} bytes can be encoded, not {len(raw)}")
    words = struct.unpack(f">{len(raw) // _WORD}I", raw)
    return bytes(Z85CHARS[word // weight % _BASE] for word in words for weight in _WEIGHTS)


def decode(z85bytes: str | Buffer) -> bytes:
    """The bytes of a text.

    ValueError if its length is no multiple of 5 or it is not ASCII; KeyError if a character is
    none of the 85; struct.error if five of them are more than 32 bits.
    """
    text = z85bytes.encode("ascii") if isinstance(z85bytes, str) else memoryview(z85bytes).cast("B")
    if len(text) % _GROUP:
        raise ValueError(f"a text has a multiple of {_GROUP} characters, not {len(text)}")
    digits = [Z85MAP[char] for char in text]
    words = (
        sum(digit * weight for digit, weight in zip(digits[start:], _WEIGHTS, strict=False))
        for start in range(0, len(digits), _GROUP)
    )
    return struct.pack(f">{len(text) // _GROUP}I", *words)


__all__ = ["Z85CHARS", "Z85MAP", "decode", "encode"]
