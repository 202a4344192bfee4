"""The verdict in the terminal: each finding with measured and threshold, the failure matrix, the way to the report."""

from __future__ import annotations

from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.evidence.failure_matrix import FailureMatrix
from harness.evidence.inert import inert
from harness.readiness.verdict import Verdict
from harness.runfolder.layout import RunPaths

_COLOURS = {"pass": "green", "fail": "bold red", "unknown": "yellow", "not_applicable": "dim"}
_WORDS = {"GO": "bold green", "NO-GO": "bold red", "INCONCLUSIVE": "bold yellow"}


def show_verdict(out: Console, verdict: Verdict, folder: Path, *, reported: bool = True) -> None:
    """Print it all; text from pages is made inert first. `folder` holds the report, where one could be written."""
    word = verdict.verdict.value
    out.print()
    out.print(Text(f"{word}  {inert(verdict.run_id, 120)}", style=_WORDS[word]))
    for reason in verdict.reasons:
        out.print(Text(f"  {inert(reason, 400)}"))
    out.print(_findings(verdict))
    out.print(_matrix(verdict.matrix))
    for row in verdict.matrix.rows:
        for cause in row.ranked():
            out.print(Text(f"  {row.category}: {cause.count} × {inert(cause.cause, 120)}"
                           + (f" ({cause.injected} injected)" if cause.injected else "")
                           + f"   harness explain {inert(cause.example_id, 120)}"))  # fmt: skip
    if reported:
        out.print(Text(f"report: {RunPaths(folder).report_html}"), soft_wrap=True)


def _findings(verdict: Verdict) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("status", "criterion", "measured", "threshold"):
        table.add_column(name, overflow="fold")
    table.add_column("n", justify="right")
    for finding in verdict.findings:
        status = finding.status.value
        table.add_row(
            Text(status.replace("_", " "), style=_COLOURS[status]),
            Text(inert(finding.name, 120)),
            Text(inert(finding.measured, 200)),
            Text(inert(finding.threshold, 200)),
            str(finding.n),
        )
    return table


def _matrix(matrix: FailureMatrix) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("failure matrix")
    for column in matrix.columns or ["(no failures)"]:
        table.add_column(Text(inert(column.replace("_", " "), 60)), justify="right")
    for row in matrix.rows:
        counts = [row.by_containment.get(column, 0) for column in matrix.columns]
        table.add_row(row.category, *(str(count) if count else "·" for count in counts or [0]))
    return table
