"""The chain around a step: its order, what is run again and what never is, and what a failure is called."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from harness.basics.errors import OperationError
from harness.basics.failures import Cause
from harness.cdp.errors import ConnectionLostError
from harness.navigation.chain import LINKS, RESUMES, Inner, StepRun, fold
from harness.navigation.context import StepContext
from harness.navigation.errors import StepError
from harness.navigation.map import AssertedNavigation, Conditional, Gate, Phase, Step
from harness.navigation.page import Miss
from harness.navigation.registry import Strategy
from harness.testing.fake_context import FakeContext
from harness.testing.fake_page import FakePage

Act = Callable[[FakePage], Awaitable[None]]


def lost(*, may_have_happened: bool = False) -> ConnectionLostError:
    return ConnectionLostError("cut", method="Page.navigate", may_have_happened=may_have_happened)


def of_page(cause: Cause = Cause.ELEMENT_NOT_FOUND) -> StepError:
    return StepError("not there", cause=cause)


def run_of(
    ctx: FakeContext,
    act: Act,
    *,
    holds: str | None = None,
    releases: str | None = None,
    timeout_s: float = 5,
    **step: Any,
) -> StepRun:
    """A step whose strategy is `act`; `last_of_login` marks it as the last one of a phase that logs in."""
    login = step.pop("last_of_login", False)
    one = Step(step.pop("id", "s1"), "act", **step)

    async def run(context: StepContext, _step: Step) -> None:
        assert isinstance(context.page, FakePage)
        await act(context.page)

    return StepRun(
        Phase("Login", (one,), credential=login), one, Strategy("act", run, (), holds, releases), ctx, timeout_s
    )


async def chain(run: StepRun) -> None:
    await fold(LINKS)(run)


class Attempts:
    """An action that fails as listed, then succeeds. Counts how often it ran."""

    def __init__(self, *errors: Exception, effects: int = 0) -> None:
        self.errors = list(errors)
        self.count = 0
        self.effects = effects

    async def __call__(self, page: FakePage) -> None:
        self.count += 1
        page.effects += self.effects
        if self.errors:
            raise self.errors.pop(0)


# --- the fold


async def test_links_run_from_the_outermost_to_the_innermost_and_back(ctx: FakeContext) -> None:
    order: list[str] = []

    def link(name: str) -> Any:
        async def around(run: StepRun, inner: Inner) -> None:
            order.append(f"{name} in")
            await inner(run)
            order.append(f"{name} out")

        return around

    await fold([link("a"), link("b")])(run_of(ctx, Attempts()))
    assert order == ["a in", "b in", "b out", "a out"]


def test_the_chain_of_the_house_is_in_the_order_of_the_design() -> None:
    assert [getattr(link, "__name__", "") for link in LINKS] == [
        "observe",
        "own",
        "retry",
        "deadline",
        "verify_entry",
        "act",
        "verify_exit",
        "decide",
    ]


async def test_a_step_enters_by_its_gates_acts_leaves_by_its_gates_and_decides(
    page: FakePage, ctx: FakeContext
) -> None:
    async def act(page: FakePage) -> None:
        await page.insert_text("x")

    run = run_of(
        ctx,
        act,
        entry=(Gate("expression", "before"),),
        exit=(Gate("expression", "after"),),
        conditional=Conditional("which", on_true="s9"),
    )
    await chain(run)
    assert page.calls == [("holds", "before"), ("insert_text", "x"), ("holds", "after"), ("holds", "which")]
    assert run.goto == "s9"


# --- observe


async def test_a_completed_step_is_told_with_its_id(ctx: FakeContext) -> None:
    await chain(run_of(ctx, Attempts()))
    (event,) = ctx.events("step.completed")
    assert (event["step_id"], event["action"], event["outcome"], event["attempt"]) == ("s1", "act", "ok", 1)
    assert event["duration_ms"] >= 0
    assert event["span_id"]


async def test_a_failure_carries_its_operation_context(ctx: FakeContext) -> None:
    with pytest.raises(StepError) as failed:
        await chain(run_of(ctx, Attempts(of_page())))
    assert failed.value.context["step_id"] == "s1"
    assert failed.value.context["phase"] == "Login"
    assert failed.value.context["operation"] == "step.act"
    assert ctx.events("step.completed")[0]["outcome"] == "element_not_found"


async def test_a_defect_of_a_strategy_is_called_one_and_names_its_module(ctx: FakeContext) -> None:
    with pytest.raises(StepError) as failed:
        await chain(run_of(ctx, Attempts(KeyError("button")), retries=3))
    assert failed.value.cause is Cause.STRATEGY_DEFECT
    assert "KeyError" in failed.value.why
    assert __name__ in failed.value.todo
    assert failed.value.may_have_happened
    assert isinstance(failed.value.__cause__, KeyError)


async def test_a_strategys_own_timeout_error_is_not_the_steps_deadline(ctx: FakeContext) -> None:
    with pytest.raises(StepError) as failed:
        await chain(run_of(ctx, Attempts(TimeoutError("mine"))))
    assert failed.value.cause is Cause.STRATEGY_DEFECT


async def test_a_cancelled_step_is_told_as_such_and_the_cancellation_goes_on(ctx: FakeContext) -> None:
    async def for_ever(_page: FakePage) -> None:
        await anyio.sleep_forever()

    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(chain, run_of(ctx, for_ever))
            await anyio.wait_all_tasks_blocked()
            scope.cancel()
    assert ctx.events("step.completed")[0]["outcome"] == "cancelled"


# --- own


async def test_a_scope_is_taken_before_the_step_and_kept_after_it(ctx: FakeContext) -> None:
    await chain(run_of(ctx, Attempts(), holds="clipboard"))
    assert ctx.fake_holds.history == [("take", "clipboard")]
    await chain(run_of(ctx, Attempts(), releases="clipboard"))
    assert ctx.fake_holds.history == [("take", "clipboard"), ("give back", "clipboard")]


async def test_a_step_that_releases_a_scope_nobody_took_takes_it_for_itself(ctx: FakeContext) -> None:
    await chain(run_of(ctx, Attempts(), releases="clipboard"))
    assert ctx.fake_holds.history == [("take", "clipboard"), ("give back", "clipboard")]


async def test_audit_is_committed_at_the_steps_end(ctx: FakeContext) -> None:
    await chain(run_of(ctx, Attempts()))
    assert ctx.commits == 1


# --- retry


async def test_a_failure_of_the_page_is_tried_again_as_often_as_the_map_says(ctx: FakeContext) -> None:
    act = Attempts(of_page(), of_page())
    await chain(run_of(ctx, act, retries=2))
    assert act.count == 3
    assert ctx.events("step.completed")[0]["attempt"] == 3


async def test_without_retries_the_first_failure_counts(ctx: FakeContext) -> None:
    act = Attempts(of_page())
    with pytest.raises(StepError):
        await chain(run_of(ctx, act))
    assert act.count == 1


@pytest.mark.parametrize("cause", [Cause.STRATEGY_DEFECT, Cause.STEP_INVALID, Cause.URL_REFUSED])
async def test_what_no_repetition_mends_is_not_repeated(ctx: FakeContext, cause: Cause) -> None:
    act = Attempts(of_page(cause))
    with pytest.raises(StepError):
        await chain(run_of(ctx, act, retries=3))
    assert act.count == 1


async def test_a_step_that_commits_is_not_run_again_after_an_effect(ctx: FakeContext) -> None:
    act = Attempts(of_page(), effects=1)
    with pytest.raises(StepError):
        await chain(run_of(ctx, act, retries=3, commits=True))
    assert act.count == 1


async def test_a_step_that_commits_is_run_again_where_nothing_was_sent(ctx: FakeContext) -> None:
    act = Attempts(of_page())
    await chain(run_of(ctx, act, retries=3, commits=True))
    assert act.count == 2


async def test_after_a_lost_connection_without_an_effect_the_step_goes_on(ctx: FakeContext) -> None:
    act = Attempts(lost(), lost())
    await chain(run_of(ctx, act))
    assert (act.count, ctx.restores) == (3, 2)
    assert ctx.events("step.completed")[0]["attempt"] == 1  # it was no failure of the step


async def test_after_an_effect_it_never_goes_on_and_says_that_it_may_have_happened(ctx: FakeContext) -> None:
    act = Attempts(lost(), effects=1)
    with pytest.raises(ConnectionLostError) as failed:
        await chain(run_of(ctx, act, retries=5))
    assert failed.value.may_have_happened
    assert (act.count, ctx.restores) == (1, 0)


async def test_a_command_that_may_have_happened_is_never_repeated(ctx: FakeContext) -> None:
    act = Attempts(lost(may_have_happened=True))
    with pytest.raises(ConnectionLostError):
        await chain(run_of(ctx, act))
    assert act.count == 1


async def test_going_on_is_bounded(ctx: FakeContext) -> None:
    act = Attempts(*(lost() for _ in range(20)))
    with pytest.raises(ConnectionLostError):
        await chain(run_of(ctx, act))
    assert act.count == 1 + RESUMES


async def test_when_the_page_cannot_be_restored_that_is_the_failure(page: FakePage) -> None:
    async def gone() -> None:
        raise OperationError("the page is gone", cause=Cause.BROWSER_DIED)

    with pytest.raises(OperationError, match="the page is gone") as failed:
        await chain(run_of(FakeContext(page, restore=gone), Attempts(lost())))
    assert failed.value.context["step_id"] == "s1"


# --- deadline


async def test_the_deadline_tells_what_was_waited_for(ctx: FakeContext) -> None:
    async def misses(page: FakePage) -> None:
        page.last_miss = Miss(Cause.ELEMENT_NOT_FOUND, "no element for #go")
        await anyio.sleep_forever()

    with pytest.raises(StepError) as failed:
        await chain(run_of(ctx, misses, timeout_s=0.01))
    assert failed.value.cause is Cause.ELEMENT_NOT_FOUND
    assert failed.value.why == "no element for #go"
    assert failed.value.may_have_happened


async def test_a_page_that_says_nothing_is_a_step_timeout(page: FakePage, ctx: FakeContext) -> None:
    async def silent(_page: FakePage) -> None:
        await anyio.sleep_forever()

    page.last_miss = Miss(Cause.ELEMENT_NOT_FOUND, "of an earlier step")
    with pytest.raises(StepError) as failed:
        await chain(run_of(ctx, silent, timeout_s=0.01))
    assert failed.value.cause is Cause.STEP_TIMEOUT


@pytest.mark.parametrize(
    ("login", "cause"), [(True, Cause.LOGIN_REJECTED), (False, Cause.GATE_FAILED)], ids=["login", "elsewhere"]
)
async def test_a_closed_gate_at_the_end_of_a_login_is_a_rejected_login(
    page: FakePage, ctx: FakeContext, login: bool, cause: Cause
) -> None:
    page.answer("holds", False)
    with pytest.raises(StepError) as failed:
        await chain(run_of(ctx, Attempts(), exit=(Gate("expression", "inside"),), timeout_s=0.01, last_of_login=login))
    assert failed.value.cause is cause


# --- act


async def test_an_asserted_navigation_is_waited_for_from_before_the_act(page: FakePage, ctx: FakeContext) -> None:
    page.navigations = 4
    page.answer("title", "Cart")

    async def goes(page: FakePage) -> None:
        await page.navigate("http://shop.test/cart")

    await chain(run_of(ctx, goes, asserted=AssertedNavigation("http://shop.test/cart", "Cart")))
    assert ("wait_navigation", 4) in page.calls
    assert ctx.events("step.drift") == []


async def test_another_url_and_title_than_recorded_are_told_as_drift(page: FakePage, ctx: FakeContext) -> None:
    page.answer("title", "Sign in")
    page.url = "http://shop.test/login"
    await chain(run_of(ctx, Attempts(), asserted=AssertedNavigation("http://shop.test/cart", "Cart")))
    assert [(e["field"], e["expected"], e["found"]) for e in ctx.events("step.drift")] == [
        ("url", "http://shop.test/cart", "http://shop.test/login"),
        ("title", "Cart", "Sign in"),
    ]


async def test_a_step_without_conditional_goes_on_at_the_next(page: FakePage, ctx: FakeContext) -> None:
    run = run_of(ctx, Attempts())
    await chain(run)
    assert run.goto is None
    assert page.calls == []


async def test_a_conditional_that_hangs_ends_with_the_steps_deadline(page: FakePage, ctx: FakeContext) -> None:
    class Hanging(FakePage):
        async def holds(self, expression: str, frame: tuple[int, ...] = ()) -> bool:
            await anyio.sleep_forever()
            raise AssertionError

    run = run_of(FakeContext(Hanging()), Attempts(), conditional=Conditional("x", "s9"), timeout_s=0.01)
    with pytest.raises(StepError) as failed:
        await chain(run)
    assert failed.value.context["step_id"] == "s1"
