from __future__ import annotations

import random

import pytest

from harness.cdp.reconnecting.policy import ReconnectPolicy
from harness.cdp.reconnecting.waits import WaitRule


def rule(policy: ReconnectPolicy, *, index: int = 0, known: int = 1, gated: bool = False) -> WaitRule:
    return WaitRule(policy, index=index, known=known, random=random.Random(7), gated=gated)


def test_behind_a_gate_nobody_waits_by_itself() -> None:
    gated = rule(ReconnectPolicy(), index=3, known=4, gated=True)
    assert (gated.first_s(5.0), gated.next_s(1, 5.0), gated.next_s(7, 9.0)) == (0.0, 0.0, 0.0)


def test_without_a_coordinator_the_jitter_decides() -> None:
    alone = rule(ReconnectPolicy(jitter="full", base_s=0.1, cap_s=5.0), index=2, known=4)
    assert 0.25 <= alone.first_s(0.0) <= 0.35
    assert all(alone.next_s(attempt, 0.0) <= 0.1 * 2 ** (attempt - 1) for attempt in range(1, 6))


def test_no_jitter_is_the_same_for_all() -> None:
    waits = [rule(ReconnectPolicy(jitter="none", stagger_window_s=0), index=i, known=3).next_s(4, 0.0) for i in (0, 2)]
    assert waits == [pytest.approx(0.8), pytest.approx(0.8)]


def test_slots_wait_for_their_turn_before_the_first_attempt_too() -> None:
    policy = ReconnectPolicy(scheme="cohort-slots", slot_s=0.5, cap_s=5.0, fleet_size=10)
    slots = rule(policy, index=4, known=1, gated=True)
    assert 2.0 <= slots.first_s(100.0) <= 2.5
    assert 4.5 <= slots.next_s(1, 102.5) <= 5.0


def test_a_new_outage_starts_from_the_base() -> None:
    grown = rule(ReconnectPolicy(jitter="decorrelated", base_s=0.1, cap_s=1000.0))
    for attempt in range(1, 12):
        grown.next_s(attempt, 0.0)
    grown.first_s(0.0)
    assert grown.next_s(1, 0.0) <= 0.3
