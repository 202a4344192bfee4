"""`harness evaluate` and `harness explain` need the run folder alone, by its path or by its id."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from harness.cli import evidence
from harness.cli.main import main
from harness.runfolder.layout import Channel
from tests.evidence.run_builder import RunBuilder

Capture = pytest.CaptureFixture[str]

EVIL = "bad \x1b]0;title\x07\x1b[2J\x9b31m\u202etxt\x00\r\n[bold]loud[/bold] [/nothing]"
STEERING = ("\x1b", "\x07", "\x9b", "\u202e", "\x00", "\r")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The storage root."""
    monkeypatch.setenv("HARNESS_STORAGE_ROOT", str(tmp_path / "runs"))
    return tmp_path / "runs"


def good(root: Path) -> Path:
    return RunBuilder(root).good_run().write()


def slow(root: Path) -> Path:
    run = RunBuilder(root)
    run.criteria = {"p95_default_ms": 100.0}
    return run.good_run().write()


def killed(root: Path) -> Path:
    return RunBuilder(root).kill().write()


def one_failed(root: Path, **failure: Any) -> Path:
    """A run with one spin that failed, and one that did not."""
    run = RunBuilder(root)
    run.emit("run.started", 0.0, mode="burn-in", profile="demo", workers=2, browsers=1, duration_s=60.0)
    run.spin()
    spin_id = run.spin(outcome="failed", committed="no", explained=False)
    run.failure(spin_id=spin_id, worker_id="w1", **failure)
    return run.write()


def as_json(capsys: Capture) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def events_of(out: str) -> list[str]:
    """The lines of `explain` that are events."""
    return [line for line in out.splitlines() if " ms " in line]


# --- evaluate


@pytest.mark.parametrize(("make", "word", "code"), [(good, "GO", 0), (slow, "NO-GO", 1), (killed, "INCONCLUSIVE", 3)])
def test_each_verdict_has_its_exit_code(capsys: Capture, root: Path, make: Any, word: str, code: int) -> None:
    make(root / "run-1")
    assert main(["evaluate", "run-1"]) == code
    assert f"\n{word}  run-test\n" in capsys.readouterr().out
    assert main(["evaluate", "run-1", "--json"]) == code
    found = as_json(capsys)
    assert (found["verdict"], found["exit_code"]) == (word, code)


def test_a_run_is_named_by_its_path_or_by_its_id(capsys: Capture, root: Path, tmp_path: Path) -> None:
    elsewhere, stored = good(tmp_path / "elsewhere"), good(root / "run-1")
    for named, folder in ((str(elsewhere), elsewhere), ("run-1", stored), (str(stored), stored)):
        assert main(["evaluate", named, "--json"]) == 0
        assert as_json(capsys)["run_folder"] == str(folder)


def test_the_reports_are_written_anew(capsys: Capture, root: Path) -> None:
    folder = good(root / "run-1")
    for name in ("report.json", "report.html", "junit.xml"):
        (folder / name).write_text("old")
    assert main(["evaluate", "run-1"]) == 0
    assert f"report: {folder / 'report.html'}\n" in capsys.readouterr().out
    assert json.loads((folder / "report.json").read_bytes())["verdict"] == "GO"
    assert "old" not in {(folder / name).read_text() for name in ("report.html", "junit.xml")}


@pytest.mark.parametrize("named", ["run-9", "/", "a" * 300, "odd \x1b[31m name"])
def test_what_is_no_run_folder_is_three_lines_and_exit_2(capsys: Capture, root: Path, named: str) -> None:
    assert main(["evaluate", named]) == 2
    err = capsys.readouterr().err
    assert "is not a run folder" in err
    assert "\x1b" not in err
    assert len(err.splitlines()) == 3


def test_a_run_folder_that_takes_no_report_costs_no_verdict(capsys: Capture, root: Path) -> None:
    folder = good(root / "run-1")
    for name in ("report.json", "report.html", "junit.xml"):
        (folder / name).mkdir()
    assert main(["evaluate", "run-1"]) == 0
    told = capsys.readouterr()
    assert "\nGO  run-test\n" in told.out
    assert "report: " not in told.out
    assert "report.json could not be written" in told.err
    assert "--out" in told.err
    assert len(told.err.splitlines()) == 3
    assert main(["evaluate", "run-1", "--json"]) == 0
    found = as_json(capsys)
    assert found["verdict"] == "GO"
    assert "report.json could not be written" in found["unwritten"]["what"]


def test_reports_go_where_they_are_wanted(capsys: Capture, root: Path, tmp_path: Path) -> None:
    folder = good(root / "run-1")
    assert main(["evaluate", "run-1", "--out", str(tmp_path / "reports")]) == 0
    assert f"report: {tmp_path / 'reports' / 'report.html'}\n" in capsys.readouterr().out
    assert not (folder / "report.json").exists()
    assert main(["evaluate", "run-1", "--out", str(tmp_path / "reports"), "--json"]) == 0
    found = as_json(capsys)
    assert (found["reports"], found["unwritten"]) == (str(tmp_path / "reports"), None)


def test_a_folder_that_was_named_for_the_reports_and_takes_none_is_exit_4(capsys: Capture, root: Path) -> None:
    folder = good(root / "run-1")
    assert main(["evaluate", "run-1", "--out", str(folder / "manifest.json")]) == 4
    told = capsys.readouterr()
    assert "\nGO  run-test\n" in told.out
    assert "manifest.json could not be made" in told.err


def test_damaged_evidence_is_exit_5_with_the_line_that_tells(capsys: Capture, root: Path) -> None:
    run = RunBuilder(root / "run-1")
    run.good_run().write()
    segment = run.paths.segment(Channel.PERFORMANCE, 1)
    segment.write_bytes(segment.read_bytes().replace(b'"duration_ms":1000.0', b'"duration_ms":null', 1))
    assert main(["evaluate", "run-1"]) == 5
    out = capsys.readouterr().out
    assert "\nNO-GO  run-test\n" in out
    assert "segment-000001.jsonl line" in out
    assert main(["evaluate", "run-1", "--json"]) == 5
    found = as_json(capsys)
    assert (found["exit_code"], found["damaged"]) == (5, True)


def test_a_segment_that_may_not_be_read_or_is_a_folder_is_exit_5(
    capsys: Capture, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = good(root / "run-1")
    whole, real = folder / "channels" / "L0G_4UD1T" / "segment-000001.jsonl", Path.open

    def refuse(path: Path, *arguments: Any, **more: Any) -> Any:
        if path == whole:
            raise PermissionError(13, "Permission denied")
        return real(path, *arguments, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        assert main(["evaluate", "run-1", "--json"]) == 5
        assert "L0G_4UD1T/segment-000001.jsonl: it cannot be read: Permission denied" in as_json(capsys)["reasons"][0]
        assert main(["explain", "spin-00001", "--run", "run-1"]) == 4
        assert "cannot be read" in capsys.readouterr().err
    whole.unlink()
    whole.mkdir()
    assert main(["evaluate", "run-1", "--json"]) == 5
    assert "L0G_4UD1T/segment-000001.jsonl: it is no regular file" in as_json(capsys)["reasons"][0]


def test_a_manifest_that_cannot_be_one_is_exit_5_in_three_lines(capsys: Capture, root: Path) -> None:
    (good(root / "run-1") / "manifest.json").write_text("{}")
    assert main(["evaluate", "run-1"]) == 5
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_no_number_fills_a_line(capsys: Capture, root: Path) -> None:
    run = RunBuilder(root / "run-1")
    run.spin()
    run.emit("command.completed", spin_id="spin-00001", method="x", duration_ms=1e308)
    run.write()
    assert main(["explain", "spin-00001"]) == 0
    assert main(["evaluate", "run-1"]) == 5
    assert "0" * 20 not in capsys.readouterr().out


# --- explain


def test_a_spin_is_its_events_in_order_with_their_ids(capsys: Capture, root: Path) -> None:
    folder = one_failed(root / "run-1")
    assert main(["explain", "spin-00002"]) == 0
    out = capsys.readouterr().out
    first, ids, *_ = out.splitlines()
    assert first == f"spin_id spin-00002 in {folder}"
    assert ids == "worker_id w1, item_id item-00002, spin_id spin-00002, path shop, trace_id trace-00002"
    lines = events_of(out)
    assert lines[0].split()[1:5] == ["0.0", "ms", "domain", "spin.started"]
    assert all(line.startswith("> ") for line in lines)
    assert any("cause=gate_failed" in line for line in lines)


def test_events_that_carry_the_id_are_marked_within_their_spin(capsys: Capture, root: Path) -> None:
    one_failed(root / "run-1")
    assert main(["explain", "spin-00001/step-1"]) == 0
    lines = events_of(capsys.readouterr().out)
    (marked,) = (line for line in lines if line.startswith("> "))
    assert "Buy / step-1 / b1.1.11" in marked
    assert len(lines) > 1


def test_as_json_each_event_says_whether_it_is_marked(capsys: Capture, root: Path) -> None:
    folder = one_failed(root / "run-1")
    assert main(["explain", "spin-00001/step-1", "--json"]) == 0
    found = as_json(capsys)
    assert (found["run_folder"], found["kind"], found["spin_ids"]) == (str(folder), "step_id", ["spin-00001"])
    assert [event["step_id"] for event in found["events"] if event["marked"]] == ["step-1"]
    assert found["more"] == 0


def test_runs_are_searched_from_the_newest_on(capsys: Capture, root: Path, tmp_path: Path) -> None:
    old, new = good(root / "run-1"), one_failed(root / "run-2")
    (root / "not a run").mkdir()
    found = []
    for arguments in (["spin-00001"], ["spin-00040"], ["spin-00001", "--run", "run-1"]):
        assert main(["explain", *arguments, "--json"]) == 0
        found.append(as_json(capsys)["run_folder"])
    assert found == [str(new), str(old), str(old)]
    elsewhere = good(tmp_path / "elsewhere")
    assert main(["explain", "spin-00001", "--run", str(elsewhere)]) == 0
    assert str(elsewhere) in capsys.readouterr().out


def test_an_unknown_id_is_exit_2_with_the_nearest_ones(capsys: Capture, root: Path) -> None:
    good(root / "run-1")
    one_failed(root / "run-2")
    assert main(["explain", "spin-0000"]) == 2
    err = capsys.readouterr().err
    assert "occurs in no run under" in err
    assert "searched, newest first: run-2, run-1" in err
    assert "did you mean spin-00001" in err
    assert len(err.splitlines()) == 3
    assert main(["explain", "spin-00040", "--run", "run-2", "--json"]) == 2
    assert as_json(capsys)["error"]["code"] == "unusable_input"


@pytest.mark.parametrize("manifest", [b"{", b'{"schema": 99}', b"\xff"])
def test_a_run_with_a_broken_manifest_hides_no_other(capsys: Capture, root: Path, manifest: bytes) -> None:
    folder = good(root / "run-1")
    broken = one_failed(root / "run-2")
    (broken / "manifest.json").write_bytes(manifest)
    assert main(["explain", "spin-00001", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["run_folder"] == str(folder)
    assert err.startswith("harness: warning: run-2 is passed over: ")
    assert main(["explain", "spin-99999"]) == 2
    assert "searched, newest first: run-1\n" in capsys.readouterr().err
    (folder / "manifest.json").write_bytes(manifest)
    assert main(["explain", "spin-00001"]) == 2
    assert "searched, newest first: none\n" in capsys.readouterr().err


def test_of_many_runs_the_newest_are_named(capsys: Capture, root: Path) -> None:
    for number in range(10, 22):
        good(root / f"run-{number}")
    assert main(["explain", "spin-99999"]) == 2
    err = capsys.readouterr().err
    assert "newest first: run-21, run-20," in err
    assert "run-12 and 2 more\n" in err


def test_where_there_is_no_run_that_is_told(capsys: Capture, root: Path) -> None:
    assert main(["explain", "spin-00001"]) == 2
    assert f"there is no run under {root}" in capsys.readouterr().err


def test_a_long_chain_says_how_many_events_it_left_out(
    capsys: Capture, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "explain_in", partial(evidence.explain_in, limit=5))
    good(root / "run-1")
    assert main(["explain", "spin-00001"]) == 0
    out = capsys.readouterr().out
    assert len(events_of(out)) == 5
    assert out.endswith("more events\n")


# --- text from pages


def test_text_from_pages_steers_no_terminal_and_is_no_markup(capsys: Capture, root: Path) -> None:
    one_failed(root / "run-1", detail=EVIL, url=EVIL, phase=EVIL, step_id=EVIL, operation=EVIL)
    assert main(["explain", "spin-00002"]) == 0
    out = capsys.readouterr().out
    assert not [character for character in STEERING if character in out]
    (line,) = (line for line in events_of(out) if "failure.recorded" in line)
    assert "[bold]loud[/bold] [/nothing]" in line


def test_what_a_folder_says_of_itself_steers_no_terminal_and_is_no_markup(capsys: Capture, root: Path) -> None:
    one_failed(root / "run-1", cause=EVIL, containment=EVIL, failure_id=EVIL)
    assert main(["evaluate", "run-1"]) in {1, 3}
    out = capsys.readouterr().out
    assert not [character for character in STEERING if character in out]
    assert "[bold]loud[/bold]" in out
    assert main(["explain", EVIL]) == 0
    out = capsys.readouterr().out
    assert not [character for character in STEERING if character in out]
    assert out.startswith("failure_id bad ")
