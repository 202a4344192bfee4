from pathlib import Path

from harness.evidence.items import ItemReplay
from harness.evidence.reading import read_evidence
from tests.evidence.run_builder import RunBuilder


def moves(run: RunBuilder, *states: tuple[str, str], item_id: str = "item-1") -> ItemReplay:
    run.emit("item.enqueued", item_id=item_id, path="shop", priority=0)
    for state, worker in states:
        run.emit("item.state", item_id=item_id, worker_id=worker, from_state="", to_state=state, attempt=1, reason="")
    return read_evidence(run.write()).items


def test_an_item_claimed_again_after_it_was_given_back_is_no_double_claim(tmp_path: Path) -> None:
    found = moves(RunBuilder(tmp_path), ("claimed", "w1"), ("queued", "w1"), ("claimed", "w2"), ("done", "w2"))
    assert found.double_claims == 0
    assert found.items["item-1"].claims == 2
    assert found.items["item-1"].state == "done"


def test_an_item_claimed_by_two_is_found(tmp_path: Path) -> None:
    found = moves(RunBuilder(tmp_path), ("claimed", "w1"), ("claimed", "w2"))
    assert found.double_claims == 1
    assert (found.doubles[0].first, found.doubles[0].second) == ("w1", "w2")


def test_an_item_claimed_after_its_end_is_found(tmp_path: Path) -> None:
    assert moves(RunBuilder(tmp_path), ("claimed", "w1"), ("done", "w1"), ("claimed", "w2")).double_claims == 1


def test_an_item_that_was_never_claimed_is_not_among_the_claimed(tmp_path: Path) -> None:
    assert moves(RunBuilder(tmp_path), ("cancelled", "")).claimed() == {}
