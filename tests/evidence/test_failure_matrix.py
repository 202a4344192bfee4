from pathlib import Path

from harness.basics.failures import Category
from harness.evidence.failure_matrix import FailureMatrix, build_matrix
from harness.evidence.reading import read_evidence
from tests.evidence.run_builder import RunBuilder


def matrix(run: RunBuilder) -> FailureMatrix:
    return build_matrix(read_evidence(run.write()).failures)


def test_every_category_has_its_row_when_nothing_failed(tmp_path: Path) -> None:
    found = matrix(RunBuilder(tmp_path))
    assert [row.category for row in found.rows] == [category.value for category in Category]
    assert (found.count, found.columns, found.unexplained) == (0, [], [])


def test_failures_are_counted_by_containment_and_root_cause(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    run.failure(spin_id="s1", cause="http_error", containment="item_retried")
    run.failure(spin_id="s2", cause="http_error", containment="item_failed")
    run.failure(browser_id="b1", category="cdp", cause="browser_died", containment="browser_restarted", injected=True)
    found = matrix(run)
    rows = {row.category: row for row in found.rows}
    assert found.columns == ["item_retried", "item_failed", "browser_restarted"]
    assert rows["navigation"].by_containment == {"item_retried": 1, "item_failed": 1}
    assert rows["navigation"].causes["http_error"].count == 2
    assert (rows["cdp"].count, rows["cdp"].injected) == (1, 1)


def test_the_example_is_a_failure_that_the_run_did_not_make_itself(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    run.failure(spin_id="s1", failure_id="fail-made", injected=True)
    run.failure(spin_id="s2", failure_id="fail-real")
    run.failure(spin_id="s3", failure_id="fail-later")
    cause = matrix(run).to_dict()["rows"][2]["causes"][0]
    assert cause["example_id"] == "fail-real"
    assert cause["count"] == 3


def test_a_failure_without_operation_or_chain_or_known_category_is_unexplained(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    run.failure(spin_id="s1")
    run.failure(spin_id="s2", operation="")
    run.failure()
    run.failure(spin_id="s3", category="weather")
    run.failure(spin_id="s4", cause="")
    assert len(matrix(run).unexplained) == 4
