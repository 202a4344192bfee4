"""What the parts of a page share: the session it is reached through, the leases it is written under, its set-up.

Set-up commands stand in a journal and are applied again to each new session of the target. What has had an effect on the
page is counted (`effects`), so that the chain knows whether a step that lost its connection may be run again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio

from harness.basics.errors import OperationError
from harness.basics.failures import Cause
from harness.cdp.connection import Connection
from harness.cdp.errors import SessionDetachedError
from harness.cdp.session import Journal, Session, Writer
from harness.navigation.page import Miss
from harness.navigation.page_state import WORLD, PageState
from harness.telemetry.pipeline import Log

PAGE_SCRIPT = Path(__file__).with_name("page_script.js").read_text(encoding="utf-8")
SET_UP: tuple[tuple[str, dict[str, Any]], ...] = (
    ("Page.enable", {}),
    ("Network.enable", {"maxTotalBufferSize": 0, "maxResourceBufferSize": 0}),
    ("Inspector.enable", {}),
    ("Page.setLifecycleEventsEnabled", {"enabled": True}),
    ("Emulation.setFocusEmulationEnabled", {"enabled": True}),
    (
        "Page.addScriptToEvaluateOnNewDocument",
        {"source": PAGE_SCRIPT, "worldName": WORLD, "runImmediately": True},
    ),
    ("Runtime.enable", {}),
)


class PageLink:
    """The way to one page target. `log` is its owner's; `effects` and `last_miss` are what the Page port tells of them."""

    def __init__(self, target_id: str, log: Log) -> None:
        self.target_id = target_id
        self.log = log
        self.effects = 0
        self.last_miss: Miss | None = None
        self.journal = Journal()
        self._writer: Writer | None = None
        self._state: PageState | None = None
        for method, params in SET_UP:
            self.journal.note(method, params)

    @property
    def session(self) -> Session:
        """The session that the page is reached through now."""
        return self.writer.session

    @property
    def state(self) -> PageState:
        """What the page's events have told."""
        assert self._state is not None, "the page was not aimed at a session"
        return self._state

    @property
    def writer(self) -> Writer:
        """The session and the leases under which it is written to now."""
        assert self._writer is not None, "the page was not aimed at a session"
        return self._writer

    @property
    def guards(self) -> Sequence[object]:
        """The leases under which the page is written to now."""
        return self.writer.guards

    def guard(self, guards: Sequence[object]) -> None:
        """Write under these leases from now on."""
        self._writer = self.session.writer(guards)

    async def aim(self, connection: Connection, guards: Sequence[object]) -> Session:
        """Attach a session to the target and apply the journal of the set-up, all under `guards`."""
        session = await connection.attach(self.target_id)
        self._state = PageState(session)
        self._writer = session.writer(guards)
        tree = await session.call("Page.getFrameTree")
        self._state.stands_on(tree["frameTree"]["frame"])
        for method, params in self.journal:
            await self.writer.call(method, params, repeatable=True)
        return session

    async def set_up(self, method: str, params: dict[str, Any], key: str = "") -> None:
        """A set-up command: applied now, and again after each reconnect. One that was refused is not remembered."""
        await self.writer.call(method, params, repeatable=True)
        self.journal.note(method, params, key)

    async def call(self, method: str, params: dict[str, Any], **options: Any) -> Any:
        """Send a command under the leases; options as in `Connection.call`."""
        return await self.writer.call(method, params, **options)

    async def act(self, method: str, params: dict[str, Any]) -> Any:
        """Send a command that has an effect; it is counted unless it is certain that it did not happen."""
        self.effects += 1
        try:
            return await self.writer.call(method, params, timeout_s=self.patience_s())
        except OperationError as error:
            self.effects -= not error.may_have_happened
            raise

    def patience_s(self) -> float | None:
        """A command that may wait for the page gets what is left of the step's own deadline, never less than usual."""
        left_s = anyio.current_effective_deadline() - anyio.current_time()
        return max(left_s, self.session.connection.timeout_s) if math.isfinite(left_s) else None

    async def next_event(self) -> None:
        """Return at the next event of the page, or soon; raises what ended the session, which brings no more events."""
        if self.session.make_error is not None:
            raise self.session.make_error("an awaited event")
        await self.state.changed(0.2)

    async def close(self) -> None:
        """`Page.close`, under the session's lease, until the target is gone; `beforeunload` is answered by policy."""
        self.session.closing = True
        self.last_miss = Miss(Cause.STEP_TIMEOUT, "the page did not close")
        try:
            await self.act("Page.close", {})
            while True:
                await self.next_event()
        except SessionDetachedError:
            return
