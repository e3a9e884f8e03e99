"""CURVE's keys, and where its cryptography comes from: libsodium, as PyNaCl ships it.

The core calls libsodium's functions itself, at addresses that are taken out of PyNaCl's module when
CURVE is used for the first time.
"""

from __future__ import annotations

from . import _core
from .constants import Errno
from .error import ZMQError
from .utils import z85

_KEY_SIZE = 32
_KEY_TEXT = 40  # in Z85

def load() -> None:
    """Give libsodium's functions to the core; ENOTSUP if PyNaCl is not installed."""
    try:
        from nacl._sodium import ffi, lib  # type: ignore[import-not-found]
    except ImportError as error:
        raise ZMQError(Errno.ENOTSUP, "CURVE needs PyNaCl: pip install PyNaCl") from error
    _core.use_crypto(
        {name: int(ffi.cast("uintptr_t", ffi.addressof(lib, name))) for name in _core.crypto_functions()}
    )


def curve_keypair() -> tuple[bytes, bytes]:
    """A new public and secret key, each of 40 bytes in Z85."""
    load()
    from nacl.bindings import crypto_box_keypair

    public, secret = crypto_box_keypair()
    return z85.encode(public), z85.encode(secret)


def curve_public(secret_key: bytes | str) -> bytes:
    """The public key of a secret one, both of 40 characters in Z85; ValueError if it is none."""
    text = secret_key.encode("ascii") if isinstance(secret_key, str) else bytes(secret_key)
    if len(text) != _KEY_TEXT:
        raise ValueError(f"a CURVE key has {_KEY_TEXT} characters in Z85, not {len(text)}")
    load()
    from nacl.bindings import crypto_scalarmult_base

    return z85.encode(crypto_scalarmult_base(z85.decode(text)))
