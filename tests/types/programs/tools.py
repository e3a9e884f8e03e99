"""The helpers around sockets: keys, JSON, logging, select, ssh, versions."""

from __future__ import annotations

import logging
import sys

from typing_extensions import assert_type

import zmqlite as zmq
from zmqlite.log.handlers import PUBHandler
from zmqlite.ssh.tunnel import open_tunnel, tunnel_connection
from zmqlite.utils import jsonapi, z85


def tunnel(socket: zmq.Socket[bytes], address: str, server: str) -> None:
    """Is not called here: it needs a server."""
    tunnel_connection(socket, address, server, keyfile=None, timeout=5)
    local, _ = open_tunnel(address, server)
    assert_type(local, str)


def log_to(publisher: zmq.Socket[bytes]) -> None:
    handler = PUBHandler(publisher)
    handler.root_topic = "app"
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("tools")
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    logger.info("started")
    logger.removeHandler(handler)


def main() -> None:
    assert_type(z85.encode(bytes(8)), bytes)
    assert z85.decode(z85.encode(b"12345678")) == b"12345678"
    assert_type(jsonapi.dumps({"a": 1}), bytes)
    assert jsonapi.loads(jsonapi.dumps([1, None])) == [1, None]
    assert_type(zmq.zmq_version_info(), tuple[int, int, int])
    assert zmq.has("ipc") and zmq.pyzmq_version()
    assert callable(tunnel)

    context = zmq.Context()
    publisher, subscriber = context.socket(zmq.XPUB), context.socket(zmq.SUB)
    publisher.bind("inproc://log")
    subscriber.subscribe("app")
    subscriber.connect("inproc://log")
    assert publisher.recv() == b"\x01app"
    log_to(publisher)
    readable, writable, _ = zmq.select([subscriber, sys.stdout], [publisher], [], timeout=0)
    assert subscriber in readable and writable == [publisher]
    assert subscriber.recv_multipart() == [b"app.INFO", b"started"]
    context.destroy(linger=0)


if __name__ == "__main__":
    main()
