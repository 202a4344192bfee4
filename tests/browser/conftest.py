"""A real Chromium with one page, and a little server for the pages that a test writes itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import anyio
import pytest

from harness.navigation.registry import load_strategies
from tests.browser.live import DataSite, Tab, open_page, running_browser


@pytest.fixture
def data_site() -> Iterator[DataSite]:
    site = DataSite()
    yield site
    site.stop()


@pytest.fixture
async def tab(browser_path: Path, data_site: DataSite) -> AsyncIterator[Tab]:
    """A page on a running browser whose dialogs are answered."""
    ready: asyncio.Future[Tab] = asyncio.get_running_loop().create_future()
    done = asyncio.Event()

    async def live() -> None:  # a fixture's two halves run in two tasks: what lives between them needs its own
        async with running_browser(browser_path) as manager, anyio.create_task_group() as tasks:
            page = await open_page(await manager.ready())
            tasks.start_soon(page.attend)
            ready.set_result(Tab(page, data_site, load_strategies(["strategies"]), manager))
            await done.wait()
            tasks.cancel_scope.cancel()

    life = asyncio.create_task(live(), name="browser of a test")
    await asyncio.wait([ready, life], return_when=asyncio.FIRST_COMPLETED)
    if life.done():
        await life
    yield ready.result()
    done.set()
    await life
