"""A replay runs phases and steps in order, jumps within bounds, and leaves no key held."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from harness.basics.failures import Cause
from harness.navigation.context import StepContext
from harness.navigation.errors import PathUnusableError, StepError
from harness.navigation.map import Conditional, NavigationMap, Phase, Step
from harness.navigation.registry import StrategyRegistry, strategy
from harness.navigation.replay import MAX_VISITS, Replay
from harness.testing.fake_context import FakeContext
from harness.testing.fake_page import FakePage


@strategy("say")
async def say(ctx: StepContext, step: Step) -> None:
    await ctx.page.insert_text(step.id)


@strategy("hold")
async def hold(ctx: StepContext, step: Step) -> None:
    await ctx.page.key("down", "Shift")


@strategy("hang")
async def hang(ctx: StepContext, step: Step) -> None:
    await anyio.sleep_forever()


@strategy("fail")
async def fail(ctx: StepContext, step: Step) -> None:
    raise StepError("not there", cause=Cause.ELEMENT_NOT_FOUND)


REGISTRY = StrategyRegistry([say, hold, hang, fail])


def says(*ids: str) -> tuple[Step, ...]:
    return tuple(Step(name, "say") for name in ids)


def path(*phases: Phase, **more: Any) -> NavigationMap:
    return NavigationMap("t", phases, "t.json", "harness", **more)


async def replay(ctx: FakeContext, *phases: Phase, **more: Any) -> Replay:
    one = Replay(path(*phases, **more), ctx, REGISTRY)
    await one.run()
    return one


async def test_steps_run_in_order_and_each_phase_is_told(page: FakePage, ctx: FakeContext) -> None:
    done = await replay(ctx, Phase("Login", says("a", "b")), Phase("Spin", says("c")))
    assert page.entered == "abc"
    assert [(e["phase"], e["outcome"]) for e in ctx.events("phase.completed")] == [("Login", "ok"), ("Spin", "ok")]
    assert [(e["phase"], e["step_id"]) for e in ctx.events("step.completed")] == [
        ("Login", "a"),
        ("Login", "b"),
        ("Spin", "c"),
    ]
    assert done.position == ("Spin", "c")


async def test_the_first_failure_ends_it_and_names_its_phase(page: FakePage, ctx: FakeContext) -> None:
    with pytest.raises(StepError) as failed:
        await replay(ctx, Phase("Login", (Step("a", "fail"), *says("b"))))
    assert failed.value.context["phase"] == "Login"
    assert page.entered == ""
    assert ctx.events("phase.completed")[0]["outcome"] == "element_not_found"


async def test_a_phase_has_a_deadline_over_all_its_steps(ctx: FakeContext) -> None:
    with pytest.raises(StepError, match="phase Login") as failed:
        await replay(ctx, Phase("Login", (*says("a"), Step("b", "hang", timeout_s=60)), deadline_s=0.01))
    assert failed.value.cause is Cause.STEP_TIMEOUT
    assert failed.value.context == {"phase": "Login", "step_id": "b", "operation": "phase"}
    assert ctx.events("phase.completed")[0]["outcome"] == "step_timeout"


@pytest.mark.parametrize("level", ["step", "map", "profile"])
async def test_the_nearest_timeout_holds(page: FakePage, level: str) -> None:
    ctx = FakeContext(page, timeout_s=0.01 if level == "profile" else 60)
    step = Step("a", "hang", timeout_s=0.01 if level == "step" else None)
    timeout_s = {"step": 60, "map": 0.01}.get(level)
    with pytest.raises(StepError, match=r"within 0\.01 s"):
        await replay(ctx, Phase("P", (step,)), timeout_s=timeout_s)


async def test_a_conditional_skips_forward_even_into_another_phase(page: FakePage, ctx: FakeContext) -> None:
    first = Step("a", "say", conditional=Conditional("logged in", on_true="d"))
    await replay(ctx, Phase("Login", (first, *says("b"))), Phase("Spin", says("c", "d")))
    assert page.entered == "ad"
    (branched,) = ctx.events("step.branched")
    assert (branched["step_id"], branched["result"], branched["goto"]) == ("a", True, "d")


async def test_a_conditional_may_go_back_until_it_holds(page: FakePage, ctx: FakeContext) -> None:
    page.answer("holds", False, False, True)
    again = Step("b", "say", conditional=Conditional("enough", on_false="a"))
    await replay(ctx, Phase("P", (*says("a"), again)))
    assert page.entered == "ababab"


async def test_a_loop_that_does_not_end_is_ended_with_its_place(page: FakePage, ctx: FakeContext) -> None:
    with pytest.raises(PathUnusableError, match="more than") as failed:
        await replay(ctx, Phase("P", (Step("a", "say", conditional=Conditional("x", on_true="a")),)))
    assert page.entered == "a" * MAX_VISITS
    assert failed.value.context == {"phase": "P", "step_id": "a", "operation": "step.say"}


async def test_an_expression_that_throws_in_a_conditional_has_the_steps_context(
    page: FakePage, ctx: FakeContext
) -> None:
    page.answer("holds", StepError("an expression threw", cause=Cause.EXPRESSION_FAILED))
    with pytest.raises(StepError) as failed:
        await replay(ctx, Phase("P", (Step("a", "say", conditional=Conditional("x", on_true="a")),)))
    assert failed.value.context["step_id"] == "a"


async def test_an_unregistered_action_is_named(ctx: FakeContext) -> None:
    with pytest.raises(PathUnusableError, match="'dance'") as failed:
        await replay(ctx, Phase("P", (Step("a", "dance"),)))
    assert failed.value.root_cause is Cause.STEP_INVALID


@pytest.mark.parametrize("then", ["say", "fail"])
async def test_held_keys_are_released_however_it_ends(page: FakePage, ctx: FakeContext, then: str) -> None:
    try:
        await replay(ctx, Phase("P", (Step("a", "hold"), Step("b", then))))
    except StepError:
        assert then == "fail"
    assert page.held_keys == []


async def test_held_keys_are_released_when_the_spin_is_cancelled(page: FakePage, ctx: FakeContext) -> None:
    with anyio.move_on_after(0.01):
        await replay(ctx, Phase("P", (Step("a", "hold"), Step("b", "hang", timeout_s=60))))
    assert page.held_keys == []


async def test_keys_that_cannot_be_released_do_not_hide_the_failure(page: FakePage, ctx: FakeContext) -> None:
    page.answer("release_keys", StepError("the page is gone", cause=Cause.CONNECTION_LOST))
    with pytest.raises(StepError, match="not there"):
        await replay(ctx, Phase("P", (Step("a", "hold"), Step("b", "fail"))))
    assert ctx.events("step.drift")[0]["field"] == "held keys"
