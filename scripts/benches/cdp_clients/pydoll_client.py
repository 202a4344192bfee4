"""pydoll: typed commands, one WebSocket a tab."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydoll.browser.chromium import Chrome

from scripts.benches.cdp_clients.measure import Job, main


class Pydoll:
    """Its tab API."""

    async def start(self, job: Job) -> None:
        """Connect to the running browser."""
        self._browser = Chrome()
        await self._browser.connect(job.endpoint)

    async def open(self) -> Any:
        """A tab of its own."""
        return await self._browser.new_tab()

    async def evaluate(self, page: Any, expression: str) -> Any:
        """`tab.execute_script`, by value."""
        answer = await page.execute_script(expression, return_by_value=True)
        return answer["result"]["result"].get("value")

    async def listen(self, page: Any, heard: Callable[[str], None]) -> None:
        """Console messages."""

        async def note(event: Any) -> None:
            heard(event["params"]["args"][0]["value"])

        await page.on("Runtime.consoleAPICalled", note)
        await page.enable_runtime_events()

    async def flow(self, page: Any, url: str) -> str:
        """As one writes it."""
        await page.go_to(url)
        await (await page.query("#go")).click()
        return str(await (await page.query("#out")).text())

    async def stop(self) -> None:
        """Disconnect; the browser is not its own."""
        await self._browser.close()


if __name__ == "__main__":
    main(Pydoll)
