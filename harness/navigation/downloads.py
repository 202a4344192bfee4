"""Downloads of pages: kept in one folder under names that Chromium makes up (GUIDs), and bounded.

A page controls a download's name and its size; neither may reach the disk unasked. Chromium forgets where a context's
downloads go when the connection that said so ends: it is said again for each.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.basics.errors import OperationError
from harness.cdp.connection import Connection
from harness.cdp.session import Session
from harness.telemetry.pipeline import Log

MAX_BYTES = 64 * 2**20
MAX_TOTAL_BYTES = 256 * 2**20


class Downloads:
    """What all pages of a run have downloaded. One that grows above `max_bytes`, or takes all of them above
    `max_total_bytes`, is cancelled, and Chromium removes what there is of it."""

    def __init__(self, folder: Path, max_bytes: int = MAX_BYTES, max_total_bytes: int = MAX_TOTAL_BYTES) -> None:
        self.folder = folder.resolve()
        self._max_bytes, self._max_total_bytes = max_bytes, max_total_bytes
        self._bytes: dict[str, int] = {}

    async def keep(self, connection: Connection, context_id: str) -> None:
        """Let the context's downloads go to the folder."""
        self.folder.mkdir(exist_ok=True)
        where = {"behavior": "allowAndName", "downloadPath": str(self.folder), "browserContextId": context_id}
        await connection.call("Browser.setDownloadBehavior", where, repeatable=True)

    async def watch(self, session: Session, context_id: str, log: Log) -> None:
        """Tell the page's downloads, and cancel those that are too large, until the session ends."""
        with session.stream("Page.downloadWillBegin", "Page.downloadProgress") as events:
            async for method, params in events:
                guid = str(params["guid"])
                if method == "Page.downloadWillBegin":
                    self._bytes.setdefault(guid, 0)
                    name, url = str(params.get("suggestedFilename", "")), str(params.get("url", ""))
                    log.info("page.download", guid=guid, outcome="began", suggested=name[:200], url=url, size_bytes=0)
                elif guid in self._bytes:
                    await self._progress(session.connection, context_id, log, params)

    async def _progress(self, connection: Connection, context_id: str, log: Log, params: dict[str, Any]) -> None:
        guid, state = str(params["guid"]), str(params["state"])
        self._bytes[guid] = size = int(params.get("receivedBytes", 0))
        announced = max(size, int(params.get("totalBytes", 0)))
        total = sum(self._bytes.values()) - size + announced
        outcome = state
        if state == "inProgress":
            if announced <= self._max_bytes and total <= self._max_total_bytes:
                return
            outcome = "too large"
            try:
                await connection.call("Browser.cancelDownload", {"guid": guid, "browserContextId": context_id})
            except OperationError as error:
                outcome = error.code
        if outcome != "completed":
            del self._bytes[guid]
        log.info("page.download", guid=guid, outcome=outcome, suggested="", url="", size_bytes=size)
