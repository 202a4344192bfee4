"""pyppeteer, connected to the running browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyppeteer

from scripts.benches.cdp_clients.measure import Job, main


class Pyppeteer:
    """Its page API."""

    async def start(self, job: Job) -> None:
        """Connect."""
        self._browser = await pyppeteer.connect(browserWSEndpoint=job.endpoint, defaultViewport=None)

    async def open(self) -> Any:
        """A new page."""
        return await self._browser.newPage()

    async def evaluate(self, page: Any, expression: str) -> Any:
        """`page.evaluate`, told that it is an expression."""
        return await page.evaluate(expression, force_expr=True)

    async def listen(self, page: Any, heard: Callable[[str], None]) -> None:
        """The page's console event."""
        page.on("console", lambda message: heard(message.text))

    async def flow(self, page: Any, url: str) -> str:
        """As one writes it."""
        await page.goto(url)
        await page.click("#go")
        return str(await page.Jeval("#out", "node => node.textContent"))

    async def stop(self) -> None:
        """Disconnect."""
        await self._browser.disconnect()


if __name__ == "__main__":
    main(Pyppeteer)
