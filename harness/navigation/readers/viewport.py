"""A viewport as every form writes it, in camelCase or in snake_case."""

from __future__ import annotations

from typing import Final

from harness.navigation.map import Viewport
from harness.navigation.readers.fields import Fields
from harness.navigation.readers.names import snake_case

MAX_SIDE: Final = 16_384
_FLAGS: Final = ("isMobile", "hasTouch", "isLandscape")
_OPTIONAL: Final = ("deviceScaleFactor", *_FLAGS)


def read_viewport(fields: Fields, *, camel: bool, recorded: bool = False) -> Viewport:
    """Width and height are required (1..16384 CSS pixels; a fraction is rounded: `fractional_viewport`), the rest has
    defaults. A `recorded` step tells what was missing (`partial_viewport`), and may have a side of 0, which leaves that
    side as the window has it (`empty_viewport`)."""

    def name(camel_name: str) -> str:
        return camel_name if camel else snake_case(camel_name)

    absent = [name(field) for field in _OPTIONAL if name(field) not in fields]
    if absent and recorded:
        fields.drift("partial_viewport", absent[0], found=f"without {', '.join(absent)}", done="read as 1 and false")
    scale = fields.number(name("deviceScaleFactor"), 0, 16)
    mobile, touch, landscape = (bool(fields.flag(name(flag))) for flag in _FLAGS)
    width, height = (_side(fields, side, 0 if recorded else 1) for side in ("width", "height"))
    if not (width and height):
        fields.drift(
            "empty_viewport", "width", found=f"{width} x {height}", done="kept; 0 leaves the window's own size"
        )
    return Viewport(width, height, scale or 1.0, mobile, touch, landscape)


def _side(fields: Fields, name: str, low: int) -> int:
    side = fields.number(name, low, MAX_SIDE)
    if side is None:
        raise fields.missing(name)
    if not side.is_integer():
        fields.drift("fractional_viewport", name, found=f"{side:g}", done=f"rounded to {round(side)}")
    return round(side)
