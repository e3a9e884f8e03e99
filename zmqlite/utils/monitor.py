"""What a socket monitor tells, taken apart: the frames that its reader receives.

A monitor of version 1 sends a frame of event and value, and one of the endpoint. One of version 2
sends the event, a count, so many values, the local and the remote endpoint, a frame for each.
Numbers are in the byte order of the machine, without padding.
"""

from __future__ import annotations

import struct
from collections.abc import Awaitable, Sequence
from typing import Any, TypedDict, overload

from ..constants import Event
from ..socket import Socket

_EVENT_AND_VALUE = struct.Struct("=HI")
_NUMBER = struct.Struct("=Q")


class MonitorMessage(TypedDict):
    """An event of version 1; what the value means depends on the event."""

    event: Event
    value: int
    endpoint: bytes


class MonitorMessageV2(TypedDict):
    """An event of version 2; what the values mean depends on the event."""

    event: Event
    values: list[int]
    local: bytes
    remote: bytes


def parse_monitor_message(msg: Sequence[bytes]) -> MonitorMessage:
    """The event in the frames of a message of version 1."""
    if len(msg) != 2 or len(msg[0]) != _EVENT_AND_VALUE.size:
        raise RuntimeError(f"not an event of a monitor: {msg}")
    event, value = _EVENT_AND_VALUE.unpack(msg[0])
    # The reason of a failed handshake has a name as an Event; any other value is but a number.
    return {"event": Event(event), "value": Event(value), "endpoint": msg[1]}


def parse_monitor_message_v2(msg: Sequence[bytes]) -> MonitorMessageV2:
    """The event in the frames of a message of version 2."""
    numbers = [_NUMBER.unpack(part)[0] for part in msg[:-2] if len(part) == _NUMBER.size]
    if len(numbers) < 2 or len(msg) != numbers[1] + 4 or len(msg) != len(numbers) + 2:
        raise RuntimeError(f"not an event of a monitor of version 2: {msg}")
    event, _, *values = numbers
    return {"event": Event(event), "values": values, "local": msg[-2], "remote": msg[-1]}


@overload
def recv_monitor_message(socket: Socket[bytes], flags: int = 0) -> MonitorMessage: ...
@overload
def recv_monitor_message(socket: Socket[Any], flags: int = 0) -> Awaitable[MonitorMessage]: ...
def recv_monitor_message(socket: Any, flags: int = 0) -> Any:
    """Receive an event of version 1; from an asyncio socket, an awaitable of it."""
    msg = socket.recv_multipart(flags)
    return _parsed_later(msg) if isinstance(msg, Awaitable) else parse_monitor_message(msg)


async def _parsed_later(msg: Awaitable[Sequence[bytes]]) -> MonitorMessage:
    return parse_monitor_message(await msg)


__all__ = ["parse_monitor_message", "parse_monitor_message_v2", "recv_monitor_message"]
