from pathlib import Path

from tests.evidence.run_builder import RunBuilder
from tests.readiness.judging import status

NAME = "unknown_outcomes"


def test_known_outcomes_pass(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    run.spin()
    run.spin(outcome="failed", committed="no")
    assert status(run, NAME) == "pass"


def test_a_spin_that_stays_unknown_fails_unless_it_is_allowed(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    run.spin(outcome="unknown", committed="unknown")
    assert status(run, NAME) == "fail"
    run.criteria = {"max_unknown_spins": 1}
    assert status(run, NAME) == "pass"


def test_a_spin_that_the_site_knows_is_not_unknown(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    run.spin(outcome="unknown", committed="unknown", recorded=True)
    run.emit("spin.reconciled", spin_id=run.spin(outcome="cancelled", committed="unknown"), result="not committed")
    assert status(run, NAME) == "pass"


def test_a_spin_that_never_ended_fails_and_is_unknown_where_the_run_died(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    run.spin(end=False)
    assert status(run, NAME) == "fail"
    assert status(run.kill(), NAME) == "unknown"


def test_without_spins_nothing_is_judged(tmp_path: Path) -> None:
    assert status(RunBuilder(tmp_path), NAME) == "unknown"
