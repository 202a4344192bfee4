"""The verdict in the terminal: what was measured, what was wanted, how far failures spread, and where they came from."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from harness.cli.verdict_text import show_verdict
from harness.evidence.failure_matrix import FailureMatrix, MatrixRow, RootCause, build_matrix
from harness.readiness.finding import Finding, Status
from harness.readiness.verdict import Verdict, VerdictWord

FOLDER = Path("/runs/run-1")


def shown(
    word: VerdictWord = VerdictWord.GO, *findings: Finding, matrix: FailureMatrix | None = None, **options: Any
) -> str:
    """What is printed, on a screen that is wide enough."""
    screen = io.StringIO()
    verdict = Verdict("run-test", word, findings, matrix or build_matrix([]), {})
    show_verdict(Console(file=screen, width=200, highlight=False, **options), verdict, FOLDER)
    return screen.getvalue()


def matrix_of(containment: str = "item_failed", cause: str = "gate_failed") -> FailureMatrix:
    """Three navigation failures, one of them injected."""
    row = MatrixRow("navigation", {containment: 3}, {cause: RootCause(cause, 3, 1, "fail-00007")})
    return FailureMatrix([MatrixRow("cdp"), row], [containment], [])


def cells(out: str, first: str) -> list[str]:
    """The words of the first line that begins with `first`."""
    return next(line for line in out.splitlines() if line.strip().startswith(first)).split()


@pytest.mark.parametrize("word", list(VerdictWord))
def test_the_word_comes_first_with_the_run_and_the_report_last(word: VerdictWord) -> None:
    lines = shown(word).splitlines()
    assert lines[1] == f"{word.value}  run-test"
    assert lines[-1] == "report: /runs/run-1/report.html"


def test_each_finding_has_measured_threshold_and_count() -> None:
    late = Finding("latency_p95", Status.FAIL, "993 ms", "≤ 100 ms", 40)
    none = Finding("site_agreement", Status.NOT_APPLICABLE, "no ledger", "agreement", 0)
    out = shown(VerdictWord.NO_GO, none, late)
    assert "\n  latency_p95 failed: 993 ms, wanted ≤ 100 ms; n = 40\n" in out
    assert cells(out, "status") == ["status", "criterion", "measured", "threshold", "n"]
    assert cells(out, "fail ") == ["fail", "latency_p95", "993", "ms", "≤", "100", "ms", "40"]
    assert "not applicable   site_agreement" in out


def test_the_matrix_has_a_row_for_each_category_with_its_causes_below() -> None:
    out = shown(VerdictWord.NO_GO, matrix=matrix_of())
    assert cells(out, "failure matrix") == ["failure", "matrix", "item", "failed"]
    assert cells(out, "cdp") == ["cdp", "·"]
    assert cells(out, "navigation") == ["navigation", "3"]
    assert "\n  navigation: 3 × gate_failed (1 injected)   harness explain fail-00007\n" in out


def test_where_nothing_failed_the_matrix_says_so() -> None:
    out = shown()
    assert "(no failures)" in out
    assert cells(out, "persistence") == ["persistence", "·"]


def test_colours_are_for_terminals_only() -> None:
    failed = Finding("error_rate", Status.FAIL, "9 %", "≤ 5 %", 40)
    assert "\x1b[" not in shown(VerdictWord.NO_GO, failed, force_terminal=False)
    assert "\x1b[1;31mNO-GO" in shown(VerdictWord.NO_GO, failed, force_terminal=True, color_system="standard")


def test_text_from_pages_is_inert_and_no_markup() -> None:
    evil = "\x1b[2Jbad\x07 [bold]loud[/bold] [/nothing]"
    finding = Finding("error_rate", Status.FAIL, evil, evil, 40, subject=evil)
    out = shown(VerdictWord.NO_GO, finding, matrix=matrix_of(evil, evil))
    assert "\x1b" not in out
    assert "\x07" not in out
    assert out.count("[bold]loud[/bold] [/nothing]") >= 5
