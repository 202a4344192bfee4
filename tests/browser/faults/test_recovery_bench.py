"""The bench of recoveries runs, and says so when a promise is not kept; what it measures is not tested here."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cdp.finding import BrowserBinary
from scripts.benches.recovery import FAULTS, MANY, Fault, Result, Times, inject, p99

BY_NAME = {fault.name: fault for fault in FAULTS}


@pytest.mark.parametrize(
    ("name", "transport"), [("socket drop", "websocket"), ("renderer crash", "pipe"), ("target closed", "pipe")]
)
async def test_a_fault_is_injected_and_its_recovery_measured(browser_path: Path, name: str, transport: str) -> None:
    result = await inject(BrowserBinary(browser_path, "headless-shell", "test"), BY_NAME[name], transport, 2)
    assert result.failures == []
    assert [0 < one.detected_s <= one.recovered_s for one in result.times] == [True, True]


async def test_a_trial_that_fails_is_counted_and_the_next_gets_a_browser_of_its_own(browser_path: Path) -> None:
    seen: list[int] = []

    async def trial(bed: object) -> Times:
        seen.append(bed.manager.process.pid)
        assert len(seen) > 1, "the first one fails"
        return Times(0.1, 0.2)

    result = await inject(BrowserBinary(browser_path, "headless-shell", "test"), Fault("f", trial), "websocket", 2)
    assert (result.times, len(result.failures)) == ([Times(0.1, 0.2)], 1)
    assert len(set(seen)) == 2
    (figure,) = result.figures()
    assert "1 NOT RECOVERED" in figure.against


def test_p99_is_told_of_many_trials_and_the_maximum_of_few() -> None:
    fault = Fault("f", None, promise_s=1.0, detection_s=0.5)
    many = Result(fault, "pipe", [Times(0.1, 0.2)] * (MANY - 1) + [Times(9.0, 9.0)], [])
    recovered, detected = many.figures()
    assert (recovered.name, recovered.value, recovered.ok) == ("f, pipe: recovered p99", 200.0, True)
    assert (detected.value, detected.ok) == (100.0, True)
    (few, _) = Result(fault, "pipe", [Times(0.1, 0.2), Times(0.1, 1.5)], []).figures()
    assert (few.name, few.value, few.ok) == ("f, pipe: recovered max", 1500.0, False)
    (lost, _) = Result(fault, "pipe", [Times(0.1, 0.2)], ["it did not come back"]).figures()
    assert lost.ok is False


def test_p99_leaves_out_one_in_a_hundred() -> None:
    assert p99([float(number) for number in range(1, 101)]) == 99.0
    assert p99([5.0]) == 5.0
