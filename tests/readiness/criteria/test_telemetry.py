from pathlib import Path

import pytest

from harness.runfolder.layout import Channel
from tests.evidence.run_builder import RunBuilder
from tests.readiness.judging import judged, status


@pytest.fixture
def run(tmp_path: Path) -> RunBuilder:
    return RunBuilder(tmp_path).good_run(6)


def test_whole_evidence_passes(run: RunBuilder) -> None:
    assert status(run, "telemetry") == "pass"


def test_a_lost_event_fails(run: RunBuilder) -> None:
    del run.lines[Channel.DOMAIN][3]
    found = judged(run, "telemetry")[""]
    assert (found.status, found.measured) == ("fail", "1 missing, 1 contradictions")


def test_a_told_drop_fails_and_counts_once(run: RunBuilder) -> None:
    del run.lines[Channel.PERFORMANCE][3]
    run.emit("telemetry.dropped", dropped={"performance": 1})
    found = judged(run, "telemetry")[""]
    assert found.status == "fail"
    assert found.measured.startswith("1 dropped")
    assert "missing" not in found.measured


def test_a_bad_line_fails(run: RunBuilder) -> None:
    run.lines[Channel.AUDIT].append(b"{}\n")
    found = judged(run, "telemetry")[""]
    assert found.status == "fail"
    assert "1 bad line" in found.measured


@pytest.mark.parametrize("event", ["skeleton", "foreign", "repeated"])
def test_cut_foreign_and_repeated_events_fail(run: RunBuilder, event: str) -> None:
    if event == "skeleton":
        run.emit("telemetry.summary", emitted={"domain": 1, "skeletons": 1}, dropped={})
    elif event == "foreign":
        run.emit("run.snapshot", run_id="run-other", busy=1)
    else:
        run.lines[Channel.DOMAIN].append(run.lines[Channel.DOMAIN][-1])
    assert status(run, "telemetry") == "fail"


def test_a_torn_tail_fails_a_run_that_ended_and_is_unknown_in_one_that_died(run: RunBuilder) -> None:
    run.lines[Channel.AUDIT].append(b'{"time_ns": 1')
    assert status(run, "telemetry") == "fail"
    assert status(run.kill(), "telemetry") == "unknown"


def test_what_was_not_yet_written_at_a_kill_is_unknown(run: RunBuilder) -> None:
    run.lines[Channel.PERFORMANCE] = run.lines[Channel.PERFORMANCE][:-1]
    run.emit("lease.granted", scope="session:x", owner="w1", browser_id="b1")
    assert status(run, "telemetry") == "fail"
    found = judged(run.kill(), "telemetry")[""]
    assert (found.status, found.measured) == ("unknown", "1 unwritten at the kill")


def test_a_killed_run_with_a_gap_in_its_middle_fails(run: RunBuilder) -> None:
    del run.lines[Channel.DOMAIN][3]
    assert status(run.kill(), "telemetry") == "fail"


def test_no_event_at_all_is_not_judged(tmp_path: Path) -> None:
    assert status(RunBuilder(tmp_path), "telemetry") == "unknown"
