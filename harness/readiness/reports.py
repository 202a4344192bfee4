"""Evaluate a run and write its three reports beside its evidence, each whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from harness.basics.errors import StorageError
from harness.evidence.reading import read_evidence
from harness.readiness.report_html import render_html
from harness.readiness.report_json import render_json
from harness.readiness.report_junit import render_junit
from harness.readiness.verdict import Verdict, judge
from harness.runfolder.layout import RunPaths
from harness.runfolder.manifest import write_atomically, write_cause


class Reported(NamedTuple):
    """A verdict, the folder of its reports, and why one of them could not be written there."""

    verdict: Verdict
    folder: Path
    failure: StorageError | None = None


def write_reports(run_root: Path, into: Path | None = None) -> Reported:
    """Read the folder once, judge it, write report.json, junit.xml and report.html, to `into` where that is given.

    What cannot be written costs that report, never the verdict: `failure` is the first such trouble.
    """
    evidence = read_evidence(run_root)
    verdict = judge(evidence)
    folder = into or run_root
    paths = RunPaths(folder)
    failure = None if into is None else _make(into)
    for path, content in (
        (paths.report_json, render_json(verdict)),
        (paths.junit, render_junit(verdict)),
        (paths.report_html, render_html(evidence, verdict)),
    ):
        try:
            write_atomically(path, content)
        except StorageError as error:
            failure = failure or error
    return Reported(verdict, folder, failure)


def _make(folder: Path) -> StorageError | None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = error.strerror or str(error)
        return StorageError(f"{folder} could not be made", why=why, cause=write_cause(error))
    return None
