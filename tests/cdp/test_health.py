from __future__ import annotations

from harness.cdp.hang import HangPolicy
from harness.cdp.health import BrowserHealth, HealthPolicy
from harness.cdp.process_stat import Activity

POLICY = HealthPolicy(hang=HangPolicy(misses=2, patience=2))


def test_a_browser_that_uses_no_time_hangs_after_two_misses_and_an_answer_forgives_them() -> None:
    health = BrowserHealth(POLICY, lambda: Activity(stopped=False, cpu_ticks=5))
    assert health.missed() == "slow"
    health.answered()
    assert health.judgement() == "well"
    assert [health.missed(), health.missed()] == ["slow", "hung"]


def test_a_browser_that_computes_is_waited_for() -> None:
    ticks = iter(range(100))
    health = BrowserHealth(POLICY, lambda: Activity(stopped=False, cpu_ticks=next(ticks)))
    assert [health.missed() for _ in range(4)] == ["slow", "slow", "slow", "hung"]


def test_a_browser_that_is_stopped_after_its_first_miss_is_known_at_once() -> None:
    activity = Activity(stopped=False, cpu_ticks=5)
    health = BrowserHealth(POLICY, lambda: activity)
    assert health.missed() == "slow"
    activity = Activity(stopped=True, cpu_ticks=5)
    assert health.judgement() == "hung"


def test_a_browser_whose_process_is_not_known_gets_the_benefit_of_the_doubt() -> None:
    health = BrowserHealth(POLICY, lambda: None)
    assert [health.missed() for _ in range(4)] == ["slow", "slow", "slow", "hung"]
