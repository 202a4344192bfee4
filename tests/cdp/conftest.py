"""A connection over a fake transport, with its reader running; the test plays the browser."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import psutil
import pytest
import uvloop

from harness.basics.errors import OperationError
from harness.basics.failures import Cause
from harness.cdp.connection import Connection
from harness.cdp.observing import CommandMetrics, both, telling
from harness.cdp.process_stat import started_ticks
from harness.cdp.session import Session
from harness.telemetry.pipeline import Log, Telemetry
from harness.telemetry.sink import ListSink
from harness.testing.fake_transport import FakeTransport


class Events:
    """What was logged, decoded."""

    def __init__(self) -> None:
        self.sink = ListSink()
        self.telemetry = Telemetry(self.sink, run_id="run-test")

    @property
    def log(self) -> Log:
        return self.telemetry.log

    def all(self, name: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for _, line in self.sink.lines]
        return [line for line in lines if line["event"] == name]


class RefusingFence:
    """Lets through only what carries the guard `lease`, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def check(self, scope: str, guards: Sequence[object], method: str) -> None:
        self.asked.append((scope, method))
        if "lease" not in guards:
            raise OperationError(f"{method} without a lease", cause=Cause.OWNERSHIP_VIOLATION)


class Rig:
    """A connection, the browser's side of it, and what was told."""

    def __init__(self, events: Events) -> None:
        self.events = events
        self.browser = FakeTransport({"Browser.getVersion": {"product": "Fake/1"}})
        self.fence = RefusingFence()
        self.lost: list[str] = []
        self.metrics = CommandMetrics()
        self.connection = Connection(
            self.browser,
            browser_id="b1",
            cohort="c1",
            generation=1,
            fence=self.fence,
            log=events.log,
            on_lost=self.lost.append,
            observe=both(self.metrics, telling(events.log)),
            timeout_s=30.0,
        )

    async def session(self, number: int = 1) -> Session:
        self.browser.answers["Target.attachToTarget"] = {"sessionId": f"S{number}"}
        return await self.connection.attach(f"T{number}")

    async def settle(self) -> None:
        """Return when the reader has read everything that was fed: a command's answer is behind it."""
        await self.connection.call("Browser.getVersion")


ON_BOTH_LOOPS = {"test_connection", "test_hostile_traffic", "test_launch", "test_pipe", "test_websocket"}


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> dict[str, Callable[[], Any]]:
    """What meets the event loop itself is tested on asyncio's own and on the one that a run uses."""
    loops: dict[str, Callable[[], Any]] = {"asyncio": asyncio.new_event_loop}
    if item.path.stem in ON_BOTH_LOOPS:
        loops["uvloop"] = uvloop.new_event_loop
    return loops


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
async def rig(events: Events) -> AsyncIterator[Rig]:
    rig = Rig(events)
    reader = asyncio.create_task(rig.connection.run(), name="reader")
    yield rig
    reader.cancel()
    await asyncio.wait([reader])


@pytest.fixture
def all_end() -> Callable[[Sequence[psutil.Process]], bool]:
    """Whether processes end, be they reaped or not; a minute is for those that do not."""

    def wait(processes: Sequence[psutil.Process]) -> bool:
        deadline = time.monotonic() + 60
        while any(started_ticks(process.pid) for process in processes):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)
        return True

    return wait
