from pathlib import Path

from harness.runfolder.manifest import Ending
from tests.evidence.run_builder import RunBuilder
from tests.readiness.judging import judged, status


def run_of(tmp_path: Path, ran_s: float, reason: str = "completed") -> RunBuilder:
    run = RunBuilder(tmp_path)
    run.ending = Ending(reason=reason, ran_s=ran_s, ended_ns=1)
    return run


def test_the_planned_time_within_its_tolerance_passes(tmp_path: Path) -> None:
    assert status(run_of(tmp_path, 60.0), "duration") == "pass"
    assert status(run_of(tmp_path, 58.9), "duration") == "pass"


def test_too_short_is_never_a_pass_and_no_failure_either(tmp_path: Path) -> None:
    assert status(run_of(tmp_path, 58.7), "duration") == "unknown"
    assert status(run_of(tmp_path, 10.0, "interrupted"), "duration") == "unknown"


def test_a_run_that_died_is_not_long_enough_however_long_it_was(tmp_path: Path) -> None:
    found = judged(RunBuilder(tmp_path).good_run().kill(), "duration")[""]
    assert found.status == "unknown"
    assert found.value is not None
    assert found.value >= 59.9


def test_other_modes_have_no_duration(tmp_path: Path) -> None:
    run = run_of(tmp_path, 3.0)
    run.mode = "sequential"
    assert status(run, "duration") == "not_applicable"
