"""The verdict: NO-GO if a criterion fails, INCONCLUSIVE if one could not be judged, GO otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from harness.basics.exit_codes import ExitCode
from harness.evidence.failure_matrix import FailureMatrix, build_matrix
from harness.evidence.reading import Evidence, read_evidence
from harness.readiness.finding import Finding, Status
from harness.readiness.registry import all_criteria
from harness.readiness.slo import thresholds_of
from harness.readiness.summary import summarise

REPORT_SCHEMA = 1
"""Version of report.json."""


class VerdictWord(StrEnum):
    """What all criteria together say."""

    GO = "GO"
    NO_GO = "NO-GO"
    INCONCLUSIVE = "INCONCLUSIVE"


_EXIT = {
    VerdictWord.GO: ExitCode.OK,
    VerdictWord.NO_GO: ExitCode.NO_GO,
    VerdictWord.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
}


@dataclass(frozen=True)
class Verdict:
    """The verdict on one run, with each finding, the failure matrix, and the figures of the run (`summary`)."""

    run_id: str
    verdict: VerdictWord
    findings: tuple[Finding, ...]
    matrix: FailureMatrix
    summary: dict[str, Any]
    damaged: bool = False
    """Whether the evidence failed its integrity check: whatever else was found, it cannot be relied on."""

    @property
    def exit_code(self) -> ExitCode:
        """What `harness evaluate` exits with."""
        return ExitCode.INTEGRITY if self.damaged else _EXIT[self.verdict]

    @property
    def reasons(self) -> tuple[str, ...]:
        """One line for each finding that stands in the way of GO, failures first; for GO, one line that says so."""
        blocking = [f for status in (Status.FAIL, Status.UNKNOWN) for f in self.findings if f.status is status]
        if not blocking:
            judged = sum(finding.status is Status.PASS for finding in self.findings)
            return (f"all {judged} findings pass",)
        return tuple(_reason(finding) for finding in blocking)

    def to_dict(self) -> dict[str, Any]:
        """What report.json holds."""
        return {
            "report_schema": REPORT_SCHEMA,
            "run_id": self.run_id,
            "verdict": self.verdict.value,
            "exit_code": int(self.exit_code),
            "damaged": self.damaged,
            "reasons": list(self.reasons),
            "findings": [finding.to_dict() for finding in self.findings],
            "failure_matrix": self.matrix.to_dict(),
            "summary": self.summary,
        }


def _reason(finding: Finding) -> str:
    word = "failed" if finding.status is Status.FAIL else "not judged"
    note = f"; {finding.note}" if finding.note else ""
    return f"{finding.name} {word}: {finding.measured}, wanted {finding.threshold}; n = {finding.n}{note}"


def judge(evidence: Evidence) -> Verdict:
    """Judge evidence by the thresholds in its manifest; UsageError when those cannot be read."""
    thresholds = thresholds_of(evidence.manifest)
    findings: list[Finding] = []
    for criterion in all_criteria():
        found = criterion.judge(evidence, thresholds)
        findings.extend([found] if isinstance(found, Finding) else found)
    statuses = {finding.status for finding in findings}
    word = VerdictWord.GO
    if Status.FAIL in statuses:
        word = VerdictWord.NO_GO
    elif Status.UNKNOWN in statuses:
        word = VerdictWord.INCONCLUSIVE
    matrix = build_matrix(evidence.failures)
    damaged = any(evidence.integrity.damages(died=evidence.ending is None).values())
    return Verdict(evidence.manifest.run_id, word, tuple(findings), matrix, summarise(evidence), damaged)


def evaluate(run_root: Path) -> Verdict:
    """Read a run folder, ended, interrupted or killed, and judge it; UsageError when it is none."""
    return judge(read_evidence(run_root))
