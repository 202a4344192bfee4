"""A burn-in worked for as long as it was meant to."""

from harness.evidence.reading import Evidence
from harness.readiness.finding import Criterion, Finding, Status
from harness.readiness.slo import Thresholds

NAME = "duration"


def judge(evidence: Evidence, thresholds: Thresholds) -> Finding:
    """Too short is UNKNOWN, whatever cut it short: less than the planned time was proven, nothing was disproven.

    Without an ending the time goes from the start to the last event, and is never enough: nobody saw the run end.
    """
    planned_s = evidence.manifest.plan.duration_s
    where = ("manifest.json: ending.ran_s", "operational: run.started, run.ended")
    if evidence.manifest.mode != "burn-in" or planned_s is None:
        return Finding(
            NAME, Status.NOT_APPLICABLE, f"{evidence.ran_s:.1f} s", "no duration was planned", 1, where=where
        )
    needed_s = planned_s * (1 - thresholds.duration_tolerance)
    long_enough = evidence.ran_s >= needed_s
    status = Status.PASS if long_enough and evidence.ending is not None else Status.UNKNOWN
    note = "" if evidence.ending is not None else "counted to the last event: the run did not say when it ended"
    return Finding(
        NAME,
        status,
        f"{evidence.ran_s:.1f} s",
        f"≥ {needed_s:.1f} s of {planned_s:g} s",
        1,
        value=evidence.ran_s,
        limit=needed_s,
        where=where,
        note=note,
    )


CRITERION = Criterion(NAME, "Duration reached", judge, rank=20)
