"""The events of a socket's connections, read by a thread that blocks and by a task."""

from __future__ import annotations

import asyncio
import threading

from typing_extensions import assert_type

import zmqlite as zmq
from zmqlite.asyncio import Context, Socket
from zmqlite.utils.monitor import parse_monitor_message, recv_monitor_message


def read(monitor: zmq.Socket[bytes], seen: list[int]) -> None:
    while True:
        event = recv_monitor_message(monitor)
        assert_type(event["endpoint"], bytes)
        seen.append(event["event"])
        if event["event"] == zmq.EVENT_MONITOR_STOPPED:
            break
    monitor.close()


def in_a_thread() -> None:
    with zmq.Context() as context, context.socket(zmq.REP) as server:
        monitor = server.get_monitor_socket()
        assert_type(monitor, zmq.Socket[bytes])
        seen: list[int] = []
        reader = threading.Thread(target=read, args=(monitor, seen))
        reader.start()
        server.bind("tcp://127.0.0.1:*")
        with context.socket(zmq.REQ) as client:
            client.connect(server.get_string(zmq.LAST_ENDPOINT))
            client.send(b"")
            server.recv()
        server.disable_monitor()
        reader.join()
        assert seen[0] == zmq.EVENT_LISTENING
        assert {zmq.EVENT_ACCEPTED, zmq.EVENT_HANDSHAKE_SUCCEEDED} < set(seen)


async def in_a_task() -> None:
    with Context() as context, context.socket(zmq.PULL) as server:
        monitor = server.get_monitor_socket(zmq.EVENT_LISTENING)
        assert_type(monitor, Socket)
        server.bind("tcp://127.0.0.1:*")
        event = await recv_monitor_message(monitor)
        assert event["event"] is zmq.Event.LISTENING
        assert event["endpoint"] == server.get(zmq.LAST_ENDPOINT)
        server.unbind(event["endpoint"])
        server.bind("tcp://127.0.0.1:*")
        parsed = parse_monitor_message(await monitor.recv_multipart())
        assert_type(parsed["event"], zmq.Event)
        monitor.close()


def main() -> None:
    in_a_thread()
    asyncio.run(in_a_task())


if __name__ == "__main__":
    main()
