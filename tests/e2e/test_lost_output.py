"""Nobody may read the output, and many may ask for the end: the run goes on to its verdict, its report and its exit code."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import Any

import psutil
import pytest

SHELL = {
    "a reader that leaves": '"$@" | head -n 1; exit ${PIPESTATUS[0]}',
    "a closed standard output": '"$@" >&-',
    "both closed": '"$@" >&- 2>&- <&-',
    "a full disk": '"$@" >/dev/full',
    "both full": '"$@" >/dev/full 2>/dev/full',
    "ASCII": 'PYTHONIOENCODING=ascii "$@"',
    "ASCII for machines": 'PYTHONIOENCODING=ascii "$@" --json',
}


@pytest.mark.parametrize("how", SHELL)
def test_a_run_whose_output_cannot_be_shown_ends_as_any_other(harness: Any, how: str) -> None:
    command = [sys.executable, "-m", "harness.cli.entry", "run", "--profile", harness.profile(), "--path", "cabinet"]
    ended = subprocess.run(
        ["bash", "-c", SHELL[how], "bash", *command],
        cwd=harness.folder, env=harness.environment, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    assert json.loads((harness.run_folder() / "report.json").read_text())["verdict"] == "GO"
    assert json.loads((harness.run_folder() / "manifest.json").read_text())["ending"]["reason"] == "completed"
    if how in {"a reader that leaves", "a closed standard output", "a full disk"}:
        what, why, todo = ended.stderr.splitlines()
        assert what == "harness: GO, but the output could not be shown"
        assert why.startswith("  why: standard output: ")
        assert str(harness.run_folder()) in todo
    if how == "ASCII":
        assert ">= 1" in ended.stdout
        assert ended.stdout.isascii()
    if how == "ASCII for machines":
        assert json.loads(ended.stdout)["verdict"] == "GO"


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_hangup_and_a_request_to_end_are_answered_like_ctrl_c(harness: Any, number: signal.Signals) -> None:
    process = harness.start("burn-in", "--profile", harness.profile(), "--for", "60s")
    harness.wait_for_spins(process, 3)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, out + err
    assert json.loads((harness.run_folder() / "manifest.json").read_text())["ending"]["reason"] == "interrupted"
    assert (harness.run_folder() / "report.html").is_file()


@pytest.mark.parametrize("after_spins", [0, 3])
def test_five_signals_in_a_row_still_leave_an_evaluated_folder_and_nothing_running(
    harness: Any, after_spins: int
) -> None:
    process = harness.start("burn-in", "--profile", harness.profile(), "--for", "60s")
    if after_spins:
        harness.wait_for_spins(process, after_spins)
    else:
        harness.wait_for_browser_pid(process)
    family = psutil.Process(process.pid).children(recursive=True)
    for _ in range(5):
        process.send_signal(signal.SIGINT)
        time.sleep(0.06)  # impatience is the point of this test
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, out + err
    assert "Traceback" not in out + err
    assert (harness.run_folder() / "report.html").is_file()
    _, alive = psutil.wait_procs(family, timeout=5)
    assert not [child for child in alive if child.status() != psutil.STATUS_ZOMBIE]
