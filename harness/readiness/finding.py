"""What a criterion is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from harness.evidence.reading import Evidence
from harness.readiness.slo import Thresholds


class Status(StrEnum):
    """What a criterion says. NOT_APPLICABLE never blocks; UNKNOWN (too little to judge by) is never a pass."""

    PASS = "pass"  # noqa: S105 - the name of a status, not a secret
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Finding:
    """One judged thing. criterion: name of the criterion; subject: what of it, where it judges several.

    measured and threshold are told to people, value and limit are the same as numbers (None where there is none);
    n: sample size; where: ids, channels or command lines that lead to the evidence; note: what a reader must know.
    """

    criterion: str
    status: Status
    measured: str
    threshold: str
    n: int
    subject: str = ""
    value: float | None = None
    limit: float | None = None
    where: tuple[str, ...] = ()
    note: str = ""

    @property
    def name(self) -> str:
        """Criterion and subject."""
        return f"{self.criterion}: {self.subject}" if self.subject else self.criterion

    def to_dict(self) -> dict[str, Any]:
        """As it stands in report.json."""
        return {
            "criterion": self.criterion,
            "subject": self.subject,
            "status": self.status.value,
            "measured": self.measured,
            "threshold": self.threshold,
            "value": self.value,
            "limit": self.limit,
            "n": self.n,
            "where": list(self.where),
            "note": self.note,
        }


class Criterion(NamedTuple):
    """A readiness criterion: a pure function from evidence and thresholds to findings. `rank` orders the report."""

    name: str
    title: str
    judge: Callable[[Evidence, Thresholds], Finding | list[Finding]]
    rank: int = 100


def explain_command(wanted: str) -> str:
    """The command line that leads from an id to its chain."""
    return f"harness explain {wanted}"


def figure(value: float, digits: int = 0) -> str:
    """A number for people, with thousands apart; one that would fill a line is told by its power of ten."""
    return f"{value:,.{digits}f}" if abs(value) < 1e12 else f"{value:.3g}"


def plural(count: int, noun: str) -> str:
    """`1 spin`, `2 spins`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
