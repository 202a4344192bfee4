from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from harness.basics.exit_codes import ExitCode
from harness.cli.main import main
from harness.runfolder.manifest import Ending
from harness.settings.reconnect_profile import shipped_reconnects
from tests.evidence.run_builder import RunBuilder

Capture = pytest.CaptureFixture[str]


def flapping(root: Path) -> Path:
    run = RunBuilder(root)
    run.plan = {"reconnect": {"name": "per-host"}, "workers": 2, "browsers": 2, "duration_s": 3600.0}
    run.ending = Ending(reason="completed", ran_s=3600.0, ended_ns=run.ending.ended_ns)
    run.emit("run.started", 0.0, mode="burn-in", profile="demo", workers=2, browsers=2, duration_s=3600.0)
    run.healthy(0.0, "b1", "b2")
    run.emit("fault.injected", 5.0, kind="connection_cut", browser_id="b2")
    run.loss(5.1, "b2")
    for second in (100.0, 200.0, 300.0):
        run.loss(second, "b1", back_s=0.3)
    run.loss(400.0, "b2", back_s=2.0, via="restarting")
    run.emit("run.ended", 3600.0, reason="completed", ran_s=3600.0, detail="")
    return run.write()


def test_it_ranks_the_causes_and_replays_the_outages_under_each_profile(tmp_path: Path, capsys: Capture) -> None:
    assert main(["reconnects", str(flapping(tmp_path)), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["disconnected"], told["injected"], told["dominant_cause"]) == (4, 1, "connection_lost")
    assert told["dominant_share"] == pytest.approx(0.75)
    assert told["per_browser_hour"] == pytest.approx(2.0)
    assert told["reconnect_profile"] == "per-host"
    assert (told["causes"][0]["cohort"], told["causes"][0]["disconnects"]) == ("c-b1", 3)
    assert len(told["outages"]) == 4
    assert {row["profile"] for row in told["replayed"]} == shipped_reconnects().keys()


def test_people_read_the_same_in_tables(tmp_path: Path, capsys: Capture) -> None:
    assert main(["reconnects", str(flapping(tmp_path))]) == 0
    out = capsys.readouterr().out
    assert "4 disconnects in 2.00 browser-hours: 2.00 a browser-hour; 1 by the run's own faults not counted" in out
    assert "dominant cause: connection_lost (75 %)" in out
    assert "connection_lost (injected)" in out
    assert "4 recorded outages" in out
    assert "cohort-slots" in out


def test_a_run_without_disconnects_says_so(tmp_path: Path, capsys: Capture) -> None:
    assert main(["reconnects", str(RunBuilder(tmp_path).good_run().write())]) == 0
    out = capsys.readouterr().out
    assert out.startswith("0 disconnects in 0.02 browser-hours")
    assert "dominant" not in out


def test_words_from_the_folder_steer_no_terminal(tmp_path: Path, capsys: Capture) -> None:
    run = RunBuilder(tmp_path)
    run.emit("cdp.connection_lost", 1.0, browser_id="b1", cohort="\x1b[2J[bold]c", generation=1, cause="\x1b]0;x\x07",
             pending=0, detail="")  # fmt: skip
    assert main(["reconnects", str(run.write())]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\x07" not in out
    assert "[bold]c" in out


def test_what_is_no_run_folder_is_told(tmp_path: Path, capsys: Capture) -> None:
    assert main(["reconnects", str(tmp_path / "none")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_damaged_evidence_is_told_and_ends_with_5(tmp_path: Path, capsys: Capture) -> None:
    folder = flapping(tmp_path)
    shutil.rmtree(folder / "channels")
    assert main(["reconnects", str(folder)]) == ExitCode.INTEGRITY
    assert "the evidence is damaged" in capsys.readouterr().err
    assert main(["reconnects", str(folder), "--json"]) == ExitCode.INTEGRITY
    assert json.loads(capsys.readouterr().out)["damaged"]
