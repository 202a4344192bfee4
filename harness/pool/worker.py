"""One worker: claims an item, takes its leases, replays its path, lets what came of it be settled (see outcome.py).

It owns at most one page. After a failure the page is discarded before anything else, so that it can do nothing more;
only then is asked what the spin left behind.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

import anyio

from harness.basics.errors import OperationError, StorageError
from harness.basics.failures import Cause
from harness.cdp.errors import BrowserFailedError
from harness.cdp.lifecycle import CdpLifecycleManager
from harness.coordination.errors import LeaseLostError
from harness.coordination.leases import Coordinator
from harness.navigation.context import CredentialValues, StepContext
from harness.navigation.errors import StepError
from harness.navigation.replay import Replay
from harness.pool.death import cause_of_death
from harness.pool.holds import SpinHolds
from harness.pool.items import WorkItem, WorkQueue
from harness.pool.outcome import Committed, Outcomes, Spin
from harness.pool.plan import RunFigures, WorkerView, WorkPlan
from harness.pool.states import WORKER_TRANSITIONS, WorkerState
from harness.pool.tab import Tab
from harness.telemetry.correlation import correlated, new_span_id, new_trace_id
from harness.telemetry.pipeline import Log


def pause_s(failures_in_a_row: int) -> float:
    """How long a worker rests after failures: 0 after a success or a first failure, then 0.1 s doubling up to 5 s, so that
    a site that is down does not fill the evidence with thousands of spins."""
    return 0.0 if failures_in_a_row < 2 else min(5.0, 0.1 * 2.0 ** min(failures_in_a_row - 2, 10))


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
        self.told_death = False
        """Whether the failure that this worker died of is recorded already, with the spin it died in."""
        self._manager = manager
        self._coordinator = coordinator
        self._queue = queue
        self._plan = plan
        self._figures = figures
        self._log = log
        self._commit = commit
        self._save = save
        self._replay: Replay | None = None
        self._outcomes = Outcomes(
            queue=queue, plan=plan, figures=figures, view=self.view, browser_id=manager.browser_id, log=log
        )
        self._tab = Tab(
            worker_id=worker_id,
            manager=manager,
            coordinator=coordinator,
            log=log,
            allowed_origins=plan.allowed_origins,
            lock_timeout_s=plan.lock_timeout_s,
            downloads=plan.downloads,
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
        self.view.phase, self.view.step = self._position
        return self.view

    @property
    def _position(self) -> tuple[str, str]:
        """Phase and step of the replay, empty where there is none."""
        return ("", "") if self._replay is None else self._replay.position

    async def run(self) -> None:
        """Work until there is nothing more; the page and the leases are gone afterwards, whatever happened.

        Raises what the worker dies of: StorageError (evidence cannot be written), BrowserFailedError (its browser does
        not come back), and defects. The item that it had is settled by then.
        """
        with correlated(worker_id=self.id):
            try:
                while (item := await self._queue.claim(self.id)) is not None:
                    async with self._manager.safe_point.working():
                        await self._spin(item)
                    self._set(WorkerState.IDLE)
                    await anyio.sleep(pause_s(self._outcomes.failures_in_a_row))
                self._set(WorkerState.STOPPED)
            except anyio.get_cancelled_exc_class():
                self._set(WorkerState.STOPPED)
                raise
            finally:
                with anyio.CancelScope(shield=True):
                    await self._tab.discard(wait_s=3.0)

    def mark_died(self) -> None:
        """Called by the supervisor, when `run` ended by an error."""
        with correlated(worker_id=self.id):
            if self.state is not WorkerState.STOPPED:
                self._set(WorkerState.DIED)

    # --- one spin

    async def _spin(self, item: WorkItem) -> None:
        spin = Spin(item, self._plan.paths[item.path])
        self.view.path = item.path
        ids = {"item_id": item.id, "spin_id": spin.id, "path": item.path}
        with correlated(**ids, trace_id=new_trace_id(), span_id=new_span_id(), epoch=""):
            self._log.info("spin.started", attempt=item.attempt, credential=item.credential or "")
            if spin.path.effect:
                self._figures.effect_spins.add(spin.id)
            error: OperationError | None = None
            try:
                error = await self._attempt(spin)
                if error is None:
                    self._tab.release()  # a failed one keeps its leases until its page is gone
                committed = await self._what_happened(spin, error)
            except BaseException as end:
                # The run is being stopped, or this worker dies: say so, and leave nothing open.
                if not isinstance(end, anyio.get_cancelled_exc_class()):
                    error = self._death(spin, end)
                    self.told_death = True
                with anyio.CancelScope(shield=True):
                    await self._cut_short(spin, error)
                raise
            self._outcomes.settle(spin, committed, error, died=False)
            if isinstance(error, StorageError):
                raise error

    async def _attempt(self, spin: Spin) -> OperationError | None:
        """Run the path once; returns what it failed with. Holds are given back, cancelled or not.

        Raises BrowserFailedError: without its browser the worker can do nothing more.
        """
        credential = self._plan.credentials[spin.item.credential] if spin.item.credential else None
        self._set(WorkerState.PREPARING)
        try:
            with anyio.fail_after(self._plan.spin_timeout_s):
                begun_ns = time.monotonic_ns()
                await self._tab.begin(credential)
                spin.wait_ms = (time.monotonic_ns() - begun_ns) / 1e6
                self._set(WorkerState.RUNNING)
                return await self._replay_path(spin, credential)
        except TimeoutError as error:
            return self._spin_timeout(error)
        except BrowserFailedError:
            raise
        except OperationError as error:
            return error
        finally:
            if self._replay is not None:
                spin.began = True
                spin.may_have_committed = self._replay.may_have_committed
                spin.lost_session = self._tab.lost_session
            self._replay = None

    def _spin_timeout(self, error: TimeoutError) -> OperationError:
        phase, step_id = self._position
        late = StepError(
            f"the spin did not finish within {self._plan.spin_timeout_s:g} s",
            why=f"it was at {phase or '(preparing)'} / {step_id or '-'}",
            cause=Cause.SPIN_TIMEOUT,
            may_have_happened=self._replay is not None,
            operation="spin",
            phase=phase,
            step_id=step_id,
        )
        late.__cause__ = error
        return late

    async def _replay_path(self, spin: Spin, credential: CredentialValues | None) -> OperationError | None:
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
                tasks.start_soon(page.attend, name=f"attends {self.id}")
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
                save=lambda name, content: self._save(spin.id, name, content),
                credential=credential,
                timeout_s=self._plan.step_timeout_s,
            )
            self._tab.follow()
            tasks.start_soon(page.attend, name=f"attends {self.id}")
            failure: OperationError | None = None
            try:
                await self._tab.name_spin(self._plan.naming, spin.id)
                self._replay = Replay(spin.path.map, context, self._plan.registry)
                await self._replay.run()
            except OperationError as error:
                failure = error
            finally:
                with anyio.CancelScope(shield=True):
                    await holds.end()
            tasks.cancel_scope.cancel()
        if isinstance(failure, BrowserFailedError):
            raise failure  # out of the group it would come in a group of one
        return failure

    # --- after it

    async def _what_happened(self, spin: Spin, error: OperationError | None) -> Committed:
        """Whether the site holds an effect of this spin. The page is discarded first: afterwards nothing can change it."""
        if error is None:
            return "yes" if spin.path.effect else "no"
        self._set(WorkerState.RECONCILING)
        return await self._outcomes.ask(spin, gone=await self._tab.discard())

    async def _cut_short(self, spin: Spin, error: OperationError | None) -> None:
        """The spin did not end by itself: ask what it left behind, and settle its item by that, whatever happens.

        error: what it had failed with, or what its worker dies of; None when the run's end stopped it.
        """
        committed: Committed = "unknown" if spin.path.effect and spin.began else "no"
        try:
            gone = await self._tab.discard(wait_s=3.0)
            if spin.began:
                committed = await self._outcomes.ask(spin, gone=gone)
        finally:
            if error is not None:
                self._outcomes.settle(spin, committed, error, died=self.told_death)
            else:
                self._outcomes.cancel(spin, committed)

    def _death(self, spin: Spin, end: BaseException) -> OperationError:
        if isinstance(end, OperationError):
            return end
        death = StepError(
            f"worker {self.id} died in the middle of a spin",
            why=cause_of_death(end),
            cause=Cause.WORKER_DIED,
            may_have_happened=spin.may_have_committed,
            operation="worker.run",
        )
        death.__cause__ = end
        return death
