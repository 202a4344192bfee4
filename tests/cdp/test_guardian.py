"""The guardian alone, with a shell in place of the browser: a wrapper script that does not exec what it runs."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from harness.cdp import guardian

WRAPPER = "sleep 60\n:"  # the shell waits for its child, as the wrapper of some distributions does
Guarded = subprocess.Popen[bytes]
Guard = Callable[[str], tuple[Guarded, psutil.Process]]


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    folder = tmp_path / "profile"
    folder.mkdir()
    (folder / "Cookies").write_text("x")
    return folder


@pytest.fixture
def guard(profile: Path) -> Iterator[Guard]:
    started: list[Guarded] = []

    def start(script: str) -> tuple[Guarded, psutil.Process]:
        command = [sys.executable, "-I", "-S", guardian.__file__, str(profile), "-", "/bin/sh", "-c", script]
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            close_fds=False,
        )
        started.append(process)
        assert process.stdout is not None
        return process, psutil.Process(json.loads(process.stdout.readline())["pid"])

    yield start
    for process in started:
        process.communicate(timeout=10)


def _family(leader: psutil.Process, size: int) -> list[psutil.Process]:
    """The leader and its descendants, once there are so many."""
    while len(family := [leader, *leader.children(recursive=True)]) < size:
        time.sleep(0.005)
    return family


def test_the_end_of_its_input_takes_the_whole_group_and_the_profile(guard: Guard, profile: Path, all_end) -> None:
    process, leader = guard(WRAPPER)
    family = _family(leader, 2)
    assert os.getpgid(family[1].pid) == leader.pid
    told, _ = process.communicate(timeout=10)
    assert json.loads(told) == {"exit": -9}
    assert process.returncode == 0
    assert all_end(family)
    assert not profile.exists()


@pytest.mark.parametrize("stopped", [False, True])
def test_a_guardian_killed_with_9_takes_the_whole_group_with_it(guard: Guard, stopped: bool, all_end) -> None:
    process, leader = guard(WRAPPER)
    family = _family(leader, 2)
    if stopped:
        family[1].suspend()
    process.kill()
    assert all_end(family)


def test_a_browser_that_ends_is_told_with_its_exit_code_and_its_profile_goes(
    guard: Guard, profile: Path, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    process, _ = guard(f"read go < {gate}; exit 7")
    gate.write_text("go\n")
    assert process.stdout is not None
    assert json.loads(process.stdout.readline()) == {"exit": 7}
    assert process.wait(10) == 0
    assert not profile.exists()


def test_what_a_browser_leaves_running_ends_with_it(guard: Guard, tmp_path: Path, all_end) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    process, leader = guard(f"sleep 60 & read go < {gate}; exit 3")
    family = _family(leader, 2)
    gate.write_text("go\n")
    assert process.stdout is not None
    assert json.loads(process.stdout.readline()) == {"exit": 3}
    assert all_end(family)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGTERM])
def test_a_terminals_or_a_services_signal_to_the_guardian_ends_nothing(guard: Guard, number: signal.Signals) -> None:
    process, leader = guard(WRAPPER)
    process.send_signal(number)
    assert leader.is_running()
    told, _ = process.communicate(timeout=10)
    assert json.loads(told) == {"exit": -9}


def test_the_browser_ignores_no_signal_because_its_guardian_does(guard: Guard) -> None:
    _, leader = guard(WRAPPER)
    ignored = next(line for line in Path(f"/proc/{_family(leader, 2)[1].pid}/status").read_text().splitlines()
                   if line.startswith("SigIgn"))  # fmt: skip
    assert int(ignored.split()[1], 16) == 0


def _open_files(pid: int) -> set[Path]:
    found = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            found.add(link.readlink())
    return found


def test_the_browser_inherits_no_open_file_but_its_three(guard: Guard, tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        _, leader = guard(WRAPPER)
        pid, deadline = _family(leader, 2)[1].pid, time.monotonic() + 30
        while len(files := _open_files(pid)) > 3 and time.monotonic() < deadline:
            time.sleep(0.01)  # while it starts, a shell has files of its own open
    assert len(files) == 3
    assert tmp_path / "file" not in files


def test_a_binary_that_cannot_run_is_told_by_name(profile: Path) -> None:
    command = [sys.executable, "-I", "-S", guardian.__file__, str(profile), "-", "/nowhere/chromium"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    assert [json.loads(line) for line in process.stdout][-1] == {"exit": 127}
    assert process.stderr.read() == b"/nowhere/chromium: No such file or directory\n"
    process.communicate()


def test_a_guardian_that_comes_too_late_starts_no_browser(profile: Path, tmp_path: Path) -> None:
    mark = tmp_path / "started"
    command = [sys.executable, "-I", "-S", guardian.__file__, str(profile), "-", "/bin/sh", "-c", f"touch {mark}; cat"]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=10)
    assert ended.stdout == b""
    assert not mark.exists()
    assert not profile.exists()
