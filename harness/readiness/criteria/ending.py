"""The run ended as it was meant to."""

from harness.evidence.reading import Evidence
from harness.readiness.finding import Criterion, Finding, Status
from harness.readiness.slo import Thresholds

NAME = "ending"
_STATUS = {
    "completed": Status.PASS,
    "interrupted": Status.UNKNOWN,
    "halted": Status.FAIL,
    "failed": Status.FAIL,
}


def judge(evidence: Evidence, _thresholds: Thresholds) -> Finding:
    """Halted or failed by itself is a failure; interrupted by a person, or dead without a word, proves nothing."""
    ending = evidence.ending
    where = ("manifest.json: ending", "operational: run.ended")
    if ending is None:
        note = "the run's process died or still runs: what it recorded until then is judged"
        return Finding(
            NAME, Status.UNKNOWN, "no ending", "completed", evidence.integrity.events, where=where, note=note
        )
    status = _STATUS.get(ending.reason, Status.UNKNOWN)
    return Finding(NAME, status, ending.reason, "completed", 1, where=where, note=ending.detail)


CRITERION = Criterion(NAME, "The run ended as planned", judge, rank=10)
