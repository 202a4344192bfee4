from pathlib import Path

import pytest

from harness.basics.errors import UsageError
from harness.evidence.reading import read_evidence
from harness.runfolder.layout import Channel
from tests.evidence.run_builder import RunBuilder


def test_a_sound_run_is_read_whole(tmp_path: Path) -> None:
    evidence = read_evidence(RunBuilder(tmp_path).good_run(10).write())
    assert evidence.outcomes() == {"completed": 10}
    assert evidence.paths == ["shop"]
    assert evidence.ran_s == 60.0
    assert (evidence.integrity.sequence.missing, evidence.integrity.drops, evidence.integrity.foreign) == (0, {}, 0)
    assert evidence.commands["Runtime.evaluate"].durations_ms.count == 20
    assert {worker.completed for worker in evidence.workers.values()} == {5}
    assert evidence.site is not None
    assert evidence.site.known == 10


def test_no_run_folder_is_told_in_three_lines(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as told:
        read_evidence(tmp_path)
    assert len(told.value.lines()) == 3


def test_an_empty_run_is_read(tmp_path: Path) -> None:
    evidence = read_evidence(RunBuilder(tmp_path).kill().write())
    assert evidence.integrity.events == 0
    assert evidence.ran_s == 0.0
    assert evidence.paths == []


def test_a_run_that_died_lasted_until_its_last_event(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path).kill()
    run.emit("run.started", 2.0, mode="burn-in", profile="demo", workers=1, browsers=1, duration_s=60.0)
    run.spin(at_s=2.0, took_s=5.0)
    assert read_evidence(run.write()).ran_s == 5.0


def test_channels_are_merged_by_sequence_over_rotated_segments(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path).good_run(4)
    root = run.write()
    lines = run.lines[Channel.PERFORMANCE]
    run.paths.segment(Channel.PERFORMANCE, 1).write_bytes(b"".join(lines[:3]))
    run.paths.segment(Channel.PERFORMANCE, 2).write_bytes(b"".join(lines[3:]))
    evidence = read_evidence(root)
    assert evidence.integrity.sequence.missing == 0
    assert evidence.integrity.sequence.disordered == 0


def test_torn_tails_bad_lines_and_gaps_are_told(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path).good_run(4)
    del run.lines[Channel.PERFORMANCE][2]
    run.lines[Channel.DOMAIN][1] = b"no event\n"
    run.lines[Channel.AUDIT].append(b'{"time_ns": 17')
    integrity = read_evidence(run.write()).integrity
    assert integrity.sequence.missing == 2
    assert len(integrity.findings.bad) == 1
    assert integrity.findings.torn[0].length == 14


def test_drops_account_for_missing_numbers_once(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path).good_run(4)
    del run.lines[Channel.PERFORMANCE][2]
    run.emit("telemetry.dropped", dropped={"performance": 1})
    run.emit("telemetry.summary", emitted={"performance": 9, "skeletons": 2}, dropped={"performance": 1})
    integrity = read_evidence(run.write()).integrity
    assert integrity.drops == {"performance": 1}
    assert integrity.lost_untold == 0
    assert integrity.skeletons == 2


def test_events_of_another_run_are_foreign(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path).good_run(4)
    run.emit("run.snapshot", run_id="run-other", busy=1)
    assert read_evidence(run.write()).integrity.foreign == 1


def test_what_befell_the_run_is_kept_with_its_time(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    run.emit("run.started", 1.0, mode="burn-in", profile="demo", workers=1, browsers=1, duration_s=60.0)
    run.emit("fault.injected", 4.0, kind="connection_cut", browser_id="b1")
    run.emit("reconnect.decision", 5.0, browser_id="b1", cohort="a", attempt=1, wait_s=0.2, cause="cut",
             outcome="connected", detail="")  # fmt: skip
    run.emit("browser.state", browser_id="b1", cohort="a", from_state="healthy", to_state="reconnecting", reason="")
    run.emit("run.snapshot", 6.0, busy=2, spins=3, failures=0, p95_ms=1.0, rss_bytes=5, cpu_s=0.1, loop_lag_ms=0.0)
    run.emit("lock.summary", scope_kind="session", acquires=3, contended=1, wait_ms_p95=1.0, wait_ms_max=2.0,
             hold_ms_p95=3.0)  # fmt: skip
    run.emit("worker.died", worker_id="w1", cohort="a", error="x")
    run.failure(worker_id="w1", browser_id="b1")
    evidence = read_evidence(run.write())
    assert evidence.since_start_s(evidence.faults[0].mono_ns) == 3.0
    assert evidence.reconnects[0].outcome == "connected"
    assert evidence.browser_moves[0].to_state == "reconnecting"
    assert evidence.snapshots[0].spins == 3
    assert evidence.locks["session"].contended == 1
    assert evidence.workers["w1"].died
    assert evidence.failures[0].worker_id == "w1"
