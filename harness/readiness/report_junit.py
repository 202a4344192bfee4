"""junit.xml: the verdict for CI: one test case for each finding; what is not judged is an error, never a pass."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from harness.evidence.inert import inert
from harness.readiness.finding import Finding, Status
from harness.readiness.verdict import Verdict


def render_junit(verdict: Verdict) -> bytes:
    """A well-formed JUnit file: FAIL is a failure, UNKNOWN an error, NOT_APPLICABLE skipped."""
    statuses = [finding.status for finding in verdict.findings]
    counts = {
        "tests": str(len(statuses)),
        "failures": str(statuses.count(Status.FAIL)),
        "errors": str(statuses.count(Status.UNKNOWN)),
        "skipped": str(statuses.count(Status.NOT_APPLICABLE)),
    }
    suites = ET.Element("testsuites", {"name": "harness readiness", **counts})
    suite = ET.SubElement(suites, "testsuite", {"name": inert(verdict.run_id), **counts})
    properties = ET.SubElement(suite, "properties")
    ET.SubElement(properties, "property", name="verdict", value=verdict.verdict.value)
    for finding in verdict.findings:
        _case(suite, finding)
    ET.indent(suites)
    written: bytes = ET.tostring(suites, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _case(suite: ET.Element, finding: Finding) -> None:
    classname = f"readiness.{finding.criterion}"
    case = ET.SubElement(suite, "testcase", classname=classname, name=inert(finding.name))
    told = inert(f"{finding.measured}, wanted {finding.threshold} (n={finding.n})")
    tag = {Status.FAIL: "failure", Status.UNKNOWN: "error", Status.NOT_APPLICABLE: "skipped"}.get(finding.status)
    if tag is not None:
        outcome = ET.SubElement(case, tag, message=told)
        outcome.text = "\n".join(inert(line) for line in (finding.note, *finding.where) if line)
    else:
        ET.SubElement(case, "system-out").text = told
