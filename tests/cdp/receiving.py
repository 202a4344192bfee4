"""The other side of a transport: what it told."""

from __future__ import annotations

import asyncio


class Inbox:
    """Implements `harness.cdp.transport.Receiver`."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.ends = 0
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.paused = False
        self.resumed = asyncio.Event()
        self._arrived = asyncio.Event()

    def receive(self, data: bytes) -> None:
        self.messages.append(data)
        self._arrived.set()

    def end(self, reason: str) -> None:
        self.ends += 1
        if not self.ended.done():
            self.ended.set_result(reason)

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False
        self.resumed.set()

    async def get(self) -> bytes:
        """The next message."""
        while not self.messages:
            self._arrived.clear()
            await self._arrived.wait()
        return self.messages.pop(0)
