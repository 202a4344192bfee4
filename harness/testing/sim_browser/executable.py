"""A simulated browser that is started in place of Chromium: on a loopback port or a pair of pipes, as its flags say.

    binary = sim_binary(folder, seed=7, faults=[Fault(kind="browser_death", at="Page.navigate")])
    LaunchOptions(binary, transport="pipe")

Guardian, profile folder, process ids and signals are the real ones. The folder counts the starts, so that a browser that
is started again has other ids, and its faults of the first start behind it.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

import harness
from harness.cdp.finding import BrowserBinary
from harness.testing.sim_browser.browser import SimBrowser
from harness.testing.sim_browser.faults import Fault
from harness.testing.sim_browser.pipes import serve_on_pipes
from harness.testing.sim_browser.server import SimServer
from harness.testing.sim_browser.site import Document

PROFILE_IN_USE = 21
"""Chromium's exit code where another browser has the profile."""

_IN_USE = """\
[ERROR:chrome/browser/process_singleton_posix.cc] Failed to create {profile}/SingletonLock: File exists (17)
[ERROR:chrome/app/chrome_main_delegate.cc] Failed to create a ProcessSingleton for your profile directory. Aborting.
"""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `sim_binary` leaves for the process."""

    seed: int = 1
    site: dict[str, Document] = {}
    faults: list[Fault] = []


def sim_binary(
    folder: Path, *, seed: int = 1, site: Mapping[str, Document] | None = None, faults: Sequence[Fault] = ()
) -> BrowserBinary:
    """An executable in `folder` for `LaunchOptions`; one folder a browser, for it counts that one's starts."""
    (folder / "sim.json").write_bytes(msgspec.json.encode(Settings(seed, dict(site or {}), list(faults))))
    path = folder / "sim-browser"
    root = Path(harness.__file__).parents[1]
    path.write_text(
        "#!/bin/sh\n"
        f"export PYTHONPATH={shlex.quote(str(root))}\n"
        f'exec {shlex.quote(sys.executable)} -m harness.testing.sim_browser {shlex.quote(str(folder))} "$@"\n'
    )
    path.chmod(0o755)
    return BrowserBinary(path, "headless-shell", "simulated")


def run(folder: Path, flags: Sequence[str]) -> int:
    """The process: until it is closed, killed, or its pipe ends. Returns the exit code."""
    settings = msgspec.json.decode((folder / "sim.json").read_bytes(), type=Settings)
    start = _count_start(folder)
    profile = next((flag.partition("=")[2] for flag in flags if flag.startswith("--user-data-dir=")), "")
    at_start = {fault.kind for fault in settings.faults if fault.start in {0, start}}
    if "profile_in_use" in at_start:
        sys.stderr.write(_IN_USE.format(profile=profile))
        return PROFILE_IN_USE
    if "silent_start" in at_start:
        signal.pause()  # alive, and it listens nowhere: as with a full disk
        return 0
    return asyncio.run(_serve(settings, start, profile, pipe="--remote-debugging-pipe" in flags))


async def _serve(settings: Settings, start: int, profile: str, *, pipe: bool) -> int:
    closed = asyncio.Event()

    def on_death(how: str) -> None:
        if how == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        closed.set()

    browser = SimBrowser(
        seed=settings.seed,
        site=settings.site,
        faults=settings.faults,
        start=start,
        on_death=on_death,
        pid=os.getpid(),
    )
    if pipe:
        await serve_on_pipes(browser, closed)
        return 0
    async with SimServer(browser) as server:
        _tell(server, profile)
        await closed.wait()
    return 0


def _tell(server: SimServer, profile: str) -> None:
    """Where it listens, as Chromium says it: in a file of its profile, and on stderr."""
    if profile:
        Path(profile, "DevToolsActivePort").write_text(f"{server.port}\n{server.browser.path}")
    sys.stderr.write(f"\nDevTools listening on {server.endpoint}\n")
    sys.stderr.flush()


def _count_start(folder: Path) -> int:
    with (folder / "starts").open("ab") as file:
        file.write(b".")
        return file.tell()
