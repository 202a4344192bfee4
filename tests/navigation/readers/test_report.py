"""What a reader tells: one line of printable text, and a refusal that names file, step and field."""

from __future__ import annotations

from typing import Any

from harness.basics.exit_codes import ExitCode
from harness.navigation.readers.report import DriftReport, kind_of, shorten


def test_a_line_names_file_step_and_field() -> None:
    report = DriftReport("a.json")
    report.add("missing_target", step="s001-click", field="target", found="no target", done="the main page")
    (line,) = report.lines()
    assert (line.code, line.file, line.step, line.field) == ("missing_target", "a.json", "s001-click", "target")


def test_what_is_shown_is_short_and_cannot_move_a_terminal() -> None:
    assert shorten("\x1b[2Jx\u202e") == "\\u001b[2Jx\\u202e"
    assert shorten("y" * 500) == "y" * 79 + "…"


def test_a_refusal_names_file_step_and_field_in_three_lines_and_exits_2() -> None:
    error = DriftReport("a.json").refuse("is empty", step="open", field="url")
    assert error.lines()[:2] == ("map a.json cannot be used", "step open: field url is empty")
    assert error.todo
    assert error.exit_code is ExitCode.USAGE


def test_kinds_have_their_json_names() -> None:
    values: tuple[Any, ...] = (None, True, 1, 1.5, "x", [], {})
    kinds = [kind_of(value) for value in values]
    assert kinds == ["null", "a boolean", "a number", "a number", "text", "a list", "an object"]
