from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil

from harness.cdp.process_stat import started_ticks
from harness.cdp.profile_folder import PREFIX, make_profile_folder, remove_profile_folder, sweep_leftovers


def _folder_of(pid: int, ticks: int | None, suffix: str = "abc") -> Path:
    folder = Path(tempfile.gettempdir()) / f"{PREFIX}{pid}-{ticks}-{suffix}"
    folder.mkdir()
    (folder / "Cookies").write_text("x")
    return folder


def _ended() -> int:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def test_a_profile_is_closed_to_others_and_its_living_owner_keeps_it() -> None:
    folder = make_profile_folder()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sweep_leftovers() == (0, 0)
    assert folder.is_dir()
    assert remove_profile_folder(folder)


def test_the_profile_of_an_ended_owner_is_swept_with_the_browser_that_uses_it() -> None:
    folder = _folder_of(_ended(), 1)
    browser = subprocess.Popen(["sh", "-c", "sleep 60; :", f"--user-data-dir={folder}"], start_new_session=True)
    bystander = subprocess.Popen(["sh", "-c", "sleep 60; :", "--user-data-dir=/elsewhere"], start_new_session=True)
    family = psutil.Process(browser.pid)
    try:
        swept = sweep_leftovers()
        assert swept.profiles == 1
        assert swept.processes in {1, 2}, "the shell, and its child where that was not yet another program"
        assert browser.wait(5) == -9
        assert not folder.exists()
        assert bystander.poll() is None
        assert sweep_leftovers() == (0, 0)
    finally:
        for process in (browser, bystander):
            os.killpg(process.pid, 9)
            process.wait(5)
    assert not family.is_running()


def test_a_process_that_has_its_owners_id_by_chance_does_not_keep_a_profile() -> None:
    ticks = started_ticks(os.getpid())
    assert ticks is not None
    folder = _folder_of(os.getpid(), ticks - 1)
    assert sweep_leftovers() == (0, 1)
    assert not folder.exists()


def test_what_is_not_named_as_ours_is_left_alone() -> None:
    folders = [Path(tempfile.gettempdir()) / f"{PREFIX}{name}" for name in ("old", "77777777", "1-x-abc", "--")]
    for folder in folders:
        folder.mkdir()
    try:
        assert sweep_leftovers() == (0, 0)
        assert all(folder.is_dir() for folder in folders)
    finally:
        for folder in folders:
            folder.rmdir()


def test_removing_what_is_gone_already_is_no_failure(tmp_path: Path) -> None:
    assert remove_profile_folder(tmp_path / "gone")


def test_what_cannot_be_removed_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    assert not remove_profile_folder(tmp_path / "file", wait_s=0.0)
