"""A page without a browser: it records what a strategy asks for, and answers as it is told to. For tests of strategies.

    page = FakePage()
    page.answer("run.field", {"type": "text", "value": "", "checked": False, "locked": False})
    await change.run(step_context(page), step)
    assert page.calls == [("run.field",), ("run.focus",), ("insert_text", "Ada")]

Calls are noted without the place they act on; `places` holds those, in the same order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Literal

from harness.navigation.map import Place, Viewport
from harness.navigation.page import Button, Clip, Miss, MouseKind, Point

AT = Point(10, 20)
"""Where `point` finds everything, unless told otherwise."""

FIELD = {"type": "text", "value": "", "checked": False, "locked": False}
"""What `run(place, "field")` says, unless told otherwise: an empty text field."""

_DEFAULTS: dict[str, Any] = {
    "point": AT,
    "run.field": FIELD,
    "run.focus": True,
    "run.clear": True,
    "run.choose": True,
    "run.scroll": True,
    "survey": [],
    "holds": True,
    "title": "",
    "screenshot": b"\x89PNG\r\n\x1a\n",
}


class FakePage:
    """Implements the page port. Nothing waits: a double that would answer later is told to with several answers.

    calls: (name, arguments…) in order, `run.<function>` for page-script functions. effects counts as a real page does;
    `held_keys` are down now.
    """

    def __init__(self, url: str = "about:blank") -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.places: list[Place] = []
        self.held_keys: list[str] = []
        self.effects = 0
        self.last_miss: Miss | None = None
        self.navigations = 0
        self.url = url
        self._answers: dict[str, deque[Any]] = {}

    # --- scripting

    def answer(self, name: str, *answers: Any) -> None:
        """What the next calls of `name` bring, one answer a call; the last one stays.

        An exception is raised. Names are those in `calls`: a method, or `run.<function>`.
        """
        if not answers:
            raise ValueError("at least one answer is needed")
        self._answers[name] = deque(answers)

    def names(self) -> list[str]:
        """The names of all calls so far, in order."""
        return [call[0] for call in self.calls]

    @property
    def entered(self) -> str:
        """All text that was inserted so far."""
        return "".join(call[1] for call in self.calls if call[0] == "insert_text")

    def _call(self, name: str, *arguments: Any, effect: bool = False) -> Any:
        self.calls.append((name, *arguments))
        self.effects += effect
        answers = self._answers.get(name)
        if answers is None:
            return _DEFAULTS.get(name)
        answer = answers[0] if len(answers) == 1 else answers.popleft()
        if isinstance(answer, BaseException):
            raise answer
        return answer

    # --- the port

    async def wait_navigation(self, since: int) -> None:
        """Note the call; returns at once."""
        self._call("wait_navigation", since)

    async def title(self) -> str:
        """The answer, an empty title by default."""
        return str(self._call("title"))

    async def navigate(self, url: str) -> None:
        """Note the call; the page stands at `url` afterwards."""
        self._call("navigate", url, effect=True)
        self.url = url
        self.navigations += 1

    async def set_viewport(self, viewport: Viewport) -> None:
        """Note the call."""
        self._call("set_viewport", viewport)

    async def point(self, place: Place, *, enabled: bool = True) -> Point:
        """The answer, `AT` by default."""
        self.places.append(place)
        return Point(*self._call("point", *(() if enabled else ("even if disabled",))))

    async def run(self, place: Place, function: str, *arguments: Any) -> Any:
        """The answer to `run.<function>`; `setValue` gives its value back by default, as a field that takes it does."""
        self.places.append(place)
        if function == "setValue" and "run.setValue" not in self._answers:
            self.answer("run.setValue", *arguments)
        return self._call(f"run.{function}", *arguments)

    async def survey(
        self, place: Place, properties: Sequence[str] = (), attributes: Sequence[str] = ()
    ) -> list[dict[str, Any]]:
        """The answer, nothing by default; see `found` for its shape."""
        self.places.append(place)
        return list(self._call("survey", tuple(properties), tuple(attributes)))

    async def mouse(self, kind: MouseKind, at: Point, button: Button = "left", click_count: int = 0) -> None:
        """Note the call; moves without button and count."""
        if kind == "mouseMoved":
            self._call(kind, at)
        else:
            self._call(kind, at, button, click_count, effect=True)

    async def wheel(self, at: Point, dx: float, dy: float) -> None:
        """Note the call."""
        self._call("wheel", at, dx, dy, effect=True)

    async def key(self, kind: Literal["down", "up"], name: str) -> None:
        """Note the call, and what is held."""
        self._call("key", kind, name, effect=True)
        if kind == "down":
            self.held_keys.append(name)
        elif name in self.held_keys:
            self.held_keys.remove(name)

    async def insert_text(self, text: str) -> None:
        """Note the call."""
        self._call("insert_text", text, effect=True)

    async def paste_at_focus(self) -> None:
        """Note the call."""
        self._call("paste_at_focus", effect=True)

    async def evaluate(self, expression: str, frame: tuple[int, ...] = ()) -> Any:
        """The answer, None by default."""
        return self._call("evaluate", expression, *frame)

    async def holds(self, expression: str, frame: tuple[int, ...] = ()) -> bool:
        """The answer, True by default."""
        return bool(self._call("holds", expression, *frame))

    async def write_clipboard(self, text: str) -> None:
        """Note the call."""
        self._call("write_clipboard", text, effect=True)

    async def release_keys(self) -> None:
        """Release what is held."""
        self._call("release_keys")
        self.held_keys.clear()

    async def emulate_network(self, download_bytes_per_s: float, upload_bytes_per_s: float, latency_s: float) -> None:
        """Note the call."""
        self._call("emulate_network", download_bytes_per_s, upload_bytes_per_s, latency_s)

    async def screenshot(self, clip: Clip | None) -> bytes:
        """The answer, the first bytes of a PNG by default."""
        return bytes(self._call("screenshot", clip))

    async def authenticate(self, account: str, secret: str) -> None:
        """Note the call."""
        self._call("authenticate", account, secret)

    async def close(self) -> None:
        """Note the call."""
        self._call("close", effect=True)


def found(*, visible: bool = True, **properties: Any) -> dict[str, Any]:
    """One element as `survey` tells of it."""
    return {"visible": visible, "properties": properties, "attributes": {}}
