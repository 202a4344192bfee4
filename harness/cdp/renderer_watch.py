"""Asks each idle page of a connection whether its renderer still answers: one that loops for ever tells nobody.

A page is asked nothing while a command of ours waits on it (that has its own deadline), while a dialog is open, or while
it is being closed. No answer, twice in a row, from a page whose browser does answer, is a hang: whoever owns the page
loses it, and the target is closed, which a hung renderer cannot prevent. A page that was cut in the middle of a script
is of no use to a replay, so nothing is tried to save it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import anyio

from harness.cdp.connection import Connection
from harness.cdp.errors import CdpError, CommandTimeoutError
from harness.cdp.session import Session

_PROBE = {"expression": "1", "throwOnSideEffect": True, "returnByValue": True, "timeout": 1000}


class RendererPolicy(NamedTuple):
    """A question to each idle page every `every_s`; `misses` in a row unanswered within `deadline_s` each are a hang."""

    every_s: float = 5.0
    deadline_s: float = 5.0
    misses: int = 2


class RendererWatch:
    """Run `run` for as long as the connection lives. on_hung is told before the target is closed."""

    def __init__(self, connection: Connection, policy: RendererPolicy, on_hung: Callable[[Session], None]) -> None:
        self._connection = connection
        self._policy = policy
        self._on_hung = on_hung
        self._misses: Counter[str] = Counter()

    async def run(self) -> None:
        """Ask, until cancelled or the connection ends."""
        while True:
            with anyio.move_on_after(self._policy.every_s):
                await self._connection.ended.wait()
                return
            await self.ask_all()

    async def ask_all(self) -> None:
        """One round: every idle page once, at the same time."""
        sessions = [session for session in self._connection.sessions.values() if self._connection.is_idle(session)]
        self._misses = Counter({one.session_id: self._misses[one.session_id] for one in sessions})
        async with anyio.create_task_group() as tasks:
            for session in sessions:
                tasks.start_soon(self._ask, session, name=f"probe {session.target_id}")

    async def _ask(self, session: Session) -> None:
        try:
            await session.call("Runtime.evaluate", _PROBE, timeout_s=self._policy.deadline_s)
        except CommandTimeoutError:
            self._misses[session.session_id] += 1
        except CdpError:
            return  # it is ending, crashed, or refuses: whoever uses it learns that from its own commands
        else:
            self._misses[session.session_id] = 0
        if self._misses[session.session_id] >= self._policy.misses:
            await self._end(session)

    async def _end(self, session: Session) -> None:
        try:
            await self._connection.call("Browser.getVersion", timeout_s=self._policy.deadline_s)
        except CdpError:
            return  # it is the browser that hangs, and its own watch's business
        del self._misses[session.session_id]
        self._on_hung(session)
        try:
            await self._connection.call("Target.closeTarget", {"targetId": session.target_id})
        except CdpError:
            return  # its session has ended all the same, and nobody writes to it any more
