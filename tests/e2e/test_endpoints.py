"""Browsers that somebody else runs: attached to, worked with, left as they were found."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest


class Running(NamedTuple):
    """A browser of the test's own."""

    websocket_url: str
    http_url: str

    def contexts_left(self) -> int:
        """Pages that are open beside its own blank one."""
        with urllib.request.urlopen(f"{self.http_url}/json/list", timeout=10) as answer:
            return len([target for target in json.load(answer) if target["type"] == "page"]) - 1


@pytest.fixture
def running(browser_path: Path, tmp_path: Path) -> Iterator[Running]:
    command = [str(browser_path), "--headless", "--no-sandbox", "--remote-debugging-port=0", "--no-first-run"]
    command += [f"--user-data-dir={tmp_path / 'profile'}", "--disable-background-networking", "about:blank"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        said = next(line for line in process.stderr if "DevTools listening on" in line)
        url = re.search(r"ws://\S+", said)[0]
        yield Running(url, f"http://{url.split('/')[2]}")
    finally:
        subprocess.run(["pkill", "-9", "-g", str(process.pid)], check=False)
        process.communicate(timeout=20)


def _attached(harness: Any, *endpoints: str) -> str:
    named = ", ".join(f'"{endpoint}"' for endpoint in endpoints)
    return harness.profile(
        top=f"[browser]\nendpoints = [{named}]", change=lambda text: text.replace("browsers = 2\n", "")
    )


def test_a_run_on_a_browser_that_runs_already_leaves_it_as_it_was(harness: Any, running: Running) -> None:
    profile = _attached(harness, running.http_url) + ""
    ended = harness("burn-in", "--profile", profile, "--for", "6s", "--json")
    assert ended.code == 0, ended.out + ended.err
    assert running.contexts_left() == 0
    manifest = json.loads((harness.run_folder() / "manifest.json").read_text())
    assert [browser["kind"] for browser in manifest["browsers"]] == ["remote"]
    assert running.http_url in manifest["browsers"][0]["path"]


def test_one_browser_under_two_addresses_is_refused(harness: Any, running: Running) -> None:
    """Its clipboard would have two owners."""
    profile = _attached(harness, running.websocket_url, running.http_url.replace("127.0.0.1", "localhost"))
    ended = harness("burn-in", "--profile", profile, "--for", "6s")
    assert ended.code == 4, ended.out + ended.err
    assert "is the same browser as that of" in ended.err
    assert running.contexts_left() == 0


def test_an_address_where_no_browser_is_says_what_to_do(harness: Any) -> None:
    ended = harness("burn-in", "--profile", _attached(harness, "http://127.0.0.1:9"), "--for", "6s")
    assert ended.code == 4, ended.out + ended.err
    assert "no browser could be attached to at http://127.0.0.1:9" in ended.err
    assert "browser.endpoints" in ended.err
