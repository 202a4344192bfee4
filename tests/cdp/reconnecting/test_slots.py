from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cdp.reconnecting.slots import slot_wait_s


@given(st.floats(0, 1e9), st.integers(0, 500), st.integers(1, 100), st.floats(0.01, 10), st.randoms())
def test_the_wait_ends_in_a_later_slot_of_ones_own(
    wall_s: float, index: int, slots: int, slot_s: float, source: random.Random
) -> None:
    wait = slot_wait_s(wall_s, index, slots, slot_s, source)
    assert 0 <= wait <= (slots + 1) * slot_s + 1e-6
    offset_s = (wall_s + wait - (index % slots) * slot_s) % (slots * slot_s)
    tolerance = 1e-6 + wall_s * 1e-12
    assert offset_s <= slot_s + tolerance or offset_s >= slots * slot_s - tolerance


def test_hosts_that_agree_on_the_time_spread_their_connections_evenly() -> None:
    source = random.Random(5)
    ends = sorted(1000.0 + slot_wait_s(1000.0, index, 20, 0.5, source) for index in range(200))
    for second in range(1, 9):
        assert sum(1000 + second <= end < 1001 + second for end in ends) == pytest.approx(20, abs=12)
