from pathlib import Path

from tests.evidence.run_builder import RunBuilder
from tests.readiness.judging import judged, status


def test_items_claimed_once_and_ended_pass(tmp_path: Path) -> None:
    assert status(RunBuilder(tmp_path).good_run(), "items") == "pass"


def test_an_item_claimed_twice_fails(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path).good_run()
    for worker in ("w1", "w2"):
        run.emit("item.state", item_id="item-x", worker_id=worker, from_state="queued", to_state="claimed", attempt=1)
    found = judged(run, "items")[""]
    assert found.status == "fail"
    assert found.where[0] == "harness explain item-x"


def test_an_item_without_an_end_fails_and_is_unknown_where_the_run_died(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    run.spin(end=False)
    assert status(run, "items") == "fail"
    assert status(run.kill(), "items") == "unknown"


def test_without_claims_nothing_is_judged(tmp_path: Path) -> None:
    assert status(RunBuilder(tmp_path), "items") == "unknown"
