"""Names of the times when Python 2 and 3 differed in their strings; each call warns of its age."""

from __future__ import annotations

import builtins
import warnings

bytes = builtins.bytes
unicode = str
basestring = (str,)


def cast_bytes(
    s: str | builtins.bytes, encoding: str = "utf8", errors: str = "strict"
) -> builtins.bytes:
    """`s` as bytes."""
    _check(s)
    return s.encode(encoding, errors) if isinstance(s, str) else s


def cast_unicode(s: str | builtins.bytes, encoding: str = "utf8", errors: str = "strict") -> str:
    """`s` as a str."""
    _check(s)
    return s if isinstance(s, str) else s.decode(encoding, errors)


b = asbytes = cast_bytes
u = cast_unicode


def _check(s: object) -> None:
    warnings.warn(
        "strtypes is deprecated: use str.encode and bytes.decode", DeprecationWarning, stacklevel=3
    )
    if not isinstance(s, (str, builtins.bytes)):
        raise TypeError(f"str or bytes are needed, not {s!r}")


__all__ = [
    "asbytes",
    "b",
    "basestring",
    "bytes",
    "cast_bytes",
    "cast_unicode",
    "u",
    "unicode",
]
