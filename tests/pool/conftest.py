"""A pool's world without a browser: managers, connections and pages that answer at once, a site with a ledger, and
strategies written in the tests. What writes to a page goes through the real fence."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

import anyio
import msgspec
import pytest

from harness.basics.secret import Secret
from harness.cdp.connection import Connection
from harness.cdp.errors import BrowserFailedError, CdpError, ConnectionLostError, ProtocolError
from harness.cdp.events import EventSource
from harness.cdp.lifecycle import CdpLifecycleManager
from harness.cdp.methods import is_write
from harness.cdp.safe_point import SafePoint
from harness.cdp.session import Session
from harness.cdp.states import BrowserState
from harness.coordination.leases import Coordinator
from harness.navigation.context import CredentialValues, StepContext
from harness.navigation.map import NavigationMap, Phase, Step
from harness.navigation.registry import Strategy, StrategyRegistry
from harness.pool.items import Source, WorkItem, WorkQueue
from harness.pool.ledger import LedgerContents, LedgerError
from harness.pool.plan import PathPlan, RunFigures, WorkPlan
from harness.pool.tab import Tab
from harness.pool.worker import Worker
from harness.telemetry.pipeline import Telemetry
from harness.telemetry.sink import ListSink

Act = Callable[[StepContext, Step], Awaitable[None]]


class FakeConnection:
    """Answers every command at once. `fail` makes the next call of a method raise, `hang` makes all of them wait."""

    timeout_s = 10.0

    def __init__(self, browser: FakeBrowser) -> None:
        self.browser = browser
        self.browser_id = browser.browser_id
        self.timeout_s = 10.0
        self.lost_reason: str | None = None
        self.sessions: list[Session] = []
        self.events = EventSource()

    async def call(self, method: str, params: dict[str, Any] | None = None, **options: Any) -> Any:
        session: Session | None = options.get("session")
        if self.lost_reason is not None:
            raise self.lost(method)
        if session is not None and is_write(method, params):
            self.browser.coordinator.check(f"session:{session.target_id}", options.get("guards", ()), method)
        self.browser.calls.append(method)
        await anyio.lowlevel.checkpoint()
        if method in self.browser.hang:
            await anyio.sleep_forever()
        if self.browser.fail.get(method):
            raise self.browser.fail[method].pop(0)
        return self.browser.answer(method, params or {})

    async def attach(self, target_id: str) -> Session:
        await anyio.lowlevel.checkpoint()
        session = Session(cast("Connection", self), target_id, f"s{len(self.sessions)}")
        self.sessions.append(session)
        return session

    def lost(self, method: str) -> CdpError:
        return ConnectionLostError("lost", method=method, may_have_happened=False, why="cut")


class FakeBrowser:
    """Stands for a lifecycle manager and its browser process. `contexts` are the browser contexts that are open now."""

    numbers = itertools.count(1)

    def __init__(self, browser_id: str, coordinator: Coordinator) -> None:
        self.browser_id, self.cohort = browser_id, f"cohort of {browser_id}"
        self.coordinator = coordinator
        self.state = BrowserState.HEALTHY
        self.incarnation = 1
        self.is_launched, self.devtools_id = True, ""
        self.safe_point = SafePoint()
        self.calls: list[str] = []
        self.fail: dict[str, list[Exception]] = {}
        self.hang: set[str] = set()
        self.contexts: set[str] = set()
        self.connection = FakeConnection(self)

    @property
    def life(self) -> object:
        return self.devtools_id or self.incarnation

    async def ready(self, timeout_s: float = 60.0) -> FakeConnection:
        if self.state is not BrowserState.HEALTHY:
            raise BrowserFailedError(f"browser {self.browser_id} is not available", why=f"its state is {self.state}")
        return self.connection

    def answer(self, method: str, params: dict[str, Any]) -> Any:
        match method:
            case "Target.createBrowserContext":
                context_id = f"context{next(self.numbers)}"
                self.contexts.add(context_id)
                return {"browserContextId": context_id}
            case "Target.disposeBrowserContext":
                if params["browserContextId"] not in self.contexts:
                    raise ProtocolError(method, -32602, "Failed to find context with id")
                self.contexts.remove(params["browserContextId"])
                return {}
            case "Target.createTarget":
                return {"targetId": f"target{next(self.numbers)}"}
            case "Target.getTargets":
                return {"targetInfos": []}
            case "Runtime.evaluate" | "Runtime.callFunctionOn":
                return {"result": {"type": "number", "value": 1}}
            case "Page.getFrameTree":
                return {"frameTree": {"frame": {"id": "main", "url": "about:blank", "loaderId": "loader"}}}
        return {}

    def cut(self) -> None:
        """The connection is lost; a new one to the same process stands at once."""
        old, self.connection = self.connection, FakeConnection(self)
        old.lost_reason = "cut"
        self.coordinator.revoke_browser(self.browser_id, "cut")
        for session in old.sessions:
            session.end(old.lost)
        old.events.end(old.lost)

    def restart(self) -> None:
        """The process is gone with all its contexts, another one runs."""
        self.contexts.clear()
        self.incarnation += 1
        self.cut()

    def die(self) -> None:
        """The process is gone, and none will come."""
        self.contexts.clear()
        self.cut()
        self.state = BrowserState.FAILED


class FakeLedger:
    """What the site recorded, by spin id. `before_answer` runs when it is asked."""

    def __init__(self) -> None:
        self.effects: Counter[str] = Counter()
        self.asked: list[str] = []
        self.reachable = True
        self.unnamed = 0
        self.before_answer: Callable[[], Awaitable[None]] | None = None

    async def effects_of(self, spin_id: str) -> int:
        self.asked.append(spin_id)
        if self.before_answer is not None:
            await self.before_answer()
        if not self.reachable:
            raise LedgerError("the site's record could not be read", why="refused")
        return self.effects[spin_id]

    async def all(self) -> LedgerContents:
        return LedgerContents(self.effects, {}, self.unnamed)


class World:
    """Everything that a worker needs, and what came of it."""

    def __init__(self) -> None:
        self.sink = ListSink()
        self.telemetry = Telemetry(self.sink, run_id="run-test")
        self.log = self.telemetry.log
        self.coordinator = Coordinator(self.log, run_id="run-test")
        self.browser = FakeBrowser("b1", self.coordinator)
        self.ledger: FakeLedger | None = FakeLedger()
        self.strategies: list[Strategy] = []
        self.paths: dict[str, PathPlan] = {}
        self.credentials: dict[str, CredentialValues] = {}
        self.figures = RunFigures()
        self.queue = WorkQueue(self.log)
        self.settings: dict[str, Any] = {}
        self.commit: Callable[[], Awaitable[None]] = self.telemetry.commit
        self.spin_ids: list[str] = []

    def events(self, *names: str) -> list[dict[str, Any]]:
        """Events by name: their fields and correlation ids in one table, in order."""
        lines = [msgspec.json.decode(line) for _, line in self.sink.lines]
        return [{**line, **line.get("fields", {})} for line in lines if line["event"] in names]

    def step(self, name: str, act: Act) -> None:
        """A strategy of this name."""
        self.strategies.append(Strategy(name, act))

    def path(self, name: str, *steps: str, effect: bool = True, commits: Sequence[str] = ()) -> None:
        """A path of these steps, each named like its strategy."""
        made = tuple(Step(f"{name}.{step}", step, commits=step in commits) for step in steps)
        self.paths[name] = PathPlan(name, NavigationMap(name, (Phase("main", made),), "test", "test"), effect)

    def credential(self, name: str, account: str) -> None:
        self.credentials[name] = CredentialValues(name, "shop", account, Secret(name, "a long secret"))

    def feed(self, source: Source) -> None:
        """Another queue, with a source."""
        self.queue = WorkQueue(self.log, source)

    def add(self, path: str, *, attempts: int = 2, credential: str | None = None) -> WorkItem:
        item = WorkItem(path, credential, attempts=attempts)
        assert self.queue.add(item)
        return item

    def plan(self) -> WorkPlan:
        given: dict[str, Any] = {"lock_timeout_s": 60.0, "ledger_settle_s": 0.0, **self.settings}
        return WorkPlan(self.paths, self.credentials, StrategyRegistry(self.strategies), self.ledger, **given)

    def worker(self, name: str = "w1", browser: FakeBrowser | None = None) -> Worker:
        async def commit() -> None:
            await self.commit()

        return Worker(
            name,
            manager=cast("CdpLifecycleManager", browser or self.browser),
            coordinator=self.coordinator,
            queue=self.queue,
            plan=self.plan(),
            figures=self.figures,
            log=self.log,
            commit=commit,
            save=lambda spin_id, name, content: name,
        )

    def tab(self) -> Tab:
        return Tab(
            worker_id="w1",
            manager=cast("CdpLifecycleManager", self.browser),
            coordinator=self.coordinator,
            log=self.log,
            allowed_origins=frozenset(),
            lock_timeout_s=60.0,
        )

    def commit_effect(self, ctx: StepContext) -> None:
        """The site records an effect of the spin that runs now."""
        from harness.telemetry.correlation import current_correlation

        assert self.ledger is not None
        self.ledger.effects[current_correlation()["spin_id"]] += 1

    def assert_clean(self) -> None:
        """No lease is held, nothing is claimed, each spin that began has ended once, and no context is left."""
        assert list(self.coordinator.table.owned()) == []
        assert list(self.queue.claimed()) == []
        assert self.browser.contexts == set()
        started = [event["spin_id"] for event in self.events("spin.started")]
        assert sorted(event["spin_id"] for event in self.events("spin.ended")) == sorted(started)
        failed = [event["spin_id"] for event in self.events("spin.ended") if event["outcome"] in {"failed", "unknown"}]
        assert sorted(event["spin_id"] for event in self.events("failure.recorded")) == sorted(failed)


@pytest.fixture
async def world() -> World:
    return World()
