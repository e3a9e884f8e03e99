"""CURVE's keys, and where its cryptography comes from: libsodium, as PyNaCl ships it.

The core calls libsodium's functions itself, at addresses that are taken out of PyNaCl's module when
CURVE is used for the first time.
"""

from __future__ import annotations

import struct
from typing import Any

from . import _core
from .constants import Errno
from .error import ZMQError
from .utils import z85

KEY_SIZE = 32
KEY_TEXT = 40  # in Z85


def load() -> None:
    """Give libsodium's functions to the core; ENOTSUP if PyNaCl is not installed."""
    try:
        # This has libsodium choose its implementations for the processor.
        import nacl.bindings  # noqa: F401
        from nacl._sodium import ffi, lib  # type: ignore[import-not-found]
    except ImportError as error:
        raise ZMQError(Errno.ENOTSUP, "CURVE needs PyNaCl: pip install PyNaCl") from error
    _core.use_crypto(
        {
            name: int(ffi.cast("uintptr_t", ffi.addressof(lib, name)))
            for name in _core.crypto_functions()
        }
    )


def curve_keypair() -> tuple[bytes, bytes]:
    """A new public and secret key, each of 40 bytes in Z85."""
    load()
    from nacl.bindings import crypto_box_keypair

    public, secret = crypto_box_keypair()
    return z85.encode(public), z85.encode(secret)


def curve_public(secret_key: bytes | str) -> bytes:
    """The public key, in Z85, of a secret one that is given so or as 32 bytes.

    ValueError if it is none.
    """
    octets = key_octets(secret_key, "a CURVE key")
    load()
    from nacl.bindings import crypto_scalarmult_base

    return z85.encode(crypto_scalarmult_base(octets))


def key_octets(key: Any, name: str) -> bytes:
    """The 32 bytes of a key that is given so, or as 40 characters in Z85.

    TypeError and ValueError call it by this name; they do not show it, as it may be a secret.
    """
    if not isinstance(key, (bytes, str)):
        raise TypeError(
            f"{name} must be bytes or a str, not an object of type {type(key).__name__}"
        )
    if isinstance(key, bytes) and len(key) == KEY_SIZE:
        return key
    if len(key) != KEY_TEXT:
        raise ValueError(f"{name} has {KEY_TEXT} ASCII characters in Z85, not {len(key)}")
    try:
        return z85.decode(key)
    except (ValueError, KeyError, struct.error):
        raise ValueError(f"{name} has {KEY_TEXT} ASCII characters in Z85, not others") from None
