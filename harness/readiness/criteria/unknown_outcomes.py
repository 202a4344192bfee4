"""Of how many spins nobody knows, after asking the site, whether it holds their effect."""

from harness.evidence.reading import Evidence
from harness.readiness.finding import Criterion, Finding, Status, explain_command, plural
from harness.readiness.slo import Thresholds

NAME = "unknown_outcomes"


def judge(evidence: Evidence, thresholds: Thresholds) -> Finding:
    """Spins whose effect stays unknown; spins that never ended are UNKNOWN in a run that died, and failures otherwise."""
    unknown = [spin for spin in evidence.book if spin.ended and spin.holds_effect == "unknown"]
    lost = [spin for spin in evidence.book if spin.started and not spin.ended]
    died = evidence.ending is None
    limit = thresholds.max_unknown_spins
    n = sum(spin.started or spin.ended for spin in evidence.book)
    if len(unknown) > limit or (lost and not died):
        status = Status.FAIL
    elif lost or not n:
        status = Status.UNKNOWN
    else:
        status = Status.PASS
    measured = plural(len(unknown), "spin")
    if lost:
        measured += f", and {len(lost)} that never ended"
    return Finding(
        NAME,
        status,
        measured,
        f"≤ {limit}",
        n,
        value=float(len(unknown)),
        limit=float(limit),
        where=tuple(explain_command(spin.spin_id) for spin in (unknown + lost)[:3]) or ("domain: spin.reconciled",),
        note="the run died while these spins were under way" if lost and died else "",
    )


CRITERION = Criterion(NAME, "Unknown outcomes", judge, rank=100)
