"""Every failure says what was being done, and can be followed to where it happened."""

from harness.evidence.failure_matrix import is_explained
from harness.evidence.reading import Evidence
from harness.evidence.spins import CANCELLED, COMPLETED
from harness.readiness.finding import Criterion, Finding, Status, explain_command
from harness.readiness.slo import Thresholds

NAME = "failures_explained"


def judge(evidence: Evidence, _thresholds: Thresholds) -> Finding:
    """Unexplained are failures without operation, chain, cause or known category, and spins that failed silently."""
    unexplained = [failure for failure in evidence.failures if not is_explained(failure)]
    ended = evidence.ended_spins
    silent = [spin for spin in ended if spin.outcome not in {COMPLETED, CANCELLED} and not spin.failures]
    wrong = len(unexplained) + len(silent)
    status = Status.FAIL if wrong else Status.PASS if ended or evidence.failures else Status.UNKNOWN
    examples = [failure.example_id for failure in unexplained[:2]] + [spin.spin_id for spin in silent[:2]]
    measured = f"{len(unexplained)} of {len(evidence.failures)} failures unexplained"
    if silent:
        measured += f", {len(silent)} failed spins without a recorded failure"
    return Finding(
        NAME,
        status,
        measured,
        "0 unexplained",
        len(evidence.failures),
        value=float(wrong),
        limit=0.0,
        where=tuple(map(explain_command, filter(None, examples))) or ("operational: failure.recorded",),
        note="" if status is not Status.UNKNOWN else "nothing ran that could have failed",
    )


CRITERION = Criterion(NAME, "Every failure explained", judge, rank=90)
