"""Popups of a page are adopted: their dialogs are answered like the page's own, and they are closed when the spin ends.

A popup may share its opener's renderer, so that a dialog in it hangs both; and one that is left open lives on in every
later spin of the tab. It is not closed at once: what it was opened for may be the request that counts.
"""

from __future__ import annotations

from typing import Any

import anyio
import anyio.abc

from harness.basics.errors import OperationError
from harness.cdp.connection import Connection
from harness.cdp.errors import CommandTimeoutError
from harness.navigation.dialogs import answer
from harness.navigation.downloads import Downloads
from harness.navigation.page_link import PageLink

ADOPT_WITHIN_S = 2.0
"""How long a popup may take to answer. One that showed a dialog before it was attended to answers nobody: it is closed."""

CLOSE_WITHIN_S = 2.0


class Popups:
    """Adopts what one page opens. A popup is told by its opener; one without (`noopener`) by the page's context, which
    holds one page of ours and nothing else."""

    def __init__(self, link: PageLink, context_id: str, downloads: Downloads | None = None) -> None:
        self._link = link
        self._context_id = context_id
        self._downloads = downloads
        self._adopted: set[str] = set()

    async def adopt(self) -> None:
        """Adopt each popup until cancelled, then close all; ends with the connection. Those that stand already are
        adopted first: after a lost connection nobody attends to them."""
        connection = self._link.session.connection
        try:
            with connection.events.stream("Target.targetCreated") as created:
                async with anyio.create_task_group() as tasks:
                    for info in await self._standing(connection):
                        self._consider(info, tasks)
                    async for _, params in created:
                        self._consider(params["targetInfo"], tasks)
                    tasks.cancel_scope.cancel()
        finally:
            with anyio.move_on_after(CLOSE_WITHIN_S, shield=True):
                await self._close(connection)

    async def _standing(self, connection: Connection) -> list[dict[str, Any]]:
        try:
            found: list[dict[str, Any]] = (await connection.call("Target.getTargets"))["targetInfos"]
        except OperationError as error:  # the connection is lost: whoever uses the page learns it by its own command
            self._tell("", "not asked for", error)
            return []
        return found

    def _consider(self, info: dict[str, Any], tasks: anyio.abc.TaskGroup) -> None:
        target_id, ours = info["targetId"], {self._link.target_id, *self._adopted}
        in_context = bool(self._context_id) and info.get("browserContextId") == self._context_id
        if info["type"] == "page" and target_id not in ours and (in_context or info.get("openerId") in ours):
            self._adopted.add(target_id)
            tasks.start_soon(self._attend, target_id, name=f"popup {target_id}")

    async def _attend(self, target_id: str) -> None:
        """Answer the popup's dialogs, under the leases of its opener, whose scope it inherits."""
        link = self._link
        try:
            session = await link.session.connection.attach(target_id)
            session.scope = link.session.scope
            with session.stream("Page.javascriptDialogOpening") as dialogs:
                await session.writer(link.guards).call("Page.enable", repeatable=True, timeout_s=ADOPT_WITHIN_S)
                self._tell(target_id, "adopted")
                async with anyio.create_task_group() as tasks:
                    if self._downloads is not None:
                        watching = (session, self._context_id, link.log)
                        tasks.start_soon(self._downloads.watch, *watching, name=f"downloads {target_id}")
                    async for _, params in dialogs:
                        await answer(session.writer(link.guards), params, link.log)
        except CommandTimeoutError as error:
            self._tell(target_id, "hung", error)
            await self._close_one(link.session.connection, target_id)
        except OperationError as error:
            self._tell(target_id, "gone", error)

    async def _close(self, connection: Connection) -> None:
        while self._adopted:
            await self._close_one(connection, self._adopted.pop())

    async def _close_one(self, connection: Connection, target_id: str) -> None:
        self._adopted.discard(target_id)
        for session in list(connection.sessions.values()):
            session.closing = session.closing or session.target_id == target_id
        try:
            await connection.call("Target.closeTarget", {"targetId": target_id})
            self._tell(target_id, "closed")
        except OperationError as error:
            self._tell(target_id, "gone", error)

    def _tell(self, target_id: str, outcome: str, error: OperationError | None = None) -> None:
        opener_id, detail = self._link.target_id, error.why if error else ""
        self._link.log.info("page.popup", target_id=target_id, opener_id=opener_id, outcome=outcome, detail=detail)
