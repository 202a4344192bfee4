"""Playwright for Python; its driver, a process of its own, counts. variant: `launch`, or `cdp` to connect over CDP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.async_api import async_playwright

from scripts.benches.cdp_clients.measure import Job, main


class Playwright:
    """Its page API."""

    async def start(self, job: Job) -> None:
        """Launch the browser that all others use, or connect to the one that runs."""
        self._playwright = await async_playwright().start()
        chromium = self._playwright.chromium
        if job.variant == "launch":
            self._browser = await chromium.launch(executable_path=job.browser, args=job.flags, headless=True)
        else:
            self._browser = await chromium.connect_over_cdp(job.endpoint)
        self._context = await self._browser.new_context()

    async def open(self) -> Any:
        """A page of the one context."""
        return await self._context.new_page()

    async def evaluate(self, page: Any, expression: str) -> Any:
        """`page.evaluate`."""
        return await page.evaluate(expression)

    async def listen(self, page: Any, heard: Callable[[str], None]) -> None:
        """The page's console event."""
        page.on("console", lambda message: heard(message.text))

    async def flow(self, page: Any, url: str) -> str:
        """As one writes it."""
        await page.goto(url)
        await page.click("#go")
        return str(await page.inner_text("#out"))

    async def stop(self) -> None:
        """Close the browser and the driver."""
        await self._browser.close()
        await self._playwright.stop()


if __name__ == "__main__":
    main(Playwright)
