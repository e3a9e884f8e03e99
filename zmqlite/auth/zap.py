"""ZAP (RFC 27) as an authenticator meets it: the questions of server sockets, and the answers.

A server socket asks at `inproc://zeromq.zap.01` before it lets a client in.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from ..curve import KEY_SIZE
from ..utils import z85

ENDPOINT = "inproc://zeromq.zap.01"

VERSION = b"1.0"
FRAMES = 6
"""Of a question without credentials: version, id, domain, address, identity, mechanism."""


class Refusal(Exception):
    """The client is not let in; the text says why, to the server alone."""

    status = b"400"

    def __str__(self) -> str:
        return super().__str__() or "refused"


class TryAgain(Refusal):
    """The client is not let in now. It does not hear of it, and tries again by itself."""

    status = b"300"


class Failure(Refusal):
    """The client is not let in, as it cannot be told whether it may come in."""

    status = b"500"


class Question(NamedTuple):
    """Whether a client may come in."""

    domain: bytes
    address: bytes
    mechanism: bytes
    credentials: tuple[bytes, ...]
    """Nothing for NULL, the user and password for PLAIN, the public key for CURVE."""

    def __str__(self) -> str:
        """For logs: a password is not part of it."""
        who = self.credentials[:1]
        if self.mechanism == b"CURVE":
            who = tuple(map(z85.encode, who))
        mechanism, address, domain, *names = (
            text.decode(errors="replace")
            for text in (self.mechanism, self.address, self.domain, *who)
        )
        return f"{' '.join([mechanism, *map(repr, names)])} from {address} in domain {domain!r}"


def read_question(frames: Sequence[bytes]) -> Question:
    """What is asked; Refusal if that makes no sense."""
    if len(frames) < FRAMES:
        raise Refusal("Not enough frames")
    version, _, domain, address, _, mechanism, *credentials = frames
    if version != VERSION:
        raise Refusal("Invalid version")
    match mechanism, *credentials:
        case (b"NULL",) | (b"PLAIN", _, _) | (b"GSSAPI", _):
            pass
        case b"CURVE", key if len(key) == KEY_SIZE:
            pass
        case ((b"NULL" | b"PLAIN" | b"CURVE" | b"GSSAPI"), *_):
            raise Refusal("Invalid credentials")
        case _:
            raise Refusal("Security mechanism not supported")
    return Question(domain, address, mechanism, (*credentials,))


async def answer(
    frames: Sequence[bytes], decide: Callable[[Question], Awaitable[bytes]], log: Any
) -> list[bytes]:
    """The frames of the answer to a question: `decide` returns a User-Id or raises Refusal."""
    user_id = b""
    what: Any = "a client"
    try:
        what = read_question(frames)
        user_id = await decide(what)
        status, reason = b"200", "OK"
        log.debug("let in %s as %r", what, user_id)
    except Refusal as refusal:
        status, reason = refusal.status, str(refusal)
        level = logging.WARNING if isinstance(refusal, Failure) else logging.INFO
        log.log(level, "refused %s: %s", what, reason)
    except Exception:
        status, reason = Failure.status, "Internal error"
        log.exception("refused %s, as the question cannot be answered", what)
    question_id = frames[1] if len(frames) > 1 else b""
    return [VERSION, question_id, status, reason.encode(), user_id, b""]
