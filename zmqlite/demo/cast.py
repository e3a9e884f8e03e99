"""The processes of one pattern: started, heard, and gone when the pattern is over."""

from __future__ import annotations

import itertools
import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SILENCE = 30.0
"""Seconds to wait for a fact, or for any word from a role that is busy, before giving up.

More than a role waits for a message, so that a loss is counted and not taken for a hang."""


class DemoError(Exception):
    """The demo cannot go on."""


class Player:
    """A process that plays one role, and what it has told so far."""

    def __init__(self, cast: Cast, library: str, role: str, parameters: dict[str, Any]) -> None:
        self.role = role
        self.facts: dict[str, Any] = {}
        self._cast = cast
        # In a session of its own, so that Ctrl-C ends it by way of its standard input.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "zmqlite.demo.worker", library, role, json.dumps(parameters)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout
        with self._process.stdout as lines:
            for line in lines:
                self._cast.heard(self, json.loads(line))
        self._cast.heard(self, None)

    def told(self, fact: str) -> Any:
        """A fact that the process tells, once it has told it."""
        self._cast.wait_for(self, fact)
        return self.facts[fact]

    def tell_to_end(self) -> None:
        """Let a role end that would go on for ever."""
        assert self._process.stdin
        self._process.stdin.close()

    def outcome(self) -> dict[str, Any]:
        """All facts, once the role has been played to its end."""
        self.told("done")
        return self.facts

    def quit(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        self.tell_to_end()


class Cast:
    """Starts the processes of a pattern and hears them; at its end none of them is left."""

    def __init__(
        self, peer: str, transport: str, folder: Path, show: Callable[[int], None]
    ) -> None:
        self._peer = peer
        self._transport = transport
        self._folder = folder
        self._show = show
        self._names = itertools.count()
        self._players: list[Player] = []
        self._news: queue.SimpleQueue[tuple[Player, dict[str, Any] | None]] = queue.SimpleQueue()

    def close(self) -> None:
        """End the processes that have not ended by themselves."""
        for player in self._players:
            player.quit()

    def endpoint(self) -> str:
        """Where a socket may bind: a free port, or a path that nobody else has."""
        if self._transport == "tcp":
            return "tcp://127.0.0.1:*"
        return f"ipc://{self._folder / str(next(self._names))}"

    def near(self, role: str, **parameters: Any) -> Player:
        """Start a process that plays its role with zmqlite."""
        return self._start("zmqlite", role, parameters)

    def far(self, role: str, **parameters: Any) -> Player:
        """Start a process that plays its role with the peer's library."""
        return self._start(self._peer, role, parameters)

    def _start(self, library: str, role: str, parameters: dict[str, Any]) -> Player:
        self._players.append(Player(self, library, role, parameters))
        return self._players[-1]

    def heard(self, player: Player, facts: dict[str, Any] | None) -> None:
        """Take note, in the thread that listens to a player, of its facts, or that it has ended."""
        self._news.put((player, facts))

    def wait_for(self, player: Player, fact: str) -> None:
        """Return when the player has told this fact; note what the others tell meanwhile."""
        give_up = time.monotonic() + SILENCE
        while fact not in player.facts:
            try:
                teller, facts = self._news.get(timeout=max(give_up - time.monotonic(), 0))
            except queue.Empty:
                raise DemoError(
                    f"waited {SILENCE:.0f} s in vain until role {player.role!r} was {fact!r}"
                ) from None
            if facts is not None:
                teller.facts.update(facts)
                if fact == "done":
                    # It may take long, as long as messages come.
                    give_up = time.monotonic() + SILENCE
                self._show(sum(each.facts.get("count", 0) for each in self._players))
            elif "done" not in teller.facts:
                raise DemoError(f"the process of role {teller.role!r} has failed")
