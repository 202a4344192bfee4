"""The failure matrix: the five categories by how far failures spread, with the root causes below each row.

Every category has its row, also when nothing failed in it. A failure that does not say what was being done, or cannot
be followed to where it happened, or names no known category, is unexplained.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from harness.basics.failures import Category, Containment
from harness.evidence.records import FailureRecord

_CATEGORIES = frozenset(category.value for category in Category)


@dataclass
class RootCause:
    """One cause in a row. injected: how many the run made itself; example_id leads to one of them."""

    cause: str
    count: int = 0
    injected: int = 0
    example_id: str = ""
    example_detail: str = ""

    def add(self, failure: FailureRecord) -> None:
        """Count one failure; the example is the first one that the run did not make itself."""
        if not self.example_id or (self.injected == self.count and not failure.injected):
            self.example_id, self.example_detail = failure.example_id, failure.detail
        self.count += 1
        self.injected += failure.injected


@dataclass
class MatrixRow:
    """One category: counts by containment, and its root causes."""

    category: str
    by_containment: dict[str, int] = field(default_factory=dict)
    causes: dict[str, RootCause] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """All failures of the category."""
        return sum(self.by_containment.values())

    @property
    def injected(self) -> int:
        """Those that the run made itself."""
        return sum(cause.injected for cause in self.causes.values())

    def ranked(self) -> list[RootCause]:
        """Root causes, the most frequent first."""
        return sorted(self.causes.values(), key=lambda cause: (-cause.count, cause.cause))


@dataclass
class FailureMatrix:
    """Rows in the order of the taxonomy; `columns` are the containments that occurred, in theirs."""

    rows: list[MatrixRow]
    columns: list[str]
    unexplained: list[FailureRecord]

    @property
    def count(self) -> int:
        """All failures."""
        return sum(row.count for row in self.rows)

    def to_dict(self) -> dict[str, Any]:
        """As it stands in report.json."""
        return {
            "columns": self.columns,
            "rows": [
                {
                    "category": row.category,
                    "count": row.count,
                    "injected": row.injected,
                    "by_containment": {column: row.by_containment.get(column, 0) for column in self.columns},
                    "causes": [
                        {
                            "cause": cause.cause,
                            "count": cause.count,
                            "injected": cause.injected,
                            "example_id": cause.example_id,
                            "example_detail": cause.example_detail,
                        }
                        for cause in row.ranked()
                    ],
                }
                for row in self.rows
            ],
            "unexplained": [failure.example_id for failure in self.unexplained],
        }


def is_explained(failure: FailureRecord) -> bool:
    """Whether a failure names a known category and a cause, what was being done, and where."""
    return failure.explained and failure.category in _CATEGORIES and bool(failure.cause)


def build_matrix(failures: Iterable[FailureRecord]) -> FailureMatrix:
    """Count failures into the matrix. One of no known category is in no row, and unexplained."""
    rows = {category.value: MatrixRow(category.value) for category in Category}
    seen: set[str] = set()
    unexplained: list[FailureRecord] = []
    for failure in failures:
        if not is_explained(failure):
            unexplained.append(failure)
        row = rows.get(failure.category)
        if row is None:
            continue
        containment = failure.containment or "(none)"
        seen.add(containment)
        row.by_containment[containment] = row.by_containment.get(containment, 0) + 1
        row.causes.setdefault(failure.cause, RootCause(failure.cause)).add(failure)
    known = [containment.value for containment in Containment]
    columns = [name for name in known if name in seen] + sorted(seen - set(known))
    return FailureMatrix(list(rows.values()), columns, unexplained)
