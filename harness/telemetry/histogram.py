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
        """Count one finite value."""
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
        if not 0 < percent <= 100:
            raise ValueError("a percentile lies in (0, 100]")
        if self.count == 0:
            return None
        rank = math.ceil(percent / 100 * self.count)
        seen = self.zeros
        if seen >= rank:
            return 0.0
        for number in sorted(self.bins):
            seen += self.bins[number]
            if seen >= rank:
                return 2 * math.exp(number * _LOG_GAMMA) / (GAMMA + 1)
        return self.maximum

    @property
    def mean(self) -> float | None:
        """Arithmetic mean, exact; None when nothing was counted."""
        return self.total / self.count if self.count else None


def exact_percentile(values: list[float], percent: float) -> float | None:
    """Nearest-rank percentile of all values; None for an empty list."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]
