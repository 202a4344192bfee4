"""Temporary browser profiles: named by their owner, closed to others, and swept when their owner is gone."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

import psutil

PREFIX = "harness-profile-"


def _owner_mark(process: psutil.Process) -> str:
    return f"{process.pid}-{int(process.create_time() * 100)}"


def make_profile_folder() -> Path:
    """A new folder of mode 0700 under the temporary folder, named by this process' id and start time."""
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{_owner_mark(psutil.Process())}-"))


class Swept(NamedTuple):
    """What a sweep removed."""

    processes: int
    profiles: int


def _is_orphan(folder: Path) -> bool:
    parts = folder.name.removeprefix(PREFIX).split("-")
    if len(parts) < 3 or not parts[0].isdigit():
        return False
    try:
        return _owner_mark(psutil.Process(int(parts[0]))) != f"{parts[0]}-{parts[1]}"
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False


def sweep_leftovers() -> Swept:
    """Kill browsers and remove profiles whose harness is gone (killed with -9, and its guardians with it)."""
    orphans = [folder for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*") if _is_orphan(folder)]
    if not orphans:
        return Swept(0, 0)
    killed = 0
    names = [str(folder) for folder in orphans]
    for process in psutil.process_iter():
        try:
            command = " ".join(process.cmdline())
            if any(f"--user-data-dir={name}" in command for name in names):
                process.kill()
                killed += 1
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue  # it ended meanwhile, or belongs to another user and is not ours to end
    for folder in orphans:
        shutil.rmtree(folder, ignore_errors=True)
    return Swept(killed, sum(not folder.exists() for folder in orphans))
