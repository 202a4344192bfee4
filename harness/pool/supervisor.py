"""The pool: one slot per worker; a worker that dies is replaced, and its item goes back to the queue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import anyio

from harness.basics.errors import StorageError
from harness.basics.failures import Cause, Containment
from harness.basics.ids import new_failure_id
from harness.cdp.errors import BrowserFailedError
from harness.cdp.lifecycle import CdpLifecycleManager
from harness.cdp.states import BrowserState
from harness.pool.items import WorkQueue
from harness.pool.plan import WorkerView
from harness.pool.states import WorkerState
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
        self, workers: int, managers: list[CdpLifecycleManager], queue: WorkQueue, make: MakeWorker, log: Log
    ) -> None:
        self._slots = [_Slot(number, managers[number % len(managers)]) for number in range(workers)]
        self._queue = queue
        self._make = make
        self._log = log

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
            except StorageError:
                raise
            except Exception as error:  # noqa: BLE001 - the task's outer wall: a worker's death is told, never hidden
                self._log.error(
                    "worker.died", worker_id=name, cohort=slot.manager.cohort, error=f"{type(error).__name__}: {error}"
                )
                self._bury(slot, slot.worker, error)
            if slot.manager.state in {BrowserState.FAILED, BrowserState.STOPPED}:
                return  # no browser will come back for this slot; the others go on
            slot.deaths += 1
            await anyio.sleep(min(5.0, 0.1 * 2 ** min(slot.deaths, 6)))

    def _bury(self, slot: _Slot, worker: Worker, error: Exception) -> None:
        worker.state = WorkerState.DIED
        worker.view.state = WorkerState.DIED.value
        cause = Cause.BROWSER_START_FAILED if isinstance(error, BrowserFailedError) else Cause.WORKER_DIED
        self._queue.give_back(worker.id)
        self._log.error(
            "failure.recorded",
            worker_id=worker.id,
            failure_id=new_failure_id(),
            category=cause.category.value,
            cause=cause.value,
            containment=Containment.WORKER_REPLACED.value,
            operation="worker.run",
            detail=f"{type(error).__name__}: {error}",
            injected=False,
            browser_id=slot.manager.browser_id,
        )
