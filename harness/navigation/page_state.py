"""What a page's events say about it, noted as they come in: documents and their status, loads, worlds, dialogs.

The handlers run in the reader: they only note and wake. One object belongs to one session; after a reconnect a new one
starts empty and learns from the events of the set-up.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import anyio

from harness.cdp.session import Session

WORLD = "harness"
"""Name of the isolated world of the page script."""


class PageState:
    """Notes of one session's page. `navigations` counts the main frame's documents and same-document moves; `loaders` are
    the ids of its last documents, the present one last; `status` is the present one's HTTP status, 0 where it has none;
    `dialog` is what an open dialog said, or None."""

    def __init__(self, session: Session) -> None:
        self.main_frame = ""
        self.url = "about:blank"
        self.status = 0
        self.status_url = ""
        self.navigations = 0
        self.loaders: deque[str] = deque(maxlen=20)
        self.loaded: set[str] = set()
        self.load_failed: dict[str, str] = {}
        self.dialog: dict[str, Any] | None = None
        self._answer = ("", 0, "")
        self._worlds: dict[int, tuple[str, bool]] = {}
        self._changed = anyio.Event()
        for method, handler in {
            "Runtime.executionContextCreated": self._world_created,
            "Runtime.executionContextDestroyed": self._world_destroyed,
            "Runtime.executionContextsCleared": self._worlds_cleared,
            "Page.frameNavigated": self._navigated,
            "Page.navigatedWithinDocument": self._moved_within,
            "Page.lifecycleEvent": self._lifecycle,
            "Network.responseReceived": self._response,
            "Network.loadingFailed": self._failed,
            "Page.javascriptDialogOpening": self._dialog_opened,
            "Page.javascriptDialogClosed": self._dialog_closed,
        }.items():
            session.on(method, handler)

    def _wake(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()

    async def changed(self, at_most_s: float) -> None:
        """Return at the next event noted, or after `at_most_s`."""
        with anyio.move_on_after(at_most_s):
            await self._changed.wait()

    def answer_to(self, loader: str) -> int:
        """The HTTP status that this document's request was answered with, whether it became a document or not; else 0."""
        answered, status, _ = self._answer
        return status if answered == loader else 0

    def world(self, frame_id: str, *, isolated: bool) -> int | None:
        """The execution context of a frame: our isolated one, or the page's own."""
        for number, (frame, is_ours) in reversed(self._worlds.items()):
            if frame == frame_id and is_ours == isolated:
                return number
        return None

    def _world_created(self, params: dict[str, Any]) -> None:
        context = params["context"]
        aux = context.get("auxData") or {}
        ours = context.get("name") == WORLD
        if ours or aux.get("isDefault"):
            self._worlds[context["id"]] = (aux.get("frameId", ""), ours)
        self._wake()

    def _world_destroyed(self, params: dict[str, Any]) -> None:
        self._worlds.pop(params["executionContextId"], None)

    def _worlds_cleared(self, _params: dict[str, Any]) -> None:
        self._worlds.clear()

    def _navigated(self, params: dict[str, Any]) -> None:
        frame = params["frame"]
        if frame.get("parentId"):
            return
        self.stands_on(frame)
        self.navigations += 1
        self._wake()

    def stands_on(self, frame: dict[str, Any]) -> None:
        """The main frame holds this document now; what is known of earlier ones is forgotten."""
        loader = frame["loaderId"]
        self.main_frame = frame["id"]
        self.url = frame["url"] + frame.get("urlFragment", "")
        self.loaders.append(loader)
        answered, status, url = self._answer
        self.status, self.status_url = (status, url) if answered == loader else (0, "")
        self.loaded &= {loader}
        self.load_failed = {known: text for known, text in self.load_failed.items() if known == loader}
        if frame.get("unreachableUrl"):  # the browser's own error page stands there, and "loads"
            self.load_failed.setdefault(loader, f"{frame['unreachableUrl']} could not be reached")

    def _moved_within(self, params: dict[str, Any]) -> None:
        if params["frameId"] == self.main_frame:
            self.url = params["url"]
            self.navigations += 1
            self._wake()

    def _lifecycle(self, params: dict[str, Any]) -> None:
        if params["frameId"] != self.main_frame:
            return
        if params["name"] == "load":
            self.loaded.add(params["loaderId"])
            self._wake()

    def _response(self, params: dict[str, Any]) -> None:
        if params.get("type") == "Document" and params.get("frameId") == self.main_frame:
            self._answer = (params["loaderId"], int(params["response"]["status"]), params["response"]["url"])
            self._wake()

    def _failed(self, params: dict[str, Any]) -> None:
        # The request of a document carries its loader's id. An aborted one is superseded by another document, or was
        # none (a download, status 204): whoever asked for it is told by the reply.
        text = params.get("errorText", "")
        if params.get("type") == "Document" and text != "net::ERR_ABORTED":
            self.load_failed[params["requestId"]] = text
            self._wake()

    def _dialog_opened(self, params: dict[str, Any]) -> None:
        self.dialog = params
        self._wake()

    def _dialog_closed(self, _params: dict[str, Any]) -> None:
        self.dialog = None
        self._wake()
