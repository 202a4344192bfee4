"""The page port on Chromium: one object that hands each question to the part that answers it.

The parts share a link (`page_link`): the session, the leases it is written under, and the journal of its set-up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import anyio

from harness.cdp.connection import Connection
from harness.cdp.session import Journal, Session
from harness.navigation import dialogs, emulation, evaluation, picture
from harness.navigation.clipboard import Clipboard
from harness.navigation.downloads import Downloads
from harness.navigation.finding_elements import Finder
from harness.navigation.http_auth import HttpAuth
from harness.navigation.input_events import InputEvents
from harness.navigation.loading import Loading
from harness.navigation.map import Place, Viewport
from harness.navigation.page import Button, Clip, Miss, MouseKind, Point
from harness.navigation.page_link import PageLink
from harness.navigation.popups import Popups
from harness.telemetry.pipeline import Log


class CdpPage:
    """One page target. `guards` are the leases of its owner; `aim` hands the page to a session after (re-)attachment."""

    def __init__(
        self,
        *,
        context_id: str,
        target_id: str,
        log: Log,
        allowed_origins: frozenset[str] = frozenset(),
        downloads: Downloads | None = None,
    ) -> None:
        self.context_id, self.target_id = context_id, target_id
        self.link = PageLink(target_id, log)
        self._loading = Loading(self.link, allowed_origins)
        self._finder = Finder(self.link)
        self._input = InputEvents(self.link)
        self._clipboard = Clipboard(self.link, context_id)
        self._http_auth = HttpAuth(self.link, allowed_origins)
        self._downloads = downloads

    # --- session and set-up

    @property
    def session(self) -> Session:
        """The session that the page is reached through now."""
        return self.link.session

    @property
    def journal(self) -> Journal:
        """The set-up that each new session of the page gets."""
        return self.link.journal

    def guard(self, guards: Sequence[object]) -> None:
        """Write under these leases from now on."""
        self.link.guard(guards)

    async def aim(self, connection: Connection, guards: Sequence[object]) -> Session:
        """Attach a session to the target and apply the journal of the set-up, all under `guards`."""
        if self._downloads is not None:
            await self._downloads.keep(connection, self.context_id)
        return await self.link.aim(connection, guards)

    async def set_up(self, method: str, params: dict[str, Any], key: str = "") -> None:
        """A set-up command: applied now, and again after each reconnect. One that was refused is not remembered."""
        await self.link.set_up(method, params, key)

    async def answer_dialogs(self) -> None:
        """Answer every dialog by policy, one that is open already too, until cancelled; ends with the session."""
        await dialogs.answer_dialogs(self.link)

    async def attend(self) -> None:
        """Do what a page needs while it is used, until cancelled: answer its dialogs and challenges, adopt its popups,
        keep its downloads within bounds. Ends with the connection."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.answer_dialogs, name=f"dialogs {self.target_id}")
            tasks.start_soon(self._http_auth.answer, name=f"challenges {self.target_id}")
            popups = Popups(self.link, self.context_id, self._downloads)
            tasks.start_soon(popups.adopt, name=f"popups {self.target_id}")
            if self._downloads is not None:
                watching = (self.session, self.context_id, self.link.log)
                tasks.start_soon(self._downloads.watch, *watching, name=f"downloads {self.target_id}")

    # --- what the chain asks

    @property
    def effects(self) -> int:
        """How many commands with an effect were sent so far."""
        return self.link.effects

    @effects.setter
    def effects(self, count: int) -> None:
        self.link.effects = count

    @property
    def last_miss(self) -> Miss | None:
        """What the page was last waiting for."""
        return self.link.last_miss

    @last_miss.setter
    def last_miss(self, miss: Miss | None) -> None:
        self.link.last_miss = miss

    # --- navigation

    async def authenticate(self, account: str, secret: str) -> None:
        """Answer HTTP authentication with this from now on, once for each place that asks."""
        await self._http_auth.authenticate(account, secret)

    @property
    def navigations(self) -> int:
        """How often the main frame has navigated so far."""
        return self.link.state.navigations

    @property
    def url(self) -> str:
        """The main frame's URL."""
        return self.link.state.url

    async def navigate(self, url: str) -> None:
        """Go to `url`; returns when the new document has loaded."""
        await self._loading.navigate(url)

    async def wait_navigation(self, since: int) -> None:
        """Wait until `navigations` is above `since` and the document has loaded."""
        await self._loading.wait_navigation(since)

    async def title(self) -> str:
        """The document's title."""
        return str(await self.evaluate("document.title"))

    async def close(self) -> None:
        """Close the page; returns when the target is gone."""
        await self.link.close()

    # --- elements

    async def point(self, place: Place, *, enabled: bool = True) -> Point:
        """Where to act; see the port."""
        return await self._finder.point(place, enabled=enabled)

    async def run(self, place: Place, function: str, *arguments: Any) -> Any:
        """Find the element and run a page-script function on it; see the port."""
        return await self._finder.run(place, function, *arguments)

    async def survey(
        self, place: Place, properties: Sequence[str] = (), attributes: Sequence[str] = ()
    ) -> list[dict[str, Any]]:
        """All elements of the first alternative that finds any; see the port."""
        return await self._finder.survey(place, properties, attributes)

    # --- input

    async def mouse(self, kind: MouseKind, at: Point, button: Button = "left", click_count: int = 0) -> None:
        """One mouse event."""
        await self._input.mouse(kind, at, button, click_count)

    async def wheel(self, at: Point, dx: float, dy: float) -> None:
        """One wheel event."""
        await self._input.wheel(at, dx, dy)

    async def key(self, kind: Literal["down", "up"], name: str) -> None:
        """Press or release a key; modifiers stay held until they are released."""
        await self._input.key(kind, name)

    async def release_keys(self) -> None:
        """Release every key that is still held."""
        await self._input.release_keys()

    async def insert_text(self, text: str) -> None:
        """Enter text at the focus."""
        await self._input.insert_text(text)

    async def paste_at_focus(self) -> None:
        """Paste the clipboard at the focus."""
        await self._input.paste_at_focus()

    async def write_clipboard(self, text: str) -> None:
        """Put text on the clipboard through the page's origin."""
        await self._clipboard.write(text)

    # --- expressions, emulation, pictures

    async def evaluate(self, expression: str, frame: tuple[int, ...] = ()) -> Any:
        """In the page's own world; the expression comes from the map, never from data."""
        return await evaluation.evaluate(self.link, expression, frame)

    async def holds(self, expression: str, frame: tuple[int, ...] = ()) -> bool:
        """Whether an expression is truthy as JavaScript sees it; see the port."""
        return await evaluation.holds(self.link, expression, frame)

    async def set_viewport(self, viewport: Viewport) -> None:
        """Device metrics and touch."""
        await emulation.set_viewport(self.link, viewport)

    async def emulate_network(self, download_bytes_per_s: float, upload_bytes_per_s: float, latency_s: float) -> None:
        """Throttle the network until told otherwise."""
        await emulation.emulate_network(self.link, download_bytes_per_s, upload_bytes_per_s, latency_s)

    async def screenshot(self, clip: Clip | None) -> bytes:
        """A PNG of a region, or of the viewport."""
        return await picture.screenshot(self.link, clip)
