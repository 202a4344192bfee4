"""What a simulated browser holds: contexts, page targets, sessions and the commands that wait. Plain state, no behaviour."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from harness.testing.sim_browser.faults import Fault
from harness.testing.sim_browser.site import BLANK, Document

if TYPE_CHECKING:
    from harness.testing.sim_browser.client import Client

Json = dict[str, Any]


class Ids:
    """Ids as Chromium makes them, by seed: 32 hexadecimal digits, and a browser's id as a UUID."""

    def __init__(self, seed: int, start: int) -> None:
        self._random = random.Random(f"ids {seed} {start}")  # noqa: S311 - reproduced, not secret

    def new(self) -> str:
        """The id of a target, context, session or loader."""
        return f"{self._random.getrandbits(128):032X}"

    def uuid(self) -> str:
        """The browser's own id, which stands in its address."""
        digits = self.new().lower()
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


@dataclass
class Command:
    """One command as it came; `session` is None for the browser's own. silenced: its reply is lost, whatever it is."""

    client: Client
    id: int
    method: str
    params: Json
    session: SimSession | None
    silenced: bool = False
    slow_s: float = 0.0
    swapped: bool = False


@dataclass(eq=False)
class SimSession:
    """One flattened session of one client, and which domains it has enabled."""

    id: str
    client: Client
    page: SimPage
    enabled: set[str] = field(default_factory=set)
    worlds: list[str] = field(default_factory=list)
    user_agent: str = ""


class Renderer(Enum):
    """What the process behind a page does."""

    IDLE = "idle"
    BUSY = "busy"
    IN_DIALOG = "in a dialog"
    CRASHED = "crashed"


@dataclass
class SimContext:
    """A browser context. owner: whose connection it dies with (`disposeOnDetach`)."""

    id: str
    owner: Client | None = None
    cookies: dict[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class SimPage:
    """A page target.

    waiting: commands that the renderer has not come to; unsettled: those that wait for a promise. holder: the command whose
    script keeps the renderer busy or opened the dialog. pending: the navigation that waits for its headers. next_fault: how
    its next navigation ends.
    """

    target_id: str
    context: SimContext
    loader_id: str
    url: str = "about:blank"
    title: str = ""
    document: Document = BLANK
    opener_id: str = ""
    sessions: list[SimSession] = field(default_factory=list)
    variables: Json = field(default_factory=dict)
    renderer: Renderer = Renderer.IDLE
    waiting: deque[Command] = field(default_factory=deque)
    unsettled: list[Command] = field(default_factory=list)
    holder: Command | None = None
    dialog: Json | None = None
    pending: Command | None = None
    next_fault: Fault | None = None
    worlds_made: int = 0
    inputs: list[Json] = field(default_factory=list)

    def info(self) -> Json:
        """Its `TargetInfo`."""
        info: Json = {
            "targetId": self.target_id,
            "type": "page",
            "title": self.title or self.url,
            "url": self.url,
            "attached": bool(self.sessions),
            "canAccessOpener": bool(self.opener_id),
            "browserContextId": self.context.id,
        }
        return info | ({"openerId": self.opener_id} if self.opener_id else {})


class Refusal(Exception):  # noqa: N818 - a reply, not a failure of ours
    """A command is answered with an error, in Chromium's words."""

    def __init__(self, code: int, message: str, data: str = "") -> None:
        super().__init__(message)
        self.body: Json = {"code": code, "message": message} | ({"data": data} if data else {})


def wanted(params: Json, name: str, kind: type = str) -> Any:
    """A mandatory parameter; refused as Chromium does where it is missing or of another type."""
    value = params.get(name)
    if isinstance(value, kind):
        return value
    problem = "mandatory field missing" if name not in params else f"{_WORDS[kind]} value expected"
    raise Refusal(-32602, "Invalid parameters", f"Failed to deserialize params.{name} - BINDINGS: {problem}")


_WORDS = {str: "string", bool: "boolean", int: "int32"}
