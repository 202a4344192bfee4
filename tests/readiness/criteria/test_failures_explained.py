from pathlib import Path

from tests.evidence.run_builder import RunBuilder
from tests.readiness.judging import judged, status


def test_failures_with_context_and_chain_pass(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    run.spin(outcome="failed", committed="no")
    run.failure(browser_id="b1", category="cdp", cause="browser_died", operation="browser.process")
    found = judged(run, "failures_explained")[""]
    assert (found.status, found.n) == ("pass", 2)


def test_a_failure_without_context_fails_by_itself(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path).good_run()
    failure_id = run.failure(spin_id="spin-00001", operation="")
    found = judged(run, "failures_explained")[""]
    assert found.status == "fail"
    assert found.where == (f"harness explain {failure_id}",)


def test_a_spin_that_failed_silently_fails(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    run.spin(outcome="failed", committed="no", explained=False)
    assert status(run, "failures_explained") == "fail"


def test_where_nothing_ran_nothing_is_judged(tmp_path: Path) -> None:
    assert status(RunBuilder(tmp_path), "failures_explained") == "unknown"
