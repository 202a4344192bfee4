"""Small records of what one pass over a run keeps: failures, reconnects, faults, browser states, figures over time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from harness.telemetry.histogram import LogHistogram


class FailureRecord(NamedTuple):
    """One `failure.recorded`, with all that correlates it; empty where the event says nothing."""

    failure_id: str
    category: str
    cause: str
    containment: str
    operation: str
    detail: str
    method: str
    url: str
    injected: bool
    time_ns: int
    mono_ns: int
    seq: int
    run_id: str
    worker_id: str
    item_id: str
    spin_id: str
    path: str
    phase: str
    step_id: str
    command_id: str
    trace_id: str
    browser_id: str

    @property
    def has_chain(self) -> bool:
        """Whether it can be followed: its run, and at least one thing in it that it happened to."""
        return bool(self.run_id and (self.spin_id or self.worker_id or self.browser_id or self.item_id))

    @property
    def explained(self) -> bool:
        """Whether it names what was being done, and where."""
        return bool(self.operation and self.has_chain)

    @property
    def example_id(self) -> str:
        """The id that `harness explain` leads from here: its own, else its spin's."""
        return self.failure_id or self.spin_id or self.browser_id or self.worker_id or self.run_id


class ReconnectDecision(NamedTuple):
    """One decision of a reconnect; mono_ns since the process's epoch."""

    browser_id: str
    cohort: str
    attempt: int
    wait_s: float
    cause: str
    outcome: str
    detail: str
    mono_ns: int


class Fault(NamedTuple):
    """A fault that the run made on purpose."""

    kind: str
    browser_id: str
    mono_ns: int


class ConnectionLoss(NamedTuple):
    """A connection ended that nobody closed. injected: a fault of the run's own had just hit this browser."""

    browser_id: str
    cohort: str
    cause: str
    detail: str
    injected: bool
    mono_ns: int


class BrowserMove(NamedTuple):
    """A browser moved to another state."""

    browser_id: str
    from_state: str
    to_state: str
    reason: str
    mono_ns: int


class Snapshot(NamedTuple):
    """Periodic figures of the run."""

    mono_ns: int
    busy: int
    spins: int
    failures: int
    p95_ms: float
    rss_bytes: int
    cpu_s: float
    browser_pss_bytes: int
    loop_lag_ms: float


class LockSummary(NamedTuple):
    """Contention of one scope kind over the whole run."""

    scope_kind: str
    acquires: int
    contended: int
    wait_ms_p95: float
    wait_ms_max: float
    hold_ms_p95: float


class ToldEnding(NamedTuple):
    """How the run says itself that it ended."""

    reason: str
    ran_s: float


class SiteComparison(NamedTuple):
    """The site's record, read whole at the end. foreign: entries of spin ids that this run's effects do not know;
    unnamed: entries without any spin id."""

    entries: int
    known: int
    foreign: int
    unnamed: int


@dataclass(slots=True)
class MethodFigures:
    """All commands of one CDP method: how long they took, and what came of them."""

    durations_ms: LogHistogram = field(default_factory=LogHistogram)
    outcomes: dict[str, int] = field(default_factory=dict)

    def add(self, duration_ms: float, outcome: str) -> None:
        """Count one command."""
        self.durations_ms.add(duration_ms)
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1


@dataclass(slots=True)
class WorkerRecord:
    """One worker: when it was seen first and last, whether it died, and whether its end was recorded (`over`)."""

    worker_id: str
    first_mono_ns: int
    last_mono_ns: int
    died: bool = False
    over: bool = False
    completed: int = 0
    failed: int = 0
    unknown: int = 0
    cancelled: int = 0
