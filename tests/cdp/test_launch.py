"""Launching, with shell scripts in place of the browser: what a browser may do wrong is easier told to a script."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

import anyio
import psutil
import pytest

from harness.cdp import launch
from harness.cdp.errors import BrowserFailedError
from harness.cdp.finding import BrowserBinary
from harness.cdp.launch import BrowserProcess, LaunchOptions, command_line
from harness.cdp.profile_folder import PREFIX

LISTENS = "echo 'DevTools listening on ws://127.0.0.1:9/devtools/browser/x' >&2\n"


@pytest.fixture
def script(tmp_path: Path):
    def write(text: str, **options: Any) -> LaunchOptions:
        path = tmp_path / "browser"
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return LaunchOptions(BrowserBinary(path, "headless-shell", "test"), **options)

    return write


def _profiles() -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))


def _descriptors() -> list[Path]:
    return sorted(Path("/proc/self/fd").iterdir())


def _descendants(pid: int, count: int) -> list[psutil.Process]:
    """They, once there are so many."""
    while len(found := psutil.Process(pid).children(recursive=True)) < count:
        time.sleep(0.005)
    return found


# --- the command line


def test_the_command_line_opens_a_random_port_for_nobody_else(tmp_path: Path) -> None:
    options = LaunchOptions(BrowserBinary(Path("/b"), "full", "test"), extra_flags=("--lang=de",))
    command = command_line(options, tmp_path)
    assert command[0] == "/b"
    assert {"--remote-debugging-port=0", f"--user-data-dir={tmp_path}", "--headless", "--lang=de"} <= set(command)
    assert not [flag for flag in command if "allow-origins" in flag or "no-sandbox" in flag]


def test_the_sandbox_is_left_out_for_root_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    options = LaunchOptions(BrowserBinary(Path("/b"), "full", "test"), headless=False, no_sandbox=True)
    for uid, without in ((0, True), (1000, False)):
        monkeypatch.setattr(os, "getuid", lambda uid=uid: uid)
        command = command_line(options, tmp_path)
        assert ("--no-sandbox" in command) is without
        assert "--headless" not in command


# --- a browser that works


async def test_a_browser_is_found_by_what_it_says_and_stopped_without_a_trace(script, all_end) -> None:
    process = await BrowserProcess.start(script(LISTENS + "sleep 60\n:"))
    assert process.endpoint == "ws://127.0.0.1:9/devtools/browser/x"
    assert process.is_alive()
    assert process.profile.is_dir()
    family = [psutil.Process(process.pid), *_descendants(process.pid, 1)]
    await process.stop()
    assert process.exited.is_set()
    assert not process.is_alive()
    assert process.exit_code == -9
    assert all_end(family)
    assert _profiles() == []
    await process.stop()


async def test_a_kill_ends_the_group_and_is_noticed(script, all_end) -> None:
    process = await BrowserProcess.start(script(LISTENS + "sleep 60\n:"))
    family = [psutil.Process(process.pid), *_descendants(process.pid, 1)]
    family[1].suspend()
    process.kill()
    await process.exited.wait()
    assert all_end(family)
    assert not process.is_alive()
    process.kill()
    await process.stop()


async def test_a_guardian_killed_with_9_leaves_no_process_and_stop_removes_the_profile(script, all_end) -> None:
    process = await BrowserProcess.start(script(LISTENS + "sleep 60\n:"))
    family = [psutil.Process(process.pid), *_descendants(process.pid, 1)]
    process._guardian.kill()
    await process.exited.wait()
    assert all_end(family)
    assert process.exit_code is None
    await process.stop()
    assert _profiles() == []


async def test_a_guardian_that_hangs_is_killed_and_its_browser_with_it(
    script, monkeypatch: pytest.MonkeyPatch, all_end
) -> None:
    monkeypatch.setattr(launch, "_GUARDIAN_S", 0.05)
    process = await BrowserProcess.start(script(LISTENS + "sleep 60\n:"))
    family = [psutil.Process(process.pid), *_descendants(process.pid, 1)]
    psutil.Process(process._guardian.pid).suspend()
    await process.stop()
    assert all_end(family)
    assert _profiles() == []


async def test_a_process_that_left_the_group_does_not_hold_the_stop_up(
    script, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, all_end
) -> None:
    monkeypatch.setattr(launch, "_LAST_WORDS_S", 0.05)
    left = tmp_path / "left"
    process = await BrowserProcess.start(
        script(f"setsid sh -c 'echo $$ > {left}; exec sleep 60' &\nwhile ! test -s {left}; do :; done\n{LISTENS}wait")
    )
    daemon = psutil.Process(int(left.read_text()))
    try:
        with anyio.fail_after(30):
            await process.stop()
        assert _profiles() == []
    finally:
        daemon.kill()
        assert all_end([daemon])


async def test_the_process_is_known_although_the_guardians_word_is_read_after_the_browsers(script, monkeypatch) -> None:
    read_guardian = BrowserProcess._read_guardian

    async def read_late(process: BrowserProcess) -> None:
        await process._listening
        await anyio.wait_all_tasks_blocked()
        await read_guardian(process)

    monkeypatch.setattr(BrowserProcess, "_read_guardian", read_late)
    process = await BrowserProcess.start(script(LISTENS + "sleep 60\n:"))
    assert process.is_alive()
    process.kill()
    await process.exited.wait()
    await process.stop()


# --- a browser that does not


async def test_a_browser_that_ends_at_once_fails_with_what_it_said(script) -> None:
    with pytest.raises(BrowserFailedError) as caught:
        await BrowserProcess.start(script("echo 'cannot open display' >&2\nexit 5"))
    assert caught.value.what == "the browser ended before it listened (exit code 5)"
    assert caught.value.why == "cannot open display"
    assert _profiles() == []


async def test_a_binary_that_is_not_there_fails_with_its_name(script, tmp_path: Path) -> None:
    options = script("")._replace(binary=BrowserBinary(tmp_path / "missing", "full", "test"))
    with pytest.raises(BrowserFailedError, match="missing: No such file or directory"):
        await BrowserProcess.start(options)
    assert _profiles() == []


@pytest.mark.parametrize("left", [0, 2, 4])
async def test_too_few_descriptors_fail_the_start_with_the_reason_and_leave_nothing_behind(script, left: int) -> None:
    options = script("sleep 60", transport="pipe")
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    before = _descriptors()
    next_free = os.dup(0)
    os.close(next_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (next_free + left, limits[1]))
    try:
        with pytest.raises(BrowserFailedError, match=r"Too many open files|Errno -1"):
            await BrowserProcess.start(options)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert _descriptors() == before
    assert _profiles() == []


async def test_a_profile_that_cannot_be_made_fails_the_start_with_the_reason(script, monkeypatch) -> None:
    def full() -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(launch, "make_profile_folder", full)
    with pytest.raises(BrowserFailedError, match="No space left on device"):
        await BrowserProcess.start(script("sleep 60"))


async def test_a_browser_that_never_listens_is_given_up_and_gone(script, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    with pytest.raises(BrowserFailedError, match=r"did not listen within 0\.5 s \(it said nothing on stderr\)"):
        await BrowserProcess.start(script(f"echo $$ > {pid}\nsleep 60\n:", start_timeout_s=0.5))
    assert not pid.exists() or not psutil.pid_exists(int(pid.read_text()))
    assert _profiles() == []


async def test_a_start_that_is_cancelled_leaves_nothing_behind(script, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(BrowserProcess.start, script(f"echo $$ > {ready}\nsleep 60\n:"))
        pid = int(await asyncio.to_thread(ready.read_text))
        tasks.cancel_scope.cancel()
    assert not psutil.pid_exists(pid)
    assert _profiles() == []


async def test_a_start_that_is_cancelled_at_once_leaves_nothing_behind(script) -> None:
    for steps in range(4):
        task = asyncio.create_task(BrowserProcess.start(script("sleep 60\n:")))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert _profiles() == []


async def test_the_last_lines_of_stderr_are_kept_whatever_their_length(script) -> None:
    many = "i=0; while test $i -lt 100; do echo line $i >&2; i=$((i+1)); done\n"
    long = "head -c 200000 /dev/zero | tr '\\0' x >&2; echo >&2\n"
    with pytest.raises(BrowserFailedError) as caught:
        await BrowserProcess.start(script(f"{long}{many}printf 'caf\\303' >&2; exit 1"))
    assert caught.value.why.endswith("line 99\ncaf\ufffd")
    assert "line 10\n" not in caught.value.why
