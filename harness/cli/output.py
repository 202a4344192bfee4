"""How commands speak: plain text for people, one JSON object with `--json`, errors in three lines on standard error."""

from __future__ import annotations

import json
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console

from harness.basics.exit_codes import ExitCode
from harness.cli.streams import lost_output, result_stream, was_closed_by_its_reader
from harness.evidence.inert import inert

JSON_HELP = "Machine-readable output."
_LEAVE_REPORTS = frozenset({"burn-in", "run", "evaluate"})
"""Commands whose result is a verdict and its reports, and not only what they print."""


def console() -> Console:
    """A console on standard output: as wide as the terminal, or 140 columns where there is none."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else 140)


def show_json(value: Any) -> None:
    """One JSON value on standard output, in ASCII where the stream knows no more."""
    stream = result_stream()
    text = msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2).decode()
    stream.write((text if stream.can_show(text) else json.dumps(json.loads(text), indent=2)) + "\n")


def tell_lost_output(verdict: str, folder: Path) -> None:
    """Say on standard error what standard output could not take: the run's verdict, and where its reports are."""
    failure = lost_output()
    if failure is not None:
        lines = (f"{verdict}, but the output could not be shown", _reason(failure), f"see {folder}/report.html")
        show_error("output_lost", lines, 0, as_json=False)


def after_lost_output(exit_code: int, arguments: list[str]) -> int:
    """The exit code of a finished command, some of whose output may not have been shown.

    A verdict's is its own. A command whose output is all it makes has failed when that was lost, except to a reader who
    had read enough.
    """
    failure = lost_output()
    if failure is None or was_closed_by_its_reader(failure) or set(arguments[:1]) <= _LEAVE_REPORTS:
        return exit_code
    lines = ("the output could not be written", _reason(failure), "make room, or name another place for it")
    show_error("output_lost", lines, int(ExitCode.ENVIRONMENT), as_json=False)
    return int(ExitCode.ENVIRONMENT)


def _reason(failure: Exception) -> str:
    return f"standard output: {getattr(failure, 'strerror', None) or failure}"


def show_error(code: str, lines: tuple[str, str, str], exit_code: int, *, as_json: bool) -> None:
    """What happened, why, what to do."""
    if as_json:
        show_json({"error": error_dict(code, lines, exit_code)})
        return
    what, why, todo = map(_one_line, lines)
    sys.stderr.write(f"harness: {what}\n  why: {why}\n  to do: {todo}\n")


def show_warning(text: str) -> None:
    """One line on standard error."""
    sys.stderr.write(f"harness: warning: {_one_line(text)}\n")


def error_dict(code: str, lines: tuple[str, str, str], exit_code: int) -> dict[str, Any]:
    """An error as `--json` shows it, wherever it stands in the result."""
    what, why, todo = map(_one_line, lines)
    return {"code": code, "what": what, "why": why, "todo": todo, "exit_code": exit_code}


def _one_line(text: str) -> str:
    return " ".join(inert(text, 4000).split())


def record_internal_error(error: BaseException, *, as_json: bool) -> None:
    """A defect of ours: the traceback goes into a report file, three lines to the user."""
    try:
        told = f"its report is {_write_report(error)}"
    except OSError as failed:
        told = f"its report could not be written ({failed.strerror})"
    lines = (
        f"internal error: {type(error).__name__}: {error}",
        "this is a defect of the harness",
        f"report it; {told}",
    )
    show_error("internal_error", lines, 70, as_json=as_json)


def _write_report(error: BaseException) -> Path:
    """A new file that no other user can read, or has put there before."""
    descriptor, name = tempfile.mkstemp(prefix="harness-defect-", suffix=".txt")
    with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as report:  # noqa: PTH123 - a descriptor
        report.write("".join(traceback.format_exception(error)))
    return Path(name)
