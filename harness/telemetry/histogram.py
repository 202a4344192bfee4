"""Log-bin histograms: percentiles in bounded memory with a relative error of at most 1 % (γ = 1.02).

The bins are those of DDSketch (Masson, Rim, Lee: "DDSketch", VLDB 2019): value v falls into bin ceil(log_γ v), and a
bin answers with the value whose relative error to both its ends is equal.
"""

from __future__ import annotations

import math

GAMMA = 1.02
_LOG_GAMMA = math.log(GAMMA)


class LogHistogram:
    """Counts of positive values by logarithmic bin; zero and below are counted apart and answered as 0."""

    __slots__ = ("bins", "count", "maximum", "total", "zeros")

    def __init__(self) -> None:
        self.bins: dict[int, int] = {}
        self.zeros = 0
        self.count = 0
        self.total = 0.0
        self.maximum = 0.0

    def add(self, value: float) -> None:
        """Count one value; ValueError, and nothing counted, unless it is finite."""
        if not math.isfinite(value):
            raise ValueError(f"not a finite value: {value}")
        self.count += 1
        self.total += value
        self.maximum = max(self.maximum, value)
        if value <= 0.0:
            self.zeros += 1
            return
        bin_number = math.ceil(math.log(value) / _LOG_GAMMA)
        self.bins[bin_number] = self.bins.get(bin_number, 0) + 1

    def percentile(self, percent: float) -> float | None:
        """The nearest-rank percentile (0 < percent <= 100), within 1 %; None when nothing was counted."""
        rank = _rank(percent, self.count)
        if rank == 0:
            return None
        seen = self.zeros
        if seen >= rank:
            return 0.0
        for number in sorted(self.bins):
            seen += self.bins[number]
            if seen >= rank:
                return min(self.maximum, 2 * math.exp(number * _LOG_GAMMA) / (GAMMA + 1))
        return self.maximum

    @property
    def mean(self) -> float | None:
        """Arithmetic mean, exact; None when nothing was counted."""
        return self.total / self.count if self.count else None


def exact_percentile(values: list[float], percent: float) -> float | None:
    """Nearest-rank percentile (0 < percent <= 100) of all values; None for an empty list."""
    rank = _rank(percent, len(values))
    return sorted(values)[rank - 1] if rank else None


def _rank(percent: float, count: int) -> int:
    """The nearest rank, from 1; 0 when nothing was counted. The product first: 55 / 100 * 100 is more than 55."""
    if not 0 < percent <= 100:
        raise ValueError("a percentile lies in (0, 100]")
    return math.ceil(percent * count / 100)
