"""One visit of the soak: a browser context with a page, a few commands, and one thing that goes wrong."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable

import anyio

from harness.cdp.connection import Connection
from harness.cdp.errors import BrowserFailedError, CdpError, ProtocolError
from harness.cdp.lifecycle import CdpLifecycleManager
from harness.cdp.session import Session

PAGE = "data:text/html,<title>soak</title><h1>soak</h1><input>"
FLOOD = 300
SLOW = 50  # the bound of a subscriber that takes nothing of the flood
VISIT_S = 30.0
GIVE_UP_S = 60.0
STAYS_AT_MOST_S = 1.0


class Visits:
    """Makes visits to one browser; `faults` counts those made, `outcomes` how they ended, `dropped` events of slow
    subscribers."""

    def __init__(self, browser: CdpLifecycleManager, rng: random.Random) -> None:
        self._browser, self._rng = browser, rng
        self.opened = self.closed = self.dropped = 0
        self.faults: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self._faults: dict[str, Callable[[Session], Awaitable[None]]] = {
            "none": self._nothing,
            "command timeout": self._times_out,
            "command cancelled": self._is_cancelled,
            "renderer crash": self._crashes,
            "target closed": self._is_closed,
            "session detached": self._is_detached,
            "dialog": self._asks,
            "flood of events": self._floods,
        }

    async def visit(self) -> None:
        """Open a context, use its page, let one thing go wrong, close the context, whatever came between."""
        fault = self._rng.choice(list(self._faults))
        self.faults[fault] += 1
        try:
            connection = await self._browser.ready()
            incarnation = self._browser.incarnation
            context = (await connection.call("Target.createBrowserContext", {}))["browserContextId"]
        except (CdpError, BrowserFailedError) as error:
            self.outcomes[f"not opened: {error.code}"] += 1
            return
        self.opened += 1
        try:
            with anyio.fail_after(VISIT_S):
                await self._use(connection, context, self._faults[fault])
            self.outcomes["as expected"] += 1
        except CdpError as error:
            self.outcomes[error.code] += 1
        except TimeoutError:  # a page whose connection was cut says nothing more of what was awaited
            self.outcomes["timeout"] += 1
        finally:
            with anyio.CancelScope(shield=True):
                await self._close(context, incarnation)

    async def _use(self, connection: Connection, context: str, fault: Callable[[Session], Awaitable[None]]) -> None:
        created = await connection.call("Target.createTarget", {"url": "about:blank", "browserContextId": context})
        session = await connection.attach(created["targetId"])
        await session.call("Page.enable")
        await session.call("Runtime.enable")
        with session.stream("Runtime.consoleAPICalled", limit=SLOW) as console:
            async with session.expect("Page.loadEventFired", timeout_s=VISIT_S):
                await session.call("Page.navigate", {"url": PAGE})
            for expression in ("document.title", "console.log('soak', document.title)"):
                await session.call("Runtime.evaluate", {"expression": expression})
            await session.call("Page.captureScreenshot", {"format": "jpeg", "quality": 10})
            await anyio.sleep(self._rng.uniform(0, STAYS_AT_MOST_S))  # so that a cut meets several at different points
            await fault(session)
            self.dropped += console.dropped

    async def _close(self, context: str, incarnation: int) -> None:
        """A context outlives a lost connection, but not its browser."""
        lost = False
        with anyio.move_on_after(GIVE_UP_S):
            while True:
                try:
                    connection = await self._browser.ready()
                    if self._browser.incarnation == incarnation:
                        await connection.call("Target.disposeBrowserContext", {"browserContextId": context})
                    self.closed += 1
                    return
                except ProtocolError:
                    if not lost:
                        raise
                    self.closed += 1  # it was closed when the connection was lost, and nobody was told
                    return
                except (CdpError, BrowserFailedError) as error:
                    lost = True
                    self.outcomes[f"close again after {error.code}"] += 1
                    await anyio.sleep(0.05)

    # --- what goes wrong

    async def _nothing(self, session: Session) -> None:
        await session.call("Page.getFrameTree")

    async def _times_out(self, session: Session) -> None:
        await self._expect(session.call("Runtime.evaluate", _never(), timeout_s=0.1), "command_timeout")
        await session.call("Page.getFrameTree")

    async def _is_cancelled(self, session: Session) -> None:
        with anyio.move_on_after(0.05):
            await session.call("Runtime.evaluate", _never())
        await session.call("Page.getFrameTree")

    async def _crashes(self, session: Session) -> None:
        await self._expect(session.call("Page.crash"), "target_crashed")

    async def _is_closed(self, session: Session) -> None:
        closing = session.connection.call("Target.closeTarget", {"targetId": session.target_id})
        await self._ends_what_waits(session, closing)

    async def _is_detached(self, session: Session) -> None:
        await self._ends_what_waits(session, session.connection.detach(session))

    async def _asks(self, session: Session) -> None:
        async with session.expect("Page.javascriptDialogOpening", timeout_s=VISIT_S):
            await session.call("Runtime.evaluate", {"expression": "setTimeout(() => confirm('soak'))"})
        await session.call("Page.handleJavaScriptDialog", {"accept": True})
        await session.call("Page.getFrameTree")

    async def _floods(self, session: Session) -> None:
        expression = f"for (let i = 0; i < {FLOOD}; i++) console.log(i, 'x'.repeat(500))"
        await session.call("Runtime.evaluate", {"expression": expression})

    async def _ends_what_waits(self, session: Session, ending: Awaitable[object]) -> None:
        waiting = asyncio.create_task(session.call("Runtime.evaluate", _never()), name="waiting")
        await asyncio.sleep(0)
        try:
            await ending
        finally:
            await self._expect(waiting, "session_detached")

    async def _expect(self, call: Awaitable[object], code: str) -> None:
        try:
            await call
        except CdpError as error:
            if error.code != code:
                raise
            return
        raise AssertionError(f"a command was answered that had to end with {code}")


def _never() -> dict[str, object]:
    return {"expression": "new Promise(() => {})", "awaitPromise": True}
