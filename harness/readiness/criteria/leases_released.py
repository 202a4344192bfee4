"""Nothing is owned any more at the end: the audit channel replayed, and compared with what the run said itself."""

from harness.evidence.reading import Evidence
from harness.readiness.finding import Criterion, Finding, Status, plural
from harness.readiness.slo import Thresholds

NAME = "leases_released"


def judge(evidence: Evidence, _thresholds: Thresholds) -> Finding:
    """Leases still open at the end fail; in a run that died they are UNKNOWN, since its last moments are not there."""
    leases = evidence.leases
    open_now = list(leases.open.values())
    closed = leases.closed
    disagrees = closed is not None and closed.open != len(open_now)
    died = evidence.ending is None
    note = ""
    if disagrees and closed is not None:
        status, note = Status.FAIL, f"the run itself says that {closed.open} are open"
    elif open_now:
        status = Status.UNKNOWN if died else Status.FAIL
        note = "the run died with these leases; they ended with its process" if died else ""
    elif not leases.granted:
        status, note = Status.UNKNOWN, "no lease was ever granted"
    elif died:
        status, note = Status.UNKNOWN, "the run did not say how it ended"
    else:
        status = Status.PASS
    ends = f"{leases.released} released, {leases.revoked} revoked, {leases.expired} expired"
    return Finding(
        NAME,
        status,
        f"{plural(len(open_now), 'lease')} open ({leases.granted} granted: {ends})",
        "0 open",
        leases.granted,
        value=float(len(open_now)),
        limit=0.0,
        where=tuple(f"{lease.scope} held by {lease.owner}" for lease in open_now[:3]) or ("audit: leases.closed",),
        note=note,
    )


CRITERION = Criterion(NAME, "All leases released", judge, rank=70)
