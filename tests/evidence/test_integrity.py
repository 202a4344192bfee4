"""Where the places of a run folder that tell the same thing disagree, the evidence is damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.evidence.integrity import MAX_KEPT, Integrity
from harness.evidence.reading import read_evidence
from harness.runfolder.layout import Channel
from tests.evidence.run_builder import RunBuilder


@pytest.fixture
def run(tmp_path: Path) -> RunBuilder:
    return RunBuilder(tmp_path).good_run(4)


def integrity_of(run: RunBuilder) -> Integrity:
    return read_evidence(run.write()).integrity


def test_a_sound_run_has_no_damage_and_its_channels_are_vouched_for(run: RunBuilder) -> None:
    integrity = integrity_of(run)
    assert not any(integrity.damages(died=False).values())
    assert integrity.vouched


def test_an_event_of_a_wrong_type_is_counted_told_with_its_line_and_not_used(run: RunBuilder) -> None:
    lines = run.lines[Channel.PERFORMANCE]
    (number,) = (n for n, line in enumerate(lines, 1) if b'"spin-00002"' in line and b"spin.timed" in line)
    lines[number - 1] = lines[number - 1].replace(b'"duration_ms":1000.0', b'"duration_ms":null')
    evidence = read_evidence(run.write())
    assert evidence.integrity.invalid == 1
    (told,) = map(str, evidence.integrity.strange_lines)
    assert told.startswith(
        f"L0G_P3RF0RM4NC3/segment-000001.jsonl line {number}: spin.timed: Expected `float`, got `null`"
    )
    assert len(evidence.path_ms("shop")) == 3


def test_of_very_many_strange_lines_the_first_ones_are_kept_and_all_are_counted(run: RunBuilder) -> None:
    for _ in range(MAX_KEPT + 5):
        run.emit("run.snapshot", busy=-1)
    integrity = integrity_of(run)
    assert (integrity.invalid, len(integrity.strange_lines)) == (MAX_KEPT + 5, MAX_KEPT)


def test_a_summary_that_counts_other_lines_than_there_are_contradicts_them(run: RunBuilder) -> None:
    del run.lines[Channel.DOMAIN][-1]
    (told,) = integrity_of(run).contradictions
    assert told.startswith("L0G_P3RF0RM4NC3/segment-000001.jsonl line ")
    assert "emitted.domain is 25, and 24 of its events lie before it" in told


def test_what_a_summary_says_was_dropped_need_not_lie_there(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    run.spin()
    del run.lines[Channel.DOMAIN][-1]
    emitted = {channel.value: len(lines) for channel, lines in run.lines.items()}
    run.emit("telemetry.summary", emitted={**emitted, "domain": emitted["domain"] + 1}, dropped={"domain": 1})
    integrity = integrity_of(run)
    assert integrity.contradictions == []
    assert integrity.drops == {"domain": 1}


def test_a_manifest_that_was_changed_after_the_start_contradicts_the_audit_channel(run: RunBuilder) -> None:
    root = run.write()
    text = run.paths.manifest.read_text()
    run.paths.manifest.write_text(text.replace('"error_rate_max": 0.05', "").replace('"cpus": 2', '"cpus": 64'))
    (told,) = read_evidence(root).integrity.contradictions
    assert told.startswith("L0G_4UD1T/segment-000001.jsonl line 1: manifest.json is not what it was")


def test_a_channel_that_is_not_what_its_digest_says_is_told_by_its_folder(run: RunBuilder) -> None:
    root = run.write()
    segment = run.paths.segment(Channel.DOMAIN, 1)
    segment.write_bytes(segment.read_bytes().replace(b'"alice"', b'"alicf"', 1))
    (told,) = read_evidence(root).integrity.contradictions
    assert told.startswith("channels/L0G_D0M41N: ")


def test_a_run_that_started_with_other_figures_than_it_planned_is_told_by_key(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    run.emit("run.started", mode="burn-in", profile="demo", workers=7, browsers=1, duration_s=60.0)
    assert integrity_of(run).contradictions == ["manifest.json: plan.workers is 2, and run.started says 7"]


@pytest.mark.parametrize(("reason", "damaged"), [("completed", True), ("interrupted", False), ("halted", False)])
def test_an_ending_may_be_worse_than_the_run_knew_and_never_better(tmp_path: Path, reason: str, damaged: bool) -> None:
    run = RunBuilder(tmp_path)
    assert run.ending is not None
    run.ending.reason = reason
    run.emit("run.ended", reason="failed", ran_s=60.0, detail="")
    assert bool(integrity_of(run).contradictions) == damaged
