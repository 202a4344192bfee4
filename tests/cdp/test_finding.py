from __future__ import annotations

from pathlib import Path

import pytest

from harness.basics.exit_codes import ExitCode
from harness.cdp.errors import BrowserMissingError
from harness.cdp.finding import find_browser


def _program(folder: Path, name: str, mode: int = 0o755) -> Path:
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return path


def test_headless_work_prefers_a_headless_shell_and_headed_work_cannot_use_one(tmp_path: Path) -> None:
    shell, full = _program(tmp_path, "chromium-headless-shell"), _program(tmp_path, "chromium")
    assert find_browser(None, search_path=str(tmp_path)) == (shell, "headless-shell", "PATH")
    assert find_browser(None, headless=False, search_path=str(tmp_path)) == (full, "full", "PATH")


def test_a_full_browser_will_do_for_headless_work(tmp_path: Path) -> None:
    chrome = _program(tmp_path, "google-chrome")
    assert find_browser(None, search_path=str(tmp_path)) == (chrome, "full", "PATH")


def test_a_named_browser_is_taken_and_a_link_is_judged_by_what_it_leads_to(tmp_path: Path) -> None:
    _program(tmp_path, "chrome-headless-shell")
    link = tmp_path / "browser"
    link.symlink_to("chrome-headless-shell")
    assert find_browser(str(link), search_path="") == (link, "headless-shell", "HARNESS_BROWSER")


@pytest.mark.parametrize("name", ["missing", "not-executable", "."])
def test_a_named_browser_that_cannot_run_is_never_passed_over(tmp_path: Path, name: str) -> None:
    _program(tmp_path, "chromium")
    _program(tmp_path, "not-executable", 0o644)
    with pytest.raises(BrowserMissingError, match="HARNESS_BROWSER cannot be run") as caught:
        find_browser(str(tmp_path / name), search_path=str(tmp_path))
    assert caught.value.exit_code is ExitCode.ENVIRONMENT


def test_without_any_browser_the_error_names_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(BrowserMissingError) as caught:
        find_browser(None, search_path=str(tmp_path))
    assert "chromium-headless-shell" in caught.value.why
    assert "google-chrome-stable" in caught.value.why
    assert "HARNESS_BROWSER" in caught.value.todo
