"""`harness nav check` says of each file what was repaired, and what cannot be run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.cli.main import main

Capture = pytest.CaptureFixture[str]
MAPS = Path(__file__).parents[2] / "profiles" / "maps"


def recording(folder: Path, *steps: dict[str, Any], **more: Any) -> Path:
    path = folder / "path.json"
    path.write_text(json.dumps({"title": "t", "steps": steps, **more}))
    return path


def as_json(capsys: Capture) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_the_shipped_maps_can_be_run(capsys: Capture) -> None:
    files = sorted(map(str, MAPS.glob("*.json")))
    assert main(["nav", "check", "--json", *files]) == 0
    found = as_json(capsys)
    assert [file["file"] for file in found["files"]] == files
    assert all(file["ok"] for file in found["files"])


def test_repairs_are_lines_of_a_drift_report(capsys: Capture, tmp_path: Path) -> None:
    path = recording(tmp_path, {"type": "click", "selectors": ["#a"], "offsetX": 1.5, "offsetY": 2, "mood": "good"})
    assert main(["nav", "check", str(path)]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"ok {path}: ")
    assert "  drift " in out
    assert "mood" in out


def test_a_step_that_nobody_can_run_is_named_with_the_nearest_action(capsys: Capture, tmp_path: Path) -> None:
    path = recording(tmp_path, {"type": "customStep", "name": "clipp", "parameters": {"text": "x"}})
    assert main(["nav", "check", str(path)]) == 2
    out = capsys.readouterr().out
    assert out.startswith(f"CANNOT RUN {path}")
    assert "'clip'" in out
    assert main(["nav", "check", "--json", str(path)]) == 2
    (file,) = as_json(capsys)["files"]
    assert file["problems"][0]["action"] == "clipp"


@pytest.mark.parametrize("content", [None, b"", b"{", b"\xff\xfe", b'{"title": "t", "steps": []}'])
def test_a_file_that_is_no_map_is_refused_and_the_others_are_read(
    capsys: Capture, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "bad.json"
    if content is not None:
        path.write_bytes(content)
    good = next(MAPS.glob("*.json"))
    assert main(["nav", "check", str(path), str(good)]) == 2
    out = capsys.readouterr().out
    assert f"REFUSED {path}" in out
    assert f"ok {good}" in out
    assert main(["nav", "check", "--json", str(path)]) == 2
    (file,) = as_json(capsys)["files"]
    assert (file["refused"]["code"], file["refused"]["exit_code"]) == ("map_unusable", 2)


def test_what_a_recording_says_of_itself_steers_no_terminal(capsys: Capture, tmp_path: Path) -> None:
    evil = "bad \x1b[2J\x1b]0;title\x07\u202e\x00\r\nok"
    path = recording(tmp_path, {"type": "customStep", "name": evil, "parameters": {evil: evil}})
    assert main(["nav", "check", str(path)]) == 2
    out = capsys.readouterr().out
    assert not [sign for sign in ("\x1b", "\x07", "\u202e", "\x00", "\r") if sign in out]
    assert "\nok" not in out


def test_a_profile_decides_which_strategies_count(capsys: Capture, tmp_path: Path) -> None:
    text = (MAPS.parent / "demo.toml").read_text().replace('"maps/', f'"{MAPS}/')
    profile = tmp_path / "mine.toml"
    profile.write_text(text + '\n[strategies]\nexclude = ["clip"]\n')
    assert main(["nav", "check", "--profile", str(profile), str(MAPS / "cabinet.map.json")]) == 2
    assert "action 'clip'" in capsys.readouterr().out
