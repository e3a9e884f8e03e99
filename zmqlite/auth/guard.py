"""The built-in authenticator: serves the sockets of a context that have a rule.

There is at most one to a context. The first rule starts it, in a thread of its own; it ends with
the last one, or with the context. Each question is answered by a task, so that a check which takes
its time delays nobody but the client that it is about.

Rules are by the ZAP domain and mechanism of their sockets. What has another domain is refused; what
has none never had a rule, and fares as if there were no authenticator.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from itertools import count
from threading import Lock, Thread
from typing import Any, NamedTuple

from .. import _core, context
from ..constants import Errno, Flag, SocketType
from ..error import Again, ContextTerminated, ZMQError
from ..security import Secured, end_rules
from .rules import Rule, log
from .zap import ENDPOINT, Question, Refusal, answer

TAKEN = (
    "the context has an authenticator that the program has started: configure that one, or stop it "
    "before a socket gets a rule by secure() or plain()"
)

Name = tuple[bytes, bytes]
"""Of a rule: a domain and a mechanism."""

_guards: dict[int, Guard] = {}
"""Those that serve, by what stands for their context in the core."""

# Whoever holds it must not wait for anything. Sockets that are garbage forget their rules in
# whatever thread that happens, even one that holds it.
_lock = Lock()

_serial = count(1)


class Served(NamedTuple):
    """What a socket with a rule knows of it."""

    guard: Guard
    name: Name
    rule: Rule

    @property
    def refused(self) -> dict[str, int]:
        """How many clients were refused, by reason."""
        return dict(self.rule.refused)

    def end(self) -> None:
        """Forget the rule."""
        self.guard.forget(self.name)


def own_domain() -> bytes:
    """A ZAP domain that no other socket has."""
    return b"zmqlite-%d" % next(_serial)


def serve(owner: _core.Context, name: Name, rule: Rule, before: Served | None) -> Served:
    """Have a rule decide for a socket of a context, instead of the one that it had before.

    ZMQError with EADDRINUSE if the program has an authenticator of its own in this context, and
    ValueError if another socket has a rule of this name.
    """
    with _lock:
        key = owner.underlying
        if not key:
            raise ContextTerminated()
        guard = _guards.get(key)
        if guard is None:
            guard = _guards[key] = Guard(key)
        guard.take(name, rule, before)
    return Served(guard, name, rule)


class Guard:
    """The authenticator of one context, given by what stands for it in the core."""

    def __init__(self, key: int) -> None:
        self.key = key
        self._rules: dict[Name, Rule] = {}
        # Made through a shadow, it is none of the sockets that the program's context knows of.
        self._socket = context.Context.shadow(key).socket(SocketType.ROUTER)
        # One that stays while another thread closes the socket.
        self._descriptor = os.dup(self._socket.fileno())
        self._loop = asyncio.SelectorEventLoop()
        self._answering: set[asyncio.Task[None]] = set()
        try:
            self._socket.bind(ENDPOINT)
            Thread(target=self._run, name="zmqlite authenticator", daemon=True).start()
        except BaseException as error:
            self._socket.close()
            self._close()
            if isinstance(error, ZMQError) and error.errno == Errno.EADDRINUSE:
                raise ZMQError(error.errno, TAKEN) from None
            raise

    # ---- Rules, from any thread

    def take(self, name: Name, rule: Rule, before: Served | None) -> None:
        """Begin to apply a rule."""
        if name in self._rules and (before is None or before.name != name):
            domain, mechanism = (text.decode(errors="replace") for text in name)
            raise ValueError(
                f"another socket of this context has a rule for {mechanism} in the ZAP domain "
                f"{domain!r} already: without a ZAP_DOMAIN, each socket gets one of its own"
            )
        self._rules[name] = rule

    def forget(self, name: Name) -> None:
        """Apply a rule no more."""
        self._rules.pop(name, None)
        if self._rules:
            return
        # At once, if possible: the program may go on to start an authenticator of its own.
        if _lock.acquire(blocking=False):
            try:
                self._end_if_idle()
            finally:
                _lock.release()
        else:
            self._in_loop(self._end_if_idle_later)

    def _end_if_idle_later(self) -> None:
        with _lock:
            self._end_if_idle()

    def _end_if_idle(self) -> None:
        if self._rules or _guards.get(self.key) is not self:
            return
        del _guards[self.key]
        # Not in the thread: under gevent's monkey patches, it does not run while somebody waits for
        # the end of the context.
        self._socket.close()
        self._in_loop(self._loop.stop)

    def _in_loop(self, call: Any) -> None:
        # Closed, if the context has ended.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(call)

    # ---- Questions, in the thread

    def _run(self) -> None:
        self._loop.add_reader(self._descriptor, self._receive)
        self._loop.call_soon(self._receive)
        try:
            self._loop.run_forever()
        finally:
            # In this order: once the socket is closed, the context may end, and the next one be
            # known by the same number.
            self._leave()
            self._socket.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        if tasks:
            # A check that does not let itself be cancelled is left behind.
            self._loop.run_until_complete(asyncio.wait(tasks, timeout=1))
        self._close()

    def _receive(self) -> None:
        try:
            while True:
                message = self._socket.recv_multipart(Flag.DONTWAIT)
                task = self._loop.create_task(self._answer(message))
                self._answering.add(task)
                task.add_done_callback(self._answering.discard)
        except Again:
            pass
        except ZMQError:
            # It is closed, or the context has ended.
            self._loop.stop()

    def _leave(self) -> None:
        """Serve no more. If nobody else has seen to that, the context has ended."""
        with _lock:
            has_ended = _guards.get(self.key) is self
            if has_ended:
                del _guards[self.key]
        if has_ended:
            end_rules(self.key)

    def _close(self) -> None:
        self._loop.close()
        os.close(self._descriptor)

    async def _answer(self, message: list[bytes]) -> None:
        envelope, question = message[:2], message[2:]
        # The context may end, or the one who has asked be gone.
        with suppress(ZMQError):
            self._socket.send_multipart(envelope + await answer(question, self._judge, log))

    async def _judge(self, question: Question) -> bytes:
        rule = self._rules.get((question.domain, question.mechanism))
        if rule is not None:
            return await rule.judge(question)
        if question.domain or question.mechanism == b"PLAIN":
            raise Refusal("no socket has a rule for this domain")
        return b""


def _forget_all() -> None:
    """The child of a fork has neither the threads nor the contexts."""
    global _lock
    _lock = Lock()
    _guards.clear()
    Secured._served.clear()


os.register_at_fork(after_in_child=_forget_all)
