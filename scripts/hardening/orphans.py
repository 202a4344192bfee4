"""Kills a harness with two browsers by `kill -9` at random moments, and looks what outlives it.

Every process below this one is found, whatever group, session or parent it has: this process adopts what the harness leaves
(prctl(2), PR_SET_CHILD_SUBREAPER).
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import anyio
import psutil

from harness.basics.errors import HarnessError
from harness.cdp.errors import BrowserFailedError, CdpError
from harness.cdp.finding import find_browser
from harness.cdp.launch import TransportKind
from harness.cdp.lifecycle import CdpLifecycleManager
from harness.cdp.process_stat import started_ticks
from harness.cdp.profile_folder import PREFIX, sweep_leftovers
from scripts.hardening.rig import fail, manager

LIVES_AT_MOST_S = 3.0
GONE_WITHIN_S = 1.0
GIVE_UP_S = 20.0
ROOT = Path(__file__).resolve().parents[2]
_PR_SET_CHILD_SUBREAPER = 36
_KINDS: tuple[TransportKind, TransportKind] = ("websocket", "pipe")


@dataclass(frozen=True)
class Death:
    """One kill. processes: seen just before it. browser_s, all_s: until no browser process, and none at all, was left.

    folders: profiles left when all processes were gone, and after_sweep: after what the next start does.
    """

    lived_s: float
    processes: int
    browser_s: float
    all_s: float
    folders: int
    after_sweep: int
    swept_processes: int


# --- the harness that is killed


async def victim(number: int, browser: str | None) -> None:
    """Sweep as a start does, then run two browsers, one on each transport in turn, and use them until killed."""
    await anyio.to_thread.run_sync(sweep_leftovers)
    async with anyio.create_task_group() as tasks:
        for index in range(2):
            one = manager(f"b{index}", _KINDS[(number + index) % 2], browser=browser, seed=number)
            tasks.start_soon(one.run)
            tasks.start_soon(_use, one)


async def _use(browser: CdpLifecycleManager) -> None:
    while True:
        try:
            connection = await browser.ready()
            await connection.call("Target.createTarget", {"url": "data:text/html,<h1>busy</h1>"})
        except (BrowserFailedError, CdpError) as error:
            print(f"victim: {error}", file=sys.stderr)
        await anyio.sleep(0.2)


# --- who kills it


def adopt_orphans() -> None:
    """Become the parent of what descendants leave behind."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def _descendants(but: int = 0) -> list[psutil.Process]:
    """Those that have not ended, but for one; what ended is reaped."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return []
    below = psutil.Process().children(recursive=True)
    return [process for process in below if process.pid != but and started_ticks(process.pid) is not None]


def _is_guardian(process: psutil.Process) -> bool:
    try:
        return any(word.endswith("guardian.py") for word in process.cmdline()[:5])
    except psutil.NoSuchProcess:
        return True  # it is gone: no browser, at least


def _folders(temporary: Path) -> int:
    return sum(1 for _ in temporary.glob(f"{PREFIX}*"))


def _until_gone(harness: int, began_s: float) -> tuple[float, float]:
    """Seconds until the last browser process, and the last process at all, was gone."""
    browser_s = 0.0
    while left := _descendants(but=harness):
        seen_s = time.monotonic() - began_s
        if any(not _is_guardian(process) for process in left):
            browser_s = seen_s
        if seen_s > GIVE_UP_S:
            for process in left:
                process.kill()
            return browser_s, seen_s
    return browser_s, time.monotonic() - began_s


def kill_one(number: int, lives_s: float, temporary: Path) -> Death:
    """Start a harness, kill it after so many seconds, and see all of it end."""
    command = [sys.executable, "-m", "scripts.hardening.orphans", "--victim", str(number)]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    harness = subprocess.Popen(command, cwd=ROOT, env=environment)
    time.sleep(lives_s)
    before = len(_descendants(but=harness.pid))
    began_s = time.monotonic()
    os.kill(harness.pid, signal.SIGKILL)
    browser_s, all_s = _until_gone(harness.pid, began_s)
    harness.returncode = -signal.SIGKILL  # it was reaped among the others
    folders = _folders(temporary)
    swept = sweep_leftovers()
    return Death(lives_s, before, browser_s, all_s, folders, _folders(temporary), swept.processes)


def kill_many(times: int, seed: int) -> list[Death]:
    """At random moments of the first seconds, start and work alike."""
    adopt_orphans()
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="orphans-") as folder:
        tempfile.tempdir = folder  # what is swept is ours alone
        try:
            return [kill_one(number, rng.uniform(0, LIVES_AT_MOST_S), Path(folder)) for number in range(times)]
        finally:
            tempfile.tempdir = None


def broken(deaths: Sequence[Death]) -> list[str]:
    """What must not be."""
    found = []
    late = sum(death.browser_s > GONE_WITHIN_S for death in deaths)
    left = sum(death.after_sweep for death in deaths)
    swept = sum(death.swept_processes for death in deaths)
    if late:
        found.append(f"{late} times a browser process was there {GONE_WITHIN_S:g} s after the kill")
    if left:
        found.append(f"{left} profile folders were left by a sweep")
    if swept:
        found.append(f"{swept} processes were left for the sweep")
    return found


def figures(deaths: Sequence[Death]) -> dict[str, float]:
    """What is told."""
    with_browser = [death for death in deaths if death.browser_s]
    told: dict[str, float] = {
        "n": len(deaths),
        "with browser processes": len(with_browser),
        "processes killed": sum(death.processes for death in deaths),
        "folders left for the next start": sum(death.folders for death in deaths),
        "folders left after it": sum(death.after_sweep for death in deaths),
    }
    for name, seconds in (
        ("last browser process gone", [death.browser_s for death in with_browser]),
        ("last process gone", [death.all_s for death in deaths]),
    ):
        told[f"{name}, median s"] = round(statistics.median(seconds), 3) if seconds else 0.0
        told[f"{name}, max s"] = round(max(seconds, default=0.0), 3)
    return told


def main(arguments: list[str] | None = None) -> int:
    """See scripts/orphans. 1: something outlived its harness; 4: the environment lacks a browser."""
    parser = argparse.ArgumentParser(prog="scripts/orphans", description=__doc__)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one object instead of the table")
    parser.add_argument("--victim", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    browser = os.environ.get("HARNESS_BROWSER")
    if chosen.victim is not None:
        anyio.run(victim, chosen.victim, browser, backend_options={"use_uvloop": True})
        return 0
    try:
        find_browser(browser)
    except HarnessError as error:
        return fail(int(error.exit_code), *error.lines())
    deaths = kill_many(chosen.times, chosen.seed)
    found = broken(deaths)
    if chosen.json:
        report = {**figures(deaths), "seed": chosen.seed, "broken": found, "deaths": [asdict(one) for one in deaths]}
        print(json.dumps(report))
    else:
        print(f"seed {chosen.seed}, killed between 0 and {LIVES_AT_MOST_S:g} s after their start")
        for name, value in figures(deaths).items():
            print(f"{name:<36}{value:>10,}")
        print("\n".join(f"BROKEN: {what}" for what in found) or "nothing outlived its harness")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
