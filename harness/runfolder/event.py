"""The one event shape of all four channels, as it is stored: one JSON object a line."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

Stamp = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""Nanoseconds, or a number in a sequence; beyond 64 bits it is no stamp of ours."""


class Event(msgspec.Struct, omit_defaults=True, kw_only=True):
    """One event. Empty correlation ids are left out of the stored line.

    time_ns: Unix time; mono_ns: monotonic time of the harness process; seq: per-run sequence, strictly increasing over
    all channels; epoch: `incarnation.counter` of the lease under which the event happened.
    """

    time_ns: Stamp
    mono_ns: Stamp
    seq: Stamp
    channel: str
    event: str
    level: str
    run_id: str
    incarnation: Stamp = 1
    worker_id: str = ""
    item_id: str = ""
    spin_id: str = ""
    path: str = ""
    phase: str = ""
    step_id: str = ""
    command_id: str = ""
    trace_id: str = ""
    span_id: str = ""
    epoch: str = ""
    fields: dict[str, Any] = {}


CORRELATION_FIELDS: tuple[str, ...] = (
    "run_id",
    "incarnation",
    "worker_id",
    "item_id",
    "spin_id",
    "path",
    "phase",
    "step_id",
    "command_id",
    "trace_id",
    "span_id",
    "epoch",
)
"""The correlation chain, outermost first."""
