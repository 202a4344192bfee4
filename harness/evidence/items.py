"""Work items replayed from their states: nothing may be claimed twice, and what was claimed must end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from harness.evidence.fields import count, text
from harness.runfolder.event import Event

CLAIMED = "claimed"
QUEUED = "queued"
FINAL_STATES = frozenset({"done", "failed", "unknown", "cancelled"})
MAX_KEPT = 100


class DoubleClaim(NamedTuple):
    """An item was claimed although it was not free: claimed already, or ended."""

    item_id: str
    state: str
    first: str
    second: str


@dataclass(slots=True)
class ItemRecord:
    """One work item: its last state, how often it was claimed, and by whom last."""

    state: str = QUEUED
    claims: int = 0
    attempt: int = 0
    claimed_by: str = ""


@dataclass
class ItemReplay:
    """Every item of the run. Double claims keep the first MAX_KEPT."""

    items: dict[str, ItemRecord] = field(default_factory=dict)
    double_claims: int = 0
    doubles: list[DoubleClaim] = field(default_factory=list)

    def add(self, event: Event) -> None:
        """The next `item.enqueued` or `item.state`."""
        item = self.items.setdefault(event.item_id, ItemRecord())
        if event.event == "item.enqueued":
            return
        to_state = text(event, "to_state")
        if to_state == CLAIMED:
            if item.state != QUEUED:
                self.double_claims += 1
                if len(self.doubles) < MAX_KEPT:
                    self.doubles.append(DoubleClaim(event.item_id, item.state, item.claimed_by, event.worker_id))
            item.claims += 1
            item.claimed_by = event.worker_id
        item.state = to_state
        item.attempt = count(event, "attempt")

    def claimed(self) -> dict[str, ItemRecord]:
        """Items that were claimed at least once."""
        return {item_id: item for item_id, item in self.items.items() if item.claims}
