"""What no strategy can run is found before the run: by file, step and action."""

from __future__ import annotations

import pytest

from harness.navigation.check import find_problems, refuse_unrunnable
from harness.navigation.context import StepContext
from harness.navigation.drift import MapError
from harness.navigation.map import NavigationMap, Phase, Place, Step
from harness.navigation.registry import StrategyRegistry, strategy


@strategy("click", requires=("place",))
async def click(ctx: StepContext, step: Step) -> None: ...


@strategy("wait")
async def wait(ctx: StepContext, step: Step) -> None: ...


REGISTRY = StrategyRegistry([click, wait])
GOOD = Step("ok", "click", place=Place(selectors=(("#a",),)))


def of(*steps: Step) -> NavigationMap:
    return NavigationMap("t", (Phase("P", steps),), "shop.json", "harness")


def test_a_map_that_can_run_has_no_problems() -> None:
    assert find_problems(of(GOOD, Step("w", "wait")), REGISTRY) == []
    refuse_unrunnable(of(GOOD), REGISTRY)


def test_an_unknown_action_is_named_with_the_nearest_known_one() -> None:
    (problem,) = find_problems(of(GOOD, Step("s2", "clik")), REGISTRY)
    assert (problem.file, problem.step, problem.action) == ("shop.json", "s2", "clik")
    assert "nearest registered one is 'click'" in problem.why


def test_where_nothing_is_near_there_is_no_hint() -> None:
    (problem,) = find_problems(of(Step("s2", "zzz")), REGISTRY)
    assert "nearest" not in problem.why


def test_a_step_that_does_not_give_what_its_strategy_needs_is_named() -> None:
    (problem,) = find_problems(of(Step("s1", "click")), REGISTRY)
    assert problem.why == "the action 'click' needs place"


def test_the_refusal_names_the_first_and_counts_the_rest() -> None:
    with pytest.raises(MapError) as refused:
        refuse_unrunnable(of(Step("s1", "clip"), Step("s2", "click")), REGISTRY)
    assert refused.value.what == "shop.json: step s1 (action clip) cannot be run, nor can 1 more"
    assert refused.value.context == {"file": "shop.json", "step": "s1", "action": "clip"}
