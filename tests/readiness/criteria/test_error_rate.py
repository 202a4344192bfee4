from pathlib import Path

from tests.evidence.run_builder import RunBuilder
from tests.readiness.judging import judged, status


def spins(run: RunBuilder, **by_outcome: int) -> RunBuilder:
    for outcome, count in by_outcome.items():
        for _ in range(count):
            run.spin(outcome=outcome, committed="yes" if outcome == "completed" else "no")
    return run


def test_few_failures_among_enough_spins_pass(tmp_path: Path) -> None:
    found = judged(spins(RunBuilder(tmp_path), completed=19, failed=1), "error_rate")[""]
    assert (found.status, found.value, found.n) == ("pass", 0.05, 20)
    assert found.where == ("harness explain spin-00020",)


def test_too_many_failed_and_unknown_spins_fail(tmp_path: Path) -> None:
    assert status(spins(RunBuilder(tmp_path), completed=20, failed=1, unknown=1), "error_rate") == "fail"


def test_cancelled_spins_are_left_out(tmp_path: Path) -> None:
    assert judged(spins(RunBuilder(tmp_path), completed=20, cancelled=9), "error_rate")[""].n == 20


def test_too_few_spins_are_not_judged(tmp_path: Path) -> None:
    assert status(spins(RunBuilder(tmp_path), completed=19), "error_rate") == "unknown"
    assert status(spins(RunBuilder(tmp_path), completed=3, failed=1), "error_rate") == "unknown"
    assert status(RunBuilder(tmp_path), "error_rate") == "unknown"


def test_so_many_failures_that_more_spins_could_not_mend_them_fail_at_once(tmp_path: Path) -> None:
    assert status(spins(RunBuilder(tmp_path), failed=2), "error_rate") == "fail"
