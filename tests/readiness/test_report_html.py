import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from harness.evidence.reading import read_evidence
from harness.readiness.report_html import render_html
from harness.readiness.verdict import judge
from tests.evidence.run_builder import RunBuilder

HOSTILE = "<script>alert('x')</script><img src=https://evil.example/x.png>\x1b[31m\u202e\x00"


class Elements(HTMLParser):
    """Collects start tags with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def page(run: RunBuilder) -> str:
    evidence = read_evidence(run.write())
    return render_html(evidence, judge(evidence)).decode()


@pytest.fixture
def hostile(tmp_path: Path) -> str:
    run = RunBuilder(tmp_path)
    run.plan["note"] = HOSTILE
    run.spin(HOSTILE, worker=HOSTILE, phases=(HOSTILE,))
    run.failure(spin_id=HOSTILE, cause=HOSTILE, containment=HOSTILE, detail=HOSTILE, failure_id=HOSTILE)
    run.failure(category=HOSTILE, operation="", failure_id=HOSTILE)
    run.emit("fault.injected", kind=HOSTILE, browser_id=HOSTILE)
    run.emit("command.completed", method=HOSTILE, duration_ms=1.0, outcome=HOSTILE)
    run.emit("reconnect.decision", browser_id=HOSTILE, cohort=HOSTILE, attempt=1, wait_s=1.0, cause=HOSTILE,
             outcome=HOSTILE, detail=HOSTILE)  # fmt: skip
    run.emit("lock.summary", scope_kind=HOSTILE, acquires=1)
    run.emit("telemetry.dropped", dropped={HOSTILE: 1})
    return page(run)


def test_text_from_pages_is_inert(hostile: str) -> None:
    assert "<script" not in hostile
    assert "&lt;script&gt;" in hostile
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", hostile)


def test_it_asks_no_other_host_for_anything(hostile: str) -> None:
    elements = Elements()
    elements.feed(hostile)
    names = {name for name, _ in elements.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "embed", "base", "form", "a", "video", "audio"}
    for _, attributes in elements.tags:
        assert not {"src", "href", "srcset", "action", "data", "xlink:href", "onload", "onerror"} & set(attributes)
    assert "url(" not in hostile
    assert "@import" not in hostile
    policy = next(a["content"] for n, a in elements.tags if n == "meta" and a.get("http-equiv"))
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def test_a_sound_run_names_no_address_at_all(tmp_path: Path) -> None:
    assert not re.search("https?://", page(RunBuilder(tmp_path).good_run()))


def test_it_shows_the_verdict_its_criteria_plots_and_tables(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path).good_run()
    shown = page(run)
    assert '<div class="word">GO</div>' in shown
    assert shown.count("<svg") == 3
    for expected in ("Failure matrix", "Throughput by worker", "Slowest commands", "Integrity of the evidence", "shop"):
        assert expected in shown


def test_an_empty_killed_run_has_a_report(tmp_path: Path) -> None:
    shown = page(RunBuilder(tmp_path).kill())
    assert "INCONCLUSIVE" in shown
    assert "no spin ended" in shown


def test_a_failure_leads_to_its_chain(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    run.spin(outcome="failed", committed="no")
    assert re.search(r"harness explain fail-\d+", page(run))
