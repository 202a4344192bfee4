"""The product as a user runs it: the `harness` command in a process of its own, on a real browser, from a profile file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

ROOT = Path(__file__).parents[2]

PROFILE = """
title = "End to end"
{top}
[run]
workers = 4
browsers = 2
duration_s = 60
seed = 11
step_timeout_s = 4
[site]
builtin = true
accounts = ["alice", "bob"]
spin_header = "x-harness-spin"
spin_cookie = "harness-spin"
ledger = "/api/ledger"
[criteria]
min_spins = 4
min_spins_per_path = 1
error_rate_max = 0.4
min_worker_s = 1
p95_default_ms = 60000
min_throughput_per_min = 0.1
[[credentials]]
name = "shop-alice"
site = "shop"
account = "alice"
secret = "site:alice"
[[credentials]]
name = "cabinet-alice"
site = "cabinet"
account = "alice"
secret = "site:alice"
[[credentials]]
name = "cabinet-bob"
site = "cabinet"
account = "bob"
secret = "site:bob"
[[paths]]
name = "shop"
map = "{maps}/shop.recording.json"
recorded_origin = "http://127.0.0.1:8907"
credentials = ["shop-alice"]
effect = true
bind = {{ "alice" = "account", "recorded-password" = "secret" }}
[[paths]]
name = "cabinet"
map = "{maps}/cabinet.map.json"
credentials = ["cabinet-alice", "cabinet-bob"]
effect = true
"""


class Ended(NamedTuple):
    """A finished command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed with `--json`."""
        return json.loads(self.out)


class Harness:
    """Runs `harness` with a storage root and a temporary folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runs = folder / "runs"
        self.environment = {**os.environ, "HARNESS_STORAGE_ROOT": str(self.runs)}
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command and go on."""
        process = subprocess.Popen(
            [sys.executable, "-m", "harness.cli.entry", *arguments],
            cwd=self.folder,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def __call__(self, *arguments: str, timeout_s: float = 100, **environment: str) -> Ended:
        """Run a command to its end."""
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=timeout_s)
        return Ended(process.returncode, out, err)

    def profile(self, *, top: str = "", extra: str = "", change: Callable[[str], str] = lambda text: text) -> str:
        """Write a profile and return its path."""
        text = change(PROFILE.format(top=top, maps=ROOT / "profiles" / "maps") + extra)
        path = self.folder / "profile.toml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    def run_folder(self) -> Path:
        """The only run there is."""
        (folder,) = self.runs.glob("run-*")
        return folder

    def wait_for_browser_pid(self, process: subprocess.Popen[str]) -> int:
        """The id of a browser's own process, as soon as the manifest names it."""
        while process.poll() is None:
            for manifest in self.runs.glob("run-*/manifest.json"):
                browsers = json.loads(manifest.read_text())["browsers"]
                if browsers:
                    root = psutil.Process(browsers[0]["pid"])
                    return min(child.pid for child in [root, *root.children()])
            time.sleep(0.05)
        raise AssertionError(process.communicate())

    def wait_for_spins(self, process: subprocess.Popen[str], wanted: int) -> None:
        """Return when this many spins have ended; AssertionError when the command ends before."""
        while process.poll() is None:
            texts = [
                segment.read_text(errors="replace") for segment in self.runs.glob("run-*/channels/L0G_D0M41N/*.jsonl")
            ]
            if sum(text.count('"spin.ended"') for text in texts) >= wanted:
                return
            time.sleep(0.05)
        raise AssertionError(process.communicate())

    def events(self, *names: str) -> list[dict[str, Any]]:
        """The run's events of these names in order of their sequence."""
        found = []
        for segment in self.run_folder().glob("channels/*/*.jsonl"):
            for line in segment.read_bytes().splitlines():
                event = json.loads(line)
                if event["event"] in names:
                    found.append(event)
        return sorted(found, key=lambda event: event["seq"])


@pytest.fixture
def harness(tmp_path: Path, browser_path: Path) -> Iterator[Harness]:
    """The command; whatever a test started and did not wait for is ended."""
    command = Harness(tmp_path)
    yield command
    for process in command.started:
        if process.poll() is None:
            process.kill()
        process.communicate()
