from pathlib import Path

import pytest

from harness.evidence.reading import read_evidence
from harness.readiness.criteria.throughput import worker_s
from tests.evidence.run_builder import RunBuilder
from tests.readiness.judging import judged, status


def test_a_busy_run_passes(tmp_path: Path) -> None:
    found = judged(RunBuilder(tmp_path).good_run(40), "throughput")
    assert found["together"].value == 40.0
    assert {finding.status.value for finding in found.values()} == {"pass"}
    assert found["each worker"].n == 2


def test_too_few_spins_a_minute_fail(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    run.criteria = {"min_throughput_per_min": 41.0, "min_throughput_per_worker_per_min": 30.0}
    assert {finding.status.value for finding in judged(run.good_run(40), "throughput").values()} == {"fail"}


def test_the_slowest_worker_is_named(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    run.emit("run.started", 0.0, mode="burn-in", profile="demo", workers=2, browsers=1, duration_s=60.0)
    for _ in range(20):
        run.spin(worker="w1")
    run.spin(worker="w2", outcome="failed", committed="no")
    found = judged(run, "throughput")["each worker"]
    assert (found.status, found.value) == ("fail", 0.0)
    assert "w2" in found.measured


def test_an_empty_run_is_not_judged(tmp_path: Path) -> None:
    assert {finding.status.value for finding in judged(RunBuilder(tmp_path), "throughput").values()} == {"unknown"}


def test_workers_that_worked_too_short_are_not_judged(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    run.criteria = {"min_worker_s": 3600.0}
    assert status(run.good_run(), "throughput", "each worker") == "unknown"


def test_a_dead_worker_is_measured_until_its_death(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    run.emit("run.started", 0.0, mode="burn-in", profile="demo", workers=2, browsers=1, duration_s=60.0)
    run.spin(worker="w1", at_s=2.0)
    run.emit("worker.died", 22.0, worker_id="w1", cohort="a", error="x")
    evidence = read_evidence(run.write())
    assert worker_s(evidence, evidence.workers["w1"]) == pytest.approx(20.0)


def test_a_run_of_counted_items_promises_no_rate(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    run.mode = "parallel"
    assert {finding.status.value for finding in judged(run, "throughput").values()} == {"not_applicable"}
