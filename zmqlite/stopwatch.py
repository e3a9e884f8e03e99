"""Stopwatch: times a stretch of a program, in microseconds."""

from time import perf_counter_ns
from warnings import warn


class Stopwatch:
    """Deprecated, as in pyzmq: `time.perf_counter` does the same."""

    _started: int | None = None

    def __init__(self) -> None:
        warn("Stopwatch is deprecated, use time.perf_counter", DeprecationWarning, stacklevel=2)

    def start(self) -> None:
        """Start to measure; RuntimeError if it runs already."""
        if self._started is not None:
            raise RuntimeError("the stopwatch is running")
        self._started = perf_counter_ns()

    def stop(self) -> int:
        """Stop to measure; the microseconds since the start."""
        if self._started is None:
            raise RuntimeError("the stopwatch is not running")
        elapsed = perf_counter_ns() - self._started
        self._started = None
        return elapsed // 1000


__all__ = ["Stopwatch"]
