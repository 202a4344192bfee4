from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cdp.backoff import Jitter, exponential_s, stagger_s, wait_s

SECONDS = st.floats(0.0, 3600.0, allow_nan=False)
JITTERS = st.sampled_from(["full", "equal", "decorrelated"])


class _Edge:
    """The least or the greatest number that `uniform` may give."""

    def __init__(self, greatest: bool) -> None:
        self.greatest = greatest

    def uniform(self, a: float, b: float) -> float:
        assert a <= b
        return b if self.greatest else a


@given(JITTERS, st.integers(1, 10_000), SECONDS, SECONDS, SECONDS, st.booleans() | st.randoms())
def test_a_wait_is_never_negative_and_never_above_the_cap(
    jitter: Jitter, attempt: int, previous_s: float, base_s: float, cap_s: float, chance: bool | random.Random
) -> None:
    source = _Edge(chance) if isinstance(chance, bool) else chance
    wait = wait_s(jitter, attempt, previous_s, base_s=base_s, cap_s=cap_s, random=source)
    assert 0.0 <= wait <= cap_s


@given(st.integers(1, 10_000), st.integers(1, 10_000))
def test_the_ceiling_grows_with_the_attempt_and_does_not_overflow(one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert 0.1 <= exponential_s(low, 0.1, 1e30) <= exponential_s(high, 0.1, 1e30) <= 1e30


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 0.1), (2, 0.2), (3, 0.4), (6, 3.2), (7, 5.0)])
def test_the_ceiling_doubles_until_the_cap(attempt: int, seconds: float) -> None:
    assert exponential_s(attempt, 0.1, 5.0) == pytest.approx(seconds)


def test_equal_jitter_waits_at_least_half_the_ceiling() -> None:
    assert wait_s("equal", 3, 0, base_s=0.1, cap_s=5, random=_Edge(False)) == pytest.approx(0.2)
    assert wait_s("equal", 3, 0, base_s=0.1, cap_s=5, random=_Edge(True)) == pytest.approx(0.4)


def test_decorrelated_jitter_grows_from_the_last_wait() -> None:
    assert wait_s("decorrelated", 1, 1.0, base_s=0.1, cap_s=5, random=_Edge(True)) == pytest.approx(3.0)
    assert wait_s("decorrelated", 9, 0.0, base_s=0.1, cap_s=5, random=_Edge(True)) == pytest.approx(0.1)


@given(st.integers(1, 50), SECONDS)
def test_cohorts_share_the_window_and_start_at_different_times(cohorts: int, window_s: float) -> None:
    offsets = [stagger_s(index, cohorts, window_s) for index in range(cohorts)]
    assert all(0.0 <= offset <= window_s for offset in offsets)
    assert window_s < 1e-300 or len(set(offsets)) == cohorts


def test_a_single_browser_without_cohorts_starts_at_once() -> None:
    assert stagger_s(0, 0, 5.0) == 0.0
