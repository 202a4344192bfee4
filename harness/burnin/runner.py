"""One run from its first browser to its last event: start, work for the duration, drain, compare with the site, close."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import anyio
import anyio.abc

from harness.basics.errors import HarnessError, OperationError, StorageError
from harness.burnin.faults import PlannedFault, inject
from harness.burnin.snapshots import take_snapshots
from harness.cdp.errors import BrowserFailedError
from harness.cdp.lifecycle import CdpLifecycleManager
from harness.coordination.leases import Coordinator
from harness.pool.items import WorkQueue
from harness.pool.ledger import Ledger, LedgerError
from harness.pool.plan import RunFigures, WorkerView
from harness.pool.supervisor import Pool
from harness.telemetry.pipeline import Telemetry


class RunPlan(NamedTuple):
    """How long and how. duration_s None: until the queue is empty. Times in seconds."""

    mode: str
    profile: str
    workers: int
    duration_s: float | None
    drain_s: float = 10.0
    snapshot_s: float = 5.0
    faults: tuple[PlannedFault, ...] = ()


class RunResult(NamedTuple):
    """How a run ended. `error`: what made it end, where it was not meant to."""

    reason: str
    ran_s: float
    detail: str = ""
    error: HarnessError | None = None


@dataclass
class RunStatus:
    """What the live view reads while the run works."""

    plan: RunPlan
    figures: RunFigures
    managers: Sequence[CdpLifecycleManager]
    pool: Pool
    phase: str = "starting browsers"
    started_s: float | None = None
    ended: anyio.Event = field(default_factory=anyio.Event)

    def workers(self) -> list[WorkerView]:
        """Every worker as it is now."""
        return self.pool.views()

    def elapsed_s(self) -> float:
        """Seconds of work so far."""
        return 0.0 if self.started_s is None else time.monotonic() - self.started_s

    def left_s(self) -> float | None:
        """Seconds left, None for a run without a duration."""
        if self.plan.duration_s is None:
            return None
        return max(0.0, self.plan.duration_s - self.elapsed_s())


class Runner:
    """Runs a plan once. `stop` may be called at any time, from a signal or because evidence cannot be written."""

    def __init__(
        self,
        plan: RunPlan,
        *,
        managers: Sequence[CdpLifecycleManager],
        pool: Pool,
        queue: WorkQueue,
        coordinator: Coordinator,
        figures: RunFigures,
        telemetry: Telemetry,
        ledger: Ledger | None,
    ) -> None:
        self.status = RunStatus(plan, figures, managers, pool)
        self._plan = plan
        self._managers = managers
        self._pool = pool
        self._queue = queue
        self._coordinator = coordinator
        self._figures = figures
        self._telemetry = telemetry
        self._ledger = ledger
        self._stop = anyio.Event()
        self._stop_reason = ""
        self._error: HarnessError | None = None
        self._start_scope, self._pool_scope, self._site_scope = (anyio.CancelScope() for _ in range(3))

    def stop(self, reason: str, error: HarnessError | None = None) -> None:
        """End the run early: nothing new is claimed, spins may finish for a moment; the first reason counts."""
        if not self._stop_reason:
            self._stop_reason, self._error = reason, error
        self._stop.set()
        self._start_scope.cancel()  # nothing is under way yet that could be drained

    def abandon(self) -> None:
        """End the run at once: spins are cut short, everything is cleaned up all the same."""
        self.stop("interrupted")
        self._pool_scope.cancel()
        self._site_scope.cancel()

    async def run(self) -> RunResult:
        """The whole run; browsers are gone when it returns. Its errors are in the result."""
        log = self._telemetry.log
        ran_s, reason = 0.0, "completed"
        try:
            async with anyio.create_task_group() as browsers:
                await self._start(browsers)
                if not self._stop_reason:
                    ran_s = await self._work()
                self.status.phase = "closing"
                for manager in self._managers:
                    manager.stop()
        except* OperationError as group:
            self.stop("failed", _first(group))
        if self._stop_reason:
            reason = self._stop_reason
        await self._compare_with_site()
        detail = self._error.what if self._error else ""
        log.info("run.ended", reason=reason, ran_s=ran_s, detail=detail)
        self._coordinator.close()
        self._telemetry.tell_drops()
        self._telemetry.summarise()
        self.status.ended.set()
        return RunResult(reason, ran_s, detail, self._error)

    async def _start(self, browsers: anyio.abc.TaskGroup) -> None:
        """Start all browsers at once; one that fails to start ends the run, and so does whoever says stop."""
        with self._start_scope:
            async with anyio.create_task_group() as starting:
                for manager in self._managers:
                    starting.start_soon(self._start_one, browsers, manager)

    async def _start_one(self, browsers: anyio.abc.TaskGroup, manager: CdpLifecycleManager) -> None:
        try:
            await browsers.start(manager.run, name=f"browser {manager.browser_id}")
        except* OperationError as group:
            self.stop("failed", _first(group))

    async def _work(self) -> float:
        plan = self._plan
        self.status.phase = "working"
        self.status.started_s = started = time.monotonic()
        self._telemetry.log.info(
            "run.started",
            mode=plan.mode,
            profile=plan.profile,
            workers=plan.workers,
            browsers=len(self._managers),
            duration_s=plan.duration_s or 0.0,
        )
        ran_s = 0.0
        async with anyio.create_task_group() as beside:
            beside.start_soon(inject, plan.faults, self._managers, name="planned faults")
            beside.start_soon(
                take_snapshots, self._telemetry, self._figures, self._managers, self._busy, plan.snapshot_s,
                name="snapshots",
            )  # fmt: skip
            done = anyio.Event()
            beside.start_soon(self._run_pool, done, name="pool")
            await self._until_over(done)
            ran_s = time.monotonic() - started
            self._queue.close()
            self.status.phase = "draining"
            with anyio.move_on_after(plan.drain_s if not self._stop_reason else min(2.0, plan.drain_s)):
                await done.wait()
            self._pool_scope.cancel()
            await done.wait()
            beside.cancel_scope.cancel()
        return ran_s

    def _busy(self) -> int:
        return sum(view.state not in {"idle", "stopped", "died"} for view in self._pool.views())

    async def _run_pool(self, done: anyio.Event) -> None:
        try:
            with self._pool_scope:
                await self._pool.run()
        except* StorageError as group:
            self.stop("halted", _first(group))
        finally:
            done.set()

    async def _until_over(self, done: anyio.Event) -> None:
        """Until the duration is over, the pool is done, or somebody says stop."""
        with anyio.move_on_after(self._plan.duration_s):
            async with anyio.create_task_group() as either:

                async def first(event: anyio.Event) -> None:
                    await event.wait()
                    either.cancel_scope.cancel()

                either.start_soon(first, done)
                either.start_soon(first, self._stop)
        unfinished = self._plan.duration_s is not None or self._queue.has_work
        if done.is_set() and unfinished and not self._stop_reason:
            self.stop("halted", BrowserFailedError("no worker is left", why="no browser could be brought back"))

    async def _compare_with_site(self) -> None:
        """Write what the site itself recorded into the evidence: the evaluator compares, and reads the folder alone."""
        if self._ledger is None or self.status.started_s is None:
            return
        self.status.phase = "comparing with the site"
        log = self._telemetry.log
        why, contents = "the run was abandoned", None
        with self._site_scope:
            try:
                contents = await self._ledger.all()
            except LedgerError as error:
                why = error.why
        if contents is None:
            log.warning("spin.reconciled", result="unknown", entries=0, detail=f"at the end of the run: {why}")
            return
        known = foreign = 0
        for spin_id, effects in contents.effects.items():
            if spin_id not in self._figures.effect_spins:
                foreign += 1
                continue
            known += 1
            log.info("site.recorded", spin_id=spin_id, effects=effects, account=contents.accounts.get(spin_id, ""))
        log.info(
            "site.compared",
            entries=sum(contents.effects.values()) + contents.unnamed,
            known=known,
            foreign=foreign,
            unnamed=contents.unnamed,
        )


def _first(group: BaseExceptionGroup[HarnessError]) -> HarnessError:
    """The first plain error of a group."""
    found: BaseException = group
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    assert isinstance(found, HarnessError)
    return found
