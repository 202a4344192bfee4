"""Cohort slots, for hosts that cannot see each other: a cycle is cut into slots, and each connection tries in its own.

All that hosts have to agree on is the time of day and the length of the cycle. A fleet then asks at an even rate from
the first second on, during the outage as after it; who comes back, and when, is decided by the slot.
"""

from __future__ import annotations

from harness.cdp.backoff import UniformSource


def slot_wait_s(wall_s: float, index: int, slots: int, slot_s: float, random: UniformSource) -> float:
    """Seconds from `wall_s` to a moment in the next slot of connection `index`: in (0, 2 · slots · slot_s]."""
    cycle_s = slots * slot_s
    begin_s = wall_s - wall_s % cycle_s + (index % slots) * slot_s
    if begin_s <= wall_s:
        begin_s += cycle_s
    return begin_s - wall_s + random.uniform(0.0, slot_s)
