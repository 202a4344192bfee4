"""A token bucket: so many at once, so many a second after that."""

from __future__ import annotations

import math

_ROUNDING = 1e-9


class TokenBucket:
    """Starts full. Times are seconds of any clock that never goes back; capacity and `per_s` are above zero."""

    def __init__(self, capacity: float, per_s: float) -> None:
        self.capacity, self.per_s = capacity, per_s
        self._tokens = capacity
        self._at_s = 0.0

    @classmethod
    def unlimited(cls) -> TokenBucket:
        """A bucket that never runs out."""
        return cls(math.inf, math.inf)

    def ready_at(self, now_s: float) -> float:
        """When a token is there: `now_s`, or later."""
        tokens = self._at(now_s)
        return now_s if tokens >= 1 - _ROUNDING else now_s + (1 - tokens) / self.per_s

    def take(self, now_s: float) -> None:
        """Take one token; ValueError when there is none: ask `ready_at` first."""
        tokens = self._at(now_s)
        if tokens < 1 - _ROUNDING:
            raise ValueError("the bucket is empty")
        self._tokens, self._at_s = max(0.0, tokens - 1), max(now_s, self._at_s)

    def _at(self, now_s: float) -> float:
        if math.isinf(self.capacity):
            return self.capacity
        return min(self.capacity, self._tokens + max(0.0, now_s - self._at_s) * self.per_s)
