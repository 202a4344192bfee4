from pathlib import Path

import pytest

from harness.evidence.reading import Evidence, read_evidence
from harness.readiness import series
from tests.evidence.run_builder import RunBuilder


@pytest.fixture
def evidence(tmp_path: Path) -> Evidence:
    run = RunBuilder(tmp_path)
    run.emit("run.started", 0.0, mode="burn-in", profile="demo", workers=2, browsers=1, duration_s=60.0)
    run.emit("fault.injected", 1.0, kind="connection_cut", browser_id="b1")
    run.spin("cabinet", at_s=1.0, took_s=2.0)
    run.spin("shop", at_s=3.0, took_s=1.0)
    run.spin("shop", at_s=40.0, took_s=1.0, outcome="failed", committed="no")
    run.emit("run.snapshot", 50.0, rss_bytes=2**20, busy=1)
    return read_evidence(run.write())


def test_buckets_are_round_and_cover_the_run(evidence: Evidence) -> None:
    assert series.bucket_s(evidence) == 2.0
    assert series.bucket_count(evidence) * series.bucket_s(evidence) >= series.span_s(evidence)


def test_latency_has_two_curves_for_each_path(evidence: Evidence) -> None:
    assert [(line.label, line.points) for line in series.latency_lines(evidence)] == [
        ("cabinet p50", [(3.0, 2.0)]),
        ("cabinet p95", [(3.0, 2.0)]),
        ("shop p50", [(5.0, 1.0)]),
        ("shop p95", [(5.0, 1.0)]),
    ]


def test_throughput_is_per_minute_by_outcome(evidence: Evidence) -> None:
    stacks = {stack.label: stack.values for stack in series.throughput_stacks(evidence)}
    assert set(stacks) == {"completed", "failed"}
    assert stacks["completed"][1:3] == [30.0, 30.0]
    assert sum(stacks["failed"]) == 30.0


def test_failures_are_counted_by_category(evidence: Evidence) -> None:
    stacks = {stack.label: sum(stack.values) for stack in series.failure_stacks(evidence)}
    assert stacks["navigation (1)"] == 1
    assert len(stacks) == 5


def test_faults_are_marked_and_memory_is_in_mib(evidence: Evidence) -> None:
    assert series.marks(evidence) == [series.Mark(1.0, "connection_cut b1")]
    assert series.memory_lines(evidence)[1].points == [(50.0, 1.0)]


def test_a_run_of_a_day_has_few_buckets(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path).kill()
    run.emit("run.started", 0.0, mode="burn-in", profile="demo", workers=2, browsers=1, duration_s=60.0)
    run.emit("run.ended", 86_400.0, reason="completed", ran_s=86_400.0)
    assert series.bucket_count(read_evidence(run.write())) <= series.BUCKETS + 1
