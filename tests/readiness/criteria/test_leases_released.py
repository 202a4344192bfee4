from pathlib import Path

from tests.evidence.run_builder import RunBuilder
from tests.readiness.judging import judged, status


def test_a_run_that_gave_everything_back_passes(tmp_path: Path) -> None:
    assert status(RunBuilder(tmp_path).good_run(), "leases_released") == "pass"


def test_an_open_lease_at_the_end_fails_and_is_named(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    run.spin(end=False)
    found = judged(run, "leases_released")[""]
    assert found.status == "fail"
    assert found.where == ("session:spin-00001 held by w1",)


def test_an_open_lease_of_a_run_that_died_is_not_judged(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path).kill()
    run.spin(end=False)
    assert status(run, "leases_released") == "unknown"
    assert status(RunBuilder(tmp_path).good_run().kill(), "leases_released") == "unknown"


def test_a_run_that_says_otherwise_than_its_audit_channel_fails(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    run.spin()
    run.emit("leases.closed", granted=1, released=0, revoked=0, expired=0, refused=0, open=1)
    assert status(run, "leases_released") == "fail"


def test_without_leases_nothing_is_judged(tmp_path: Path) -> None:
    assert status(RunBuilder(tmp_path), "leases_released") == "unknown"
