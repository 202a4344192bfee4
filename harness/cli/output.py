"""How commands speak: plain text for people, one JSON object with `--json`, errors in three lines on standard error."""

from __future__ import annotations

import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console

JSON_HELP = "Machine-readable output."


def console() -> Console:
    """A console on standard output: as wide as the terminal, or 140 columns where there is none."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else 140)


def show_json(value: Any) -> None:
    """One JSON value on standard output."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2).decode() + "\n")


def show_error(code: str, lines: tuple[str, str, str], exit_code: int, *, as_json: bool) -> None:
    """What happened, why, what to do."""
    what, why, todo = (_one_line(line) for line in lines)
    if as_json:
        show_json({"error": {"code": code, "what": what, "why": why, "todo": todo, "exit_code": exit_code}})
        return
    sys.stderr.write(f"harness: {what}\n  why: {why}\n  to do: {todo}\n")


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


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
