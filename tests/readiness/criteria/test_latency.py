from pathlib import Path

from tests.evidence.run_builder import RunBuilder
from tests.readiness.judging import judged


def run_of(tmp_path: Path, *seconds: float) -> RunBuilder:
    run = RunBuilder(tmp_path)
    run.criteria = {"p95_ms": {"shop": {"total": 2000.0, "phases": {"Login": 900.0}}}}
    for took_s in seconds:
        run.spin(took_s=took_s)
    return run


def test_each_path_and_phase_is_judged_against_its_own_limit(tmp_path: Path) -> None:
    found = judged(run_of(tmp_path, *[1.9] * 20), "latency_p95")
    assert {subject: finding.status.value for subject, finding in found.items()} == {
        "shop": "pass",
        "shop / Login": "fail",
        "shop / Buy": "pass",
    }
    assert found["shop / Buy"].limit == 10_000.0


def test_a_p95_at_its_limit_passes_and_one_just_above_fails(tmp_path: Path) -> None:
    at = judged(run_of(tmp_path / "at", *[2.0] * 20), "latency_p95")["shop"]
    above = judged(run_of(tmp_path / "above", *[1.0] * 18, 2.001, 2.001), "latency_p95")["shop"]
    assert (at.status, at.value) == ("pass", 2000.0)
    assert (above.status, above.value) == ("fail", 2001.0)
    assert above.where == ("harness explain spin-00019",)


def test_fewer_samples_than_wanted_are_not_judged(tmp_path: Path) -> None:
    found = judged(run_of(tmp_path, *[1.0] * 19), "latency_p95")
    assert {finding.status.value for finding in found.values()} == {"unknown"}
    assert "slowest" in found["shop"].note


def test_a_path_with_a_limit_that_never_ran_is_not_judged(tmp_path: Path) -> None:
    found = judged(run_of(tmp_path), "latency_p95")
    assert (found["shop"].status, found["shop"].n) == ("unknown", 0)


def test_without_paths_nothing_is_judged(tmp_path: Path) -> None:
    assert judged(RunBuilder(tmp_path), "latency_p95")[""].status == "unknown"


def test_failed_spins_and_phases_are_not_in_it(tmp_path: Path) -> None:
    run = run_of(tmp_path, *[1.0] * 20)
    run.spin(took_s=50.0, outcome="failed", committed="no")
    found = judged(run, "latency_p95")
    assert (found["shop"].n, found["shop / Buy"].n) == (20, 20)
