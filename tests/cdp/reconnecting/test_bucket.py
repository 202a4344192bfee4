from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cdp.reconnecting.bucket import TokenBucket


def test_a_full_bucket_gives_its_burst_at_once_and_then_one_by_one() -> None:
    bucket = TokenBucket(3, 2.0)
    for _ in range(3):
        assert bucket.ready_at(10.0) == 10.0
        bucket.take(10.0)
    assert bucket.ready_at(10.0) == pytest.approx(10.5)
    bucket.take(10.5)
    assert bucket.ready_at(10.5) == pytest.approx(11.0)


def test_an_empty_bucket_refuses_and_keeps_what_it_has() -> None:
    bucket = TokenBucket(1, 1.0)
    bucket.take(0.0)
    with pytest.raises(ValueError, match="empty"):
        bucket.take(0.5)
    bucket.take(1.0)


def test_asking_ahead_does_not_fill_it_ahead() -> None:
    bucket = TokenBucket(5, 1.0)
    for _ in range(5):
        bucket.take(0.0)
    assert bucket.ready_at(100.0) == 100.0
    assert bucket.ready_at(0.0) == pytest.approx(1.0)


def test_an_unlimited_bucket_never_runs_out() -> None:
    bucket = TokenBucket.unlimited()
    for _ in range(1000):
        bucket.take(0.0)
    assert bucket.ready_at(0.0) == 0.0


@given(st.integers(1, 20), st.floats(0.01, 100), st.lists(st.floats(0, 5), max_size=60))
def test_it_never_gives_more_than_burst_and_rate_allow(burst: int, per_s: float, pauses: list[float]) -> None:
    bucket, now_s, taken = TokenBucket(burst, per_s), 0.0, []
    for pause in pauses:
        now_s = bucket.ready_at(now_s + pause)
        bucket.take(now_s)
        taken.append(now_s)
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            assert last - first + 1 <= burst + per_s * (taken[last] - taken[first]) + 1e-6
