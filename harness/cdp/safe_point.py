"""The safe point of one browser: whoever works on it says so, and a planned restart waits until nobody does.

New work waits at the gate meanwhile, holding nothing: it enters before it takes a lease. So a planned restart costs a spin
some waiting, and never a failure.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio


class SafePoint:
    """Implements `harness.cdp.ports.Quiesce`."""

    def __init__(self) -> None:
        self._inside = 0
        self._open = True
        self._changed = anyio.Event()

    @property
    def is_open(self) -> bool:
        """Whether new work may begin."""
        return self._open

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """One piece of work that a planned restart must not cut; waits while one is due."""
        while not self._open:
            await self._changed.wait()
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
            self._wake()

    async def quiesce(self, deadline_s: float) -> bool:
        """Let nothing new begin, and wait until all that works is done; False, and open again, when that takes longer."""
        self._open = False
        try:
            with anyio.move_on_after(deadline_s):
                while self._inside:
                    await self._changed.wait()
                return True
        except BaseException:
            self.resume()
            raise
        self.resume()
        return False

    def resume(self) -> None:
        """Let work begin again."""
        self._open = True
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()
