"""CURVE by hand: what either side says, one command at a time, out of PyNaCl's plain functions.

A command is made and taken as the body of its frame.
"""

import os
import typing

from nacl import bindings as sodium


class Keys(typing.NamedTuple):
    public: bytes
    secret: bytes


def keys_of(secret):
    return Keys(sodium.crypto_scalarmult_base(secret), secret)


def new_keys():
    return Keys(*sodium.crypto_box_keypair())


class Side:
    """One side of a connection. `number` is that of its last nonce; the next one is higher by 1."""

    def __init__(self, permanent, transient, random=os.urandom):
        self.permanent, self.transient, self.number = permanent, transient, 0
        self.their_transient = self._key = None
        self._random = random

    def seal(self, payload, flags=0):
        """A MESSAGE; `flags` are the inner ones: 1 more, 2 command."""
        return b"\x07MESSAGE" + self._box(self._sends, bytes([flags]) + payload)

    def open(self, message):
        """(inner flags, payload) of a MESSAGE."""
        assert message.startswith(b"\x07MESSAGE")
        plain = self._unbox(self._hears, message[8:])
        return plain[0], plain[1:]

    def _next_number(self):
        self.number += 1
        return self.number.to_bytes(8, "big")

    def _meet(self, their_transient):
        self.their_transient = their_transient
        self._key = sodium.crypto_box_beforenm(their_transient, self.transient.secret)

    def _box(self, purpose, plain):
        number = self._next_number()
        return number + sodium.crypto_box_afternm(plain, purpose + number, self._key)

    def _unbox(self, purpose, boxed):
        return sodium.crypto_box_open_afternm(boxed[8:], purpose + boxed[:8], self._key)


class Client(Side):
    _sends, _hears = b"CurveZMQMESSAGEC", b"CurveZMQMESSAGES"

    def __init__(self, server_key, permanent=None, transient=None, **how):
        super().__init__(permanent or new_keys(), transient or new_keys(), **how)
        self.server_key = server_key
        self.cookie = None

    def hello(self):
        number = self._next_number()
        nonce = b"CurveZMQHELLO---" + number
        proof = sodium.crypto_box(bytes(64), nonce, self.server_key, self.transient.secret)
        return b"\x05HELLO\x01\x00" + bytes(72) + self.transient.public + number + proof

    def hear_welcome(self, welcome):
        nonce, box = b"WELCOME-" + welcome[8:24], welcome[24:]
        plain = sodium.crypto_box_open(box, nonce, self.server_key, self.transient.secret)
        self._meet(plain[:32])
        self.cookie = plain[32:]

    def initiate(self, metadata, vouched=None):
        """`vouched`: the keys that the vouch confirms, in place of the right ones."""
        nonce = self._random(16)
        vouch = sodium.crypto_box(
            vouched or self.transient.public + self.server_key,
            b"VOUCH---" + nonce,
            self.their_transient,
            self.permanent.secret,
        )
        plain = self.permanent.public + nonce + vouch + metadata
        return b"\x08INITIATE" + self.cookie + self._box(b"CurveZMQINITIATE", plain)

    def hear_ready(self, ready):
        """The server's metadata."""
        assert ready.startswith(b"\x05READY"), ready
        return self._unbox(b"CurveZMQREADY---", ready[6:])


class Server(Side):
    _sends, _hears = b"CurveZMQMESSAGES", b"CurveZMQMESSAGEC"

    def __init__(self, permanent, transient=None, **how):
        super().__init__(permanent, transient or new_keys(), **how)
        self.client_key = None

    def hear_hello(self, hello):
        self._meet(hello[80:112])
        nonce, box = b"CurveZMQHELLO---" + hello[112:120], hello[120:]
        plain = sodium.crypto_box_open(box, nonce, self.their_transient, self.permanent.secret)
        assert plain == bytes(64)

    def welcome(self):
        cookie_key, cookie_nonce, nonce = (self._random(size) for size in (32, 16, 16))
        memory = self.their_transient + self.transient.secret
        box = sodium.crypto_secretbox(memory, b"COOKIE--" + cookie_nonce, cookie_key)
        plain = self.transient.public + cookie_nonce + box
        box = sodium.crypto_box(
            plain, b"WELCOME-" + nonce, self.their_transient, self.permanent.secret
        )
        return b"\x07WELCOME" + nonce + box

    def hear_initiate(self, initiate):
        """The client's metadata, once its vouch has been found good."""
        plain = self._unbox(b"CurveZMQINITIATE", initiate[105:])
        self.client_key, nonce, vouch = plain[:32], b"VOUCH---" + plain[32:48], plain[48:128]
        vouched = sodium.crypto_box_open(vouch, nonce, self.client_key, self.transient.secret)
        assert vouched == self.their_transient + self.permanent.public
        return plain[128:]

    def ready(self, metadata):
        return b"\x05READY" + self._box(b"CurveZMQREADY---", metadata)
