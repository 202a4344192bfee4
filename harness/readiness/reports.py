"""Evaluate a run and write its three reports beside its evidence, each whole or not at all."""

from __future__ import annotations

from pathlib import Path

from harness.evidence.reading import read_evidence
from harness.readiness.report_html import render_html
from harness.readiness.report_json import render_json
from harness.readiness.report_junit import render_junit
from harness.readiness.verdict import Verdict, judge
from harness.runfolder.layout import RunPaths
from harness.runfolder.manifest import write_atomically


def write_reports(run_root: Path) -> Verdict:
    """Read the folder once, judge it, write report.json, junit.xml and report.html; returns the verdict."""
    evidence = read_evidence(run_root)
    verdict = judge(evidence)
    paths = RunPaths(run_root)
    write_atomically(paths.report_json, render_json(verdict))
    write_atomically(paths.junit, render_junit(verdict))
    write_atomically(paths.report_html, render_html(evidence, verdict))
    return verdict
