"""No session was used without owning it, and no scope had two owners at once: the audit channel replayed."""

from harness.evidence.reading import Evidence
from harness.readiness.finding import Criterion, Finding, Status, explain_command
from harness.readiness.slo import Thresholds

NAME = "ownership"


def judge(evidence: Evidence, thresholds: Thresholds) -> Finding:
    """Refused writes, refused transitions and scopes with two owners; UNKNOWN when nothing was ever owned.

    A write refused after its lease had been revoked counts apart: the owner had not heard yet of a lost connection.
    """
    leases = evidence.leases
    unowned = leases.refused - leases.refused_after_revocation
    late = leases.refused_after_revocation
    wrong = unowned + leases.invalid_transitions + leases.double_owners
    if wrong or late > thresholds.max_refused_after_revocation:
        status = Status.FAIL
    else:
        status = Status.PASS if leases.granted else Status.UNKNOWN
    where = [f"two owners of {double.scope}: {double.first}, {double.second}" for double in leases.doubles[:2]]
    where += [explain_command(refusal.spin_id or refusal.scope) for refusal in leases.refusals[:2]]
    where += [
        f"{invalid.scope}: {invalid.from_state} → {invalid.to_state} by {invalid.attempted_by}"
        for invalid in leases.invalid[:2]
    ]
    return Finding(
        NAME,
        status,
        f"{unowned} unowned, {late} refused after revocation, {leases.invalid_transitions} invalid transitions, "
        f"{leases.double_owners} double owners",
        f"0, and ≤ {thresholds.max_refused_after_revocation} refused after revocation",
        leases.granted,
        value=float(wrong + late),
        limit=float(thresholds.max_refused_after_revocation),
        where=tuple(where) or ("audit: ownership.refused, lease.granted",),
        note="" if leases.granted else "no lease was ever granted: there was nothing to own",
    )


CRITERION = Criterion(NAME, "No unowned session use", judge, rank=60)
