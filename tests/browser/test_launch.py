"""No way of dying leaves a real browser behind."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from harness.cdp.errors import BrowserFailedError
from harness.cdp.launch import BrowserProcess
from harness.cdp.profile_folder import PREFIX, sweep_leftovers
from tests.browser.managed import Told, family, launch_options, managed, seconds_until_ended

HARNESS = """
import asyncio, sys
from pathlib import Path
from tests.browser.managed import launch_options
from harness.cdp.launch import BrowserProcess

async def main():
    process = await BrowserProcess.start(launch_options(Path(sys.argv[1])))
    print(process._guardian.pid, process.pid, process.profile, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
ROOT = Path(__file__).parents[2]


class _Harness:
    """Another process that runs a browser."""

    def __init__(self, browser_path: Path) -> None:
        command = [sys.executable, "-c", HARNESS, str(browser_path)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, cwd=ROOT)
        assert self.process.stdout is not None
        guardian, browser, profile = self.process.stdout.readline().split()
        self.guardian, self.profile = psutil.Process(int(guardian)), Path(profile.decode())
        self.family = [*family(int(guardian)), *family(int(browser))]

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def _profiles() -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))


async def test_the_process_id_is_the_browsers_own_also_behind_a_wrapper_script(browser_path: Path) -> None:
    async with managed(browser_path, told := Told()) as manager:
        processes = (await (await manager.ready()).call("SystemInfo.getProcessInfo"))["processInfo"]
        (own,) = [process["id"] for process in processes if process["type"] == "browser"]
        assert manager.process.pid == own
    assert told.fields("browser.started")[0]["pid"] == own
    assert told.fields("browser.exited")[0]["pid"] == own


async def test_a_guardian_killed_with_9_takes_the_whole_browser_with_it(browser_path: Path) -> None:
    process = await BrowserProcess.start(launch_options(browser_path))
    processes = family(process._guardian.pid)
    assert process.pid in {one.pid for one in processes}
    process._guardian.kill()
    seconds_until_ended(processes)
    await process.exited.wait()
    await process.stop()
    assert _profiles() == []


def test_a_harness_killed_with_9_leaves_no_browser_and_no_profile(browser_path: Path) -> None:
    harness = _Harness(browser_path)
    assert len(harness.family) > 3
    assert harness.profile.is_dir()
    harness.kill()
    seconds_until_ended(harness.family)  # the guardian ends when the profile is gone
    assert not harness.profile.exists()


def test_what_a_harness_and_its_guardian_leave_when_both_are_killed_is_swept(browser_path: Path) -> None:
    harness = _Harness(browser_path)
    harness.guardian.suspend()  # so that it cannot do its work between the two signals
    harness.kill()
    assert harness.profile.is_dir()
    harness.guardian.kill()
    seconds_until_ended(harness.family)
    assert sweep_leftovers() == (0, 1)
    assert _profiles() == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root's Chromium refuses to start with its sandbox")
async def test_a_browser_that_refuses_to_start_tells_why(browser_path: Path) -> None:
    with pytest.raises(BrowserFailedError, match="no-sandbox"):
        await BrowserProcess.start(launch_options(browser_path)._replace(no_sandbox=False))
    assert _profiles() == []
