"""Runs one case once with one implementation: starts its processes, gathers, always cleans up."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from bench.cases import Case

ROOT = Path(__file__).resolve().parent.parent
GRACE = 5  # seconds a peer outlives the limit before the kernel ends it


class RunFailed(Exception):
    """A run gave no figures; the text says why."""


class Peers:
    """The processes of one run. Leaving the `with` block kills what has not ended by itself.

    What they write to stderr is kept in files in `directory`.
    """

    def __init__(self, seconds: int, directory: str):
        self._deadline = time.monotonic() + seconds
        self._seconds = seconds
        self._processes: list[subprocess.Popen] = []
        self._directory = Path(directory)
        self._answers: queue.SimpleQueue = queue.SimpleQueue()
        self._cleanup = contextlib.ExitStack()

    def __enter__(self):
        return self

    def __exit__(self, *_exception) -> None:
        self._cleanup.close()

    def start(self, job: dict) -> None:
        index = len(self._processes)
        with self._errors(index).open("w") as errors:
            process = self._cleanup.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "bench.peer"],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    text=True,
                )
            )
        reader = threading.Thread(target=self._read, args=(index, process))
        reader.start()
        self._cleanup.callback(reader.join)  # clean-up runs backwards: kill, join, close
        self._cleanup.callback(process.kill)
        self._processes.append(process)
        self._tell(process, json.dumps(job | {"seconds": self._seconds + GRACE}))

    def gather(self, key: str) -> list:
        """One answer named `key` from each process, in the order they were started."""
        found: dict[int, object] = {}
        everyone = range(len(self._processes))
        while missing := [index for index in everyone if index not in found]:
            try:
                index, answer = self._answers.get(timeout=self._remaining())
            except queue.Empty:
                reason = f"no {key!r} from process {missing[0]} within {self._seconds} s"
                raise RunFailed(reason) from None
            if answer is None:
                if index in missing or self._processes[index].wait():
                    raise RunFailed(self._why_ended(index))
            elif "error" in answer:
                raise RunFailed(answer["error"])
            else:
                found[index] = answer[key]
        return [found[index] for index in everyone]

    def release(self) -> None:
        """Tell all that everyone is done."""
        for process in self._processes:
            self._tell(process, "done")

    def wait(self) -> None:
        """Wait until all have closed their sockets and ended well."""
        for index, process in enumerate(self._processes):
            try:
                status = process.wait(self._remaining())
            except subprocess.TimeoutExpired:
                raise RunFailed(f"process {index} does not end") from None
            if status:
                raise RunFailed(self._why_ended(index))

    def _remaining(self) -> float:
        return max(0.0, self._deadline - time.monotonic())

    def _errors(self, index: int) -> Path:
        return self._directory / f"{index}.err"

    def _why_ended(self, index: int) -> str:
        status = self._processes[index].wait()
        last_words = self._errors(index).read_text().strip().splitlines()[-1:]
        return " ".join([f"process {index} ended with status {status}.", *last_words])

    def _read(self, index: int, process: subprocess.Popen) -> None:
        for line in process.stdout:
            self._answers.put((index, json.loads(line)))
        self._answers.put((index, None))

    @staticmethod
    def _tell(process: subprocess.Popen, line: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # why it ended is found when answers are read
            os.write(process.stdin.fileno(), f"{line}\n".encode())


def run_case(case: Case, implementation: str, scale: float, seconds: int) -> dict[str, float]:
    """The metrics of one run; RunFailed if it went wrong or took longer than `seconds`."""
    job = {"case": case.name, "implementation": implementation, "scale": scale, "endpoints": None}
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as directory,
        Peers(seconds, directory) as peers,
    ):
        job["directory"] = directory
        binder, *connectors = case.processes
        peers.start(job | {"roles": binder})
        (job["endpoints"],) = peers.gather("bound")
        for roles in connectors:
            peers.start(job | {"roles": roles})
        results = [result for process in peers.gather("results") for result in process]
        peers.release()
        cpu = peers.gather("cpu")
        peers.wait()
    return case.combine(case.scaled(scale).load, results, cpu)
