"""Phases as the forms with phases write them: names apart from each other, the one that logs in marked."""

from __future__ import annotations

from typing import Final

import msgspec

from harness.navigation.map import Phase
from harness.navigation.readers.report import DriftReport
from harness.navigation.readers.texts import enters_credential

MAX_RETRIES: Final = 100


def distinct_name(name: str, taken: set[str], report: DriftReport) -> str:
    """The phase's name, with `-2`, `-3`, … where an earlier phase has it (`repeated_phase`); it is taken from now on."""
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    if free != name:
        report.add("repeated_phase", field="phase", found=name, done=f"called {free}")
    taken.add(free)
    return free


def marked_credential(phase: Phase) -> Phase:
    """The phase, marked as the one that logs in where one of its steps enters a credential's field."""
    return msgspec.structs.replace(phase, credential=True) if enters_credential(phase) else phase
