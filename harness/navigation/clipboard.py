"""Writing the clipboard through a page's origin, which is given the permission first, once in each session."""

from __future__ import annotations

from harness.basics.failures import Cause
from harness.cdp.errors import ProtocolError
from harness.navigation.errors import StepError
from harness.navigation.evaluation import evaluate, exception_text
from harness.navigation.page_link import PageLink

PERMISSIONS = ("clipboardReadWrite", "clipboardSanitizedWrite")


class Clipboard:
    """The clipboard as one page of this browser context may write it."""

    def __init__(self, link: PageLink, context_id: str) -> None:
        self._link = link
        self._context_id = context_id
        self._granted: set[tuple[str, str]] = set()  # (session id, origin)

    async def write(self, text: str) -> None:
        """`navigator.clipboard.writeText` in the isolated world; the text travels as a call argument."""
        await self._allow()
        while (world := self._link.state.world(self._link.state.main_frame, isolated=True)) is None:
            await self._link.next_event()  # the document is just being replaced
        result = await self._link.act(
            "Runtime.callFunctionOn",
            {
                "functionDeclaration": "function(text) { return navigator.clipboard.writeText(text); }",
                "arguments": [{"value": text}],
                "executionContextId": world,
                "awaitPromise": True,
                "userGesture": True,
            },
        )
        if "exceptionDetails" in result:
            raise StepError(
                "the clipboard refused the text",
                why=exception_text(result["exceptionDetails"]).partition("\n")[0][:200],
                todo="the page must be a secure origin (https or loopback)",
                cause=Cause.CLIPBOARD_REFUSED,
            )

    async def _allow(self) -> None:
        origin = str(await evaluate(self._link, "location.origin"))
        grant = (self._link.session.session_id, origin)
        if grant in self._granted:
            return
        try:
            await self._link.session.connection.call(
                "Browser.grantPermissions",
                {"origin": origin, "browserContextId": self._context_id, "permissions": list(PERMISSIONS)},
            )
        except ProtocolError as error:
            raise StepError(
                "the page may not use the clipboard",
                why=f"{error.message} (origin {origin})",
                todo="the page must be a secure origin (https or loopback)",
                cause=Cause.CLIPBOARD_REFUSED,
            ) from error
        self._granted.add(grant)
        for permission in PERMISSIONS:
            self._link.log.info("permission.granted", origin=origin, permission=permission)
