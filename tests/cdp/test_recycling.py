from __future__ import annotations

import random

import pytest

from harness.cdp.recycling import RecyclePolicy


@pytest.mark.parametrize(
    ("policy", "memory_bytes", "age_s", "why"),
    [
        (RecyclePolicy(memory_mib=100), 100 * 2**20, 1e9, ""),
        (RecyclePolicy(memory_mib=100), 101 * 2**20, 0, "its memory, 101 MiB, is above 100 MiB"),
        (RecyclePolicy(memory_mib=None), 2**40, 1e9, ""),
        (RecyclePolicy(after_s=60), 0, 59.9, ""),
        (RecyclePolicy(after_s=60), 0, 60, "it is 60 s old"),
    ],
)
def test_a_browser_is_due_when_it_has_grown_or_is_old(
    policy: RecyclePolicy, memory_bytes: int, age_s: float, why: str
) -> None:
    assert policy.due(memory_bytes, age_s, policy.after_s) == why


def test_browsers_that_began_together_do_not_end_together() -> None:
    rng = random.Random(1)
    lifetimes = [RecyclePolicy(after_s=100).lifetime_s(rng) for _ in range(20)]
    assert len(set(lifetimes)) == 20
    assert all(90 <= lifetime <= 110 for lifetime in lifetimes)
    assert RecyclePolicy().lifetime_s(rng) is None
