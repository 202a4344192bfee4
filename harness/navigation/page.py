"""The page port: what strategies may ask of a page. `cdp_page` does it on Chromium, `harness.testing.FakePage` for tests.

Methods wait for as long as the step's deadline lets them; they are cancelled by it. Coordinates are CSS pixels in the
viewport.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, Protocol

from harness.basics.failures import Cause
from harness.navigation.map import Place, Viewport

Button = Literal["left", "middle", "right", "back", "forward"]
MouseKind = Literal["mouseMoved", "mousePressed", "mouseReleased"]


class Point(NamedTuple):
    """A point in the viewport, CSS pixels."""

    x: float
    y: float


class Clip(NamedTuple):
    """A region of the page for a picture: CSS pixels, `scale` > 0."""

    x: float
    y: float
    width: float
    height: float
    scale: float = 1.0


class Miss(NamedTuple):
    """What a page was last waiting for: told when the step's deadline ends the wait."""

    cause: Cause
    text: str


class Page(Protocol):
    """One page under its owner's lease. effects: how many commands with an effect were sent so far; last_miss: see Miss."""

    effects: int
    last_miss: Miss | None

    @property
    def navigations(self) -> int:
        """How often the main frame has navigated so far."""
        ...

    @property
    def url(self) -> str:
        """The main frame's URL."""
        ...

    async def authenticate(self, account: str, secret: str) -> None:
        """Answer HTTP authentication with this from now on, once for each place that asks; the secret is never logged."""
        ...

    async def wait_navigation(self, since: int) -> None:
        """Wait until `navigations` is above `since` and the document has loaded; StepError for an HTTP error."""
        ...

    async def title(self) -> str:
        """The document's title."""
        ...

    async def navigate(self, url: str) -> None:
        """Go to `url` and wait for its load event; StepError for net and HTTP errors."""
        ...

    async def set_viewport(self, viewport: Viewport) -> None:
        """Emulate this viewport until another one is set; survives a reconnect."""
        ...

    async def point(self, place: Place, *, enabled: bool = True) -> Point:
        """Wait until the place can be acted on (found, in view, at rest, and where `enabled`, not disabled); return where."""
        ...

    async def run(self, place: Place, function: str, *arguments: Any) -> Any:
        """Wait for the place's element and run a function of the page script on it; returns its JSON value."""
        ...

    async def survey(
        self, place: Place, properties: Sequence[str] = (), attributes: Sequence[str] = ()
    ) -> list[dict[str, Any]]:
        """All elements that the first alternative with any finds, each as `{visible, properties: {name: value},
        attributes: {name: text or None}}`; looks once, never waits."""
        ...

    async def mouse(self, kind: MouseKind, at: Point, button: Button = "left", click_count: int = 0) -> None:
        """One mouse event."""
        ...

    async def wheel(self, at: Point, dx: float, dy: float) -> None:
        """One wheel event."""
        ...

    async def key(self, kind: Literal["down", "up"], name: str) -> None:
        """Press or release a key by its DOM name; StepError for an unknown one."""
        ...

    async def insert_text(self, text: str) -> None:
        """Enter text at the focus, as an input method would."""
        ...

    async def paste_at_focus(self) -> None:
        """Paste the clipboard at the focus, as Control+V does."""
        ...

    async def evaluate(self, expression: str, frame: tuple[int, ...] = ()) -> Any:
        """The JSON value of an expression in the page's own world, promises awaited; StepError when it throws."""
        ...

    async def holds(self, expression: str, frame: tuple[int, ...] = ()) -> bool:
        """Whether an expression is truthy in JavaScript's sense (an element and an empty list are); StepError when it
        throws."""
        ...

    async def write_clipboard(self, text: str) -> None:
        """Put text on the clipboard through the page's origin; the caller owns the clipboard scope."""
        ...

    async def release_keys(self) -> None:
        """Release every key that is still held."""
        ...

    async def emulate_network(self, download_bytes_per_s: float, upload_bytes_per_s: float, latency_s: float) -> None:
        """Throttle the network until told otherwise; negative rates do not throttle."""
        ...

    async def screenshot(self, clip: Clip | None) -> bytes:
        """A PNG of a region, or of the viewport."""
        ...

    async def close(self) -> None:
        """Close the page, whatever it says to that (`beforeunload`); returns when it is gone."""
        ...
