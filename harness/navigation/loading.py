"""Going to a page and waiting for its load: what `Page.navigate` says, joined with what Page and Network events say."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import anyio

from harness.basics.errors import OperationError
from harness.basics.failures import Cause
from harness.cdp.errors import CommandTimeoutError
from harness.navigation.errors import StepError
from harness.navigation.page import Miss
from harness.navigation.page_link import PageLink
from harness.navigation.page_state import PageState
from harness.navigation.url_policy import check_url

STOP_WITHIN_S = 1.0
"""How long a page may take to be stopped; one whose renderer hangs is not waited for longer."""

_NEVER_SENT = frozenset(
    {
        "net::ERR_CONNECTION_REFUSED",
        "net::ERR_NAME_NOT_RESOLVED",
        "net::ERR_ADDRESS_UNREACHABLE",
        "net::ERR_INTERNET_DISCONNECTED",
    }
)
"""Ends of a navigation before its request was sent: nobody can have acted on it."""


class Loading:
    """Navigations of one page; only URLs of `allowed_origins` may be gone to where any are named."""

    def __init__(self, link: PageLink, allowed_origins: frozenset[str]) -> None:
        self._link = link
        self._allowed_origins = allowed_origins

    async def navigate(self, url: str) -> None:
        """`Page.navigate`, then the load event of the new document; joins what Page and Network events say."""
        check_url(url, self._allowed_origins)
        self._link.last_miss = Miss(Cause.STEP_TIMEOUT, "the page did not answer in time")
        before = self._link.state.navigations
        effects = self._link.effects
        with self._redirects() as redirects:
            async with self._stopped_when_given_up():
                result = await self._link.act("Page.navigate", {"url": url})
        loader = result.get("loaderId", "")
        if result.get("isDownload"):
            raise StepError(
                "the navigation became a download",
                why=f"{url} was answered with a file to keep, not with a page",
                cause=Cause.NET_ERROR,
                url=url,
                may_have_happened=True,
                net_error="ERR_ABORTED",
            )
        if result.get("errorText"):
            status = self._link.state.answer_to(loader)
            if result["errorText"] in _NEVER_SENT and not status and not redirects:
                self._link.effects = effects
            raise _net_error(url, result["errorText"] + (f", after HTTP status {status}" if status else ""))
        if loader:
            await self._wait_loaded(loader)
        else:  # a move within the document; its event may come after the reply
            await self.wait_navigation(before)
        check_status(self._link.state, 400)

    @asynccontextmanager
    async def _stopped_when_given_up(self) -> AsyncIterator[None]:
        """While the headers of a document are awaited, the page answers nothing else: one that is waited for no longer
        is stopped, so that the next command is answered."""
        try:
            yield
        except (CommandTimeoutError, anyio.get_cancelled_exc_class()):
            if self._link.session.make_error is None:
                with anyio.move_on_after(STOP_WITHIN_S, shield=True):
                    await self._stop()
            raise

    async def _stop(self) -> None:
        try:
            await self._link.call("Page.stopLoading", {})
        except OperationError as error:
            self._link.log.info("page.load_stopped", outcome=error.code, detail=error.why)
        else:
            self._link.log.info("page.load_stopped", outcome="stopped", detail="")

    @contextmanager
    def _redirects(self) -> Iterator[list[str]]:
        """Where the main document is redirected to, while it is asked for."""
        found: list[str] = []

        def note(params: dict[str, Any]) -> None:
            if params.get("redirectResponse") and params.get("type") == "Document":
                found.append(params["request"]["url"])

        session = self._link.session
        session.on("Network.requestWillBeSent", note)
        try:
            yield found
        finally:
            session.off("Network.requestWillBeSent", note)

    async def wait_navigation(self, since: int) -> None:
        """Wait until `navigations` is above `since` and the document has loaded."""
        self._link.last_miss = Miss(Cause.NAVIGATION_MISSING, "the recorded navigation did not happen")
        async with self._stopped_when_given_up():
            while self._link.state.navigations <= since:
                await self._link.next_event()
        await self._wait_loaded(self._link.state.loaders[-1])
        check_status(self._link.state, 400)

    async def _wait_loaded(self, loader: str) -> None:
        """Wait for the load event of this document, or of the one that took its place meanwhile."""
        self._link.last_miss = Miss(Cause.STEP_TIMEOUT, "the page's load event did not come")
        while True:
            state = self._link.state
            present = state.loaders[-1] if loader in state.loaders else loader
            if present in state.load_failed:
                raise _net_error(state.url, state.load_failed[present])
            if present in state.loaded:
                return
            if present == state.loaders[-1]:  # before that, the status is the document's that is being left
                check_status(self._link.state, 400)
            await self._link.next_event()


def check_status(state: PageState, at_least: int) -> None:
    """StepError when the main document was answered with this HTTP status or a higher one."""
    status = state.status
    if status >= at_least:
        raise StepError(
            f"the page was answered with HTTP status {status}",
            why=f"{state.status_url} answered {status}",
            cause=Cause.HTTP_AUTH_REQUIRED if status in {401, 407} else Cause.HTTP_ERROR,
            url=state.status_url,
        )


def _net_error(url: str, text: str) -> StepError:
    auth = "_AUTH_" in text  # and not ERR_CERT_AUTHORITY_INVALID
    return StepError(
        "a navigation failed",
        why=text,
        cause=Cause.HTTP_AUTH_REQUIRED if auth else Cause.NET_ERROR,
        url=url,
        may_have_happened=True,
        net_error=text.partition(",")[0].removeprefix("net::"),
    )
