"""Judges one criterion on a run folder, as the evaluator does it: through the folder, by the thresholds it carries."""

from __future__ import annotations

from harness.evidence.reading import read_evidence
from harness.readiness.finding import Finding
from harness.readiness.registry import all_criteria
from harness.readiness.slo import thresholds_of
from tests.evidence.run_builder import RunBuilder


def judged(run: RunBuilder, name: str) -> dict[str, Finding]:
    """Findings of one criterion by subject."""
    evidence = read_evidence(run.write())
    criterion = next(criterion for criterion in all_criteria() if criterion.name == name)
    found = criterion.judge(evidence, thresholds_of(evidence.manifest))
    return {finding.subject: finding for finding in ([found] if isinstance(found, Finding) else found)}


def status(run: RunBuilder, name: str, subject: str = "") -> str:
    """The status of one finding."""
    return judged(run, name)[subject].status.value
