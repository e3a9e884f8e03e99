"""The least that the machine allows: builds the floors for the time of a bench and runs them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.cases import Case, warm_up
from bench.compiled import NotBuilt, cc, numbers_of
from bench.harness import RunFailed
from bench.report import FLOOR, WRITE_EACH
from bench.stats import latency

HERE = Path(__file__).parent
SOCKETS = {"tcp": "tcp", "ipc": "unix"}  # transport: argument of the programs
GATHERED = 1 << 20  # bytes that a stream writes at once: less is slower over tcp

Contestant = Callable[[Case, float, int], dict[str, float]]


class Floor:
    """The compiled programs; leaving the `with` block removes them."""

    def __enter__(self):
        self._directory = tempfile.TemporaryDirectory(prefix="bench-floor-")
        self._error = None
        try:
            for name in ("floor", "floor_stream"):
                cc("-O2", "-o", self._program(name), HERE / f"{name}.c")
        except NotBuilt as error:
            self._error = f"the floor was not built: {error}"
        return self

    def __exit__(self, *_exception) -> None:
        self._directory.cleanup()

    def contestants(self, case: Case) -> dict[str, Contestant]:
        """By name what takes turns with the implementations; each is called like `run_case`."""
        if not case.has_floor:
            return {}
        if case.kind == "throughput":
            return {FLOOR: self.stream, WRITE_EACH: self.stream_of_single_writes}
        return {FLOOR: self.round_trip}

    def round_trip(self, case: Case, scale: float, seconds: int) -> dict[str, float]:
        """Percentiles of the round trip in microseconds, like a round-trip case's."""
        load = case.scaled(scale).load
        return latency(self._run(case, seconds, "floor", load.size, warm_up(load), load.count))

    def stream(self, case: Case, scale: float, seconds: int) -> dict[str, float]:
        """Messages a second where a write carries as many as fit into 1 MiB."""
        return self._stream(case, scale, seconds, max(1, GATHERED // case.load.size))

    def stream_of_single_writes(self, case: Case, scale: float, seconds: int) -> dict[str, float]:
        return self._stream(case, scale, seconds, 1)

    def _stream(self, case: Case, scale: float, seconds: int, each: int) -> dict[str, float]:
        load = case.scaled(scale).load
        (taken,) = self._run(case, seconds, "floor_stream", load.size, load.count, each)
        return {"rate": load.count / (taken / 1e9)}

    def _program(self, name: str) -> Path:
        return Path(self._directory.name, name)

    def _run(self, case: Case, seconds: int, name: str, *numbers: int) -> list[int]:
        if self._error:
            raise RunFailed(self._error)
        return numbers_of(seconds, self._program(name), SOCKETS[case.transport], *numbers)
