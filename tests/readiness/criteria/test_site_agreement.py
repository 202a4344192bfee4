from pathlib import Path

import pytest

from tests.evidence.run_builder import RunBuilder
from tests.readiness.judging import judged, status

NAME = "site_agreement"


@pytest.fixture
def run(tmp_path: Path) -> RunBuilder:
    return RunBuilder(tmp_path)


def compared(run: RunBuilder, foreign: int = 0, unnamed: int = 0) -> RunBuilder:
    run.emit("site.compared", entries=1, known=1, foreign=foreign, unnamed=unnamed)
    return run


def test_a_record_that_agrees_passes(run: RunBuilder) -> None:
    run.spin(recorded=True)
    run.spin(outcome="failed", committed="no")
    run.spin(outcome="failed", committed="yes", recorded=True)
    assert status(compared(run), NAME) == "pass"


def test_a_committed_spin_that_the_site_does_not_know_is_lost(run: RunBuilder) -> None:
    spin_id = run.spin()
    found = judged(compared(run), NAME)[""]
    assert (found.status, found.measured) == ("fail", "1 lost")
    assert found.where == (f"harness explain {spin_id}",)


def test_an_effect_made_twice_fails_even_before_the_comparison(run: RunBuilder) -> None:
    run.emit("site.recorded", spin_id=run.spin(), effects=2, account="alice")
    assert status(run, NAME) == "fail"


def test_an_item_with_two_committed_spins_fails(run: RunBuilder) -> None:
    run.spin(recorded=True)
    run.spin(item_id="item-00001", recorded=True)
    found = judged(compared(run), NAME)[""]
    assert (found.status, found.measured) == ("fail", "1 items committed more than once")


def test_an_effect_that_the_evidence_denies_fails(run: RunBuilder) -> None:
    run.spin(outcome="failed", committed="no", recorded=True)
    assert status(compared(run), NAME) == "fail"


def test_an_effect_of_a_spin_that_nobody_started_fails(run: RunBuilder) -> None:
    run.emit("site.recorded", spin_id="spin-nobody", effects=1, account="alice")
    assert status(compared(run), NAME) == "fail"


def test_entries_of_others_fail_unless_the_site_is_shared(run: RunBuilder) -> None:
    run.spin(recorded=True)
    compared(run, foreign=1, unnamed=1)
    assert status(run, NAME) == "fail"
    run.criteria = {"site_is_shared": True}
    assert status(run, NAME) == "pass"


def test_a_record_that_was_not_read_whole_is_not_judged(run: RunBuilder) -> None:
    run.spin(recorded=True)
    assert status(run, NAME) == "unknown"


def test_a_planned_comparison_that_never_came_is_not_judged(run: RunBuilder) -> None:
    run.spin()
    assert status(run, NAME) == "not_applicable"
    run.plan["ledger"] = True
    assert status(run, NAME) == "unknown"
