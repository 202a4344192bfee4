from pathlib import Path

from harness.evidence.leases import LeaseReplay
from harness.evidence.reading import read_evidence
from tests.evidence.run_builder import RunBuilder


def replay(run: RunBuilder) -> LeaseReplay:
    return read_evidence(run.write()).leases


def grant(run: RunBuilder, owner: str, epoch: str, scope: str = "session:t1") -> None:
    run.emit("lease.granted", scope=scope, owner=owner, browser_id="b1", reason="spin", credential="", epoch=epoch)


def end(run: RunBuilder, how: str, owner: str, epoch: str, scope: str = "session:t1") -> None:
    run.emit(f"lease.{how}", scope=scope, owner=owner, held_ms=1.0, epoch=epoch)


def test_a_lease_that_ended_is_not_open(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    for number, how in enumerate(("released", "revoked", "expired")):
        grant(run, "w1", f"1.{number}")
        end(run, how, "w1", f"1.{number}")
    found = replay(run)
    assert (found.granted, found.released, found.revoked, found.expired) == (3, 1, 1, 1)
    assert found.open == {}
    assert found.double_owners == 0


def test_a_lease_that_did_not_end_is_open(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    grant(run, "w1", "1.1")
    assert replay(run).open["session:t1"].owner == "w1"


def test_two_owners_of_one_scope_at_once_are_found(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    grant(run, "w1", "1.1")
    grant(run, "w2", "1.2")
    found = replay(run)
    assert found.double_owners == 1
    assert (found.doubles[0].first, found.doubles[0].second) == ("w1", "w2")


def test_two_owners_of_two_scopes_are_nothing(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    grant(run, "w1", "1.1", scope="session:t1")
    grant(run, "w2", "1.2", scope="session:t2")
    assert replay(run).double_owners == 0


def test_a_refusal_after_a_revocation_is_told_from_a_write_without_a_lease(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    grant(run, "w1", "1.1")
    end(run, "revoked", "w1", "1.1")
    refused = {"scope": "session:t1", "attempted_by": "w1", "owner": "nobody", "method": "Input.dispatchMouseEvent"}
    run.emit("ownership.refused", **refused, lease_epoch="1.1", current_epoch="")
    run.emit("ownership.refused", **refused, lease_epoch="", current_epoch="")
    found = replay(run)
    assert (found.refused, found.refused_after_revocation) == (2, 1)
    assert [refusal.after_revocation for refusal in found.refusals] == [True, False]


def test_leases_of_a_process_that_ended_are_void_in_the_next_one(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    grant(run, "w1", "1.1")
    run.incarnation, run.seq = 2, 0
    grant(run, "w2", "2.1")
    found = replay(run)
    assert found.double_owners == 0
    assert found.void_by_restart == 1
    assert list(found.open) == ["session:t1"]
