"""The harness' public API: owned, with deadlines and command metrics.

variant: the transport; with `, recorded` each command is told to a real sink as well, as in a run. A flow always is.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import uvloop

from harness.cdp.connection import Connection
from harness.cdp.finding import BrowserBinary
from harness.cdp.in_flight import InFlight
from harness.cdp.launch import LaunchOptions, TransportKind
from harness.cdp.lifecycle import CdpLifecycleManager
from harness.cdp.observing import both, telling
from harness.cdp.ports import CommandObserver
from harness.cdp.reconnecting.policy import ReconnectPolicy
from harness.cdp.session import Session, Writer
from harness.coordination.leases import Coordinator
from harness.coordination.ownership import Binding
from harness.coordination.scopes import session_scope
from harness.navigation.map import NavigationMap, Phase, Place, Step
from harness.navigation.registry import load_strategies
from harness.pool.items import WorkItem, WorkQueue
from harness.pool.plan import PathPlan, RunFigures, WorkPlan
from harness.pool.supervisor import Pool
from harness.pool.worker import Worker
from harness.runfolder.layout import RunPaths
from harness.telemetry.pipeline import Telemetry
from harness.telemetry.sink import SegmentSink
from scripts.benches.cdp_clients.measure import Job, main

WARM_UP = 2


class Page(NamedTuple):
    """A session, and the handle that writes to it under its lease."""

    session: Session
    writer: Writer


class Ours:
    """One browser under its lifecycle manager, the coordinator as its fence, all four channels in a folder."""

    job: Job
    telemetry: Telemetry
    coordinator: Coordinator
    manager: CdpLifecycleManager
    connection: Connection

    async def start(self, job: Job) -> None:
        """As `harness.app` assembles it."""
        self.job = job
        binary = BrowserBinary(Path(job.browser), "headless-shell", "bench")
        transport: TransportKind = "pipe" if job.variant.startswith("pipe") else "websocket"
        self._stack = AsyncExitStack()
        sink = SegmentSink(RunPaths(Path(job.scratch) / "run"), on_failure=_fail)
        self.telemetry = Telemetry(sink, run_id="run-bench")
        self._stack.callback(self.telemetry.close)
        self.coordinator = Coordinator(self.telemetry.log, run_id="run-bench")
        self.manager = CdpLifecycleManager(
            browser_id="b1",
            cohort="c1",
            cohort_index=0,
            cohorts=1,
            launch=LaunchOptions(binary, no_sandbox=True, transport=transport),
            policy=ReconnectPolicy(),
            fence=self.coordinator,
            on_connection_lost=self.coordinator.revoke_browser,
            log=self.telemetry.log,
            rng=random.Random(1),  # noqa: S311 - jitter
            observe=self._observe,
        )
        self.observer: CommandObserver = self.manager.metrics
        if job.variant.endswith("recorded"):
            self._record()
        tasks = await self._stack.enter_async_context(anyio.create_task_group())
        self._stack.callback(self.manager.stop)
        await tasks.start(self.manager.run)
        self.connection = await self.manager.ready()

    def _record(self) -> None:
        self.observer = both(self.manager.metrics, telling(self.telemetry.log))

    def _observe(self, connection: Connection, command: InFlight, outcome: str, duration_ns: int) -> None:
        self.observer(connection, command, outcome, duration_ns)

    async def open(self) -> Page:
        """A page in the default context, leased for as long as it stands."""
        target_id = (await self.connection.call("Target.createTarget", {"url": "about:blank"}))["targetId"]
        session = await self.connection.attach(target_id)
        binding = Binding(owner="w1", reason="bench", browser_id="b1", target_id=target_id)
        lease = await self.coordinator.acquire(session_scope(target_id), binding, timeout_s=5)
        return Page(session, session.writer([lease]))

    async def evaluate(self, page: Page, expression: str) -> Any:
        """A write under its lease, by value."""
        params = {"expression": expression, "returnByValue": True}
        return (await page.writer.call("Runtime.evaluate", params))["result"].get("value")

    async def listen(self, page: Page, heard: Callable[[str], None]) -> None:
        """Console messages, decoded."""
        page.session.on("Runtime.consoleAPICalled", lambda params: heard(params["args"][0]["value"]))
        await page.writer.call("Runtime.enable")

    async def hear_nothing(self, page: Page) -> None:
        """Console messages that nobody listens to."""
        await page.writer.call("Runtime.enable")

    async def flow(self, page: Any, url: str) -> str:
        """Not asked for: flows run in the pool."""
        raise NotImplementedError

    async def run_flows(self, mark: Callable[[], None]) -> None:
        """Whole spins in the pool: owned, retried, observed, recorded. `mark` is called around those that count."""
        self._record()
        job, log = self.job, self.telemetry.log
        counted, given = job.workers * job.flows, 0
        first = job.workers * WARM_UP

        def next_item() -> WorkItem | None:
            """Called by a worker that has just finished: what has been handed out, less one a worker, is done."""
            nonlocal given
            if given in {first, first + counted}:
                mark()
            given += 1
            return WorkItem("flow", key=str(given)) if given <= first + counted + job.workers else None

        queue, figures = WorkQueue(log, next_item), RunFigures()
        plan = WorkPlan(
            paths={"flow": PathPlan("flow", _flow_map(job.origin))},
            credentials={},
            registry=load_strategies(["strategies"]),
            allowed_origins=frozenset({job.origin}),
        )

        def make(worker_id: str, manager: CdpLifecycleManager) -> Worker:
            return Worker(
                worker_id,
                manager=manager,
                coordinator=self.coordinator,
                queue=queue,
                plan=plan,
                figures=figures,
                log=log,
                commit=self.telemetry.commit,
                save=_no_pictures,
            )

        await Pool(job.workers, [self.manager], queue, make, log).run()
        if figures.failed or figures.unknown or figures.completed != first + counted + job.workers:
            raise AssertionError(f"the pool's spins did not all complete: {figures}")

    async def stop(self) -> None:
        """End the browser and the sink."""
        await self._stack.aclose()


def _flow_map(origin: str) -> NavigationMap:
    steps = (
        Step("open", "navigate", {"url": f"{origin}/"}),
        Step("press", "click", place=Place(selectors=(("#go",),))),
        Step("read", "wait_for_expression", {"expression": "document.querySelector('#out').textContent === 'clicked'"}),
    )
    return NavigationMap("flow", (Phase("flow", steps),), "flow.json", "harness")


def _no_pictures(spin_id: str, name: str, content: bytes) -> str:  # noqa: ARG001
    """A picture is taken of a failure only, and a failure ends the bench."""
    return name


def _fail(error: Exception) -> None:
    raise error


if __name__ == "__main__":
    main(Ours, uvloop.run)
