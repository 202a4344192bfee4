"""Which process is behind a process id: its start in clock ticks since boot, which no change of the wall clock moves."""

from __future__ import annotations

from pathlib import Path


def started_ticks(pid: int) -> int | None:
    """When the process began, from /proc (proc(5)); None when it has ended, be it reaped or not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(b")")[2].split()  # a program's name, in parentheses, may hold anything
    return None if fields[0] in {b"Z", b"X"} else int(fields[19])
