"""The audit channel replayed: who owned which scope when, and whether two owners ever held one at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from harness.evidence.fields import count, text
from harness.runfolder.event import Event

MAX_KEPT = 100


class OpenLease(NamedTuple):
    """A lease that was granted and has not ended."""

    scope: str
    owner: str
    epoch: str
    seq: int


class DoubleOwner(NamedTuple):
    """A scope was granted while another owner still held it."""

    scope: str
    first: str
    second: str
    seq: int


class Refusal(NamedTuple):
    """A write that was refused; `after_revocation`: its lease had been valid, and was taken away or expired before."""

    scope: str
    attempted_by: str
    owner: str
    method: str
    spin_id: str
    after_revocation: bool


class InvalidTransition(NamedTuple):
    """An ownership transition that was refused."""

    scope: str
    from_state: str
    to_state: str
    attempted_by: str


class ClosedTable(NamedTuple):
    """What the run itself said about its ownership table at the end."""

    granted: int
    open: int


@dataclass
class LeaseReplay:
    """Counts over the whole run; lists of incidents keep the first MAX_KEPT."""

    granted: int = 0
    released: int = 0
    revoked: int = 0
    expired: int = 0
    refused: int = 0
    refused_after_revocation: int = 0
    invalid_transitions: int = 0
    double_owners: int = 0
    void_by_restart: int = 0
    """Leases that ended because the harness process ended and another incarnation followed."""
    refusals: list[Refusal] = field(default_factory=list)
    invalid: list[InvalidTransition] = field(default_factory=list)
    doubles: list[DoubleOwner] = field(default_factory=list)
    open: dict[str, OpenLease] = field(default_factory=dict)
    closed: ClosedTable | None = None
    _incarnation: int = 0
    _void: set[str] = field(default_factory=set)
    """Epochs that were taken from their owner; an epoch is never given twice."""

    def add(self, event: Event) -> None:
        """The next event of the audit channel; others than leases and ownership are passed over."""
        if event.incarnation != self._incarnation:
            self.void_by_restart += len(self.open)
            self.open.clear()
            self._incarnation = event.incarnation
        scope, owner = text(event, "scope"), text(event, "owner")
        match event.event:
            case "lease.granted":
                self._grant(event, scope, owner)
            case "lease.released":
                self.released += 1
                self.open.pop(scope, None)
            case "lease.revoked":
                self.revoked += 1
                self._take(scope, event.epoch)
            case "lease.expired":
                self.expired += 1
                self._take(scope, event.epoch)
            case "ownership.refused":
                self._refuse(event, scope, owner)
            case "ownership.invalid_transition":
                self.invalid_transitions += 1
                if len(self.invalid) < MAX_KEPT:
                    states = text(event, "from_state"), text(event, "to_state")
                    self.invalid.append(InvalidTransition(scope, *states, text(event, "attempted_by")))
            case "leases.closed":
                self.closed = ClosedTable(count(event, "granted"), count(event, "open"))

    def _grant(self, event: Event, scope: str, owner: str) -> None:
        self.granted += 1
        held = self.open.get(scope)
        if held is not None and held.owner != owner:
            self.double_owners += 1
            if len(self.doubles) < MAX_KEPT:
                self.doubles.append(DoubleOwner(scope, held.owner, owner, event.seq))
        self.open[scope] = OpenLease(scope, owner, event.epoch, event.seq)

    def _take(self, scope: str, epoch: str) -> None:
        self.open.pop(scope, None)
        self._void.add(epoch)

    def _refuse(self, event: Event, scope: str, owner: str) -> None:
        lease_epoch = text(event, "lease_epoch")
        after = bool(lease_epoch) and lease_epoch in self._void
        self.refused += 1
        self.refused_after_revocation += after
        if len(self.refusals) < MAX_KEPT:
            who = text(event, "attempted_by")
            self.refusals.append(Refusal(scope, who, owner, text(event, "method"), event.spin_id, after))
