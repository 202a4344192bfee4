"""Reading an event's fields: a folder can hold anything, so a missing or strange value is the type's empty one."""

from __future__ import annotations

import math

from harness.runfolder.event import Event


def text(event: Event, name: str) -> str:
    """A field as text; "" when it is missing or no text."""
    value = event.fields.get(name)
    return value if isinstance(value, str) else ""


def number(event: Event, name: str) -> float:
    """A field as a finite number; 0.0 when it is missing or none."""
    return _finite(event.fields.get(name))


def count(event: Event, name: str) -> int:
    """A field as a whole number; 0 when it is missing or none."""
    return int(number(event, name))


def flag(event: Event, name: str) -> bool:
    """A field as a flag; False unless it is true."""
    return event.fields.get(name) is True


def table(event: Event, name: str) -> dict[str, int]:
    """A field as counts by name; empty when it is missing or no table."""
    value = event.fields.get(name)
    return {str(key): int(_finite(item)) for key, item in value.items()} if isinstance(value, dict) else {}


def _finite(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    try:
        found = float(value)
    except OverflowError:  # JSON knows whole numbers of any length
        return 0.0
    return found if math.isfinite(found) else 0.0
