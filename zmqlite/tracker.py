"""MessageTracker: tells when the memory of messages sent without a copy is no longer in use."""

from __future__ import annotations

import time
from threading import Event

from . import _core
from .error import NotDone


class MessageTracker:
    """Done when every event, tracker and tracked Frame that it was made of is done."""

    events: set[Event]
    peers: set[MessageTracker]

    def __init__(self, *towatch: Event | MessageTracker | _core.Frame) -> None:
        self.events = set()
        self.peers = set()
        for item in towatch:
            if isinstance(item, Event):
                self.events.add(item)
            elif isinstance(item, MessageTracker):
                self.peers.add(item)
            elif isinstance(item, _core.Frame):
                if item.tracker is None:
                    raise ValueError("this Frame is not tracked: make it with track=True")
                self.peers.add(item.tracker)
            else:
                kind = type(item).__name__
                raise TypeError(f"a tracker is made of events, trackers and Frames, not of {kind}")

    @property
    def done(self) -> bool:
        """True once nothing uses the memory any more."""
        return all(event.is_set() for event in self.events) and all(
            peer.done for peer in self.peers
        )

    def wait(self, timeout: float | None = -1) -> None:
        """Return when done; raise NotDone after `timeout` seconds, if it is not negative."""
        deadline = None if timeout is None or timeout < 0 else time.monotonic() + timeout

        def left() -> float | None:
            return None if deadline is None else max(deadline - time.monotonic(), 0)

        for event in self.events:
            if not event.wait(left()):
                raise NotDone("the messages are still in use")
        for peer in self.peers:
            peer.wait(left())


_FINISHED_TRACKER = MessageTracker()
"""What a send returns that has copied the message: nothing to wait for."""

__all__ = ["_FINISHED_TRACKER", "MessageTracker"]
