"""Faults that a run makes on purpose, at times of its profile; each is an `audit` event before it happens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import anyio
import msgspec
from msgspec import Meta

from harness.cdp.lifecycle import CdpLifecycleManager


class PlannedFault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`cut` drops a browser's connection, `kill` sends its process SIGKILL; `browser` counts from 1."""

    at_s: Annotated[float, Meta(ge=0, le=31 * 86_400)]
    kind: Literal["cut", "kill"]
    browser: Annotated[int, Meta(ge=1, le=256)] = 1


async def inject(faults: Sequence[PlannedFault], managers: Sequence[CdpLifecycleManager]) -> None:
    """Wait for each fault's time, counted from now, and make it; returns after the last one."""
    started = anyio.current_time()
    for fault in sorted(faults, key=lambda item: item.at_s):
        await anyio.sleep(max(0.0, started + fault.at_s - anyio.current_time()))
        manager = managers[(fault.browser - 1) % len(managers)]
        if fault.kind == "cut":
            manager.cut()
        else:
            manager.kill()
