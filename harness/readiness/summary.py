"""The figures of a run as tables: what report.json and report.html show beside the findings."""

from __future__ import annotations

from typing import Any

import msgspec

from harness.evidence.durations import Durations
from harness.evidence.reading import Evidence
from harness.evidence.spins import COMPLETED
from harness.readiness.criteria.throughput import worker_s
from harness.readiness.slo import thresholds_of

SLOWEST_METHODS = 12
RECONNECTS_SHOWN = 50


def summarise(evidence: Evidence) -> dict[str, Any]:
    """JSON-ready tables; stable names, units in them."""
    return {
        "run": _run(evidence),
        "spins": _spins(evidence),
        "latency": _latency(evidence),
        "workers": _workers(evidence),
        "reconnects": _reconnects(evidence),
        "faults": [
            {"kind": fault.kind, "browser_id": fault.browser_id, "at_s": evidence.since_start_s(fault.mono_ns)}
            for fault in evidence.faults
        ],
        "browser_states": [
            {
                "browser_id": move.browser_id,
                "at_s": evidence.since_start_s(move.mono_ns),
                "from_state": move.from_state,
                "to_state": move.to_state,
                "reason": move.reason,
            }
            for move in evidence.browser_moves[-RECONNECTS_SHOWN:]
        ],
        "contention": [lock._asdict() for lock in evidence.locks.values()],
        "commands": _commands(evidence),
        "resources": _resources(evidence),
        "integrity": _integrity(evidence),
    }


def _run(evidence: Evidence) -> dict[str, Any]:
    manifest = evidence.manifest
    return {
        "mode": manifest.mode,
        "profile": manifest.profile,
        "started_ns": manifest.started_ns,
        "harness_version": manifest.harness_version,
        "python": manifest.python,
        "machine": manifest.machine,
        "plan": msgspec.to_builtins(manifest.plan),
        "options": manifest.options,
        "browsers": msgspec.to_builtins(manifest.browsers),
        "ending": msgspec.to_builtins(manifest.ending),
        "ran_s": evidence.ran_s,
    }


def _spins(evidence: Evidence) -> dict[str, Any]:
    completed = evidence.outcomes().get(COMPLETED, 0)
    per_min = 60 * completed / evidence.ran_s if evidence.ran_s > 0 else 0.0
    started = sum(spin.started for spin in evidence.book)
    return {
        "started": started,
        "ended": len(evidence.ended_spins),
        "outcomes": evidence.outcomes(),
        "completed_per_min": per_min,
        "site_effects": sum(spin.effects or 0 for spin in evidence.book),
        "site": evidence.site._asdict() if evidence.site is not None else None,
        "items": len(evidence.items.items),
        "items_claimed": len(evidence.items.claimed()),
        "fallbacks": evidence.fallbacks,
    }


def _latency(evidence: Evidence) -> list[dict[str, Any]]:
    thresholds = thresholds_of(evidence.manifest)
    rows = []
    for path in evidence.paths:
        rows.append(_row(path, "", evidence.path_ms(path), thresholds.total_ms(path)))
        rows += [
            _row(path, phase, evidence.phase_ms(path, phase), thresholds.phase_ms(path, phase))
            for phase in evidence.phases(path)
        ]
    return rows


def _row(path: str, phase: str, durations: Durations, limit_ms: float) -> dict[str, Any]:
    return {
        "path": path,
        "phase": phase,
        "n": len(durations),
        "p50_ms": durations.percentile(50),
        "p95_ms": durations.percentile(95, near=limit_ms),
        "p99_ms": durations.percentile(99),
        "max_ms": durations.maximum if len(durations) else None,
        "limit_ms": limit_ms,
    }


def _workers(evidence: Evidence) -> list[dict[str, Any]]:
    rows = []
    for worker in sorted(evidence.workers.values(), key=lambda worker: worker.worker_id):
        seconds = worker_s(evidence, worker)
        rows.append(
            {
                "worker_id": worker.worker_id,
                "worked_s": seconds,
                "completed": worker.completed,
                "failed": worker.failed,
                "unknown": worker.unknown,
                "cancelled": worker.cancelled,
                "completed_per_min": 60 * worker.completed / seconds if seconds > 0 else None,
                "died": worker.died,
            }
        )
    return rows


def _reconnects(evidence: Evidence) -> dict[str, Any]:
    decisions = evidence.reconnects
    shown = [
        {**decision._asdict(), "at_s": evidence.since_start_s(decision.mono_ns)}
        for decision in decisions[:RECONNECTS_SHOWN]
    ]
    for row in shown:
        del row["mono_ns"]
    connected = sum(decision.outcome == "connected" for decision in decisions)
    return {"decisions": len(decisions), "connected": connected, "shown": shown}


def _commands(evidence: Evidence) -> dict[str, Any]:
    rows: list[dict[str, Any]] = []
    for method, figures in evidence.commands.items():
        durations = figures.durations_ms
        rows.append(
            {
                "method": method,
                "n": durations.count,
                "not_ok": durations.count - figures.outcomes.get("ok", 0),
                "p50_ms": durations.percentile(50),
                "p95_ms": min(durations.percentile(95) or 0.0, durations.maximum),
                "max_ms": durations.maximum,
                "outcomes": figures.outcomes,
            }
        )
    rows.sort(key=lambda row: (-row["p95_ms"], row["method"]))
    return {"total": sum(row["n"] for row in rows), "methods": len(rows), "slowest": rows[:SLOWEST_METHODS]}


def _resources(evidence: Evidence) -> dict[str, Any]:
    snapshots = evidence.snapshots
    return {
        "snapshots": len(snapshots),
        "rss_bytes_max": max((snapshot.rss_bytes for snapshot in snapshots), default=0),
        "browser_pss_bytes_max": max((snapshot.browser_pss_bytes for snapshot in snapshots), default=0),
        "cpu_s": snapshots[-1].cpu_s if snapshots else 0.0,
        "loop_lag_ms_max": max((snapshot.loop_lag_ms for snapshot in snapshots), default=0.0),
    }


def _integrity(evidence: Evidence) -> dict[str, Any]:
    integrity, leases = evidence.integrity, evidence.leases
    return {
        "events": integrity.events,
        "events_by_channel": integrity.events_by_channel,
        "dropped_by_channel": integrity.drops,
        "missing": integrity.sequence.missing,
        "missing_untold": integrity.lost_untold,
        "gaps": [{"first": gap.first, "last": gap.last} for gap in integrity.sequence.gaps[:20]],
        "out_of_order": integrity.sequence.disordered,
        "foreign": integrity.foreign,
        "skeletons": integrity.skeletons,
        "torn_tails": [
            {"segment": tail.segment.name, "offset": tail.offset, "bytes": tail.length}
            for tail in integrity.findings.torn
        ],
        "bad_lines": [
            {"segment": line.segment.name, "line": line.number, "reason": line.reason}
            for line in integrity.findings.bad[:20]
        ],
        "bad_line_count": len(integrity.findings.bad),
        "invalid_events": integrity.invalid,
        "contradictions": integrity.contradictions[:20],
        "leases": {
            "granted": leases.granted,
            "released": leases.released,
            "revoked": leases.revoked,
            "expired": leases.expired,
            "open": len(leases.open),
            "void_by_restart": leases.void_by_restart,
        },
        "scopes_not_cleared": evidence.not_cleared,
    }
