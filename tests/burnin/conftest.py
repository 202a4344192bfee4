"""Managers, pools and ledgers that do what a test says, for a runner without browsers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, cast

import anyio
import anyio.abc
import msgspec
import pytest

from harness.burnin.faults import PlannedFault
from harness.burnin.runner import Runner, RunPlan
from harness.cdp.lifecycle import CdpLifecycleManager
from harness.coordination.leases import Coordinator
from harness.pool.items import Source, WorkItem, WorkQueue
from harness.pool.ledger import LedgerContents
from harness.pool.plan import RunFigures, WorkerView
from harness.pool.states import ItemState
from harness.pool.supervisor import Pool
from harness.telemetry.pipeline import Telemetry
from harness.telemetry.sink import ListSink

Work = Callable[[WorkItem], Awaitable[None]]


class FakeManager:
    """A browser that starts (or fails to), runs until it is stopped, and notes what is done to it."""

    process = None

    def __init__(self, browser_id: str = "b1") -> None:
        self.browser_id = browser_id
        self.fails_with: BaseException | None = None
        self.faults: list[tuple[str, float]] = []
        self.life: list[str] = []
        self.may_start = anyio.Event()
        self.may_start.set()
        self._stopping = anyio.Event()

    async def run(self, *, task_status: anyio.abc.TaskStatus[None]) -> None:
        try:
            await self.may_start.wait()
            if self.fails_with is not None:
                raise self.fails_with
            self.life.append("started")
            task_status.started()
            await self._stopping.wait()
        finally:
            self.life.append("gone")

    def stop(self) -> None:
        self._stopping.set()

    def cut(self) -> None:
        self.faults.append(("cut", anyio.current_time()))

    def kill(self) -> None:
        self.faults.append(("kill", anyio.current_time()))


class FakePool:
    """Workers that claim and run `work` until the queue has nothing more, as the real pool's do."""

    def __init__(self, world: World, workers: int) -> None:
        self._world = world
        self._workers = workers

    def views(self) -> list[WorkerView]:
        return [WorkerView(f"w{number}", "c1", state="running") for number in range(self._workers)]

    async def run(self) -> None:
        async with anyio.create_task_group() as tasks:
            for number in range(self._workers):
                tasks.start_soon(self._worker, f"w{number}")

    async def _worker(self, name: str) -> None:
        queue = self._world.queue
        while (item := await queue.claim(name)) is not None:
            state = ItemState.CANCELLED
            try:
                await self._world.work(item)
                state = ItemState.DONE
            finally:
                queue.settle(item, state, "test")


class FakeLedger:
    """The site's record at the end of the run."""

    def __init__(self) -> None:
        self.effects: Counter[str] = Counter()
        self.unnamed = 0
        self.error: Exception | None = None

    async def effects_of(self, spin_id: str) -> int:
        return self.effects[spin_id]

    async def all(self) -> LedgerContents:
        if self.error is not None:
            raise self.error
        return LedgerContents(self.effects, dict.fromkeys(self.effects, "alice"), self.unnamed)


class World:
    """One run to be made: fill in what differs, then `runner(…)`."""

    def __init__(self) -> None:
        self.sink = ListSink()
        self.telemetry = Telemetry(self.sink, run_id="run-test")
        self.coordinator = Coordinator(self.telemetry.log)
        self.queue = WorkQueue(self.telemetry.log)
        self.managers = [FakeManager()]
        self.figures = RunFigures()
        self.ledger: FakeLedger | None = None
        self.work: Work = self.nothing
        self.pool: Any = None
        self.waiting = anyio.Event()
        self.cancelled: list[str] = []

    async def nothing(self, item: WorkItem) -> None:
        await anyio.lowlevel.checkpoint()

    async def forever(self, item: WorkItem) -> None:
        self.waiting.set()
        try:
            await anyio.sleep_forever()
        finally:
            self.cancelled.append(item.id)

    def feed(self, source: Source) -> None:
        self.queue = WorkQueue(self.telemetry.log, source)

    def endless(self) -> None:
        self.feed(lambda: WorkItem("shop"))

    def runner(
        self, *, duration_s: float | None = None, workers: int = 2, faults: tuple[PlannedFault, ...] = (), **more: Any
    ) -> Runner:
        plan = RunPlan("test", "test", workers, duration_s, faults=faults, **more)
        return Runner(
            plan,
            managers=cast("list[CdpLifecycleManager]", self.managers),
            pool=cast("Pool", self.pool or FakePool(self, workers)),
            queue=self.queue,
            coordinator=self.coordinator,
            figures=self.figures,
            telemetry=self.telemetry,
            ledger=self.ledger,
        )

    def events(self, *names: str) -> list[dict[str, Any]]:
        lines = [msgspec.json.decode(line) for _, line in self.sink.lines]
        return [{**line, **line.get("fields", {})} for line in lines if line["event"] in names]


@pytest.fixture
async def world() -> World:
    return World()


@pytest.fixture
def ledger() -> FakeLedger:
    return FakeLedger()
