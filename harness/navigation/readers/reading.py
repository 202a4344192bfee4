"""From a file to a map: bounded reading, then the reader whose form the content shows (never the file's name)."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any, Final

import msgspec

from harness.navigation.drift import DriftLine
from harness.navigation.map import NavigationMap
from harness.navigation.readers import harness_map, recorder, step_config
from harness.navigation.readers.report import DriftReport, kind_of
from harness.navigation.readers.tolerant_json import MAX_BYTES, parse

MAX_STEPS: Final = 10_000


class ReadMap(msgspec.Struct, frozen=True):
    """A map, and one line for each repair that reading it took."""

    map: NavigationMap
    drift: tuple[DriftLine, ...]


def read_map(path: Path | str) -> ReadMap:
    """Read a map from a regular file of at most 8 MiB.

    Raises MapError when the file cannot be read, passes a bound, is no JSON, is no recording, or cannot be run.
    """
    report = DriftReport(str(path))
    return _interpret(_read_bounded(path, report), report)


def read_map_bytes(data: bytes, source: str) -> ReadMap:
    """Read a map from memory; `source` names it in drift lines and errors."""
    return _interpret(data, DriftReport(source))


def _read_bounded(path: Path | str, report: DriftReport) -> bytes:
    try:
        # Without O_NONBLOCK, opening a named pipe would wait for its writer.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:  # noqa: PTH123
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise report.refuse("it is not a regular file", todo="name a map file")
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise report.refuse(f"it cannot be read: {error.strerror or error}", todo="name a map that exists") from error
    except ValueError as error:
        raise report.refuse("its path holds a NUL character", todo="name a map that exists") from error


def _interpret(data: bytes, report: DriftReport) -> ReadMap:
    found = _read_form(_rooted(parse(data, report), report), report)
    return ReadMap(found, report.lines())


def _rooted(value: Any, report: DriftReport) -> dict[str, Any]:
    if isinstance(value, list):
        report.add("bare_steps", found="a list without a root object", done="read as its steps")
        return {"steps": value}
    if not isinstance(value, dict):
        raise report.refuse(f"it is {kind_of(value)}, not a recording")
    return value


def _read_form(root: dict[str, Any], report: DriftReport) -> NavigationMap:
    if "format" in root or ("phases" in root and "steps" not in root):
        if root.get("format") != harness_map.FORMAT:
            raise report.refuse(f'must be "{harness_map.FORMAT}" for a map with phases', field="format")
        _bound_steps(sum(_count(phase) for phase in _list(root.get("phases"))), report)
        return harness_map.read_harness_map(root, report)
    if "steps" not in root:
        raise report.refuse("it is not a recording: it has no steps")
    if not isinstance(root["steps"], list):
        raise report.refuse(f"it is not a recording: its steps are {kind_of(root['steps'])}, not a list")
    if not root["steps"]:
        raise report.refuse("it has no steps", todo="record the path again")
    _bound_steps(len(root["steps"]), report)
    if any(_has(step, "type") for step in root["steps"]):
        return recorder.read_recorder(root, report)
    if any(_has(step, "stepId") or _has(step, "action") for step in root["steps"]):
        return step_config.read_step_config(root, report)
    raise report.refuse("it is not a recording: no step has a type, a stepId or an action")


def _bound_steps(count: int, report: DriftReport) -> None:
    if count > MAX_STEPS:
        raise report.refuse(f"it has {count:,} steps, more than {MAX_STEPS:,}", todo="split the path into smaller maps")


def _count(phase: Any) -> int:
    return len(_list(phase.get("steps"))) if isinstance(phase, dict) else 0


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _has(step: Any, name: str) -> bool:
    return isinstance(step, dict) and name in step
