"""Evidence is never a GO after it was damaged: one good run folder, and every single thing that can be done to it.

`mend` redoes the digests after the damage, as somebody would who knows of them: what is found even then is found by
type, sequence, count or agreement. What cannot be found then stands in docs/readiness.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.basics.errors import HarnessError
from harness.readiness.verdict import evaluate
from harness.runfolder.layout import Channel
from tests.evidence.run_builder import RunBuilder

Damage = Callable[[Path], None]
MANIFEST = "manifest.json"


def good_run(root: Path) -> Path:
    """A small run that is a GO, with two copied files, its performance channel in three segments."""
    run = RunBuilder(root)
    run.copies = {"profile.toml": b'title = "Small"\n'}
    run.criteria = {"min_spins": 4, "min_spins_per_path": 4}
    run.good_run(6).write()
    first = run.paths.segment(Channel.PERFORMANCE, 1)
    lines = first.read_bytes().splitlines(keepends=True)
    for number in range(3):
        run.paths.segment(Channel.PERFORMANCE, number + 1).write_bytes(
            b"".join(lines[8 * number :][: 8 if number < 2 else None])
        )
    assert evaluate(root).verdict == "GO"
    return root


def found(root: Path) -> tuple[str, int, str]:
    """Verdict, exit code and reasons; an error that is told in three lines is one way to find damage."""
    try:
        verdict = evaluate(root)
    except HarnessError as error:
        return "refused", int(error.exit_code), " ".join(error.lines())
    where = [place for finding in verdict.findings if finding.criterion == "telemetry" for place in finding.where]
    return verdict.verdict.value, int(verdict.exit_code), " ".join([*verdict.reasons, *where])


def segment(root: Path, channel: Channel, number: int = 1) -> Path:
    return root / "channels" / channel.collection / f"segment-{number:06d}.jsonl"


def mend(root: Path) -> None:
    """Redo the digests of all channels."""
    manifest = json.loads((root / MANIFEST).read_bytes())
    for channel in Channel:
        content = b"".join(
            path.read_bytes() for path in sorted((root / "channels" / channel.collection).glob("*.jsonl"))
        )
        manifest["ending"]["channels"][channel.value] = sha256(content).hexdigest()
    (root / MANIFEST).write_text(json.dumps(manifest))


# --- the damages


def change_lines(change: Callable[[list[bytes]], object], channel: Channel, root: Path, number: int = 1) -> None:
    path = segment(root, channel, number)
    lines = path.read_bytes().splitlines(keepends=True)
    change(lines)
    path.write_bytes(b"".join(lines))


def change_event(name: str, change: Callable[[dict[str, Any]], object], root: Path) -> None:
    """Change the last event of this name in whatever segment it lies."""
    for path in sorted(root.glob("channels/*/*.jsonl"), reverse=True):
        lines = path.read_bytes().splitlines(keepends=True)
        for number in reversed(range(len(lines))):
            event = json.loads(lines[number])
            if event["event"] == name:
                change(event)
                lines[number] = json.dumps(event).encode() + b"\n"
                path.write_bytes(b"".join(lines))
                return
    raise AssertionError(f"no {name} in {root}")


def set_field(name: str, field: str, value: Any) -> Damage:
    return partial(change_event, name, lambda event: event["fields"].__setitem__(field, value))


def set_key(name: str, key: str, value: Any) -> Damage:
    return partial(change_event, name, lambda event: event.__setitem__(key, value))


def drop_field(name: str, field: str) -> Damage:
    return partial(change_event, name, lambda event: event["fields"].__delitem__(field))


def set_manifest(*keys: str, value: Any) -> Damage:
    def damage(root: Path) -> None:
        manifest = json.loads((root / MANIFEST).read_bytes())
        inner = manifest
        for key in keys[:-1]:
            inner = inner[int(key)] if isinstance(inner, list) else inner[key]
        inner[keys[-1]] = value
        (root / MANIFEST).write_text(json.dumps(manifest))

    return damage


def swap_first(lines: list[bytes]) -> None:
    lines[0], lines[1] = lines[1], lines[0]


def lines_of(change: Callable[[list[bytes]], object], channel: Channel = Channel.DOMAIN, number: int = 1) -> Damage:
    return lambda root: change_lines(change, channel, root, number)


def delete(*parts: str) -> Damage:
    return lambda root: root.joinpath(*parts).unlink()


def put(content: bytes, *parts: str) -> Damage:
    return lambda root: (root.joinpath(*parts).write_bytes(content), None)[1]


def renumber(root: Path) -> None:
    segment(root, Channel.PERFORMANCE, 3).rename(segment(root, Channel.PERFORMANCE, 4))


def copy_segment(root: Path) -> None:
    segment(root, Channel.AUDIT, 2).write_bytes(segment(root, Channel.AUDIT).read_bytes())


def folder_for_segment(root: Path) -> None:
    segment(root, Channel.AUDIT).unlink()
    segment(root, Channel.AUDIT).mkdir()


def truncate(root: Path) -> None:
    path = segment(root, Channel.OPERATIONAL)
    path.write_bytes(path.read_bytes()[:-7])


def swap_channels(root: Path) -> None:
    audit, domain = segment(root, Channel.AUDIT), segment(root, Channel.DOMAIN)
    aside = root / "aside"
    audit.rename(aside)
    domain.rename(audit)
    aside.rename(domain)


def summary_counts(table: str, channel: str, more: int) -> Damage:
    def change(event: dict[str, Any]) -> None:
        event["fields"][table][channel] += more

    return partial(change_event, "telemetry.summary", change)


FOUND_BY_TYPE_AND_COUNT: dict[str, Damage] = {
    "delete a line": lines_of(lambda lines: lines.pop(3)),
    "delete a first line": lines_of(lambda lines: lines.pop(0), Channel.AUDIT),
    "delete a segment's last line": lines_of(lambda lines: lines.pop(), Channel.PERFORMANCE, 2),
    "repeat a line": lines_of(lambda lines: lines.insert(3, lines[3])),
    "swap two lines": lines_of(swap_first),
    "empty a line": lines_of(lambda lines: lines.__setitem__(2, b"\n")),
    "no JSON": lines_of(lambda lines: lines.__setitem__(2, b"{,}\n")),
    "a list for an event": lines_of(lambda lines: lines.__setitem__(2, b"[]\n")),
    "too deep": lines_of(lambda lines: lines.__setitem__(2, b"[" * 100_000 + b"\n")),
    "null a duration": set_field("spin.timed", "duration_ms", None),
    "a text for a duration": set_field("spin.timed", "duration_ms", "12"),
    "a negative duration": set_field("phase.completed", "duration_ms", -1),
    "a duration beyond reason": set_field("spin.timed", "duration_ms", 1e308),
    "a number of 400 digits": set_field("spin.timed", "duration_ms", int("9" * 400)),
    "a flag for a count": set_field("spin.ended", "attempt", True),
    "a list for a text": set_field("spin.ended", "outcome", ["completed"]),
    "delete a field": drop_field("spin.ended", "committed"),
    "add a field": set_field("spin.ended", "because", "x"),
    "null all fields": set_key("spin.timed", "fields", None),
    "rename an event": set_key("spin.ended", "event", "spin.finished"),
    "rename an event to another": set_key("spin.ended", "event", "spin.started"),
    "another channel": set_key("spin.ended", "channel", "audit"),
    "another run": set_key("spin.ended", "run_id", "run-other"),
    "another sequence": set_key("spin.ended", "seq", 1),
    "a huge sequence": set_key("spin.ended", "seq", 2**62),
    "a sequence beyond 64 bits": set_key("spin.ended", "seq", 2**80),
    "a negative time": set_key("spin.ended", "mono_ns", -1),
    "another incarnation": set_key("spin.ended", "incarnation", 2),
    "a number for an id": set_key("spin.ended", "spin_id", 7),
    "more emitted": summary_counts("emitted", "domain", 1),
    "fewer emitted": summary_counts("emitted", "audit", -1),
    "a null among the counts": lambda root: change_event(
        "telemetry.summary", lambda event: event["fields"]["emitted"].__setitem__("domain", None), root
    ),
    "an ending that is no word of the run": set_field("run.ended", "reason", "halted"),
    "another duration of the run": set_field("run.ended", "ran_s", 30.0),
    "other workers at the start": set_field("run.started", "workers", 3),
    "truncate a segment": truncate,
    "empty a segment": lambda root: segment(root, Channel.PERFORMANCE, 2).write_bytes(b"") and None,
    "delete a segment in the middle": lambda root: segment(root, Channel.PERFORMANCE, 2).unlink(),
    "delete a channel": lambda root: segment(root, Channel.AUDIT).unlink(),
    "a missing number between segments": renumber,
    "a segment twice": copy_segment,
    "a folder in a segment's place": folder_for_segment,
    "two channels in each other's place": swap_channels,
}
FOUND_BY_DIGEST: dict[str, Damage] = {
    "delete the last line of all": lines_of(lambda lines: lines.pop(), Channel.PERFORMANCE, 3),
    "another plausible duration": set_field("spin.timed", "duration_ms", 999.0),
    "another outcome": set_field("phase.completed", "outcome", "gate_failed"),
    "a later time": set_key("spin.ended", "time_ns", 1_800_000_000_000_000_000),
    "an added space": lines_of(lambda lines: lines.__setitem__(2, lines[2].replace(b"{", b"{ ", 1))),
    "another copied file": put(b'title = "Large"\n', "profile.toml"),
    "no copied file": delete("profile.toml"),
}
IN_THE_MANIFEST: dict[str, Damage] = {
    "no manifest": delete(MANIFEST),
    "an empty manifest": put(b"", MANIFEST),
    "half a manifest": lambda root: (root / MANIFEST).write_bytes((root / MANIFEST).read_bytes()[:200]) and None,
    "words for workers": set_manifest("plan", "workers", value="many"),
    "null workers": set_manifest("plan", "workers", value=None),
    "negative workers": set_manifest("plan", "workers", value=-3),
    "other workers": set_manifest("plan", "workers", value=9),
    "no plan": set_manifest("plan", value={}),
    "no planned duration": set_manifest("plan", "duration_s", value=None),
    "a shorter duration": set_manifest("plan", "duration_s", value=1.0),
    "a milder threshold": set_manifest("criteria", "error_rate_max", value=0.9),
    "a nonsense threshold": set_manifest("criteria", "error_rate_max", value="none"),
    "another mode": set_manifest("mode", value="parallel"),
    "another run": set_manifest("run_id", value="run-other"),
    "an endless run": set_manifest("ending", "ran_s", value=1e308),
    "a longer run": set_manifest("ending", "ran_s", value=61.0),
    "a year beyond the calendar": set_manifest("started_ns", value=2**80),
    "no ending": set_manifest("ending", value=None),
    "no digests": set_manifest("ending", "channels", value={}),
    "another digest": set_manifest("ending", "channels", "audit", value="0" * 64),
    "another schema": set_manifest("schema", value=2),
    "a copy outside of the folder": set_manifest("copies", "0", "file", value="../../etc/passwd"),
    "no copies": set_manifest("copies", value=[]),
}


@pytest.mark.parametrize("damage", FOUND_BY_TYPE_AND_COUNT)
@pytest.mark.parametrize("mended", [False, True], ids=["as it is", "with new digests"])
def test_damaged_events_are_found_and_told_with_file_and_line(tmp_path: Path, damage: str, mended: bool) -> None:
    root = good_run(tmp_path / "run")
    FOUND_BY_TYPE_AND_COUNT[damage](root)
    if mended and damage != "a folder in a segment's place":
        mend(root)
    verdict, code, told = found(root)
    assert (verdict, code) == ("NO-GO", 5), told
    assert "segment-" in told or "sequence" in told or MANIFEST in told, told


def test_a_drop_that_the_run_tells_of_is_a_no_go_and_no_damage(tmp_path: Path) -> None:
    root = good_run(tmp_path / "run")
    summary_counts("dropped", "domain", 1)(root)
    mend(root)
    assert found(root)[:2] == ("NO-GO", 1)


@pytest.mark.parametrize("damage", FOUND_BY_DIGEST)
def test_what_no_type_and_no_count_can_tell_is_found_by_its_digest(tmp_path: Path, damage: str) -> None:
    root = good_run(tmp_path / "run")
    FOUND_BY_DIGEST[damage](root)
    verdict, code, told = found(root)
    assert (verdict, code) == ("NO-GO", 5), told
    assert MANIFEST in told


@pytest.mark.parametrize("damage", IN_THE_MANIFEST)
def test_a_damaged_manifest_is_never_a_go(tmp_path: Path, damage: str) -> None:
    root = good_run(tmp_path / "run")
    IN_THE_MANIFEST[damage](root)
    verdict, code, told = found(root)
    assert (verdict, code) in {("NO-GO", 5), ("refused", 5), ("refused", 2), ("INCONCLUSIVE", 3)}, told
    assert code != 0


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_byte_of_any_channel_that_is_another_one_is_found(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    root = tmp_path_factory.mktemp("damaged") / "run"
    good_run(root)
    path = data.draw(st.sampled_from(sorted(root.glob("channels/*/*.jsonl"))))
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    assert found(root)[:2] == ("NO-GO", 5)


@given(st.sampled_from(list(Channel)), st.integers(0, 10_000), st.sampled_from(["delete", "repeat", "swap", "cut"]))
@settings(max_examples=60, deadline=None)
def test_any_line_that_is_gone_twice_there_or_elsewhere_is_found_in_spite_of_new_digests(
    tmp_path_factory: pytest.TempPathFactory, channel: Channel, number: int, what: str
) -> None:
    root = tmp_path_factory.mktemp("damaged") / "run"
    good_run(root)
    path = segment(root, channel)
    lines = path.read_bytes().splitlines(keepends=True)
    at = number % (len(lines) - 1)
    match what:
        case "delete":
            del lines[at]
        case "repeat":
            lines.insert(at, lines[at])
        case "swap":
            lines[at], lines[at + 1] = lines[at + 1], lines[at]
        case _:
            lines[at] = lines[at][: len(lines[at]) // 2] + b"\n"
    path.write_bytes(b"".join(lines))
    mend(root)
    assert found(root)[:2] == ("NO-GO", 5)


@pytest.mark.parametrize("name", ["L0G_D0M41N/segment-1.jsonl", "L0G_D0M41N/notes.txt", "L0G_0TH3R"])
def test_what_lies_among_the_channels_and_is_none_of_theirs_is_told(tmp_path: Path, name: str) -> None:
    root = good_run(tmp_path / "run")
    stranger = root / "channels" / name
    if name.endswith(".jsonl"):
        segment(root, Channel.DOMAIN).rename(stranger)
    elif name.endswith(".txt"):
        stranger.write_text("mine")
    else:
        stranger.mkdir()
    verdict, code, why = found(root)
    assert (verdict, code) == ("NO-GO", 5)
    assert f"{stranger}: nothing of a run lies there" in why
