"""The table of faults is whole, and the tests that it names exist."""

from __future__ import annotations

import re

from harness.basics.failures import Cause
from scripts.checks.findings import ROOT

TEXT = (ROOT / "docs/faults.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in TEXT.splitlines() if re.match(r"\| \d", line)]
KEYS = dict(re.findall(r"\*\*(\w+)\*\*\s+`([^`]+)`", TEXT))


def test_every_fault_has_its_row() -> None:
    assert [int(row[0]) for row in ROWS] == list(range(1, 32))


def test_every_row_names_tests_that_exist() -> None:
    for row in ROWS:
        named = [(key, name) for part in row[5].split("; ") for key, name in _tests(part)]
        assert named, row[0]
        for key, name in named:
            assert re.search(rf"^(async )?def {name}\(", (ROOT / KEYS[key]).read_text(), re.MULTILINE), (row[0], name)


def test_every_row_is_counted_under_a_cause_of_its_category() -> None:
    for row in ROWS:
        category, _, causes = row[4].partition(": ")
        for cause in filter(None, causes.split(", ")):
            assert Cause(cause).category.value == category, row[0]


def _tests(part: str) -> list[tuple[str, str]]:
    key, _, names = part.partition(": ")
    return [(key, name) for name in re.findall(r"`(\w+)`", names)]
