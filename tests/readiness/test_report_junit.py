import xml.etree.ElementTree as ET
from pathlib import Path

from harness.readiness.report_junit import render_junit
from harness.readiness.verdict import evaluate
from tests.evidence.run_builder import RunBuilder


def test_each_finding_is_a_test_case(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    run.criteria = {"p95_ms": {"shop": {"total": 10.0}, "never": {"total": 10.0}}}
    run.mode = "sequential"
    verdict = evaluate(run.good_run().write())
    suites = ET.fromstring(render_junit(verdict))
    assert suites.attrib["tests"] == str(len(verdict.findings)) == str(len(list(suites.iter("testcase"))))
    assert suites.attrib["failures"] == str(len(list(suites.iter("failure")))) == "1"
    assert suites.attrib["errors"] == str(len(list(suites.iter("error")))) == "1"
    assert suites.attrib["skipped"] == str(len(list(suites.iter("skipped")))) == "2"


def test_no_text_of_a_run_makes_it_malformed(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    run.spin("<&>]]>\x00\x1b\ufffe\u202e", outcome="failed", committed="no")
    assert ET.fromstring(render_junit(evaluate(run.write()))).tag == "testsuites"
