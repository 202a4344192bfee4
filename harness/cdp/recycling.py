"""When a browser is due to be renewed though nothing is wrong with it: it has grown, or it is old (browsers age: one that
answered 9,100 calls a second answered 5,300 after four rounds of the same work)."""

from __future__ import annotations

import random
from typing import Annotated

import msgspec
from msgspec import Meta


class RecyclePolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """memory_mib: proportional set size of all its processes together; after_s: its age, ± 10 % so that browsers which
    began together do not end together; quiesce_s: how long a safe point is waited for. None: no such limit."""

    memory_mib: Annotated[int, Meta(ge=64, le=2**20)] | None = 4096
    after_s: Annotated[float, Meta(ge=1, le=31 * 86_400)] | None = None
    check_s: Annotated[float, Meta(gt=0, le=3600)] = 10.0
    quiesce_s: Annotated[float, Meta(gt=0, le=3600)] = 60.0

    def lifetime_s(self, rng: random.Random) -> float | None:
        """The age at which one browser is due."""
        return None if self.after_s is None else self.after_s * rng.uniform(0.9, 1.1)

    def due(self, memory_bytes: int, age_s: float, lifetime_s: float | None) -> str:
        """Why it is due; empty while it is not."""
        mib = memory_bytes // 2**20
        if self.memory_mib is not None and mib > self.memory_mib:
            return f"its memory, {mib} MiB, is above {self.memory_mib} MiB"
        if lifetime_s is not None and age_s >= lifetime_s:
            return f"it is {age_s:.0f} s old"
        return ""
