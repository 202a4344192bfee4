"""The worker's promises, with real tabs, fences, replays and queues; only the browser and the site are fakes."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio
import pytest

from harness.cdp.errors import BrowserFailedError
from harness.coordination.ownership import Binding
from harness.navigation.context import StepContext
from harness.navigation.map import Step
from harness.pool.plan import SpinNaming
from harness.pool.states import ItemState, WorkerState
from harness.pool.worker import pause_s
from tests.pool.acts import ends, failing, forever, nothing, ordering, stop_when_blocked


class WorkerKilledError(BaseException):
    """Stands for what nobody expects of a strategy."""


# --- a spin


async def test_a_completed_spin_ends_its_item_and_gives_everything_back(world: Any) -> None:
    world.step("order", ordering(world))
    world.path("shop", "order")
    item = world.add("shop")
    worker = world.worker()
    await worker.run()
    assert item.state is ItemState.DONE
    assert ends(world) == [("completed", "yes")]
    assert world.ledger.asked == [], "what completed is not asked for"
    assert (worker.state, worker.view.spins, worker.view.failures) == (WorkerState.STOPPED, 1, 0)
    assert (world.figures.spins, world.figures.completed, len(world.figures.effect_spins)) == (1, 1, 1)
    world.assert_clean()


async def test_the_site_is_told_the_spin_before_the_first_step(world: Any) -> None:
    world.settings |= {"naming": SpinNaming("x-spin", "spin"), "allowed_origins": frozenset({"http://shop.test"})}
    seen: list[bool] = []

    async def look(ctx: StepContext, step: Step) -> None:
        seen.append({"Network.setExtraHTTPHeaders", "Storage.setCookies"} <= set(world.browser.calls))

    world.step("look", look)
    world.path("shop", "look")
    world.add("shop")
    await world.worker().run()
    assert seen == [True]


async def test_the_credential_of_a_failed_spin_is_free_only_when_its_page_is_gone(world: Any) -> None:
    """Until then the page may still act as this account."""
    held: list[bool] = []

    def answer(method: str, params: dict[str, Any]) -> Any:
        if method == "Target.disposeBrowserContext":
            held.append("credential:shop/alice" in dict(world.coordinator.table.owned()))
        return answered(method, params)

    answered, world.browser.answer = world.browser.answer, answer
    world.step("order", failing(times=1))
    world.path("shop", "order")
    world.credential("shop-alice", "alice")
    world.add("shop", credential="shop-alice")
    await world.worker().run()
    assert held == [True, False], "the failed spin's page, and the page of the completed one at the end"
    world.assert_clean()


async def test_the_page_is_gone_before_the_site_is_asked(world: Any) -> None:
    """Else the page could still make the effect after the site said that it has none."""
    contexts: list[set[str]] = []

    async def look() -> None:
        contexts.append(set(world.browser.contexts))

    world.ledger.before_answer = look
    world.step("order", failing(times=1))
    world.path("shop", "order")
    world.add("shop")
    await world.worker().run()
    assert contexts == [set()]


def test_a_worker_rests_longer_with_each_failure_in_a_row_up_to_5_s() -> None:
    assert [pause_s(failures) for failures in (0, 1, 2, 3, 4, 1000)] == [0.0, 0.0, 0.1, 0.2, 0.4, 5.0]


# --- deadlines


async def test_a_spin_that_takes_too_long_says_where_it_was(world: Any) -> None:
    world.settings |= {"spin_timeout_s": 0.05, "step_timeout_s": 60.0}
    world.step("wait", forever)
    world.path("shop", "wait")
    item = world.add("shop", attempts=1)
    await world.worker().run()
    (failure,) = world.events("failure.recorded")
    assert (failure["cause"], failure["operation"]) == ("spin_timeout", "spin")
    assert "it was at main / shop.wait" in failure["detail"]
    assert (failure["phase"], failure["step_id"]) == ("main", "shop.wait")
    assert item.state is ItemState.FAILED
    world.assert_clean()


async def test_a_spin_that_waits_too_long_for_its_credential_says_that_it_was_preparing(world: Any) -> None:
    world.settings["spin_timeout_s"] = 0.05
    world.step("order", nothing)
    world.path("shop", "order")
    world.credential("shop-alice", "alice")
    world.add("shop", attempts=1, credential="shop-alice")
    other = await world.coordinator.acquire("credential:shop/alice", Binding("w9", "test"), timeout_s=60)
    await world.worker().run()
    world.coordinator.release(other)
    assert "(preparing)" in world.events("failure.recorded")[0]["detail"]
    world.assert_clean()


# --- lost connections


async def test_a_step_that_a_cut_cannot_have_harmed_goes_on_after_it(world: Any) -> None:
    cuts = [1]

    async def click(ctx: StepContext, step: Step) -> None:
        if cuts:
            cuts.pop()
            world.browser.cut()
        await ctx.page.insert_text("x")

    world.step("click", click)
    world.path("shop", "click", effect=False)
    item = world.add("shop", attempts=1)
    await world.worker().run()
    assert item.state is ItemState.DONE
    states = [event["to_state"] for event in world.events("worker.state")]
    assert states == ["preparing", "running", "recovering", "running", "idle", "stopped"]
    world.assert_clean()


async def test_a_step_whose_held_scope_was_lost_does_not_go_on(world: Any) -> None:
    async def clip(ctx: StepContext, step: Step) -> None:
        await ctx.holds.take("printer")

    async def use(ctx: StepContext, step: Step) -> None:
        world.browser.cut()
        await ctx.page.insert_text("x")

    world.step("clip", clip)
    world.step("use", use)
    world.path("shop", "clip", "use", effect=False)
    item = world.add("shop", attempts=1)
    await world.worker().run()
    assert item.state is ItemState.FAILED
    assert [event["cause"] for event in world.events("failure.recorded")] == ["lease_lost"]
    world.assert_clean()


async def test_a_browser_that_does_not_come_back_ends_its_worker_and_frees_the_item(world: Any) -> None:
    world.step("order", ordering(world))
    world.path("shop", "order")
    item = world.add("shop", attempts=2)
    world.browser.die()
    worker = world.worker()
    with pytest.raises(BrowserFailedError):
        await worker.run()
    assert (item.state, item.attempt) == (ItemState.QUEUED, 1)
    assert ends(world) == [("failed", "no")]
    assert worker.told_death
    world.assert_clean()


async def test_a_browser_that_dies_in_the_middle_of_a_spin_leaves_its_item_reconciled(world: Any) -> None:
    async def order(ctx: StepContext, step: Step) -> None:
        world.commit_effect(ctx)
        world.browser.die()
        await ctx.page.insert_text("x")

    world.step("order", order)
    world.path("shop", "order")
    first, second = world.add("shop"), world.add("shop")
    with pytest.raises(BrowserFailedError):
        await world.worker().run()
    assert (first.state, second.state) == (ItemState.DONE, ItemState.QUEUED)
    assert ends(world)[0] == ("failed", "yes")
    world.assert_clean()


# --- stopped by the end of the run


async def test_a_spin_cut_short_before_its_first_step_is_not_asked_for(world: Any) -> None:
    world.step("order", nothing)
    world.path("shop", "order")
    world.credential("shop-alice", "alice")
    item = world.add("shop", credential="shop-alice")
    other = await world.coordinator.acquire("credential:shop/alice", Binding("w9", "test"), timeout_s=60)
    await stop_when_blocked(world)
    world.coordinator.release(other)
    assert item.state is ItemState.CANCELLED
    assert (ends(world), world.ledger.asked) == ([("cancelled", "no")], [])
    world.assert_clean()


async def test_a_failure_is_not_lost_when_the_end_comes_while_the_page_is_closed(world: Any) -> None:
    world.browser.hang.add("Target.disposeBrowserContext")
    world.step("order", failing())
    world.path("shop", "order")
    item = world.add("shop")
    worker = world.worker()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(worker.run)
        await anyio.wait_all_tasks_blocked()
        world.browser.hang.clear()
        world.queue.close()
        tasks.cancel_scope.cancel()
    assert ends(world) == [("failed", "no")]
    assert item.state is ItemState.CANCELLED, "there is no time for its next attempt"
    world.assert_clean()


# --- dying


@pytest.mark.parametrize(
    "death", [WorkerKilledError("zap"), BaseExceptionGroup("two", [WorkerKilledError("a"), ValueError("b")])]
)
async def test_a_worker_that_dies_in_a_spin_asks_the_site_first_and_says_what_it_died_of(
    world: Any, death: BaseException
) -> None:
    async def order(ctx: StepContext, step: Step) -> None:
        world.commit_effect(ctx)
        raise death

    world.step("order", order)
    world.path("shop", "order")
    item = world.add("shop", attempts=5)
    worker = world.worker()
    with pytest.raises(BaseExceptionGroup):
        await worker.run()
    assert (item.state, item.attempt) == (ItemState.DONE, 1)
    assert ends(world) == [("failed", "yes")]
    (failure,) = world.events("failure.recorded")
    assert (failure["cause"], failure["containment"], failure["operation"]) == (
        "worker_died",
        "worker_replaced",
        "worker.run",
    )
    assert "WorkerKilledError" in failure["detail"]
    worker.mark_died()
    assert worker.look().state == "died"
    world.assert_clean()


async def test_a_defect_that_a_strategy_raises_is_a_failed_step_and_no_death(world: Any) -> None:
    async def broken(ctx: StepContext, step: Step) -> None:
        raise ExceptionGroup("two", [ValueError("a"), KeyError("b")])

    world.step("broken", broken)
    world.path("shop", "broken")
    item = world.add("shop", attempts=1)
    await world.worker().run()
    assert item.state is ItemState.FAILED
    assert [event["cause"] for event in world.events("failure.recorded")] == ["strategy_defect"]
    world.assert_clean()


# --- several


async def test_two_workers_of_one_credential_take_turns(world: Any) -> None:
    inside: list[str] = []

    async def order(ctx: StepContext, step: Step) -> None:
        inside.append("x")
        assert len(inside) == 1
        await anyio.lowlevel.checkpoint()
        inside.pop()

    world.step("order", order)
    world.path("shop", "order", effect=False)
    world.credential("shop-alice", "alice")
    world.credential("also-alice", "Alice")
    items = [world.add("shop", credential=name) for name in ("shop-alice", "also-alice") * 10]
    async with anyio.create_task_group() as tasks:
        for number in range(4):
            tasks.start_soon(world.worker(f"w{number}").run)
    assert {item.state for item in items} == {ItemState.DONE}
    assert world.figures.completed == 20
    assert world.coordinator.counts.refused == 0


async def test_the_live_view_shows_where_a_worker_is_and_nothing_of_an_old_spin(world: Any) -> None:
    world.step("wait", forever)
    world.path("shop", "wait")
    world.add("shop")
    worker = world.worker()
    task = asyncio.create_task(worker.run())
    await anyio.wait_all_tasks_blocked()
    view = worker.look()
    assert (view.state, view.path, view.phase, view.step) == ("running", "shop", "main", "shop.wait")
    task.cancel()
    await asyncio.wait([task])
    view = worker.look()
    assert (view.state, view.phase, view.step) == ("stopped", "", "")


async def test_a_spin_waits_outside_while_its_browser_is_being_renewed_and_holds_nothing(world: Any) -> None:
    world.step("look", nothing)
    world.path("shop", "look", effect=False)
    world.credential("shop-alice", "alice")
    item = world.add("shop", credential="shop-alice")
    assert await world.browser.safe_point.quiesce(60)
    worker = world.worker()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(worker.run)
        await anyio.wait_all_tasks_blocked()
        assert item.state is ItemState.CLAIMED
        assert list(world.coordinator.table.owned()) == []
        assert world.browser.contexts == set()
        world.browser.safe_point.resume()
    assert item.state is ItemState.DONE


async def test_a_worker_whose_browser_does_not_come_back_in_mid_spin_claims_nothing_more(world: Any) -> None:
    async def lose(ctx: StepContext, step: Step) -> None:
        world.browser.die()
        await ctx.page.insert_text("x")

    world.step("lose", lose)
    world.path("shop", "lose")
    first, second = world.add("shop"), world.add("shop", attempts=1)
    worker = world.worker()
    with pytest.raises(BrowserFailedError):
        await worker.run()
    assert worker.told_death
    assert (first.state, first.attempt) == (ItemState.QUEUED, 1)
    assert (second.state, second.attempt) == (ItemState.QUEUED, 0)
