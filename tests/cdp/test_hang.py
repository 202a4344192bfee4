from __future__ import annotations

import pytest

from harness.cdp.hang import HangPolicy, Sign, judge


@pytest.mark.parametrize(
    ("sign", "judgement"),
    [
        (Sign(0, stopped=False, cpu_advanced=False), "well"),
        (Sign(0, stopped=True, cpu_advanced=False), "well"),  # it has answered: what was stopped goes on
        (Sign(1, stopped=True, cpu_advanced=False), "hung"),
        (Sign(1, stopped=False, cpu_advanced=False), "slow"),
        (Sign(2, stopped=False, cpu_advanced=False), "hung"),
        (Sign(2, stopped=False, cpu_advanced=True), "slow"),
        (Sign(5, stopped=False, cpu_advanced=True), "slow"),
        (Sign(6, stopped=False, cpu_advanced=True), "hung"),
    ],
)
def test_a_stopped_process_hangs_a_computing_one_is_slow_for_longer(sign: Sign, judgement: str) -> None:
    assert judge(sign, HangPolicy(misses=2, patience=3)) == judgement
