"""`harness burn-in` and `harness run`: what the command line asks for, and what the end of a run is told as.

The run itself is left out here; tests/e2e runs the whole product.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pytest

from harness import app as application
from harness.basics.errors import StorageError, UsageError
from harness.burnin.runner import RunResult
from harness.cdp.finding import BrowserBinary
from harness.cli import running
from harness.cli.main import main
from harness.cli.running import read_duration
from harness.pool.modes import Mode
from harness.readiness.verdict import evaluate
from harness.settings.preparation import RunOptions
from tests.evidence.run_builder import RunBuilder

Capture = pytest.CaptureFixture[str]
BINARY = BrowserBinary(Path("/usr/bin/chrome"), "full", "PATH")


class Runs:
    """Stands for the application: notes what it was asked for, and ends as told."""

    def __init__(self, root: Path) -> None:
        self.builder = RunBuilder(root)
        self.result = RunResult("completed", 60.0)
        self.asked: list[RunOptions] = []
        self.drawn: list[bool] = []
        self.warnings: tuple[str, ...] = ()

    def prepare(self, _loaded: object, options: RunOptions, _environment: object) -> Any:
        self.asked.append(options)
        return SimpleNamespace(binary=BINARY, warnings=self.warnings)

    def run(self, _prepared: object, attach: Callable[[Any], Any]) -> application.RunOutcome:
        async def begin() -> None:
            self.drawn.append(attach(SimpleNamespace()) is not None)

        anyio.run(begin)
        folder = self.builder.good_run().write()
        return application.RunOutcome(folder, self.result, evaluate(folder))


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    made = Runs(tmp_path / "run-1")
    monkeypatch.setenv("HARNESS_STORAGE_ROOT", str(tmp_path))
    monkeypatch.setattr(running, "prepare", made.prepare)
    monkeypatch.setattr(application, "run", made.run)
    return made


# --- durations


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("0.5s", 0.5), ("5m", 300), ("24h", 86_400), ("7d", 604_800), (" 1.5m ", 90)],
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert read_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "0", "0s", "-1s", "s", "5 m", "5min", "1h30m", "1e3", "inf", "nan", "1,5m", "5M", "9" * 400]
)
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(UsageError, match="is no duration"):
        read_duration(text)


def test_a_wrong_duration_is_three_lines_and_exit_2(capsys: Capture, runs: Runs) -> None:
    assert main(["burn-in", "--for", "soon"]) == 2
    assert capsys.readouterr().err.startswith("harness: --for 'soon' is no duration\n  why: ")
    assert runs.asked == []


# --- what is asked for


def test_a_burn_in_asks_for_what_the_command_line_says(runs: Runs) -> None:
    told = ["--for", "2m", "--workers", "3", "--path", "shop", "--path", "cabinet"]
    rules = ["--misbehave", "error500:/shop/cart", "--without-strategy", "clip"]
    assert main(["burn-in", *told, *rules]) == 0
    assert runs.asked == [
        RunOptions(Mode.BURN_IN, 3, 120.0, ("shop", "cabinet"), ("error500:/shop/cart",), ("clip",)),
    ]


def test_what_is_not_said_is_left_to_the_profile(runs: Runs) -> None:
    assert main(["burn-in"]) == 0
    assert main(["run"]) == 0
    assert runs.asked == [RunOptions(Mode.BURN_IN), RunOptions(Mode.SEQUENTIAL)]


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.BURN_IN])
def test_a_run_has_its_mode_and_number_of_items(runs: Runs, mode: Mode) -> None:
    assert main(["run", "--mode", mode.value, "--items", "7"]) == 0
    assert runs.asked == [RunOptions(mode, items=7)]


@pytest.mark.parametrize("mode", ["burn-in", "dance", ""])
def test_an_unknown_mode_names_the_known_ones(capsys: Capture, runs: Runs, mode: str) -> None:
    assert main(["run", "--mode", mode]) == 2
    err = capsys.readouterr().err
    assert f"there is no mode {mode!r}" in err
    assert "known are sequential, parallel, first-spin" in err
    assert runs.asked == []


# --- how it ends


def test_the_exit_code_is_the_verdict_s(capsys: Capture, runs: Runs) -> None:
    runs.builder.criteria = {"p95_default_ms": 100.0}
    assert main(["burn-in"]) == 1
    out, err = capsys.readouterr()
    assert "browser: /usr/bin/chrome (full, by PATH)" in out
    assert "NO-GO  run-test" in out
    assert err == ""
    assert runs.drawn == [True]


def test_an_interrupted_run_is_evaluated_and_exit_130(capsys: Capture, runs: Runs) -> None:
    runs.result = RunResult("interrupted", 12.0)
    assert main(["burn-in"]) == 130
    out, err = capsys.readouterr()
    assert "run-test" in out
    assert err.splitlines()[0] == "harness: interrupted"
    assert len(err.splitlines()) == 3


def test_a_run_that_was_halted_says_why_after_its_verdict(capsys: Capture, runs: Runs) -> None:
    runs.result = RunResult("halted", 12.0, error=StorageError("evidence could not be written", why="the disk is full"))
    assert main(["burn-in"]) == 4
    out, err = capsys.readouterr()
    assert "run-test" in out
    assert err.startswith("harness: evidence could not be written\n  why: the disk is full\n  to do: ")


@pytest.mark.parametrize(
    ("result", "code", "what"),
    [
        (RunResult("completed", 60.0), 0, None),
        (RunResult("interrupted", 12.0), 130, None),
        (RunResult("halted", 12.0, error=StorageError("no room", why="full")), 4, "no room"),
    ],
)
def test_as_json_everything_is_one_object(
    capsys: Capture, runs: Runs, result: RunResult, code: int, what: str | None
) -> None:
    runs.result = result
    assert main(["burn-in", "--json"]) == code
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert err == ""
    assert found["run_folder"] == str(runs.builder.root)
    assert found["ending"] == {"reason": result.reason, "ran_s": result.ran_s}
    assert (found["error"] or {}).get("what") == what
    if what is not None:
        assert (found["error"]["code"], found["error"]["exit_code"]) == ("storage_failed", code)
    assert found["verdict"] == "GO"
    assert found["exit_code"] == code, "the object says what the command exits with"
    assert runs.drawn == [False]


def test_what_the_run_will_not_do_is_told_before_it_starts(capsys: Capture, runs: Runs) -> None:
    runs.warnings = ("faults[0] (cut at 30 s) will not be made: the run works for 20 s",)
    assert main(["burn-in"]) == 0
    assert capsys.readouterr().err == f"harness: warning: {runs.warnings[0]}\n"
    assert main(["burn-in", "--json"]) == 0
    out, err = capsys.readouterr()
    assert (json.loads(out)["warnings"], err) == (list(runs.warnings), "")


@pytest.mark.parametrize("text", ["367d", "99999999999999h", "9" * 30])
def test_a_duration_beyond_a_year_is_refused(text: str) -> None:
    assert read_duration("366d") == 366 * 86_400
    with pytest.raises(UsageError, match="is too long"):
        read_duration(text)
