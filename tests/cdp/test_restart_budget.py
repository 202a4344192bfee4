from __future__ import annotations

from harness.cdp.restart_budget import HOUR_S, RestartBudget


def test_an_hour_has_so_many_restarts_and_the_next_one_as_many_again() -> None:
    now_s = 0.0
    budget = RestartBudget(2, lambda: now_s)
    assert [budget.spend(), budget.spend(), budget.spend()] == [True, True, False]
    now_s = HOUR_S + 1
    assert budget.spend()


def test_one_that_allows_none_allows_none() -> None:
    assert not RestartBudget(0, lambda: 0.0).spend()
