"""Names that readers make or take over: actions in snake_case, ids and phase names that print on one line."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Final

from harness.navigation.readers.report import DriftReport

_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NO_WORD: Final = re.compile(r"[^\w]+")
_MAX_CHARACTERS: Final = 200


def snake_case(name: str) -> str:
    """`waitForElement`, `wait for element` and `wait-for-element` as `wait_for_element`; "" where nothing is left."""
    return _NO_WORD.sub("_", _HUMP.sub("_", name)).strip("_").lower()


def action_name(name: str, report: DriftReport, step: str, field: str) -> str:
    """The action that a step type names. Raises MapError when no letter of it can name one."""
    action = snake_case(name) if len(name) <= _MAX_CHARACTERS else ""
    if not action:
        raise report.refuse("names no action", step=step, field=field)
    return action


def numbered_id(position: int, action: str) -> str:
    """The id of a step that has none: `s001-click`. Position counts from 1 and keeps it unique."""
    return f"s{position:03d}-{action.replace('_', '-')[:60]}"


def check_name(name: str, report: DriftReport, *, step: str = "-", field: str) -> str:
    """The name, when it can stand in a report and on a terminal as it is. Raises MapError otherwise."""
    if not name.strip() or len(name) > _MAX_CHARACTERS or not name.isprintable():
        raise report.refuse(f"must be 1 to {_MAX_CHARACTERS} printable characters", step=step, field=field)
    return name


def title_of(title: str | None, report: DriftReport) -> str:
    """The map's title; the file's stem where it has none (`missing_title`)."""
    if title is not None and title.strip():
        return "".join(sign if sign.isprintable() else " " for sign in title).strip()
    stem = PurePath(report.file).name.partition(".")[0] or "untitled"
    report.add("missing_title", field="title", found="no title", done=f"called {stem} after the file")
    return stem
