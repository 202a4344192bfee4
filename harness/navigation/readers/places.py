"""Where a step of our own form acts: `on` or `selectors`, `frame`, and `at` within it."""

from __future__ import annotations

from harness.navigation.map import Chain, Place
from harness.navigation.readers.fields import Fields
from harness.navigation.readers.selectors import read_selectors

Pair = tuple[float, float]


def read_place(fields: Fields) -> Place:
    """`on` is a CSS selector; `at` is `{rx, ry}` as shares of the element or viewport, or `{x, y}` in CSS pixels."""
    selectors = _selectors(fields)
    frame = read_frame(fields)
    at = fields.inner("at")
    if at is None:
        return Place(selectors, frame)
    relative, pixels = read_pair(at, "rx", "ry", 0, 1), read_pair(at, "x", "y")
    if (relative is None) == (pixels is None):
        raise fields.wrong("at", "must have either rx and ry, or x and y")
    at.report_rest("unknown_step_field", "left out")
    return placed(selectors, frame, relative, pixels)


def placed(selectors: tuple[Chain, ...], frame: tuple[int, ...], relative: Pair | None, pixels: Pair | None) -> Place:
    """Pixels are an offset within an element, or a point in the design viewport where no element is named."""
    if selectors:
        return Place(selectors, frame, offset=pixels, relative=relative)
    return Place(frame=frame, point=pixels, relative=relative)


def read_frame(fields: Fields) -> tuple[int, ...]:
    """Child-frame indices from the main frame."""
    path = fields.array("frame") or []
    if not all(isinstance(index, int) and not isinstance(index, bool) and 0 <= index < 10_000 for index in path):
        raise fields.wrong("frame", "must be a list of child-frame indices from 0")
    return tuple(path)


def read_pair(
    fields: Fields, first: str, second: str, low: float | None = None, high: float | None = None
) -> Pair | None:
    """Two numbers that only make sense together; None where both are absent."""
    a, b = fields.number(first, low, high), fields.number(second, low, high)
    if a is not None and b is not None:
        return a, b
    if a is not None or b is not None:
        raise fields.missing(second if b is None else first)
    return None


def _selectors(fields: Fields) -> tuple[Chain, ...]:
    on = fields.text("on")
    if on is not None and "selectors" in fields:
        raise fields.wrong("on", "stands beside selectors: only one of them can count")
    return ((on,),) if on is not None else read_selectors(fields)
