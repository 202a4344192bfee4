"""One streaming pass over a run folder's four channels, merged by sequence, into aggregates.

Memory is bounded by spins, items and failures; commands and steps are counted where they stand and not kept. Whatever
lies in the folder is read: a missing channel, a torn tail, a line that is no event, and an event that the catalogue does
not know like this are told, never raised. Such an event is counted, and not used.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from harness.evidence.copies import compare_copies
from harness.evidence.durations import Durations
from harness.evidence.fields import count, flag, number, text
from harness.evidence.integrity import Integrity, Located
from harness.evidence.items import ItemReplay
from harness.evidence.leases import LeaseReplay
from harness.evidence.records import (
    BrowserMove,
    ConnectionLoss,
    FailureRecord,
    Fault,
    LockSummary,
    MethodFigures,
    ReconnectDecision,
    SiteComparison,
    Snapshot,
    ToldEnding,
    WorkerRecord,
)
from harness.evidence.spins import Spin, SpinBook
from harness.runfolder.event import Event
from harness.runfolder.framing import ChannelReading, Digest, SegmentReader, misnumbered
from harness.runfolder.layout import Channel, RunPaths
from harness.runfolder.manifest import Ending, Manifest, read_manifest

FAULT_SHOWS_NS = 30_000_000_000
"""A connection that is lost so soon after a fault hit its browser was lost by it; each fault explains one loss."""


@dataclass
class Evidence:
    """What a run folder says. Monotonic times are those of the harness process; `ran_s` is in seconds of work."""

    manifest: Manifest
    integrity: Integrity = field(default_factory=Integrity)
    book: SpinBook = field(default_factory=SpinBook)
    leases: LeaseReplay = field(default_factory=LeaseReplay)
    items: ItemReplay = field(default_factory=ItemReplay)
    workers: dict[str, WorkerRecord] = field(default_factory=dict)
    failures: list[FailureRecord] = field(default_factory=list)
    commands: dict[str, MethodFigures] = field(default_factory=dict)
    reconnects: list[ReconnectDecision] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    losses: list[ConnectionLoss] = field(default_factory=list)
    browser_moves: list[BrowserMove] = field(default_factory=list)
    cohorts: dict[str, str] = field(default_factory=dict)
    """Cohort by browser."""
    snapshots: list[Snapshot] = field(default_factory=list)
    locks: dict[str, LockSummary] = field(default_factory=dict)
    site: SiteComparison | None = None
    fallbacks: int = 0
    not_cleared: int = 0
    """Scopes that were given back although what they protect could not be cleared."""
    started_mono_ns: int | None = None
    """When the work began: `run.started`, else the first event."""
    last_mono_ns: int = 0
    open_faults: dict[str, int] = field(default_factory=dict)
    """When the last fault hit a browser whose connection was not lost since."""
    told_ending: ToldEnding | None = None
    """What `run.ended` says: there when the manifest's ending was not written any more."""

    @property
    def ending(self) -> Ending | None:
        """How the run ended; None when it died before it could say so."""
        return self.manifest.ending

    @property
    def ran_s(self) -> float:
        """Seconds of work: what the run says, else the time from its start to its last event."""
        if self.ending is not None:
            return self.ending.ran_s
        if self.told_ending is not None:
            return self.told_ending.ran_s
        return self.since_start_s(self.last_mono_ns)

    def since_start_s(self, mono_ns: int) -> float:
        """Seconds from the start of the work to a moment of the harness process."""
        return max(0.0, (mono_ns - self.started_mono_ns) / 1e9) if self.started_mono_ns is not None else 0.0

    @property
    def ended_spins(self) -> list[Spin]:
        """Spins whose end was recorded."""
        return [spin for spin in self.book if spin.ended]

    @property
    def paths(self) -> list[str]:
        """Paths that spins ran, sorted."""
        return sorted({spin.path for spin in self.book if spin.started or spin.ended})

    def outcomes(self) -> dict[str, int]:
        """Ended spins by outcome."""
        counts: dict[str, int] = {}
        for spin in self.ended_spins:
            counts[spin.outcome] = counts.get(spin.outcome, 0) + 1
        return counts

    def path_ms(self, path: str) -> Durations:
        """Durations of a path's completed spins."""
        return self.book.path_ms.get(path) or Durations()

    def phases(self, path: str) -> list[str]:
        """Phases of a path that went well at least once, in the order in which they first did."""
        return [phase for of_path, phase in self.book.phase_ms if of_path == path]

    def phase_ms(self, path: str, phase: str) -> Durations:
        """Durations of one phase of a path."""
        return self.book.phase_ms.get((path, phase)) or Durations()


def read_evidence(root: Path) -> Evidence:
    """Read a run folder; UsageError when it is none, DamagedEvidenceError when its manifest cannot be read."""
    evidence = Evidence(read_manifest(root))
    manifest, integrity, paths = evidence.manifest, evidence.integrity, RunPaths(root)
    digests = {channel.value: hashlib.sha256() for channel in Channel}
    channels = (_located(paths, channel, integrity.findings, digests[channel.value]) for channel in Channel)
    for located in heapq.merge(*channels, key=lambda at: (at.event.incarnation, at.event.seq)):
        event = located.event
        usable = integrity.add(located, manifest)
        if evidence.started_mono_ns is None:
            evidence.started_mono_ns = event.mono_ns
        evidence.last_mono_ns = max(evidence.last_mono_ns, event.mono_ns)
        handler = _HANDLERS.get(event.event) if usable else None
        if handler is not None:
            handler(evidence, event)
    if manifest.ending is not None:
        integrity.compare_digests({name: made.hexdigest() for name, made in digests.items()}, manifest.ending.channels)
    integrity.contradictions += [*compare_copies(paths, manifest), *_compare_ending(evidence)]
    integrity.contradictions += [f"{path}: nothing of a run lies there" for path in paths.strangers()]
    return evidence


def _located(paths: RunPaths, channel: Channel, findings: ChannelReading, digest: Digest) -> Iterator[Located]:
    """Every event of one channel in the order it was written, with where it lies; troubles are added to `findings`."""
    segments = paths.segments(channel)
    findings.bad.extend(misnumbered(segments))
    for segment in segments:
        reader = SegmentReader(segment, digest)
        for event in reader:
            yield Located(channel.value, event, segment, reader.number)
        if reader.torn:
            findings.torn.append(reader.torn)
        findings.bad.extend(reader.bad)


def _compare_ending(evidence: Evidence) -> Iterator[str]:
    """How the manifest says that the run ended, and how the run itself did. What went wrong later stands in the former
    alone, so only a better ending than the run's own contradicts it.
    """
    ending, told = evidence.ending, evidence.told_ending
    if ending is None or told is None:
        return
    if ending.reason != told.reason and ending.reason == "completed":
        yield f"manifest.json: ending.reason is completed, and run.ended says {told.reason}"
    if ending.reason == told.reason and ending.ran_s != told.ran_s:
        yield f"manifest.json: ending.ran_s is {ending.ran_s}, and run.ended says {told.ran_s}"


def _run_started(evidence: Evidence, event: Event) -> None:
    if event.incarnation != 1:
        return
    evidence.started_mono_ns = event.mono_ns
    manifest = evidence.manifest
    for name, here, there in (
        ("mode", manifest.mode, text(event, "mode")),
        ("plan.workers", manifest.plan.workers, count(event, "workers")),
        ("plan.browsers", manifest.plan.browsers, count(event, "browsers")),
        ("plan.duration_s", manifest.plan.duration_s or 0.0, number(event, "duration_s")),
    ):
        if here != there:
            contradiction = f"manifest.json: {name} is {here}, and run.started says {there}"
            evidence.integrity.contradictions.append(contradiction)


def _run_ended(evidence: Evidence, event: Event) -> None:
    evidence.told_ending = ToldEnding(text(event, "reason"), number(event, "ran_s"))


def _spin(evidence: Evidence, event: Event) -> None:
    evidence.book.add(event)


def _spin_ended(evidence: Evidence, event: Event) -> None:
    evidence.book.add(event)
    worker, outcome = _worker(evidence, event), text(event, "outcome")
    if worker is not None and outcome in {"completed", "failed", "unknown", "cancelled"}:
        setattr(worker, outcome, getattr(worker, outcome) + 1)


def _worker(evidence: Evidence, event: Event) -> WorkerRecord | None:
    if not event.worker_id:
        return None
    worker = evidence.workers.get(event.worker_id)
    if worker is None:
        worker = evidence.workers[event.worker_id] = WorkerRecord(event.worker_id, event.mono_ns, event.mono_ns)
    worker.last_mono_ns = event.mono_ns
    return worker


def _worker_seen(evidence: Evidence, event: Event) -> None:
    worker = _worker(evidence, event)
    if worker is not None:
        worker.died = worker.died or event.event == "worker.died"
        worker.over = worker.died or text(event, "to_state") == "stopped"


def _failure(evidence: Evidence, event: Event) -> None:
    if event.spin_id:
        evidence.book.of(event).failures += 1
    evidence.failures.append(
        FailureRecord(
            failure_id=text(event, "failure_id"),
            category=text(event, "category"),
            cause=text(event, "cause"),
            containment=text(event, "containment"),
            operation=text(event, "operation"),
            detail=text(event, "detail"),
            method=text(event, "method"),
            url=text(event, "url"),
            injected=flag(event, "injected"),
            time_ns=event.time_ns,
            mono_ns=event.mono_ns,
            seq=event.seq,
            run_id=event.run_id,
            worker_id=event.worker_id,
            item_id=event.item_id,
            spin_id=event.spin_id,
            path=event.path,
            phase=event.phase,
            step_id=event.step_id,
            command_id=event.command_id,
            trace_id=event.trace_id,
            browser_id=text(event, "browser_id"),
        )
    )


def _command(evidence: Evidence, event: Event) -> None:
    method = text(event, "method")
    figures = evidence.commands.get(method)
    if figures is None:
        figures = evidence.commands[method] = MethodFigures()
    figures.add(number(event, "duration_ms"), text(event, "outcome"))


def _lease(evidence: Evidence, event: Event) -> None:
    evidence.leases.add(event)


def _item(evidence: Evidence, event: Event) -> None:
    evidence.items.add(event)


def _site_compared(evidence: Evidence, event: Event) -> None:
    evidence.site = SiteComparison(*(count(event, name) for name in SiteComparison._fields))


def _reconnect(evidence: Evidence, event: Event) -> None:
    evidence.reconnects.append(
        ReconnectDecision(
            text(event, "browser_id"),
            text(event, "cohort"),
            count(event, "attempt"),
            number(event, "wait_s"),
            text(event, "cause"),
            text(event, "outcome"),
            text(event, "detail"),
            event.mono_ns,
        )
    )


def _fault(evidence: Evidence, event: Event) -> None:
    evidence.faults.append(Fault(text(event, "kind"), text(event, "browser_id"), event.mono_ns))
    evidence.open_faults[text(event, "browser_id")] = event.mono_ns


def _loss(evidence: Evidence, event: Event) -> None:
    browser_id = text(event, "browser_id")
    hit_ns = evidence.open_faults.pop(browser_id, None)
    injected = hit_ns is not None and event.mono_ns - hit_ns <= FAULT_SHOWS_NS
    cohort, cause, detail = (text(event, name) for name in ("cohort", "cause", "detail"))
    evidence.losses.append(ConnectionLoss(browser_id, cohort, cause, detail, injected, event.mono_ns))


def _browser_state(evidence: Evidence, event: Event) -> None:
    states = text(event, "from_state"), text(event, "to_state")
    evidence.cohorts[text(event, "browser_id")] = text(event, "cohort")
    evidence.browser_moves.append(BrowserMove(text(event, "browser_id"), *states, text(event, "reason"), event.mono_ns))


def _snapshot(evidence: Evidence, event: Event) -> None:
    evidence.snapshots.append(
        Snapshot(
            event.mono_ns,
            count(event, "busy"),
            count(event, "spins"),
            count(event, "failures"),
            number(event, "p95_ms"),
            count(event, "rss_bytes"),
            number(event, "cpu_s"),
            count(event, "browser_pss_bytes"),
            number(event, "loop_lag_ms"),
        )
    )


def _lock(evidence: Evidence, event: Event) -> None:
    kind = text(event, "scope_kind")
    evidence.locks[kind] = LockSummary(
        kind,
        count(event, "acquires"),
        count(event, "contended"),
        number(event, "wait_ms_p95"),
        number(event, "wait_ms_max"),
        number(event, "hold_ms_p95"),
    )


def _fallback(evidence: Evidence, _event: Event) -> None:
    evidence.fallbacks += 1


def _not_cleared(evidence: Evidence, _event: Event) -> None:
    evidence.not_cleared += 1


_HANDLERS: dict[str, Callable[[Evidence, Event], None]] = {
    "run.started": _run_started,
    "run.ended": _run_ended,
    "spin.started": _spin,
    "spin.ended": _spin_ended,
    "spin.timed": _spin,
    "spin.reconciled": _spin,
    "phase.completed": _spin,
    "site.recorded": _spin,
    "site.compared": _site_compared,
    "worker.state": _worker_seen,
    "worker.died": _worker_seen,
    "worker.replaced": _worker_seen,
    "failure.recorded": _failure,
    "command.completed": _command,
    "item.enqueued": _item,
    "item.state": _item,
    "lease.granted": _lease,
    "lease.released": _lease,
    "lease.revoked": _lease,
    "lease.expired": _lease,
    "leases.closed": _lease,
    "ownership.refused": _lease,
    "ownership.invalid_transition": _lease,
    "reconnect.decision": _reconnect,
    "fault.injected": _fault,
    "cdp.connection_lost": _loss,
    "browser.state": _browser_state,
    "run.snapshot": _snapshot,
    "lock.summary": _lock,
    "step.fallback": _fallback,
    "hold.not_cleared": _not_cleared,
}
