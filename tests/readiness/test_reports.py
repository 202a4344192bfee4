import xml.etree.ElementTree as ET
from pathlib import Path

import msgspec

from harness.readiness.reports import write_reports
from tests.evidence.run_builder import RunBuilder


def test_three_reports_lie_beside_the_evidence_and_nothing_else(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path).good_run()
    before = {path.name for path in run.write().iterdir()}
    verdict = write_reports(run.root)
    assert {path.name for path in run.root.iterdir()} - before == {"report.json", "report.html", "junit.xml"}
    assert msgspec.json.decode(run.paths.report_json.read_bytes()) == msgspec.json.decode(
        msgspec.json.encode(verdict.to_dict())
    )
    assert ET.parse(run.paths.junit).getroot().tag == "testsuites"
    assert b"<!doctype html>" in run.paths.report_html.read_bytes()


def test_an_evaluation_can_be_repeated(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path).good_run()
    run.write()
    write_reports(run.root)
    first = run.paths.report_json.read_bytes()
    write_reports(run.root)
    assert run.paths.report_json.read_bytes() == first
