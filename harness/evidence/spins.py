"""Spins as the folder tells them: started, timed, ended, reconciled, and recorded by the site."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from harness.evidence.durations import Durations
from harness.evidence.fields import count, number, text
from harness.runfolder.event import Event

COMPLETED, FAILED, UNKNOWN, CANCELLED = "completed", "failed", "unknown", "cancelled"
_RECONCILED = {"committed": "yes", "not committed": "no", "unknown": "unknown"}


@dataclass(slots=True)
class Spin:
    """One pass of a work item. outcome "" until it ended; committed: whether the site holds its effect: yes, no,
    unknown; effects: entries in the site's own record, None when the record does not name it."""

    spin_id: str
    path: str = ""
    worker_id: str = ""
    item_id: str = ""
    attempt: int = 0
    started: bool = False
    outcome: str = ""
    committed: str = ""
    duration_ms: float = 0.0
    started_mono_ns: int = 0
    ended_mono_ns: int = 0
    started_ns: int = 0
    reconciled: str = ""
    effects: int | None = None
    failures: int = 0

    @property
    def ended(self) -> bool:
        """Whether its end was recorded."""
        return bool(self.outcome)

    @property
    def holds_effect(self) -> str:
        """Whether the site holds its effect, by everything that is known at the end: yes, no or unknown."""
        if self.effects:
            return "yes"
        return self.reconciled if self.reconciled in {"yes", "no"} else self.committed or "unknown"


@dataclass
class SpinBook:
    """Every spin by id, and the durations of completed spins by path and of phases that went well by (path, phase)."""

    spins: dict[str, Spin] = field(default_factory=dict)
    path_ms: dict[str, Durations] = field(default_factory=dict)
    phase_ms: dict[tuple[str, str], Durations] = field(default_factory=dict)
    _strings: dict[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Spin]:
        return iter(self.spins.values())

    def __len__(self) -> int:
        return len(self.spins)

    def of(self, event: Event) -> Spin:
        """The spin that an event belongs to, made on first sight."""
        spin = self.spins.get(event.spin_id)
        if spin is None:
            # A run has few paths and workers and very many spins: they share the strings.
            path = self._strings.setdefault(event.path, event.path)
            worker_id = self._strings.setdefault(event.worker_id, event.worker_id)
            spin = self.spins[event.spin_id] = Spin(event.spin_id, path, worker_id, event.item_id)
        return spin

    def add(self, event: Event) -> None:
        """The next spin.*, phase.completed or site.recorded event."""
        match event.event:
            case "phase.completed":
                if text(event, "outcome") == "ok":
                    self.phase_ms.setdefault((event.path, event.phase), Durations()).add(number(event, "duration_ms"))
                return
            case "site.recorded":
                # The site may name a spin that the evidence does not know; `started` stays False then.
                self.of(event).effects = count(event, "effects")
                return
        if not event.spin_id:
            return  # the site's whole record could not be read: the event belongs to no spin
        spin = self.of(event)
        match event.event:
            case "spin.started":
                spin.started = True
                spin.attempt = count(event, "attempt")
                spin.started_mono_ns, spin.started_ns = event.mono_ns, event.time_ns
            case "spin.ended":
                outcome, committed = text(event, "outcome"), text(event, "committed")
                spin.outcome = self._strings.setdefault(outcome, outcome)
                spin.committed = self._strings.setdefault(committed, committed)
                spin.ended_mono_ns = event.mono_ns
            case "spin.timed":
                spin.duration_ms = number(event, "duration_ms")
                if text(event, "outcome") == COMPLETED:
                    self.path_ms.setdefault(spin.path, Durations()).add(spin.duration_ms)
            case "spin.reconciled":
                spin.reconciled = _RECONCILED.get(text(event, "result"), "unknown")
