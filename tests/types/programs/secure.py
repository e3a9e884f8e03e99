"""A server of CURVE and one of PLAIN, and who may come to them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from typing_extensions import assert_type

import zmqlite as zmq
import zmqlite.asyncio
from zmqlite.auth import Refusal


def known(key: str, address: str) -> bool | Refusal:
    return len(key) == 40 and address == "127.0.0.1" or Refusal("a stranger")


async def passes(user: str, password: str, address: str) -> str | None:
    await asyncio.sleep(0)
    return f"{user} at {address}" if password == "secret" else None


def curve(server: zmq.Socket, client: zmq.Socket) -> None:
    server_key, server_secret = zmq.curve_keypair()
    client_key, client_secret = zmq.curve_keypair()
    server.secure(server_secret, allow="*")
    server.secure(server_secret, allow=Path(__file__).parent)
    server.secure(server_secret, allow=[client_key, client_key.decode()])
    server.secure(server_secret, allow={client_key: "bob", server_key: False})
    server.secure(server_secret, allow=known, timeout=30)
    server.bind("tcp://127.0.0.1:*")
    client.secure(server_key=server_key)
    client.secure(client_secret, server_key=server_key)
    client.connect(server.last_endpoint)
    client.send(b"hello")
    assert_type(server.recv(), bytes)


async def plain(context: zmqlite.asyncio.Context) -> str | bytes | int:
    with context.socket(zmq.PULL) as server, context.socket(zmq.PUSH) as client:
        server.plain(check={"bob": "secret"})
        server.plain(check=passes)
        server.bind("tcp://127.0.0.1:*")
        client.plain("bob", "secret")
        client.connect(server.last_endpoint)
        await client.send(b"hello")
        return (await server.recv(copy=False)).get("User-Id")


def main() -> None:
    with (
        zmq.Context() as context,
        context.socket(zmq.PULL) as server,
        context.socket(zmq.PUSH) as client,
    ):
        curve(server, client)
    with zmqlite.asyncio.Context() as asyncio_context:
        assert asyncio.run(plain(asyncio_context)) == "bob at 127.0.0.1"


if __name__ == "__main__":
    main()
