"""How long to wait before a reconnect: pure functions of the attempt and a random number; bounded by the cap.

`full`, `equal` and `decorrelated` jitter as in Brooker, "Exponential Backoff and Jitter" (AWS Architecture Blog, 2015);
`none` is there for comparison: whoever lost together comes back together.
"""

from __future__ import annotations

from typing import Literal, Protocol

Jitter = Literal["none", "full", "equal", "decorrelated"]


class UniformSource(Protocol):
    """The one method of `random.Random` that is needed here."""

    def uniform(self, a: float, b: float) -> float:
        """A number in [a, b]."""
        ...


def exponential_s(attempt: int, base_s: float, cap_s: float) -> float:
    """min(cap, base · 2^(attempt - 1)); attempts count from 1, and large ones do not overflow."""
    return min(cap_s, base_s * 2.0 ** min(attempt - 1, 60))


def wait_s(
    jitter: Jitter, attempt: int, previous_s: float, *, base_s: float, cap_s: float, random: UniformSource
) -> float:
    """The wait before attempt `attempt` + 1, in [0, cap_s]; `previous_s` is the wait chosen last (decorrelated only)."""
    ceiling = exponential_s(attempt, base_s, cap_s)
    match jitter:
        case "none":
            return ceiling
        case "full":
            return random.uniform(0.0, ceiling)
        case "equal":
            return ceiling / 2 + random.uniform(0.0, ceiling / 2)
        case "decorrelated":
            return min(cap_s, random.uniform(base_s, max(base_s, previous_s * 3)))


def stagger_s(cohort_index: int, cohorts: int, window_s: float) -> float:
    """The offset of a cohort's first attempt: cohorts share the window evenly, so that they never start together."""
    return window_s * (cohort_index % cohorts) / cohorts if cohorts > 0 else 0.0
