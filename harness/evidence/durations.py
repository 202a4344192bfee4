"""Durations kept twice: every value (8 bytes each, for exact answers) and as a log-bin histogram (for quick ones)."""

from __future__ import annotations

from array import array

from harness.telemetry.histogram import LogHistogram, exact_percentile

NEAR = 0.02
"""Within this share of a threshold a percentile is computed exactly: there a histogram's 1 % could turn the verdict."""


class Durations:
    """Durations in ms of one thing (a path, or a phase of a path)."""

    __slots__ = ("histogram", "values")

    def __init__(self) -> None:
        self.values: array[float] = array("d")
        self.histogram = LogHistogram()

    def add(self, duration_ms: float) -> None:
        """Count one duration."""
        self.values.append(duration_ms)
        self.histogram.add(duration_ms)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def maximum(self) -> float:
        """The longest one, 0 when there is none."""
        return self.histogram.maximum

    def percentile(self, percent: float, near: float | None = None) -> float | None:
        """Nearest-rank percentile in ms within 1 %, and exact where it lies within 2 % of the threshold `near`.

        None when there is no duration.
        """
        estimate = self.histogram.percentile(percent)
        if estimate is None or near is None or abs(estimate - near) > NEAR * near:
            # A bin answers with its middle, which may lie above the longest duration there was.
            return None if estimate is None else min(estimate, self.maximum)
        return exact_percentile(list(self.values), percent)
