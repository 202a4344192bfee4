"""Clocks are read through an object, so that tests and the simulator own time; waiting goes through the event loop."""

import time
from typing import Protocol


class Clock(Protocol):
    """Wall time for people, monotonic time for durations."""

    def wall_ns(self) -> int:
        """Unix time in ns; may jump."""
        ...

    def monotonic_ns(self) -> int:
        """Monotonic time in ns; never goes back."""
        ...


class SystemClock:
    """The machine's clocks."""

    def wall_ns(self) -> int:
        """Unix time in ns."""
        return time.time_ns()

    def monotonic_ns(self) -> int:
        """`CLOCK_MONOTONIC` in ns."""
        return time.monotonic_ns()


class FakeClock:
    """A clock that moves only when told to; both readings advance together."""

    def __init__(self, start_ns: int = 1_700_000_000_000_000_000) -> None:
        self._wall_ns = start_ns
        self._monotonic_ns = 0

    def advance(self, seconds: float) -> None:
        """Move both clocks forward by `seconds` >= 0."""
        if seconds < 0:
            raise ValueError("a clock does not go back")
        self._wall_ns += int(seconds * 1e9)
        self._monotonic_ns += int(seconds * 1e9)

    def wall_ns(self) -> int:
        """Fake Unix time in ns."""
        return self._wall_ns

    def monotonic_ns(self) -> int:
        """Fake monotonic time in ns."""
        return self._monotonic_ns
