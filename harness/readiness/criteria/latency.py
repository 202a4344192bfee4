"""p95 of every path and of every phase lies within its limit."""

from harness.evidence.durations import Durations
from harness.evidence.reading import Evidence
from harness.evidence.spins import COMPLETED
from harness.readiness.finding import Criterion, Finding, Status, explain_command, figure
from harness.readiness.slo import Thresholds

NAME = "latency_p95"


def judge(evidence: Evidence, thresholds: Thresholds) -> list[Finding]:
    """One finding for each path (completed spins) and each of its phases (those that went well)."""
    findings = []
    for path in sorted({*evidence.paths, *thresholds.p95_ms}):
        where = _slowest(evidence, path)
        findings.append(_one(path, evidence.path_ms(path), thresholds.total_ms(path), thresholds, where))
        slo = thresholds.p95_ms.get(path)
        for phase in dict.fromkeys([*evidence.phases(path), *(slo.phases if slo else ())]):
            limit = thresholds.phase_ms(path, phase)
            in_phase = ("performance: phase.completed",)
            findings.append(_one(f"{path} / {phase}", evidence.phase_ms(path, phase), limit, thresholds, in_phase))
    if not findings:
        threshold = f"≤ {thresholds.p95_default_ms:g} ms"
        return [Finding(NAME, Status.UNKNOWN, "no spin ran", threshold, 0, where=("performance: spin.timed",))]
    return findings


def _one(
    subject: str, durations: Durations, limit_ms: float, thresholds: Thresholds, where: tuple[str, ...]
) -> Finding:
    n = len(durations)
    p95_ms = durations.percentile(95, near=limit_ms)
    if p95_ms is None or n < thresholds.min_spins_per_path:
        status = Status.UNKNOWN
    else:
        status = Status.PASS if p95_ms <= limit_ms else Status.FAIL
    return Finding(
        NAME,
        status,
        "no sample" if p95_ms is None else f"{figure(p95_ms)} ms",
        f"≤ {limit_ms:,g} ms (n ≥ {thresholds.min_spins_per_path})",
        n,
        subject=subject,
        value=p95_ms,
        limit=limit_ms,
        where=where,
        note="fewer than 20 samples: this is the slowest one" if 0 < n < 20 else "",
    )


def _slowest(evidence: Evidence, path: str) -> tuple[str, ...]:
    """Where to look: the slowest spin of a path that completed."""
    completed = (spin for spin in evidence.book if spin.path == path and spin.outcome == COMPLETED)
    slowest = max(completed, key=lambda spin: spin.duration_ms, default=None)
    return (explain_command(slowest.spin_id),) if slowest is not None else ("performance: spin.timed",)


CRITERION = Criterion(NAME, "Latency p95", judge, rank=40)
