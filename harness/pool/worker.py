"""One worker: claims an item, takes its leases, replays its path, settles what came of it. It owns at most one page.

After a failure the page is discarded before anything else, so that it can do nothing more; then, where a spin leaves
effects, the site is asked what it recorded. Only an effect that is certainly not there may be tried again; one that
stays unknown is counted as such and never retried.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Literal

import anyio

from harness.basics.errors import OperationError
from harness.basics.failures import Cause, Containment
from harness.basics.ids import new_failure_id, new_spin_id
from harness.cdp.lifecycle import CdpLifecycleManager
from harness.coordination.errors import LeaseLostError
from harness.coordination.leases import Coordinator
from harness.navigation.context import CredentialValues, StepContext
from harness.navigation.errors import StepError
from harness.navigation.replay import Replay
from harness.pool.holds import SpinHolds
from harness.pool.items import WorkItem, WorkQueue
from harness.pool.ledger import LedgerError
from harness.pool.plan import PathPlan, RunFigures, WorkerView, WorkPlan
from harness.pool.states import WORKER_TRANSITIONS, ItemState, WorkerState
from harness.pool.tab import Tab
from harness.telemetry.correlation import correlated, new_span_id, new_trace_id
from harness.telemetry.pipeline import Log

Committed = Literal["yes", "no", "unknown"]


class Worker:
    """Runs until the queue has nothing more for it; whatever else ends it is a death, and its supervisor's business."""

    def __init__(
        self,
        worker_id: str,
        *,
        manager: CdpLifecycleManager,
        coordinator: Coordinator,
        queue: WorkQueue,
        plan: WorkPlan,
        figures: RunFigures,
        log: Log,
        commit: Callable[[], Awaitable[None]],
        save: Callable[[str, str, bytes], str],
    ) -> None:
        self.id = worker_id
        self.state = WorkerState.IDLE
        self.view = WorkerView(worker_id, manager.cohort)
        self._manager = manager
        self._coordinator = coordinator
        self._queue = queue
        self._plan = plan
        self._figures = figures
        self._log = log
        self._commit = commit
        self._save = save
        self._replay: Replay | None = None
        self._tab = Tab(
            worker_id=worker_id,
            manager=manager,
            coordinator=coordinator,
            log=log,
            allowed_origins=plan.allowed_origins,
            lock_timeout_s=plan.lock_timeout_s,
        )

    def _set(self, state: WorkerState) -> None:
        if state is self.state:
            return
        WORKER_TRANSITIONS.check(self.id, self.state, state)
        before, self.state = self.state, state
        self.view.state = state.value
        self._log.info("worker.state", cohort=self._manager.cohort, from_state=before.value, to_state=state.value)

    def look(self) -> WorkerView:
        """The worker as the live view shows it."""
        if self._replay is not None:
            self.view.phase, self.view.step = self._replay.position
        return self.view

    async def run(self) -> None:
        """Work until there is nothing more; the page and the leases are gone afterwards, whatever happened."""
        with correlated(worker_id=self.id):
            try:
                while (item := await self._queue.claim(self.id)) is not None:
                    await self._spin(item)
                    self._set(WorkerState.IDLE)
                self._set(WorkerState.STOPPED)
            finally:
                with anyio.CancelScope(shield=True):
                    await self._tab.discard(wait_s=3.0)

    # --- one spin

    async def _spin(self, item: WorkItem) -> None:
        path = self._plan.paths[item.path]
        spin_id = new_spin_id()
        started_ns = time.monotonic_ns()
        self.view.path = item.path
        ids = {"item_id": item.id, "spin_id": spin_id, "path": item.path}
        with correlated(**ids, trace_id=new_trace_id(), span_id=new_span_id(), epoch=""):
            self._log.info("spin.started", attempt=item.attempt, credential=item.credential or "")
            if path.effect:
                self._figures.effect_spins.add(spin_id)
            error: OperationError | None = None
            try:
                error = await self._attempt(item, path, spin_id)
            except BaseException as end:
                # The run is being stopped, or this worker dies: say so, and leave nothing open.
                stopped = isinstance(end, anyio.get_cancelled_exc_class())
                with anyio.CancelScope(shield=True):
                    await self._cut_short(item, path, spin_id, started_ns, stopped=stopped)
                raise
            await self._settle(item, path, spin_id, started_ns, error)

    async def _attempt(self, item: WorkItem, path: PathPlan, spin_id: str) -> OperationError | None:
        """Run the path once; returns what it failed with. Leases and holds are given back, cancelled or not."""
        credential = self._plan.credentials[item.credential] if item.credential else None
        self._set(WorkerState.PREPARING)
        try:
            with anyio.fail_after(self._plan.spin_timeout_s):
                await self._tab.begin(credential)
                self._set(WorkerState.RUNNING)
                return await self._replay_path(path, credential, spin_id)
        except TimeoutError as error:
            return self._spin_timeout(error)
        except OperationError as error:
            return error
        finally:
            self._replay = None
            self._tab.release()

    def _spin_timeout(self, error: TimeoutError) -> OperationError:
        late = StepError(
            f"the spin did not finish within {self._plan.spin_timeout_s:g} s",
            why=f"it was at {self.view.phase or '(preparing)'} / {self.view.step or '-'}",
            cause=Cause.SPIN_TIMEOUT,
            may_have_happened=True,
            operation="spin",
        )
        late.__cause__ = error
        return late

    async def _replay_path(
        self, path: PathPlan, credential: CredentialValues | None, spin_id: str
    ) -> OperationError | None:
        page = self._tab.page
        async with anyio.create_task_group() as tasks:

            def guard() -> None:
                page.guard([*self._tab.leases, *holds.leases()])

            async def restore() -> None:
                if holds.leases():
                    raise LeaseLostError(
                        "the step cannot go on after the lost connection", why="a scope that it held is lost, too"
                    )
                self._set(WorkerState.RECOVERING)
                await self._tab.restore(credential)
                tasks.start_soon(page.answer_dialogs, name=f"dialogs {self.id}")
                self._set(WorkerState.RUNNING)

            holds = SpinHolds(
                coordinator=self._coordinator,
                page=page,
                browser_id=self._manager.browser_id,
                binding=self._tab.binding,
                on_change=guard,
                tasks=tasks,
                log=self._log,
                wait_s=self._plan.lock_timeout_s,
                hold_s=self._plan.hold_s,
            )
            context = StepContext(
                page=page,
                log=self._log,
                holds=holds,
                restore=restore,
                commit=self._commit,
                save=lambda name, content: self._save(spin_id, name, content),
                credential=credential,
                timeout_s=self._plan.step_timeout_s,
            )
            self._tab.follow()
            tasks.start_soon(page.answer_dialogs, name=f"dialogs {self.id}")
            failure: OperationError | None = None
            try:
                if self._plan.spin_header:
                    await page.set_up("Network.setExtraHTTPHeaders", {"headers": {self._plan.spin_header: spin_id}})
                self._replay = Replay(path.map, context, self._plan.registry)
                await self._replay.run()
            except OperationError as error:
                failure = error
            finally:
                with anyio.CancelScope(shield=True):
                    await holds.end()
            tasks.cancel_scope.cancel()
        return failure

    # --- what came of it

    async def _settle(
        self, item: WorkItem, path: PathPlan, spin_id: str, started_ns: int, error: OperationError | None
    ) -> None:
        if error is None:
            self._end(item, "completed", "yes" if path.effect else "no", started_ns)
            self._queue.settle(item, ItemState.DONE, "completed")
            return
        self._set(WorkerState.RECONCILING)
        committed = await self._what_happened(path, spin_id, error)
        outcome, state, containment = self._decide(item, committed)
        self._record(error, containment)
        self._end(item, outcome, committed, started_ns)
        self._queue.settle(item, state, error.root_cause.value)

    async def _what_happened(self, path: PathPlan, spin_id: str, error: OperationError) -> Committed:
        """Whether the site holds an effect of this spin. The page is discarded first: afterwards nothing can change it."""
        gone = await self._tab.discard()
        if not path.effect:
            return "no"
        if self._plan.ledger is None:
            return "unknown" if error.may_have_happened or not gone else "no"
        return await self._ask_ledger(spin_id, gone)

    async def _ask_ledger(self, spin_id: str, gone: bool) -> Committed:
        assert self._plan.ledger is not None
        await anyio.sleep(self._plan.ledger_settle_s)
        try:
            entries = await self._plan.ledger.effects_of(spin_id)
        except LedgerError as error:
            self._log.error("spin.reconciled", result="unknown", entries=0, detail=error.why)
            return "unknown"
        result: Committed = "yes" if entries else ("no" if gone else "unknown")
        self._log.info(
            "spin.reconciled",
            result={"yes": "committed", "no": "not committed", "unknown": "unknown"}[result],
            entries=entries,
            detail="" if gone else "the page may still be at work: it could not be closed",
        )
        return result

    def _decide(self, item: WorkItem, committed: Committed) -> tuple[str, ItemState, Containment]:
        match committed:
            case "unknown":
                return "unknown", ItemState.UNKNOWN, Containment.ITEM_UNKNOWN
            case "yes":
                return "failed", ItemState.DONE, Containment.ITEM_COMMITTED
            case "no" if item.has_attempts:
                return "failed", ItemState.QUEUED, Containment.ITEM_RETRIED
            case "no":
                return "failed", ItemState.FAILED, Containment.ITEM_FAILED

    def _record(self, error: OperationError, containment: Containment) -> None:
        cause = error.root_cause
        context = error.context
        ids = {"phase": str(context.get("phase", "")), "step_id": str(context.get("step_id", ""))}
        self._log.error(
            "failure.recorded",
            failure_id=new_failure_id(),
            category=cause.category.value,
            cause=cause.value,
            containment=containment.value,
            operation=str(context.get("operation") or context.get("method") or "spin.prepare"),
            detail=str(error),
            method=str(context.get("method", "")),
            url=str(context.get("url", "")),
            injected=False,
            browser_id=self._manager.browser_id,
            **{name: value for name, value in ids.items() if value},
        )
        causes = self._figures.failures_by_cause
        causes[cause.value] = causes.get(cause.value, 0) + 1

    def _end(self, item: WorkItem, outcome: str, committed: Committed, started_ns: int) -> None:
        duration_ms = (time.monotonic_ns() - started_ns) / 1e6
        self._log.info("spin.ended", outcome=outcome, committed=committed, attempt=item.attempt)
        self._log.info("spin.timed", duration_ms=duration_ms, outcome=outcome, wait_ms=0.0)
        figures = self._figures
        if outcome == "cancelled":
            return
        figures.spins += 1
        self.view.spins += 1
        if outcome == "completed":
            figures.completed += 1
            figures.latency_ms.add(duration_ms)
            return
        self.view.failures += 1
        if outcome == "unknown":
            figures.unknown += 1
        else:
            figures.failed += 1

    async def _cut_short(self, item: WorkItem, path: PathPlan, spin_id: str, started_ns: int, *, stopped: bool) -> None:
        """The spin did not end by itself: ask what it left behind, and settle its item by that."""
        gone = await self._tab.discard(wait_s=3.0)
        committed: Committed = "no"
        if path.effect:
            committed = "unknown" if self._plan.ledger is None else await self._ask_ledger(spin_id, gone)
        self._end(item, "cancelled", committed, started_ns)
        state = self._decide(item, committed)[1]
        if stopped and committed == "no":
            state = ItemState.CANCELLED
        self._queue.settle(item, state, "the run ended" if stopped else "its worker died")
