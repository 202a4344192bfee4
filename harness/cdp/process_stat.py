"""What the kernel says of processes: which one is behind an id (its start in clock ticks since boot, which no change of the
wall clock moves), whether it is stopped, what it has used."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple


def started_ticks(pid: int) -> int | None:
    """When the process began, from /proc (proc(5)); None when it has ended, be it reaped or not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = _fields(stat)
    return None if fields[0] in {b"Z", b"X"} else int(fields[19])


class Activity(NamedTuple):
    """What a process does: stopped (state T or t of proc(5)), and the processor time it has used, in clock ticks."""

    stopped: bool
    cpu_ticks: int


def activity(pid: int) -> Activity | None:
    """From /proc (proc(5)); None when the process has ended and is reaped."""
    try:
        fields = _fields(Path(f"/proc/{pid}/stat").read_bytes())
    except (FileNotFoundError, ProcessLookupError):
        return None
    return Activity(fields[0] in {b"T", b"t"}, int(fields[11]) + int(fields[12]))


def group_pss_bytes(group: int) -> int:
    """Proportional set size of all processes of a group: shared memory counts once (proc(5), smaps_rollup).

    Processes that end meanwhile, or belong to another user, count as nothing.
    """
    return sum(_pss_bytes(pid) for pid in _pids() if _group(pid) == group)


def _pids() -> list[str]:
    return [entry.name for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def _group(pid: str) -> int | None:
    try:
        return int(_fields(Path(f"/proc/{pid}/stat").read_bytes())[2])
    except (FileNotFoundError, ProcessLookupError):
        return None


def _pss_bytes(pid: str) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
    found = re.search(rb"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def _fields(stat: bytes) -> list[bytes]:
    """The fields from the state on: a program's name, in parentheses, may hold anything."""
    return stat.rpartition(b")")[2].split()
