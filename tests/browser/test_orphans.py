"""The short form of `scripts/orphans`, in a process of its own: it adopts what the killed harness leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from scripts.hardening.orphans import GONE_WITHIN_S, ROOT, Death, broken


def test_a_harness_killed_at_random_moments_leaves_no_process_and_no_profile(browser_path: Path) -> None:
    command = [sys.executable, "-m", "scripts.hardening.orphans", "--times", "3", "--seed", "2", "--json"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    report = json.loads(ended.stdout)
    assert report["n"] == 3
    assert report["processes killed"] > 0
    assert (report["folders left after it"], [death["swept_processes"] for death in report["deaths"]]) == (0, [0, 0, 0])


def test_what_outlives_its_harness_is_named() -> None:
    sound = Death(1.0, 20, 0.1, 0.2, 1, 0, 0)
    assert broken([sound, sound]) == []
    assert len(broken([sound, replace(sound, browser_s=GONE_WITHIN_S + 1, after_sweep=1, swept_processes=2)])) == 3
