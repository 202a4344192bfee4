from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cdp.reconnecting.pace import JITTER_SHARE, Pace


def test_those_who_wait_go_a_beat_apart_and_jitter_does_not_add_up() -> None:
    pace, now_s, times = Pace(50.0, random.Random(3)), 7.0, []
    for _ in range(1001):
        now_s = pace.due_at(now_s)
        pace.go(now_s)
        times.append(now_s)
    assert times[0] == 7.0
    assert times[-1] - times[0] == pytest.approx(1000 / 50, abs=JITTER_SHARE / 50)
    assert len({round(later - earlier, 9) for earlier, later in itertools.pairwise(times)}) > 100


def test_a_pause_is_not_made_up_for() -> None:
    pace = Pace(10.0, random.Random(3))
    pace.go(0.0)
    assert pace.due_at(60.0) == 60.0
    pace.go(60.0)
    assert pace.due_at(60.0) >= 60.1


@given(st.floats(1, 1000), st.lists(st.floats(0, 0.2), max_size=80), st.randoms())
def test_the_rate_holds_over_any_stretch_whoever_comes_late(
    per_s: float, lateness: list[float], source: random.Random
) -> None:
    pace, now_s, times = Pace(per_s, source), 0.0, []
    for late_s in lateness:
        now_s = pace.due_at(now_s) + late_s
        pace.go(now_s)
        times.append(now_s)
    for first in range(len(times)):
        for last in range(first, len(times)):
            assert last - first <= per_s * (times[last] - times[first]) + 1 + 1e-6
