"""A pace: one after the other, at least so far apart, each a little off the beat."""

from __future__ import annotations

import math

from harness.cdp.backoff import UniformSource

JITTER_SHARE = 0.2


class Pace:
    """Beats `1 / per_s` seconds apart. Jitter is within the beat and does not add up: `per_s` holds over any time.

    Who comes late within its beat does not move the next one; a longer pause does, and nothing is made up for.
    """

    def __init__(self, per_s: float, random: UniformSource) -> None:
        self._interval_s = 1.0 / per_s
        self._random = random
        self._beat_s = -math.inf
        self._offset_s = 0.0

    def due_at(self, now_s: float) -> float:
        """When the next may go: `now_s`, or later."""
        return max(now_s, self._beat_s + self._offset_s)

    def go(self, now_s: float) -> None:
        """One goes now."""
        late = now_s - self._beat_s >= self._interval_s
        self._beat_s = (now_s if late else self._beat_s) + self._interval_s
        self._offset_s = self._random.uniform(0.0, JITTER_SHARE * self._interval_s)
