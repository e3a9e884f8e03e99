"""One process of the demo: plays a role with one library, and tells in lines of JSON how it goes.

Run as `python -m zmqlite.demo.worker LIBRARY ROLE PARAMETERS`. When its standard input ends, be
it because whoever started it has died, the process is to come to an end too.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from importlib import import_module
from typing import Any

from . import roles

MODULES = {"zmqlite": "zmqlite", "pyzmq": "zmq"}

PATIENCE_MS = 10_000
"""Milliseconds without a message after which a role that waits for one takes the rest as lost."""

PROGRESS_INTERVAL = 0.1
"""Seconds between two reports of how far a role is."""


class Stage:
    """What a role has: the library it plays with, a context, and who listens to it."""

    def __init__(self, library: str) -> None:
        self.zmq: Any = import_module(MODULES[library])
        self.context: Any = self.zmq.Context()
        self.told_to_end = threading.Event()
        self._next_progress = 0.0

    def socket(self, kind: str, *, patient: bool = False) -> Any:
        """A socket; unless it is to be patient, its calls give up at some time."""
        socket = self.context.socket(getattr(self.zmq, kind))
        socket.linger = PATIENCE_MS
        if not patient:
            socket.rcvtimeo = socket.sndtimeo = PATIENCE_MS
        return socket

    def tell(self, **facts: Any) -> None:
        """Report facts to the process that started this one."""
        print(json.dumps(facts), flush=True)

    def progress(self, count: int) -> None:
        """Report how many messages have come so far, but not too often."""
        now = time.monotonic()
        if now >= self._next_progress:
            self._next_progress = now + PROGRESS_INTERVAL
            self.tell(count=count)

    def stay(self) -> None:
        """Stay connected until told to end.

        A libzmq that is full stops reading, and when its peer hangs up then it drops what the
        kernel still holds for it. The sender cannot help that by lingering.
        """
        self.told_to_end.wait()

    def watch_input(self, *, terminate: bool) -> threading.Thread:
        """Note when standard input ends; with `terminate`, end what blocks in a socket then."""

        def watch() -> None:
            # Not by sys.stdin, whose lock a daemon thread would hold at the interpreter's end.
            while os.read(0, 4096):
                pass
            self.told_to_end.set()
            if terminate:
                self.context.term()

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        return thread


def main() -> None:
    library, role, parameters = sys.argv[1:]
    stage = Stage(library)
    serves = role in roles.SERVING
    watcher = stage.watch_input(terminate=serves)
    facts = roles.ROLES[role](stage, **json.loads(parameters))
    if serves:
        watcher.join()
    else:
        # Returns once everything has gone out.
        stage.context.term()
    stage.tell(done=True, **facts)


if __name__ == "__main__":
    main()
