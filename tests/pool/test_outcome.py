"""What becomes of an item when its spin fails, is cut short or ends its worker, with real workers over a fake site."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from harness.basics.errors import StorageError
from harness.basics.failures import Cause
from harness.coordination.ownership import Binding
from harness.navigation.context import StepContext
from harness.navigation.errors import StepError
from harness.navigation.map import Step
from harness.pool.outcome import Outcomes, Spin
from harness.pool.plan import SpinNaming, WorkerView
from harness.pool.states import ItemState
from tests.pool.acts import (
    acting,
    acting_forever,
    containments,
    ends,
    failing,
    forever,
    nothing,
    ordering,
    stop_when_blocked,
)


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


async def test_where_nothing_was_sent_nothing_is_unknown_though_nobody_can_be_asked(world: Any) -> None:
    world.ledger.reachable = False
    world.step("open", failing(may_have_happened=False))
    world.path("shop", "open")
    item = world.add("shop", attempts=2)
    await world.worker().run()
    assert (item.state, item.attempt) == (ItemState.FAILED, 2)
    assert {event["result"] for event in world.events("spin.reconciled")} == {"not committed"}


async def test_a_spin_whose_set_up_fails_has_nothing_to_be_asked_for(world: Any) -> None:
    world.settings["naming"] = SpinNaming("x-spin")
    world.ledger.reachable = False
    world.step("order", nothing)
    world.path("shop", "order")
    item = world.add("shop", attempts=2)
    slow = StepError("late", cause=Cause.COMMAND_TIMEOUT)
    world.browser.fail["Network.setExtraHTTPHeaders"] = [slow]
    await world.worker().run()
    assert (item.state, item.attempt) == (ItemState.DONE, 2)
    assert ends(world) == [("failed", "no"), ("completed", "yes")]
    assert world.ledger.asked == []


@pytest.mark.parametrize(
    ("naming", "unnamed", "state"),
    [
        (SpinNaming("x-spin"), 1, ItemState.UNKNOWN),  # it may be this spin's: its header went with the session
        (SpinNaming("x-spin"), 0, ItemState.FAILED),
        (SpinNaming("x-spin", "spin"), 1, ItemState.FAILED),  # the cookie stays with the context
    ],
)
async def test_after_a_lost_session_an_effect_without_an_id_may_be_this_spins(
    world: Any, naming: SpinNaming, unnamed: int, state: ItemState
) -> None:
    async def order(ctx: StepContext, step: Step) -> None:
        ctx.page.effects += 1
        world.browser.cut()
        raise StepError("lost", cause=Cause.CONNECTION_LOST, may_have_happened=True)

    world.settings["naming"] = naming
    world.ledger.unnamed = unnamed
    world.step("order", order)
    world.path("shop", "order")
    item = world.add("shop", attempts=1)
    await world.worker().run()
    assert item.state is state
    world.assert_clean()


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


@pytest.mark.parametrize(
    ("commits", "fails", "state"),
    [
        ((), "login", ItemState.FAILED),  # nothing was sent
        ((), "order", ItemState.UNKNOWN),  # nothing is marked: whatever was sent may have committed
        (("order",), "order", ItemState.FAILED),  # the step that commits was reached, and sent nothing
        (("order",), "logout", ItemState.UNKNOWN),  # it sent something, and something later failed
    ],
)
async def test_without_a_ledger_what_was_sent_decides(
    world: Any, commits: tuple[str, ...], fails: str, state: ItemState
) -> None:
    world.ledger = None
    for name in ("login", "order", "logout"):
        world.step(name, failing(may_have_happened=False) if name == fails else acting)
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
    world.step("wait", acting_forever)
    world.path("shop", "wait")
    item = world.add("shop")
    await stop_when_blocked(world)
    assert item.state is ItemState.UNKNOWN
    assert ends(world) == [("cancelled", "unknown")]
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


# --- counting


async def test_failures_are_counted_in_a_row_and_a_spin_that_the_end_cuts_short_is_no_failure(world: Any) -> None:
    world.path("shop")
    view = WorkerView("w1", "c1")
    outcomes = Outcomes(
        queue=world.queue, plan=world.plan(), figures=world.figures, view=view, browser_id="b1", log=world.log
    )
    failure = StepError("failed", cause=Cause.NET_ERROR)
    in_a_row: list[int] = []
    for ending in (failure, failure, None, failure, "cancelled"):
        world.add("shop", attempts=1)
        item = await world.queue.claim("w1")
        spin = Spin(item, world.paths["shop"])
        if isinstance(ending, str):
            outcomes.cancel(spin, "no")
        else:
            outcomes.settle(spin, "no", ending, died=False)
        in_a_row.append(outcomes.failures_in_a_row)
    assert in_a_row == [1, 2, 0, 1, 1]
    assert (view.spins, view.failures) == (world.figures.spins, world.figures.failed) == (4, 3)
    assert {event["browser_id"] for event in world.events("failure.recorded")} == {"b1"}
