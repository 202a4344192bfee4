"""Few enough spins went wrong."""

from harness.evidence.reading import Evidence
from harness.evidence.spins import CANCELLED, COMPLETED
from harness.readiness.finding import Criterion, Finding, Status, explain_command
from harness.readiness.slo import Thresholds

NAME = "error_rate"


def judge(evidence: Evidence, thresholds: Thresholds) -> Finding:
    """Failed and unknown spins among all ended ones; cancelled ones (the run's end cut them short) are left out.

    With fewer spins than `min_spins` it is UNKNOWN, unless so many failed that the missing ones could not mend it.
    """
    judged = [spin for spin in evidence.ended_spins if spin.outcome != CANCELLED]
    wrong = [spin for spin in judged if spin.outcome != COMPLETED]
    n, limit = len(judged), thresholds.error_rate_max
    rate = len(wrong) / n if n else None
    if n and len(wrong) / max(n, thresholds.min_spins) > limit:
        status = Status.FAIL
    elif n < thresholds.min_spins:
        status = Status.UNKNOWN
    else:
        status = Status.PASS
    return Finding(
        NAME,
        status,
        "no spin ended" if rate is None else f"{100 * rate:.2f} % ({len(wrong)} of {n} spins)",
        f"≤ {100 * limit:g} % (n ≥ {thresholds.min_spins})",
        n,
        value=rate,
        limit=limit,
        where=tuple(explain_command(spin.spin_id) for spin in wrong[:3]) or ("domain: spin.ended",),
    )


CRITERION = Criterion(NAME, "Error rate", judge, rank=30)
