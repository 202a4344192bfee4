"""What 20 isolated contexts with a small page cost: memory (PSS), processes, and the time to open one."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import NamedTuple

import anyio
import psutil

from harness.cdp.connection import Connection
from harness.cdp.finding import BrowserBinary
from harness.cdp.ports import OpenFence
from harness.cdp.transport import WebSocketTransport
from harness.telemetry.pipeline import Telemetry
from harness.telemetry.sink import ListSink
from scripts.benches.cdp_clients.rounds import browser

CONTEXTS = 20


class ContextCost(NamedTuple):
    """first_mb: the browser with its first context; the rest is for one context more, its page included."""

    first_mb: float
    context_mb: float
    context_processes: float
    open_ms: float


async def context_cost(binary: BrowserBinary, url: str) -> ContextCost:
    """Open the contexts one after the other in a fresh browser, each with a page on `url`."""
    async with browser(binary) as process, anyio.create_task_group() as tasks:
        connection = Connection(
            await WebSocketTransport.open(process.endpoint, 10),
            browser_id="b1",
            cohort="c1",
            generation=1,
            fence=OpenFence(),
            log=Telemetry(ListSink(), run_id="run-bench").log,
            on_lost=lambda _: None,
        )
        tasks.start_soon(connection.run)
        await _open(connection, url)  # the first one also starts what all share
        first, processes = _pss_mb(process.pid)
        took = [await _open(connection, url) for _ in range(CONTEXTS)]
        full, more = _pss_mb(process.pid)
        await connection.close()
    return ContextCost(first, (full - first) / CONTEXTS, (more - processes) / CONTEXTS, statistics.median(took))


async def _open(connection: Connection, url: str) -> float:
    begun = time.perf_counter()
    context = (await connection.call("Target.createBrowserContext", {}))["browserContextId"]
    target = await connection.call("Target.createTarget", {"url": "about:blank", "browserContextId": context})
    session = await connection.attach(target["targetId"])
    took_ms = (time.perf_counter() - begun) * 1e3
    await session.call("Page.enable")
    with session.expect("Page.loadEventFired") as loaded:
        await session.call("Page.navigate", {"url": url})
        await loaded
    return took_ms


def _pss_mb(pid: int) -> tuple[float, int]:
    """Of the browser and everything below it; and how many processes that is."""
    found = []
    for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
        try:
            rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
        except OSError:
            continue  # it ended while we looked
        found.append(int(rollup.partition("\nPss:")[2].split()[0]) / 1024)
    return sum(found), len(found)
