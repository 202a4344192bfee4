from __future__ import annotations

from typing import Any, cast

import anyio
import pytest

from harness.basics.errors import StorageError
from harness.cdp.lifecycle import CdpLifecycleManager
from harness.navigation.context import StepContext
from harness.navigation.map import Step
from harness.pool.states import ItemState
from harness.pool.supervisor import Pool


class WorkerKilledError(BaseException):
    """Stands for what nobody expects of a strategy."""


async def no_pause(seconds: float) -> None:
    """The pause before a worker is replaced, taken at once."""
    assert 0 < seconds <= 5
    await anyio.lowlevel.checkpoint()


def pool(world: Any, workers: int = 1, managers: list[Any] | None = None) -> Pool:
    managers = managers or [world.browser]
    return Pool(
        workers,
        cast("list[CdpLifecycleManager]", managers),
        world.queue,
        lambda name, manager: world.worker(name, manager),
        world.log,
        sleep=no_pause,
    )


def dying(world: Any, times: int, *, after_effect: bool = False, before_effect: bool = False) -> Any:
    left = [times]

    async def order(ctx: StepContext, step: Step) -> None:
        if after_effect:
            world.commit_effect(ctx)
        if left[0]:
            left[0] -= 1
            raise WorkerKilledError("zap")
        if before_effect:
            world.commit_effect(ctx)

    return order


async def test_every_item_is_done_once_by_several_workers(world: Any) -> None:
    async def order(ctx: StepContext, step: Step) -> None:
        world.commit_effect(ctx)

    world.step("order", order)
    world.path("shop", "order")
    items = [world.add("shop") for _ in range(20)]
    running = pool(world, workers=4)
    await running.run()
    assert {item.state for item in items} == {ItemState.DONE}
    assert set(world.ledger.effects.values()) == {1}
    assert [view.worker_id for view in running.views()] == ["w1", "w2", "w3", "w4"]
    world.assert_clean()


async def test_workers_are_spread_over_the_browsers(world: Any) -> None:
    second = type(world.browser)("b2", world.coordinator)
    running = pool(world, workers=3, managers=[world.browser, second])
    await running.run()
    assert [view.cohort for view in running.views()] == ["cohort of b1", "cohort of b2", "cohort of b1"]


async def test_a_worker_that_dies_is_replaced_and_its_item_is_done_by_the_next(world: Any) -> None:
    world.step("order", dying(world, times=2, before_effect=True))
    world.path("shop", "order")
    item = world.add("shop", attempts=3)
    running = pool(world)
    await running.run()
    assert (item.state, item.attempt) == (ItemState.DONE, 3)
    assert sum(world.ledger.effects.values()) == 1
    assert [event["replaces"] for event in world.events("worker.replaced")] == ["w1", "w1.1"]
    assert len(world.events("worker.died")) == 2
    (view,) = running.views()
    assert (view.worker_id, view.spins, view.failures) == ("w1.2", 3, 2)
    world.assert_clean()


async def test_a_worker_that_dies_after_the_effect_does_not_make_it_twice(world: Any) -> None:
    world.step("order", dying(world, times=1, after_effect=True))
    world.path("shop", "order")
    item = world.add("shop", attempts=5)
    await pool(world).run()
    assert (item.state, item.attempt) == (ItemState.DONE, 1)
    assert sum(world.ledger.effects.values()) == 1
    world.assert_clean()


async def test_each_death_is_one_failure_with_the_spin_it_happened_in(world: Any) -> None:
    world.step("order", dying(world, times=1, before_effect=True))
    world.path("shop", "order")
    world.add("shop")
    await pool(world).run()
    (failure,) = world.events("failure.recorded")
    assert (failure["cause"], failure["containment"]) == ("worker_died", "worker_replaced")
    assert failure["spin_id"]


async def test_a_death_between_spins_is_told_by_the_supervisor_and_the_item_goes_back(world: Any) -> None:
    world.path("shop", "order")
    missing = world.add("gone", attempts=1)  # a path that the plan does not hold: a defect outside of any spin
    running = pool(world)
    await running.run()
    assert missing.state is ItemState.FAILED
    (failure,) = world.events("failure.recorded")
    assert (failure["cause"], failure["worker_id"], failure["operation"]) == ("worker_died", "w1", "worker.run")
    assert "KeyError" in failure["detail"]


async def test_the_slots_of_a_dead_browser_end_and_the_others_finish_the_work(world: Any) -> None:
    async def order(ctx: StepContext, step: Step) -> None:
        await anyio.lowlevel.checkpoint()
        world.commit_effect(ctx)

    world.step("order", order)
    world.path("shop", "order")
    dead = type(world.browser)("b2", world.coordinator)
    dead.die()
    items = [world.add("shop", attempts=2) for _ in range(10)]
    running = pool(world, workers=2, managers=[dead, world.browser])
    await running.run()
    assert {item.state for item in items} == {ItemState.DONE}
    assert [view.state for view in running.views()] == ["died", "stopped"]
    assert [event["cause"] for event in world.events("failure.recorded")] == ["browser_start_failed"]
    world.assert_clean()


async def test_without_any_browser_the_pool_ends_and_leaves_the_work_in_the_queue(world: Any) -> None:
    world.step("order", dying(world, times=0))
    world.path("shop", "order")
    item = world.add("shop", attempts=5)
    world.browser.die()
    await pool(world, workers=3).run()
    assert item.state is ItemState.QUEUED
    assert world.queue.has_work
    assert item.attempt <= 3, "each worker tries once, none spins on a dead browser"


async def test_evidence_that_cannot_be_written_ends_all_workers(world: Any) -> None:
    waiting = anyio.Event()

    async def wait(ctx: StepContext, step: Step) -> None:
        waiting.set()
        await anyio.sleep_forever()

    async def order(ctx: StepContext, step: Step) -> None:
        await waiting.wait()

    async def full() -> None:
        raise StorageError("audit events could not be written")

    world.commit = full
    world.step("wait", wait)
    world.step("order", order)
    world.path("long", "wait")
    world.path("shop", "order")
    items = [world.add("long"), world.add("shop")]
    with pytest.raises(BaseExceptionGroup) as caught:
        await pool(world, workers=2).run()
    assert caught.value.subgroup(StorageError) is not None
    assert all(item.state is not ItemState.CLAIMED for item in items)
    assert world.events("worker.replaced") == []
    world.assert_clean()


async def test_a_stopped_pool_is_not_taken_for_dead_workers(world: Any) -> None:
    async def wait(ctx: StepContext, step: Step) -> None:
        await anyio.sleep_forever()

    world.step("wait", wait)
    world.path("shop", "wait")
    item = world.add("shop")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pool(world, workers=2).run)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert item.state is ItemState.CANCELLED
    assert world.events("worker.died") == []
    world.assert_clean()
