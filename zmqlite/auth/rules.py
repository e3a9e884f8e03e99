"""Rules: who may connect to one server socket, and how many might not, by reason.

A rule asks a check about each client. Tables of keys and passwords are checks that answer at once;
a folder of certificates, and what the program gives, may take time (see `Limited`).
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from hmac import compare_digest
from inspect import iscoroutinefunction, signature
from pathlib import Path
from threading import Lock, Thread
from time import time_ns
from typing import Any

from ..curve import key_octets
from ..security import plain_text
from ..utils import z85
from .base import CURVE_ALLOW_ANY
from .certs import PUBLIC_SUFFIX, load_certificate
from .zap import Failure, Question, Refusal

Check = Callable[..., Any]
"""Called with the client's key in Z85, or its user and password, and with its address. Returns
True, a User-Id, or if the client is not let in False or a Refusal; or awaits one of these."""

CALLS_AT_ONCE = 32
"""Threads in which the check of one rule may be busy; further clients wait their turn."""

REASONS_MAX = 32
OTHER_REASONS = "other reasons"

log = logging.getLogger("zmq.auth")


class Rule:
    """Who may connect to one server socket."""

    def __init__(self, check: Check, refused: Mapping[str, int]) -> None:
        """`refused` by an earlier rule of the same socket: by reason, how many."""
        self._check = check
        self.refused = {**refused}

    async def judge(self, question: Question) -> bytes:
        """The User-Id of the client; a Refusal, which is counted, if it is not let in."""
        try:
            who, *rest = _as_text(question)
            return await self._judge(who, *rest, question.address.decode("utf-8", "replace"))
        except Refusal as refusal:
            self._count(str(refusal))
            raise

    async def _judge(self, who: str, *rest: str) -> bytes:
        try:
            verdict = self._check(who, *rest)
            if isinstance(verdict, Awaitable):
                verdict = await verdict
            return _user_id(verdict, who)
        except Refusal:
            raise
        except Exception as error:
            log.exception("the check of a client failed")
            raise Failure(f"the check raised {type(error).__name__}") from error

    def _count(self, reason: str) -> None:
        # A check can make up any number of them.
        if reason not in self.refused and len(self.refused) >= REASONS_MAX:
            reason = OTHER_REASONS
        self.refused[reason] = self.refused.get(reason, 0) + 1


def _user_id(verdict: Any, who: str) -> bytes:
    match verdict:
        case True:
            return who.encode()
        case None | False | "":
            raise Refusal("not allowed")
        case str():
            return verdict.encode()
        case Refusal():
            raise type(verdict)(str(verdict))
    raise Failure(f"the check returned an object of type {type(verdict).__name__}")


def _as_text(question: Question) -> tuple[str, ...]:
    if question.mechanism == b"CURVE":
        return (z85.encode(question.credentials[0]).decode(),)
    try:
        user, password = (text.decode() for text in question.credentials)
    except UnicodeDecodeError:
        raise Refusal("the user or password is not UTF-8") from None
    return user, password


# ---- CURVE


def key_check(allow: Any, timeout: float) -> Check:
    """Who is let in by what `Socket.secure` was given as `allow`."""
    if allow == CURVE_ALLOW_ANY:
        return lambda key, address: True
    if isinstance(allow, (str, os.PathLike)):
        return Limited(Folder(allow), timeout)
    if callable(allow):
        return limited(allow, ["key", "address"], timeout)
    if isinstance(allow, (bytes, bytearray)) or not isinstance(allow, Iterable):
        raise TypeError(
            "allow= takes a list of public keys, a folder of certificates, a callable or "
            f'"{CURVE_ALLOW_ANY}" for everybody, not an object of type {type(allow).__name__}'
        )
    keys = [z85.encode(key_octets(key, "a key in allow=")).decode() for key in allow]
    verdicts = allow.values() if isinstance(allow, Mapping) else [True] * len(keys)
    known = dict(zip(keys, verdicts, strict=True))
    return lambda key, address: known.get(key, Refusal("unknown key"))


class Folder:
    """Knows the public keys in the `.key` files of a folder, as they are when it is asked."""

    # A file that was read so soon after it was written may change once more within one tick of
    # its clock, and look the same.
    SETTLED = 2_000_000_000

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path).absolute()
        self._files: dict[str, tuple[object, bytes | None]] = {}
        self._lock = Lock()
        if not self._path.is_dir():
            raise NotADirectoryError(
                f"allow= takes a folder of certificates, and {os.fspath(path)!r} is none; a single "
                "key is given as a list: [key]"
            )

    def __call__(self, key: str, address: str) -> bool | Refusal:
        with self._lock:
            self._read()
            known = {public for _, public in self._files.values()}
        return key.encode() in known or Refusal("unknown key")

    def _read(self) -> None:
        """Read the files that have changed."""
        files = {}
        for entry in os.scandir(self._path):
            if entry.name.endswith(PUBLIC_SUFFIX):
                with suppress(FileNotFoundError):
                    files[entry.name] = self._read_file(entry)
        self._files = files

    def _read_file(self, entry: os.DirEntry[str]) -> tuple[object, bytes | None]:
        now = time_ns()
        status = os.stat(entry.path)
        is_settled = now - status.st_mtime_ns > self.SETTLED
        state = (status.st_mtime_ns, status.st_size, status.st_ino) if is_settled else None
        before = self._files.get(entry.name)
        if before is not None and state is not None and before[0] == state:
            return before
        try:
            return state, load_certificate(entry.path)[0]
        except (OSError, ValueError) as error:
            # The others are good all the same.
            log.warning("the certificate %r lets nobody in: %s", entry.path, error)
            return state, None


# ---- PLAIN


def password_check(check: Any, timeout: float) -> Check:
    """Who is let in by what `Socket.plain` was given as `check`."""
    if isinstance(check, Mapping):
        return Passwords(check)
    if callable(check):
        return limited(check, ["user", "password", "address"], timeout)
    raise TypeError(
        "check= takes a dict of users and passwords or a callable, not an object of type "
        f"{type(check).__name__}"
    )


class Passwords:
    """Knows users and their passwords."""

    def __init__(self, passwords: Mapping[str, str]) -> None:
        self._passwords = {
            plain_text(user, "a user in check="): plain_text(password, "a password in check=")
            for user, password in passwords.items()
        }

    def __call__(self, user: str, password: str, address: str) -> bool | Refusal:
        right = self._passwords.get(user.encode())
        # Compared in any case, so that the time does not tell which users there are.
        same = compare_digest(right or b"", password.encode())
        if right is None:
            return Refusal("unknown user")
        return same or Refusal("wrong password")


# ---- What may take time


def limited(function: Check, parameters: list[str], timeout: float) -> Check:
    """A function of the program's as a check; TypeError if it does not take these arguments."""
    try:
        shape = signature(function)
    except ValueError:
        # One of C has none.
        return Limited(function, timeout)
    try:
        shape.bind(*parameters)
    except TypeError:
        called = f"{getattr(function, '__name__', function)}({', '.join(parameters)})"
        raise TypeError(f"the callable must be one that can be called as {called}") from None
    return Limited(function, timeout)


class Limited:
    """A check that is called where it holds up nobody, for so many seconds and no longer.

    A coroutine function becomes a task of the authenticator's event loop. Any other function is
    called in a thread, which cannot be stopped: one that is late goes on, but nobody waits for it.
    """

    def __init__(self, function: Check, timeout: float) -> None:
        if not timeout > 0:
            raise ValueError(f"the timeout must be more than 0 seconds, not {timeout!r}")
        self._function = function
        self._timeout = timeout
        self._turns = asyncio.Semaphore(CALLS_AT_ONCE)

    async def __call__(self, *arguments: str) -> Any:
        call = asyncio.ensure_future(self._call(*arguments))
        try:
            await asyncio.wait([call], timeout=self._timeout)
        finally:
            # Not waited for: it may take its time for this, too.
            call.cancel()
        if not call.done():
            raise Failure(f"the check took longer than {self._timeout:g} s")
        if call.cancelled():
            raise Failure("the check was cancelled")
        return call.result()

    async def _call(self, *arguments: str) -> Any:
        try:
            if _is_coroutine_function(self._function):
                return await self._function(*arguments)
            verdict = await self._call_in_thread(*arguments)
            return await verdict if isinstance(verdict, Awaitable) else verdict
        except (SystemExit, KeyboardInterrupt) as error:
            # From a check, these mean no more than other exceptions; here they would end the loop.
            raise RuntimeError(f"{type(error).__name__} in a check") from error

    async def _call_in_thread(self, *arguments: str) -> Any:
        await self._turns.acquire()
        outcome: Future[Any] = Future()
        # From now on it cannot be cancelled, and its turn is over when the thread has ended.
        outcome.set_running_or_notify_cancel()
        loop = asyncio.get_running_loop()
        outcome.add_done_callback(lambda _: _tell(loop, self._turns.release))
        # Not one of an executor's: for these, the interpreter waits before it exits.
        call = partial(_run, outcome, self._function, *arguments)
        try:
            Thread(target=call, name="zmqlite check", daemon=True).start()
        except RuntimeError as error:  # there are too many
            outcome.set_exception(error)
        return await asyncio.wrap_future(outcome)


def _is_coroutine_function(function: Check) -> bool:
    return iscoroutinefunction(function) or iscoroutinefunction(type(function).__call__)


def _tell(loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
    # Closed, if the context has ended meanwhile.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(call)


def _run(outcome: Future[Any], function: Check, *arguments: str) -> None:
    try:
        result = function(*arguments)
    except BaseException as error:  # noqa: BLE001 - it is raised again where it is waited for
        outcome.set_exception(error)
    else:
        outcome.set_result(result)
