from __future__ import annotations

from pathlib import Path

import pytest

from harness.evidence.disconnects import (
    Disconnect,
    browser_hours,
    disconnects,
    dominant_cause,
    rank_causes,
    recorded_outages,
)
from harness.evidence.reading import Evidence, read_evidence
from tests.evidence.run_builder import RunBuilder

HOUR_S = 3600.0


def run_of(root: Path) -> RunBuilder:
    run = RunBuilder(root)
    run.emit("run.started", 0.0, mode="burn-in", profile="demo", workers=2, browsers=2, duration_s=HOUR_S)
    run.healthy(0.0, "b1", "b2")
    return run


def read(run: RunBuilder) -> Evidence:
    run.emit("run.ended", HOUR_S, reason="completed", ran_s=HOUR_S, detail="")
    return read_evidence(run.write())


def test_a_loss_is_told_with_how_it_came_back(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    run.loss(10.0, "b1", back_s=0.5)
    run.loss(20.0, "b2", back_s=3.0, via="restarting")
    run.loss(30.0, "b2", back_s=None)
    found = disconnects(read(run))
    assert [(loss.browser_id, loss.cause, loss.ended) for loss in found] == [
        ("b1", "connection_lost", "reconnected"), ("b2", "process_ended", "restarted"), ("b2", "connection_lost", "open"),
    ]  # fmt: skip
    assert [loss.back_s for loss in found] == [pytest.approx(0.5), pytest.approx(3.0), None]


def test_a_browser_that_did_not_answer_before_it_was_cut_off_is_told_from_a_lost_socket(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    run.emit(
        "browser.state", 5.0, browser_id="b1", cohort="c-b1", from_state="healthy", to_state="unhealthy", reason=""
    )
    run.loss(8.0, "b1")
    assert [loss.cause for loss in disconnects(read(run))] == ["ping_unanswered"]


def test_a_browser_that_failed_is_told(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    run.loss(8.0, "b1", back_s=None, via="restarting")
    run.emit(
        "browser.state", 9.0, browser_id="b1", cohort="c-b1", from_state="restarting", to_state="failed", reason=""
    )
    assert [(loss.ended, loss.back_s) for loss in disconnects(read(run))] == [("failed", None)]


def test_a_fault_of_the_runs_own_explains_the_next_loss_of_its_browser_and_no_other(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    run.emit("fault.injected", 10.0, kind="connection_cut", browser_id="b1")
    run.loss(10.1, "b2")
    run.loss(10.2, "b1")
    run.loss(12.0, "b1")
    run.emit("fault.injected", 20.0, kind="connection_cut", browser_id="b1")
    run.loss(60.0, "b1")
    assert [(loss.browser_id, loss.injected) for loss in disconnects(read(run))] == [
        ("b2", False), ("b1", True), ("b1", False), ("b1", False),
    ]  # fmt: skip


def test_hours_are_those_of_each_browser_at_work(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    run.healthy(1800.0, "b3")
    run.emit(
        "browser.state", 2700.0, browser_id="b3", cohort="c-b3", from_state="healthy", to_state="stopping", reason=""
    )
    hours = browser_hours(read(run))
    assert hours == {"c-b1": pytest.approx(1.0), "c-b2": pytest.approx(1.0), "c-b3": pytest.approx(0.25)}


def test_causes_are_ranked_by_cohort_and_the_dominant_one_is_named(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    run.emit("fault.injected", 1.0, kind="connection_cut", browser_id="b1")
    for second in range(2, 7):
        run.loss(float(second), "b1")
    run.loss(100.0, "b2", via="restarting")
    run.loss(200.0, "b2", via="restarting")
    evidence = read(run)
    found = disconnects(evidence)
    rows = rank_causes(found, browser_hours(evidence))
    assert [(row.cohort, row.cause, row.injected, row.disconnects) for row in rows] == [
        ("c-b1", "connection_lost", False, 4), ("c-b2", "process_ended", False, 2), ("c-b1", "connection_lost", True, 1),
    ]  # fmt: skip
    assert rows[0].per_browser_hour == pytest.approx(4.0)
    assert (rows[0].reconnected, rows[1].restarted) == (4, 2)
    assert dominant_cause(found) == ("connection_lost", 4)
    assert dominant_cause([]) is None


def test_losses_that_overlap_are_one_outage_until_the_first_is_back() -> None:
    def loss(at_s: float, back_s: float | None, ended: str = "reconnected") -> Disconnect:
        return Disconnect("b", "c", "connection_lost", False, at_s, ended, back_s)

    found = [loss(11.0, 2.0), loss(10.0, 2.0), loss(12.5, 1.5), loss(20.0, 0.25), loss(10.5, 99.0, "restarted"),
             loss(10.5, None, "open")]  # fmt: skip
    assert recorded_outages(found) == [(3, 2.0), (1, 0.25)]


def test_a_folder_without_browsers_has_nothing_to_tell(tmp_path: Path) -> None:
    evidence = read_evidence(RunBuilder(tmp_path).write())
    assert (disconnects(evidence), browser_hours(evidence), recorded_outages([])) == ([], {}, [])
