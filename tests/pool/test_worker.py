"""The worker's promises, with real tabs, fences, replays and queues; only the browser and the site are fakes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from harness.basics.errors import StorageError
from harness.basics.failures import Cause
from harness.cdp.errors import BrowserFailedError
from harness.coordination.ownership import Binding
from harness.navigation.context import StepContext
from harness.navigation.errors import StepError
from harness.navigation.map import Step
from harness.pool.states import ItemState, WorkerState

Act = Callable[[StepContext, Step], Any]


class WorkerKilledError(BaseException):
    """Stands for what nobody expects of a strategy."""


def failing(may_have_happened: bool = True, times: int = 10**9) -> Act:
    """A strategy that fails the first `times` times."""
    left = [times]

    async def act(ctx: StepContext, step: Step) -> None:
        if left[0]:
            left[0] -= 1
            raise StepError("failed", cause=Cause.NET_ERROR, may_have_happened=may_have_happened)

    return act


def ordering(world: Any) -> Act:
    """A strategy with an effect on the site."""

    async def act(ctx: StepContext, step: Step) -> None:
        world.commit_effect(ctx)

    return act


async def nothing(ctx: StepContext, step: Step) -> None:
    """A strategy that does nothing."""


async def forever(ctx: StepContext, step: Step) -> None:
    """A strategy that never ends."""
    await anyio.sleep_forever()


def ends(world: Any) -> list[tuple[str, str]]:
    return [(event["outcome"], event["committed"]) for event in world.events("spin.ended")]


def containments(world: Any) -> list[str]:
    return [event["containment"] for event in world.events("failure.recorded")]


async def stop_when_blocked(world: Any) -> None:
    """Run a worker until nothing moves any more, then stop it as the end of a run does."""
    worker = world.worker()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(worker.run)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert worker.state is WorkerState.STOPPED


# --- how an item ends


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
    world.settings["spin_header"] = "x-spin"
    seen: list[bool] = []

    async def look(ctx: StepContext, step: Step) -> None:
        seen.append("Network.setExtraHTTPHeaders" in world.browser.calls)

    world.step("look", look)
    world.path("shop", "look")
    world.add("shop")
    await world.worker().run()
    assert seen == [True]


async def test_a_failure_without_an_effect_is_tried_again_until_it_works(world: Any) -> None:
    world.step("click", failing(times=1))
    world.path("shop", "click")
    item = world.add("shop", attempts=3)
    await world.worker().run()
    assert (item.state, item.attempt) == (ItemState.DONE, 2)
    assert ends(world) == [("failed", "no"), ("completed", "yes")]
    assert containments(world) == ["item_retried"]
    assert world.figures.failures_by_cause == {"net_error": 1}
    world.assert_clean()


async def test_an_item_whose_attempts_are_spent_has_failed(world: Any) -> None:
    world.step("click", failing())
    world.path("shop", "click")
    item = world.add("shop", attempts=2)
    await world.worker().run()
    assert (item.state, item.attempt) == (ItemState.FAILED, 2)
    assert containments(world) == ["item_retried", "item_failed"]
    assert (world.figures.failed, world.figures.completed) == (2, 0)
    world.assert_clean()


async def test_an_effect_that_the_site_holds_is_never_made_again(world: Any) -> None:
    world.step("order", ordering(world))
    world.step("logout", failing())
    world.path("shop", "order", "logout")
    item = world.add("shop", attempts=5)
    await world.worker().run()
    assert (item.state, item.attempt) == (ItemState.DONE, 1)
    assert ends(world) == [("failed", "yes")]
    assert containments(world) == ["item_committed"]
    assert sum(world.ledger.effects.values()) == 1
    assert world.events("spin.reconciled")[0]["result"] == "committed"
    world.assert_clean()


async def test_an_effect_that_stays_unknown_is_never_made_again(world: Any) -> None:
    world.ledger.reachable = False
    world.step("order", failing())
    world.path("shop", "order")
    item = world.add("shop", attempts=5)
    await world.worker().run()
    assert (item.state, item.attempt) == (ItemState.UNKNOWN, 1)
    assert ends(world) == [("unknown", "unknown")]
    assert containments(world) == ["item_unknown"]
    assert world.figures.unknown == 1
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


async def test_while_the_page_may_still_be_at_work_an_empty_record_proves_nothing(world: Any) -> None:
    world.step("order", failing())
    world.path("shop", "order")
    item = world.add("shop", attempts=5)
    slow = StepError("late", cause=Cause.COMMAND_TIMEOUT)
    world.browser.fail["Target.disposeBrowserContext"] = [slow]
    await world.worker().run()
    assert item.state is ItemState.UNKNOWN
    assert "could not be closed" in world.events("spin.reconciled")[0]["detail"]
    world.assert_clean()


async def test_a_path_without_effects_is_never_asked_for(world: Any) -> None:
    world.ledger.reachable = False
    world.step("click", failing(times=1))
    world.path("look", "click", effect=False)
    item = world.add("look")
    await world.worker().run()
    assert item.state is ItemState.DONE
    assert ends(world) == [("failed", "no"), ("completed", "no")]
    assert world.figures.effect_spins == set()


# --- without a ledger


@pytest.mark.parametrize(
    ("commits", "fails", "state"),
    [
        ((), "login", ItemState.UNKNOWN),  # nothing is marked: whatever was reached may have committed
        (("order",), "login", ItemState.FAILED),  # the step that commits was not reached
        (("order",), "order", ItemState.UNKNOWN),
        (("order",), "logout", ItemState.UNKNOWN),  # it was reached, and something later failed
    ],
)
async def test_without_a_ledger_what_was_reached_decides(
    world: Any, commits: tuple[str, ...], fails: str, state: ItemState
) -> None:
    world.ledger = None
    for name in ("login", "order", "logout"):
        world.step(name, failing(may_have_happened=False) if name == fails else nothing)
    world.path("shop", "login", "order", "logout", commits=commits)
    item = world.add("shop", attempts=1)
    await world.worker().run()
    assert item.state is state
    world.assert_clean()


async def test_a_spin_that_could_not_even_begin_is_no_unknown_outcome(world: Any) -> None:
    world.ledger = None
    world.settings["lock_timeout_s"] = 0.01
    world.step("order", nothing)
    world.path("shop", "order")
    world.credential("shop-alice", "alice")
    item = world.add("shop", attempts=1, credential="shop-alice")
    other = await world.coordinator.acquire("credential:shop/alice", Binding("w9", "test"), timeout_s=60)
    await world.worker().run()
    world.coordinator.release(other)
    assert item.state is ItemState.FAILED
    assert [event["cause"] for event in world.events("failure.recorded")] == ["lock_timeout"]
    world.assert_clean()


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


async def test_a_spin_that_the_end_cuts_short_is_reconciled_and_its_item_cancelled(world: Any) -> None:
    world.step("wait", forever)
    world.path("shop", "wait")
    item = world.add("shop")
    await stop_when_blocked(world)
    assert item.state is ItemState.CANCELLED
    assert ends(world) == [("cancelled", "no")]
    assert len(world.ledger.asked) == 1
    assert world.figures.spins == 0
    world.assert_clean()


async def test_a_spin_cut_short_after_its_effect_has_its_item_done(world: Any) -> None:
    world.step("order", ordering(world))
    world.step("wait", forever)
    world.path("shop", "order", "wait")
    item = world.add("shop")
    await stop_when_blocked(world)
    assert item.state is ItemState.DONE
    assert ends(world) == [("cancelled", "yes")]
    world.assert_clean()


async def test_a_spin_cut_short_whose_effect_nobody_knows_is_unknown(world: Any) -> None:
    world.ledger.reachable = False
    world.step("wait", forever)
    world.path("shop", "wait")
    item = world.add("shop")
    await stop_when_blocked(world)
    assert item.state is ItemState.UNKNOWN
    assert ends(world) == [("cancelled", "unknown")]
    world.assert_clean()


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


async def test_a_failure_is_not_lost_when_the_end_comes_while_the_site_is_asked(world: Any) -> None:
    asked = 0

    async def hang_once() -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            await anyio.sleep_forever()

    world.ledger.before_answer = hang_once
    world.step("order", ordering(world))
    world.step("logout", failing())
    world.path("shop", "order", "logout")
    item = world.add("shop")
    await stop_when_blocked(world)
    assert item.state is ItemState.DONE
    assert ends(world) == [("failed", "yes")]
    assert [event["cause"] for event in world.events("failure.recorded")] == ["net_error"]
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


async def test_a_worker_that_dies_while_asking_leaves_its_item_unknown_and_not_to_be_repeated(world: Any) -> None:
    async def explode() -> None:
        raise ValueError("a defect of the ledger")

    world.ledger.before_answer = explode
    world.step("order", failing())
    world.path("shop", "order")
    item = world.add("shop", attempts=5)
    with pytest.raises(ValueError, match="a defect of the ledger"):
        await world.worker().run()
    assert item.state is ItemState.UNKNOWN
    assert world.queue.give_back("w1") == []
    world.assert_clean()


async def test_evidence_that_cannot_be_written_ends_the_worker_after_its_item_is_settled(world: Any) -> None:
    async def full() -> None:
        raise StorageError("audit events could not be written", why="the disk is full")

    world.commit = full
    world.step("order", ordering(world))
    world.path("shop", "order")
    first, second = world.add("shop"), world.add("shop")
    with pytest.raises(StorageError):
        await world.worker().run()
    assert (first.state, second.state) == (ItemState.DONE, ItemState.QUEUED)
    assert containments(world) == ["run_stopped"]
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
