"""Every ending of a command has its exit code and its words."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from harness import __version__
from harness.cli import strategies
from harness.cli.main import main

Capture = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch


def fail_with(monkeypatch: Patch, error: BaseException) -> list[str]:
    """A command that ends in this error; returns its arguments."""

    def raises(*_arguments: object) -> None:
        raise error

    monkeypatch.setattr(strategies, "strategies_of", raises)
    return ["strategy", "list"]


def test_the_version_is_told(capsys: Capture) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"harness {__version__}\n"


@pytest.mark.parametrize("arguments", [["--help"], ["burn-in", "--help"], ["nav", "check", "--help"]])
def test_help_is_no_error(capsys: Capture, arguments: list[str]) -> None:
    assert main(arguments) == 0
    assert "Usage: harness" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["nav"], ["strategy"]])
def test_a_missing_command_shows_the_help_as_it_is_written(capsys: Capture, arguments: list[str]) -> None:
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert err.startswith("Usage: harness")
    assert "\n\nCommands:\n" in err


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["dance"], "No such command 'dance'"),
        (["nav", "check"], "Missing"),
        (["strategy", "list", "--colour"], "No such option"),
        (["burn-in", "--workers", "0"], "Invalid value"),
    ],
)
def test_wrong_usage_is_three_lines_and_exit_2(capsys: Capture, arguments: list[str], what: str) -> None:
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert what in err
    assert len(err.splitlines()) == 3


def test_wrong_usage_as_json_is_one_object(capsys: Capture) -> None:
    assert main(["dance", "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["code"], error["exit_code"]) == ("wrong_usage", 2)


def test_an_error_of_the_house_has_its_own_exit_code(capsys: Capture) -> None:
    assert main(["strategy", "list", "--profile", "no-such-profile"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_ctrl_c_within_a_command_is_told_and_exit_130(capsys: Capture, monkeypatch: Patch) -> None:
    assert main(fail_with(monkeypatch, KeyboardInterrupt())) == 130
    assert capsys.readouterr().err.startswith("harness: interrupted\n")


def test_a_defect_is_told_without_a_traceback_and_exit_70(capsys: Capture, monkeypatch: Patch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert main([*fail_with(monkeypatch, ZeroDivisionError("oops")), "--json"]) == 70
    assert json.loads(capsys.readouterr().out)["error"]["what"] == "internal error: ZeroDivisionError: oops"


def test_a_reader_that_leaves_early_is_no_defect() -> None:
    code = "import sys; from harness.cli.main import main; sys.exit(main(['strategy', 'list']))"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate(timeout=60)
    assert err == b""
    assert process.returncode == 0


def test_output_that_is_all_a_command_makes_and_cannot_be_written_is_told_with_exit_4() -> None:
    code = "import sys; from harness.cli.main import main; sys.exit(main(['strategy', 'list']))"
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-c", code], stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60
        )
    assert ended.returncode == 4
    what, why, _ = ended.stderr.splitlines()
    assert what == "harness: the output could not be written"
    assert why == "  why: standard output: No space left on device"


def test_what_a_strategy_prints_does_not_mix_with_the_json(capsys: Capture, monkeypatch: Patch) -> None:
    load = strategies.strategies_of

    def load_and_print(*arguments: Any) -> Any:
        sys.stdout.write("loading…\n")
        return load(*arguments)

    monkeypatch.setattr(strategies, "strategies_of", load_and_print)
    assert main(["strategy", "list", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["strategies"]
    assert err == "loading…\n"


def test_a_full_disk_under_the_output_is_the_environments_fault(capsys: Capture, monkeypatch: Patch) -> None:
    assert main(fail_with(monkeypatch, OSError(errno.ENOSPC, "No space left on device"))) == 4
    assert capsys.readouterr().err.startswith("harness: the disk is full\n  why: ")
