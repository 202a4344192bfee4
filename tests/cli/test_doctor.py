"""`harness doctor` tells what the machine lacks; that it starts a browser is shown in tests/browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness import app as application
from harness.cdp.errors import BrowserMissingError
from harness.cli.main import main

Capture = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch
FOUND = {"product": "Chrome/1", "path": "/usr/bin/chrome", "kind": "full"}


@pytest.fixture(autouse=True)
def machine(monkeypatch: Patch, tmp_path: Path) -> None:
    """A machine that lacks nothing."""

    async def probe(_environment: object) -> dict[str, str]:
        return FOUND

    monkeypatch.setattr(application, "probe_browser", probe)
    monkeypatch.setattr("resource.getrlimit", lambda _which: (65_536, 65_536))
    monkeypatch.setattr(application, "MIN_FREE_BYTES", 0)
    monkeypatch.setenv("HARNESS_STORAGE_ROOT", str(tmp_path / "runs"))
    monkeypatch.delenv("HARNESS_BROWSER", raising=False)


def checks(capsys: Capture) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}


def test_a_machine_that_has_everything_is_ok(capsys: Capture, tmp_path: Path) -> None:
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert f"HARNESS_STORAGE_ROOT = {tmp_path / 'runs'}  (from HARNESS_STORAGE_ROOT" in out
    assert "HARNESS_BROWSER = (search PATH)  (from default" in out
    assert "LACKS" not in out


def test_a_missing_browser_is_told_in_three_parts_and_exit_4(capsys: Capture, monkeypatch: Patch) -> None:
    async def probe(_environment: object) -> dict[str, str]:
        raise BrowserMissingError("no browser was found", why="none is on PATH", todo="install one")

    monkeypatch.setattr(application, "probe_browser", probe)
    assert main(["doctor"]) == 4
    out = capsys.readouterr().out
    assert "LACKS  browser: no browser was found\n        why: none is on PATH\n        to do: install one" in out


def test_too_few_descriptors_are_told_with_the_command(capsys: Capture, monkeypatch: Patch) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda _which: (256, 4096))
    assert main(["doctor", "--json"]) == 4
    check = checks(capsys)["file descriptors"]
    assert not check["ok"]
    assert check["todo"] == "ulimit -n 4096"


def test_too_little_space_is_told(capsys: Capture, monkeypatch: Patch) -> None:
    monkeypatch.setattr(application, "MIN_FREE_BYTES", 2**80)
    assert main(["doctor", "--json"]) == 4
    assert not checks(capsys)["storage"]["ok"]


def test_a_folder_that_cannot_be_written_to_is_told(capsys: Capture, monkeypatch: Patch) -> None:
    monkeypatch.setattr("os.access", lambda _path, _mode: False)
    assert main(["doctor", "--json"]) == 4
    assert "cannot be written to" in checks(capsys)["storage"]["found"]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("HARNESS_BROWSR", "x", "did you mean HARNESS_BROWSER?"),
        ("HARNESS_STORAGE_ROOT", "", "environment variable HARNESS_STORAGE_ROOT cannot be used"),
        ("HARNESS_STORAGE_ROOT", "/dev/null", "/dev/null is no folder"),
    ],
)
def test_a_variable_that_cannot_be_used_is_a_row_among_the_others_and_exit_2(
    capsys: Capture, monkeypatch: Patch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(name, value)
    assert main(["doctor"]) == 2
    out = capsys.readouterr().out
    assert "LACKS  environment: environment variable" in out
    assert told in out
    assert "ok     browser: Chrome/1" in out
    assert main(["doctor", "--json"]) == 2
    assert not checks(capsys)["environment"]["ok"]


def test_an_empty_choice_of_browser_is_told(capsys: Capture, monkeypatch: Patch) -> None:
    monkeypatch.setenv("HARNESS_BROWSER", "")
    assert main(["doctor"]) == 0
    told = "HARNESS_BROWSER = (search PATH)  (from default, for HARNESS_BROWSER is set but empty;"
    assert told in capsys.readouterr().out
