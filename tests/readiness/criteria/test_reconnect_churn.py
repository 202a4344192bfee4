from __future__ import annotations

from pathlib import Path

import pytest

from tests.evidence.run_builder import RunBuilder
from tests.readiness.judging import judged, status

NAME = "reconnect_churn"


def run_of(root: Path, hours: float = 1.0, browsers: tuple[str, ...] = ("b1", "b2")) -> RunBuilder:
    """A run that is `hours` long; losses are emitted before its last event is."""
    run = RunBuilder(root)
    run.healthy(0.0, *browsers)
    run.hours = hours  # type: ignore[attr-defined]
    return run


def end(run: RunBuilder) -> RunBuilder:
    run.emit("run.ended", 3600.0 * run.hours, reason="completed", ran_s=3600.0 * run.hours, detail="")  # type: ignore[attr-defined]
    return run


def test_a_run_that_loses_nothing_passes(tmp_path: Path) -> None:
    assert status(end(run_of(tmp_path)), NAME, "together") == "pass"


@pytest.mark.parametrize(("losses", "expected"), [(4, "pass"), (8, "pass"), (9, "fail")])
def test_the_bound_is_by_browser_hour(tmp_path: Path, losses: int, expected: str) -> None:
    run = run_of(tmp_path)
    run.criteria = {"max_disconnects_per_browser_hour": 4.0}
    for number in range(losses):
        run.loss(10.0 + number, ("b1", "b2")[number % 2])
    found = judged(end(run), NAME)["together"]
    assert found.status.value == expected
    assert found.value == pytest.approx(losses / 2)
    assert (found.n, found.limit) == (losses, 4.0)


def test_one_cohort_that_flaps_does_not_hide_behind_the_others(tmp_path: Path) -> None:
    run = run_of(tmp_path, browsers=tuple(f"b{number}" for number in range(10)))
    for number in range(6):
        run.loss(10.0 + number, "b7")
    found = judged(end(run), NAME)
    assert found["together"].status.value == "pass"
    assert (found["worst cohort"].status.value, found["worst cohort"].note) == ("fail", "cohort c-b7")


def test_what_the_run_did_itself_is_not_counted_and_said_so(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    run.criteria = {"max_disconnects_per_browser_hour": 0.0}
    for at_s in (10.0, 20.0):
        run.emit("fault.injected", at_s, kind="connection_cut", browser_id="b1")
        run.loss(at_s + 0.1, "b1")
    found = judged(end(run), NAME)["together"]
    assert (found.status.value, found.note) == ("pass", "2 disconnects by the run's own faults not counted")


def test_a_single_loss_in_a_short_run_is_no_rate_and_two_are(tmp_path: Path) -> None:
    run = run_of(tmp_path / "one", hours=0.02)
    run.loss(10.0, "b1")
    found = judged(end(run), NAME)["together"]
    assert (found.status.value, found.note) == ("not_applicable", "one loss in so short a time is no rate")
    run = run_of(tmp_path / "two", hours=0.02)
    run.loss(10.0, "b1")
    run.loss(12.0, "b1")
    assert status(end(run), NAME, "together") == "fail"


def test_where_none_is_allowed_a_single_loss_fails(tmp_path: Path) -> None:
    run = run_of(tmp_path, hours=0.02)
    run.criteria = {"max_disconnects_per_browser_hour": 0.0}
    run.loss(10.0, "b1")
    assert status(end(run), NAME, "together") == "fail"


def test_without_a_browser_nothing_is_judged(tmp_path: Path) -> None:
    assert status(RunBuilder(tmp_path), NAME, "together") == "unknown"
