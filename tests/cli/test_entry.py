"""Ctrl-C is answered from the first moment on, also while the command's own modules are still being imported."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from harness import __version__
from harness.cli.entry import main

Capture = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch


class Interrupted(ModuleType):
    """A module whose import is interrupted before its names are there."""

    def __getattr__(self, name: str) -> object:
        raise KeyboardInterrupt


def test_ctrl_c_during_import_is_three_lines_and_exit_130(capsys: Capture, monkeypatch: Patch) -> None:
    monkeypatch.setitem(sys.modules, "harness.cli.main", Interrupted("harness.cli.main"))
    assert main() == 130
    out, err = capsys.readouterr()
    what, why, todo = err.splitlines()
    assert (out, what, why) == ("", "harness: interrupted", "  why: Ctrl-C, or another signal that asks for the end")
    assert todo.startswith("  to do: start again;")


def test_the_exit_code_is_the_command_s(capsys: Capture, monkeypatch: Patch) -> None:
    monkeypatch.setattr(sys, "argv", ["harness", "dance"])
    assert main() == 2
    assert "No such command 'dance'" in capsys.readouterr().err


def test_it_can_be_started_as_a_module() -> None:
    command = [sys.executable, "-m", "harness.cli.entry", "--version"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout == f"harness {__version__}\n"


def test_nothing_heavy_is_imported_before_ctrl_c_can_be_answered() -> None:
    code = "import sys, harness.cli.entry; print(*sorted(n for n in sys.modules if n.startswith('harness')))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout.split() == ["harness", "harness.cli", "harness.cli.entry"]


def test_ctrl_c_within_a_dataclass_that_is_being_made_is_an_exit_code_and_no_signal(tmp_path: Path) -> None:
    """CPython remembers such a KeyboardInterrupt, although it was caught, and kills itself by SIGINT at its end."""
    code = """
import sys, types
class Interrupted(types.ModuleType):
    def __getattr__(self, name):
        exec("raise KeyboardInterrupt")
sys.modules["harness.cli.main"] = Interrupted("harness.cli.main")
from harness.cli.entry import main
sys.exit(main())
"""
    (tmp_path / "late.py").write_text(code)
    ended = subprocess.run([sys.executable, "-m", "late"], cwd=tmp_path, capture_output=True, check=False, timeout=60)
    assert ended.returncode == 130


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_that_ask_for_the_end_are_answered_like_ctrl_c(number: signal.Signals) -> None:
    code = """
import os, sys, types
class Interrupted(types.ModuleType):
    def __getattr__(self, name):
        os.kill(os.getpid(), int(sys.argv[1]))
        for _ in range(1000): pass
sys.modules["harness.cli.main"] = Interrupted("harness.cli.main")
from harness.cli.entry import main
sys.exit(main())
"""
    command = [sys.executable, "-c", code, str(int(number))]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 130
    assert ended.stderr.startswith("harness: interrupted\n")
