"""What 20 isolated contexts with a small page cost: memory (PSS), processes, and the time to open one."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import NamedTuple

import psutil

from harness.cdp.finding import BrowserBinary
from scripts.benches.cdp_clients.bare import Bare
from scripts.benches.cdp_clients.measure import Job
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
    async with browser(binary) as process:
        client = Bare()
        await client.start(Job("websockets+json", process.endpoint, "", [], "", "", 0, 0, 0, 0, 0, 0))
        await _open(client, url)  # the first one also starts what all share
        first, processes = _pss_mb(process.pid)
        took = [await _open(client, url) for _ in range(CONTEXTS)]
        full, more = _pss_mb(process.pid)
        await client.stop()
    return ContextCost(first, (full - first) / CONTEXTS, (more - processes) / CONTEXTS, statistics.median(took))


async def _open(client: Bare, url: str) -> float:
    """Milliseconds until a page of a new context has its session; then the page is loaded, unmeasured."""
    begun = time.perf_counter()
    context = (await client.call("Target.createBrowserContext", {}))["browserContextId"]
    page = await client.open(context)
    took_ms = (time.perf_counter() - begun) * 1e3
    await client.load(page, url)
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
