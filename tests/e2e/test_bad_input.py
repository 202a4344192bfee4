"""Whatever is wrong, the command ends with three lines, the right exit code, no traceback and nothing left running."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e.conftest import Ended


def check_three_lines(ended: Any, code: int) -> None:
    assert ended.code == code, ended.out + ended.err
    lines = ended.err.strip().splitlines()
    assert "Traceback" not in ended.err
    assert lines[-3].startswith("harness: "), ended.err
    assert lines[-2].startswith("  why: ")
    assert lines[-1].startswith("  to do: ")


def test_the_cabinet_without_clip_is_refused_before_the_start_naming_file_step_and_action(harness: Any) -> None:
    arguments = ("burn-in", "--profile", harness.profile(), "--path", "cabinet", "--without-strategy", "clip")
    ended = harness(*arguments)
    check_three_lines(ended, 2)
    assert "cabinet.map.json" in ended.err
    assert "clip-account" in ended.err
    assert "action clip" in ended.err
    assert not harness.runs.exists()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda text: text.replace("workers = 4", "wrokers = 4"), "run.wrokers"),
        (lambda text: text.replace("workers = 4", 'workers = "four"'), "run.workers"),
        (lambda text: text.replace("workers = 4", "workers = 0"), "run.workers"),
        (lambda text: text.replace("shop.recording.json", "nowhere.json"), "nowhere.json"),
        (lambda text: text.replace("site:alice", "env:NO_SUCH_SECRET"), "NO_SUCH_SECRET"),
        (lambda text: text + "[", "profile.toml"),
    ],
    ids=["unknown key", "wrong type", "out of range", "missing map", "missing secret", "not TOML"],
)
def test_an_unusable_profile_is_told_with_file_and_key(harness: Any, change: Any, named: str) -> None:
    ended = harness("burn-in", "--profile", harness.profile(change=change))
    check_three_lines(ended, 2)
    assert named in ended.err


def test_an_unreadable_profile_a_missing_one_and_a_map_without_steps_are_told(harness: Any) -> None:
    check_three_lines(harness("burn-in", "--profile", "demmo"), 2)
    check_three_lines(harness("burn-in", "--profile", "nowhere/demo.toml"), 2)
    (harness.folder / "empty.json").write_text('{"title": "empty", "steps": []}')
    profile = harness.profile(change=lambda text: text.replace("cabinet.map.json", str(harness.folder / "empty.json")))
    profile_text = Path(profile).read_text()
    maps = Path(profile_text.split('map = "')[1].split("/shop.recording.json")[0])
    Path(profile).write_text(profile_text.replace(f"{maps}/{harness.folder}", str(harness.folder)))
    ended = harness("burn-in", "--profile", profile)
    check_three_lines(ended, 2)
    assert "empty.json" in ended.err


def test_no_browser_and_one_that_cannot_start_end_with_4(harness: Any) -> None:
    check_three_lines(harness("burn-in", "--profile", harness.profile(), HARNESS_BROWSER="/nowhere/chromium"), 4)
    broken = harness.folder / "broken-browser"
    broken.write_text("#!/bin/sh\necho this browser is broken >&2\nexit 3\n")
    broken.chmod(broken.stat().st_mode | stat.S_IXUSR)
    ended = harness("burn-in", "--profile", harness.profile(), "--for", "2s", HARNESS_BROWSER=str(broken))
    check_three_lines(ended, 4)
    assert "this browser is broken" in ended.err


def test_an_unknown_command_option_or_environment_variable_is_wrong_usage(harness: Any) -> None:
    check_three_lines(harness("burn-out"), 2)
    check_three_lines(harness("burn-in", "--wrokers", "3"), 2)
    check_three_lines(harness("evaluate", "run-1", HARNESS_STORAGE_ROT="x"), 2)
    told = harness("burn-in", "--profile", "demmo", "--json")
    assert told.code == 2
    assert told.json["error"]["code"] == "unusable_input"


def test_ctrl_c_in_mid_run_ends_with_130_and_an_evaluated_folder(harness: Any) -> None:
    process = harness.start("burn-in", "--profile", harness.profile(), "--for", "60s")
    harness.wait_for_spins(process, 3)
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, out + err
    assert "Traceback" not in out + err
    assert not [child for child in family if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    report = json.loads((harness.run_folder() / "report.json").read_text())
    assert report["verdict"] in {"INCONCLUSIVE", "NO-GO"}


@pytest.mark.parametrize("delay_s", [0.0, 0.3, 0.6, 0.9])
def test_ctrl_c_at_the_start_leaves_no_process_and_no_traceback(harness: Any, delay_s: float) -> None:
    process = harness.start("burn-in", "--profile", harness.profile(), "--for", "60s")
    time.sleep(delay_s)  # the moment is the point of this test; whatever it hits must hold
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode in {130, -signal.SIGINT}, out + err
    if process.returncode == 130:
        assert "Traceback" not in out + err


def test_a_harness_killed_with_9_leaves_no_browser_and_a_folder_that_can_be_evaluated(harness: Any) -> None:
    process = harness.start("burn-in", "--profile", harness.profile(), "--for", "60s")
    harness.wait_for_spins(process, 3)
    family = psutil.Process(process.pid).children(recursive=True)
    assert family
    process.kill()
    process.communicate()
    _, alive = psutil.wait_procs(family, timeout=5)
    assert not [child for child in alive if child.status() != psutil.STATUS_ZOMBIE]
    ended = harness("evaluate", str(harness.run_folder()), "--json")
    assert ended.code in {1, 3}, ended.out + ended.err
    assert ended.json["verdict"] != "GO"


@pytest.mark.skipif(os.getuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk_stops_the_run_with_4_and_what_was_recorded_is_readable(harness: Any) -> None:
    small = harness.folder / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=80m", "tmpfs", str(small)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.decode().strip()}")
    try:
        harness.runs = small
        harness.environment["HARNESS_STORAGE_ROOT"] = str(small)
        process = harness.start("burn-in", "--profile", harness.profile(), "--for", "60s")
        harness.wait_for_spins(process, 3)
        with (small / "ballast").open("wb") as ballast:
            try:
                while True:
                    ballast.write(b"\0" * 65_536)
                    ballast.flush()
            except OSError:
                pass
        out, err = process.communicate(timeout=60)
        assert process.returncode == 4, out + err
        assert "Traceback" not in err
        assert "disk" in err
        (small / "ballast").unlink()
        ended = harness("evaluate", str(harness.run_folder()), "--json")
        assert ended.code in {1, 3}, ended.out + ended.err
        assert harness.events("spin.ended")
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


def test_the_module_answers_to_python_dash_m() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "harness.cli.entry", "--version"], capture_output=True, text=True, check=True
    )
    assert told.stdout.startswith("harness ")


@pytest.mark.parametrize("as_json", [False, True])
def test_a_storage_root_that_is_removed_in_mid_run_stops_the_run_soon_with_4(harness: Any, as_json: bool) -> None:
    process = harness.start("burn-in", "--profile", harness.profile(), "--for", "60s", *["--json"] * as_json)
    harness.wait_for_spins(process, 3)
    shutil.rmtree(harness.runs, ignore_errors=True)
    out, err = process.communicate(timeout=30)
    if as_json:
        told = json.loads(out)["error"]
        assert (process.returncode, told["exit_code"], told["code"]) == (4, 4, "storage_failed"), out + err
        assert "is gone" in told["what"]
    else:
        check_three_lines(Ended(process.returncode, out, err), 4)
        assert "is gone" in err


def test_a_strategy_module_that_exits_or_prints_is_told_and_does_not_speak_for_the_harness(harness: Any) -> None:
    package = harness.folder / "our_strategies"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "a.py").write_text("print('loading')\nimport sys\nsys.exit(0)\n")
    extra = '[strategies]\npackages = ["strategies", "our_strategies"]\n'
    ended = harness("run", "--profile", harness.profile(extra=extra), "--json")
    assert ended.code == 2, ended.out + ended.err
    assert ended.json["error"]["why"] == "module our_strategies.a: SystemExit: 0"
    assert ended.err == "loading\n"
