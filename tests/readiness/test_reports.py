import xml.etree.ElementTree as ET
from pathlib import Path

import msgspec

from harness.readiness.reports import write_reports
from tests.evidence.run_builder import RunBuilder


def test_three_reports_lie_beside_the_evidence_and_nothing_else(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path).good_run()
    before = {path.name for path in run.write().iterdir()}
    verdict = write_reports(run.root).verdict
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


def test_reports_can_lie_elsewhere_and_the_run_stays_as_it_was(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path / "run").good_run()
    before = {path.name for path in run.write().iterdir()}
    reported = write_reports(run.root, tmp_path / "new" / "reports")
    assert {path.name for path in run.root.iterdir()} == before
    assert {path.name for path in reported.folder.iterdir()} == {"report.json", "report.html", "junit.xml"}
    assert reported.failure is None


def test_what_cannot_be_written_costs_that_report_and_not_the_verdict(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path).good_run()
    (run.write() / "report.json").mkdir()
    reported = write_reports(run.root)
    assert reported.verdict.verdict == "GO"
    assert reported.failure is not None
    assert "report.json could not be written" in reported.failure.what
    assert run.paths.report_html.is_file()


def test_a_folder_that_cannot_be_made_is_told_first(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path / "run").good_run()
    run.write()
    (tmp_path / "file").write_text("")
    reported = write_reports(run.root, tmp_path / "file" / "reports")
    assert reported.verdict.verdict == "GO"
    assert reported.failure is not None
    assert "could not be made" in reported.failure.what
