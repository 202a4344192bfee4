"""Temporary browser profiles: named by their owner, closed to others, and swept when their owner is gone."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import psutil

from harness.cdp.process_stat import started_ticks

PREFIX = "harness-profile-"


def make_profile_folder() -> Path:
    """A new folder of mode 0700 under the temporary folder, named by this process' id and start time."""
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-{started_ticks(os.getpid())}-"))


def remove_profile_folder(folder: Path, wait_s: float = 5.0) -> bool:
    """Remove a profile whose browser was killed: tries again while ending processes still write. True when it is gone."""
    with contextlib.suppress(
        OSError
    ):  # one that no browser has used goes without an open file, of which none may be left
        folder.rmdir()
    deadline = time.monotonic() + wait_s
    while True:
        if folder.exists():
            shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists() or time.monotonic() > deadline:
            return not folder.exists()
        time.sleep(0.02)


class Swept(NamedTuple):
    """What a sweep removed."""

    processes: int
    profiles: int


def _is_orphan(folder: Path) -> bool:
    owner, _, rest = folder.name.removeprefix(PREFIX).partition("-")
    ticks, _, suffix = rest.partition("-")
    if not (owner.isdecimal() and ticks.isdecimal() and suffix):
        return False
    return started_ticks(int(owner)) != int(ticks)


def sweep_leftovers() -> Swept:
    """Kill browsers and remove profiles whose harness is gone (killed with -9, and its guardians with it)."""
    orphans = [folder for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*") if _is_orphan(folder)]
    if not orphans:
        return Swept(0, 0)
    killed = []
    marks = [f"--user-data-dir={folder}" for folder in orphans]
    for process in psutil.process_iter():
        try:
            command = " ".join(process.cmdline())  # Chromium's children hold theirs as one string
            if any(mark in command for mark in marks):
                process.kill()
                killed.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue  # it ended meanwhile, or belongs to another user and is not ours to end
    return Swept(len(killed), sum(map(remove_profile_folder, orphans)))
