"""Lifecycle managers of real browsers for the tests of this folder, and what they told."""

from __future__ import annotations

import json
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import psutil

from harness.cdp.connection import Connection
from harness.cdp.finding import BrowserBinary
from harness.cdp.health import HealthPolicy
from harness.cdp.launch import LaunchOptions, TransportKind
from harness.cdp.lifecycle import CdpLifecycleManager
from harness.cdp.ports import OpenFence
from harness.cdp.process_stat import started_ticks
from harness.cdp.reconnect import ReconnectPolicy
from harness.cdp.remote import RemoteEndpoint
from harness.cdp.session import Writer
from harness.telemetry.pipeline import Telemetry
from harness.telemetry.sink import ListSink

QUICK = ReconnectPolicy(base_s=0.01, cap_s=0.1, attempts=3, stagger_window_s=0.0)


class Told:
    """What was logged, decoded."""

    def __init__(self) -> None:
        self._sink = ListSink()
        self.log = Telemetry(self._sink, run_id="run-test").log

    def fields(self, name: str) -> list[dict[str, Any]]:
        events = [json.loads(line) for _, line in self._sink.lines]
        return [event["fields"] for event in events if event["event"] == name]


def launch_options(path: Path, transport: TransportKind = "websocket", *flags: str) -> LaunchOptions:
    binary = BrowserBinary(path, "headless-shell", "test")
    return LaunchOptions(binary, no_sandbox=True, start_timeout_s=60.0, transport=transport, extra_flags=flags)


@asynccontextmanager
async def managed(
    path: Path,
    told: Told,
    browser_id: str = "b1",
    *,
    policy: ReconnectPolicy = QUICK,
    health: HealthPolicy | None = None,
    transport: TransportKind = "websocket",
    launch: LaunchOptions | None = None,
) -> AsyncIterator[CdpLifecycleManager]:
    """A manager whose browser runs; all of it is gone when the block ends."""
    manager = CdpLifecycleManager(
        browser_id=browser_id,
        cohort="c1",
        cohort_index=0,
        cohorts=1,
        launch=launch or launch_options(path, transport),
        policy=policy,
        fence=OpenFence(),
        on_connection_lost=lambda _browser, _reason: None,
        log=told.log,
        rng=random.Random(1),
        health=health,
    )
    async with anyio.create_task_group() as tasks:
        await tasks.start(manager.run)
        yield manager
        manager.stop()


@asynccontextmanager
async def attached(url: str, told: Told) -> AsyncIterator[CdpLifecycleManager]:
    """A manager of a browser that somebody else runs."""
    manager = CdpLifecycleManager(
        browser_id="remote",
        cohort="c1",
        cohort_index=0,
        cohorts=1,
        launch=RemoteEndpoint(url),
        policy=QUICK,
        fence=OpenFence(),
        on_connection_lost=lambda _browser, _reason: None,
        log=told.log,
        rng=random.Random(1),
    )
    async with anyio.create_task_group() as tasks:
        await tasks.start(manager.run)
        yield manager
        manager.stop()


async def new_target(connection: Connection) -> str:
    """The id of a new blank page."""
    return str((await connection.call("Target.createTarget", {"url": "about:blank"}))["targetId"])


async def new_page(connection: Connection) -> Writer:
    """A writer on a new blank page."""
    return (await connection.attach(await new_target(connection))).writer(())


async def evaluate(page: Writer, expression: str, *, await_promise: bool = False, **options: Any) -> Any:
    """The value of an expression in the page."""
    params = {"expression": expression, "returnByValue": True, "awaitPromise": await_promise}
    result = await page.call("Runtime.evaluate", params, **options)
    return result["result"].get("value")


def family(pid: int) -> list[psutil.Process]:
    """A process and its descendants."""
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def seconds_until_ended(processes: Sequence[psutil.Process], at_most_s: float = 30.0) -> float:
    """How long it takes until all have ended, be they reaped or not; AssertionError past the limit."""
    began = time.monotonic()
    while any(started_ticks(process.pid) for process in processes):
        assert time.monotonic() < began + at_most_s, "processes of the browser are left"
        time.sleep(0.005)
    return time.monotonic() - began
