"""The hot paths as a Python program takes them: calls of sockets, through the real extension.

Both ends are in one thread, and what is received lies ready, so that nothing is ever waited for.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from itertools import repeat

import zmqlite as zmq
import zmqlite.asyncio
from bench.inside import Loop, Path

MESSAGE = bytes(16)
PARTS = [MESSAGE] * 3
BATCH = 100
PATIENCE = 30  # seconds for what takes none


@contextmanager
def _pair(transport: str) -> Iterator[tuple[zmq.Socket, zmq.Socket]]:
    """A PUSH socket and a PULL socket, connected, with room for any number of messages."""
    context = zmq.Context()
    with context, context.socket(zmq.PUSH) as push, context.socket(zmq.PULL) as pull:
        push.set_hwm(0)
        pull.set_hwm(0)
        push.linger = 0  # nobody takes what the last round has sent
        pull.bind("inproc://inside" if transport == "inproc" else "tcp://127.0.0.1:*")
        push.connect(pull.last_endpoint)
        yield push, pull


def _drain(push: zmq.Socket, pull: zmq.Socket) -> None:
    left = push.stats()["sent"] - pull.stats()["received"]
    while left:
        left -= len(pull.recv_multipart_many(left, timeout=PATIENCE))


def _queue(push: zmq.Socket, pull: zmq.Socket, message: object, n: int) -> None:
    """Nothing but n messages waits to be received, with tcp perhaps in the kernel."""
    _drain(push, pull)
    push.send_many([message] * n)
    push.flush(PATIENCE)


def _times(call: Callable[[], object]) -> Callable[[int], None]:
    def run(n: int) -> None:
        for _ in repeat(None, n):
            call()

    return run


@contextmanager
def _send(transport: str, call: str, message: object, at_once: int = 1) -> Iterator[Loop]:
    with _pair(transport) as (push, pull):
        run = _times(partial(getattr(push, call), message))
        yield Loop(lambda n: _drain(push, pull), lambda n: run(n // at_once))


@contextmanager
def _recv(
    transport: str, call: str, message: object, arguments: tuple = (), at_once: int = 1
) -> Iterator[Loop]:
    with _pair(transport) as (push, pull):
        run = _times(partial(getattr(pull, call), *arguments))
        yield Loop(partial(_queue, push, pull, message), lambda n: run(n // at_once))


@contextmanager
def _send_unanswered() -> Iterator[Loop]:
    """To a peer that does not answer the greeting: all that is sent stays in the queue."""
    context = zmq.Context()
    with socket.create_server(("127.0.0.1", 0)) as peer, context, context.socket(zmq.PUSH) as push:
        push.set_hwm(0)
        push.linger = 0
        push.handshake_ivl = 0
        push.connect("tcp://127.0.0.1:{1}".format(*peer.getsockname()))
        connection, _ = peer.accept()
        with connection:
            connection.recv(1)
            yield Loop(lambda n: None, _times(partial(push.send, MESSAGE)))


@contextmanager
def _round_trip() -> Iterator[Loop]:
    context = zmq.Context()
    with context, context.socket(zmq.REQ) as req, context.socket(zmq.REP) as rep:
        rep.bind("tcp://127.0.0.1:*")
        req.connect(rep.last_endpoint)

        def run(n: int) -> None:
            for _ in repeat(None, n):
                req.send(MESSAGE)
                rep.send(rep.recv())
                req.recv()

        yield Loop(lambda n: None, run)


@contextmanager
def _poll() -> Iterator[Loop]:
    with _pair("inproc") as (push, pull):
        poller = zmq.Poller()
        poller.register(pull, zmq.POLLIN)
        push.send(MESSAGE)
        yield Loop(lambda n: None, _times(poller.poll))


@contextmanager
def _asyncio_send() -> Iterator[Loop]:
    with (
        _pair("inproc") as (push, pull),
        zmqlite.asyncio.Socket.from_socket(push) as awaited,
        closing(asyncio.new_event_loop()) as loop,
    ):

        async def send(n: int) -> None:
            for _ in repeat(None, n):
                await awaited.send(MESSAGE)

        yield Loop(lambda n: _drain(push, pull), lambda n: loop.run_until_complete(send(n)))


@contextmanager
def _asyncio_recv() -> Iterator[Loop]:
    with (
        _pair("inproc") as (push, pull),
        zmqlite.asyncio.Socket.from_socket(pull) as awaited,
        closing(asyncio.new_event_loop()) as loop,
    ):

        async def receive(n: int) -> None:
            for _ in repeat(None, n):
                await awaited.recv()

        yield Loop(
            partial(_queue, push, pull, MESSAGE), lambda n: loop.run_until_complete(receive(n))
        )


PATHS: dict[str, Path] = {
    "send 16 B inproc": partial(_send, "inproc", "send", MESSAGE),
    "send 16 B tcp": partial(_send, "tcp", "send", MESSAGE),
    "send 16 B tcp, unanswered": _send_unanswered,
    "recv 16 B inproc": partial(_recv, "inproc", "recv", MESSAGE),
    "recv 16 B tcp": partial(_recv, "tcp", "recv", MESSAGE),
    "send_multipart of 3 inproc": partial(_send, "inproc", "send_multipart", PARTS),
    "recv_multipart of 3 inproc": partial(_recv, "inproc", "recv_multipart", PARTS),
    "send_many of 100 inproc": partial(_send, "inproc", "send_many", [MESSAGE] * BATCH, BATCH),
    "recv_many of 100 inproc": partial(_recv, "inproc", "recv_many", MESSAGE, (BATCH,), BATCH),
    "Poller.poll, one is ready": _poll,
    "asyncio send 16 B inproc": _asyncio_send,
    "asyncio recv 16 B inproc": _asyncio_recv,
    "REQ/REP 16 B tcp in one thread": _round_trip,
}
