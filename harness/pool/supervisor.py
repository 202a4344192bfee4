"""The pool: one slot per worker; a worker that dies is replaced. What it left claimed is given back to the queue."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio

from harness.basics.errors import StorageError
from harness.basics.failures import Cause, Containment
from harness.basics.ids import new_failure_id
from harness.cdp.errors import BrowserFailedError
from harness.cdp.lifecycle import CdpLifecycleManager
from harness.cdp.states import BrowserState
from harness.pool.death import cause_of_death
from harness.pool.items import WorkQueue
from harness.pool.plan import WorkerView
from harness.pool.worker import Worker
from harness.telemetry.correlation import correlated
from harness.telemetry.pipeline import Log

MakeWorker = Callable[[str, CdpLifecycleManager], Worker]


@dataclass
class _Slot:
    number: int
    manager: CdpLifecycleManager
    deaths: int = 0
    worker: Worker | None = None


class Pool:
    """Runs `workers` slots over the managers, round robin, until the queue is done."""

    def __init__(
        self,
        workers: int,
        managers: list[CdpLifecycleManager],
        queue: WorkQueue,
        make: MakeWorker,
        log: Log,
        *,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._slots = [_Slot(number, managers[number % len(managers)]) for number in range(workers)]
        self._queue = queue
        self._make = make
        self._log = log
        self._sleep = sleep

    def views(self) -> list[WorkerView]:
        """Every slot's present worker."""
        return [slot.worker.look() for slot in self._slots if slot.worker is not None]

    async def run(self) -> None:
        """Return when every worker has stopped. StorageError (evidence cannot be written) ends all of them."""
        async with anyio.create_task_group() as tasks:
            for slot in self._slots:
                tasks.start_soon(self._keep, slot, name=f"slot {slot.number}")

    async def _keep(self, slot: _Slot) -> None:
        while True:
            name = f"w{slot.number + 1}" + (f".{slot.deaths}" if slot.deaths else "")
            before = slot.worker
            slot.worker = self._make(name, slot.manager)
            if before is not None:
                with correlated(worker_id=name):
                    self._log.warning("worker.replaced", cohort=slot.manager.cohort, replaces=before.id)
                slot.worker.view.spins, slot.worker.view.failures = before.view.spins, before.view.failures
            try:
                await slot.worker.run()
                return
            except (Exception, BaseExceptionGroup) as error:
                # The task's outer wall: a worker's death is told, never hidden.
                if _stops_the_run(error):
                    raise
                self._log.error("worker.died", worker_id=name, cohort=slot.manager.cohort, error=cause_of_death(error))
                self._bury(slot, slot.worker, error)
            if slot.manager.state in {BrowserState.FAILED, BrowserState.STOPPED}:
                return  # no browser will come back for this slot; the others go on
            slot.deaths += 1
            await self._sleep(min(5.0, 0.1 * 2 ** min(slot.deaths, 6)))

    def _bury(self, slot: _Slot, worker: Worker, error: BaseException) -> None:
        worker.mark_died()
        self._queue.give_back(worker.id)
        if worker.told_death:
            return
        cause = Cause.BROWSER_START_FAILED if isinstance(error, BrowserFailedError) else Cause.WORKER_DIED
        self._log.error(
            "failure.recorded",
            worker_id=worker.id,
            failure_id=new_failure_id(),
            category=cause.category.value,
            cause=cause.value,
            containment=Containment.WORKER_REPLACED.value,
            operation="worker.run",
            detail=cause_of_death(error),
            injected=False,
            browser_id=slot.manager.browser_id,
        )


def _stops_the_run(error: BaseException) -> bool:
    """Evidence that cannot be written, and a request to end this process, are no worker's own affair."""
    if isinstance(error, BaseExceptionGroup):
        return error.subgroup((StorageError, KeyboardInterrupt)) is not None
    return isinstance(error, StorageError)
