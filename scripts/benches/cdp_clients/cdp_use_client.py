"""cdp-use: generated commands over one WebSocket, nothing above them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from cdp_use.client import CDPClient

from scripts.benches.cdp_clients.bare import READ, WHERE
from scripts.benches.cdp_clients.measure import Job, main


class CdpUse:
    """Its commands; a page is a session id."""

    async def start(self, job: Job) -> None:
        """Connect. It keeps one handler an event, so that one serves all sessions."""
        self._client = CDPClient(job.endpoint)
        await self._client.start()
        self._send, self._heard, self._loaded = self._client.send, dict[str, Any](), dict[str, asyncio.Event]()
        self._client.register.Page.loadEventFired(self._on_load)
        self._client.register.Runtime.consoleAPICalled(self._on_console)

    def _on_load(self, _event: Any, session_id: str | None) -> None:
        if session_id in self._loaded:
            self._loaded[session_id].set()

    def _on_console(self, event: Any, session_id: str | None) -> None:
        self._heard[session_id or ""](event["args"][0]["value"])

    async def open(self) -> str:
        """A target and a session."""
        target = await self._send.Target.createTarget({"url": "about:blank"})
        attached = await self._send.Target.attachToTarget({"targetId": target["targetId"], "flatten": True})
        session_id = str(attached["sessionId"])
        await self._send.Page.enable(session_id=session_id)
        return session_id

    async def evaluate(self, page: str, expression: str) -> Any:
        """`Runtime.evaluate`."""
        params = {"expression": expression, "returnByValue": True}
        return (await self._send.Runtime.evaluate(params, session_id=page))["result"].get("value")

    async def listen(self, page: str, heard: Callable[[str], None]) -> None:
        """Console messages."""
        self._heard[page] = heard
        await self._send.Runtime.enable(session_id=page)

    async def flow(self, page: str, url: str) -> str:
        """Waits for the load event; clicks with the mouse."""
        loaded = self._loaded[page] = asyncio.Event()
        await self._send.Page.navigate({"url": url}, session_id=page)
        await loaded.wait()
        x, y = await self.evaluate(page, WHERE)
        at = {"x": x, "y": y, "button": "left", "clickCount": 1}
        await self._send.Input.dispatchMouseEvent({"type": "mousePressed", **at}, session_id=page)
        await self._send.Input.dispatchMouseEvent({"type": "mouseReleased", **at}, session_id=page)
        return str(await self.evaluate(page, READ))

    async def stop(self) -> None:
        """Disconnect."""
        await self._client.stop()


if __name__ == "__main__":
    main(CdpUse)
