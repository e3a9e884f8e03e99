"""Forwards connections to a local port through an ssh connection of paramiko."""

from __future__ import annotations

import logging
import select
import socket
import socketserver
from contextlib import suppress
from typing import Any

logger = logging.getLogger("ssh")

LOCALHOST = "127.0.0.1"
CHUNK = 65536


class ForwardServer(socketserver.ThreadingTCPServer):
    """Listens at a port of this machine; each connection has a thread."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, local_port: int, far_end: tuple[str, int], transport: Any) -> None:
        super().__init__((LOCALHOST, local_port), Handler)
        self.far_end = far_end
        self.transport = transport


class Handler(socketserver.BaseRequestHandler):
    """Copies bytes between a connection to the server and a channel to its far end."""

    server: ForwardServer
    request: socket.socket

    def handle(self) -> None:
        far_end = self.server.far_end
        try:
            channel = self.server.transport.open_channel(
                "direct-tcpip", far_end, self.request.getpeername()
            )
        except Exception as error:  # noqa: BLE001 - of whatever class paramiko has for it
            logger.warning("no way to %s:%d: %s", *far_end, error)
            return
        logger.debug("a connection to %s:%d begins", *far_end)
        with channel, suppress(OSError):
            _copy_both_ways(self.request, channel)
        logger.debug("a connection to %s:%d has ended", *far_end)


def _copy_both_ways(one: Any, other: Any) -> None:
    """Until either ends."""
    ways = {one: other, other: one}
    while True:
        readable, _, _ = select.select([*ways], [], [])
        for source in readable:
            data = source.recv(CHUNK)
            if not data:
                return
            ways[source].sendall(data)


def forward_tunnel(local_port: int, remote_host: str, remote_port: int, transport: Any) -> None:
    """Forward connections to a port of this machine, as long as the process lives."""
    with ForwardServer(local_port, (remote_host, remote_port), transport) as server:
        server.serve_forever()


__all__ = ["forward_tunnel"]
