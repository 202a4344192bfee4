"""Whether an event that was read is one that the catalogue knows: its channel, its fields, and the type of each.

A reader that took what is not there for nothing would take a duration of null for 0 ms; what this module complains
about is therefore counted, and not used.
"""

from __future__ import annotations

import functools
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from harness.runfolder.event import Event
from harness.telemetry.catalogue import CATALOGUE

LEVELS = frozenset({"debug", "info", "warning", "error", "critical"})
_MAX = 2**63 - 1
_TEN_YEARS_S = 10 * 366 * 86_400.0
"""Longer than any run: what claims to have lasted longer is no duration."""

_Count = Annotated[int, Meta(ge=0, le=_MAX)]
_TYPES: dict[str, Any] = {
    "id": str,
    "name": str,
    "text": str,
    "count": _Count,
    "bytes": _Count,
    "integer": Annotated[int, Meta(ge=-_MAX, le=_MAX)],
    "ms": Annotated[float, Meta(ge=0, le=_TEN_YEARS_S * 1e3)],
    "s": Annotated[float, Meta(ge=0, le=_TEN_YEARS_S)],
    "flag": bool,
    "table": dict[str, _Count],
}


def complaint(event: Event) -> str:
    """What is wrong with an event, in a few words; "" when nothing is."""
    spec = CATALOGUE.get(event.event)
    if spec is None:
        return f"there is no event {event.event[:60]!r}"
    if event.channel != spec.channel.value:
        return f"{spec.name} belongs to channel {spec.channel.value}, not {event.channel[:60]!r}"
    if event.level not in LEVELS:
        return f"{spec.name}: there is no level {event.level[:60]!r}"
    try:
        msgspec.convert(event.fields, _shape(spec.name), strict=True)
    except (msgspec.ValidationError, OverflowError) as error:
        return f"{spec.name}: {error}"
    return ""


@functools.cache
def _shape(name: str) -> type[msgspec.Struct]:
    """A struct with the fields of one event."""
    fields: list[Any] = []
    for field, kind in CATALOGUE[name].fields.items():
        of_type = _TYPES[kind.removesuffix("?")]
        fields.append((field, of_type | None, None) if kind.endswith("?") else (field, of_type))
    return msgspec.defstruct("Fields", fields, kw_only=True, forbid_unknown_fields=True)
