from pathlib import Path

from tests.evidence.run_builder import RunBuilder
from tests.readiness.judging import judged, status

REFUSED = {"scope": "session:t1", "attempted_by": "w2", "owner": "w1", "method": "Input.insertText"}


def test_leases_in_turn_pass(tmp_path: Path) -> None:
    assert status(RunBuilder(tmp_path).good_run(), "ownership") == "pass"


def test_a_write_without_a_lease_fails(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    spin_id = run.spin()
    run.emit("ownership.refused", spin_id=spin_id, **REFUSED, lease_epoch="", current_epoch="1.1")
    found = judged(run, "ownership")[""]
    assert found.status == "fail"
    assert found.where == (f"harness explain {spin_id}",)


def test_a_refused_transition_fails(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    run.spin()
    run.emit("ownership.invalid_transition", scope="session:t1", from_state="active", to_state="claimed",
             owner="w1", attempted_by="w2")  # fmt: skip
    assert status(run, "ownership") == "fail"


def test_two_owners_at_once_fail(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    for owner in ("w1", "w2"):
        run.emit("lease.granted", scope="session:t1", owner=owner, browser_id="b1", epoch=f"1.{owner}")
    assert status(run, "ownership") == "fail"


def test_a_write_refused_after_a_revocation_passes_only_where_it_is_allowed(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    run.emit("lease.granted", scope="session:t1", owner="w1", browser_id="b1", epoch="1.1")
    run.emit("lease.revoked", scope="session:t1", owner="w1", held_ms=1.0, reason="cut", epoch="1.1")
    run.emit("ownership.refused", **REFUSED, lease_epoch="1.1", current_epoch="")
    assert status(run, "ownership") == "fail"
    run.criteria = {"max_refused_after_revocation": 1}
    assert status(run, "ownership") == "pass"


def test_where_nothing_was_owned_nothing_is_judged(tmp_path: Path) -> None:
    assert status(RunBuilder(tmp_path), "ownership") == "unknown"
