"""The drift report: one typed line for each repair that a reader made; what was read stays explainable."""

from __future__ import annotations

import msgspec

from harness.basics.errors import UsageError


class DriftLine(msgspec.Struct, frozen=True):
    """One repair. `code` is stable (`missing_title`, `flat_selectors`, …); `step` is the step's id or `-`;
    `found` is what stood in the file (shortened), `done` what the reader made of it."""

    code: str
    file: str
    step: str
    field: str
    found: str
    done: str


class MapError(UsageError):
    """A map cannot be used: names file, step and reason. Exit 2."""

    code = "map_unusable"
    default_todo = "mend the file, or record the path again; `harness nav check FILE` shows every finding"
