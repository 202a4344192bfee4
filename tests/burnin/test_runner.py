from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import pytest

from harness.basics.errors import StorageError
from harness.basics.exit_codes import ExitCode
from harness.burnin.faults import PlannedFault
from harness.burnin.runner import Runner, RunResult
from harness.cdp.errors import BrowserFailedError, ConnectFailedError
from harness.pool.items import WorkItem
from harness.pool.ledger import LedgerError

LONG_S = 600.0


async def run_and(runner: Runner, then: Callable[[], Any], when: anyio.Event) -> RunResult:
    """Run, and do something once `when` is set."""
    results: list[RunResult] = []

    async def run() -> None:
        results.append(await runner.run())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run)
        await when.wait()
        await anyio.wait_all_tasks_blocked()
        then()
    return results[0]


def item_states(world: Any) -> dict[str, str]:
    return {event["item_id"]: event["to_state"] for event in world.events("item.state")}


# --- ends as planned


async def test_a_run_of_counted_items_ends_when_they_are_done(world: Any) -> None:
    for _ in range(5):
        world.queue.add(WorkItem("shop"))
    runner = world.runner()
    result = await runner.run()
    assert (result.reason, result.error) == ("completed", None)
    assert set(item_states(world).values()) == {"done"}
    assert world.managers[0].life == ["started", "gone"]
    assert runner.status.ended.is_set()


async def test_a_burn_in_works_for_its_duration_and_then_drains(world: Any) -> None:
    world.endless()
    runner = world.runner(duration_s=0.05)
    assert runner.status.left_s() == 0.05
    result = await runner.run()
    assert result.reason == "completed"
    assert result.ran_s >= 0.05
    assert runner.status.left_s() == 0.0
    assert set(item_states(world).values()) == {"done"}, "spins under way were allowed to finish"


async def test_the_events_of_a_run_begin_with_its_start_and_end_with_its_totals(world: Any) -> None:
    world.queue.add(WorkItem("shop"))
    await world.runner().run()
    names = [event["event"] for event in world.events("run.started", "run.ended", "leases.closed", "telemetry.summary")]
    assert names == ["run.started", "run.ended", "leases.closed", "telemetry.summary"]
    assert world.events("leases.closed")[0]["open"] == 0


async def test_a_spin_that_outlasts_the_drain_is_cut_short(world: Any) -> None:
    world.endless()
    world.work = world.forever
    result = await world.runner(duration_s=0.01, drain_s=0.01).run()
    assert result.reason == "completed"
    assert len(world.cancelled) == 2
    assert set(item_states(world).values()) == {"cancelled"}


async def test_faults_and_snapshots_run_beside_the_work(world: Any) -> None:
    world.endless()
    await world.runner(duration_s=0.1, snapshot_s=0.01, faults=(PlannedFault(at_s=0, kind="cut"),)).run()
    assert [kind for kind, _ in world.managers[0].faults] == ["cut"]
    assert world.events("run.snapshot")


async def test_a_fault_planned_after_the_end_of_the_work_does_not_hold_the_run_up(world: Any) -> None:
    world.queue.add(WorkItem("shop"))
    await world.runner(faults=(PlannedFault(at_s=LONG_S, kind="cut"),)).run()
    assert world.managers[0].faults == []


# --- stopped


async def test_a_run_that_is_stopped_lets_no_new_item_begin_and_cancels_the_rest(world: Any) -> None:
    world.work = world.forever
    for _ in range(5):
        world.queue.add(WorkItem("shop"))
    runner = world.runner(duration_s=LONG_S, drain_s=0.01)
    result = await run_and(runner, lambda: runner.stop("interrupted"), world.waiting)
    assert (result.reason, result.error) == ("interrupted", None)
    assert len(world.cancelled) == 2, "two were under way"
    assert set(item_states(world).values()) == {"cancelled"}
    assert world.managers[0].life == ["started", "gone"]


async def test_the_first_reason_to_stop_counts(world: Any) -> None:
    world.work = world.forever
    world.queue.add(WorkItem("shop"))
    runner = world.runner(drain_s=0.01)
    full = StorageError("audit events could not be written", why="the disk is full")

    def stop() -> None:
        runner.stop("halted", full)
        runner.stop("interrupted")

    result = await run_and(runner, stop, world.waiting)
    assert (result.reason, result.error, result.detail) == ("halted", full, full.what)


async def test_abandoning_cuts_spins_short_without_draining(world: Any) -> None:
    world.work = world.forever
    world.queue.add(WorkItem("shop"))
    runner = world.runner(duration_s=LONG_S, drain_s=LONG_S)
    result = await run_and(runner, runner.abandon, world.waiting)
    assert result.reason == "interrupted"
    assert len(world.cancelled) == 1
    assert world.managers[0].life == ["started", "gone"]


async def test_abandoning_while_it_drains_ends_the_drain(world: Any) -> None:
    world.endless()
    world.work = world.forever
    runner = world.runner(duration_s=0.01, drain_s=LONG_S)

    closed = anyio.Event()
    close = world.queue.close

    def close_and_tell() -> None:
        close()
        closed.set()

    world.queue.close = close_and_tell
    result = await run_and(runner, runner.abandon, closed)
    assert result.reason == "interrupted"
    assert len(world.cancelled) == 2


@pytest.mark.parametrize("how", ["stop", "abandon"])
async def test_a_run_stopped_while_its_browsers_start_does_not_wait_for_them(world: Any, how: str) -> None:
    world.queue.add(WorkItem("shop"))
    world.managers[0].may_start = anyio.Event()  # never set
    runner = world.runner()
    ready = anyio.Event()
    ready.set()
    result = await run_and(runner, runner.abandon if how == "abandon" else lambda: runner.stop("interrupted"), ready)
    assert (result.reason, result.ran_s) == ("interrupted", 0.0)
    assert world.events("run.started") == []
    assert world.managers[0].life == ["gone"]


async def test_abandoning_does_not_wait_for_a_site_that_does_not_tell_its_record(world: Any, ledger: Any) -> None:
    asked = anyio.Event()

    async def never() -> None:
        asked.set()
        await anyio.sleep_forever()

    ledger.all = never
    world.ledger = ledger
    world.queue.add(WorkItem("shop"))
    runner = world.runner()
    await run_and(runner, runner.abandon, asked)
    (told,) = world.events("spin.reconciled")
    assert told["detail"] == "at the end of the run: the run was abandoned"


# --- failed


async def test_a_browser_that_does_not_start_fails_the_run_and_takes_the_others_along(world: Any) -> None:
    world.managers.append(type(world.managers[0])("b2"))
    error = BrowserFailedError("browser b2 did not start", why="no such file")
    world.managers[1].fails_with = error
    result = await world.runner().run()
    assert (result.reason, result.error, result.ran_s) == ("failed", error, 0.0)
    assert world.managers[0].life == ["started", "gone"]
    assert world.events("run.started") == []
    assert world.events("run.ended")[0]["reason"] == "failed"


@pytest.mark.parametrize(
    "raised",
    [
        ExceptionGroup("tasks", [BrowserFailedError("browser b1 did not start")]),
        ConnectFailedError("the endpoint refused"),
    ],
)
async def test_whatever_a_browser_fails_to_start_with_is_in_the_result(world: Any, raised: Exception) -> None:
    world.managers[0].fails_with = raised
    result = await world.runner().run()
    assert result.reason == "failed"
    assert isinstance(result.error, BrowserFailedError | ConnectFailedError)


async def test_evidence_that_fails_while_browsers_start_is_in_the_result(world: Any) -> None:
    full = StorageError("audit events could not be written", why="the disk is full")
    runner = world.runner()
    runner.stop("halted", full)
    result = await runner.run()
    assert (result.reason, result.error) == ("halted", full)


async def test_a_run_with_no_worker_left_is_halted_and_blames_the_machine(world: Any) -> None:
    class NobodyLeft:
        def views(self) -> list[Any]:
            return []

        async def run(self) -> None:
            await anyio.lowlevel.checkpoint()

    world.pool = NobodyLeft()
    world.endless()
    result = await world.runner(duration_s=LONG_S).run()
    assert result.reason == "halted"
    assert result.error is not None
    assert result.error.what == "no worker is left"
    assert result.error.exit_code is ExitCode.ENVIRONMENT


async def test_counted_items_that_nobody_is_left_to_do_are_no_completed_run(world: Any) -> None:
    class NobodyLeft:
        def views(self) -> list[Any]:
            return []

        async def run(self) -> None:
            await anyio.lowlevel.checkpoint()

    world.pool = NobodyLeft()
    world.queue.add(WorkItem("shop"))
    result = await world.runner().run()
    assert (result.reason, result.detail) == ("halted", "no worker is left")
    assert set(item_states(world).values()) == {"cancelled"}


async def test_evidence_that_cannot_be_written_halts_the_run(world: Any) -> None:
    full = StorageError("audit events could not be written", why="the disk is full")

    async def work(item: WorkItem) -> None:
        raise full

    world.endless()
    world.work = work
    result = await world.runner(duration_s=LONG_S, workers=1).run()
    assert (result.reason, result.error) == ("halted", full)
    assert world.managers[0].life == ["started", "gone"]


async def test_a_defect_in_the_pool_is_raised_and_leaves_no_browser_behind(world: Any) -> None:
    async def work(item: WorkItem) -> None:
        raise ZeroDivisionError

    world.endless()
    world.work = work
    with pytest.raises(BaseExceptionGroup):
        await world.runner(duration_s=LONG_S).run()
    assert world.managers[0].life == ["started", "gone"]


# --- comparing with the site


async def run_with_ledger(world: Any) -> RunResult:
    world.queue.add(WorkItem("shop"))
    result: RunResult = await world.runner().run()
    return result


async def test_what_the_site_recorded_is_written_into_the_evidence(world: Any, ledger: Any) -> None:
    world.ledger = ledger
    world.ledger.effects.update({"spin-1": 1, "spin-2": 2, "spin-of-others": 1})
    world.ledger.unnamed = 3
    world.figures.effect_spins.update({"spin-1", "spin-2", "spin-3"})
    await run_with_ledger(world)
    recorded = {event["spin_id"]: event["effects"] for event in world.events("site.recorded")}
    assert recorded == {"spin-1": 1, "spin-2": 2}
    (compared,) = world.events("site.compared")
    assert [compared[key] for key in ("entries", "known", "foreign", "unnamed")] == [7, 2, 1, 3]


async def test_a_site_that_cannot_be_asked_at_the_end_is_told_and_does_not_fail_the_run(
    world: Any, ledger: Any
) -> None:
    world.ledger = ledger
    world.ledger.error = LedgerError("the site's record could not be read", why="connection refused")
    result = await run_with_ledger(world)
    assert (result.reason, result.error) == ("completed", None)
    (event,) = world.events("spin.reconciled")
    assert (event["result"], event["level"]) == ("unknown", "warning")
    assert "connection refused" in event["detail"]
    assert world.events("site.compared") == []
    assert world.events("run.ended")


async def test_a_run_that_never_worked_does_not_ask_the_site(world: Any, ledger: Any) -> None:
    world.ledger = ledger
    world.managers[0].fails_with = BrowserFailedError("browser b1 did not start")
    await world.runner().run()
    assert world.events("site.compared", "spin.reconciled") == []
