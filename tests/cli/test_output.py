"""Errors are three lines for people and one object for machines; a defect leaves a report."""

from __future__ import annotations

import json
import stat
import tempfile
from pathlib import Path

import pytest

from harness.cli.output import record_internal_error, show_error, show_json

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_an_error_is_three_lines_on_standard_error(capsys: Capture) -> None:
    show_error("no_browser", ("no browser", "none is on PATH", "install one"), 4, as_json=False)
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "harness: no browser\n  why: none is on PATH\n  to do: install one\n"


def test_an_error_as_json_has_a_stable_code(capsys: Capture) -> None:
    show_error("no_browser", ("no browser", "none", "install one"), 4, as_json=True)
    out, err = capsys.readouterr()
    assert err == ""
    assert json.loads(out) == {
        "error": {"code": "no_browser", "what": "no browser", "why": "none", "todo": "install one", "exit_code": 4}
    }


def test_text_from_outside_stays_on_its_line_and_steers_no_terminal(capsys: Capture) -> None:
    show_error("x", ("a\nb", "c\x1b[31m\rd", "\u202ee\x00"), 2, as_json=False)
    assert capsys.readouterr().err == "harness: a b\n  why: c d\n  to do: e\ufffd\n"


def test_json_takes_paths(capsys: Capture) -> None:
    show_json({"folder": Path("/runs/a")})
    assert json.loads(capsys.readouterr().out) == {"folder": "/runs/a"}


def test_a_defect_leaves_a_report_that_only_its_user_can_read(capsys: Capture, temporary: Path) -> None:
    try:
        raise KeyError("lost")
    except KeyError as error:
        record_internal_error(error, as_json=False)
    (report,) = temporary.glob("harness-defect-*.txt")
    assert "KeyError: 'lost'" in report.read_text()
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    err = capsys.readouterr().err
    assert str(report) in err
    assert "Traceback" not in err


def test_a_report_that_cannot_be_written_is_told(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    record_internal_error(KeyError("lost"), as_json=True)
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["code"], error["exit_code"]) == ("internal_error", 70)
    assert "could not be written" in error["todo"]
