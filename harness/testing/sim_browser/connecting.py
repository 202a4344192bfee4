"""From a simulated browser to a connection and a page of the harness, in one line each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from harness.cdp.connection import Connection
from harness.cdp.observing import CommandMetrics
from harness.cdp.ports import Fence, OpenFence
from harness.navigation.cdp_page import CdpPage
from harness.telemetry.pipeline import Telemetry
from harness.telemetry.sink import ListSink
from harness.testing.sim_browser.browser import SimBrowser
from harness.testing.sim_browser.memory import MemoryTransport


@asynccontextmanager
async def connected(
    browser: SimBrowser,
    *,
    fence: Fence | None = None,
    telemetry: Telemetry | None = None,
    timeout_s: float = 10.0,
    generation: int = 1,
) -> AsyncIterator[Connection]:
    """A connection in memory, read until the block ends. Another one to the same browser is a reconnect."""
    connection = Connection(
        MemoryTransport(browser),
        browser_id="sim",
        cohort="sim",
        generation=generation,
        fence=fence or OpenFence(),
        log=(telemetry or Telemetry(ListSink(), run_id="run-sim")).log,
        on_lost=lambda _reason: None,
        observe=CommandMetrics(),
        timeout_s=timeout_s,
    )
    reader = asyncio.create_task(connection.run(), name="reader of a simulated browser")
    try:
        yield connection
    finally:
        await connection.close()
        await reader


async def open_page(
    connection: Connection, guards: Sequence[object] = (), telemetry: Telemetry | None = None
) -> CdpPage:
    """A page in a context of its own, set up as the harness does it."""
    context = (await connection.call("Target.createBrowserContext"))["browserContextId"]
    target = await connection.call("Target.createTarget", {"url": "about:blank", "browserContextId": context})
    log = (telemetry or Telemetry(ListSink(), run_id="run-sim")).log
    page = CdpPage(context_id=context, target_id=target["targetId"], log=log)
    await page.aim(connection, guards)
    return page
