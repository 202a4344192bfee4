"""The one model that every reader yields: a map is phases of steps; nothing in it can run by itself.

Units: seconds for times, CSS pixels for offsets and points, shares in 0..1 for relative positions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

Chain = tuple[str, ...]
"""One selector alternative: selectors applied one inside the other (host, then its shadow root)."""

GateKind = Literal["expression", "selector", "url", "prose"]


class Text(msgspec.Struct, frozen=True):
    """A text that a step enters: a literal, or a field of the work item's credential (`account`, `secret`)."""

    literal: str | None = None
    credential: Literal["account", "secret"] | None = None


class Place(msgspec.Struct, frozen=True):
    """Where a step acts.

    selectors: alternatives in recorded order; frame: child-frame indices from the main frame. Within the element:
    `offset` in CSS pixels from its top left, or `relative` as shares of its box; neither means its centre. Without
    selectors, `relative` is a share of the viewport and `point` is CSS pixels in the map's design viewport.
    """

    selectors: tuple[Chain, ...] = ()
    frame: tuple[int, ...] = ()
    offset: tuple[float, float] | None = None
    relative: tuple[float, float] | None = None
    point: tuple[float, float] | None = None

    @property
    def is_given(self) -> bool:
        """Whether the place names anything at all."""
        return bool(self.selectors) or self.relative is not None or self.point is not None


class Gate(msgspec.Struct, frozen=True):
    """A condition before or after a step: a JavaScript expression that is truthy, a selector that is visible, a URL
    (prefix), or prose, which is kept for people and never evaluated."""

    kind: GateKind
    value: str


class AssertedNavigation(msgspec.Struct, frozen=True):
    """A navigation that the recording saw the step cause; empty strings assert nothing about url or title."""

    url: str = ""
    title: str = ""


class Conditional(msgspec.Struct, frozen=True):
    """After the step: evaluate `expression`; go on at the named step id, or at the next step where it is None."""

    expression: str
    on_true: str | None = None
    on_false: str | None = None


class Viewport(msgspec.Struct, frozen=True):
    """The viewport a map was designed for, in CSS pixels."""

    width: int
    height: int
    device_scale_factor: float = 1.0
    is_mobile: bool = False
    has_touch: bool = False
    is_landscape: bool = False


class Step(msgspec.Struct, frozen=True):
    """One action. `params` are what the action's strategy reads; `extra` keeps fields that no reader knows."""

    id: str
    action: str
    params: Mapping[str, Any] = {}
    place: Place = Place()
    text: Text | None = None
    timeout_s: float | None = None
    asserted: AssertedNavigation | None = None
    entry: tuple[Gate, ...] = ()
    exit: tuple[Gate, ...] = ()
    conditional: Conditional | None = None
    delay_s: float = 0.0
    retries: int = 0
    commits: bool = False
    target: str = "main"
    extra: Mapping[str, Any] = {}


class Phase(msgspec.Struct, frozen=True):
    """A named part of a path with a deadline of its own; `credential` says that it logs in. `extra` keeps fields that no
    reader knows."""

    name: str
    steps: tuple[Step, ...]
    deadline_s: float | None = None
    credential: bool = False
    extra: Mapping[str, Any] = {}


class NavigationMap(msgspec.Struct, frozen=True):
    """A path as it was recorded. `source` is the file it came from, `format` the reader's name for its form."""

    title: str
    phases: tuple[Phase, ...]
    source: str
    format: str
    viewport: Viewport | None = None
    timeout_s: float | None = None
    extra: Mapping[str, Any] = {}

    def steps(self) -> Iterator[tuple[Phase, Step]]:
        """Every step with its phase, in order."""
        for phase in self.phases:
            for step in phase.steps:
                yield phase, step
