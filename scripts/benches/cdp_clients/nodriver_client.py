"""nodriver and zendriver, its fork: one WebSocket a tab. variant: which of the two."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from scripts.benches.cdp_clients.measure import Job, main


class Nodriver:
    """Its tab API, and its generated commands where that has none."""

    async def start(self, job: Job) -> None:
        """Connect to the running browser."""
        self._library = importlib.import_module(job.variant)
        at = urlsplit(job.endpoint)
        self._browser = await self._library.start(host=at.hostname, port=at.port, browser_executable_path=job.browser)

    async def open(self) -> Any:
        """A tab of its own."""
        return await self._browser.get("about:blank", new_tab=True)

    async def evaluate(self, page: Any, expression: str) -> Any:
        """`tab.evaluate`, by value."""
        return await page.evaluate(expression, return_by_value=True)

    async def listen(self, page: Any, heard: Callable[[str], None]) -> None:
        """Console messages; handlers get typed events."""

        async def note(event: Any, *_: Any) -> None:
            heard(event.args[0].value)

        page.add_handler(self._library.cdp.runtime.ConsoleAPICalled, note)
        await page.send(self._library.cdp.runtime.enable())

    async def flow(self, page: Any, url: str) -> str:
        """As one writes it."""
        await page.get(url)
        await page  # its own words for: until nothing more comes
        await (await page.select("#go")).click()
        return str((await page.select("#out")).text)

    async def stop(self) -> None:
        """Disconnect; the browser is not theirs."""
        for connection in (*self._browser.tabs, self._browser.connection):
            if connection is not None:  # nodriver drops its own
                await connection.aclose()


if __name__ == "__main__":
    main(Nodriver)
